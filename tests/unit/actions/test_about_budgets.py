"""What messages say of budgets, and which only sound like it."""

from __future__ import annotations

import pytest

from actions.about_budgets import (
    APPROVE,
    DECLINE,
    NAME,
    REMOVE,
    REQUESTS,
    SET,
    SHOW,
    SHOW_ALL,
    UNNAME,
    WHO,
    WHY,
    WITHDRAW,
    AboutBudget,
    read,
)
from clouddesk.budgets import EACH, TEAM
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MONTH


def to(whose: str, measure: str | None, amount: float, *, is_soft: bool = False) -> AboutBudget:
    return AboutBudget(SET, whose, measure, amount, is_soft=is_soft)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("set ben's budget to $200 a month", to("ben", MONTH, 200)),
        ("Please set Ben's monthly budget to 1,500 dollars", to("ben", MONTH, 1500)),
        ("set ben's budget to 300", to("ben", MONTH, 300)),
        ("team budget 5000 a month", to(TEAM, MONTH, 5000)),
        ("the team may spend 5k a month", to(TEAM, MONTH, 5000)),
        ("at most 10 machines each", to(EACH, MACHINES, 10)),
        ("everybody may have at most 10 machines", to(EACH, MACHINES, 10)),
        ("everybody may only run 10 machines", to(EACH, MACHINES, 10)),
        ("ben can have no more than 4 vms", to("ben", MACHINES, 4)),
        ("we should use only 5 machines", to(TEAM, MACHINES, 5)),
        ("ben can have $200 a month", to("ben", MONTH, 200)),
        ("limit ben to $5 an hour", to("ben", HOUR, 5)),
        ("give ben a budget of $200 per month", to("ben", MONTH, 200)),
        ("set a budget of $200 a month for ben", to("ben", MONTH, 200)),
        ("at most $100 a lease", to(EACH, LEASE, 100)),
        ("limit each reservation to 50 dollars", to(EACH, LEASE, 50)),
        ("warn ben at $150 a month", to("ben", MONTH, 150, is_soft=True)),
        ("set the team's soft limit to $4000 a month", to(TEAM, MONTH, 4000, is_soft=True)),
        ("set my budget to $20 a month", to("", MONTH, 20)),
        ("set a budget of 100 dollars a month for me", to("", MONTH, 100)),
        ("give me a budget of $50 a month", to("", MONTH, 50)),
        ("limit me to $200", to("", MONTH, 200)),
        ("cap everyone at $5 a day", to(EACH, None, 5)),
        ("set ben's budget to $10 a day", to("ben", None, 10)),
        ("remove ben's budget", AboutBudget(REMOVE, "ben")),
        ("lift everybody's hourly limit", AboutBudget(REMOVE, EACH, HOUR)),
        ("no budget for ben any more", AboutBudget(REMOVE, "ben")),
        ("what's my budget", AboutBudget(SHOW)),
        ("how much can i still spend", AboutBudget(SHOW)),
        ("what's left of my budget", AboutBudget(SHOW)),
        ("am I over budget", AboutBudget(SHOW)),
        ("how much of our budget is left", AboutBudget(SHOW, TEAM)),
        ("what is ben's budget", AboutBudget(SHOW, "ben")),
        ("show budgets", AboutBudget(SHOW_ALL)),
        ("why do I need approval", AboutBudget(WHY)),
        ("why is this over my budget", AboutBudget(WHY)),
        ("what's waiting for my approval", AboutBudget(REQUESTS)),
        ("show open requests", AboutBudget(REQUESTS)),
        ("is my request approved yet", AboutBudget(REQUESTS)),
        ("who can approve it", AboutBudget(WHO)),
        ("approve ben's request", AboutBudget(APPROVE, "ben")),
        ("ok, approve it please", AboutBudget(APPROVE)),
        ("decline it, too big", AboutBudget(DECLINE, reason="too big")),
        ("reject ben's request because Spot would do", AboutBudget(DECLINE, "ben", reason="Spot would do")),
        ("withdraw my request", AboutBudget(WITHDRAW)),
        ("make cid an approver", AboutBudget(NAME, "cid")),
        ("cid may approve requests too", AboutBudget(NAME, "cid")),
        ("remove cid as an approver", AboutBudget(UNNAME, "cid")),
    ],
)
def test_budgets_are_read_in_many_words(text: str, wanted: AboutBudget) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "my budget is $2 an hour",
        "a vm with 4 cores for at most $1 an hour",
        "under 5 dollars an hour please",
        "budget 3 dollars",
        "not more than 5 hrs",
        "limit it to $5 an hour",
        "limit the cluster to 3 machines",
        "at most 10 machines",
        "can i have 3 machines",
        "we should get 3 nodes",
        "we can have 5 machines",
        "kafka must have 3 nodes",
        "we must have 3",
        "the team should run 4 vms",
        "give me 3 machines",
        "i need 10 machines for a day",
        "set it to $5 an hour",
        "show my reservations",
        "what did we spend",
        "how much did ben spend last month",
        "what are my limits",
        "share etl with ben, he can extend it",
        "ben can stop it",
        "let ben extend it",
        "extend etl by 2 hours",
        "cancel my reservation",
        "yes",
        "no, too expensive",
        "why does it cost so much",
        "why is it stopped",
        "stop everything at 10",
        "remove ben",
        "remove ben's access",
        "keep it for a month",
        "one machine a month for ben",
        "set a reminder for ben",
        "a spark cluster for the team",
        "what does the team cost a month",
    ],
)
def test_what_only_sounds_like_a_budget_is_left_to_others(text: str) -> None:
    assert read(text) is None


def test_in_a_chat_people_are_mentioned() -> None:
    assert read("set <@U0BEN>'s budget to $9 a month", workspace_id="T1") == to("U0BEN", MONTH, 9)
    assert read("set ben's budget to $9 a month", workspace_id="T1") == AboutBudget(SET, "", MONTH, 9, unclear="ben")
