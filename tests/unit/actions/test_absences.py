"""What is done about an absence, by words and by button. It is Wednesday 4 March 2026, 12:00 UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from actions import away, decisions
from actions.absences import ActionAbsence
from actions.deciding import ActionDecide
from actions.turn import Turn
from clouddesk.language.absences import Away
from clouddesk.model.absence import KEEP, STATUS, STOP_LATER, STOP_NOW
from clouddesk.model.actor import MEMBER, Actor
from clouddesk.model.notice import EXPIRING, Notice
from clouddesk.model.reservation import RUNNING
from clouddesk.model.timer import STOP, power_id
from clouddesk.timers import Switch
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann", roles=(MEMBER,), timezone="UTC")
MONDAY = datetime(2026, 3, 9, tzinfo=timezone.utc)
NEXT_WEDNESDAY = datetime(2026, 3, 11, tzinfo=timezone.utc)


class Talk:
    """A conversation, whose "it" is kept from turn to turn."""

    def __init__(self, world: MemoryDesk) -> None:
        self.world, self.count = world, 0
        self.last: str | None = None
        self.notices: tuple[Notice, ...] = ()

    async def say(self, text: str, entities: dict[str, Any] | None = None) -> Turn:
        self.count += 1
        turn = Turn(self.world.desk, ANN, "c", text, "inform", entities or {}, f"m-{self.count}")
        turn.last_reservation, turn.notices = self.last, self.notices
        turn.decision = await decisions.find(turn)
        if turn.decision or turn.is_button:
            await ActionDecide().respond(turn)
        elif away.find(turn):
            await ActionAbsence().respond(turn)
        self.last = turn.last_reservation
        return turn

    async def press(self, answer: str) -> Turn:
        known = await self.world.desk.absences.current(ANN)
        assert known is not None
        return await self.say("/decide", {"decision": f"{answer}@{known.id}"})

    @property
    def running(self) -> set[str]:
        return {item.name for item in self.world.views.items.values() if item.state == RUNNING}


def said(turn: Turn) -> list[str]:
    return [reply["response"] for reply in turn.replies]


def stop_of(talk: Talk, name: str) -> datetime | None:
    """When it is stopped once by itself."""
    timer = talk.world.timers.items.get(power_id(f"r-{name}", STOP, is_once=True))
    return timer.at if timer else None


async def talk_of(*names: str, protected: tuple[str, ...] = ()) -> Talk:
    world = MemoryDesk()
    now = world.clock()
    for name in names:
        item = a_reservation(id=f"r-{name}", name=name, created_at=now, expires_at=now + timedelta(days=60))
        await world.views.put(replace(item, is_protected=name in protected))
    return Talk(world)


# --- "it" -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["stop it", "ok, stop it now please", "pause that", "shut it down", "keep it", "leave it"]
)
async def test_it_is_the_machine_that_was_spoken_of_since(text: str) -> None:
    talk = await talk_of("etl", "web")
    await talk.say("I'm off next week")
    talk.last = "r-etl"
    assert (await talk.say(text)).decision is None, "it is for the machine, not for the absence"
    assert talk.running == {"etl", "web"}


@pytest.mark.parametrize("text", ["stop it", "stop that now", "stop them", "stop everything", "pause all my machines"])
async def test_words_that_mean_several_are_asked_about_with_the_list(text: str) -> None:
    talk = await talk_of("etl", "web")
    talk.last = "r-etl"
    await talk.say("I'm off next week")
    turn = await talk.say(text)
    assert said(turn) == ["utter_confirm_stop_many"]
    assert {"etl", "web"} <= {word for name in ("etl", "web") if name in turn.replies[0]["options"] for word in [name]}
    assert (turn.question or {}).get("topic") == "stop_resource"
    assert talk.running == {"etl", "web"}


@pytest.mark.parametrize("text", ["stop it", "stop that", "stop it now", "stop everything"])
async def test_with_one_machine_it_is_that_one(text: str) -> None:
    talk = await talk_of("etl")
    await talk.say("I'm off next week")
    assert said(await talk.say(text)) == ["utter_away_stopping"]
    assert talk.running == set()


async def test_with_one_machine_it_may_still_be_a_colleagues() -> None:
    talk = await talk_of("etl")
    await talk.say("I'm off next week")
    talk.last = "r-of-bo"
    assert (await talk.say("stop it")).decision is None


@pytest.mark.parametrize("text", ["keep it", "keep it running"])
async def test_keeping_it_is_for_the_warning_that_waits(text: str) -> None:
    talk = await talk_of("etl")
    await talk.say("I'm off next week")
    notice = Notice("n", EXPIRING, "local", "ann", "c", "r-etl", talk.world.clock(), {"name": "etl"})
    talk.notices = (notice,)
    assert (await talk.say(text)).decision is None


async def test_it_when_one_leaves_is_only_the_one_that_was_spoken_of() -> None:
    talk = await talk_of("etl", "web")
    await talk.say("I'm off next week")
    talk.last = "r-etl"
    assert said(await talk.say("stop it when I leave")) == ["utter_away_stopping_later"]
    assert (stop_of(talk, "etl"), stop_of(talk, "web")) == (MONDAY, None)


# --- what is protected ------------------------------------------------------------------------------------------------


async def test_the_button_stops_all_but_what_is_protected() -> None:
    talk = await talk_of("etl", "web", "db", protected=("db",))
    await talk.say("I'm off next week")
    turn = await talk.press(STOP_NOW)
    assert said(turn) == ["utter_protected_left", "utter_away_stopping"]
    assert turn.replies[0]["names"] == "db"
    assert talk.running == {"db"}


async def test_words_for_all_leave_out_what_is_protected() -> None:
    talk = await talk_of("etl", "web", "db", protected=("db",))
    await talk.say("I'm off next week")
    turn = await talk.say("stop them all")
    assert said(turn) == ["utter_protected_left", "utter_confirm_stop_many"]
    assert "db" not in turn.replies[1]["options"]


async def test_what_is_protected_is_not_stopped_when_one_leaves() -> None:
    talk = await talk_of("etl", "web", "db", protected=("db",))
    await talk.say("I'm off next week")
    turn = await talk.press(STOP_LATER)
    assert said(turn) == ["utter_protected_left", "utter_away_stopping_later"]
    assert [stop_of(talk, name) for name in ("etl", "web", "db")] == [MONDAY, MONDAY, None]


# --- stops for the beginning ------------------------------------------------------------------------------------------


async def planned() -> Talk:
    """Off next week, and etl is stopped on Monday."""
    talk = await talk_of("etl")
    await talk.say("I'm off next week")
    await talk.say("stop it when I leave")
    assert stop_of(talk, "etl") == MONDAY
    return talk


async def test_the_stop_moves_with_the_beginning() -> None:
    talk = await planned()
    assert said(await talk.say("I'm off from next wednesday")) == ["utter_away_known"]
    known = await talk.world.desk.absences.current(ANN)
    assert known is not None
    assert stop_of(talk, "etl") == known.since == NEXT_WEDNESDAY
    await talk.say("my vacation is cancelled")
    assert stop_of(talk, "etl") is None


async def test_an_end_that_is_told_alone_moves_no_beginning_to_now() -> None:
    talk = await planned()
    await talk.say("btw I'm on vacation until the 20th")
    known = await talk.world.desk.absences.current(ANN)
    assert known is not None
    assert stop_of(talk, "etl") == known.since == MONDAY
    assert known.until == datetime(2026, 3, 20, 9, tzinfo=timezone.utc)


async def test_another_absence_takes_back_the_stop_of_the_first_and_says_so() -> None:
    talk = await planned()
    turn = await talk.say("I'm away from 1 june to 5 june")
    assert said(turn)[0] == "utter_away_replaced"
    assert "Monday 9 March" in turn.replies[0]["when"]
    assert stop_of(talk, "etl") is None


async def test_a_stop_that_the_person_set_to_another_time_is_theirs() -> None:
    talk = await planned()
    own = MONDAY + timedelta(hours=7)
    await talk.world.desk.timers.schedule(ANN, "r-etl", [Switch(STOP, at=own)], conversation="c")
    await talk.say("my vacation is cancelled")
    assert stop_of(talk, "etl") == own


async def test_a_stop_that_comes_sooner_stays_as_the_person_set_it() -> None:
    talk = await talk_of("etl", "web")
    own = talk.world.clock() + timedelta(hours=5)
    await talk.world.desk.timers.schedule(ANN, "r-etl", [Switch(STOP, at=own)], conversation="c")
    await talk.say("I'm off next week")
    turn = await talk.press(STOP_LATER)
    assert said(turn) == ["utter_away_stops_sooner", "utter_away_stopping_later"]
    assert (turn.replies[0]["name"], turn.replies[1]["names"]) == ("etl", "web")
    assert (stop_of(talk, "etl"), stop_of(talk, "web")) == (own, MONDAY)
    await talk.say("my vacation is cancelled")
    assert (stop_of(talk, "etl"), stop_of(talk, "web")) == (own, None)


async def test_a_stop_for_later_gives_way_and_that_is_said() -> None:
    talk = await talk_of("etl")
    own = MONDAY + timedelta(days=2)
    await talk.world.desk.timers.schedule(ANN, "r-etl", [Switch(STOP, at=own)], conversation="c")
    await talk.say("I'm off next week")
    assert said(await talk.press(STOP_LATER)) == ["utter_away_stopping_later", "utter_away_stop_replaced"]
    assert stop_of(talk, "etl") == MONDAY


async def test_a_status_takes_no_plan_back_and_its_own_goes_with_it() -> None:
    talk = await planned()
    absences, now = talk.world.desk.absences, talk.world.clock()
    assert not await absences.status_seen(ANN, (now, now + timedelta(days=1)))
    assert stop_of(talk, "etl") == MONDAY

    await absences.end(ANN)
    assert await absences.status_seen(ANN, (MONDAY, None))
    known = await absences.current(ANN)
    assert known is not None
    assert known.source == STATUS
    assert said(await talk.press(STOP_LATER)) == ["utter_away_stopping_later"]
    assert stop_of(talk, "etl") == MONDAY
    await absences.status_seen(ANN, None)
    assert stop_of(talk, "etl") is None


async def test_what_was_kept_first_can_be_stopped_after_all() -> None:
    talk = await talk_of("etl")
    await talk.say("I'm off next week")
    await talk.press(KEEP)
    await talk.press(STOP_LATER)
    assert stop_of(talk, "etl") == MONDAY
    await talk.press(KEEP)
    assert stop_of(talk, "etl") is None


def test_what_is_said_is_an_absence() -> None:
    turn = Turn(MemoryDesk().desk, ANN, "c", "I'm off from next wednesday", "inform", {}, "m")
    assert away.find(turn) == Away(NEXT_WEDNESDAY)
