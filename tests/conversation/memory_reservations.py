"""What is kept of reservations and their machines, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from clouddesk.model.actor import Person
from clouddesk.model.audit import AuditEntry
from clouddesk.model.costs import CostAccount
from clouddesk.model.orphan import Orphan
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import Reservation
from clouddesk.model.timer import Timer
from clouddesk.model.utilisation import Sample


class MemoryQuotes:
    """Quotes by id."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.fault: Exception | None = None

    async def put(self, quote: Quote) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.quotes[quote.id] = quote

    async def get(self, quote_id: str) -> Quote | None:
        return self.quotes.get(quote_id)


class MemoryViews:
    """Reservations by id."""

    def __init__(self) -> None:
        self.items: dict[str, Reservation] = {}
        self.fault: Exception | None = None
        self.claimed: Counter[tuple[Person, str]] = Counter()
        self.names: dict[str, str] = {}

    async def put(self, reservation: Reservation) -> None:
        self.items[reservation.id] = reservation

    async def get(self, reservation_id: str) -> Reservation | None:
        return self.items.get(reservation_id)

    async def of_person(self, person: Person, *, only_live: bool = False) -> list[Reservation]:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        found = reversed(self.items.values())
        return [item for item in found if item.person == person and (item.is_live or not only_live)]

    async def seen_by(self, person: Person, *, now: datetime, only_live: bool = False) -> list[Reservation]:
        shared = [
            item
            for item in reversed(self.items.values())
            if item.workspace_id == person.workspace_id and item.share_of(person.user_id, now)
        ]
        return [*await self.of_person(person, only_live=only_live), *shared]

    async def in_account_of(self, person: Person) -> list[Reservation]:
        found = await self.all(only_live=True)
        return [item for item in found if item.account_owner == person.user_id != item.owner]

    async def offered_to(self, person: Person) -> list[Reservation]:
        found = [item for item in await self.all(only_live=True) if item.offered_to == person.user_id]
        here = [item for item in found if item.workspace_id == person.workspace_id]
        return sorted(here, key=lambda item: item.offered_at or item.created_at, reverse=True)

    async def for_team(self, workspace_id: str) -> list[Reservation]:
        found = await self.all(only_live=True)
        return [item for item in found if item.is_for_team and item.workspace_id == workspace_id]

    async def all(self, *, only_live: bool = False) -> list[Reservation]:
        return [item for item in self.items.values() if item.is_live or not only_live]

    async def live_ids(self) -> list[str]:
        return [item.id for item in await self.all(only_live=True)]

    async def many(self, reservation_ids: Sequence[str]) -> list[Reservation]:
        return [self.items[id_] for id_ in reservation_ids if id_ in self.items]

    async def claim_name(self, person: Person, stem: str, reservation_id: str, *, is_exact: bool = False) -> str:
        if is_exact and stem not in self.names.values():
            self.names[reservation_id] = stem
        if reservation_id not in self.names:
            self.claimed[person, stem] += 1
            self.names[reservation_id] = f"{stem}-{self.claimed[person, stem]}"
        return self.names[reservation_id]


class MemoryOrphans:
    """Orphans by id."""

    def __init__(self) -> None:
        self.items: dict[str, Orphan] = {}

    async def note(self, orphan: Orphan) -> Orphan:
        return self.items.setdefault(orphan.id, orphan)

    async def change(self, orphan_id: str, change: Callable[[Orphan], Orphan]) -> Orphan | None:
        if orphan_id in self.items:
            self.items[orphan_id] = change(self.items[orphan_id])
        return self.items.get(orphan_id)

    async def get(self, orphan_id: str) -> Orphan | None:
        return self.items.get(orphan_id)

    async def all(self) -> list[Orphan]:
        return list(self.items.values())

    async def remove(self, orphan_id: str) -> None:
        self.items.pop(orphan_id, None)


class MemoryTrail:
    """The audit trail."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        self.entries += [entry for entry in entries if entry.id not in {known.id for known in self.entries}]

    async def read(self, *, since: datetime, until: datetime | None = None) -> AsyncIterator[AuditEntry]:
        for entry in sorted(self.entries, key=lambda entry: entry.at):
            if since <= entry.at and (until is None or entry.at < until):
                yield entry


class MemoryLedger:
    """Costs read off the views."""

    def __init__(self, views: MemoryViews) -> None:
        self.views = views

    async def accounts(self, workspace_id: str, *, since: datetime) -> list[CostAccount]:
        views = [view for view in self.views.items.values() if view.workspace_id == workspace_id]
        return [part for view in views for part in CostAccount.of(view).by_owner()]


class MemoryTimers:
    """Timers by id; none of them ever rings."""

    def __init__(self) -> None:
        self.items: dict[str, Timer] = {}

    async def put(self, timer: Timer) -> None:
        self.items[timer.id] = timer

    async def add(self, timer: Timer) -> bool:
        return self.items.setdefault(timer.id, timer) is timer

    async def get(self, ids: Sequence[str]) -> list[Timer]:
        return [self.items[id_] for id_ in ids if id_ in self.items]

    async def holds(self, timer: Timer) -> bool:
        return self.items.get(timer.id) == timer

    async def remove(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.items.pop(id_, None)


class MemoryUtilisation:
    """Samples by reservation."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}

    async def append(self, reservation_id: str, samples: Sequence[Sample]) -> None:
        kept = self.samples.setdefault(reservation_id, [])
        known = {(sample.node, sample.at) for sample in kept}
        kept += [sample for sample in samples if (sample.node, sample.at) not in known]

    async def read(self, reservation_id: str, *, since: datetime) -> list[Sample]:
        found = [sample for sample in self.samples.get(reservation_id, ()) if sample.at >= since]
        return sorted(found, key=lambda sample: sample.at)

    async def forget(self, reservation_id: str) -> None:
        self.samples.pop(reservation_id, None)


class MemorySoftwareSecrets:
    """Implements the port."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    async def known_software_secrets(self, reservation_id: str) -> dict[str, str]:
        return self.kept.get(reservation_id, {})
