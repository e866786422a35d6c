"""Budgets and approvals in Redis.

    clouddesk:budgets:<workspace>        the book of all budgets, as JSON
    clouddesk:budget-holds:<workspace>   by key: what was said yes to, until the ledger of costs shows it
    clouddesk:approvals:<workspace>      by id: requests to go beyond a budget

Every change is optimistic (WATCH): of several at the same time one is written, and the others begin anew with what it
wrote. So two yes of the same moment cannot both use the last of a budget, and no lock can be left behind.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone

from redis.asyncio import Redis
from redis.exceptions import WatchError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.approval import OPEN, Approval
from clouddesk.model.budget import BudgetBook, Hold
from clouddesk.model.errors import Unavailable

_MOST_TRIES = 200
_LONGEST_PAUSE_SECONDS = 0.05
KEPT = timedelta(days=60)
"""So long a request is remembered after its time is over."""


class RedisBudgets:
    """Implements ``clouddesk.model.stores.Budgets``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def book(self, workspace_id: str) -> BudgetBook:
        """What was set; an empty one where nothing was."""
        async with answering():
            return _book(await self._redis.get(_books(workspace_id)))

    async def change(self, workspace_id: str, change: Callable[[BudgetBook], BudgetBook]) -> BudgetBook:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; how it is then."""
        key = _books(workspace_id)
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            for _ in range(_MOST_TRIES):
                await pipeline.watch(key)
                changed = change(_book(await pipeline.get(key)))
                pipeline.multi()
                pipeline.set(key, to_json(changed))
                try:
                    await pipeline.execute()
                except WatchError:  # somebody was faster
                    continue
                return changed
        raise Unavailable("Redis")

    async def holds(self, workspace_id: str) -> list[Hold]:
        """All of them."""
        async with answering():
            return [from_json(Hold, text) for text in await self._redis.hvals(_holds(workspace_id))]

    async def hold(
        self, workspace_id: str, decide: Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]
    ) -> list[Hold]:
        """Write what ``decide`` makes of the holds; of several at once each sees the holds of those before it."""
        book, key = _books(workspace_id), _holds(workspace_id)
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            for _ in range(_MOST_TRIES):
                # The holds are read before the ledger is: what left them in between is in the ledger by then.
                await pipeline.watch(book, key)
                known = [from_json(Hold, text) for text in await pipeline.hvals(key)]
                made = await decide(_book(await pipeline.get(book)), known)
                pipeline.multi()
                pipeline.delete(key)
                if made:
                    pipeline.hset(key, mapping={hold.key: to_json(hold) for hold in made})
                try:
                    await pipeline.execute()
                except WatchError:  # somebody was faster
                    await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - guards nothing
                    continue
                return made
        raise Unavailable("Redis")

    async def let_go(self, workspace_id: str, key: str) -> None:
        """The hold of that key is not needed any more."""
        async with answering():
            await self._redis.hdel(_holds(workspace_id), key)


class RedisApprovals:
    """Implements ``clouddesk.model.stores.Approvals``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def add(self, approval: Approval) -> Approval:
        """Write unless there is one of this id; what there is then. What nobody needs any more goes."""
        key = _approvals(approval.workspace_id)
        async with answering():
            await self._redis.hsetnx(key, approval.id, to_json(approval))
        old = datetime.now(timezone.utc) - KEPT
        known = await self.all(approval.workspace_id)
        if gone := [item.id for item in known if item.status not in OPEN and item.expires_at < old]:
            async with answering():
                await self._redis.hdel(key, *gone)
        return await self.get(approval.workspace_id, approval.id) or approval

    async def get(self, workspace_id: str, approval_id: str) -> Approval | None:
        """None when there is none (any more)."""
        async with answering():
            text = await self._redis.hget(_approvals(workspace_id), approval_id)
        return from_json(Approval, text) if text else None

    async def all(self, workspace_id: str) -> list[Approval]:
        """Oldest first."""
        async with answering():
            texts = await self._redis.hvals(_approvals(workspace_id))
        return sorted((from_json(Approval, text) for text in texts), key=lambda approval: approval.created_at)

    async def change(
        self, workspace_id: str, approval_id: str, change: Callable[[Approval], Approval]
    ) -> Approval | None:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; None when it is gone."""
        key = _approvals(workspace_id)
        async with answering(), self._redis.pipeline(transaction=True) as pipeline:
            for _ in range(_MOST_TRIES):
                await pipeline.watch(key)
                text = await pipeline.hget(key, approval_id)
                if not text:
                    return None
                changed = change(from_json(Approval, text))
                pipeline.multi()
                pipeline.hset(key, approval_id, to_json(changed))
                try:
                    await pipeline.execute()
                except WatchError:  # somebody was faster
                    continue
                return changed
        raise Unavailable("Redis")


def _book(text: bytes | None) -> BudgetBook:
    return from_json(BudgetBook, text) if text else BudgetBook()


def _books(workspace_id: str) -> str:
    return f"{PREFIX}:budgets:{workspace_id}"


def _holds(workspace_id: str) -> str:
    return f"{PREFIX}:budget-holds:{workspace_id}"


def _approvals(workspace_id: str) -> str:
    return f"{PREFIX}:approvals:{workspace_id}"
