"""What people do in the simulated workspace: talk, edit, delete, use commands and shortcuts, open the App Home."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.delivery import COMMANDS, INTERACTIVE, Delivery, NotAcked
from clouddesk.sandbox.slack.events import Events
from clouddesk.sandbox.slack.methods_chat import respond
from clouddesk.sandbox.slack.methods_files import file_shown
from clouddesk.sandbox.slack.methods_views import shown
from clouddesk.sandbox.slack.people import DEACTIVATED, Channel, User
from clouddesk.sandbox.slack.store import File, Message, Store

DIRECT = "dm"
"""Stands for: the DM of this person with the app."""


class NotPossible(Exception):
    """A person cannot do this in Slack; the text says why."""


@dataclass(frozen=True)
class Said:
    """A message that a person wrote, and the events that tell of it: ``message`` first, then ``app_mention``."""

    ts: str
    channel: str
    events: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of an interaction: whether the app acked it in time, with what, and the ids it was given."""

    is_acked: bool
    payload: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """What Slack shows when the app did not answer."""
    trigger_id: str = ""
    response_url: str = ""


class Acting:
    """People by name or id, channels by id or name, or ``dm`` for the DM with the app."""

    def __init__(self, store: Store, delivery: Delivery, events: Events) -> None:
        self.store = store
        self.delivery = delivery
        self.events = events
        self.base_url = ""

    def deactivate(self, user: str) -> list[str]:
        """An admin takes this person's account away; the ids of the events that tell of it."""
        who = self.store.workspace.user(user)
        who.kind = DEACTIVATED
        changed = {"type": "user_change", "user": who.as_dict(), "event_ts": self.store.new_ts()}
        return self.events.send(changed)

    def place(self, user: User, channel: str) -> Channel:
        """The channel as this person sees it. Raises NotPossible."""
        workspace = self.store.workspace
        if channel == DIRECT:
            return workspace.direct(workspace.app.bot_user_id, user.id)
        found = workspace.find_channel(channel)
        if found is None or (user.id not in found.members and found.kind != "channel"):
            raise NotPossible(f"{user.name} sees no channel {channel}")
        return found

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        subtype: str | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Said:
        """Write a message. ``@clouddesk`` becomes a mention, as Slack's client makes it one.

        ``files``: texts that go with it, by the files' names.
        """
        who = self.store.workspace.user(user)
        where = self.place(who, channel)
        if who.kind == DEACTIVATED or who.id not in where.members:
            raise NotPossible(f"{who.name} is not in #{where.name}")
        message = Message(
            ts=self.store.new_ts(),
            channel=where.id,
            user=who.id,
            text=self.typed(text),
            thread_ts=thread_ts,
            client_msg_id=str(uuid.uuid4()),
            subtype="file_share" if files else subtype,
            files=[self._sent(name, content, where) for name, content in (files or {}).items()],
        )
        if who.kind == "bot":
            message.bot_id, message.app_id, message.client_msg_id = "B0OTHERBOT", "A0OTHERBOT", None
        else:
            message.blocks = [_as_rich_text(message.text)]
        self.store.add(message)
        return Said(message.ts, where.id, self.events.message_posted(message))

    def set_status(self, user: str, text: str = "", emoji: str = "", expiration: int = 0) -> None:
        """What this person says of themselves beside their name; nothing clears it."""
        who = self.store.workspace.user(user)
        who.status_text, who.status_emoji, who.status_expiration = text, emoji, expiration

    def _sent(self, name: str, content: str, where: Channel) -> dict[str, Any]:
        data = content.encode()
        file = File(self.store.new_id("F"), name, len(data), data, title=name, shared_in=[where.id])
        self.store.files[file.id] = file
        return file_shown(file, self.base_url, self.store.workspace.team_id)

    def edit(self, user: str, channel: str, ts: str, text: str) -> list[str]:
        """Change what this person wrote; the ids of the events."""
        message = self._own(user, channel, ts)
        before = message.as_dict(team=self.store.workspace.team_id)
        message.earlier.append({"text": message.text, "blocks": message.blocks})
        message.text = self.typed(text)
        message.blocks = [_as_rich_text(message.text)]
        message.edited_by, message.edited_ts = message.user, self.store.new_ts()
        self.store.changed()
        return self.events.message_changed(message, before)

    def delete_message(self, user: str, channel: str, ts: str) -> list[str]:
        """Delete what this person wrote; the ids of the events."""
        message = self._own(user, channel, ts)
        before = message.as_dict(team=self.store.workspace.team_id)
        self.store.remove(message)
        return self.events.message_deleted(message, before)

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Outcome:
        """Type a slash command. Slack shows nobody what was typed; the answer is for this person alone."""
        who = self.store.workspace.user(user)
        where = self.place(who, channel)
        app = self.store.workspace.app
        if command not in app.commands:
            raise NotPossible(f"{command} is not a valid command")
        response_url = self.new_response_url(where, who, None, None)
        trigger = self.store.new_trigger(who.id)
        payload = {
            "token": app.verification_token,
            "team_id": who.team_id,
            "team_domain": self.store.workspace.domain,
            "channel_id": where.id,
            "channel_name": "directmessage" if where.is_direct else where.name,
            "user_id": who.id,
            "user_name": who.name,
            "command": command,
            "text": _escaped(text),
            "api_app_id": app.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": trigger,
        }
        outcome = await self.bring(COMMANDS, payload, response_url)
        if not outcome.is_acked:
            self._from_slackbot(who, where, f"{command} failed with the error “{outcome.error}”")
        elif outcome.payload:
            self._show_answer(outcome, response_url)
        return outcome

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, message_ts: str | None = None
    ) -> Outcome:
        """Use a global shortcut, or a message's when one is named."""
        who = self.store.workspace.user(user)
        payload = self.common("shortcut", who) | {"callback_id": callback_id, "action_ts": self.store.new_ts()}
        if message_ts is None:
            return await self.bring(INTERACTIVE, payload, "")
        where = self.place(who, channel or DIRECT)
        message = self.store.find(where.id, message_ts)
        if message is None:
            raise NotPossible(f"there is no message {message_ts}")
        response_url = self.new_response_url(where, who, message.ts, message.thread_ts)
        payload |= {
            "type": "message_action",
            "channel": {"id": where.id, "name": "directmessage" if where.is_direct else where.name},
            "message_ts": message.ts,
            "message": self.shown(message),
            "response_url": response_url,
        }
        return await self.bring(INTERACTIVE, payload, response_url)

    def open_home(self, user: str, tab: str = "home") -> list[str]:
        """Open the app's page; the ids of the events."""
        who = self.store.workspace.user(user)
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": who.id,
            "channel": self.place(who, DIRECT).id,
            "tab": tab,
            "event_ts": self.store.new_ts(),
        }
        home = self.store.home(who.id)
        if home is not None and tab == "home":
            event["view"] = shown(home, self.store.workspace.app, self.store.workspace.team_id)
        return self.events.send(event)

    # What interactions have in common

    def common(self, kind: str, who: User) -> dict[str, Any]:
        """The part that every interaction's payload has, with a fresh trigger id."""
        workspace = self.store.workspace
        return {
            "type": kind,
            "user": {"id": who.id, "username": who.name, "name": who.name, "team_id": who.team_id},
            "api_app_id": workspace.app.app_id,
            "token": workspace.app.verification_token,
            "trigger_id": self.store.new_trigger(who.id),
            "team": {"id": workspace.team_id, "domain": workspace.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def bring(self, kind: str, payload: dict[str, Any], response_url: str) -> Outcome:
        """Bring an interaction to the app, once."""
        trigger = str(payload.get("trigger_id", ""))
        try:
            answer = await self.delivery.interaction(kind, payload)
        except NotAcked as problem:
            error = "operation_timeout" if "timeout" in problem.reason else "dispatch_failed"
            return Outcome(False, error=error, trigger_id=trigger, response_url=response_url)
        return Outcome(True, answer or {}, trigger_id=trigger, response_url=response_url)

    def typed(self, text: str) -> str:
        """As Slack's client sends it: ``&``, ``<`` and ``>`` escaped, names made mentions, links marked."""
        workspace = self.store.workspace
        text = _escaped(text)
        for user in workspace.users.values():
            text = re.sub(rf"(?<!\S)@{re.escape(user.name)}\b", f"<@{user.id}>", text)
        for channel in workspace.channels.values():
            if channel.name and not channel.is_direct:
                text = re.sub(rf"(?<!\S)#{re.escape(channel.name)}\b", f"<#{channel.id}|{channel.name}>", text)
        text = re.sub(r"(?<!\S)@(channel|here|everyone)\b", r"<!\1>", text)
        text = re.sub(r"(?<![<|\w])(https?://[^\s<>|]+)", r"<\1>", text)
        return re.sub(r"(?<![<|\w:.])([\w.+-]+@[\w-]+\.[\w.-]*\w)", r"<mailto:\1|\1>", text)

    def shown(self, message: Message) -> dict[str, Any]:
        """The message as interactions have it; one that has replies names itself as its thread."""
        replies = self.store.replies(message.channel, message.ts)
        return message.as_dict(team=self.store.workspace.team_id, replies=replies)

    def new_response_url(self, where: Channel, who: User, message_ts: str | None, thread_ts: str | None) -> str:
        token = self.store.new_response_url(where.id, who.id, message_ts, thread_ts)
        return f"{self.base_url}/actions/{self.store.workspace.team_id}/{token}"

    def _show_answer(self, outcome: Outcome, response_url: str) -> None:
        url = self.store.response_urls[response_url.rsplit("/", 1)[-1]]
        try:
            respond(Call(self.store, self.events, self.base_url, dict(outcome.payload)), url)
        except Refused as refused:
            who, where = self.store.workspace.users[url.user], self.store.workspace.channels[url.channel]
            self._from_slackbot(who, where, f"the app's answer was not valid: {refused.error}")

    def _from_slackbot(self, who: User, where: Channel, text: str) -> None:
        slackbot = Message(self.store.new_ts(), where.id, "USLACKBOT", text, ephemeral_to=who.id)
        self.store.add(slackbot)

    def _own(self, user: str, channel: str, ts: str) -> Message:
        who = self.store.workspace.user(user)
        message = self.store.find(self.place(who, channel).id, ts)
        if message is None or message.user != who.id:
            raise NotPossible(f"{who.name} has no message {ts}")
        return message


def _escaped(text: str) -> str:
    """What people type is never markup, but for what Slack's own client makes of it (given as ``<@U1>`` in tests)."""
    kept = re.split(r"(<(?:[@#][^<>]+|https?:[^<>]+|mailto:[^<>]+)>)", text)
    return "".join(
        part if index % 2 else part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for index, part in enumerate(kept)
    )


def _as_rich_text(text: str) -> dict[str, Any]:
    """The block that Slack's client sends beside the text."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": uuid.uuid4().hex[:5], "elements": [section]}
