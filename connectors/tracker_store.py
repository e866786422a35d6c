"""Conversations in Redis: each in one small value that does not grow, written whole and only by who holds its lock.

<prefix>tracker:<conversation>             the state (connectors/history.py)
<prefix>answer:<conversation>:<message id> what was answered to a message, written together with the state
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from redis.asyncio import Redis

from connectors import history
from connectors.lock_store import PREFIX, held
from connectors.transcript import Transcript

KEPT_SECONDS = 90 * 86400
"""A conversation that nobody went on with is forgotten after this; a session ends much earlier (domain.yml)."""
ANSWER_SECONDS = 600

_log = structlog.get_logger()

Replies = list[dict[str, Any]]

# KEYS: state, answer, queue of the lock.  ARGV: state, its seconds, answer or "", its seconds, ticket or "".
# Returns 0 and writes nothing when somebody else holds the lock by now.
_SAVE = """
if ARGV[5] ~= '' then
  local first = redis.call('LINDEX', KEYS[3], 0)
  if first and first ~= ARGV[5] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4]) end
return 1
"""


class LockLost(Exception):
    """The lock ran out while a message was worked on, and another message has been let in."""


@dataclass(frozen=True)
class _Stored:
    """What of a tracker Redis has already."""

    events: int = 0
    messages: int = 0


@dataclass(frozen=True)
class _Turn:
    """What is known of the conversation while a message is worked on under its lock."""

    conversation: str
    message_id: str
    state: bytes | None
    replies: Callable[[], Replies]


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


class BoundedTrackerStore(TrackerStore):  # type: ignore[misc]  # Rasa has no types
    """Keeps of each conversation what the next turn needs, and hands what happened to the ``transcript``."""

    def __init__(
        self,
        redis: Redis[bytes],
        *,
        domain: Domain | None = None,
        transcript: Transcript | None = None,
        prefix: str = PREFIX,
    ) -> None:
        super().__init__(domain)
        self._redis = redis
        self._prefix = prefix
        self._transcript = transcript
        self._save = redis.register_script(_SAVE)

    def keys_of(self, conversation: str, message_id: str) -> tuple[str, str]:
        """The keys of a conversation's state and of the answer to a message: what a turn begins with."""
        return self._key(conversation), self._answer_key(conversation, message_id)

    @contextmanager
    def turn(
        self, conversation: str, message_id: str, *, state: bytes | None, replies: Callable[[], Replies]
    ) -> Iterator[None]:
        """Work on a message, whose conversation's ``state`` was read already.

        When the new state is saved, the ``replies`` at that time are saved with it as the message's answer: either both
        are there afterwards or none.
        """
        outer = _turn.set(_Turn(conversation, message_id, state, replies))
        try:
            yield
        finally:
            _turn.reset(outer)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation as it was saved; None when there is none, or none that can be read."""
        turn = self._current(sender_id)
        text = turn.state if turn else await self._redis.get(self._key(sender_id))
        if text is None:
            return None
        try:
            events, messages = history.decode(text)
        except (ValueError, KeyError, TypeError) as error:
            # Beginning anew is better than never to be able to speak again.
            _log.error("conversation.unreadable", conversation=sender_id, error=type(error).__name__)
            return None
        tracker = history.rebuild(self.init_tracker(sender_id), events)
        tracker.stored = _Stored(len(events), messages)
        return tracker

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new conversation. It is not saved before something happens in it."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the state, and the answer that goes with it, at once. Raises LockLost and writes nothing."""
        conversation = tracker.sender_id
        stored: _Stored = getattr(tracker, "stored", _Stored())
        events = list(itertools.islice(tracker.events, stored.events, None))
        messages = stored.messages + sum(isinstance(event, UserUttered) for event in events)
        lock, turn = held(conversation), self._current(conversation)
        replies = turn.replies() if turn else []
        state, answer = self.keys_of(conversation, turn.message_id if turn else "")
        done = await self._save(
            keys=(state, answer, lock.queue if lock else state),
            args=(
                history.encode(history.bounded(tracker), messages=messages),
                KEPT_SECONDS,
                json.dumps(replies) if replies else "",
                ANSWER_SECONDS,
                lock.ticket if lock else "",
            ),
        )
        if not done:
            raise LockLost(conversation)
        tracker.stored = _Stored(len(tracker.events), messages)
        if self._transcript:
            self._transcript.note(conversation, events)

    async def keys(self) -> Iterable[str]:
        """All conversations."""
        start = self._key("")
        return [key.decode().removeprefix(start) async for key in self._redis.scan_iter(f"{start}*", count=1000)]

    async def close(self) -> None:
        """Write what is left of the transcript."""
        if self._transcript:
            await self._transcript.flush()

    @staticmethod
    def _current(conversation: str) -> _Turn | None:
        turn = _turn.get()
        return turn if turn is not None and turn.conversation == conversation else None

    def _key(self, conversation: str) -> str:
        return f"{self._prefix}tracker:{conversation}"

    def _answer_key(self, conversation: str, message_id: str) -> str:
        return f"{self._prefix}answer:{conversation}:{message_id}"
