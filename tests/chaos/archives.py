"""The rules for what is archived: images in the place of machines, and no images beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.clouds import Thing
from tests.chaos.ledger import Evidence, Sighting
from tests.chaos.violations import DOUBLED, LEAKED, LOST, WRONG_DONE, WRONG_STATE, Violation, named, promised_nodes


def images(evidence: Evidence, truth: dict[str, Any]) -> Iterator[Violation]:
    """Of what is archived there is one image of each machine, and nothing else; of all else there is none."""
    others = [thing for thing in evidence.things if thing.kind != "machine"]
    kept = [thing for thing in others if thing.kind == "image"]
    if truth["state"] != "archived":
        for thing in others:
            if thing.kind != "disk":
                yield Violation(LEAKED, f"{named(thing)} while the reservation is {truth['state']}")
        return
    for thing in others:
        if thing.kind == "disk":
            yield Violation(LEAKED, f"{named(thing)} while the reservation is archived")
    for key, count in Counter(image.key for image in kept).items():
        if count > 1:
            yield Violation(DOUBLED, f"{count} images are of {key!r}")
    if len({image.key for image in kept}) < promised_nodes(evidence):
        yield Violation(
            LOST, f"images of {sorted(image.key for image in kept)}, of {promised_nodes(evidence)} machines"
        )
    for image in kept:
        if image.state != "available":
            yield Violation(WRONG_STATE, f"{named(image)} while the reservation is archived")
    known = {image["id"]: image["key"] for image in truth["images"]}
    if {image.id: image.key for image in kept} != known:
        yield Violation(WRONG_STATE, f"the cloud lists {kept}, the workflow knows {known}")


def said(evidence: Evidence, sighting: Sighting, machines: Sequence[Thing]) -> Iterator[Violation]:
    """A notice says that it is archived: the machines were gone by then, and the images there."""
    for machine in machines:
        yield Violation(WRONG_DONE, f"archived was said, and {named(machine)}")
    usable = {thing.key for thing in sighting.things if (thing.kind, thing.state) == ("image", "available")}
    nodes = int(sighting.told.values.get("nodes", evidence.plan.nodes))
    if len(usable) != nodes:
        yield Violation(WRONG_DONE, f"archived was said of {nodes}, and there are images of {len(usable)}")
