"""Templates of the team that are somebody else's: who may change them is named as their chat names people."""

from __future__ import annotations

import pytest

from actions import template_cards, template_words
from actions.templates import ActionChangeTemplate, ActionDeleteTemplate, ActionSaveTemplate
from actions.turn import AboutTemplate, Turn
from clouddesk.language.people import MARK
from clouddesk.model.actor import MEMBER, Actor
from clouddesk.model.request import ResourceRequest
from tests.conversation.memory import MemoryDesk

ANN = Actor("T0TEAM", "U0ANN", roles=(MEMBER,))
BEN = Actor("T0TEAM", "U0BEN", roles=(MEMBER,))
ETL = ResourceRequest(kind="vm", vcpus=4)


@pytest.fixture
async def world() -> MemoryDesk:
    """The team's etl is Ann's; Ben has one of his own under that name."""
    world = MemoryDesk()
    await world.desk.templates.save(ANN, "etl", ETL, is_team=True)
    await world.desk.templates.save(BEN, "etl", ResourceRequest(kind="vm", vcpus=8), is_team=False)
    return world


def turn_of(world: MemoryDesk, text: str, intent: str, **entities: str) -> Turn:
    return Turn(world.desk, BEN, "c", text, intent, dict(entities), "m-1")


def is_named(author: str) -> bool:
    found = MARK.fullmatch(author)
    return found is not None and found[1] == "U0ANN"


async def test_publishing_over_somebody_elses_says_whose_it_is(world: MemoryDesk) -> None:
    turn = turn_of(world, "make etl a team template", "save_template")
    turn.about_template = AboutTemplate(template_words.PUBLISH, "etl")
    await ActionChangeTemplate().respond(turn)
    (reply,) = turn.replies
    assert reply["response"] == "utter_template_of_others"
    assert is_named(reply["author"])
    assert (await world.desk.templates.get(ANN, "etl", is_team=True)).latest.request.vcpus == 4


async def test_publishing_ones_own_still_works(world: MemoryDesk) -> None:
    await world.desk.templates.save(BEN, "lab", ETL, is_team=False)
    turn = turn_of(world, "make lab a team template", "save_template")
    turn.about_template = AboutTemplate(template_words.PUBLISH, "lab")
    await ActionChangeTemplate().respond(turn)
    assert [reply["response"] for reply in turn.replies] == ["utter_template_published"]


async def test_saving_over_it_renaming_and_deleting_it_name_the_author(world: MemoryDesk) -> None:
    saving = turn_of(world, "save this as team template etl", "save_template")
    saving.facts = {"saving": {"request": {"kind": "vm"}, "is_team": True}, "template_name": "etl"}
    await ActionSaveTemplate().respond(saving)
    renaming = turn_of(world, "rename the team template etl to lab", "save_template")
    renaming.about_template = AboutTemplate(template_words.RENAME, "etl", "lab")
    await ActionChangeTemplate().respond(renaming)
    deleting = turn_of(world, "delete the team template etl", "delete_template", template_name="etl")
    await ActionDeleteTemplate().respond(deleting)
    for turn in (saving, renaming, deleting):
        (reply,) = turn.replies
        assert reply["response"] == "utter_template_of_others"
        assert is_named(reply["author"]), reply


async def test_a_list_names_the_author(world: MemoryDesk) -> None:
    item = await world.desk.templates.get(BEN, "etl", is_team=True)
    line = template_cards.line(turn_of(world, "templates", "list_templates"), item)
    assert [found[1] for found in MARK.finditer(line)] == ["U0ANN"]
