"""What becomes of machines that were stopped as unused, where images of their disks cost less, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clouddesk.model.idle_steps import ANNOUNCE_ARCHIVE, ARCHIVE, NOTHING, OFFER, advance
from clouddesk.model.idling import IdleState, IdleWish, kept, shown_alive, switched, with_wish
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED
from tests.unit.idling.test_steps import START, Life, idle_since

DAY = timedelta(days=1)


class Rest:
    """A reservation that was stopped as unused at ``START``; looked at by its own clock only."""

    def __init__(self, **changes: object) -> None:
        life = Life(archived_hourly_price_usd=0.06, expires_at=START + 60 * DAY, **changes)
        life.run(5, idle_since(0))
        assert life.item.state == STOPPED
        assert life.item.idling.stopped_at is not None
        self.item, self.limits, self.begin = life.item, life.limits, life.item.idling.stopped_at

    def run(self, until: float, *, since: float = 0) -> list[tuple[float, str]]:
        """Until so many days after the stop; the steps that were taken."""
        steps = []
        now = self.begin + since * DAY
        while now <= self.begin + until * DAY:
            step, idling = advance(self.item, None, self.limits, now)
            if step != NOTHING:
                steps.append((round((now - self.begin) / DAY, 2), step))
                state = ARCHIVED if step == ARCHIVE else self.item.state
                self.item = replace(self.item, idling=idling, state=state)
            now += timedelta(hours=1)
        return steps

    def change(self, change: Callable[[IdleState, datetime], IdleState], at: float) -> None:
        self.item = replace(self.item, idling=change(self.item.idling, self.begin + at * DAY))


def test_a_week_after_the_stop_it_is_asked_about_announced_a_day_before_and_archived_two_days_later():
    rest = Rest()
    assert rest.run(7.5) == [(7.0, OFFER)]
    assert rest.item.idling.archive_at == rest.begin + 9 * DAY
    assert rest.run(30, since=7.5) == [(8.0, ANNOUNCE_ARCHIVE), (9.0, ARCHIVE)], "and then it is left alone"


@pytest.mark.parametrize(
    "changes",
    [
        {"archived_hourly_price_usd": None},
        {"archived_hourly_price_usd": 0.1},
        {"expires_at": START + 9 * DAY},
    ],
    ids=["no images are kept", "saves nothing", "the lease ends before"],
)
def test_otherwise_it_is_only_asked(changes: dict[str, object]):
    rest = Rest()
    rest.item = replace(rest.item, **changes)  # type: ignore[arg-type]
    assert rest.run(14.5) == [(7.0, OFFER), (14.0, OFFER)]
    assert rest.item.idling.archive_at is None


def test_what_is_protected_held_or_never_to_be_stopped_by_itself_is_not_archived():
    protected = Rest()
    protected.item = replace(protected.item, is_protected=True)
    assert protected.run(14.5) == [(7.0, OFFER), (14.0, OFFER)]
    held = Rest()
    held.item = replace(held.item, is_held=True)
    assert held.run(14.5) == []
    wished = Rest()
    wished.change(lambda state, now: with_wish(state, IdleWish(stop_seconds=0), now), 1)
    assert wished.run(14.5) == [(7.0, OFFER), (14.0, OFFER)]


def test_nothing_is_archived_by_itself_where_the_team_does_not_want_it():
    rest = Rest()
    rest.change(lambda state, _: replace(state, archive_seconds=0), 0)
    assert rest.run(14.5) == [(7.0, OFFER), (14.0, OFFER)]


@pytest.mark.parametrize("at", [7.5, 8.5])
def test_a_sign_of_life_takes_it_back(at: float):
    rest = Rest()
    rest.run(at)
    rest.change(shown_alive, at)
    assert rest.item.idling.archive_at is None
    assert rest.run(at + 9, since=at)[0] == (at + 7, OFFER), "and the whole time goes by before the next question"
    started = Rest()
    started.run(at)
    started.change(switched, at)
    started.item = replace(started.item, state=RUNNING)
    assert started.run(at + 30, since=at) == []


def test_keeping_it_takes_it_back_until_then():
    rest = Rest()
    rest.run(7.5)
    rest.change(lambda state, now: kept(state, now + 7 * DAY, is_protected=False), 7.5)
    assert rest.run(16, since=7.5) == [(14.5, OFFER), (15.5, ANNOUNCE_ARCHIVE)]


def test_protected_after_the_question_it_is_asked_about_and_not_archived():
    rest = Rest()
    rest.run(7.5)
    rest.item = replace(rest.item, is_protected=True)
    assert ARCHIVE not in [step for _, step in rest.run(30, since=7.5)]


@pytest.mark.parametrize("silent_until", [8.5, 9.5, 12])
def test_after_a_silence_the_announcement_comes_first_and_leaves_a_day(silent_until: float):
    rest = Rest()
    rest.run(7.5)
    steps = rest.run(20, since=silent_until)
    assert [step for _, step in steps] == [ANNOUNCE_ARCHIVE, ARCHIVE]
    assert steps[1][0] - steps[0][0] >= (1 if silent_until >= 8.5 and silent_until > 9 else 0.5)
    late = Rest()
    late.run(8.5)
    steps = late.run(20, since=11)
    assert steps == [(11.0, ANNOUNCE_ARCHIVE), (12.0, ARCHIVE)], "what was announced for a time long gone"
