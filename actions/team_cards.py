"""The team view as text: all that runs, who has how much, and what stopping it would stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from actions import cards, standing
from actions.buttons import button
from actions.turn import Card
from actions.wording import duration, names, plural
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.language.people import called
from clouddesk.model.actor import Actor, Person
from clouddesk.model.reservation import Reservation
from clouddesk.team_view import PROTECTED, Running, StopPlan, machines_in

_STEPS = {"stop_resource": "Stop", "describe_resource": "Details"}
_SORTED = {
    "cost": "the dearest first",
    "age": "the oldest first",
    "idleness": "the longest idle first",
    "owner": "by owner",
    "end": "the next to end first",
}
_FIRST = {"cost": "the dearest", "age": "the oldest", "idleness": "the longest idle"}
_WHY = {PROTECTED: "protected", "releasing": "being given back", "archiving": "being archived"}


def lines(found: Sequence[Running], actor: Actor, now: datetime) -> list[str]:
    """One line each."""
    return [f"• {_line(row, actor, now)}" for row in found]


def rows(found: Sequence[Running], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The same with what an admin can do about each."""
    shown = lines(found, actor, now)
    return [
        {"text": text, "buttons": [button(title, topic, resource_name=row.item.id) for topic, title in _STEPS.items()]}
        for text, row in zip(shown, found, strict=True)
    ]


def listed(found: Sequence[Running], actor: Actor, now: datetime, *, order: str, whose: str = "") -> Card:
    """All of it, with what it comes to together."""
    items = [row.item for row in found]
    machines = plural(machines_in(items), "machine")
    people = len({item.owner for item in items})
    rate = hourly(sum(item.current_hourly_price_usd for item in items))
    cost = money(sum(item.cost_so_far_usd(now) for item in items))
    where = f"{plural(len(items), 'reservation')}" + ("" if whose or people < 2 else f" of {people} people")
    head = f"{whose or 'The team'} runs {machines} in {where}: {rate} together, {cost} so far; {_SORTED[order]}."
    unknown = order == "idleness" and not any(row.idle_since for row in found)
    more = ["How long each has been idle is not known, or nothing is."] if unknown else []
    return cards.with_mark([head, *more, *lines(found, actor, now)], items)


def first(row: Running, actor: Actor, now: datetime, *, order: str) -> Card:
    """The one that is the oldest, the dearest …"""
    return cards.with_mark([f"Of all that the team runs, {_FIRST[order]}:", *lines([row], actor, now)], [row.item])


def most(sums: Sequence[tuple[str, int, float]], actor: Actor) -> str:
    """Who has how many machines."""
    told = [
        f"• {called(Person(actor.workspace_id, owner))}: {plural(machines, 'machine')}, {hourly(rate)}"
        for owner, machines, rate in sums
    ]
    return "\n".join(told)


def planned(plan: StopPlan, actor: Actor, now: datetime) -> str:
    """What is stopped, numbered by owner, and what is not, with why."""
    told = [f"{place}. {_line(Running(item), actor, now)}" for place, item in enumerate(plan.stopping, 1)]
    if plan.left:
        told.append("Not these: " + left(plan, actor) + ".")
    return "\n".join(told)


def left(plan: StopPlan, actor: Actor) -> str:
    """ "web-1 of ben (protected) and db-1 of ann (stopped)"."""
    return names([f"{item.name} of {_owner(item, actor)} ({_WHY.get(why, why)})" for item, why in plan.left])


def _line(row: Running, actor: Actor, now: datetime) -> str:
    item = row.item
    age = f"{duration((now - item.created_at).total_seconds())} old"
    idle = f" · idle for {duration((now - row.idle_since).total_seconds())}" if row.idle_since else ""
    return (
        f"*{item.name}* of {_owner(item, actor)} · {standing.state_words(item)} · {cards.short_line(item)} · "
        f"{hourly(item.told_hourly_price_usd)}, {money(item.cost_so_far_usd(now))} so far · {age} · "
        f"ends {local_time(item.expires_at, actor, now)}{idle}"
    )


def _owner(item: Reservation, actor: Actor) -> str:
    return "you" if item.person == actor.person else called(item.person)
