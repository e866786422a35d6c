"""What becomes of unused machines, step by step, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.model.idle_steps import ANNOUNCE, ASK, NOTHING, OFFER, STOP, WITHDRAW, advance, usual
from clouddesk.model.idleness import BUSY, IDLE, UNKNOWN, Thresholds, Verdict
from clouddesk.model.idling import IdleState, IdleWish, kept, shown_alive, switched, with_wish
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation
from clouddesk.settings import PROJECT
from tests.builders import a_reservation

START = datetime(2026, 3, 4, 0, 0, tzinfo=timezone.utc)
ROUND = timedelta(minutes=5)
HOUR = timedelta(hours=1)
Seen = Callable[[datetime], Verdict]


class Life:
    """One reservation, looked at every five minutes."""

    def __init__(self, **changes: object) -> None:
        prices = {"hourly_price_usd": 1.0, "stopped_hourly_price_usd": 0.1}
        self.item: Reservation = a_reservation(**{"state": RUNNING, "nodes": (), **prices, **changes})
        self.now = START
        self.limits = Thresholds()
        self.steps: list[tuple[float, str]] = []

    def run(self, hours: float, seen: Seen) -> list[tuple[float, str]]:
        """Let time pass; the steps taken meanwhile, each with the hours since the start."""
        before, end = len(self.steps), self.now + hours * HOUR
        while self.now < end:
            self.now += ROUND
            verdict = seen(self.now) if self.item.state == RUNNING else None
            step, idling = advance(self.item, verdict, self.limits, self.now)
            assert step != NOTHING or idling == self.item.idling
            if step != NOTHING:
                self.steps.append(((self.now - START) / HOUR, step))
                self.item = replace(self.item, idling=idling, state=STOPPED if step == STOP else self.item.state)
        return self.steps[before:]


def idle_since(hour: float, *, is_sure: bool = True) -> Seen:
    begin = START + hour * HOUR
    return lambda _: Verdict(IDLE, begin, begin if is_sure else None, unlearned=() if is_sure else ("jobs",))


def in_use(_: datetime) -> Verdict:
    return Verdict(BUSY, signs=("jobs",))


def unseen(_: datetime) -> Verdict:
    return Verdict(UNKNOWN, signs=("unseen",))


def kinds(steps: list[tuple[float, str]]) -> list[str]:
    return [step for _, step in steps]


def test_asked_after_three_hours_announced_half_an_hour_before_and_stopped_two_hours_later():
    assert Life().run(6, idle_since(0)) == [(3.0, ASK), (4.5, ANNOUNCE), (5.0, STOP)]


def test_use_takes_the_question_back_and_the_count_begins_anew():
    life = Life()
    life.run(4, idle_since(0))
    assert life.run(1, in_use) == [(4 + 1 / 12, WITHDRAW)]
    assert life.run(4, idle_since(5)) == [(8.0, ASK)]


def test_use_between_two_looks_takes_it_back_too():
    life = Life()
    life.run(4, idle_since(0))
    assert kinds(life.run(0.1, idle_since(4.02))) == [WITHDRAW]


def test_nothing_is_stopped_while_nobody_knows_and_it_is_announced_anew_afterwards():
    life = Life()
    life.run(4.9, idle_since(0))
    assert life.run(10, unseen) == []
    steps = life.run(1, idle_since(0))
    assert kinds(steps) == [ANNOUNCE, STOP]
    assert steps[1][0] - steps[0][0] >= 0.5


def test_on_doubt_it_is_asked_and_never_stopped_and_less_and_less_often():
    steps = Life().run(24 * 21, idle_since(0, is_sure=False))
    assert set(kinds(steps)) == {ASK}
    assert [round(at - 3) for at, _ in steps] == [0, 24, 72, 168, 336]


def test_what_was_in_doubt_when_it_was_asked_is_stopped_when_it_is_not_any_more_with_all_the_time_to_answer():
    life = Life()
    life.run(3, idle_since(0, is_sure=False))
    begin = START + 2 * HOUR
    late = life.run(5, lambda _: Verdict(IDLE, START, begin))
    assert life.steps[0] == (3.0, ASK)
    assert late == [(5.0, ANNOUNCE), (7.0, STOP)]


def test_what_is_protected_is_asked_about_and_not_stopped_also_when_that_came_after_the_question():
    assert kinds(Life(is_protected=True).run(23, idle_since(0))) == [ASK]
    life = Life()
    life.run(4, idle_since(0))
    life.item = replace(life.item, is_protected=True)
    assert life.run(20, idle_since(0)) == []


def test_where_stopping_saves_nothing_it_is_only_asked():
    life = Life(stopped_hourly_price_usd=1.0)
    assert set(kinds(life.run(48, idle_since(0)))) == {ASK}


def test_kept_it_is_left_alone_and_asked_about_when_that_is_over():
    life = Life()
    life.run(4, idle_since(0))
    life.item = replace(life.item, idling=kept(life.item.idling, START + 28 * HOUR, is_protected=False))
    assert life.run(23.9, idle_since(0)) == []
    assert [(round(at, 2), step) for at, step in life.run(1, idle_since(0))] == [(28.0, ASK)]


def test_wishes_hold_and_a_database_is_not_stopped_by_wishing_it():
    life = Life()
    life.item = replace(life.item, idling=with_wish(life.item.idling, IdleWish(ask_seconds=6 * 3600), START))
    assert life.run(6.1, idle_since(0)) == [(6.0, ASK)]
    never = Life()
    never.item = replace(never.item, idling=with_wish(never.item.idling, IdleWish(stop_seconds=0), START))
    assert kinds(never.run(23, idle_since(0))) == [ASK]
    database = Life(software="postgres")
    database.limits = usual(database.item, Thresholds(), load_blueprints(PROJECT / "blueprints"))
    wish = IdleWish(ask_seconds=3600, stop_seconds=1800)
    database.item = replace(database.item, idling=with_wish(database.item.idling, wish, START))
    assert database.run(23, idle_since(0)) == [(1.0, ASK)]


def test_a_hold_and_switching_and_extending_count_as_being_needed():
    held = Life(is_held=True)
    assert held.run(48, idle_since(0)) == []
    for change in (shown_alive, switched):
        life = Life()
        life.run(4, idle_since(0))
        life.item = replace(life.item, idling=change(life.item.idling, life.now))
        assert life.run(4, idle_since(0)) == [(7.0, ASK)]


def test_long_after_the_stop_it_is_offered_to_be_given_back_once_a_week():
    life = Life()
    life.run(5, idle_since(0))
    assert life.item.state == STOPPED
    steps = life.run(24 * 15, idle_since(0))
    assert [(round((at - 5) / 24, 2), step) for at, step in steps] == [(7.0, OFFER), (14.0, OFFER)]
    life.item = replace(life.item, idling=switched(life.item.idling, life.now), state=RUNNING)
    assert kinds(life.run(2, in_use)) == []


def test_what_its_people_stopped_themselves_is_not_asked_about():
    assert Life(state=STOPPED).run(24 * 20, in_use) == []


def test_being_used_for_a_moment_again_and_again_is_no_reason_to_ask_again_and_again():
    life = Life()
    for _ in range(8):
        life.run(3.5, idle_since((life.now - START) / HOUR))
        life.run(0.2, in_use)
    assert kinds(life.steps).count(ASK) <= 4


moments = st.lists(st.tuples(st.floats(0.1, 12), st.sampled_from(["idle", "unsure", "busy", "unseen"])), max_size=12)


@settings(max_examples=150, deadline=None)
@given(moments, st.sampled_from([1.0, 0.1]))
def test_nothing_is_stopped_but_after_a_question_and_an_announcement_with_nobody_there_all_the_time(
    lives: list[tuple[float, str]], stopped_price: float
):
    life = Life(stopped_hourly_price_usd=stopped_price)
    for hours, how in lives:
        before = (life.now - START) / HOUR
        seen = {"busy": in_use, "unseen": unseen}.get(how) or idle_since(before, is_sure=how == "idle")
        steps = life.run(hours, seen)
        assert how == "idle" or STOP not in kinds(steps)
    taken = [step for step in kinds(life.steps) if step != WITHDRAW]
    assert STOP not in taken or taken[: taken.index(STOP) + 1][-2] == ANNOUNCE
    assert stopped_price < 1.0 or STOP not in taken
    for earlier, later in zip(life.steps, life.steps[1:], strict=False):
        assert earlier[1] != ASK or later[1] != ASK or later[0] - earlier[0] >= 24


def test_a_wish_leaves_what_it_does_not_speak_of_as_it_was_wished() -> None:
    never = IdleWish(stop_seconds=0)
    later = IdleWish(ask_seconds=5 * 3600)
    assert later.after(never) == IdleWish(5 * 3600, 0)
    assert never.after(later) == IdleWish(5 * 3600, 0)
    assert IdleWish(3600, 900).after(never) == IdleWish(3600, 900)
    assert IdleWish().after(IdleWish(3600, 0)) == IdleWish()
    assert with_wish(with_wish(IdleState(), never, START), later, START).wish == IdleWish(5 * 3600, 0)
