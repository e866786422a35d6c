"""The clouds' own bills: what asks to compare with them, and what is a question about costs or prices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from actions import bill_words
from actions.bills import ActionCompareBills
from actions.turn import Turn
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.errors import Invalid
from clouddesk.settings import PROJECT
from tests.conversation.memory import MemoryDesk


def turn(text: str, *, actor: Actor | None = None, world: MemoryDesk | None = None, provider: str = "") -> Turn:
    return Turn(
        desk=(world or MemoryDesk()).desk,
        actor=actor or Actor("local", "ann"),
        conversation="local:console:-:ann",
        text=text,
        intent="cost_report",
        entities={"provider": provider} if provider else {},
        message_id="m",
    )


@pytest.mark.parametrize(
    "text",
    [
        "compare with the aws bill",
        "does that match what amazon charges us?",
        "what does digitalocean's invoice say for october?",
        "check last month against the bill",
        "compare the aws bill with what you counted",
        "compare our spend to the actual amazon invoice",
        "Does this agree with what DigitalOcean bills us?",
        "what did aws really charge us in october",
        "what has amazon billed me this month",
        "what's on the aws bill",
        "is that the same as their invoice",
        "how far are you from amazon's own bill?",
        "what does cost explorer say",
        "does october match the provider's bill",
    ],
)
def test_it_is_about_a_clouds_own_bill(text: str) -> None:
    assert bill_words.asks(turn(text))


@pytest.mark.parametrize(
    "text",
    [
        "aws bill for october",
        "what is my bill this month",
        "break our aws bill down by project",
        "compare this month with last month's bill",
        "compare aws and digitalocean for 3 nodes for a week",
        "what does amazon charge for a 4 core box",
        "what does aws charge us for 2 machines with 8 gigs",
        "what would our invoice look like if we ran a dozen t3.small until year end?",
        "what did we spend on spark in october",
        "send me the invoice",
        "why did the aws bill jump so much in october",
    ],
)
def test_it_is_about_what_was_spent_or_would_be(text: str) -> None:
    assert not bill_words.asks(turn(text))


def test_no_sentence_of_the_training_data_and_of_the_test_set_is_taken_away_from_another_topic() -> None:
    said: list[tuple[str, str]] = []
    for line in (PROJECT / "tests/understanding/sentences.jsonl").read_text().splitlines():
        item = json.loads(line)
        said.append((item["intent"], item["text"]))
    for path in sorted(Path(PROJECT / "nlu/intents").glob("*.yml")):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            lines = block["examples"]
            lines = lines.splitlines() if isinstance(lines, str) else [item["text"] for item in lines]
            said += [(block["intent"], line.removeprefix("- ")) for line in lines]
    taken = [(intent, text) for intent, text in said if bill_words.asks(turn(text))]
    assert len(said) > 9_000
    assert {intent for intent, _ in taken} <= {"cost_report"}, taken
    assert len(taken) <= 12, taken


async def test_an_admins_us_is_the_team_and_everybody_elses_their_own_accounts() -> None:
    world, boss = MemoryDesk(), Actor("local", "root", roles=(MEMBER, ADMIN))
    for actor in (boss, Actor("local", "ann")):
        await world.desk.welcome(actor)
        for text in ("does that match what amazon charges us", "check my october against the bill"):
            await ActionCompareBills().respond(turn(text, actor=actor, world=world))
    assert [question.is_team for question in world.bills.asked] == [True, False, False, False]
    assert [question.months for question in world.bills.asked[:2]] == [("2026-03",), ("2025-10",)]


async def test_who_has_no_access_to_that_cloud_is_told_so() -> None:
    asked = turn("what does azure's invoice say", provider="azure")
    await ActionCompareBills().respond(asked)
    assert "no access to Azure" in str(asked.replies)


async def test_a_period_of_too_many_months_is_refused_with_what_to_say() -> None:
    with pytest.raises(Invalid, match="6 months at most"):
        await ActionCompareBills().respond(turn("check all that we spent in total against the bill"))


async def test_the_answer_fits_a_phone() -> None:
    world = MemoryDesk()
    ann = Actor("local", "ann")
    await world.desk.welcome(ann)
    asked = turn("compare with the aws bill", actor=ann, world=world, provider="aws")
    await ActionCompareBills().respond(asked)
    shown = str(asked.replies[0])
    assert "AWS, March 2026" in shown
    assert all(len(line) <= 40 for line in shown.split("```")[1::2] for line in line.splitlines())
