"""What was done in the cloud to machines, and to images of their disks, that was not done here. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from clouddesk.model.node import AVAILABLE, ERROR, GONE, PENDING, RUNNING, STOPPED, STOPPING, Node, NodeImage
from clouddesk.model.reservation import RUNNING as ALL_RUN
from clouddesk.model.reservation import STOPPED as ALL_STOPPED
from clouddesk.model.reservation import Reservation

VANISHED = "vanished"
BACK = "back"
STOPPED_OUTSIDE = "stopped_outside"
STARTED_OUTSIDE = "started_outside"
RESIZED = "resized"
EXTRA = "extra"
IMAGES_GONE = "images_gone"
"""Some of what is archived is lost."""
IMAGES_LOST = "images_lost"
"""All of it is."""
IMAGES_BACK = "images_back"
KINDS = (VANISHED, BACK, STOPPED_OUTSIDE, STARTED_OUTSIDE, RESIZED, EXTRA, IMAGES_GONE, IMAGES_LOST, IMAGES_BACK)

_STEADY = (RUNNING, STOPPED, ERROR)


@dataclass(frozen=True)
class Drift:
    """One kind of change, with the keys (or, for machines that are no part of it, the ids) that it is about."""

    kind: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Observation:
    """The nodes as they are, the state of the whole, and what is new about that."""

    nodes: tuple[Node, ...]
    state: str
    drifts: tuple[Drift, ...]


def observe(view: Reservation, listed: Sequence[Node]) -> Observation:
    """Compare a reservation at rest with what the cloud lists of it.

    Only its own machines, by id, count as its nodes. While one of them is between two states nothing is concluded from
    its state. Nothing that is gone is ever replaced: there may have been data on it.
    """
    by_id = {node.id: node for node in listed}
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    nodes = []
    for known in view.nodes:
        seen = by_id.pop(known.id, None)
        nodes.append(_compared(known, seen, found))
    found[EXTRA] = [node.id for node in by_id.values()]
    living = [node for node in nodes if node.state != GONE]
    state = view.state
    if living and all(node.state == STOPPED for node in living):
        state = ALL_STOPPED
    elif living and all(node.state == RUNNING for node in living):
        state = ALL_RUN
    return Observation(tuple(nodes), state, tuple(Drift(kind, tuple(keys)) for kind, keys in found.items() if keys))


def observe_images(
    known: Sequence[NodeImage], listed: Collection[str]
) -> tuple[tuple[NodeImage, ...], tuple[Drift, ...]]:
    """The images of what is archived, and what is new about them; ``listed``: the ids that the cloud lists now."""
    images = tuple(replace(image, state=_image_state(image, listed)) for image in known)
    pairs = tuple(zip(known, images, strict=True))
    gone = tuple(after.key for before, after in pairs if GONE == after.state != before.state)
    back = tuple(after.key for before, after in pairs if GONE == before.state != after.state)
    kind = IMAGES_LOST if all(image.state == GONE for image in images) else IMAGES_GONE
    return images, tuple(Drift(*found) for found in ((kind, gone), (IMAGES_BACK, back)) if found[1])


def _image_state(image: NodeImage, listed: Collection[str]) -> str:
    if image.id not in listed:
        return GONE
    return AVAILABLE if image.state == GONE else image.state


def _compared(known: Node, seen: Node | None, found: dict[str, list[str]]) -> Node:
    if seen is None or seen.state == GONE:
        if known.state != GONE:
            found[VANISHED].append(known.key)
        return replace(known, state=GONE, address=None, private_address=None)
    if seen.state in (PENDING, STOPPING):
        return known
    if known.state == GONE:
        found[BACK].append(known.key)
    elif seen.state != known.state and seen.state in _STEADY:
        found[STARTED_OUTSIDE if seen.state == RUNNING else STOPPED_OUTSIDE].append(known.key)
    if seen.size and seen.size != known.size:
        found[RESIZED].append(known.key)
    return replace(
        known,
        state=seen.state,
        size=seen.size or known.size,
        address=seen.address,
        private_address=seen.private_address,
        ssh_port=seen.ssh_port,
    )
