"""What admins are answered about other people's machines, and that nobody else is."""

from __future__ import annotations

import pytest

from actions import team_words
from actions.team import TeamAction
from actions.turn import Turn
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk

ROOT, ANN = Actor("local", "root", roles=(MEMBER, ADMIN)), Actor("local", "ann", roles=(MEMBER,))


@pytest.fixture
async def world() -> MemoryDesk:
    """Cy runs etl and db, which is protected; Ann runs web."""
    world = MemoryDesk()
    for name, owner in (("etl", "cy"), ("db", "cy"), ("web", "ann")):
        await world.views.put(
            a_reservation(id=f"r-{name}", name=name, owner=owner, is_protected=name == "db", created_at=world.clock())
        )
    return world


async def answered(world: MemoryDesk, actor: Actor, text: str) -> Turn:
    turn = Turn(world.desk, actor, "c", text, "inform", {}, "m-1")
    turn.about_team = await team_words.find(turn)
    topic = team_words.topic(turn)
    if topic is not None:
        try:
            await next(kind for kind in TeamAction.__subclasses__() if kind.topic == topic)().respond(turn)
        except Exception as error:  # noqa: BLE001 - what is raised is said by whoever calls
            turn.say(type(error).__name__)
    return turn


def said(turn: Turn) -> list[str]:
    return [reply["response"] for reply in turn.replies]


@pytest.mark.parametrize(
    "text", ["give cy's machines back", "release all of cy's clusters", "delete all machines of cy"]
)
async def test_several_of_somebody_elses_never_go_together(world: MemoryDesk, text: str) -> None:
    turn = await answered(world, ROOT, text)
    assert said(turn) == ["utter_team_release"]
    assert turn.question is None
    assert turn.replies[0]["names"] in ("etl and db", "db and etl")
    assert said(await answered(world, ANN, text)) in (["utter_for_admins"], ["utter_for_admins_nobody"])


@pytest.mark.parametrize("text", ["give back etl of cy", "release cy's etl", "give cy's etl back for good"])
async def test_one_of_somebody_elses_goes_by_its_name_after_a_yes(world: MemoryDesk, text: str) -> None:
    turn = await answered(world, ROOT, text)
    assert said(turn) == ["utter_team_release_one", "utter_confirm_release"]
    assert (turn.question or {})["ids"] == ["r-etl"]
    assert said(await answered(world, ANN, text)) == [], "who has no right to it does not learn of it"


async def test_what_is_protected_is_not_given_back(world: MemoryDesk) -> None:
    assert said(await answered(world, ROOT, "give back db of cy")) == ["Protected"]


@pytest.mark.parametrize("text", ["give back web of cy", "delete cy's template", "release cy's nothing"])
async def test_what_is_no_machine_of_theirs_is_left_to_others(world: MemoryDesk, text: str) -> None:
    assert said(await answered(world, ROOT, text)) == []


async def test_somebody_without_machines_has_none_to_give_back(world: MemoryDesk) -> None:
    assert said(await answered(world, ROOT, "give bo's machines back")) == ["utter_team_release_nothing"]


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("freeze new machines for the interns", "utter_freeze_can"),
        ("freeze new machines tomorrow", "utter_freeze_can"),
        ("stop everything the team runs because of the audit, except db", "utter_team_stop_but"),
        ("stop all of cy's machines but not db", "utter_team_stop_but"),
    ],
)
async def test_what_cannot_be_done_so_is_said_and_nothing_happens(world: MemoryDesk, text: str, response: str) -> None:
    turn = await answered(world, ROOT, text)
    assert said(turn) == [response]
    assert turn.question is None
    assert await world.desk.freezing.current(ROOT) is None
    assert said(await answered(world, ANN, text)) in (["utter_for_admins"], ["utter_for_admins_nobody"])


async def test_a_freeze_for_two_hours_ends_after_two_hours(world: MemoryDesk) -> None:
    assert said(await answered(world, ROOT, "freeze new machines for 2 hours")) == ["utter_frozen"]
    world.clock.forward(hours=1, minutes=59)
    assert await world.desk.freezing.current(ROOT) is not None
    world.clock.forward(minutes=1)
    assert await world.desk.freezing.current(ROOT) is None


@pytest.mark.parametrize("text", ["stop the lab machine", "stop the team cluster"])
async def test_one_machine_is_not_all_of_the_teams(world: MemoryDesk, text: str) -> None:
    assert said(await answered(world, ROOT, text)) == []
