"""What simulated machines pretend to do: nothing answers there by SSH, and yet people want to see how it looks.

By itself somebody works on a machine for its first hours and then forgets it. ``pretend`` says otherwise: for
demonstrations (``clouddesk simulate``) and for tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from redis.asyncio import Redis

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.ports import Clock
from clouddesk.model.reservation import Reservation
from clouddesk.model.utilisation import Sample, Use

IN_USE = timedelta(hours=2)
KEPT_SECONDS = 14 * 86400
BUSY = Use(cpu_percent=60.0, memory_percent=55.0, logins=1, jobs=1, what=("a simulated job",))
QUIET = Use(cpu_percent=1.5, memory_percent=20.0)


class PretendedUse:
    """Implements ``Probe`` for simulated machines."""

    def __init__(self, redis: Redis[bytes], clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def pretend(self, reservation_id: str, uses: Mapping[str, Use]) -> None:
        """From now on its nodes do this, by key; "" stands for all that are not named. Nothing: as by itself."""
        key = _key(reservation_id)
        async with answering():
            pipeline = self._redis.pipeline()
            pipeline.delete(key)
            if uses:
                pipeline.hset(key, mapping={node: to_json(use) for node, use in uses.items()})
                pipeline.expire(key, KEPT_SECONDS)
            await pipeline.execute()

    async def look(self, reservation: Reservation) -> list[Sample]:
        """Of each of its machines that runs."""
        async with answering():
            kept = await self._redis.hgetall(_key(reservation.id))
        uses = {name.decode(): from_json(Use, text) for name, text in kept.items()}
        now = self._clock()
        samples = []
        for node in reservation.living_nodes:
            if node.state == NODE_RUNNING:
                use = uses.get(node.key) or uses.get("") or by_itself(reservation, node.key, now)
                samples.append(use.sample(node.key, now))
        return samples

    async def forget(self, reservation_id: str) -> None:
        """It is gone."""
        await self.pretend(reservation_id, {})


def _key(reservation_id: str) -> str:
    return f"{PREFIX}:pretended:{reservation_id}"


def by_itself(reservation: Reservation, node: str, at: datetime) -> Use:
    """Work in the first hours, nothing afterwards; the same for the same moment."""
    if at - reservation.created_at >= IN_USE:
        return QUIET
    phase = sha256(f"{reservation.id}/{node}".encode()).digest()[0] / 255 * math.tau
    wave = math.sin(phase + at.timestamp() / 900)
    return Use(
        cpu_percent=round(45 + 25 * wave, 1), memory_percent=round(50 + 10 * wave, 1), logins=1, last_input_at=at
    )
