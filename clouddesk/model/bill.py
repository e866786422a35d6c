"""What a cloud itself charges an account for a month, and how that compares with what was counted here. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from clouddesk.model.costs import CostAccount, report

MACHINE, DISK, ADDRESS = "machine", "disk", "address"
TRAFFIC, IDLE_ADDRESS, OTHER = "traffic", "idle_address", "other"
"""What a line charges for. The first three are counted here as well, the others are not."""
_COUNTED = (MACHINE, DISK, ADDRESS)

LATE = "late"
"""The bill is not final: what was used last is not on it yet."""
UNTAGGED = "untagged"
"""The bill does not tell what is whose, though it could: something has to be switched on in the account."""
STRANGERS = "strangers"
"""Machines, disks and addresses that this CloudDesk does not know."""
MISSING = "missing"
"""Reservations that were counted and are not on the bill."""
ROUNDED = "rounded"
"""The cloud charges by other units than were counted by."""
REASONS = (LATE, UNTAGGED, MISSING, ROUNDED, STRANGERS, TRAFFIC, IDLE_ADDRESS, OTHER)
"""Why bill and count differ, or why there is more on the bill: in the order in which people are told."""

NOT_ISSUED = "not_issued"
"""There is no bill of that month."""
NO_API = "no_api"
"""The cloud has no API for bills that is read here."""

_LEAST_USD = 0.005
"""Less is no difference that a bill in cents could show."""


def is_nothing(usd: float) -> bool:
    """Whether it is less than half a cent, which no bill tells."""
    return abs(usd) < _LEAST_USD


@dataclass(frozen=True)
class BillLine:
    """One sum on a bill, and as far as the bill tells, of what."""

    kind: str
    cost_usd: float
    reservation_id: str = ""
    machine_id: str = ""
    name: str = ""
    """What the machine is called there."""
    hours: float = 0.0
    """Of machines and addresses: how long there was one, summed over all of them."""


@dataclass(frozen=True)
class Bill:
    """What an account is charged from ``since`` on and before ``until``, before tax, credits and refunds."""

    since: datetime
    until: datetime
    """As far as the bill goes."""
    lines: tuple[BillLine, ...] = ()
    is_final: bool = True
    is_issued: bool = True
    """Whether there is a bill of that month at all."""
    has_tags: bool = False
    """It tells reservations by their tags, once that is switched on; else machines by their ids."""


@dataclass(frozen=True)
class BilledReservation:
    """One reservation on both sides. ``name`` and ``owner`` are "" for who may not know them."""

    id: str
    name: str
    owner: str
    counted_usd: float
    billed_usd: float | None
    """None: the bill does not tell."""


@dataclass(frozen=True)
class BillReason:
    """``cost_usd`` is None where the bill does not tell how much that makes."""

    code: str
    cost_usd: float | None = None


@dataclass(frozen=True)
class BillComparison:
    """One account's month, on both sides."""

    provider: str
    account: str
    """As its cloud calls it."""
    month: datetime
    """Its first moment, UTC."""
    until: datetime | None = None
    """As far as both sides go."""
    counted_usd: float = 0.0
    billed_usd: float | None = None
    """For what CloudDesk made; for all machines of the account where the bill does not tell them apart (UNTAGGED)."""
    total_usd: float | None = None
    """The whole account's machines and what belongs to them."""
    lines: tuple[BilledReservation, ...] = ()
    """The dearest first."""
    reasons: tuple[BillReason, ...] = ()
    problem: str = ""
    """Why there is no bill: an error's code, NOT_ISSUED or NO_API."""
    is_simulated: bool = False

    @property
    def difference_usd(self) -> float | None:
        """How much more the bill has; None where that is not known."""
        return None if self.billed_usd is None else self.billed_usd - self.counted_usd

    @property
    def difference_percent(self) -> float | None:
        """Of what was counted."""
        difference = self.difference_usd
        return None if difference is None or not self.counted_usd else 100 * difference / self.counted_usd

    @property
    def is_same(self) -> bool:
        """To the cent."""
        return self.difference_usd is not None and is_nothing(self.difference_usd)

    def reason(self, code: str) -> BillReason | None:
        return next((item for item in self.reasons if item.code == code), None)

    def seen_by(self, user_id: str) -> BillComparison:
        """The same without the names of other people's reservations."""
        hidden = [line if line.owner == user_id else replace(line, id="", name="", owner="") for line in self.lines]
        return replace(self, lines=tuple(hidden))


@dataclass(frozen=True)
class BillQuestion:
    """Which bills are compared, for whom."""

    workspace_id: str
    asked_by: str
    """The user id of who reads the answer."""
    months: tuple[str, ...]
    """ "2026-10"."""
    providers: tuple[str, ...] = ()
    """Empty: all that there is access to."""
    is_team: bool = False
    """Of all accounts of the workspace, with everybody's names; else of those of ``asked_by``."""


