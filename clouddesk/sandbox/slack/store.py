"""What the simulated Slack remembers: messages, views, trigger ids, response URLs, files, every text it received."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clouddesk.sandbox.slack.people import Channel, Workspace

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1_800.0
RESPONSE_URL_USES = 5
RECEIVED_AT_MOST = 500_000
_BROADCAST = re.compile(r"<!(?:channel|here|everyone|subteam\^\w+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(https?://[^|>]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<@([UW]\w+)(?:\|[^>]*)?>")


@dataclass
class Message:
    """One message. ``ephemeral_to``: only this person sees it."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    ephemeral_to: str | None = None
    edited_by: str | None = None
    edited_ts: str | None = None
    earlier: list[dict[str, Any]] = field(default_factory=list)
    """Texts and blocks before each edit, oldest first."""
    files: list[dict[str, Any]] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: dict[str, Any] | None = None
    client_msg_id: str | None = None
    unfurl_links: bool = False
    unfurl_media: bool = True
    reply_broadcast: bool = False
    state: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """What each person has chosen in its menus."""
    subtype: str | None = None

    @property
    def broadcasts(self) -> list[str]:
        """What in it would have woken a whole channel or group."""
        return _BROADCAST.findall(self.text) + [found for text in self._mrkdwn() for found in _BROADCAST.findall(text)]

    @property
    def mentions(self) -> list[str]:
        """The people whom its text names."""
        return _MENTION.findall(self.text)

    @property
    def unfurled(self) -> list[str]:
        """The links that Slack would have fetched and shown below it."""
        return _LINK.findall(self.text) if self.unfurl_links or self.unfurl_media else []

    def _mrkdwn(self) -> list[str]:
        found: list[str] = []

        def collect(value: Any) -> None:
            if isinstance(value, list):
                for item in value:
                    collect(item)
            elif isinstance(value, dict):
                if value.get("type") == "mrkdwn":
                    found.append(value["text"])
                for content in value.values():
                    collect(content)

        collect(self.blocks)
        return found

    def all_text(self) -> str:
        """What a person reads in it: the blocks' texts when there are any, otherwise the text."""
        return "\n".join(_words(self.blocks)) if self.blocks else self.text

    def as_dict(self, *, team: str, replies: list[Message] | None = None, with_metadata: bool = True) -> dict[str, Any]:
        """The message object of the Web API."""
        shown: dict[str, Any] = {"user": self.user, "type": "message", "ts": self.ts, "text": self.text, "team": team}
        if self.subtype:
            shown["subtype"] = self.subtype
        if self.client_msg_id:
            shown["client_msg_id"] = self.client_msg_id
        if self.bot_id:
            shown |= {"bot_id": self.bot_id, "app_id": self.app_id}
        for key in ("blocks", "attachments", "files"):
            if getattr(self, key):
                shown[key] = getattr(self, key)
        if self.metadata and with_metadata:
            shown["metadata"] = self.metadata
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.edited_ts:
            shown["edited"] = {"user": self.edited_by, "ts": self.edited_ts}
        if self.reactions:
            shown["reactions"] = [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ]
        if replies:
            writers = list(dict.fromkeys(reply.user for reply in replies))
            shown |= {"thread_ts": self.ts, "reply_count": len(replies), "reply_users": writers}
            shown |= {"reply_users_count": len(writers), "latest_reply": replies[-1].ts}
        return shown


@dataclass
class View:
    """A modal or an App Home as one person sees it."""

    id: str
    user: str
    content: dict[str, Any]
    hash: str
    root: str
    previous: str | None = None
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """What the person reads at the fields, by block id."""


@dataclass
class ResponseUrl:
    """Where the app may answer an interaction or a command for half an hour."""

    token: str
    channel: str
    user: str
    message_ts: str | None
    thread_ts: str | None
    until: float
    uses: int = RESPONSE_URL_USES


@dataclass
class File:
    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str | None = None
    alt_text: str = ""
    shared_in: list[str] = field(default_factory=list)


