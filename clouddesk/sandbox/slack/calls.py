"""One call of a Web API method: its arguments, and Slack's way to refuse it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clouddesk.sandbox.slack.people import App, Channel, User, Workspace
from clouddesk.sandbox.slack.store import Message, Store

if TYPE_CHECKING:
    from clouddesk.sandbox.slack.events import Events


class Refused(Exception):
    """Slack's answer is ``ok: false`` with this error."""

    def __init__(self, error: str, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.more = more

    def as_dict(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            answer["errors"] = self.messages
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer


@dataclass
class Call:
    """The arguments as they came, and the place they act on."""

    store: Store
    events: Events
    base_url: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        return self.store.workspace

    @property
    def app(self) -> App:
        return self.store.workspace.app

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refused("invalid_arguments", [f"missing required field: {name} [json-pointer:/{name}]"])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name)
        return default if value is None else value in (True, 1, "true", "1", "True")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            raise Refused("invalid_limit" if name == "limit" else "invalid_arguments") from None

    def given(self, name: str, otherwise: str, messages: list[str] | None = None) -> Any:
        """A JSON argument; in a form it comes as a text. None when it is not given. Refused when it is no JSON."""
        value = self.arguments.get(name)
        try:
            return json.loads(value) if isinstance(value, str) and value else value or None
        except json.JSONDecodeError:
            raise Refused(otherwise, messages) from None

    def known_user(self, user: str) -> User:
        found = self.workspace.users.get(user)
        if found is None:
            raise Refused("user_not_found")
        return found

    def known_channel(self, channel: str) -> Channel:
        """A channel that the app can see: public ones, and private ones that it is in."""
        found = self.workspace.find_channel(channel)
        if found is None or (found.kind != "channel" and self.app.bot_user_id not in found.members):
            raise Refused("channel_not_found")
        return found

    def writable_channel(self, channel: str) -> Channel:
        """A channel in which the app may write. A user's id is the DM with that person."""
        if channel in self.workspace.users:
            return self.direct_with([channel])
        found = self.known_channel(channel)
        if found.is_archived:
            raise Refused("is_archived")
        if self.app.bot_user_id not in found.members and "chat:write.public" not in self.app.scopes:
            raise Refused("not_in_channel")
        return found

    def direct_with(self, users: list[str]) -> Channel:
        for user in users:
            kind = self.known_user(user).kind
            if kind == "deactivated":
                raise Refused("user_disabled")
            if kind in ("bot", "app_user"):
                raise Refused("cannot_dm_bot")
        return self.workspace.direct(self.app.bot_user_id, *users)

    def own_message(self, channel: Channel, ts: str, otherwise: str) -> Message:
        """A message that the app wrote itself."""
        found = self.store.find(channel.id, ts)
        if found is None:
            raise Refused("message_not_found")
        if found.bot_id != self.app.bot_id:
            raise Refused(otherwise)
        return found
