"""The real Desk on servers that live in memory: for tests of the dialogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.desk import Desk
from clouddesk.model.absence import Absence
from clouddesk.model.actor import Person
from clouddesk.model.approval import Approval
from clouddesk.model.audit import AuditEntry
from clouddesk.model.budget import BudgetBook, Hold
from clouddesk.model.costs import CostAccount
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import CloudDeskError, NotFound, UnknownRegion, WrongState
from clouddesk.model.freeze import Freeze
from clouddesk.model.idling import IdleWish, kept, with_wish
from clouddesk.model.invalid import CannotArchive, NoPrice
from clouddesk.model.node import AVAILABLE, Node, NodeImage, Opening
from clouddesk.model.node import RUNNING as NODE_RUNNING
from clouddesk.model.node import STOPPED as NODE_STOPPED
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Offer, PriceList, Requirements
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import (
    ARCHIVED,
    CHOICES,
    DECLINE,
    ENDED,
    GIVE_BACK,
    GO_ON,
    OFFER_CHOICES,
    PARTIAL,
    PROVISIONING,
    RELEASING,
    RUNNING,
    STOPPED,
    Reservation,
    ReservationOrder,
    first_view,
    unused_usd,
)
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share
from clouddesk.model.ssh_key import SshKey
from clouddesk.model.team_channel import TeamChannel
from clouddesk.model.template import Template
from clouddesk.model.timer import Timer
from clouddesk.model.utilisation import Sample, Use
from clouddesk.settings import Limits, TeamDefaults
from clouddesk.ssh_keys import SshKeys
from clouddesk.workflows import handover
from clouddesk.workflows.contracts import Handover
from clouddesk.workflows.state import ReservationState

PROJECT = Path(__file__).resolve().parents[2]
BLUEPRINTS = load_blueprints(PROJECT / "blueprints")
START = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)  # a Wednesday


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def offer(provider: str, region: str, size: str, vcpus: int, memory_gb: float, price: float) -> Offer:
    return Offer(
        provider=provider,
        region=region,
        size=size,
        vcpus=vcpus,
        memory_gb=memory_gb,
        disk_gb=0.0 if provider == "aws" else 80.0,
        hourly_price_usd=price,
        source="test",
        as_of=START,
        disk_price_usd_gb_month=0.08,
    )


OFFERS = (
    offer("digitalocean", "nyc1", "s-1vcpu-1gb", 1, 1, 0.00893),
    offer("digitalocean", "nyc1", "s-2vcpu-4gb", 2, 4, 0.03571),
    offer("digitalocean", "fra1", "s-4vcpu-16gb-amd", 4, 16, 0.125),
    offer("aws", "us-east-1", "t3.medium", 2, 4, 0.0416),
    offer("aws", "us-east-1", "m5.xlarge", 4, 16, 0.192),
    offer("aws", "eu-central-1", "m5.xlarge", 4, 16, 0.23),
    offer("aws", "us-east-1", "r5.24xlarge", 96, 768, 6.048),
    offer("vultr", "ewr", "vc2-4c-8gb", 4, 8, 0.055),  # a cloud that is not connected
)
REGIONS = {
    "frankfurt": ("eu-central-1", "fra1"),
    "new york": ("nyc1",),
    "europe": ("eu-central-1", "fra1"),
    "united states": ("us-east-1", "nyc1"),
}


class MemoryCatalog:
    """A short price list."""

    def __init__(self) -> None:
        self.offers = OFFERS

    def reprice(self, size: str, hourly_price_usd: float | None) -> None:
        self.offers = tuple(
            replace(item, hourly_price_usd=hourly_price_usd) if item.size == size else item for item in self.offers
        )

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        regions = self._regions(requirements.region)
        cap = requirements.max_hourly_price_usd
        fitting = []
        for item in self.offers:
            price = item.machine_hourly_price_usd(max(requirements.storage_gb, item.disk_gb))
            if (
                price is not None
                and item.vcpus >= requirements.vcpus
                and item.memory_gb >= requirements.memory_gb
                and requirements.gpu_count == 0
                and item.spot == requirements.spot
                and (regions is None or item.region in regions)
                and not any(item.region in REGIONS.get(words, (words,)) for words in requirements.excluded_regions)
                and item.size not in requirements.excluded_sizes
                and (not requirements.providers or item.provider in requirements.providers)
                and (not requirements.size_names or item.size in requirements.size_names)
                and (cap is None or price <= cap)
            ):
                fitting.append((price, item))
        return [item for _, item in sorted(fitting, key=lambda pair: pair[0])][:limit]

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        return sorted(OFFERS, key=lambda item: -item.memory_gb)[:2]

    def clouds(self) -> tuple[str, ...]:
        return tuple(sorted({item.provider for item in OFFERS}))

    def lists(self) -> list[PriceList]:
        return [PriceList(name, "test", START, 1) for name in self.clouds()]

    def regions(self, provider: str) -> list[str]:
        return sorted({item.region for item in OFFERS if item.provider == provider})

    def replace(self, provider: str, offers: list[Offer]) -> None:
        raise NotImplementedError

    def _regions(self, words: str | None) -> tuple[str, ...] | None:
        if words in (None, "anywhere"):
            return None
        if words in REGIONS:
            return REGIONS[words]
        known = sorted({item.region for item in OFFERS})
        if words not in known:
            raise UnknownRegion(words, known)
        return (words,)


class MemoryAccounts:
    """Everybody is given simulated access at the first word."""

    providers = clouds = ("aws", "digitalocean")

    def __init__(self) -> None:
        self.infos: dict[Person, list[CredentialInfo]] = {}
        self.unpriced: set[str] = set()

    def titles(self) -> list[str]:
        return ["AWS", "DigitalOcean"]

    async def welcome(self, person: Person) -> tuple[CredentialInfo, ...]:
        if person in self.infos:
            return ()
        self.infos[person] = [
            CredentialInfo(name, f"sandbox-{name}", START, START, is_simulated=True) for name in self.providers
        ]
        return tuple(self.infos[person])

    async def list(self, person: Person) -> list[CredentialInfo]:
        return list(self.infos.get(person, []))

    async def add(
        self, person: Person, provider: str, fields: SecretFields, *, only_account_id: str = ""
    ) -> CredentialInfo:
        info = CredentialInfo(provider, f"account of {person.user_id}", START, START)
        self.infos[person] = [*(item for item in self.infos.get(person, ()) if item.provider != provider), info]
        return info

    async def remove(self, person: Person, provider: str) -> bool:
        own = self.infos.get(person, [])
        self.infos[person] = [info for info in own if info.provider != provider]
        return len(own) > len(self.infos[person])

    async def refresh_offers(self, catalog: object) -> tuple[str, ...]:
        """Nothing is old."""
        return ()

    def opens_later(self, provider: str) -> bool:
        return True

    def bills_stopped_machines(self, provider: str) -> bool:
        return provider == "digitalocean"

    def no_price(self, provider: str, sizes: Sequence[str]) -> NoPrice | None:
        """The prices of both clouds are known, but for ``unpriced``."""
        return NoPrice(provider) if provider in self.unpriced else None


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


class MemoryColleagues:
    """Why nothing is shared with somebody, by user id."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    async def refusal(self, person: Person) -> str | None:
        return self.refused.get(person.user_id)


