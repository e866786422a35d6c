"""The Web API's ``chat.*``, ``reactions.add`` and what is posted to response URLs."""

from __future__ import annotations

from typing import Any

from clouddesk.sandbox.slack.blocks import (
    MARKDOWN_OF_ALL_BLOCKS,
    TEXT_OF_ALL_BLOCKS,
    check_blocks,
    completed,
    markdown_length,
    text_length,
)
from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.people import Channel
from clouddesk.sandbox.slack.schema import MESSAGE
from clouddesk.sandbox.slack.store import Message, ResponseUrl

TEXT_AT_MOST = 40_000
"""Slack cuts longer texts, or refuses them; here they are always refused, so that nothing is cut unseen."""
TEXT_AT_MOST_IN_UPDATE = 4_000
"""Its documentation: "the text field cannot exceed 4,000 characters"."""
ATTACHMENTS_AT_MOST = 100


async def post_message(call: Call) -> dict[str, Any]:
    channel = call.writable_channel(call.required("channel"))
    message = _composed(call, channel)
    _thread(call, channel, message)
    call.store.add(message)
    call.events.message_posted(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": _shown(call, message)}


async def post_ephemeral(call: Call) -> dict[str, Any]:
    channel = call.writable_channel(call.required("channel"))
    user = call.known_user(call.required("user"))
    if user.id not in channel.members:
        raise Refused("user_not_in_channel")
    message = _composed(call, channel)
    message.thread_ts = call.text("thread_ts") or None
    message.ephemeral_to = user.id
    call.store.add(message)
    return {"ok": True, "message_ts": message.ts}


async def update(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    message = call.own_message(channel, call.required("ts"), "cant_update_message")
    text, blocks, attachments = _content(call)
    if len(text) > TEXT_AT_MOST_IN_UPDATE:
        raise Refused("msg_too_long")
    # Without blocks the old ones stay only when there is no new text either.
    if call.arguments.get("blocks") is None and not text:
        blocks = message.blocks
    if "metadata" in call.arguments:
        message.metadata = _metadata(call)
    change(call, message, text or message.text, blocks, attachments)
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": _shown(call, message),
    }


def change(
    call: Call, message: Message, text: str, blocks: list[dict[str, Any]], attachments: list[dict[str, Any]]
) -> None:
    before = _shown(call, message)
    message.earlier.append({"text": message.text, "blocks": message.blocks})
    message.text, message.blocks, message.attachments = text, blocks, attachments
    message.state.clear()
    message.edited_by, message.edited_ts = call.app.bot_user_id, call.store.new_ts()
    call.store.changed()
    if not message.ephemeral_to:
        call.events.message_changed(message, before)


async def delete(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    message = call.own_message(channel, call.required("ts"), "cant_delete_message")
    before = _shown(call, message)
    call.store.remove(message)
    call.events.message_deleted(message, before)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


async def get_permalink(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    message = call.store.find(channel.id, call.required("message_ts"))
    if message is None:
        raise Refused("message_not_found")
    link = f"https://{call.workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


async def add_reaction(call: Call) -> dict[str, Any]:
    channel = call.known_channel(call.required("channel"))
    message = call.store.find(channel.id, call.required("timestamp"))
    if message is None:
        raise Refused("message_not_found")
    users = message.reactions.setdefault(call.required("name").strip(":"), [])
    if call.app.bot_user_id in users:
        raise Refused("already_reacted")
    users.append(call.app.bot_user_id)
    call.store.changed()
    return {"ok": True}


def respond(call: Call, url: ResponseUrl) -> None:
    """What was posted to a response URL: a new message, or one instead of the message it belongs to."""
    channel = call.workspace.channels[url.channel]
    of = _original(call, url)
    if call.flag("delete_original"):
        if of is not None:
            call.store.remove(of)
        return
    message = _composed(call, channel)
    if call.flag("replace_original") and of is not None:
        change(call, of, message.text, message.blocks, message.attachments)
        return
    message.thread_ts = call.text("thread_ts") or url.thread_ts
    if call.text("response_type", "ephemeral") != "in_channel":
        message.ephemeral_to = url.user
    call.store.add(message)
    if not message.ephemeral_to:
        call.events.message_posted(message)


def _original(call: Call, url: ResponseUrl) -> Message | None:
    if url.message_ts is None:
        return None
    return call.store.find(url.channel, url.message_ts) or call.store.find_ephemeral(url.user, url.message_ts)


def _composed(call: Call, channel: Channel) -> Message:
    text, blocks, attachments = _content(call)
    return Message(
        ts=call.store.new_ts(),
        channel=channel.id,
        user=call.app.bot_user_id,
        text=text,
        blocks=blocks,
        attachments=attachments,
        bot_id=call.app.bot_id,
        app_id=call.app.app_id,
        metadata=_metadata(call),
        unfurl_links=call.flag("unfurl_links"),
        unfurl_media=call.flag("unfurl_media", default=True),
        reply_broadcast=call.flag("reply_broadcast"),
    )


def _content(call: Call) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    text = call.text("text")
    blocks = read_blocks(call)
    attachments = _attachments(call)
    if not text.strip() and not blocks and not attachments:
        raise Refused("no_text")
    if len(text) > TEXT_AT_MOST:
        raise Refused("msg_too_long")
    return text, blocks, attachments


def read_blocks(call: Call) -> list[dict[str, Any]]:
    """The argument ``blocks``, checked and completed."""
    blocks = call.given("blocks", "invalid_blocks_format")
    if blocks is None:
        return []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    wrong = check_blocks(blocks, MESSAGE)
    if wrong:
        raise Refused("invalid_blocks", wrong)
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise Refused("invalid_attachments", ["only_one_table_allowed"])
    if text_length(blocks) > TEXT_OF_ALL_BLOCKS or markdown_length(blocks) > MARKDOWN_OF_ALL_BLOCKS:
        raise Refused("msg_blocks_too_long")
    return completed(blocks)


def _attachments(call: Call) -> list[dict[str, Any]]:
    attachments = call.given("attachments", "invalid_attachments")
    if attachments is None:
        return []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refused("invalid_attachments")
    if len(attachments) > ATTACHMENTS_AT_MOST:
        raise Refused("too_many_attachments")
    for index, attachment in enumerate(attachments):
        wrong = check_blocks(attachment.get("blocks") or [], MESSAGE, f"/attachments/{index}/blocks")
        if wrong:
            raise Refused("invalid_blocks", wrong)
    return attachments


def _metadata(call: Call) -> dict[str, Any] | None:
    metadata = call.given("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict):
        raise Refused("invalid_metadata_format")
    is_whole = isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    if not is_whole or set(metadata) - {"event_type", "event_payload", "entities"}:
        raise Refused("invalid_metadata_schema")
    return metadata


def _thread(call: Call, channel: Channel, message: Message) -> None:
    wanted = call.text("thread_ts")
    if not wanted:
        return
    parent = call.store.find(channel.id, wanted)
    if parent is None:
        # As Slack does it: a thread of a message that is not there takes replies that nobody finds.
        if not _is_ts(wanted):
            raise Refused("invalid_thread_ts")
        message.thread_ts = wanted
        return
    message.thread_ts = parent.thread_ts or parent.ts


def _is_ts(value: str) -> bool:
    seconds, dot, rest = value.partition(".")
    return bool(dot) and seconds.isdigit() and rest.isdigit()


def _shown(call: Call, message: Message) -> dict[str, Any]:
    return message.as_dict(team=call.workspace.team_id)
