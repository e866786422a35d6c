"""What machines were seen doing, in Redis: a stream for each reservation, ``clouddesk:utilisation:<id>``.

An entry holds what was seen of all machines in one round, as short as it can be said, under the moment of the newest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from redis.asyncio import Redis

from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.utilisation import KEPT, Sample

MOST_ROUNDS = 20_160
"""Two weeks of them, one a minute."""
_READ_AT_ONCE = 500
_KEYS_KEPT_SECONDS = 400 * 86400
_AFTER_THE_LAST = timedelta(days=1)

# KEYS: stream. ARGV: moment in milliseconds, JSON, oldest kept in milliseconds, most entries, seconds kept
_APPEND = """
local id = ARGV[1] .. '-0'
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then
  local ms, number = string.match(last[1], '(%d+)-(%d+)')
  if tonumber(ms) >= tonumber(ARGV[1]) then id = ms .. '-' .. string.format('%d', number + 1) end
end
redis.call('XADD', KEYS[1], id, 'json', ARGV[2])
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3])
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return id
"""


class RedisUtilisation:
    """Implements ``UtilisationSeries``; a series that nothing is added to vanishes by itself."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def append(self, reservation_id: str, samples: Sequence[Sample]) -> None:
        """One entry for all of them. The same again is left out when it is read."""
        if not samples:
            return
        newest = max(sample.at for sample in samples)
        text = json.dumps([_row(sample) for sample in samples], separators=(",", ":"))
        kept = int((KEPT + _AFTER_THE_LAST).total_seconds())
        args = (_ms(newest), text, _ms(newest - KEPT), MOST_ROUNDS, kept)
        async with answering():
            await self._redis.eval(_APPEND, 1, _key(reservation_id), *args)  # type: ignore[no-untyped-call]

    async def read(self, reservation_id: str, *, since: datetime) -> list[Sample]:
        """Of all of its nodes, oldest first."""
        found: dict[tuple[str, datetime], Sample] = {}
        place = str(_ms(since))
        while True:
            async with answering():
                entries = await self._redis.xrange(_key(reservation_id), min=place, count=_READ_AT_ONCE)
            for _, values in entries:
                for row in json.loads(values[b"json"]):
                    sample = _sample(row)
                    if sample.at >= since:
                        found.setdefault((sample.node, sample.at), sample)
            if len(entries) < _READ_AT_ONCE:
                return sorted(found.values(), key=lambda sample: sample.at)
            place = f"({entries[-1][0].decode()}"

    async def forget(self, reservation_id: str) -> None:
        """Delete all of it; what is gone already is no error."""
        async with answering():
            await self._redis.delete(_key(reservation_id))


class RedisHostKeys:
    """The public keys with which machines answered when they were first asked: ``clouddesk:host-keys:<id>``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def read(self, reservation_id: str) -> dict[str, tuple[str, ...]]:
        """By the machine's id."""
        async with answering():
            kept = await self._redis.hgetall(_host_keys(reservation_id))
        return {machine.decode(): tuple(json.loads(lines)) for machine, lines in kept.items()}

    async def put(self, reservation_id: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Keep those of machines that are new; what is known of others stays."""
        async with answering():
            pipeline = self._redis.pipeline()
            for machine, lines in keys.items():
                pipeline.hsetnx(_host_keys(reservation_id), machine, json.dumps(lines))
            pipeline.expire(_host_keys(reservation_id), _KEYS_KEPT_SECONDS)
            await pipeline.execute()

    async def forget(self, reservation_id: str) -> None:
        """The machines are gone."""
        async with answering():
            await self._redis.delete(_host_keys(reservation_id))


def _host_keys(reservation_id: str) -> str:
    return f"{PREFIX}:host-keys:{reservation_id}"


def _row(sample: Sample) -> list[Any]:
    """What is not known at the end is left out."""
    row = [
        sample.node,
        _ms(sample.at),
        sample.cpu_percent,
        sample.memory_percent,
        sample.gpu_percent,
        sample.logins,
        sample.jobs,
        _ms(sample.last_input_at) if sample.last_input_at else None,
        list(sample.what) or None,
    ]
    while row[-1] is None:
        row.pop()
    return row


def _sample(row: Sequence[Any]) -> Sample:
    node, at, cpu, memory, gpu, logins, jobs, last_input, what = (*row, *([None] * (9 - len(row))))[:9]
    return Sample(
        node=node,
        at=_moment(at),
        cpu_percent=cpu,
        memory_percent=memory,
        gpu_percent=gpu,
        logins=logins,
        jobs=jobs,
        last_input_at=_moment(last_input) if last_input is not None else None,
        what=tuple(what or ()),
    )


def _key(reservation_id: str) -> str:
    return f"{PREFIX}:utilisation:{reservation_id}"


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)
