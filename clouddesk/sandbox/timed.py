"""States that follow from the clock: nothing of a simulated cloud runs in the background."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

from clouddesk.sandbox.documents import Document, Documents
from clouddesk.sandbox.faults import Fate


@dataclass(frozen=True)
class Timed:
    """What a machine is doing: ``before`` until ``changes_at``, then ``after``; not there any more from ``gone_at``."""

    before: str
    after: str
    changes_at: float
    """Infinity: never."""
    gone_at: float | None = None
    listed_at: float = 0.0
    """Lists leave it out until then."""

    @classmethod
    def born(cls, fate: Fate, *, pending: str, running: str, broken: str, boot_seconds: float) -> Timed:
        """A new machine, with what the faults make of it. ``broken``: the state of one that failed."""
        now = time.time()
        return cls(
            before=pending,
            after=broken if fate.is_broken else running,
            changes_at=math.inf if fate.is_stuck else now + boot_seconds,
            listed_at=now + fate.listed_after_seconds,
        )

    @classmethod
    def of(cls, document: dict[str, Any]) -> Timed:
        """From ``as_dict``."""
        return cls(**document)

    def as_dict(self) -> dict[str, Any]:
        """For a document."""
        return dict(vars(self))

    @property
    def state(self) -> str:
        return self.before if self.is_changing else self.after

    @property
    def is_changing(self) -> bool:
        return time.time() < self.changes_at

    @property
    def is_ending(self) -> bool:
        return self.gone_at is not None

    @property
    def is_gone(self) -> bool:
        return self.gone_at is not None and time.time() >= self.gone_at

    @property
    def is_listed(self) -> bool:
        return time.time() >= self.listed_at and not self.is_gone

    def changed(self, after: str, *, seconds: float, meanwhile: str = "") -> Timed:
        """On the way to another state, called ``meanwhile`` until then (as it was, where the cloud has none)."""
        return replace(self, before=meanwhile or self.state, after=after, changes_at=time.time() + seconds)

    def ending(self, *, seconds: float, meanwhile: str = "") -> Timed:
        """Deleted; still listed for that long. A second deletion does not make it longer."""
        if self.is_ending:
            return self
        state = meanwhile or self.state
        return replace(self, before=state, after=state, changes_at=0.0, gone_at=time.time() + seconds)


def living(store: Documents, kind: str) -> list[Document]:
    """All of a kind that exist, oldest first, also those in no list; what is gone by its ``life`` is forgotten."""
    found = []
    for item in store.all(kind):
        if Timed.of(item["life"]).is_gone:
            store.remove(kind, item["id"])
        else:
            found.append(item)
    return found
