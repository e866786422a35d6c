"""The Web API's way to upload a file: ask for an address, send the bytes there, share it."""

from __future__ import annotations

from typing import Any

from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.store import File, Message

BYTES_AT_MOST = 1_000_000_000


async def get_upload_url(call: Call) -> dict[str, Any]:
    name = call.required("filename")
    length = call.number("length", 0)
    if length <= 0:
        raise Refused("invalid_arguments", ["must be more than 0 [json-pointer:/length]"])
    if length > BYTES_AT_MOST:
        raise Refused("file_upload_size_restricted")
    file = File(id=call.store.new_id("F"), name=name, length=length, alt_text=call.text("alt_txt"))
    call.store.files[file.id] = file
    return {"ok": True, "upload_url": f"{call.base_url}/upload/v1/{file.id}", "file_id": file.id}


async def complete_upload(call: Call) -> dict[str, Any]:
    wanted = call.given("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise Refused("invalid_arguments", ["missing required field: files [json-pointer:/files]"])
    files = []
    for one in wanted:
        file = call.store.files.get(one.get("id", "")) if isinstance(one, dict) else None
        if file is None or file.content is None:
            raise Refused("file_not_found")
        file.title = one.get("title") or file.name
        files.append(file)
    if call.text("channel_id"):
        channel = call.writable_channel(call.text("channel_id"))
        for file in files:
            file.shared_in.append(channel.id)
        message = Message(
            ts=call.store.new_ts(),
            channel=channel.id,
            user=call.app.bot_user_id,
            text=call.text("initial_comment"),
            thread_ts=call.text("thread_ts") or None,
            bot_id=call.app.bot_id,
            app_id=call.app.app_id,
            files=[file_shown(file, call.base_url, call.workspace.team_id) for file in files],
            subtype="file_share",
        )
        call.store.add(message)
        call.events.message_posted(message)
    return {"ok": True, "files": [{"id": file.id, "title": file.title} for file in files]}


def file_shown(file: File, base_url: str, team: str) -> dict[str, Any]:
    """The file object of the Web API."""
    link = f"{base_url}/files-pri/{team}-{file.id}/{file.name}"
    facts = {"id": file.id, "name": file.name, "title": file.title, "alt_txt": file.alt_text, "mode": "hosted"}
    return {**facts, "size": file.length, "url_private": link, "url_private_download": link}