@dataclass(frozen=True)
class BillReport:
    """All accounts and months that were asked about, newest month first."""

    comparisons: tuple[BillComparison, ...] = ()

    @property
    def is_simulated(self) -> bool:
        return any(item.is_simulated for item in self.comparisons)


@dataclass(frozen=True)
class Whose:
    """How the lines of a bill are matched with reservations where it tells no tags."""

    machines: Mapping[str, str]
    """From a machine's id in the cloud to its reservation's."""
    names: Mapping[str, str]
    """From a reservation's name, with which its machines' names begin, to its id; only names that one of them has."""

    def reservation_of(self, line: BillLine) -> str:
        """ "" for what is of none."""
        known = line.reservation_id or self.machines.get(line.machine_id, "")
        if known or not line.name:
            return known
        fitting = [name for name in self.names if line.name.startswith(f"{name}-")]
        return self.names[max(fitting, key=len)] if fitting else ""


def month_of(text: str) -> datetime:
    """Its first moment (UTC), from "2026-10"."""
    year, _, month = text.partition("-")
    return datetime(int(year), int(month), 1, tzinfo=timezone.utc)


def next_month(month: datetime) -> datetime:
    """The first moment after the month that begins then."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def compare(
    found: BillComparison, bill: Bill, accounts: Sequence[CostAccount], whose: Whose, *, now: datetime
) -> BillComparison:
    """``found``, filled from the account's bill and the cost accounts of the reservations that were made there."""
    if not bill.is_issued:
        return replace(found, problem=NOT_ISSUED)
    until = min(bill.until, now)
    counted: dict[str, float] = defaultdict(float)
    for line in report(accounts, bill.since, until, now).lines:
        counted[line.account.id] += line.cost_usd
    known = {account.id: account for account in accounts}
    billed, left = _billed(bill, whose, known)
    total = sum(line.cost_usd for line in bill.lines)
    # Where nothing has a tag and something should, the tags are not switched on: nothing can be told apart.
    is_untagged = bill.has_tags and bool(counted) and bool(bill.lines) and not any(x.reservation_id for x in bill.lines)
    if is_untagged:
        billed, left[STRANGERS] = {}, 0.0
    lines = [
        BilledReservation(id_, known[id_].name, known[id_].owner, counted.get(id_, 0.0), billed.get(id_))
        for id_ in {**counted, **billed}
    ]
    of_all = sum(line.cost_usd for line in bill.lines if line.kind in _COUNTED)
    compared = replace(
        found,
        until=until,
        counted_usd=sum(counted.values()),
        billed_usd=of_all if is_untagged else sum(billed.values()),
        total_usd=total,
        lines=tuple(sorted(lines, key=lambda line: (-max(line.counted_usd, line.billed_usd or 0.0), line.name))),
        is_simulated=any(account.is_simulated for account in accounts),
    )
    is_missing = not is_untagged and any(line.billed_usd is None for line in lines)
    if is_missing and not billed:
        # A bill that has nothing of ours yet is no bill of nothing.
        compared = replace(compared, billed_usd=None)
    reasons = {
        LATE: None if bill.is_final else BillReason(LATE),
        UNTAGGED: BillReason(UNTAGGED) if is_untagged else None,
        MISSING: BillReason(MISSING) if is_missing else None,
        ROUNDED: BillReason(ROUNDED) if compared.billed_usd is not None and not compared.is_same else None,
        **{code: BillReason(code, usd) for code, usd in left.items() if usd >= _LEAST_USD},
    }
    return replace(compared, reasons=tuple(item for code in REASONS if (item := reasons.get(code))))


def _billed(bill: Bill, whose: Whose, known: Mapping[str, CostAccount]) -> tuple[dict[str, float], dict[str, float]]:
    """What is charged for each known reservation, and what is left of the bill by the reason for it."""
    billed: dict[str, float] = defaultdict(float)
    left: dict[str, float] = defaultdict(float)
    hours: dict[str, float] = defaultdict(float)
    nobodys: list[BillLine] = []
    for line in bill.lines:
        id_ = whose.reservation_of(line)
        if line.kind not in _COUNTED:
            left[line.kind] += line.cost_usd
        elif id_ in known:
            billed[id_] += line.cost_usd
            hours[id_] += line.hours if line.kind == MACHINE else 0.0
        elif line.kind == ADDRESS and not id_:
            nobodys.append(line)
        else:
            left[STRANGERS] += line.cost_usd
    # A machine that runs has an address, which some clouds charge without saying whose it is.
    pool_usd, pool_hours = sum(line.cost_usd for line in nobodys), sum(line.hours for line in nobodys)
    running = sum(hours.values())
    if pool_hours and running:
        price = pool_usd / max(pool_hours, running)
        for id_, each in hours.items():
            billed[id_] += each * price
        pool_usd = max(0.0, pool_usd - running * price)
    left[STRANGERS] += pool_usd
    return dict(billed), left
