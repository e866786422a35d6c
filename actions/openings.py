"""Ports that are opened to addresses that a person gives: what of it a message says, and how it is shown."""

from __future__ import annotations

import re
from typing import Any

from actions.turn import Turn
from actions.wording import names
from clouddesk.language.openings import MY_ADDRESS, WORLD, closed, is_wide, read, words
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import Reservation

_ALSO = re.compile(r"\b(?:also|as well|too|in addition|besides)\b")
_ORDERS = ("create_vm", "create_cluster", "quote_price")
_ANSWERS = ("affirm", "deny", "cancel")
_OF_PEOPLE = ("share_resource", "unshare_resource")
_QUESTION = re.compile(r"\b(?:how|what|which|where|why|who)\b")


def meant(turn: Turn) -> dict[str, list[str] | None]:
    """The fields of the request that the message changes."""
    if turn.is_button:
        return {}
    said, before = read(turn.text), turn.request or {}
    if said.is_closed:
        return {field: None for field in ("open_to", "open_ports") if before.get(field)}
    fields: dict[str, list[str] | None] = {}
    for field, values in (("open_to", said.sources), ("open_ports", said.ports)):
        if values:
            kept = before.get(field) or [] if _ALSO.search(turn.text.lower()) else []
            fields[field] = list(dict.fromkeys([*kept, *values]))
    return fields


def changes_open_request(turn: Turn) -> bool:
    """ "Open it to 203.0.113.7", whatever it was taken for."""
    if turn.is_button or turn.request is None or turn.intent in (*_ORDERS, *_ANSWERS):
        return False
    return bool(meant(turn) or read(turn.text).unclear)


def asks_of_running(turn: Turn) -> bool:
    """With nothing asked for, it can only be about machines that there are."""
    if turn.is_button or turn.request is not None or turn.form or turn.intent in (*_ORDERS, *_ANSWERS):
        return False
    if _QUESTION.search(turn.text.lower()):
        return False
    said = read(turn.text)
    # "Allow it to everybody" is said of people, too; an address is none.
    sources = set(said.sources) - set(WORLD) if turn.intent in _OF_PEOPLE else said.sources
    return bool(sources or said.ports or said.unclear or closed(turn.text))


def misread(text: str, request: dict[str, Any]) -> str:
    """What of it could not be taken, and what to say instead; "" when all could."""
    said = read(text)
    if MY_ADDRESS in said.unclear:
        return "I do not know your address, so nothing is open to it: say it, as in “open it to 203.0.113.7”."
    if said.unclear:
        return f"{names(said.unclear)} is no address, so nothing is open to it."
    if said.ports and not request.get("open_to"):
        return "To whom? Say an address or a range, as in “open it to 203.0.113.0/24”; until then all stays closed."
    return ""


def unsure_lines(item: Reservation) -> list[str]:
    """What may be open or closed, as the cloud broke a change off."""
    if not item.unsure_openings:
        return []
    which = words(item.unsure_openings)
    return [f"Not certain: whether {which} is open. The cloud broke off in the middle; I keep putting it back."]


def quote_lines(quote: Quote) -> list[str]:
    """What a yes opens, with a warning where that is everybody; why it opens nothing, where that was wished for."""
    if not quote.request.open_to:
        return []
    if quote.offer.provider == OWN_MACHINE:
        return ["On your own machine nothing is opened: a tunnel reaches all that is on them."]
    if not quote.openings:
        return ["There is nothing on them with a port to open: say which, as in “open port 8080 to 203.0.113.7”."]
    if any(is_wide(item.source) for item in quote.openings):
        return [
            f"*Open to the whole internet*: {words(quote.openings)}. Anybody can try to get in there; an "
            "address of yours would be safer, as in “open it to 203.0.113.7”."
        ]
    return [f"Open: {words(quote.openings)}, besides SSH. A tunnel needs nothing open, and is encrypted."]
