"""The whole dialogue for audit: a capped stream for each conversation, written beside the work and free of secrets.

<prefix>transcript:<conversation>  stream: at, who (person, bot or action), text; id and intent; buttons
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable

import structlog
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered
from redis.asyncio import Redis
from redis.exceptions import RedisError

from clouddesk.language.secrets import redact
from connectors.lock_store import PREFIX

MOST_ENTRIES = 2_000
KEPT_SECONDS = 90 * 86400
MOST_WAITING = 10_000
"""Entries that wait for Redis to be written; what is more is dropped, and said so in the log."""
_AT_ONCE = 200
_PAUSE_SECONDS = 0.05

_log = structlog.get_logger()

Entry = dict[str, str]


class Transcript:
    """Takes what was said at once and writes it soon after: a turn never waits for its record."""

    def __init__(self, redis: Redis[bytes], *, prefix: str = PREFIX) -> None:
        self._redis = redis
        self._prefix = prefix
        self._waiting: deque[tuple[str, Event]] = deque(maxlen=MOST_WAITING)
        self._writing: asyncio.Task[None] | None = None

    def note(self, conversation: str, events: Iterable[Event]) -> None:
        """What happened last in a conversation."""
        self._waiting.extend((conversation, event) for event in events)
        if self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def flush(self) -> None:
        """Return when all that was noted is written, or could not be."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        await asyncio.sleep(_PAUSE_SECONDS)  # the answer first; and a turn's entries go together
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            commands = self._redis.pipeline(transaction=False)
            conversations = set()
            for conversation, event in batch:
                if entry := entry_of(event):
                    conversations.add(conversation)
                    commands.xadd(self._key(conversation), entry, maxlen=MOST_ENTRIES, approximate=True)
            for conversation in conversations:
                commands.expire(self._key(conversation), KEPT_SECONDS)
            try:
                await commands.execute()
            except RedisError:
                _log.warning("transcript.not_written", entries=len(batch))

    def _key(self, conversation: str) -> str:
        return f"{self._prefix}transcript:{conversation}"


def entry_of(event: Event) -> Entry | None:
    """An event as it is recorded; None when it is not part of what was said or done."""
    entry = {"at": f"{event.timestamp:.3f}"}
    if isinstance(event, UserUttered):
        message = {"id": event.message_id or "", "text": _harmless(event.text), "intent": event.intent_name or ""}
        return {**entry, "who": "person", **message}
    if isinstance(event, BotUttered):
        buttons = [
            {name: _harmless(button.get(name)) for name in ("title", "payload")}
            for button in event.data.get("buttons") or ()
        ]
        return {**entry, "who": "bot", "text": _harmless(event.text), "buttons": json.dumps(buttons)}
    if isinstance(event, ActionExecuted) and event.action_name:
        return {**entry, "who": "action", "text": event.action_name}
    return None


def _harmless(text: str | None) -> str:
    """Messages come here free of secrets; this is for what no connector has seen, such as a button's payload."""
    return redact(text or "")[0]
