"""Jobs in their order: one at a time in each conversation, many conversations at once, over any number of gateways.

A job is written to Redis before Slack hears that it came, and stays there until it is done. So Redis is the queue: no
gateway holds more than it works on, and what a gateway that died had begun is done by another as soon as its lease on
the conversation has run out. What is done twice then acts once: Rasa knows the message by its id, the messenger its
posts by their keys.

    <prefix>:seen:<job id>        this job was taken up, also long after it is done
    <prefix>:lane:<conversation>  sorted set: its jobs, by when they happened
    <prefix>:lanes                sorted set: conversations with jobs, by when they may be taken (ms)
    <prefix>:owners               hash: which worker has a conversation
    <prefix>:held:<job id>        since when Slack has had faults of its own at it
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.slack.events import Job
from connectors.slack.faults import NotNow

AT_ONCE = 64
"""Conversations that one gateway works on at a time."""
CALM_SECONDS = 0.5
"""How long the work waits at most while a crowd is being acknowledged."""
LEASE_SECONDS = 6.0
"""How long a gateway that died holds up a conversation."""
LOOK_SECONDS = 1.0
"""How often to look for conversations that nobody works on (any more)."""
HOPELESS_SECONDS = 86400.0
"""So long a conversation waits while Slack answers with faults of its own; its outages are over by then."""
SEEN_SECONDS = 7 * 86400
"""Longer than Slack repeats anything, and than we look back for what was missed."""

_log = structlog.get_logger()

_NOW = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)"

# KEYS: lanes, owners.  ARGV: worker, lease (ms), prefix of the lanes' keys.
# Returns the conversation that has waited longest, with its first job; nil when none waits.
_TAKE = f"""
{_NOW}
local found = redis.call('ZRANGEBYSCORE', KEYS[1], 0, now, 'LIMIT', 0, 1)
if not found[1] then return nil end
redis.call('ZADD', KEYS[1], now + ARGV[2], found[1])
redis.call('HSET', KEYS[2], found[1], ARGV[1])
return {{found[1], redis.call('ZRANGE', ARGV[3] .. found[1], 0, 0)[1]}}
"""

# KEYS: lanes, owners, seen, lane.  ARGV: as of _TAKE, seconds that it counts as seen, when, job, conversation.
# Returns 0 when the job was seen before; else 1, or what _TAKE returns to a worker that is free (one with a name).
_ADD = f"""
if not redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[6])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'NX', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[7])
if ARGV[1] == '' then return 1 end
{_TAKE}
"""

# KEYS: lanes, owners, lane.  ARGV: as of _TAKE, conversation, job that is done or "".
# Returns the conversation, which is held on, with its first job. When there is none, or the conversation was lost, it
# is let go of: then what _TAKE returns to a worker that has done a job, nil to one that asks in the middle of it.
_NEXT = f"""
local is_held = redis.call('HGET', KEYS[2], ARGV[4]) == ARGV[1]
if not is_held and ARGV[5] == '' then return nil end
if is_held then
  {_NOW}
  if ARGV[5] ~= '' then redis.call('ZREM', KEYS[3], ARGV[5]) end
  local first = redis.call('ZRANGE', KEYS[3], 0, 0)
  if first[1] then
    redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[4])
    return {{ARGV[4], first[1]}}
  end
  redis.call('ZREM', KEYS[1], ARGV[4])
  redis.call('HDEL', KEYS[2], ARGV[4])
  if ARGV[5] == '' then return nil end
