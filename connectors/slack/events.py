"""What people do in Slack, as jobs: what is worth an answer, by which id it is known again, and what of it is kept.

Slack sends an event again when it did not hear that the first came: both become the same job id, and a job is taken up
once (``order.py``). A mention in a channel may come as ``message``, too; it is heard as ``app_mention`` alone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clouddesk.adapters import codec
from clouddesk.language.prepare import prepare
from clouddesk.language.secrets import redact
from clouddesk.model.actor import Person
from clouddesk.model.notice import Notice
from connectors.slack.text import incoming

MESSAGE = "message"
PRESS = "press"
COMMAND = "command"
NOTICE = "notice"

_SPOKEN = (None, "file_share", "me_message", "thread_broadcast")
"""Subtypes of messages in which a person says something; the others are edits, deletions, joins and the like."""
KEY_FILE_BYTES = 16_384
MOST_KEY_FILES = 5
_KEY_FILE = re.compile(
    r"\.(?:pub|pem|ppk)$|(?:^|[._-])id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$|^authorized_keys$", re.IGNORECASE
)
""" "id_ed25519.pub", and the private halves that people send by mistake."""
_OF_KEYS = re.compile(
    r"\b(?:ssh|public)[- ](?:\w+[- ])?keys?\b|^(?:my |add (?:my |this )?|here is my )(?:new )?keys?\b"
)
_NO_THREAD = "-"
_WHISPERED = "whispered:"


@dataclass(frozen=True)
class Job:
    """What a person said or pressed, or is to be told. No secret is in it: Redis keeps it until it is done."""

    id: str
    kind: str
    workspace_id: str
    user_id: str
    channel: str
    text: str = ""
    before: str = ""
    """Said first, for what it does: it opens a quote to be changed. What is answered to it is shown to nobody."""
    otherwise: str = ""
    """Said instead when that quote is not open any more."""
    thread: str = ""
    """The thread's first message; empty outside of threads."""
    at: float = 0.0
    """When it happened, by Slack's clock."""
    is_direct: bool = False
    """Whether the channel is the person's own conversation with us."""
    message: str = ""
    """The ``ts`` of what was said, or of the card whose button was pressed."""
    card_of: str = ""
    """Whose the card is."""
    answered: str = ""
    """What the card becomes when this press was heard, as JSON; empty where it keeps its buttons."""
    whispered: str = ""
    """By which key the card is kept whose button was pressed, when this person alone saw it."""
    action_id: str = ""
    """Which of its buttons that was."""
    response_url: str = ""
    """Answers there are seen by this person alone."""
    files: tuple[str, ...] = ()
    """Where Slack keeps those that came with it and may hold SSH keys: their addresses, which take our token."""
    secret: str | None = None
    """The cloud ("" when it is not known) whose key was taken out of the text; None when there was none."""

    @property
    def person(self) -> Person:
        return Person(self.workspace_id, self.user_id)

    @property
    def conversation(self) -> str:
        """Workspace, channel, thread and person: two people in one thread never share a form."""
        return f"{self.workspace_id}:{self.channel}:{self.thread or _NO_THREAD}:{self.user_id}"

    def as_json(self) -> str:
        return json.dumps(vars(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes | str) -> Job:
        """As another version of the gateway may have written it. Raises ValueError, TypeError or KeyError."""
        return codec.from_json(cls, text)


def of_message(event: Mapping[str, Any], *, workspace_id: str, bot_user_id: str) -> Job | None:
    """A direct message or a mention; None for what nobody said to us."""
    is_direct = event.get("channel_type") == "im" or str(event.get("channel", "")).startswith("D")
    is_ours = is_direct or event.get("type") == "app_mention"
    is_spoken = event.get("subtype") in _SPOKEN and event.get("user") and not event.get("bot_id")
    if not (is_ours and is_spoken) or event["user"] == bot_user_id:
        return None
    text, secret = without_secrets(incoming(str(event.get("text") or ""), bot_user_id))
    files = _of_keys(event, text) if is_direct and secret is None else ()
    if not text and secret is None and not files:
        # A bare mention is a greeting; a picture without words is not.
        text = "hi" if event.get("type") == "app_mention" else ""
    if not text and secret is None and not files:
        return None
    thread = str(event.get("thread_ts") or "")
    if is_direct and thread == str(event["ts"]):
        thread = ""  # others have replied to it since
    return Job(
        id=f"{event['channel']}-{event['ts']}",
        kind=MESSAGE,
        workspace_id=workspace_id,
        user_id=str(event["user"]),
        channel=str(event["channel"]),
        text=text,
        thread=thread if is_direct else thread or str(event["ts"]),
        at=float(event["ts"]),
        is_direct=is_direct,
        message=str(event["ts"]),
        files=files,
        secret=secret,
    )


def _of_keys(event: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """The addresses of the files that may hold SSH keys, by their names, or by what is said of them."""
    found = [item for item in event.get("files") or () if isinstance(item, dict)]
    small = [item for item in found if 0 < int(item.get("size") or 0) <= KEY_FILE_BYTES]
    of_keys = [item for item in small if _KEY_FILE.search(str(item.get("name") or "")) or _OF_KEYS.search(text.lower())]
    urls = (str(item.get("url_private_download") or item.get("url_private") or "") for item in of_keys)
    return tuple(url for url in urls if url)[:MOST_KEY_FILES]


def of_command(body: Mapping[str, Any], *, workspace_id: str) -> Job:
    """``/cloud …``: answered where it was typed, for the person alone."""
    text, secret = without_secrets(incoming(str(body.get("text") or ""), ""))
    return Job(
        id=f"c-{body['trigger_id']}",
        kind=COMMAND,
        workspace_id=workspace_id,
        user_id=str(body["user_id"]),
        channel=str(body["channel_id"]),
        text=text or ("help" if secret is None else ""),
        at=time.time(),
        response_url=str(body.get("response_url") or ""),
        secret=secret,
    )


def of_press(body: Mapping[str, Any], payload: str, *, workspace_id: str, channel: str = "", answered: str = "") -> Job:
    """A button: its payload, said by whoever pressed it. ``channel``: for buttons that are in none (App Home)."""
    action = body["actions"][0]
    container, message = body.get("container") or {}, body.get("message") or {}
    metadata = (message.get("metadata") or {}).get("event_payload") or {}
    place = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or channel)
    is_private = bool(container.get("is_ephemeral"))
    return Job(
        id=f"p-{body['user']['id']}-{action['action_ts']}-{action['action_id']}",
        kind=PRESS,
        workspace_id=workspace_id,
        user_id=str(body["user"]["id"]),
        channel=place,
        text=redact(payload.strip())[0],
        thread=thread_of(body),
        at=float(action["action_ts"]),
        is_direct=place.startswith("D") and not is_private,
        message="" if is_private else str(container.get("message_ts") or ""),
        card_of=str(metadata.get("for") or ""),
        answered="" if is_private else answered,
        whispered=whispered_key(action) if is_private else "",
        action_id=str(action["action_id"]),
        response_url=str(body.get("response_url") or "") if is_private else "",
    )


def whispered_id(key: str, number: int) -> str:
    """The id of a block of a card that one person alone sees: Slack tells nothing else of it when it is pressed."""
    return f"{_WHISPERED}{key}:{number}"


def whispered_key(action: Mapping[str, Any]) -> str:
    """By which key the card is kept that this button is of; "" for others."""
    block_id = str(action.get("block_id") or "")
    return block_id.removeprefix(_WHISPERED).rpartition(":")[0] if block_id.startswith(_WHISPERED) else ""


def thread_of(body: Mapping[str, Any]) -> str:
    """The thread that a card is in; "" for one that stands in a direct conversation itself.

    Slack calls every message that has replies one of its own thread. In a channel that is where we go on.
    """
    container, message = body.get("container") or {}, body.get("message") or {}
    thread = str(message.get("thread_ts") or container.get("thread_ts") or "")
    is_direct = str(container.get("channel_id") or "").startswith("D")
    return "" if is_direct and thread == str(container.get("message_ts") or "") else thread


def of_words(words: str, *, id: str, workspace_id: str, user_id: str, channel: str) -> Job:
    """A message that somebody wrote, said by whoever asks for it, in that conversation."""
    text, secret = without_secrets(words)
    job = of_payload(text, id=id, workspace_id=workspace_id, user_id=user_id, channel=channel)
    return replace(job, secret=secret)


def of_payload(
    payload: str,
    *,
    id: str,
    workspace_id: str,
    user_id: str,
    channel: str,
    thread: str = "",
    before: str = "",
    otherwise: str = "",
) -> Job:
    """What a shortcut or a form of ours stands for, said in that conversation."""
    return Job(
        id=id,
        kind=MESSAGE,
        workspace_id=workspace_id,
        user_id=user_id,
        channel=channel,
        text=redact(payload)[0],
        before=before,
        otherwise=redact(otherwise)[0],
        thread=thread,
        at=time.time(),
        is_direct=channel.startswith("D"),
    )


def of_notice(notice: Notice, text: str) -> Job:
    """A notice, in the conversation that it belongs to; without one, in the person's direct conversation.

    ``text``: the notice as it was read.
    """
    workspace, channel, thread = notice.workspace_id, "", _NO_THREAD
    parts = notice.conversation.split(":")
    if len(parts) == 4 and parts[0] == workspace and parts[3] == notice.user_id:
        _, channel, thread, _ = parts
    return Job(
        id=f"n-{notice.id}-{notice.user_id}",
        kind=NOTICE,
        workspace_id=workspace,
        user_id=notice.user_id,
        channel=channel,
        text=text,
        thread="" if thread == _NO_THREAD else thread,
        at=notice.created_at.timestamp(),
        is_direct=channel.startswith("D"),
    )


def without_secrets(text: str) -> tuple[str, str | None]:
    """What may travel on, and whose key was in it: None when there was none, "" when nobody can tell whose.

    Beside a key nothing travels on: what stands there may be another part of it, without a shape to be known by.
    Typed words are never a button's payload, which begins with a slash: somebody might be asked to pass them on.
    """
    prepared = prepare(text)
    if not prepared.secrets:
        return prepared.text.lstrip("/ "), None
    return "", next((item.provider for item in prepared.secrets if item.provider), "")
