"""Budgets in words, for answers and notices alike: what is over by how much, and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from clouddesk.language.money import hourly, money
from clouddesk.model.approval import (
    ADOPT,
    DEARER,
    EXTEND,
    HOLD,
    LARGER,
    LONGER,
    OFFER,
    OTHERS,
    RESERVE,
    SCALE,
    START,
    TAKE,
    TAKE_OVER,
    Purchase,
)
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MONTH, PERSON, Bound, Commitment, Finding, Use
from clouddesk.providers.table import title_of

UNITS = {
    MONTH: "a month",
    HOUR: "an hour for all that runs",
    LEASE: "for one reservation",
    MACHINES: "machines",
}


def reason(finding: Finding, owner: str, *, with_use: bool = True) -> str:
    """ "your budget of $200.00 for November: $120.00 spent + … = $230.00, $30.00 over".

    ``owner``: whose it is, as "your", "ben's". Without ``with_use`` it tells no sums, which are for the owner.
    """
    whose = owner if finding.whose == PERSON else "the team's"
    head = f"{whose} {_limit(finding)}"
    if not with_use and finding.whose == PERSON:
        return head
    if finding.is_unknown:
        return f"{head}: what this costs is not known, so nobody can say that it is within it"
    if finding.measure == MACHINES:
        before, adds, total, more = (
            f"{number:g}" for number in (finding.committed, finding.adds, finding.total, finding.total - finding.limit)
        )
        return f"{head}: {before} there are + {adds} more = {total}, {more} over"
    sum_ = hourly if finding.measure == HOUR else money
    parts = []
    if finding.spent:
        parts.append(f"{money(finding.spent)} spent")
    if finding.committed:
        parts.append(f"{sum_(finding.committed)} {_COMMITTED[finding.measure]}")
    parts.append(f"{sum_(finding.adds)} for this")
    return f"{head}: {' + '.join(parts)} = {sum_(finding.total)}, {sum_(finding.total - finding.limit)} over"


_COMMITTED = {
    MONTH: "to come for leases that run",
    HOUR: "that run now",
    LEASE: "to its present end",
}


def reasons(findings: Sequence[Finding], owner: str, *, with_use: bool = True) -> str:
    """All of them, one a line."""
    return "\n".join(f"• {reason(finding, owner, with_use=with_use)}" for finding in findings)


def room(findings: Sequence[Finding]) -> str:
    """What would be within all of them: "$0.36 for November, 2 machines"; "" where one leaves nothing."""
    left = [(item, item.limit - item.total + item.adds) for item in findings]
    if any(_number(item.measure, number) == _number(item.measure, 0) or number < 0 for item, number in left):
        return ""
    return ", ".join(_room(item, number) for item, number in left)


def _room(finding: Finding, left: float) -> str:
    number = _number(finding.measure, left)
    if finding.measure == MONTH:
        return f"{number} in {month_name(finding.month)}"
    return (
        f"{number} machine{'' if left == 1 else 's'}"
        if finding.measure == MACHINES
        else f"{number} {UNITS[finding.measure]}"
    )


def bound(measure: str, found: Bound | None) -> str:
    """ "$200.00 a month (a warning from $150.00)"."""
    if found is None or found.is_empty:
        return "no limit of machines" if measure == MACHINES else f"any sum {UNITS[measure]}"
    most, warn = (None if number is None else _number(measure, number) for number in (found.most, found.warn))
    if most is None:
        return f"a warning from {warn} {UNITS[measure]}"
    return f"{most} {UNITS[measure]}" + (f" (a warning from {warn})" if warn else "")


def use(found: Use, month: str) -> str:
    """ "$200.00 a month: $120.00 spent in November + $30.00 to come for leases that run; $50.00 left"."""
    head = bound(found.measure, found.bound)
    if found.measure == LEASE:
        return head
    if found.measure == MACHINES:
        used = f"{found.total:g} there are"
        return f"{head}: {used}{_left(found)}"
    if found.measure == HOUR:
        return f"{head}: {hourly(found.committed)} now{_left(found)}"
    name = month_name(month)
    return (
        f"{head}: {money(found.spent)} spent in {name} + {money(found.committed)} to come in {name} for leases that "
        f"run{_left(found)}"
    )


def _left(found: Use) -> str:
    """ "; *$50.00 left*", "; *$3.00 over*"."""
    if found.bound.most is None:
        return ""
    left = found.bound.most - found.total
    number = {MACHINES: f"{abs(left):g}", HOUR: hourly(abs(left))}.get(found.measure, money(abs(left)))
    return f"; *{number} {'left' if left >= 0 else 'over'}*"


CHANGES = {
    OFFER: "it costs more by now, or is not to be had so any more",
    DEARER: "it costs more by now",
    LARGER: "it has more machines by now",
    LONGER: "it would last longer than was asked about",
    OTHERS: "it is somebody else's by now",
}
"""Why what was approved is not done."""


def what(purchase: Purchase, planned: Commitment, at: datetime) -> str:
    """What was asked for then: "*spark-1*: 3 × m5.xlarge on AWS in us-east-1 for 8 hours, $0.60/h, $4.80 in all".

    Of what is there already, and of what has a said end: how long, and what it costs from then on.
    """
    name = f"*{purchase.name}*"
    price = hourly(planned.hourly_usd)
    end = f"until {_end(planned)}"
    rest = f"{price}, {money(planned.usd(at.timestamp(), planned.ends_at))} {end}"
    if planned.is_unpriced:
        rest = f"{hourly(None)}, {end}"
    if purchase.kind == RESERVE and purchase.quote is not None:
        quote = purchase.quote
        place = f"{len(quote.nodes)} × {quote.offer.size} on {title_of(quote.offer.provider)} in {quote.offer.region}"
        lease = end if quote.request.until else f"for {lasting(quote.lease_seconds)}"
        return f"{name}: {place} {lease}, {price}, {money(quote.total_price_usd)} in all"
    if purchase.kind == EXTEND:
        more = f"{money(purchase.seconds / 3600 * planned.hourly_usd)} more"
        return f"{name} for {lasting(purchase.seconds)} longer, {end}, {hourly(None) if planned.is_unpriced else more}"
    if purchase.kind == SCALE and purchase.scale is not None:
        return f"{name} with {purchase.scale.count} machines where there are {purchase.scale.before}, {rest}"
    return {
        HOLD: f"{name} kept as long as is allowed, {rest}",
        START: f"{name} switched on again, {rest}",
        TAKE: f"dearer machines for {name}, {rest}",
        ADOPT: f"{name} looked after again, {rest}",
        TAKE_OVER: f"{name} taken over, {rest}",
    }[purchase.kind]


def _end(planned: Commitment) -> str:
    """ "Thu 5 Mar 22:00 UTC": approvers and who asked need not be in one time zone."""
    moment = datetime.fromtimestamp(planned.ends_at, timezone.utc)
    return f"{moment:%a} {moment.day} {moment:%b %H:%M} UTC"


def lasting(seconds: float) -> str:
    """ "2 days", "8 hours", "1 hour 30 minutes"."""
    days, minutes = divmod(max(1, round(seconds / 60)), 1440)
    parts = [(days, "day"), (minutes // 60, "hour"), (minutes % 60, "minute")]
    return " ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number)


def month_name(month: str) -> str:
    """ "2026-11" as "November"."""
    return f"{datetime.strptime(month, '%Y-%m'):%B}"  # noqa: DTZ007 - a name of a month, no moment


def _limit(finding: Finding) -> str:
    number = _number(finding.measure, finding.limit)
    word = "limit" if finding.is_over else "warning mark"
    if finding.measure == MONTH:
        word = "budget" if finding.is_over else word
        return f"{word} of {number} for {month_name(finding.month)}"
    if finding.measure == MACHINES:
        return f"{word} of {number} machines"
    return f"{word} of {number} {UNITS[finding.measure]}"


def _number(measure: str, number: float) -> str:
    return f"{number:g}" if measure == MACHINES else money(number)
