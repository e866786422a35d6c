"""Reads a person's notices as they come, straight from Redis, and looks at the cloud in the moment of each."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError

from tests.chaos.ledger import Evidence, Sighting, Told
from tests.chaos.world import World

_BLOCK_MILLISECONDS = 1000
_PAUSE_SECONDS = 0.2


async def watch(world: World, evidence: Evidence) -> None:
    """Until it is cancelled."""
    place = "0"
    while True:
        try:
            found = await world.redis.xread({_stream(evidence): place}, block=_BLOCK_MILLISECONDS)
        except (RedisError, OSError):
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        for where, values in found[0][1] if found else []:
            told = _told(where, values)
            things = await world.clouds.of_reservation(told.places | evidence.places, told.reservation_id)
            evidence.sightings.append(Sighting(told, tuple(things), time.time()))
            place = told.place


async def notices(world: World, evidence: Evidence) -> list[Told]:
    """All that lie in the person's stream."""
    return [_told(where, values) for where, values in await world.redis.xrange(_stream(evidence))]


def _stream(evidence: Evidence) -> str:
    return f"clouddesk:notices:local/{evidence.user}"


def _told(where: bytes, values: dict[bytes, Any]) -> Told:
    read = json.loads(values[b"json"])
    return Told(
        place=where.decode(),
        id=read["id"],
        kind=read["kind"],
        reservation_id=read["reservation_id"],
        created_at=datetime.fromisoformat(read["created_at"].replace("Z", "+00:00")),
        values=read["values"],
    )
