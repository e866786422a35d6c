"""Makes the events that Slack tells the app of, and only those that it subscribed to."""

from __future__ import annotations

import time
from typing import Any

from clouddesk.sandbox.slack.delivery import Delivery
from clouddesk.sandbox.slack.people import IM, MPIM, PRIVATE, PUBLIC, Channel
from clouddesk.sandbox.slack.store import Message, Store

_SUBSCRIPTION = {PUBLIC: "message.channels", PRIVATE: "message.groups", IM: "message.im", MPIM: "message.mpim"}


class Events:
    """From what happens in the workspace to the app's events."""

    def __init__(self, store: Store, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery

    def message_posted(self, message: Message) -> list[str]:
        """``message``, and ``app_mention`` when it names the app outside a DM; their event ids, in this order."""
        channel = self._store.workspace.channels[message.channel]
        shown = self._of(message)
        if message.thread_ts and message.thread_ts != message.ts:
            parent = self._store.find(message.channel, message.thread_ts)
            if parent is not None:
                shown["parent_user_id"] = parent.user
        sent = self._in(channel, {**shown, "channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind})
        return sent + self._mention(channel, message, message.ts)

    def message_changed(self, message: Message, before: dict[str, Any]) -> list[str]:
        channel = self._store.workspace.channels[message.channel]
        event = {"type": "message", "subtype": "message_changed", "message": self._of(message)}
        sent = self._hidden(channel, {**event, "previous_message": before})
        # A mention is told of anew each time the message is edited.
        return sent + self._mention(channel, message, str(message.edited_ts))

    def message_deleted(self, message: Message, before: dict[str, Any]) -> list[str]:
        channel = self._store.workspace.channels[message.channel]
        event = {"type": "message", "subtype": "message_deleted", "deleted_ts": message.ts}
        return self._hidden(channel, {**event, "previous_message": before})

    def send(
        self, event: dict[str, Any], *, channel: Channel | None = None, subscription: str | None = None
    ) -> list[str]:
        """Deliver one event when the app subscribed to it; its event id in a list, or an empty list."""
        workspace = self._store.workspace
        if (subscription or event["type"]) not in workspace.app.events:
            return []
        name = self._store.new_id("Ev")
        self._delivery.event(
            {
                "token": workspace.app.verification_token,
                "team_id": workspace.team_id,
                "context_team_id": workspace.team_id,
                "context_enterprise_id": None,
                "api_app_id": workspace.app.app_id,
                "event": event,
                "type": "event_callback",
                "event_id": name,
                "event_time": int(time.time()),
                "authorizations": [
                    {
                        "enterprise_id": None,
                        "team_id": workspace.team_id,
                        "user_id": workspace.app.bot_user_id,
                        "is_bot": True,
                        "is_enterprise_install": False,
                    }
                ],
                "is_ext_shared_channel": bool(channel and channel.is_shared),
                "event_context": f"4-{name}",
            }
        )
        return [name]

    def _hidden(self, channel: Channel, event: dict[str, Any]) -> list[str]:
        stamp = self._store.new_ts()
        more = {"hidden": True, "channel": channel.id, "ts": stamp, "event_ts": stamp, "channel_type": channel.kind}
        return self._in(channel, {**event, **more})

    def _mention(self, channel: Channel, message: Message, event_ts: str) -> list[str]:
        app = self._store.workspace.app
        is_named = f"<@{app.bot_user_id}>" in message.text and not channel.is_direct and message.subtype is None
        if not is_named or message.user == app.bot_user_id or app.bot_user_id not in channel.members:
            return []
        mention = self._of(message) | {"type": "app_mention", "channel": channel.id, "event_ts": event_ts}
        return self.send(mention, channel=channel)

    def _in(self, channel: Channel, event: dict[str, Any]) -> list[str]:
        # An app hears only what is said where it is.
        if self._store.workspace.app.bot_user_id not in channel.members:
            return []
        return self.send(event, channel=channel, subscription=_SUBSCRIPTION[channel.kind])

    def _of(self, message: Message) -> dict[str, Any]:
        writer = self._store.workspace.users.get(message.user)
        team = writer.team_id if writer else self._store.workspace.team_id
        shown = message.as_dict(team=team, with_metadata=False)
        if writer is not None and writer.team_id != self._store.workspace.team_id:
            shown |= {"user_team": writer.team_id, "source_team": writer.team_id}
        return shown
