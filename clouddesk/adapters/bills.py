"""Bills as the clouds told them, in Redis for some hours: each question to Amazon is paid for.

clouddesk:bill:<credential ref>:<year-month>   what was read with that key; nobody reads it with another one
"""

from __future__ import annotations

from datetime import datetime, timedelta

from redis.asyncio import Redis

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.bill import Bill

KEPT = timedelta(hours=6)
"""Clouds count anew some times a day."""
KEPT_FINAL = timedelta(days=2)


class RedisBills:
    """Implements ``clouddesk.model.stores.BillCache``. No secret in it."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def get(self, credential_ref: str, month: datetime) -> Bill | None:
        """None when nothing was read lately."""
        async with answering():
            text = await self._redis.get(_key(credential_ref, month))
        return from_json(Bill, text) if text else None

    async def put(self, credential_ref: str, month: datetime, bill: Bill) -> None:
        """Keep for some hours; a final one for longer."""
        kept = KEPT_FINAL if bill.is_final and bill.is_issued else KEPT
        async with answering():
            await self._redis.set(_key(credential_ref, month), to_json(bill), ex=int(kept.total_seconds()))


def _key(credential_ref: str, month: datetime) -> str:
    return f"{PREFIX}:bill:{credential_ref}:{month:%Y-%m}"
