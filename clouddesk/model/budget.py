"""Budgets: what people and teams may spend at most, and what of that is spent and committed. No I/O.

Money that is *spent* is what the ledger of costs says of the month so far; what is *committed* is the rest of the
leases of all that lives, at its present price: machines that are stopped count with what they cost while stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from clouddesk.model.costs import CostAccount
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED

MONTH, HOUR, LEASE, MACHINES = "month", "hour", "lease", "machines"
MEASURES = (MONTH, HOUR, LEASE, MACHINES)
"""What a budget bounds: dollars of a calendar month (UTC), dollars an hour of all that runs, dollars of one reservation
from its beginning to its end, and how many machines there are, stopped ones included."""
PERSON, TEAM = "person", "team"

_HOUR_SECONDS = 3600.0
_LEAST = 1e-6
"""Less is what differences of sums leave over."""
HELD_AT_LEAST_SECONDS = 60.0
"""So long after a yes what was done counts, whatever the ledger says: that may be a moment behind."""
HELD_AT_MOST_SECONDS = 3600.0
"""A yes that nothing came of in that time (a server was away) counts no more."""


@dataclass(frozen=True)
class Bound:
    """``most`` takes an approval to go beyond; beyond ``warn`` one is only told."""

    most: float | None = None
    warn: float | None = None

    @property
    def is_empty(self) -> bool:
        return self.most is None and self.warn is None

    def over(self, other: Bound) -> Bound:
        """This, and what it leaves out of the other; a mark that lies beyond the limit would never be told."""
        most = other.most if self.most is None else self.most
        warn = other.warn if self.warn is None else self.warn
        is_reached = most is None or warn is None or warn < most
        return Bound(most, warn if is_reached else None)


@dataclass(frozen=True)
class Budget:
    """One bound for each measure; None: not bound."""

    month: Bound | None = None
    hour: Bound | None = None
    lease: Bound | None = None
    machines: Bound | None = None

    def bound(self, measure: str) -> Bound | None:
        """That of the measure."""
        found: Bound | None = getattr(self, measure)
        return found

    def having(self, measure: str, bound: Bound | None) -> Budget:
        """The same with this bound; an empty one is none."""
        return replace(self, **{measure: None if bound is None or bound.is_empty else bound})

    def over(self, other: Budget) -> Budget:
        """Measure by measure this, and where it says nothing the other: a limit and a mark each for itself."""
        merged = ((self.bound(measure) or Bound()).over(other.bound(measure) or Bound()) for measure in MEASURES)
        return Budget(*(None if bound.is_empty else bound for bound in merged))

    @property
    def is_empty(self) -> bool:
        return self == Budget()


@dataclass(frozen=True)
class BudgetBook:
    """All budgets of a workspace. ``each``: of everybody who has none of their own for a measure."""

    team: Budget = Budget()
    each: Budget = Budget()
    people: dict[str, Budget] = field(default_factory=dict)
    """By user id."""
    approvers: tuple[str, ...] = ()
    """User ids of those who decide beside the admins."""

    def of(self, user_id: str) -> Budget:
        """What counts for this person."""
        return self.people.get(user_id, Budget()).over(self.each)

    def over(self, other: BudgetBook) -> BudgetBook:
        """This, and where it says nothing the other: what was set before what is configured."""
        return BudgetBook(
            team=self.team.over(other.team),
            each=self.each.over(other.each),
            people={
                user_id: self.people.get(user_id, Budget()).over(other.people.get(user_id, Budget()))
                for user_id in {*self.people, *other.people}
            },
            approvers=tuple(dict.fromkeys((*self.approvers, *other.approvers))),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is bound."""
        return all(budget.is_empty for budget in (self.team, self.each, *self.people.values()))