end
{_TAKE}
"""


# KEYS: lanes, owners.  ARGV: worker, pause (ms), conversation.  Nobody takes it before the pause is over.
_PUT_OFF = f"""
{_NOW}
if redis.call('HGET', KEYS[2], ARGV[3]) ~= ARGV[1] then return end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[2], ARGV[3])
"""


class Lanes:
    """``handle`` does one job; it must see to its own faults, as a job that raises is not tried again.

    But for NotNow: its conversation waits then, and the worker goes to another one.
    """

    def __init__(
        self,
        redis: Redis[bytes],
        handle: Callable[[Job], Awaitable[None]],
        *,
        prefix: str,
        at_once: int = AT_ONCE,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._redis = redis
        self._handle = handle
        self._prefix = prefix
        self._at_once = at_once
        self._lease_seconds = lease_seconds
        self._workers: set[asyncio.Task[None]] = set()
        self._add = redis.register_script(_ADD)
        self._take = redis.register_script(_TAKE)
        self._next = redis.register_script(_NEXT)
        self._put_off = redis.register_script(_PUT_OFF)
        self._adding = 0
        self._arriving: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._is_calm = asyncio.Event()
        self._is_calm.set()
        self._is_closing = False

    async def add(self, job: Job) -> bool:
        """Keep the job and see that it is done; False when it is known already. Raises RedisError: it is not kept."""
        # What comes in one after the other is written in that order, over whichever connections.
        arriving = self._arriving.setdefault(job.conversation, asyncio.Lock())
        # Whoever is being added is promised a worker, so that a crowd gets no more of them than there may be.
        has_room = self._has_room
        self._adding += 1
        self._is_calm.clear()
        try:
            async with arriving:
                taken = await self._write(job, uuid.uuid4().hex if has_room else "")
        finally:
            self._adding -= 1
            if not self._adding:
                self._is_calm.set()
        return bool(taken != 0)

    async def _write(self, job: Job, worker: str) -> Any:
        lane = job.conversation
        taken = await self._add(
            keys=[*self._shared_keys, self._key("seen", job.id), self._key("lane", lane)],
            args=[*self._taking(worker), SEEN_SECONDS, job.at, job.as_json(), lane],
        )
        if isinstance(taken, list):
            self._start_worker(worker, taken)
        return taken

    async def run(self) -> None:
        """Take up what nobody works on, without end."""
        while True:
            if self._has_room:
                self._start_worker(uuid.uuid4().hex)
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self, *, within_seconds: float = 10.0) -> None:
        """Begin nothing more and wait for what is under way; what is not done by then is left to another gateway."""
        self._is_closing = True
        if self._workers:
            await asyncio.wait(self._workers, timeout=within_seconds)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    @property
    def _has_room(self) -> bool:
        return not self._is_closing and len(self._workers) + self._adding < self._at_once

    def _start_worker(self, name: str, taken: list[bytes] | None = None) -> None:
        worker = asyncio.create_task(self._work(name, taken))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, name: str, taken: list[bytes] | None) -> None:
        """One conversation after the other, for as long as there is one that nobody works on."""
        try:
            taken = taken or await self._take_up(name)
            while taken is not None:
                await self._calm()
                taken = await self._clear(taken[0].decode(), name, taken[1])
        except RedisError as error:
            _log.warning("slack.lane_interrupted", error=type(error).__name__)

    async def _calm(self) -> None:
        """Acknowledgements go first: Slack waits for them three seconds, people wait longer for an answer."""
        if not self._is_calm.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._is_calm.wait(), CALM_SECONDS)

    async def _clear(self, lane: str, worker: str, text: bytes) -> list[bytes] | None:
        """Do what there is in a conversation; another one that waits, if any."""
        while True:
            if self._is_closing:
                await self._let_go(lane)
                return None
            if not await self._do(lane, worker, text):
                return await self._take_up(worker)
            found = await self._advance(lane, worker, text)
            if found is None or found[0].decode() != lane:
                return found
            text = found[1]

    async def _do(self, lane: str, worker: str, text: bytes) -> bool:
        """Do the job while the lease on its conversation is renewed; False when that was lost, or it has to wait."""
        doing = asyncio.create_task(self._handled(text))
        try:
            while not doing.done():
                await asyncio.wait([doing], timeout=self._lease_seconds / 3)
                # Somebody else has the conversation now, and does the job.
                if not doing.done() and await self._advance(lane, worker, b"") is None:
                    _log.warning("slack.lane_lost", conversation=lane)
                    return False
            pause = doing.result()
            if pause:
                await self._put_off(keys=self._shared_keys, args=[worker, int(pause * 1000), lane])
                return False
        finally:
            if not doing.done():
                doing.cancel()
                with suppress(asyncio.CancelledError):
                    await doing
        return True

    async def _handled(self, text: bytes) -> float:
        """Do it; after how many seconds it is to be tried again, 0 when it is done with."""
        try:
            job = Job.from_json(text)
        except (ValueError, TypeError, KeyError):
            _log.exception("slack.job_unreadable")  # of another version: it must not hold up those behind it
            return 0.0
        try:
            await self._handle(job)
        except RedisError:
            raise  # not done: it stays where it is
        except NotNow as held:
            if held.is_lasting or not await self._is_hopeless(job):
                _log.warning("slack.job_waits", kind=job.kind, conversation=job.conversation, seconds=held.seconds)
                return held.seconds
            _log.error("slack.job_given_up", kind=job.kind, conversation=job.conversation)
        except Exception:  # noqa: BLE001 - one job's fault must not hold up those behind it
            _log.exception("slack.job_failed", kind=job.kind, conversation=job.conversation)
        return 0.0

    async def _is_hopeless(self, job: Job) -> bool:
        """Whether Slack has stumbled over it for so long that those behind it need wait no more."""
        key, now = self._key("held", job.id), time.time()
        if await self._redis.set(key, str(now), nx=True, ex=SEEN_SECONDS):
            return False
        return now - float(await self._redis.get(key) or now) > HOPELESS_SECONDS

    async def _take_up(self, worker: str) -> list[bytes] | None:
        found: list[bytes] | None = await self._take(keys=self._shared_keys, args=self._taking(worker))
        return found

    async def _advance(self, lane: str, worker: str, done: bytes) -> list[bytes] | None:
        found: list[bytes] | None = await self._next(
            keys=[*self._shared_keys, self._key("lane", lane)], args=[*self._taking(worker), lane, done]
        )
        return found

    def _taking(self, worker: str) -> list[str | int]:
        return [worker, self._lease_ms, self._key("lane", "")]

    async def _let_go(self, lane: str) -> None:
        await self._redis.zadd(self._key("lanes"), {lane: 0}, xx=True)

    @property
    def _shared_keys(self) -> list[str]:
        return [self._key("lanes"), self._key("owners")]

    @property
    def _lease_ms(self) -> int:
        return int(self._lease_seconds * 1000)

    def _key(self, *parts: str) -> str:
        return ":".join((self._prefix, *parts))
