"""One message of a conversation at a time, in the order in which they came, over any number of Rasa servers.

Rasa's own lock on Redis reads, changes and writes a list in three steps, so that two servers overwrite each other's
tickets and a message is lost; and its waiters look once a second. Here every step is one script, and whoever ends wakes
the next. Whoever queues says again and again that it is alive: one that died is passed over.

    <prefix>lock:<conversation>        list: tickets in their order; the first may work
    <prefix>lock-until:<conversation>  hash: until when (ms) a ticket counts without a sign of life
    <prefix>lock-wake:<server>         list: tickets of that server which have become the first
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from rasa.core.lock_store import LockStore
from redis.asyncio import Redis
from redis.exceptions import RedisError

from clouddesk.adapters.redis import BLOCK_SECONDS

PREFIX = "clouddesk:"
LIFETIME_SECONDS = 10.0
"""How long a server that died holds up the next message of a conversation."""
_SIGNS_OF_LIFE = 3
"""In one lifetime."""
_PAUSE_SECONDS = 0.5

_log = structlog.get_logger()

Keys = tuple[str, str]

# KEYS: queue, until, and what to read.  ARGV: ticket, lifetime in ms.  When it is the ticket's turn, returns 0 and what
# was read; else the ms for which the first has shown that it lives. Queues the ticket unless it is queued, so that it
# may be called again.
_ENTER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HSET', KEYS[2], ARGV[1], now + ARGV[2]) == 1 then redis.call('RPUSH', KEYS[1], ARGV[1]) end
redis.call('PEXPIRE', KEYS[1], 3 * ARGV[2])
redis.call('PEXPIRE', KEYS[2], 3 * ARGV[2])
while true do
  local first = redis.call('LINDEX', KEYS[1], 0)
  if first == ARGV[1] then
    local found = {0}
    for place = 3, #KEYS do found[place - 1] = redis.call('GET', KEYS[place]) end
    return found
  end
  local left = tonumber(redis.call('HGET', KEYS[2], first) or 0) - now
  if left > 0 then return {left} end
  redis.call('LPOP', KEYS[1])
  redis.call('HDEL', KEYS[2], first)
end
"""

# KEYS: queue, until.  ARGV: ticket, lifetime in ms.  Returns 0 when the ticket was passed over.
_LIVE = """
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], ARGV[1], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
redis.call('PEXPIRE', KEYS[1], 3 * ARGV[2])
redis.call('PEXPIRE', KEYS[2], 3 * ARGV[2])
return 1
"""

# KEYS: queue, until.  ARGV: ticket, lifetime in ms, prefix of the wake lists.
_LEAVE = """
redis.call('LREM', KEYS[1], 1, ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
local first = redis.call('LINDEX', KEYS[1], 0)
if first then
  local wake = ARGV[3] .. string.match(first, '^[^:]+')
  redis.call('RPUSH', wake, first)
  redis.call('PEXPIRE', wake, 3 * ARGV[2])
end
"""


@dataclass(frozen=True)
class Held:
    """A lock that this task holds: what is written under it can check that it still does."""

    conversation: str
    queue: str
    ticket: str


_held: ContextVar[Held | None] = ContextVar("held", default=None)


def held(conversation: str) -> Held | None:
    """The lock of this conversation, when the running task is inside it."""
    lock = _held.get()
    return lock if lock is not None and lock.conversation == conversation else None


class FairLockStore(LockStore):  # type: ignore[misc]  # Rasa has no types
    """Locks by conversation, first come, first served."""

    def __init__(
        self, redis: Redis[bytes], *, prefix: str = PREFIX, lifetime_seconds: float = LIFETIME_SECONDS
    ) -> None:
        self._redis = redis
        self._prefix = prefix
        self._wake_prefix = f"{prefix}lock-wake:"
        self._lifetime_ms = int(lifetime_seconds * 1000)
        self._pause_seconds = lifetime_seconds / _SIGNS_OF_LIFE
        self._server = uuid.uuid4().hex[:12]
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Event] = {}
        self._listening: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._enter = redis.register_script(_ENTER)
        self._live = redis.register_script(_LIVE)
        self._leave = redis.register_script(_LEAVE)

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = 0,
        wait_time_in_seconds: float = 0,
        *,
        read: Sequence[str] = (),
    ) -> AsyncIterator[list[bytes | None]]:
        """Wait for the conversation's turn and hold it; gives the values of the keys to ``read`` at that time.

        What Rasa says about times is not needed.
        """
        lock = Held(conversation_id, f"{self._prefix}lock:{conversation_id}", f"{self._server}:{next(self._numbers)}")
        keys = (lock.queue, f"{self._prefix}lock-until:{conversation_id}")
        try:
            found = await self._await_turn(keys, lock.ticket, read)
            living = asyncio.create_task(self._stay_alive(keys, lock.ticket))
            outer = _held.set(lock)
            try:
                yield found
            finally:
                _held.reset(outer)
                living.cancel()
        finally:
            # Nobody waits for this but the next, and it must happen when the caller has gone away, too.
            leaving = asyncio.create_task(self._let_go(keys, lock.ticket))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Return when every lock that was left is free for others."""
        while self._leaving:
            await asyncio.gather(*self._leaving)

    async def _await_turn(self, keys: Keys, ticket: str, read: Sequence[str]) -> list[bytes | None]:
        woken = self._waiting[ticket] = asyncio.Event()
        try:
            while True:
                left_ms: int
                found: list[bytes | None]
                left_ms, *found = await self._enter(keys=(*keys, *read), args=(ticket, self._lifetime_ms))
                if not left_ms:
                    return found
                if self._listening is None or self._listening.done():
                    self._listening = asyncio.create_task(self._wake())
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(woken.wait(), min(left_ms / 1000, self._pause_seconds))
                woken.clear()
        finally:
            del self._waiting[ticket]

    async def _wake(self) -> None:
        """Wake our tickets as their turns come, as long as any of them waits."""
        while self._waiting:
            try:
                found = await self._redis.blpop([self._wake_prefix + self._server], timeout=BLOCK_SECONDS)
            except RedisError:
                # Those who wait look by themselves, too, though not as soon.
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if found and (woken := self._waiting.get(found[1].decode())):
                woken.set()

    async def _stay_alive(self, keys: Keys, ticket: str) -> None:
        while True:
            await asyncio.sleep(self._pause_seconds)
            try:
                if not await self._live(keys=keys, args=(ticket, self._lifetime_ms)):
                    _log.warning("lock.lost", queue=keys[0])
                    return
            except RedisError:
                _log.warning("lock.unreachable", queue=keys[0])

    async def _let_go(self, keys: Keys, ticket: str) -> None:
        try:
            await self._leave(keys=keys, args=(ticket, self._lifetime_ms, self._wake_prefix))
        except RedisError:
            _log.warning("lock.left_behind", queue=keys[0])  # it runs out
