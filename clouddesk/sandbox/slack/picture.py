"""What one person sees at a moment, for the page."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from clouddesk.sandbox.slack import inputs
from clouddesk.sandbox.slack.people import BOT, DEACTIVATED, SLACKBOT, Channel, User
from clouddesk.sandbox.slack.store import Message, View

if TYPE_CHECKING:
    from clouddesk.sandbox.slack.server import SlackServer

_DO_NOT_TALK = (BOT, SLACKBOT, DEACTIVATED)


def picture(slack: SlackServer, user: str, channel: str) -> dict[str, Any]:
    """Everything on this person's screen while they look at this channel."""
    workspace = slack.workspace
    who = workspace.user(user) if user else next(one for one in workspace.users.values() if _talks(slack, one))
    dm = workspace.direct(workspace.app.bot_user_id, who.id)
    where = slack.acting.place(who, channel or dm.id)
    home = slack.home(who.id)
    return {
        "me": _person(who),
        "people": [_person(one) for one in workspace.users.values() if _talks(slack, one)],
        "names": {one.id: one.name for one in workspace.users.values()},
        "workspace": workspace.name,
        "app": {"name": workspace.app.name, "user": workspace.app.bot_user_id, "connections": slack.sockets.count},
        "commands": list(workspace.app.commands),
        "shortcuts": [dataclasses.asdict(shortcut) for shortcut in workspace.app.shortcuts],
        "channels": [_channel(slack, one, who) for one in workspace.channels.values() if who.id in one.members],
        "channel": _channel(slack, where, who) | {"is_app": where.id == dm.id},
        "messages": [_message(slack, one) for one in slack.messages(who.id, where.id)],
        "modals": [_view(view) for view in slack.modals(who.id)],
        "home": _view(home) if home else None,
    }


def _talks(slack: SlackServer, user: User) -> bool:
    return user.kind not in _DO_NOT_TALK and user.id != slack.app.bot_user_id


def _person(user: User) -> dict[str, Any]:
    return {"id": user.id, "name": user.name, "real_name": user.real_name, "kind": user.kind, "tz": user.tz}


def _channel(slack: SlackServer, channel: Channel, viewer: User) -> dict[str, Any]:
    other = slack.workspace.users.get(channel.other(viewer.id))
    seen = slack.store.visible(viewer.id, channel)
    return {
        "id": channel.id,
        "name": other.real_name if channel.is_direct and other else channel.name,
        "kind": channel.kind,
        "is_shared": channel.is_shared,
        "is_app": channel.is_direct and slack.app.bot_user_id in channel.members,
        "has_app": slack.app.bot_user_id in channel.members,
        "latest": seen[-1].ts if seen else "",
    }


def _message(slack: SlackServer, message: Message) -> dict[str, Any]:
    writer = slack.workspace.users.get(message.user)
    is_app = message.user == slack.app.bot_user_id
    return {
        "ts": message.ts,
        "user": message.user,
        "name": writer.real_name if writer else message.user,
        "is_app": is_app,
        "text": message.text,
        # A person's own words are in the text; their rich_text block only repeats it.
        "blocks": message.blocks if is_app else [],
        "thread_ts": message.thread_ts,
        "is_ephemeral": message.ephemeral_to is not None,
        "is_edited": message.edited_ts is not None,
        "files": [{"title": file["title"], "size": file["size"]} for file in message.files],
        "reactions": {name: len(users) for name, users in message.reactions.items()},
    }


def _view(view: View) -> dict[str, Any]:
    values = {
        block: {action: inputs.value_of(state) for action, state in fields.items()}
        for block, fields in view.state.items()
    }
    return {"id": view.id, "hash": view.hash, "content": view.content, "errors": view.errors, "values": values}
