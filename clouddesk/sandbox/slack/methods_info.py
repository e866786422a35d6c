"""The Web API's methods that tell of the workspace: auth, team, users, user groups, conversations."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeVar

from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.people import IM, MPIM, PRIVATE, PUBLIC, Channel
from clouddesk.sandbox.slack.store import Message

PAGE_AT_MOST = 1_000
Row = TypeVar("Row")


async def auth_test(call: Call) -> dict[str, Any]:
    return {
        "ok": True,
        "url": f"https://{call.workspace.domain}.slack.com/",
        "team": call.workspace.name,
        "user": call.app.name,
        "team_id": call.workspace.team_id,
        "user_id": call.app.bot_user_id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


async def api_test(call: Call) -> dict[str, Any]:
    if call.text("error"):
        raise Refused(call.text("error"), args=call.arguments)
    return {"ok": True, "args": call.arguments}


async def team_info(call: Call) -> dict[str, Any]:
    workspace = call.workspace
    team = {"id": workspace.team_id, "name": workspace.name, "domain": workspace.domain, "email_domain": ""}
    return {"ok": True, "team": team}


async def users_info(call: Call) -> dict[str, Any]:
    user = call.known_user(call.required("user"))
    email = "users:read.email" in call.app.scopes
    return {"ok": True, "user": user.as_dict(with_locale=call.flag("include_locale"), with_email=email)}


async def users_list(call: Call) -> dict[str, Any]:
    email = "users:read.email" in call.app.scopes
    users = [
        user.as_dict(with_locale=call.flag("include_locale"), with_email=email)
        for user in call.workspace.users.values()
    ]
    page, following = _page(call, users)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": following}}


async def usergroups_users_list(call: Call) -> dict[str, Any]:
    group = call.workspace.groups.get(call.required("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    return {"ok": True, "users": list(group)}


async def conversations_open(call: Call) -> dict[str, Any]:
    users = [user for user in call.text("users").split(",") if user]
    if call.text("channel"):
        channel = call.known_channel(call.text("channel"))
    elif not users:
        raise Refused("users_list_not_supplied")
    elif len(users) > 8:
        raise Refused("too_many_users")
    else:
        _needs(call, "mpim:write" if len(users) > 1 else "im:write")
        before = len(call.workspace.channels)
        channel = call.direct_with(users)
        is_new = len(call.workspace.channels) > before
        if not is_new:
            return {"ok": True, "no_op": True, "already_open": True, "channel": _brief(call, channel)}
    return {"ok": True, "channel": _brief(call, channel)}


async def conversations_info(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    _scope_of(call, channel, "read")
    shown = channel.as_dict(call.app.bot_user_id)
    if call.flag("include_locale"):
        shown["locale"] = "en-US"
    return {"ok": True, "channel": shown}


async def conversations_list(call: Call) -> dict[str, Any]:
    """All public channels, and the others that the app is in."""
    return _channels(call, lambda channel: channel.kind == PUBLIC or call.app.bot_user_id in channel.members)


async def users_conversations(call: Call) -> dict[str, Any]:
    """Where the app is, or where this person is and the app sees it."""
    user = call.text("user") or call.app.bot_user_id
    return _channels(
        call,
        lambda channel: user in channel.members and (channel.kind == PUBLIC or call.app.bot_user_id in channel.members),
    )


async def conversations_members(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    _scope_of(call, channel, "read")
    page, following = _page(call, sorted(channel.members), default=100)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": following}}


async def conversations_history(call: Call) -> dict[str, Any]:
    channel = _readable(call)
    messages = _between(call, call.store.history(channel.id))
    page, following = _page(call, messages[::-1], default=100)
    shown = [_with_replies(call, one) for one in page]
    answer: dict[str, Any] = {"ok": True, "messages": shown, "has_more": bool(following), "pin_count": 0}
    if following:
        answer["response_metadata"] = {"next_cursor": following}
    return answer


async def conversations_replies(call: Call) -> dict[str, Any]:
    channel = _readable(call)
    parent = call.store.find(channel.id, call.required("ts"))
    if parent is None:
        raise Refused("thread_not_found")
    first = call.store.find(channel.id, parent.thread_ts or parent.ts) or parent
    # The first message of a thread is always there.
    thread = [first, *_between(call, call.store.replies(channel.id, first.ts))]
    page, following = _page(call, thread, default=1_000)
    shown = [_with_replies(call, one) for one in page]
    answer: dict[str, Any] = {"ok": True, "messages": shown, "has_more": bool(following)}
    if following:
        answer["response_metadata"] = {"next_cursor": following}
    return answer


def _brief(call: Call, channel: Channel) -> dict[str, Any]:
    return channel.as_dict(call.app.bot_user_id) if call.flag("return_im") else {"id": channel.id}


_KIND_OF_TYPE = {"public_channel": PUBLIC, "private_channel": PRIVATE, "im": IM, "mpim": MPIM}
_SCOPE_PREFIX = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


def _scope_of(call: Call, channel: Channel, what: str) -> None:
    """Which scope is asked for depends on the kind of channel."""
    _needs(call, f"{_SCOPE_PREFIX[channel.kind]}:{what}")


def _needs(call: Call, needed: str) -> None:
    if needed not in call.app.scopes:
        raise Refused("missing_scope", needed=needed, provided=",".join(call.app.scopes))


def _readable(call: Call) -> Channel:
    channel = call.known_channel(call.required("channel"))
    _scope_of(call, channel, "history")
    if call.app.bot_user_id not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest", "0"), call.text("latest")
    try:
        least, most = float(oldest or 0), float(latest) if latest else float("inf")
    except ValueError:
        raise Refused("invalid_ts_oldest") from None
    if call.flag("inclusive"):
        return [one for one in messages if least <= float(one.ts) <= most]
    return [one for one in messages if least < float(one.ts) < most]


def _with_replies(call: Call, message: Message) -> dict[str, Any]:
    return message.as_dict(
        team=call.workspace.team_id,
        replies=call.store.replies(message.channel, message.ts),
        with_metadata=call.flag("include_all_metadata"),
    )


def _channels(call: Call, is_listed: Callable[[Channel], bool]) -> dict[str, Any]:
    kinds = {_KIND_OF_TYPE.get(one.strip(), "") for one in call.text("types", "public_channel").split(",")}
    if "" in kinds:
        raise Refused("invalid_types")
    for kind in sorted(kinds):
        _needs(call, f"{_SCOPE_PREFIX[kind]}:read")
    rows = [
        channel.as_dict(call.app.bot_user_id)
        for channel in call.workspace.channels.values()
        if channel.kind in kinds and is_listed(channel) and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    page, following = _page(call, rows, default=100)
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": following}}


def _page(call: Call, rows: list[Row], default: int = PAGE_AT_MOST) -> tuple[list[Row], str]:
    """The part that was asked for, and the cursor of the next one."""
    limit = call.number("limit", default) or default
    if not 0 < limit <= PAGE_AT_MOST:
        raise Refused("invalid_limit")
    start = 0
    if call.text("cursor"):
        try:
            start = int(base64.b64decode(call.text("cursor"), validate=True))
        except ValueError:
            raise Refused("invalid_cursor") from None
    more = start + limit < len(rows)
    return rows[start : start + limit], base64.b64encode(str(start + limit).encode()).decode() if more else ""