class Store:
    """Everything in one workspace, in memory. One event loop only."""

    def __init__(self, workspace: Workspace, now: Callable[[], float] = time.time) -> None:
        self.workspace = workspace
        self.now = now
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemeral: list[Message] = []
        self.views: dict[str, View] = {}
        self.modals: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.files: dict[str, File] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.received: deque[str] = deque(maxlen=RECEIVED_AT_MOST)
        self.deleted: list[Message] = []
        self._triggers: dict[str, tuple[str, float]] = {}
        self._used_triggers: deque[str] = deque(maxlen=10_000)
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self._waiting: set[asyncio.Event] = set()
        self.changes = 0

    # Ids and times

    def new_ts(self) -> str:
        """A time stamp that no other message has."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        return f"{prefix}0{next(self._numbers):06d}{secrets.token_hex(2).upper()}"

    def new_hash(self) -> str:
        return f"{int(self.now())}.{secrets.token_hex(4)}"

    def new_trigger(self, user: str) -> str:
        """Lives three seconds and can be used once."""
        trigger = f"{next(self._numbers)}.{int(self.now())}.{secrets.token_hex(16)}"
        self._triggers[trigger] = (user, self.now() + TRIGGER_SECONDS)
        for old in [key for key, (_, until) in self._triggers.items() if until < self.now() - 60]:
            del self._triggers[old]
        return trigger

    def use_trigger(self, trigger: str) -> tuple[str | None, str]:
        """The user it belongs to, or None and Slack's error."""
        if trigger in self._used_triggers:
            return None, "exchanged_trigger_id"
        user, until = self._triggers.pop(trigger, (None, 0.0))
        if user is None:
            return None, "invalid_trigger_id"
        if until < self.now():
            self._triggers[trigger] = (user, until)
            return None, "expired_trigger_id"
        self._used_triggers.append(trigger)
        return user, ""

    def new_response_url(self, channel: str, user: str, message_ts: str | None, thread_ts: str | None) -> str:
        token = secrets.token_urlsafe(18)
        until = self.now() + RESPONSE_URL_SECONDS
        self.response_urls[token] = ResponseUrl(token, channel, user, message_ts, thread_ts, until)
        return token

    # Messages

    def add(self, message: Message) -> Message:
        if message.ephemeral_to:
            self.ephemeral.append(message)
        else:
            self.messages.setdefault(message.channel, {})[message.ts] = message
        self.changed()
        return message

    def find(self, channel: str, ts: str) -> Message | None:
        return self.messages.get(channel, {}).get(ts)

    def find_ephemeral(self, user: str, ts: str) -> Message | None:
        return next((one for one in self.ephemeral if one.ts == ts and one.ephemeral_to == user), None)

    def remove(self, message: Message) -> None:
        if message.ephemeral_to:
            self.ephemeral.remove(message)
        else:
            del self.messages[message.channel][message.ts]
        self.deleted.append(message)
        self.changed()

    def history(self, channel: str) -> list[Message]:
        """The messages of a channel that stand in no thread, oldest first; nothing ephemeral."""
        every = self.messages.get(channel, {}).values()
        return [one for one in every if not one.thread_ts or one.thread_ts == one.ts or one.reply_broadcast]

    def replies(self, channel: str, ts: str) -> list[Message]:
        return [one for one in self.messages.get(channel, {}).values() if one.thread_ts == ts and one.ts != ts]

    def visible(self, user: str, channel: Channel) -> list[Message]:
        """All that this person sees there, threads and ephemeral messages too, oldest first."""
        if user not in channel.members:
            return []
        seen = list(self.messages.get(channel.id, {}).values())
        seen += [one for one in self.ephemeral if one.channel == channel.id and one.ephemeral_to == user]
        return sorted(seen, key=lambda one: one.ts)

    # Views

    def open_modals(self, user: str) -> list[View]:
        """The modals that this person has open, the top one last."""
        return [self.views[name] for name in self.modals.get(user, [])]

    def close(self, view: View) -> None:
        """The modal is gone, and the app can change it no more."""
        self.modals[view.user].remove(view.id)
        del self.views[view.id]
        self.changed()

    def home(self, user: str) -> View | None:
        name = self.homes.get(user)
        return self.views[name] if name else None

    # Waiting

    def changed(self) -> None:
        """Wake all who wait for a change."""
        self.changes += 1
        for event in self._waiting:
            event.set()

    async def until(self, reached: Callable[[], bool], within_seconds: float) -> bool:
        """Wait until it is so; False when it took too long."""
        event = asyncio.Event()
        self._waiting.add(event)
        deadline = time.monotonic() + within_seconds
        try:
            while not reached():
                event.clear()
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                try:
                    await asyncio.wait_for(event.wait(), left)
                except asyncio.TimeoutError:
                    return reached()
            return True
        finally:
            self._waiting.discard(event)


def _words(value: Any) -> list[str]:
    found: list[str] = []
    if isinstance(value, list):
        for item in value:
            found += _words(item)
    elif isinstance(value, dict):
        for key, content in value.items():
            if key == "text" and isinstance(content, str):
                found.append(content)
            elif key in ("text", "elements", "fields", "accessory", "label", "hint", "element", "rows", "options"):
                found += _words(content)
    return found
