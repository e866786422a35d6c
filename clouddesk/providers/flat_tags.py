"""Facts in tags that are one word each: ``clouddesk-owner:T1:U1``, for clouds whose tags have no values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers.cloud import INSTALLATION, NODE, OWNER, RESERVATION, ROLE

REGION = "clouddesk-region"
"""Of what the cloud itself counts to no region, and of which each region has its own."""
LONGEST = 50
"""What every one of these clouds takes."""
_OURS = re.compile(r"(clouddesk-[a-z]+)(?:\.(\d+))?:([A-Za-z0-9:._-]*)")
_VALUE = re.compile(r"(?:[A-Za-z0-9:.-]|_[0-9a-f]{2})*")


def of_order(order: NodeOrder, plan: NodePlan | None = None) -> list[str]:
    """Whose a thing is: which of the reservation's machines, or with no plan, something that it has in this region."""
    facts = {INSTALLATION: order.installation, RESERVATION: order.reservation_id, OWNER: order.owner}
    more = {REGION: order.region} if plan is None else {NODE: plan.key, ROLE: plan.role}
    return written({**facts, **more})


def written(facts: Mapping[str, str]) -> list[str]:
    """The tags that tell the facts. A value that is too long for one goes on in the next (``clouddesk-owner.1:…``)."""
    return [tag for kind, value in facts.items() for tag in _parts(kind, value)]


def first(kind: str, value: str) -> str:
    """The tag to look for: others may share it when the value is long, so what is found must be read."""
    return _parts(kind, value)[0]


def read(tags: Iterable[str]) -> dict[str, str]:
    """The facts that these tags tell; those of others are passed over."""
    parts: dict[str, dict[int, str]] = {}
    for tag in tags:
        found = _OURS.fullmatch(tag)
        if found:
            parts.setdefault(found[1], {})[int(found[2] or 0)] = found[3]
    return {kind: _decoded("".join(text for _, text in sorted(values.items()))) for kind, values in parts.items()}


def _parts(kind: str, value: str) -> list[str]:
    text = escaped(value, "A-Za-z0-9./-").replace("/", ":")
    tags: list[str] = []
    while text or not tags:
        name = f"{kind}.{len(tags)}:" if tags else f"{kind}:"
        room = LONGEST - len(name)
        tags.append(name + text[:room])
        text = text[room:]
    return tags


def escaped(value: str, kept: str) -> str:
    """With the bytes' codes (``_2e``) for all characters but those of the class ``kept``."""
    return re.sub(f"[^{kept}]", lambda found: "".join(f"_{byte:02x}" for byte in found[0].encode()), value)


def _decoded(text: str) -> str:
    """ "" when somebody else wrote it."""
    if not _VALUE.fullmatch(text):
        return ""
    return unquote(text.replace("_", "%").replace(":", "/"), errors="replace")
