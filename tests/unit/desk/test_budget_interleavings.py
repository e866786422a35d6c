"""Whatever people do at once, in whatever order its steps fall: nobody is beyond a hard limit without an approval."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clouddesk.budgets import TEAM
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.approval import OverBudget
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MONTH, Bound, BudgetBook, Hold
from clouddesk.model.costs import CostAccount
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import RUNNING, STOPPED
from tests.conversation.memory import MemoryDesk
from tests.conversation.memory_engine import MemoryEngine
from tests.conversation.memory_reservations import MemoryLedger
from tests.conversation.memory_team import MemoryBudgets

PEOPLE = [Actor("local", name) for name in ("ann", "ben", "cid")]
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))
LIMITS = {MONTH: 2.0, HOUR: 0.3, MACHINES: 6, LEASE: 1.0}
TEAM_LIMITS = {MONTH: 4.0, HOUR: 0.6, MACHINES: 11}
ROUNDS, AT_ONCE = 12, 6


class Pauses:
    """Lets others go on at random places."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same in every run

    async def take(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)


class PausingBudgets(MemoryBudgets):
    def __init__(self, pauses: Pauses) -> None:
        super().__init__()
        self.pauses = pauses

    async def hold(
        self, workspace_id: str, decide: Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]
    ) -> list[Hold]:
        async def slowly(book: BudgetBook, holds: list[Hold]) -> list[Hold]:
            await self.pauses.take()
            made = await decide(book, holds)
            await self.pauses.take()
            return made

        return await super().hold(workspace_id, slowly)


class PausingLedger(MemoryLedger):
    def __init__(self, world: MemoryDesk, pauses: Pauses) -> None:
        super().__init__(world.views)
        self.pauses = pauses

    async def accounts(self, workspace_id: str, *, since: Any) -> list[CostAccount]:
        await self.pauses.take()
        found = await super().accounts(workspace_id, since=since)
        await self.pauses.take()
        return found


def slowed(engine: MemoryEngine, pauses: Pauses) -> None:
    """Every change is seen a while after it was asked for."""
    for name in ("start", "extend", "hold", "scale", "start_nodes", "stop", "release"):
        do = getattr(engine, name)

        async def slow(*args: Any, _do: Any = do, **options: Any) -> Any:
            await pauses.take()
            return await _do(*args, **options)

        setattr(engine, name, slow)


async def act(world: MemoryDesk, actor: Actor, chance: random.Random, number: int) -> str:
    """One thing that a person does; "over" when the budget did not allow it."""
    desk = world.desk
    own = [item for item in await desk.reservations(actor) if item.state in (RUNNING, STOPPED)]
    what = chance.choice(["get", "get", "get", "extend", "grow", "stop", "start", "release", "hold"])
    try:
        if what == "get" or not own:
            wish = ResourceRequest(
                count=chance.randint(1, 3),
                memory_gb=chance.choice([1, 4, 16]),
                duration_seconds=chance.randint(1, 20) * 3600,
            )
            quote = await desk.quote(actor, wish)
            made = await desk.reserve(actor, quote.id, conversation="c")
            world.engine.finish_provisioning(made.id)
            return "got"
        item = chance.choice(own)
        if what == "extend":
            await desk.leases.extend(actor, item.id, chance.randint(1, 10) * 3600, request_id=f"m{number}")
        elif what == "grow":
            quoted = await desk.scaling.quote(actor, item.id, len(item.living_nodes) + chance.randint(1, 2))
            await desk.scaling.scale(actor, item.id, quoted.scale, request_id=f"m{number}")
        elif what == "stop":
            await desk.power.stop(actor, item.id)
        elif what == "start":
            await desk.power.start(actor, item.id)
        elif what == "hold":
            await desk.leases.hold(actor, item.id)
        else:
            await desk.release(actor, item.id)
            world.engine.end(item.id)
    except OverBudget:
        return "over"
    except CloudDeskError:
        return "refused"
    return "done"


@pytest.mark.parametrize("seed", range(6))
async def test_spent_and_committed_money_never_exceeds_a_hard_limit_without_an_approval(seed: int) -> None:
    pauses, world = Pauses(seed), MemoryDesk()
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    world.budgets = PausingBudgets(pauses)
    world.desk = replace(world.desk, budget_store=world.budgets, ledger=PausingLedger(world, pauses))
    slowed(world.engine, pauses)
    for actor in PEOPLE:
        await world.accounts.welcome(actor.person)
        bounds = {measure: Bound(most) for measure, most in LIMITS.items()}
        await world.desk.budgets.set(ROOT, actor.user_id, bounds)
    await world.desk.budgets.set(ROOT, TEAM, {measure: Bound(most) for measure, most in TEAM_LIMITS.items()})
    seen: set[str] = set()
    number = 0
    for _ in range(ROUNDS):
        acts = []
        for _ in range(AT_ONCE):
            number += 1
            acts.append(act(world, chance.choice(PEOPLE), chance, number))
        seen |= set(await asyncio.gather(*acts))
        await check(world)
        pass_time(world, minutes=chance.randint(5, 90))
        await check(world)
    assert {"got", "over", "done"} <= seen, "it was tried"


def pass_time(world: MemoryDesk, *, minutes: int) -> None:
    """Leases end when their time is over."""
    until = world.clock() + timedelta(minutes=minutes)
    live = [item for item in world.views.items.values() if item.is_live]
    for item in sorted(live, key=lambda item: item.expires_at):
        if item.expires_at <= until:
            world.clock.now = max(world.clock.now, item.expires_at)
            world.engine.end(item.id)
    world.clock.now = until


async def check(world: MemoryDesk) -> None:
    """By what the views say, reckoned here: nothing of how budgets reckon it."""
    now = world.clock()
    begin = now.replace(day=1, hour=0, minute=0, second=0)
    everybody = list(world.views.items.values())
    for owners, limits in [*(([actor.user_id], LIMITS) for actor in PEOPLE), (["ann", "ben", "cid"], TEAM_LIMITS)]:
        items = [item for item in everybody if item.owner in owners]
        live = [item for item in items if item.is_live and item.state != "releasing"]
        rest = {item.id: max(0.0, (item.expires_at - now).total_seconds() / 3600) for item in live}
        spent = sum(item.cost_so_far_usd(now) for item in items)
        assert all(item.created_at >= begin for item in items)
        used = {
            MONTH: spent + sum(item.current_hourly_price_usd * rest[item.id] for item in live),
            HOUR: sum(item.current_hourly_price_usd for item in live if rest[item.id]),
            MACHINES: sum(len(item.living_nodes) for item in live if rest[item.id]),
        }
        for measure, number in used.items():
            assert number <= limits[measure] + 1e-6, f"{owners} {measure}: {number} of {limits[measure]}"
        if LEASE in limits:
            for item in live:
                whole = item.cost_so_far_usd(now) + item.current_hourly_price_usd * rest[item.id]
                assert whole <= limits[LEASE] + 1e-6, f"{item.name}: {whole}"