@dataclass(frozen=True)
class Commitment:
    """What a reservation will cost from now on, as far as is agreed. Times are seconds since 1970."""

    reservation_id: str
    owner: str
    hourly_usd: float
    ends_at: float
    machines: int
    is_unpriced: bool = False
    """Nobody knows what all of it costs; ``hourly_usd`` is what is known."""

    def at_least(self, other: Commitment) -> Commitment:
        """The dearer of both, the longer, and the larger."""
        return replace(
            self,
            hourly_usd=max(self.hourly_usd, other.hourly_usd),
            ends_at=max(self.ends_at, other.ends_at),
            machines=max(self.machines, other.machines),
            is_unpriced=self.is_unpriced or other.is_unpriced,
        )

    def usd(self, since: float, until: float) -> float:
        """What it costs between then."""
        return max(0.0, min(until, self.ends_at) - since) / _HOUR_SECONDS * self.hourly_usd


@dataclass(frozen=True)
class Hold:
    """A commitment that was said yes to at ``at``, and that the ledger may not show yet; ``key`` names the yes."""

    key: str
    at: float
    commitment: Commitment
    is_done: bool = False
    """Whether it is known to have been done; else it may be done yet."""


@dataclass(frozen=True)
class Finding:
    """A measure that something goes beyond: over ``limit``, which is the hard one when ``is_over``."""

    whose: str
    """PERSON or TEAM."""
    measure: str
    is_over: bool
    limit: float
    spent: float
    committed: float
    """By all that there is already."""
    adds: float
    month: str = ""
    """ "2026-11", of the measure MONTH."""
    is_unknown: bool = False
    """Nobody knows what it adds: what has no price is within no limit of money."""

    @property
    def total(self) -> float:
        return self.spent + self.committed + self.adds


@dataclass(frozen=True)
class Use:
    """How much of a measure is used up now."""

    whose: str
    measure: str
    bound: Bound
    spent: float
    committed: float

    @property
    def total(self) -> float:
        return self.spent + self.committed


@dataclass(frozen=True)
class Month:
    """A calendar month in UTC, in seconds since 1970."""

    begin: float
    end: float

    @property
    def name(self) -> str:
        """ "2026-11"."""
        return f"{datetime.fromtimestamp(self.begin, timezone.utc):%Y-%m}"