class MemoryNotices:
    """Notices by person, oldest first."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)

    async def latest(self, person: Person, *, limit: int) -> list[Notice]:
        own = [item for item in self.sent if (item.workspace_id, item.user_id) == (person.workspace_id, person.user_id)]
        return own[: -limit - 1 : -1]

    async def read(self, person: Person, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        raise NotImplementedError


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


class MemoryHabits:
    """What each person used last."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Person, str], ResourceRequest] = {}

    async def put(self, person: Person, request: ResourceRequest, keys: Sequence[str]) -> None:
        self.kept.update({(person, key): request for key in keys})

    async def get(self, person: Person, keys: Sequence[str]) -> list[ResourceRequest | None]:
        return [self.kept.get((person, key)) for key in keys]


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
        return [CostAccount.of(view) for view in self.views.items.values() if view.workspace_id == workspace_id]


class MemoryEngine:
    """Reservations that are changed at once; ``fault`` is raised by the next call instead."""

    def __init__(self, views: MemoryViews, clock: HandClock) -> None:
        self.views = views
        self.clock = clock
        self.fault: Exception | None = None
        self.orders: dict[str, ReservationOrder] = {}
        self.extended: set[str] = set()
        self.cleared: list[str] = []
        self.scaled: list[str] = []
        self.told: list[Notice] = []
        """What people were told of, for who has the notices."""

    async def start(self, order: ReservationOrder) -> None:
        self._fail()
        self.orders[order.reservation_id] = order
        self.views.items[order.reservation_id] = first_view(order)

    def finish_provisioning(self, reservation_id: str) -> None:
        """The machines run now."""
        item = self.views.items[reservation_id]
        nodes = tuple(
            Node(
                id=f"i-{number}",
                key=f"node-{number}",
                role="node",
                state=NODE_RUNNING,
                provider=item.provider,
                region=item.region,
                size=item.size,
                address=f"198.51.100.{number}",
                reservation_id=item.id,
                login="ubuntu",
            )
            for number in range(1, item.node_count + 1)
        )
        self._put(item, state=RUNNING, nodes=nodes, accrued_at=self.clock())

    def lose_one(self, reservation_id: str) -> None:
        """Its last machine did not come up, and the owner is asked."""
        item = self.views.items[reservation_id]
        choose_by = self.clock() + timedelta(minutes=30)
        self._put(item, state=PARTIAL, nodes=item.nodes[:-1], choose_by=choose_by, can_go_on=len(item.nodes) > 1)

    def offer_next(self, reservation_id: str) -> None:
        """The cloud has none of its machines left, and the owner is asked about the next offer."""
        offered = self.orders[reservation_id].fallbacks[0]
        choose_by = self.clock() + timedelta(minutes=30)
        self._put(self.views.items[reservation_id], offered=offered, choose_by=choose_by)

    async def extend(self, reservation_id: str, seconds: int, request_id: str, *, by: str = "") -> datetime:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id not in self.extended:
            self.extended.add(request_id)
            item = self._put(item, expires_at=item.expires_at + timedelta(seconds=seconds))
        return item.expires_at

    async def hold(self, reservation_id: str, *, by: str = "") -> datetime:
        self._fail()
        item = self.views.items[reservation_id]
        return self._put(item, is_held=True, expires_at=item.created_at + timedelta(days=30)).expires_at

    async def protect(self, reservation_id: str, *, is_protected: bool, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="protect")
        self._put(item, is_protected=is_protected)

    async def share(self, reservation_id: str, share: Share, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state in (RELEASING, ENDED):
            raise WrongState(item.name, state=item.state, wanted="share")
        others = [known for known in item.shares if known.user_id != share.user_id]
        self._put(item, shares=(*others, share))

    async def unshare(self, reservation_id: str, user_id: str, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        self._put(item, shares=tuple(known for known in item.shares if known.user_id != user_id))

    async def open_to_team(self, reservation_id: str, *, is_open: bool, by: str = "") -> None:
        self._fail()
        self._put(self.views.items[reservation_id], is_for_team=is_open)

    async def offer_handover(self, reservation_id: str, to: str, *, by: str = "") -> None:
        self._fail()
        self._as_workflow(reservation_id, lambda state, order: handover.offer(state, self.clock(), Handover(to, by=by)))

    async def hand_over(self, reservation_id: str, to: str, name: str, *, by: str = "") -> None:
        self._fail()
        wish = Handover(to, name, by)
        self._as_workflow(reservation_id, lambda state, order: handover.hand_over(state, order, self.clock(), wish))

    def _as_workflow(self, reservation_id: str, change: Callable[[ReservationState, ReservationOrder], object]) -> None:
        """As its workflow does it; what people are told then is sent."""
        order = self.orders[reservation_id]
        state = replace(ReservationState.of(order), view=self.views.items[reservation_id])
        change(state, order)
        self.views.items[reservation_id] = state.view
        self.told += state.outbox

    async def keys_changed(self, reservation_id: str) -> None:
        self._fail()

    async def choose(
        self, reservation_id: str, answer: str, *, by: str = "", request_id: str = "", offered_usd: float = 0.0
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if offered_usd and (item.offered is None or item.offered.hourly_price_usd != offered_usd):
            raise WrongState(item.name, state=item.state, wanted="choose")
        options = CHOICES if item.state == PARTIAL else OFFER_CHOICES if item.offered else ()
        if answer not in options:
            raise WrongState(item.name, state=item.state, wanted="choose")
        if answer in (GIVE_BACK, DECLINE):
            self._put(item, state=RELEASING, reason="released", offered=None)
        elif item.offered:
            offer, told = item.offered, ("provider", "region", "size", "vcpus", "memory_gb", "hourly_price_usd")
            self._put(item, offered=None, choose_by=None, **{name: getattr(offer, name) for name in told})
        else:
            count = len(item.nodes) if answer == GO_ON else item.node_count
            self._put(item, state=PROVISIONING, node_count=count)

    async def keep(
        self, reservation_id: str, until: datetime, request_id: str, *, by: str = "", is_protected: bool = False
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id not in item.idling.requests:
            noted = replace(item.idling, requests=(*item.idling.requests, request_id))
            self._put(item, idling=kept(noted, until, is_protected=is_protected))

    async def set_idle(self, reservation_id: str, wish: IdleWish, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        self._put(item, idling=with_wish(item.idling, wish, self.clock()))

    async def credentials_renewed(self, reservation_id: str) -> None:
        """Nothing waits for them."""

    async def sweep(self) -> SweepReport:
        return SweepReport()

    async def adopt(self, order: ReservationOrder, nodes: tuple[Node, ...], *, by: str = "") -> None:
        self._fail()
        self.views.items[order.reservation_id] = replace(
            first_view(order), state=RUNNING, nodes=nodes, accrued_at=self.clock()
        )

    async def clear(self, orphan: Orphan, *, by: str = "") -> None:
        self._fail()
        self.cleared.append(orphan.id)

    async def release(self, reservation_id: str, *, by: str = "") -> None:
        self._fail()
        self._put(self.views.items[reservation_id], state=RELEASING, reason="released")

    async def stop(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._change(reservation_id, wanted="stop", before=RUNNING, after=STOPPED)

    async def start_nodes(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        item = self.views.items.get(reservation_id)
        if item is not None and item.state == ARCHIVED:
            self._fail()
            self._put(item, state=RUNNING, nodes=tuple(_node_of(image, item) for image in item.images), images=())
            return
        self._change(reservation_id, wanted="start", before=STOPPED, after=RUNNING)

    async def archive(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state not in (RUNNING, STOPPED) or item.is_mixed:
            raise WrongState(item.name, state=item.state, wanted="archive")
        if item.archived_hourly_price_usd is None:
            raise CannotArchive(item.name, provider=item.provider)
        images = tuple(NodeImage(f"image-{node.key}", node.key, AVAILABLE, item.disk_gb) for node in item.nodes)
        self._put(item, state=ARCHIVED, nodes=(), images=images)

    async def reboot(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        self._change(reservation_id, wanted="reboot", before=RUNNING, after=RUNNING)

    async def scale(self, reservation_id: str, scale: Scale, request_id: str, *, by: str = "") -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if request_id in self.scaled:
            return
        if item.state != RUNNING or len(item.nodes) != scale.before or not scale.count:
            raise WrongState(item.name, state=item.state, wanted="scale")
        self.scaled.append(request_id)
        share = item.hourly_price_usd / item.node_count
        stay = min(scale.count, scale.before)
        come = scale.count - stay
        self._put(
            item,
            node_count=scale.count,
            hourly_price_usd=share * stay + scale.hourly_price_usd * come,
            nodes=(*item.nodes[:stay], *(replace(item.nodes[0], key=f"new-{number}") for number in range(come))),
        )

    async def let_in(
        self, reservation_id: str, openings: tuple[Opening, ...], *, before: tuple[Opening, ...], by: str = ""
    ) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.openings not in (before, openings):
            raise WrongState(item.name, state="changed", wanted="open")
        self._put(item, openings=openings)

    async def get(self, reservation_id: str) -> Reservation:
        item = self.views.items.get(reservation_id)
        if item is None:
            raise NotFound(reservation_id)
        return item

    def end(self, reservation_id: str) -> None:
        """The teardown is done."""
        item = self.views.items[reservation_id]
        self._put(item, state=ENDED, ended_at=self.clock(), unused_usd=unused_usd(item, self.clock()))

    def _change(self, reservation_id: str, *, wanted: str, before: str, after: str) -> None:
        self._fail()
        item = self.views.items[reservation_id]
        if item.state != before:
            raise WrongState(item.name, state=item.state, wanted=wanted)
        power = NODE_STOPPED if after == STOPPED else NODE_RUNNING
        self._put(item, state=after, nodes=tuple(replace(node, state=power) for node in item.nodes))

    def _put(self, item: Reservation, **changes: object) -> Reservation:
        changed = replace(item.counted(self.clock()), revision=item.revision + 1, **changes)  # type: ignore[arg-type]
        changed = changed.read_after(item)
        self.views.items[item.id] = changed
        return changed

    def _fail(self) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault


class MemoryTemplates:
    """Templates by shelf."""

    def __init__(self) -> None:
        self.shelves: dict[tuple[str, str | None], dict[str, Template]] = {}

    async def read(self, workspace_id: str, owner: str | None) -> dict[str, Template]:
        return dict(self.shelves.get((workspace_id, owner), {}))

    async def change(
        self, workspace_id: str, owner: str | None, change: Callable[[dict[str, Template]], dict[str, Template]]
    ) -> dict[str, Template]:
        self.shelves[workspace_id, owner] = change(await self.read(workspace_id, owner))
        return await self.read(workspace_id, owner)


class MemoryBudgets:
    """Implements the port as Redis does: whoever finds that somebody was faster begins anew."""

    def __init__(self) -> None:
        self.books: dict[str, BudgetBook] = {}
        self.held: dict[str, list[Hold]] = {}
        self.version = 0

    async def book(self, workspace_id: str) -> BudgetBook:
        return self.books.get(workspace_id, BudgetBook())

    async def change(self, workspace_id: str, change: Callable[[BudgetBook], BudgetBook]) -> BudgetBook:
        self.books[workspace_id] = change(await self.book(workspace_id))
        self.version += 1
        return self.books[workspace_id]

    async def holds(self, workspace_id: str) -> list[Hold]:
        return list(self.held.get(workspace_id, ()))

    async def hold(
        self, workspace_id: str, decide: Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]
    ) -> list[Hold]:
        while True:
            before = self.version
            made = await decide(await self.book(workspace_id), await self.holds(workspace_id))
            if before == self.version:
                self.held[workspace_id] = made
                self.version += 1
                return made

    async def let_go(self, workspace_id: str, key: str) -> None:
        self.held[workspace_id] = [hold for hold in await self.holds(workspace_id) if hold.key != key]
        self.version += 1


class MemoryApprovals:
    """Requests by id."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Approval] = {}

    async def add(self, approval: Approval) -> Approval:
        return self.items.setdefault((approval.workspace_id, approval.id), approval)

    async def get(self, workspace_id: str, approval_id: str) -> Approval | None:
        return self.items.get((workspace_id, approval_id))

    async def all(self, workspace_id: str) -> list[Approval]:
        return [item for (place, _), item in self.items.items() if place == workspace_id]

    async def change(
        self, workspace_id: str, approval_id: str, change: Callable[[Approval], Approval]
    ) -> Approval | None:
        key = (workspace_id, approval_id)
        if key in self.items:
            self.items[key] = change(self.items[key])
        return self.items.get(key)


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


class MemorySshKeys:
    """Public keys by person."""

    def __init__(self) -> None:
        self.items: dict[Person, list[SshKey]] = {}

    async def read(self, person: Person) -> list[SshKey]:
        return list(self.items.get(person, ()))

    async def change(self, person: Person, change: Callable[[list[SshKey]], list[SshKey]]) -> list[SshKey]:
        self.items[person] = change(await self.read(person))
        return await self.read(person)


class MemoryFreezes:
    """Freezes by workspace."""

    def __init__(self) -> None:
        self.items: dict[str, Freeze] = {}

    async def get(self, workspace_id: str) -> Freeze | None:
        return self.items.get(workspace_id)

    async def put(self, freeze: Freeze) -> None:
        self.items[freeze.workspace_id] = freeze

    async def remove(self, workspace_id: str) -> None:
        self.items.pop(workspace_id, None)


class MemoryAbsences:
    """When people are away, by person."""

    def __init__(self) -> None:
        self.items: dict[Person, Absence] = {}

    async def read(self, person: Person) -> Absence | None:
        return self.items.get(person)

    async def change(self, person: Person, change: Callable[[Absence | None], Absence | None]) -> Absence | None:
        after = change(self.items.pop(person, None))
        if after is not None:
            self.items[person] = after
        return after


class MemoryCalendars:
    """Whose public holidays people go by."""

    def __init__(self) -> None:
        self.items: dict[Person, str] = {}

    async def get(self, person: Person) -> str:
        return self.items.get(person, "")

    async def put(self, person: Person, place: str) -> None:
        self.items[person] = place


class MemoryTeamChannels:
    """Where teams are told their week's costs."""

    def __init__(self) -> None:
        self.items: dict[str, TeamChannel | None] = {}

    async def get(self, workspace_id: str) -> TeamChannel | None:
        return self.items.get(workspace_id)

    async def put(self, workspace_id: str, channel: TeamChannel | None) -> None:
        self.items[workspace_id] = channel


class MemorySoftwareSecrets:
    """Implements the port."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    async def known_software_secrets(self, reservation_id: str) -> dict[str, str]:
        return self.kept.get(reservation_id, {})


class MemoryDesk:
    """The Desk with what it stands on, so that a test can look and interfere."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.views = MemoryViews()
        self.quotes = MemoryQuotes()
        self.engine = MemoryEngine(self.views, self.clock)
        self.accounts = MemoryAccounts()
        self.catalog = MemoryCatalog()
        self.notices = MemoryNotices()
        self.engine.told = self.notices.sent
        self.colleagues = MemoryColleagues()
        self.habits = MemoryHabits()
        self.orphans = MemoryOrphans()
        self.trail = MemoryTrail()
        self.ssh_keys = MemorySshKeys()
        self.absences = MemoryAbsences()
        self.calendars = MemoryCalendars()
        self.team_channels = MemoryTeamChannels()
        self.templates = MemoryTemplates()
        self.timers = MemoryTimers()
        self.budgets = MemoryBudgets()
        self.approvals = MemoryApprovals()
        self.software_secrets = MemorySoftwareSecrets()
        self.series = MemoryUtilisation()
        self.freezes = MemoryFreezes()
        self.admins = ["root"]
        self.desk = Desk(
            accounts=self.accounts,  # type: ignore[arg-type]  # the part of Accounts that the Desk uses
            blueprints_by_name=dict(BLUEPRINTS),
            catalog=self.catalog,
            installation="test",
            is_simulated=True,
            limits=Limits(),
            quotes=self.quotes,
            engine=self.engine,
            views=self.views,
            colleagues=self.colleagues,
            notices=self.notices,
            habits=self.habits,
            orphan_store=self.orphans,
            absence_store=self.absences,
            calendars=self.calendars,
            team_channel_store=self.team_channels,
            template_store=self.templates,
            timer_port=self.timers,
            budget_store=self.budgets,
            approval_store=self.approvals,
            series=self.series,
            ssh_keys=SshKeys(self.ssh_keys),
            software_secrets=self.software_secrets,
            trail=self.trail,
            ledger=MemoryLedger(self.views),
            team=TeamDefaults(),
            freezes=self.freezes,
            admins_of=self.admins_of,
            clock=self.clock,
        )

    def pretend(self, name: str, use: Use, *, hours: float) -> None:
        """Let so much time pass, in which all machines of the reservation do this, looked at every five minutes."""
        item = next(item for item in self.views.items.values() if item.name == name)
        samples = self.series.samples.setdefault(item.id, [])
        for _ in range(round(hours * 12)):
            self.clock.forward(minutes=5)
            samples += [use.sample(node.key, self.clock()) for node in item.living_nodes]

    async def admins_of(self, workspace_id: str) -> list[str]:
        """Who is one there."""
        return self.admins


def _node_of(image: NodeImage, item: Reservation) -> Node:
    """A machine that begins with the image."""
    return Node(f"i-{image.key}-again", image.key, "node", NODE_RUNNING, item.provider, item.region, item.size)


def fault_named(code: str) -> Exception:
    """An error of ours by its code, or an unexpected one for "crash"."""
    if code == "crash":
        return RuntimeError("made up by a test")
    kinds = list(CloudDeskError.__subclasses__())
    while kinds:
        kind = kinds.pop()
        if kind.code == code:
            return kind("aws")
        kinds.extend(kind.__subclasses__())
    raise KeyError(code)
