"""What messages say of the size of a machine that there is: "more cores on it", "give vm-1 64 GB"."""

from __future__ import annotations

import re

from actions.request_fields import Fields
from actions.requests import said_in
from actions.turn import Turn
from clouddesk.language.vocabulary import plain
from clouddesk.model.reservation import Reservation

_MEASURES = {
    "vcpus": r"(?:v?cpus?|cores?|processors?|compute|(?:cpu|processing) power)",
    "memory_gb": r"(?:ram|memory|mem)",
    "storage_gb": r"(?:disks?|storage|(?:disk )?space)",
}
_MEASURE = "|".join(_MEASURES.values())
_WANTS_MORE = re.compile(
    rf"\b(?:more|extra|additional|bigger|larger|double|twice|increase|upgrade|raise|bump)\b"
    rf"(?: \w+){{0,3}}? ?\b(?:{_MEASURE})\b"
)
_GIVES_MORE = re.compile(
    rf"\b(?:give|resize|upgrade|bump|upsize)\b.*\b\d+ ?(?:gb|gigs?|v?cpus?|cores?)\b(?! (?:nodes?|{_MEASURE} nodes?))"
)
_OF_ONE = re.compile(
    r"\b(?:it|that|this|them|there|my|(?:on|for|of|to|give|resize|upgrade) (?:the )?[a-z][\w.]*-?\w*\d)\b"
)
_COUNTS = re.compile(r"\b(?:nodes?|workers?|machines|servers|vms|another|new)\b")
_FITTING = ("scale_cluster", "correct", "inform", "nlu_fallback", "out_of_scope", "create_vm", "utilization_report")
"""What it is taken for."""
_SIZE = tuple(_MEASURES)


def asks(turn: Turn) -> bool:
    """Whether a machine that there is is to have more of something; with nothing open that it could change."""
    if turn.is_button or turn.request is not None or turn.form or turn.intent not in _FITTING:
        return False
    text = plain(turn.text)
    if _COUNTS.search(text) or not _OF_ONE.search(text):
        return False
    return (_WANTS_MORE.search(text) or _GIVES_MORE.search(text)) is not None


def wanted(turn: Turn, item: Reservation) -> Fields:
    """What was said of the size; twice of what was only named."""
    said = {field: value for field, value in said_in(turn).items() if field in _SIZE and value}
    if said:
        return said
    text, has = plain(turn.text), size_of(item)
    named = [field for field, pattern in _MEASURES.items() if re.search(rf"\b(?:{pattern})\b", text) and field in has]
    return {field: has[field] * 2 for field in named}


def size_of(item: Reservation) -> Fields:
    """What each of its machines has, as far as that is known."""
    size = {"vcpus": item.vcpus, "memory_gb": item.memory_gb, "storage_gb": item.disk_gb}
    return {field: value for field, value in size.items() if value}
