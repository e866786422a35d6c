"""Budgets and approvals over a real Redis: of several at once each sees those before it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.budgets import KEPT, RedisApprovals, RedisBudgets
from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.budgets import Budgets
from clouddesk.model.actor import ADMIN, Actor
from clouddesk.model.approval import APPROVED, DONE, RESERVE, AlreadyDecided, Approval, OverBudget, Purchase
from clouddesk.model.budget import MONTH, TEAM, Bound, Budget, BudgetBook, Commitment, Finding, Hold
from tests.builders import a_reservation
from tests.conversation.memory_reservations import MemoryTrail
from tests.servers import redis_url

__all__ = ["redis_url"]

NOW = datetime.now(timezone.utc)
HOURLY = 1.0


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    yield client
    await client.close()


@pytest.fixture
def workspace() -> str:
    return f"T{uuid.uuid4().hex[:8]}"


def budgets_of(redis: Redis) -> Budgets:
    return Budgets(
        RedisBudgets(redis), RedisApprovals(redis), RedisCosts(redis), MemoryTrail(), BudgetBook(), lambda: NOW
    )


def commitment(id_: str, owner: str = "ann", hours: float = 0.001) -> Commitment:
    return Commitment(id_, owner, HOURLY, NOW.timestamp() + hours * 3600, 1)


def approval(workspace: str, **changes: object) -> Approval:
    purchase = Purchase(RESERVE, "r-00000001", "ann", "etl", key="q-00000001")
    finding = Finding("person", MONTH, True, 10.0, 4.0, 5.0, 3.0, "2026-11")
    made = Approval(
        id=purchase.approval_id,
        workspace_id=workspace,
        asker="ann",
        purchase=purchase,
        planned=commitment("r-00000001"),
        findings=(finding,),
        conversation="c",
        timezone="UTC",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=24),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_a_book_comes_back_as_it_was_and_no_change_is_lost(redis: Redis, workspace: str) -> None:
    store = RedisBudgets(redis)
    assert await store.book(workspace) == BudgetBook()
    bound = Budget(month=Bound(200, 150), machines=Bound(10))

    def add(name: str, book: BudgetBook) -> BudgetBook:
        return replace(book, people={**book.people, name: bound})

    names = [f"p{number}" for number in range(10)]
    await asyncio.gather(*(store.change(workspace, lambda book, name=name: add(name, book)) for name in names))
    assert (await store.book(workspace)).people == dict.fromkeys(names, bound)
    assert await store.book("another") == BudgetBook()


@pytest.mark.parametrize("most", [5, 17])
async def test_of_many_yes_at_once_only_so_many_as_fit_the_budget_are_taken(
    redis: Redis, workspace: str, most: int
) -> None:
    """Each is written to the ledger a moment after its yes, as a reservation is."""
    budgets, views = budgets_of(redis), RedisReservationViews(redis)
    admin = Actor(workspace, "root", roles=(ADMIN,))
    await budgets.set(admin, TEAM, {"machines": Bound(most)})

    async def yes(number: int) -> bool:
        id_ = f"r-{uuid.uuid4().hex[:8]}"
        purchase = Purchase(RESERVE, id_, f"p{number}", id_, key=id_)
        try:
            async with budgets.claim(workspace, purchase, lambda _: commitment(id_, f"p{number}", hours=8)):
                await asyncio.sleep(0.001 * (number % 7))
                view = a_reservation(
                    id=id_, name=id_, workspace_id=workspace, owner=f"p{number}", node_count=1, hourly_price_usd=HOURLY
                )
                await views.put(replace(view, expires_at=NOW + timedelta(hours=8)))
        except OverBudget:
            return False
        return True

    taken = await asyncio.gather(*(yes(number) for number in range(30)))
    assert sum(taken) == most
    assert len(await RedisCosts(redis).accounts(workspace, since=NOW)) == most


async def test_holds_that_nobody_needs_any_more_do_not_stay(redis: Redis, workspace: str) -> None:
    budgets, store = budgets_of(redis), RedisBudgets(redis)
    await budgets.set(Actor(workspace, "root", roles=(ADMIN,)), TEAM, {"machines": Bound(5)})
    old = Hold("old", NOW.timestamp() - 7200, commitment("r-0000000a", hours=9))

    async def keep(_: BudgetBook, holds: list[Hold]) -> list[Hold]:
        return [*holds, old]

    assert await store.hold(workspace, keep) == [old]
    purchase = Purchase(RESERVE, "r-0000000b", "ann", "etl", key="new")
    async with budgets.claim(workspace, purchase, lambda _: commitment("r-0000000b", hours=1)):
        pass
    assert [hold.key for hold in await store.holds(workspace)] == ["new"]
    await store.let_go(workspace, "new")
    assert await store.holds(workspace) == []


async def test_a_request_comes_back_as_it_was_and_the_first_of_its_id_stays(redis: Redis, workspace: str) -> None:
    store, made = RedisApprovals(redis), approval(workspace)
    assert await store.add(made) == made
    assert await store.add(replace(made, asker="ben")) == made
    assert await store.get(workspace, made.id) == made
    assert await store.all(workspace) == [made]
    assert await store.get("another", made.id) is None
    assert await store.change(workspace, "a-unknown", lambda known: known) is None


async def test_of_two_who_decide_at_once_one_is_first(redis: Redis, workspace: str) -> None:
    store, made = RedisApprovals(redis), approval(workspace)
    await store.add(made)

    def approve(by: str, known: Approval) -> Approval:
        if known.status != "pending":
            raise AlreadyDecided(known)
        return replace(known, status=APPROVED, by=by)

    answers = await asyncio.gather(
        *(store.change(workspace, made.id, lambda known, by=f"m{number}": approve(by, known)) for number in range(8)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["AlreadyDecided"] * 7 + ["Approval"]


async def test_what_was_decided_long_ago_is_forgotten_with_the_next_request(redis: Redis, workspace: str) -> None:
    store = RedisApprovals(redis)
    old = approval(workspace, id="a-old", status=DONE, expires_at=NOW - KEPT - timedelta(days=1))
    await store.add(old)
    await store.add(approval(workspace))
    assert [item.id for item in await store.all(workspace)] == [approval(workspace).id]
