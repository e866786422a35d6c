"""What people's machines cost: of a period, of a person or of the team, of some software, cloud or place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from clouddesk import access
from clouddesk.adapters.codec import from_json, to_json
from clouddesk.matching import is_in
from clouddesk.model.actor import Actor
from clouddesk.model.bill import UNTAGGED, BilledReservation, BillQuestion, BillReport
from clouddesk.model.costs import RESERVATION, CostAccount, CostReport, report
from clouddesk.model.errors import Invalid, NotFound
from clouddesk.model.ports import Bills
from clouddesk.model.stores import CostLedger

OWN, TEAM = "own", "team"
MOST_BILLS = 6
"""Months at once: each is asked for by itself, and some clouds charge for the question."""


@dataclass(frozen=True)
class CostWish:
    """Whose and which costs of when. Empty tuples leave nothing out."""

    since: datetime
    until: datetime
    earlier_since: datetime | None = None
    """When the period began that it is compared with, and that ended at ``since``."""
    whose: str = OWN
    people: tuple[str, ...] = ()
    """User ids; others than one's own are for admins."""
    software: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    """In people's words."""
    names: tuple[str, ...] = ()
    """Names or ids of reservations."""
    steps: tuple[datetime, ...] = ()
    """When the parts begin that the period is to be cut into."""

    @classmethod
    def read(cls, text: str) -> CostWish:
        """Back from ``as_json``."""
        return from_json(cls, text)

    def as_json(self) -> str:
        """To be kept for who asks for the same again."""
        return to_json(self)

    def among(self, accounts: Sequence[CostAccount]) -> list[CostAccount]:
        """Those of which everything that is wished holds."""
        # Many are in few places, and what words mean takes a while to look up.
        places = {(item.provider, item.region) for item in accounts}
        there = {place for place in places if any(is_in(words, *place) for words in self.regions)}
        return [
            item
            for item in accounts
            if (not self.software or item.software in self.software)
            and (not self.providers or item.provider in self.providers)
            and (not self.regions or (item.provider, item.region) in there)
            and (not self.names or not {item.id, item.name.lower()}.isdisjoint(self.names))
        ]


@dataclass(frozen=True)
class Costs:
    """Reports of costs."""

    ledger: CostLedger
    bills: Bills
    clock: Callable[[], datetime]

    async def report(self, actor: Actor, wish: CostWish) -> CostReport:
        """What it cost.

        Everybody sees their own costs and the team's, which are without names for who is no admin. Raises Denied for
        other people's, NotFound when ``names`` are no reservations of those.
        """
        found = await self.ledger.accounts(actor.workspace_id, since=wish.earlier_since or wish.since)
        is_admin = access.may_see_costs_of_all(actor)
        is_of_all = wish.whose == TEAM and (is_admin or not wish.names)
        people = set(wish.people or (() if is_of_all else (actor.user_id,)))
        if people - {actor.user_id}:
            access.require_all_costs(actor)
        accounts = wish.among([item for item in found if not people or item.owner in people])
        if wish.names and not accounts:
            raise NotFound(wish.names[0])
        made = report(
            accounts, wish.since, wish.until, self.clock(), earlier_since=wish.earlier_since, steps=wish.steps
        )
        return made if people or is_admin else made.without_names()

    async def compare_bills(self, actor: Actor, wish: BillWish, *, conversation: str = "") -> BillReport | None:
        """What the clouds themselves charge beside what was counted, for each account and month.

        Everybody asks about their own accounts, with their own keys; admins about the whole team's. With a
        ``conversation`` None when the clouds take longer than some seconds: the answer comes there as a notice.
        Raises Denied, Invalid for too many months, Unavailable.
        """
        if wish.whose == TEAM:
            access.require_all_costs(actor)
        if not 0 < len(wish.months) <= MOST_BILLS:
            raise Invalid(f"I compare bills of {MOST_BILLS} months at most. Name a month, like october.")
        question = BillQuestion(
            actor.workspace_id, actor.user_id, wish.months, wish.providers, is_team=wish.whose == TEAM
        )
        return await self.bills.compare(question, conversation=conversation)


@dataclass(frozen=True)
class BillWish:
    """Which bills are to be compared with what was counted."""

    months: tuple[str, ...]
    """ "2026-10": bills are of calendar months, by the clouds' own time (UTC)."""
    providers: tuple[str, ...] = ()
    whose: str = OWN


def months_of(since: datetime, until: datetime) -> tuple[str, ...]:
    """The calendar months that a period touches, by the dates that it has where it was said."""
    last = until - timedelta(seconds=1)
    months = range(since.year * 12 + since.month - 1, last.year * 12 + last.month)
    return tuple(f"{month // 12}-{month % 12 + 1:02}" for month in months)


def rows(found: CostReport, way: str = RESERVATION) -> list[dict[str, str | int | float]]:
    """The report as scripts read it, the dearest first: one row for each reservation, or for each of what it is by."""
    period = {"since": _utc(found.since), "until": _utc(found.until)}
    if way != RESERVATION:
        sums = found.by(way)
        return [
            {**period, way: item.label, "reservations": item.count, "cost_usd": round(item.cost_usd, 4)}
            for item in sums
        ]
    return [
        {
            **period,
            "id": line.account.id,
            "name": line.account.name,
            "owner": line.account.owner,
            "kind": line.account.kind,
            "software": line.account.software,
            "provider": line.account.provider,
            "region": line.account.region,
            "live": line.account.is_live,
            "cost_usd": round(line.cost_usd, 4),
            "saved_stopped_usd": round(line.saved_usd, 4),
            "saved_early_usd": round(line.unused_usd, 4),
            "simulated": line.account.is_simulated,
        }
        for line in found.lines
    ]


def as_csv(found: CostReport, way: str = RESERVATION) -> str:
    """The same as a file that spreadsheets open; "" when there is nothing."""
    return _table(rows(found, way))


def bill_rows(found: BillReport) -> list[dict[str, str | float | None]]:
    """A comparison as scripts read it: one row for each reservation, or for each account that does not tell them.

    What is not known is None.
    """
    rows: list[dict[str, str | float | None]] = []
    for item in found.comparisons:
        of_account = {"month": f"{item.month:%Y-%m}", "provider": item.provider, "account": item.account}
        is_told = item.billed_usd is not None and not item.reason(UNTAGGED)
        whole = BilledReservation("", "", "", item.counted_usd, item.billed_usd)
        for line in item.lines if is_told and item.lines else (whole,):
            known = line.billed_usd
            rows.append(
                {
                    **of_account,
                    "id": line.id,
                    "name": line.name,
                    "owner": line.owner,
                    "cost_usd": None if item.problem else round(line.counted_usd, 4),
                    "bill_usd": None if known is None else round(known, 4),
                    "difference_usd": None if known is None else round(known - line.counted_usd, 4),
                    "note": item.problem or " ".join(reason.code for reason in item.reasons),
                }
            )
    return rows


def bills_as_csv(found: BillReport) -> str:
    """The same as a file that spreadsheets open; what is not known is empty there."""
    return _table(bill_rows(found))


def _table(lines: Sequence[Mapping[str, object]]) -> str:
    if not lines:
        return ""
    out = io.StringIO()
    table = csv.DictWriter(out, list(lines[0]))
    table.writeheader()
    table.writerows(lines)
    return out.getvalue()


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
