"""Token buckets: how often an account may be asked for something, counted in Redis over all processes.

A bucket may owe tokens: who finds it empty takes the next one that comes, and learns how long that is. So those who
wait are served in the order in which they asked, and none polls.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

PREFIX = "clouddesk:bucket"
SOCKET_SECONDS = 0.5
"""A request to a cloud takes about as long; Redis answers in a thousandth of it, or not at all."""
ALONE_SECONDS = 5.0
"""While Redis does not answer it is asked again only so often."""

# Redis' own clock, the same for all who ask; one that jumps back adds nothing.
_TAKE = """
local per_second, burst, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * per_second) - 1
local wait = math.max(0, -tokens / per_second)
if wait <= longest then
  redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
  redis.call('EXPIRE', KEYS[1], math.ceil((burst - tokens) / per_second) + 1)
end
return tostring(wait)
"""


@dataclass
class _Bucket:
    tokens: float
    at: float


class LocalRateLimit:
    """Buckets of this process alone. Safe for threads."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, bucket: str, *, per_second: float, burst: int, longest_wait_seconds: float) -> float:
        """Take a token; returns the seconds until it may be used. If those are more than the longest, none is taken."""
        now = time.monotonic()
        with self._lock:
            known = self._buckets.setdefault(bucket, _Bucket(burst, now))
            tokens = min(burst, known.tokens + (now - known.at) * per_second) - 1
            wait_seconds = max(0.0, -tokens / per_second)
            if wait_seconds <= longest_wait_seconds:
                known.tokens, known.at = tokens, now
        return wait_seconds


class RedisRateLimit:
    """Buckets that all processes share; those of this process while Redis does not answer. Safe for threads."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)
        self._take = self._redis.register_script(_TAKE)
        self._local = LocalRateLimit()
        self._alone_until = 0.0

    def take(self, bucket: str, *, per_second: float, burst: int, longest_wait_seconds: float) -> float:
        """Take a token; returns the seconds until it may be used. If those are more than the longest, none is taken."""
        if time.monotonic() >= self._alone_until:
            try:
                return float(self._take(keys=[f"{PREFIX}:{bucket}"], args=[per_second, burst, longest_wait_seconds]))
            except (RedisError, OSError) as error:
                log.warning("rate_limit.alone", error=type(error).__name__, seconds=ALONE_SECONDS)
                self._alone_until = time.monotonic() + ALONE_SECONDS
        return self._local.take(bucket, per_second=per_second, burst=burst, longest_wait_seconds=longest_wait_seconds)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()
