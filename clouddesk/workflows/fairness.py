"""Room for everybody among the threads that clouds are called in: no account holds more than its share of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PER_ACCOUNT = 8
"""Provider calls of one account at a time in one worker; the others of that account wait, outside the threads."""


@dataclass
class _Lane:
    room: asyncio.Semaphore
    users: int = field(default=0)


class Lanes:
    """One lane for each account, made when it is needed and gone with its last user. For one event loop."""

    def __init__(self, per_account: int = PER_ACCOUNT) -> None:
        self._per_account = per_account
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def lane(self, account: str) -> AsyncIterator[None]:
        """Inside is whoever is being served: first come, first served, and nobody waits for another account."""
        lane = self._lanes.setdefault(account, _Lane(asyncio.Semaphore(self._per_account)))
        lane.users += 1
        try:
            async with lane.room:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[account]

    def __len__(self) -> int:
        """How many accounts are being served or wait."""
        return len(self._lanes)
