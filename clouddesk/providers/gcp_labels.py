"""What Google Cloud's names and labels can hold, so that all of it can be read back. No I/O."""

from __future__ import annotations

import re
from hashlib import sha256

from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers.cloud import INSTALLATION, MACHINE, NODE, OWNER, RESERVATION, ROLE, SYSTEM

_LONGEST_LABEL = 63
_LONGEST_NAME = 63
_DIGEST = 8
_CODE = re.compile(r"_(-|[0-9a-f]{2})")


def label(text: str) -> str:
    """A label's value holds small letters, digits, dashes and underscores: "_-" changes between small and capital
    letters, "_" and two digits are any other byte ("T1/Ann" → "_-t1_2fa_-nn")."""
    parts: list[str] = []
    is_capital = False
    for char in text:
        if char.isascii() and char.isalpha() and char.isupper() != is_capital:
            is_capital = not is_capital
            parts.append("_-")
        if char.isascii() and (char.isalnum() or char == "-"):
            parts.append(char.lower())
        else:
            parts += [f"_{byte:02x}" for byte in char.encode()]
    return "".join(parts)


def unlabel(value: str) -> str:
    """What ``label`` was given; of a label that is none of ours, whatever comes out."""
    found = bytearray()
    is_capital = False
    position = 0
    while position < len(value):
        code = _CODE.match(value, position)
        if code is None:
            char = value[position]
            found += (char.upper() if is_capital else char).encode()
            position += 1
        elif code[1] == "-":
            is_capital = not is_capital
            position = code.end()
        else:
            found.append(int(code[1], 16))
            position = code.end()
    return found.decode(errors="replace")


def labels(order: NodeOrder, plan: NodePlan, system: str, *, machine: str = "") -> dict[str, str]:
    """All labels of one machine and its disk; with the machine's id those of an image of that."""
    facts = {
        INSTALLATION: order.installation,
        RESERVATION: order.reservation_id,
        OWNER: order.owner,
        NODE: plan.key,
        ROLE: plan.role,
        SYSTEM: system,
        **({MACHINE: machine} if machine else {}),
    }
    return {name: part for key, text in facts.items() for name, part in _parts(key, label(text)).items()}


def read(found: dict[str, str], key: str) -> str:
    """One of the facts that ``labels`` wrote; "" when it is not there."""
    value, number = found.get(key, ""), 2
    while f"{key}-{number}" in found:
        value += found[f"{key}-{number}"]
        number += 1
    return unlabel(value)


def filter_of(key: str, text: str) -> str:
    """A list's filter for the fact."""
    return " AND ".join(f'(labels.{name} = "{part}")' for name, part in _parts(key, label(text)).items())


def host_name(order: NodeOrder, plan: NodePlan) -> str:
    """The machine's name: what people call it, and what makes it the only one of that name."""
    return unique_name(f"{order.name}-{plan.key}", order.installation, order.reservation_id, plan.key)


def unique_name(words: str, *facts: str) -> str:
    """A name of small letters, digits and dashes, at most 63: the words, and a digest of the facts."""
    said = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    said = re.sub(r"^(?=[0-9]|$)", "m-", said)[: _LONGEST_NAME - _DIGEST - 1].strip("-")
    return f"{said}-{sha256(repr(facts).encode()).hexdigest()[:_DIGEST]}"


def _parts(key: str, value: str) -> dict[str, str]:
    """What is longer than a label goes on in another one."""
    pieces = [value[start : start + _LONGEST_LABEL] for start in range(0, len(value), _LONGEST_LABEL)] or [""]
    return {key if number == 1 else f"{key}-{number}": piece for number, piece in enumerate(pieces, start=1)}
