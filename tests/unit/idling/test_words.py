"""What is said of unused machines, and what is left to the tasks that it sounds like."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from actions import idle_words
from actions.idle_words import KEEP, PROTECT, SHOW, WISH, IdleWords
from actions.turn import Turn
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.idling import IdleState, IdleWish
from tests.builders import a_reservation

NOW = datetime.fromisoformat("2026-03-04T13:00:00+00:00")


class OneMachine:
    """The part of the Desk that the words need."""

    def __init__(self, *, is_asked: bool) -> None:
        self.item = a_reservation(name="etl-1", idling=IdleState(asked_at=NOW if is_asked else None))

    @property
    def limits(self) -> Limits:
        return Limits()

    def clock(self) -> datetime:
        return NOW

    async def reservations(self, actor: Actor, *, with_shared: bool = False) -> list[Any]:
        return [self.item]


async def said(text: str, *, is_asked: bool = False) -> IdleWords | None:
    desk = OneMachine(is_asked=is_asked)
    actor = Actor(desk.item.workspace_id, desk.item.owner, timezone="Europe/Berlin")
    turn = Turn(desk, actor, "c", text, "out_of_scope", {}, "m-1")  # type: ignore[arg-type]  # what it needs of it
    return await idle_words.find(turn)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Don't stop it when it's idle", IdleWish(stop_seconds=0)),
        ("never shut etl-1 down just because it is idle", IdleWish(stop_seconds=0)),
        ("keep it even if it's idle for 2 days", IdleWish(ask_seconds=2 * 86400)),
        ("please do not stop etl-1 when idle for 6 hours", IdleWish(ask_seconds=6 * 3600)),
        ("only ask me after 6 hours idle", IdleWish(ask_seconds=6 * 3600)),
        ("ask me once it was unused for a day", IdleWish(ask_seconds=86400)),
        ("i don't want you to stop etl-1 when it is idle", IdleWish(stop_seconds=0)),
        ("I do not want it stopped when it is idle", IdleWish(stop_seconds=0)),
        ("keep etl-1 running even if nobody uses it", IdleWish(stop_seconds=0)),
        ("keep it even if it is idle for 20 minutes", IdleWish(ask_seconds=3 * 3600)),
        ("only ask me after it was idle for 3 weeks", IdleWish(ask_seconds=13 * 86400)),
        ("stop it when it is idle", IdleWish()),
        ("can you stop etl-1 if it's idle for more than 2 hours", IdleWish(ask_seconds=5400, stop_seconds=1800)),
        ("turn it off after 30 minutes idle", IdleWish(ask_seconds=900, stop_seconds=900)),
    ],
)
async def test_what_is_wished_when_nobody_uses_it(text: str, wish: IdleWish) -> None:
    found = await said(text)
    assert found is not None
    assert (found.what, found.wish, len(found.items)) == (WISH, wish, 1)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("keep etl-1 for 20 minutes even if nobody uses it", "2026-03-04T14:20"),
        ("keep it until friday even if it's idle", "2026-03-06T18:00"),
        ("leave it on till tomorrow noon, even when it is idle", "2026-03-05T12:00"),
    ],
)
async def test_a_time_until_which_it_is_kept_is_no_wish_for_good(text: str, until: str) -> None:
    found = await said(text)
    assert found is not None
    assert found.until is not None
    assert (found.what, found.until.isoformat()[:16]) == (KEEP, _utc(until))


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("my job runs till tomorrow noon, don't stop it", "2026-03-05T12:00"),
        ("training needs another 6 hours, please don't stop etl-1", "2026-03-04T20:00"),
        ("don't stop it before friday 5pm", "2026-03-06T17:00"),
        ("do not turn etl-1 off for 3 hours", "2026-03-04T17:00"),
        ("don't stop it tonight", "2026-03-05T09:00"),
    ],
)
async def test_a_long_job_is_protected_until_its_end(text: str, until: str) -> None:
    found = await said(text)
    assert found is not None
    assert found.until is not None
    assert (found.what, found.until.isoformat()[:16]) == (PROTECT, _utc(until))


@pytest.mark.parametrize(
    "text", ["keep it", "keep", "I still need it", "keep it running", "it's still in use", "leave etl-1 on"]
)
async def test_an_answer_without_a_time_is_for_a_day_and_only_while_it_is_asked(text: str) -> None:
    found = await said(text, is_asked=True)
    assert found is not None
    assert (found.what, found.until) == (KEEP, NOW + idle_words.KEPT_FOR)
    assert await said(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("stop it", "stop the idle one", "stop my idle machines", "which of mine are idle?", "is etl-1 idle?"),
        *("how long has it been idle", "why was it stopped when it was idle?", "don't stop it", "no don't stop it"),
        *("don't stop it at night any more", "don't let it expire until friday", "please don't kill it until 6am"),
        *("keep it 2 hours longer", "stop it every night at 7", "give me a vm that is not idle", "delete it if idle"),
        *("stop etl-1 because it is idle", "stop it, it is idle", "stop it while it is idle"),
        *("keep etl-1 until friday 5pm", "extend it by 3 hours", "remind me when it is idle"),
    ],
)
async def test_what_is_meant_for_other_tasks_is_left_to_them(text: str) -> None:
    assert await said(text) is None


async def test_how_it_stands_is_told() -> None:
    found = await said("what happens when etl-1 is idle?")
    assert found is not None
    assert found.what == SHOW


def _utc(berlin: str) -> str:
    """In March it is an hour behind."""
    moment = datetime.fromisoformat(berlin + "+01:00")
    return moment.astimezone(NOW.tzinfo).isoformat()[:16]
