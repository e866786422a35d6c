"""The form that shares a machine: with whom, what they may do, until when; and who has a part in it already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from clouddesk.language.localtime import Reader, local_time
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import LEVELS, USE, Share
from connectors.rasa import Button
from connectors.slack import words
from connectors.slack.cards import actions, context, payload, section
from connectors.slack.credentials_view import modal, paragraph, plain
from connectors.slack.limits import Block
from connectors.slack.text import mrkdwn

SHARE = "share"
PERSON, ALLOWED, UNTIL = "person", "allowed", "until"
"""The fields, by block id."""
_VALUE = "value"
_MOST_SHARES = 20


@dataclass(frozen=True)
class Given:
    """What came back from the form."""

    reservation_id: str
    share: Share
    place: dict[str, str]


def share(item: Reservation, *, now: datetime, reader: Reader, place: Mapping[str, str]) -> dict[str, Any]:
    """The form for one reservation; ``place`` comes back with the answer."""
    ends = local_time(item.expires_at, reader, now)
    blocks = [
        section(mrkdwn(words.SHARE_INTRO.format(name=item.name, ends=ends))),
        _input(PERSON, words.SHARE_PERSON, {"type": "users_select", "action_id": _VALUE}),
        _levels(),
        _until(item, ends),
    ]
    shares = item.open_shares(now)[:_MOST_SHARES]
    if shares:
        blocks.append({"type": "divider"})
    for known in shares:
        person = called(Person(item.workspace_id, known.user_id))
        end = local_time(known.until or item.expires_at, reader, now)
        says = words.SHARE_KNOWN.format(person=person, allowed=words.SHARE_LEVELS[known.allowed], end=end)
        blocks.append(paragraph(says))
        blocks += actions(
            [Button(words.UNSHARE, payload("unshare_resource", resource_name=item.id, person=known.user_id))]
        )
    if shares:
        blocks.append(context(mrkdwn(words.HOME_ANSWERED)))
    kept = {"id": item.id, "ends": _seconds(item.expires_at), "place": dict(place)}
    return modal(SHARE, words.SHARE_TITLE, _numbered(blocks), submit=words.SHARE_SUBMIT, metadata=json.dumps(kept))


def given(view: Mapping[str, Any]) -> Given:
    """What was chosen. The end that the form showed by itself is the reservation's own, however that moves."""
    kept, values = json.loads(view["private_metadata"]), view["state"]["values"]
    person = str(values[PERSON][_VALUE].get("selected_user") or "")
    level = str((values[ALLOWED][_VALUE].get("selected_option") or {}).get("value") or USE)
    moment = values[UNTIL][_VALUE].get("selected_date_time")
    is_default = moment is None or int(moment) == kept["ends"]
    until = None if is_default else datetime.fromtimestamp(int(moment), timezone.utc)
    return Given(str(kept["id"]), Share(person, level if level in LEVELS else USE, until), kept["place"])


def said(found: Given) -> str:
    """The same as a button says it to the dialogue."""
    facts: dict[str, str] = {
        "resource_name": found.reservation_id,
        "person": found.share.user_id,
        "allowed": found.share.allowed,
    }
    if found.share.until is not None:
        facts["until"] = found.share.until.isoformat()
    return payload("share_resource", **facts)


def _levels() -> Block:
    options = [{"text": plain(words.SHARE_LEVELS[level]), "value": level} for level in LEVELS]
    element: Block = {"type": "radio_buttons", "action_id": _VALUE, "options": options, "initial_option": options[0]}
    return _input(ALLOWED, words.SHARE_ALLOWED, element)


def _until(item: Reservation, ends: str) -> Block:
    element: Block = {"type": "datetimepicker", "action_id": _VALUE, "initial_date_time": _seconds(item.expires_at)}
    block = _input(UNTIL, words.SHARE_UNTIL, element)
    return {**block, "optional": True, "hint": plain(words.SHARE_UNTIL_HINT.format(ends=ends))}


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _numbered(blocks: list[Block]) -> list[Block]:
    """Every button of the form with an id of its own."""
    buttons = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    for number, element in enumerate(buttons):
        element["action_id"] = f"say:{number}"
    return blocks


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
