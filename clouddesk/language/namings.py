"""Names that the sentence itself points out ("…" in quotes, "save it as X", "Ms X"), whatever a trained tagger saw."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clouddesk.language.gazetteer import common_words
from clouddesk.language.roles import NAMING_TEMPLATES
from clouddesk.language.scan import Item
from clouddesk.language.words import words

_QUOTED = re.compile(r"(?<!\w)(?P<mark>[\"'])(?P<name>[^\s\"'](?:[^\"']{0,38}[^\s\"'])?)(?P=mark)(?!\w)")
_WORD = r"[A-Za-z0-9](?:[\w.-]*\w)?"
_CALLED = re.compile(
    r"\b(?:called|named|entitled|titled|name:|known as|under the name(?: of)?|by the name(?: of)?"
    r"|(?:the |its |it's )?name (?:should be|shall be|is|be|will be)|name it|call it|call that|save it:|, name)"
    rf" (?P<name>{_WORD}(?: [A-Z]\w+)*)"
)
_SAVED_AS = re.compile(
    rf"\bas (?:an? |the |my |our |new )*(?:template )?(?P<name>{_WORD})"
    r"(?= *(?:$|[.,;!?)]|please\b|pls\b|plz\b|save\b|so\b|for\b))",
    re.IGNORECASE,
)
_USED = re.compile(
    r"\b(?:use|launch|deploy|instantiate|apply|run|boot|spin up|bring up|fire up|start|throw away|delete|remove|drop"
    r"|trash)"
    rf" (?:up |the |my |our |template )*(?P<name>{_WORD})",
    re.IGNORECASE,
)
_ALSO = re.compile(rf"(?P<name>{_WORD}),? and $")
_TITLED = re.compile(r"\b(?:Mr|Ms|Mrs|Miss|Dr|Prof)\.? (?P<name>[A-Z][\w'-]*\w)")
_NO_NAMES = words(
    """
    mine yours
    template templates machine machines vm vms cluster clusters box boxes server servers setup setups it this that them
    one ones two three four five another again me us a an the my our your new saved old last same usual reservation
    thing stuff instance instances node nodes everything all any some something what which from with for on of as in
    please pls plz config configuration environment spec specs copy up down out is are be yes no not and or
    """
)


def point_out(text: str, intent: str, names: Sequence[Item]) -> list[Item]:
    """The tagger's names, mended by what the words around them say."""
    if intent in ("share_resource", "unshare_resource"):
        return _with_titles(text, names)
    if intent not in NAMING_TEMPLATES:
        return list(names)
    found = [_settled(text, intent, item) for item in names]
    quoted = [
        _template(match) for match in _QUOTED.finditer(text) if not text[match.end() :].lstrip().startswith("as ")
    ]
    if quoted:
        return [*(item for item in found if not any(_overlap(item, quote) for quote in quoted)), *quoted]
    if any(item.kind == "template_name" for item in found):
        return [*found, *_beside(text, found)] if intent == "delete_template" else found
    patterns = (_CALLED, _SAVED_AS) if intent == "save_template" else (_CALLED, _USED)
    for pattern in patterns:
        for match in pattern.finditer(text):
            pointed = _template(match)
            if _can_be_name(pointed, pattern, text) and not any(_overlap(item, pointed) for item in found):
                return [*found, pointed]
    return found


def _template(match: re.Match[str]) -> Item:
    return Item(match.start("name"), match.end("name"), "template_name", match["name"])


def _can_be_name(item: Item, pattern: re.Pattern[str], text: str) -> bool:
    name = str(item.value)
    if name.lower() in _NO_NAMES or name.isdigit():
        return False
    is_last = not text[item.end :].strip(" .!?")
    return pattern is not _USED or is_last or not name.isalpha() or name.lower() not in common_words("cluster")


def _settled(text: str, intent: str, item: Item) -> Item:
    """ "save x as a template called y": what stands before the "as" exists already."""
    is_saved = re.match(r"\s+as (?:an? |the |my )*(?:template|\w)", text[item.end :])
    if intent == "save_template" and item.kind == "template_name" and is_saved:
        return Item(item.start, item.end, "resource_name", item.value)
    return item


def _beside(text: str, found: Sequence[Item]) -> list[Item]:
    """ "remove olap and trino-team": the one before "and" is of the same kind."""
    matches = (_ALSO.search(text[: item.start]) for item in found if item.kind == "template_name")
    also = (_template(match) for match in matches if match)
    return [
        item for item in also if item.value.lower() not in _NO_NAMES and not any(_overlap(item, one) for one in found)
    ]


def _with_titles(text: str, names: Sequence[Item]) -> list[Item]:
    people = [Item(match.start("name"), match.end("name"), "person", match["name"]) for match in _TITLED.finditer(text)]
    titles = [(match.start(), match.end()) for match in _TITLED.finditer(text)]
    kept = [item for item in names if not any(start < item.end and item.start < end for start, end in titles)]
    return [*kept, *people]


def _overlap(one: Item, other: Item) -> bool:
    return one.start < other.end and other.start < one.end
