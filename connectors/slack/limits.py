"""What Slack takes at most, and all cutting and splitting to it. Lengths are those of escaped text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Block = dict[str, Any]
"""A block or an element, as Slack's JSON has it."""

BLOCKS = 50
"""In a message."""
VIEW_BLOCKS = 100
"""In a modal or App Home."""
SECTION_TEXT = 3_000
CONTEXT_TEXT = 2_000
ACTIONS = 25
"""Elements of one actions block."""
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
VIEW_TITLE = 24
OPTION_TEXT = 75
OPTIONS = 100
CHECKBOXES = 10
HINT = 2_000

POST_TEXT = 3_800
"""Slack takes 40,000 in a new message and 4,000 in an edited one; any post of ours can be edited."""
POST_SIZE = 12_000
"""All blocks of a message as JSON; Slack begins to refuse at about 13,000 characters of text."""

_PLACES = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.;!?]) "), re.compile(r"\s"))
"""Where a text is divided, the best first."""
_WHOLE = re.compile(r"&(?:amp|lt|gt);|<[^<>\s]*(?:\|[^<>\n]*)?>")
"""What loses its meaning when it is divided."""


class TooLong(ValueError):
    """Something that cannot be cut without changing what it does is over Slack's limit: an error of ours."""


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis."""
    if len(text) <= most:
        return text
    return text[: _safe(text, most - 1)].rstrip() + "…"


def split(text: str, most: int) -> list[str]:
    """The text in parts of at most ``most`` characters: at paragraphs, lines, sentences, words. Nothing is lost."""
    parts = []
    text = text.strip()
    while len(text) > most:
        end = _border(text, most)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [part for part in (*parts, text) if part]


def value(payload: str) -> str:
    """A button's payload. Raises TooLong: a cut one would mean something else."""
    if len(payload) > BUTTON_VALUE:
        raise TooLong(f"a button's value has {len(payload)} characters, Slack takes {BUTTON_VALUE}")
    return payload


def size(blocks: Iterable[Block]) -> int:
    """How much of ``POST_SIZE`` the blocks take."""
    return len(json.dumps(list(blocks), ensure_ascii=False))


def pack(groups: Iterable[tuple[str, list[Block]]]) -> Iterator[tuple[str, list[Block]]]:
    """Texts with their blocks, filled into as few messages as take them, in order. A group is never divided."""
    text, blocks = "", list[Block]()
    for more, added in groups:
        joined = f"{text}\n{more}" if text and more else text or more
        is_full = len(joined) > POST_TEXT or len(blocks) + len(added) > BLOCKS or size(blocks + added) > POST_SIZE
        if blocks and is_full:
            yield text, blocks
            joined, blocks = more, []
        text, blocks = joined, blocks + added
    if blocks:
        yield text, blocks


def _border(text: str, most: int) -> int:
    """Where to divide: the last good place, if it does not leave too little."""
    for place in _PLACES:
        ends = [found.start() for found in place.finditer(text, 0, most + 1) if found.start() > most // 3]
        if ends and _safe(text, ends[-1]) == ends[-1]:
            return ends[-1]
    return _safe(text, most)


def _safe(text: str, end: int) -> int:
    """The place itself, or the beginning of what it would cut in two."""
    for found in _WHOLE.finditer(text):
        if found.start() >= end:
            break
        if found.end() > end and found.start() > 0:
            return found.start()
    return end
