"""Whose machine is meant where many have one of the same name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.costs import ActionCostReport
from actions.turn import Turn
from clouddesk.costs import CostWish
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.meter import Reading
from clouddesk.model.reservation import ENDED
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

BOSS = Actor("local", "root", roles=(MEMBER, ADMIN))


@pytest.fixture
def world() -> MemoryDesk:
    """The boss's spark-1 was $4 and Ann's $20; only Ann had an etl-1, of $7."""
    world = MemoryDesk()
    world.clock.now = NOW
    begin, end = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
    for owner, name, usd in (("root", "spark-1", 4.0), ("ann", "spark-1", 20.0), ("ann", "etl-1", 7.0)):
        view = a_reservation(
            id=f"r-{owner}-{name}",
            name=name,
            owner=owner,
            state=ENDED,
            created_at=begin,
            ended_at=end,
            accrued_usd=usd,
            accrued_at=end,
            readings=(Reading(begin, 0.0), Reading(end, usd)),
        )
        world.views.items[view.id] = view
    return world


@pytest.mark.parametrize(
    ("text", "name", "usd"),
    [
        ("what did my spark-1 cost this month", "spark-1", 4.0),
        ("what did spark-1 cost this month", "spark-1", 4.0),
        ("what did the whole team's spark-1 cost this month", "spark-1", 24.0),
        ("what did etl-1 cost this month", "etl-1", 7.0),
        ("what did my etl-1 cost this month", "etl-1", None),
    ],
)
async def test_an_admins_own_machine_is_not_everybodys_of_that_name(
    world: MemoryDesk, text: str, name: str, usd: float | None
) -> None:
    turn = Turn(
        desk=world.desk,
        actor=BOSS,
        conversation="local:console:-:root",
        text=text,
        intent="cost_report",
        entities={"resource_name": name},
        message_id="m-1",
    )
    await ActionCostReport().respond(turn)
    wishes = [CostWish.read(reply["json_message"]["costs"]) for reply in turn.replies if reply.get("json_message")]
    told = [(await world.desk.costs.report(BOSS, wish)).total_usd for wish in wishes]
    assert told == ([] if usd is None else [pytest.approx(usd)]), turn.replies
