"""What reservations cost in a period, what they will still cost, and what stopping and releasing early has saved."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk.model.reservation import (
    ARCHIVED,
    ARCHIVING,
    RELEASING,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
)

_HOUR = 3600.0
_LEAST_USD = 1e-9
"""Less is what differences of sums leave over."""

PERSON, PROVIDER, SOFTWARE, REGION, RESERVATION = "person", "provider", "software", "region", "reservation"
WAYS = (PERSON, PROVIDER, SOFTWARE, REGION, RESERVATION)
"""What costs can be summed by."""

Point = tuple[float, float, float]
"""A reading of the meter: the time in seconds since 1970, the cost and the saving up to then."""


@dataclass(frozen=True)
class CostAccount:
    """A reservation as far as costs are concerned. Times are seconds since 1970, as thousands are read at once."""

    id: str
    name: str
    workspace_id: str
    owner: str
    kind: str
    software: str
    """ "" for bare machines."""
    provider: str
    region: str
    is_simulated: bool
    is_live: bool
    created_at: float
    ends_at: float
    """The end of its lease, or when it ended; of one that is being given back, when that began."""
    hourly_usd: float
    """What an hour costs since the last point, and will cost."""
    saving_hourly_usd: float
    unused_usd: float
    """What was not spent because it was released early; counted when it ended."""
    points: tuple[Point, ...]
    # Behind the points, so that what a version without these wrote is read as well.
    state: str = ""
    machines: int = 0
    """Those that there are or that are on their way, stopped ones included."""
    committed_hourly_usd: float = 0.0
    """What an hour will cost as soon as all runs that is on its way."""
    earlier: tuple[tuple[str, float], ...] = ()
    """Whose it was before, each with until when."""

    @classmethod
    def of(cls, view: Reservation) -> CostAccount:
        readings = [(item.at.timestamp(), item.cost_usd, item.saved_usd) for item in view.readings]
        if not readings and view.accrued_at is not None:
            # Of a version that had no meter: evenly, for all that is known.
            readings = [
                (view.created_at.timestamp(), 0.0, 0.0),
                (view.accrued_at.timestamp(), view.accrued_usd, view.saved_usd),
            ]
        return cls(
            id=view.id,
            name=view.name,
            workspace_id=view.workspace_id,
            owner=view.owner,
            kind=view.kind,
            software=view.software or "",
            provider=view.provider,
            region=view.region,
            is_simulated=view.is_simulated,
            is_live=view.is_live,
            created_at=view.created_at.timestamp(),
            ends_at=_end(view).timestamp(),
            hourly_usd=view.current_hourly_price_usd,
            saving_hourly_usd=view.current_hourly_saving_usd,
            unused_usd=view.unused_usd,
            points=tuple(readings),
            state=view.state,
            machines=_machines(view),
            committed_hourly_usd=_committed_hourly_usd(view),
            earlier=tuple((item.owner, item.until.timestamp()) for item in view.earlier_owners),
        )

    def by_owner(self) -> list[CostAccount]:
        """One for each owner, with what it cost while it was theirs."""
        parts, begin = [], 0.0
        for owner, until in self.earlier:
            points = self._points_between(begin, until)
            closed = replace(self, owner=owner, is_live=False, ends_at=until, hourly_usd=0.0, saving_hourly_usd=0.0)
            parts.append(replace(closed, unused_usd=0.0, points=points, earlier=()))
            begin = until
        if not self.earlier:
            return [self]
        return [*parts, replace(self, points=self._points_between(begin, float("inf")), earlier=())]

    def _points_between(self, begin: float, until: float) -> tuple[Point, ...]:
        """The meter from then on, as if it had stood at nothing."""
        if not self.points:
            return ()
        begin = max(begin, self.points[0][0])
        inside = [at for at, _, _ in self.points if begin < at < until]
        moments = [begin, *inside, *([until] if until != float("inf") and until > begin else [])]
        base_cost, base_saved = self.total_at(begin)
        totals = [(at, *self.total_at(at)) for at in moments]
        return tuple((at, cost - base_cost, saved - base_saved) for at, cost, saved in totals)

    def total_at(self, moment: float) -> tuple[float, float]:
        """Cost and saving from the beginning up to then."""
        points = self.points
        if not points or moment <= points[0][0]:
            return 0.0, 0.0
        at, cost, saved = points[-1]
        if moment >= at:
            hours = (moment - at) / _HOUR
            return cost + hours * self.hourly_usd, saved + hours * self.saving_hourly_usd
        place = bisect_right(points, (moment, float("inf"), float("inf")))
        (begin, cost, saved), (end, later_cost, later_saved) = points[place - 1], points[place]
        share = (moment - begin) / (end - begin)
        return cost + share * (later_cost - cost), saved + share * (later_saved - saved)

    def to_come_usd(self, since: float, until: float) -> float:
        """What it will cost between then, at its present price, up to the end of its lease."""
        return max(0.0, min(until, self.ends_at) - since) / _HOUR * self.hourly_usd if self.is_live else 0.0


@dataclass(frozen=True)
class CostLine:
    """What one reservation cost in the period."""

    account: CostAccount
    cost_usd: float
    saved_usd: float
    unused_usd: float


@dataclass(frozen=True)
class CostSum:
    """What several cost together; ``label`` is what they have in common."""

    label: str
    cost_usd: float
    count: int


@dataclass(frozen=True)
class CostReport:
    """What reservations cost from ``since`` on and before ``until``; up to ``now`` where that comes first."""

    since: datetime
    until: datetime
    now: datetime
    lines: tuple[CostLine, ...]
    """The dearest first; those that neither cost nor saved anything are left out."""
    to_come_usd: float
    """What live leases will cost from now to the end of the period at their present prices."""
    committed_usd: float
    """The same up to the ends of their leases."""
    hourly_usd: float
    """What an hour costs now."""
    earlier_usd: float = 0.0
    """What the same cost in the period before."""
    steps: tuple[tuple[datetime, float], ...] = ()
    """What each of the parts cost that the period was to be cut into, by when it began."""

    @property
    def total_usd(self) -> float:
        return sum(line.cost_usd for line in self.lines)

    @property
    def saved_usd(self) -> float:
        return sum(line.saved_usd for line in self.lines)

    @property
    def unused_usd(self) -> float:
        return sum(line.unused_usd for line in self.lines)

    @property
    def is_running(self) -> bool:
        """Whether the period is not over."""
        return self.since <= self.now < self.until

    @property
    def forecast_usd(self) -> float:
        """What the whole period will have cost when every lease runs to its end and nothing is added."""
        return self.total_usd + self.to_come_usd

    @property
    def is_simulated(self) -> bool:
        return any(line.account.is_simulated for line in self.lines)

    def by(self, way: str) -> list[CostSum]:
        """Summed by one of ``WAYS``, the dearest first."""
        sums: dict[str, list[float]] = defaultdict(list)
        labels: dict[str, str] = {}
        for line in self.lines:
            account = line.account
            key = account.id if way == RESERVATION else _label(account, way)
            labels[key] = _label(account, way)
            sums[key].append(line.cost_usd)
        found = [CostSum(labels[key], sum(costs), len(costs)) for key, costs in sums.items()]
        return sorted(found, key=lambda item: (-item.cost_usd, item.label))

    @property
    def has_names(self) -> bool:
        """Whether it tells whose each is and what it is called."""
        return all(line.account.id for line in self.lines)

    def without_names(self) -> CostReport:
        """The same without whose each is and what it is called."""
        hidden = [replace(line, account=replace(line.account, id="", name="", owner="")) for line in self.lines]
        return replace(self, lines=tuple(hidden))


def report(
    accounts: Sequence[CostAccount],
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    earlier_since: datetime | None = None,
    steps: Sequence[datetime] = (),
) -> CostReport:
    """The costs of these.

    ``earlier_since``: when the period began that is compared with and ended at ``since``. ``steps``: when the parts
    begin into which the period is cut.
    """
    begin, present = since.timestamp(), now.timestamp()
    end = min(until.timestamp(), present)
    lines = []
    for account in accounts:
        cost, saved = _between(account, begin, end)
        has_ended_there = not account.is_live and begin <= account.ends_at < until.timestamp()
        unused = account.unused_usd if has_ended_there else 0.0
        if max(cost, saved, unused) > _LEAST_USD:
            lines.append(CostLine(account, cost, saved, unused))
    earlier = 0.0
    if earlier_since is not None:
        earlier = sum(_between(account, earlier_since.timestamp(), min(begin, present))[0] for account in accounts)
    begins = [moment for moment in steps if moment.timestamp() < end]
    ends = [*(moment.timestamp() for moment in begins[1:]), end][: len(begins)]
    parts = tuple(
        (moment, sum(_between(account, moment.timestamp(), following)[0] for account in accounts))
        for moment, following in zip(begins, ends, strict=True)
    )
    return CostReport(
        since=since,
        until=until,
        now=now,
        lines=tuple(sorted(lines, key=lambda line: (-line.cost_usd, line.account.name))),
        to_come_usd=sum(account.to_come_usd(max(begin, present), until.timestamp()) for account in accounts),
        committed_usd=sum(account.to_come_usd(present, float("inf")) for account in accounts),
        hourly_usd=sum(account.hourly_usd for account in accounts if account.points),
        earlier_usd=earlier,
        steps=parts,
    )


def _end(view: Reservation) -> datetime:
    """While it is being given back, nothing more of its lease is to come."""
    if view.ended_at is None and view.state == RELEASING:
        return view.accrued_at or view.created_at
    return view.ended_at or view.expires_at


def _machines(view: Reservation) -> int:
    if not view.is_live or (view.is_without_machines and view.state != STARTING):
        return 0
    return max(len(view.living_nodes), view.node_count, view.scaling_to or 0)


def _committed_hourly_usd(view: Reservation) -> float:
    present = view.current_hourly_price_usd
    is_settled = not view.is_live or view.state in (RUNNING, STOPPING, STOPPED, ARCHIVING, ARCHIVED, RELEASING)
    return present if is_settled else max(present, view.hourly_price_usd)


def _between(account: CostAccount, since: float, until: float) -> tuple[float, float]:
    if until <= since:
        return 0.0, 0.0
    cost, saved = account.total_at(until)
    cost_before, saved_before = account.total_at(since)
    return cost - cost_before, saved - saved_before


def _label(account: CostAccount, way: str) -> str:
    return {
        PERSON: account.owner,
        PROVIDER: account.provider,
        SOFTWARE: account.software or account.kind,
        REGION: account.region,
        RESERVATION: account.name,
    }[way]