def month_of(moment: float) -> Month:
    """The month in which it is."""
    begin = datetime.fromtimestamp(moment, timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Month(begin.timestamp(), (begin + timedelta(days=32)).replace(day=1).timestamp())


def commitments(accounts: Iterable[CostAccount], holds: Iterable[Hold], now: float) -> dict[str, Commitment]:
    """What lives, by reservation: as the ledger has it, and as it was said yes to where that is more."""
    accounts = list(accounts)
    latest = _latest(accounts)
    handed = _handed_over(accounts, latest)
    found = {
        item.id: Commitment(item.id, item.owner, item.committed_hourly_usd, item.ends_at, item.machines)
        for item in latest.values()
        if item.is_live and item.ends_at > now
    }
    for hold in sorted(holds, key=lambda hold: hold.at):
        id_, account = hold.commitment.reservation_id, latest.get(hold.commitment.reservation_id)
        if counts(hold, account, now):
            known = found.get(id_)
            found[id_] = known.at_least(hold.commitment) if known else hold.commitment
            if hold.at > handed.get(id_, 0.0):
                # Who said yes last has it; to a handover perhaps, of which the ledger does not know yet.
                found[id_] = replace(found[id_], owner=hold.commitment.owner)
    return found


def counts(hold: Hold, account: CostAccount | None, now: float) -> bool:
    """Whether the ledger may not show it yet."""
    age = now - hold.at
    if age > HELD_AT_MOST_SECONDS or hold.commitment.ends_at <= now:
        return False
    if account is None:
        return True
    if not account.is_live or account.ends_at <= now:
        # It ended, or is being given back. One that ended before may come back under its id.
        return not account.is_live and account.ends_at < hold.at
    return not hold.is_done or age < HELD_AT_LEAST_SECONDS or account.state not in (RUNNING, STOPPED, ARCHIVED)


def alive(holds: Iterable[Hold], accounts: Iterable[CostAccount], now: float) -> list[Hold]:
    """Those that still count."""
    latest = _latest(accounts)
    return [hold for hold in holds if counts(hold, latest.get(hold.commitment.reservation_id), now)]


def judge(
    book: BudgetBook, accounts: Sequence[CostAccount], known: dict[str, Commitment], planned: Commitment, now: float
) -> list[Finding]:
    """The bounds that the plan goes beyond, of its owner and of the team; only where it makes them worse."""
    after = {**known, planned.reservation_id: planned}
    findings = []
    for whose, budget, people in _parties(book, planned.owner):
        for measure in MEASURES:
            bound = budget.bound(measure)
            if bound is None:
                continue
            for month in _months(now, planned.ends_at) if measure == MONTH else (month_of(now),):
                subject = planned.reservation_id
                spent, before = _used(measure, accounts, known.values(), people, month, now, subject)
                _, later = _used(measure, accounts, after.values(), people, month, now, subject)
                adds, total = later - before, spent + later
                name = month.name if measure == MONTH else ""
                if planned.is_unpriced and measure != MACHINES and bound.most is not None:
                    findings.append(Finding(whose, measure, True, bound.most, spent, before, adds, name, True))
                    continue
                limits = [(bound.most, True), (bound.warn, False)]
                passed = [(limit, hard) for limit, hard in limits if limit is not None and total > limit + _LEAST]
                if adds > _LEAST and passed:
                    limit, is_over = passed[0]
                    findings.append(Finding(whose, measure, is_over, limit, spent, before, adds, name))
    return findings


def uses(
    book: BudgetBook, accounts: Sequence[CostAccount], known: dict[str, Commitment], owner: str | None, now: float
) -> list[Use]:
    """How much of each bound is used: of this person, or with None of the team. A lease has no use of its own."""
    whose, budget = (TEAM, book.team) if owner is None else (PERSON, book.of(owner))
    people = None if owner is None else {owner}
    found = []
    for measure in MEASURES:
        bound = budget.bound(measure)
        if bound is not None:
            spent, committed = _used(measure, accounts, known.values(), people, month_of(now), now, "")
            found.append(Use(whose, measure, bound, spent, committed))
    return found


def _parties(book: BudgetBook, owner: str) -> list[tuple[str, Budget, Collection[str] | None]]:
    return [(PERSON, book.of(owner), {owner}), (TEAM, book.team, None)]


def _used(
    measure: str,
    accounts: Sequence[CostAccount],
    known: Iterable[Commitment],
    people: Collection[str] | None,
    month: Month,
    now: float,
    subject: str,
) -> tuple[float, float]:
    """What is spent and what is committed; ``subject``: the reservation, where the measure is of one."""
    mine: Callable[[str], bool] = (lambda owner: True) if people is None else people.__contains__
    own = [item for item in known if mine(item.owner)]
    if measure == HOUR:
        return 0.0, sum(item.hourly_usd for item in own)
    if measure == MACHINES:
        return 0.0, float(sum(item.machines for item in own))
    if measure == LEASE:
        spent = sum(item.total_at(now)[0] for item in accounts if item.id == subject and item.is_live)
        return spent, sum(item.usd(now, item.ends_at) for item in own if item.reservation_id == subject)
    spent = 0.0
    if month.begin < now:
        spent = sum(item.total_at(now)[0] - item.total_at(month.begin)[0] for item in accounts if mine(item.owner))
    return spent, sum(item.usd(max(now, month.begin), month.end) for item in own)


def _months(now: float, ends_at: float) -> list[Month]:
    """This one, and all that the lease reaches into."""
    found = [month_of(now)]
    while found[-1].end < ends_at:
        found.append(month_of(found[-1].end))
    return found


def _latest(accounts: Iterable[CostAccount]) -> dict[str, CostAccount]:
    """Machines that were adopted may have the id of a reservation that ended; of one that was handed over there is a
    part for each owner, all made at the same time.
    """
    latest: dict[str, CostAccount] = {}
    for item in sorted(accounts, key=lambda item: (item.is_live, item.created_at, item.ends_at)):
        latest[item.id] = item
    return latest


def _handed_over(accounts: Iterable[CostAccount], latest: dict[str, CostAccount]) -> dict[str, float]:
    """When a reservation got the owner that the ledger says it has, by its id; of those that were handed over."""
    handed: dict[str, float] = {}
    for item in accounts:
        last = latest[item.id]
        if item is not last and item.created_at == last.created_at:
            handed[item.id] = max(item.ends_at, handed.get(item.id, 0.0))
    return handed
