"""What exists in the simulated subscription: every thing by its id, and gone with what it belongs to."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clouddesk.sandbox.documents import Document, Documents
from clouddesk.sandbox.keys import Keys
from clouddesk.sandbox.timed import Timed

TENANT = "6f3c1d2e-5a4b-4c7d-8e9f-0a1b2c3d4e5f"
SUBSCRIPTION = "9b8a7c6d-1e2f-4a3b-8c5d-7e6f5a4b3c2d"
PLACE = f"/subscriptions/{SUBSCRIPTION}"

GROUPS = "groups"
MACHINES = "Microsoft.Compute/virtualMachines"
DISKS = "Microsoft.Compute/disks"
CARDS = "Microsoft.Network/networkInterfaces"
ADDRESSES = "Microsoft.Network/publicIPAddresses"
FIREWALLS = "Microsoft.Network/networkSecurityGroups"
NETWORKS = "Microsoft.Network/virtualNetworks"
KINDS = (MACHINES, DISKS, CARDS, ADDRESSES, FIREWALLS, NETWORKS)

Item = dict[str, Any]


class Store(Documents):
    """A thing is {"id", "name", "group", "life", "of", "facts"}: ``of`` is the machine that it ends with, ``facts``
    what it was made with. Azure's ids are the same in capital and in small letters."""

    def __init__(self, path: Path, keys: Keys) -> None:
        super().__init__(path)
        self.keys = keys

    def things(self, kind: str, group: str | None = None) -> list[Document]:
        """Those that exist, oldest first; what has ended meanwhile is forgotten, with what belongs to it."""
        with self.atomic():
            self._forget()
            found = self.all(kind)
        return found if group is None else [item for item in found if item["group"].lower() == group.lower()]

    def thing(self, kind: str, id_: str) -> Document | None:
        with self.atomic():
            self._forget()
            return self.get(kind, id_.lower())

    def keep(self, kind: str, thing: Document) -> None:
        self.put(kind, thing["id"].lower(), thing)

    def drop(self, kind: str, id_: str) -> None:
        self.remove(kind, id_.lower())

    def group_of(self, name: str) -> Document | None:
        return self.thing(GROUPS, group_id(name))

    def members(self, group: str) -> Iterator[tuple[str, Document]]:
        """All that is in a group, by kind."""
        for kind in KINDS:
            yield from ((kind, item) for item in self.things(kind, group))

    def _forget(self) -> None:
        ended = {item["id"].lower() for item in self.all(GROUPS) if life_of(item).is_gone}
        groups = {id_.rpartition("/")[2] for id_ in ended}
        machines = {
            item["id"].lower()
            for item in self.all(MACHINES)
            if life_of(item).is_gone or item["group"].lower() in groups
        }
        if not ended and not machines:
            return
        for kind in KINDS:
            for item in self.all(kind):
                if item["group"].lower() in groups or item["id"].lower() in machines or item["of"] in machines:
                    self.drop(kind, item["id"])
                elif kind == DISKS and item["facts"].get("managedBy", "").lower() in machines:
                    # A disk that is not deleted with its machine stays, and is nobody's.
                    self.keep(kind, {**item, "facts": {**item["facts"], "managedBy": ""}})
        for id_ in ended:
            self.drop(GROUPS, id_)


def life_of(thing: Document) -> Timed:
    return Timed.of(thing["life"])


def settled() -> Document:
    """The life of what is there at once."""
    return Timed("Succeeded", "Succeeded", 0.0).as_dict()


def soon(seconds: float) -> Document:
    """The life of what others can use in a moment."""
    return Timed("Updating", "Succeeded", time.time() + seconds).as_dict()


def group_id(name: str) -> str:
    return f"{PLACE}/resourceGroups/{name}"


def thing_id(group: str, kind: str, name: str) -> str:
    return f"{group_id(group)}/providers/{kind}/{name}"


def group_in(id_: str) -> str:
    """The group that an id names."""
    found = re.search(r"/resourcegroups/([^/]+)", id_, re.IGNORECASE)
    return found[1] if found else ""
