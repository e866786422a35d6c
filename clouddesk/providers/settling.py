"""Which machine, and which image, is which: matches what exists against what was ordered. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clouddesk.model.node import AVAILABLE, ERROR, Node, NodeImage, NodePlan


@dataclass(frozen=True)
class Settlement:
    """What an order's machines are, and what is left to do for it."""

    kept: tuple[Node, ...]
    """One for each plan that has a machine, in the order of the plans."""
    unlabelled: tuple[tuple[Node, NodePlan], ...]
    """Kept machines whose key is not written in the cloud yet."""
    surplus: tuple[Node, ...]
    """Machines of which there is already one with that key, or that no plan needs."""
    missing: tuple[NodePlan, ...]


def settle(nodes: Sequence[Node], plans: Sequence[NodePlan]) -> Settlement:
    """Match machines and plans. Always the same for the same machines, so that two callers cannot disagree.

    ``nodes`` come oldest first: of two with one key the older stays. Machines with the key of another order stay out
    of it. Machines without a key, of which a crash had kept their key, take the free ones in order.
    """
    by_key: dict[str, Node] = {}
    surplus: list[Node] = []
    nameless: list[Node] = []
    ordered = {plan.key for plan in plans}
    for node in nodes:
        if not node.key:
            nameless.append(node)
        elif node.key in by_key:
            surplus.append(node)
        elif node.key in ordered:
            by_key[node.key] = node
    free = [plan for plan in plans if plan.key not in by_key]
    unlabelled = [
        (replace(node, key=plan.key, role=plan.role), plan) for node, plan in zip(nameless, free, strict=False)
    ]
    by_key.update({plan.key: node for node, plan in unlabelled})
    surplus += nameless[len(free) :]
    return Settlement(
        kept=tuple(by_key[plan.key] for plan in plans if plan.key in by_key),
        unlabelled=tuple(unlabelled),
        surplus=tuple(surplus),
        missing=tuple(plan for plan in plans if plan.key not in by_key),
    )


@dataclass(frozen=True)
class ImageSettlement:
    """What machines' images are, and what is left to do for them."""

    unwanted: tuple[str, ...]
    """Ids of those that failed, that are of an earlier machine with that key, or of which there is one already."""
    missing: tuple[Node, ...]
    """Machines that have no image."""


def settle_images(images: Sequence[NodeImage], nodes: Sequence[Node]) -> ImageSettlement:
    """Match images and machines. Images of machines that are not among these are nobody's to judge.

    ``images`` come oldest first: of several good ones the oldest stays, before it one that is available.
    """
    unwanted: list[str] = []
    missing: list[Node] = []
    for node in nodes:
        named = [image for image in images if image.key == node.key]
        good = [image for image in named if image.node_id == node.id and image.state != ERROR]
        kept = next((image for image in good if image.state == AVAILABLE), next(iter(good), None))
        unwanted += [image.id for image in named if image is not kept]
        if kept is None:
            missing.append(node)
    return ImageSettlement(tuple(unwanted), tuple(missing))
