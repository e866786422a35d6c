"""Whose a thing is, in one word that a name, or a tag, can be: for what has no tags of its own."""

from __future__ import annotations

import re
from urllib.parse import unquote

from clouddesk.providers.flat_tags import escaped

_LONGEST = 255
_FACTS = re.compile(r"(?::(?:[A-Za-z0-9-]|_[0-9a-f]{2})*)+")


def written(kind: str, *facts: str) -> str:
    """Without the last fact, the owner, when that is too long."""
    texts = [kind, *(escaped(fact, "A-Za-z0-9-") for fact in facts)]
    text = ":".join(texts)
    return text if len(text) <= _LONGEST else ":".join((*texts[:-1], ""))


def read(kind: str, text: str, count: int) -> tuple[str, ...]:
    """The facts, of which there are so many; () when somebody else wrote it."""
    found = text.removeprefix(kind) if text.startswith(f"{kind}:") else ""
    if not _FACTS.fullmatch(found):
        return ()
    facts = tuple(unquote(fact.replace("_", "%")) for fact in found.split(":")[1:])
    return facts if len(facts) == count else ()
