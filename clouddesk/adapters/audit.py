"""The audit trail in Redis: one append-only stream for each day, which vanishes by itself when it is old enough."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import groupby

from redis.asyncio import Redis

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.language.secrets import find_secrets
from clouddesk.model.audit import AuditEntry

PAGE = 1000
"""Entries that one answer of Redis holds at most."""
_RESOURCE_ID = re.compile(r"\b[a-z]+-[0-9a-f]{17}\b")
"""As AWS writes ids; that of a key pair ("key-0f3b…") would pass for a key."""

# KEYS: stream of the day, ids that are in it.  ARGV: when both end, then id and JSON of each entry
_APPEND = """
local written = 0
for index = 2, #ARGV, 2 do
  if redis.call('SADD', KEYS[2], ARGV[index]) == 1 then
    redis.call('XADD', KEYS[1], '*', 'json', ARGV[index + 1])
    written = written + 1
  end
end
redis.call('EXPIREAT', KEYS[1], ARGV[1])
redis.call('EXPIREAT', KEYS[2], ARGV[1])
return written
"""


class RedisAuditTrail:
    """Entries lie in the stream of the day on which the thing was done, whenever they come in.

    So an entry that is delivered late, or once more after Redis was lost, is where it belongs, and a day with all its
    marks against repetition is dropped as a whole when it is older than ``keep_days``.
    """

    def __init__(self, redis: Redis[bytes], *, keep_days: int) -> None:
        self._redis = redis
        self._keep = timedelta(days=keep_days)

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        """Write at the end; what is known already, and what is too old to be kept, is left out. Atomic for each day."""
        for day, of_day in groupby(sorted(entries, key=_day), key=_day):
            end = self._end(day)
            if end <= datetime.now(timezone.utc):
                continue
            args = [text for entry in of_day for text in (entry.id, to_json(_scrubbed(entry)))]
            async with answering():
                await self._redis.eval(  # type: ignore[no-untyped-call]
                    _APPEND, 2, _stream(day), f"{_stream(day)}:ids", int(end.timestamp()), *args
                )

    async def read(self, *, since: datetime, until: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """Entries from ``since`` on and before ``until``, oldest first; holds one day's at a time."""
        now = datetime.now(timezone.utc)
        first = max(since.astimezone(timezone.utc), now - self._keep - timedelta(days=1)).date()
        last = (until or now + timedelta(days=1)).astimezone(timezone.utc).date()
        for number in range((last - first).days + 1):
            of_day = await self._of_day(first + timedelta(days=number))
            for entry in sorted(of_day, key=lambda entry: entry.at):
                if since <= entry.at and (until is None or entry.at < until):
                    yield entry

    async def _of_day(self, day: date) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        start = "-"
        while True:
            async with answering():
                page = await self._redis.xrange(_stream(day), min=start, count=PAGE)
            found += [from_json(AuditEntry, values[b"json"]) for _, values in page]
            if len(page) < PAGE:
                return found
            start = f"({page[-1][0].decode()}"

    def _end(self, day: date) -> datetime:
        """When everything of that day is older than is kept."""
        return datetime(day.year, day.month, day.day, tzinfo=timezone.utc) + timedelta(days=1) + self._keep


def _scrubbed(entry: AuditEntry) -> AuditEntry:
    """Facts come from many hands: whatever looks like a secret, or is called one, does not get in."""
    # Key and value are judged together, since "token" before a text says what it is.
    facts = {key: _redacted(f"{key}={value}").removeprefix(f"{key}=") for key, value in entry.facts.items()}
    return replace(entry, name=_redacted(entry.name), facts=facts)


def _redacted(text: str) -> str:
    ids = [match.span() for match in _RESOURCE_ID.finditer(text)]
    for secret in reversed(find_secrets(text)):
        if not any(start <= secret.start and secret.end <= end for start, end in ids):
            text = text[: secret.start] + secret.placeholder + text[secret.end :]
    return text


def _stream(day: date) -> str:
    return f"{PREFIX}:audit:{day.isoformat()}"


def _day(entry: AuditEntry) -> date:
    return entry.at.astimezone(timezone.utc).date()
