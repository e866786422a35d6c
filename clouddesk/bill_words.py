"""What the clouds' own bills say beside what was counted, in sentences and a table that fits a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from clouddesk.language.money import money
from clouddesk.model import bill as bills
from clouddesk.model.bill import BillComparison, BilledReservation
from clouddesk.model.errors import BillRefused, CredentialsMissing, CredentialsRejected, RequestRejected

Title = Callable[[str], str]
"""The name of a cloud that people know."""

ROWS = 10
_LABEL_CHARACTERS = 20
BASIS = "Before tax, credits and refunds."
_RIGHTS = {
    "aws": "the key needs the right ce:GetCostAndUsage, and Cost Explorer must be switched on in the account",
    "digitalocean": "the token needs the scope billing:read",
}
_ROUNDED = {
    "aws": "AWS charges at least a minute for each start, and disks by the month's real hours where I count 730.",
    "digitalocean": "DigitalOcean charges a droplet in whole cents, at least one and at most its price for a month.",
}
_LEFT = {
    bills.STRANGERS: "for machines, disks and addresses that I don't know",
    bills.TRAFFIC: "for traffic, which I don't count",
    bills.IDLE_ADDRESS: "for public addresses that no machine uses",
    bills.OTHER: "for snapshots and other things, which I don't count",
}


def headline(item: BillComparison, title: Title, *, mark: str = "") -> str:
    """ "AWS, October 2026: $41.20 on its bill, $41.11 counted here: $0.09 more on the bill (+0.2%)."

    ``mark`` goes around the sums.
    """
    name = title(item.provider)
    head = f"{name}, {item.month:%B %Y}"
    if item.problem:
        return f"{head}: {_problem(item, name)}"
    if item.until is not None and item.until < bills.next_month(item.month):
        last = item.until - timedelta(seconds=1)
        head += f" (up to {last:%-d %B})"
    counted = f"{mark}{money(item.counted_usd)}{mark}"
    if item.billed_usd is None:
        return f"{head}: {counted} counted here, and nothing of it on {name}'s bill yet."
    billed = f"{mark}{money(item.billed_usd)}{mark}"
    if not item.counted_usd and not item.billed_usd:
        return f"{head}: nothing of mine on its bill, and nothing counted here."
    if item.is_same:
        return f"{head}: {billed} on its bill, and the same counted here."
    return f"{head}: {billed} on its bill, {counted} counted here: {_difference(item)}."


def reasons(item: BillComparison, title: Title) -> list[str]:
    """What is known of why the two differ, or of what else is on the bill."""
    name = title(item.provider)
    said = []
    for reason in item.reasons:
        if reason.code == bills.LATE:
            said.append(f"The bill is not final: the last day or two may not be on {name}'s side yet.")
        elif reason.code == bills.UNTAGGED:
            said.append(
                f"{name}'s bill does not tell whose machines are whose, so this is all machines of the account. To "
                'mend it, activate "clouddesk-reservation" under Billing, Cost allocation tags; it counts from then on.'
            )
        elif reason.code == bills.MISSING:
            said.append(f"What has a ? is not on {name}'s bill, or not yet; I don't take that for nothing.")
        elif reason.code == bills.ROUNDED:
            said.append(_ROUNDED.get(item.provider, f"{name} charges by other units than I count."))
        elif reason.cost_usd is not None:
            said.append(f"Besides, {money(reason.cost_usd)} is {_LEFT[reason.code]}.")
    return said


def rows(item: BillComparison) -> list[tuple[str, str, str]]:
    """For each reservation what the bill has, and how much more or less that is; those without a name in one."""
    if item.reason(bills.UNTAGGED) or item.billed_usd is None:
        return []
    named = [line for line in item.lines if line.name]
    shown, rest = named[:ROWS], [*named[ROWS:], *(line for line in item.lines if not line.name)]
    found = [(_short(line.name), *_sums([line])) for line in shown]
    if rest:
        found.append((f"{len(rest)} more" if shown else f"{len(rest)} of others", *_sums(rest)))
    return found


def signed(usd: float) -> str:
    """ "+$0.09", "-$0.09"; "±$0" where the same is said of it in words."""
    return "±$0" if bills.is_nothing(usd) else f"{'+' if usd > 0 else '-'}{money(abs(usd))}"


def _sums(lines: Sequence[BilledReservation]) -> tuple[str, str]:
    known = [line for line in lines if line.billed_usd is not None]
    if not known:
        return "?", "?"
    billed = sum(line.billed_usd or 0.0 for line in known)
    return money(billed), signed(billed - sum(line.counted_usd for line in known))


def _difference(item: BillComparison) -> str:
    usd = item.difference_usd or 0.0
    percent = item.difference_percent
    share = "" if percent is None else f" ({percent:+.1f}%)" if abs(percent) < 1000 else ""
    return f"{money(abs(usd))} {'more' if usd > 0 else 'less'} on the bill{share}"


def _problem(item: BillComparison, name: str) -> str:
    if item.problem == bills.NO_API:
        return "I can't read its bill; I read those of AWS and DigitalOcean."
    if item.problem == bills.NOT_ISSUED:
        return f"{name} has no invoice for that month."
    if item.problem == BillRefused.code:
        return f"{name} doesn't let me read the bill of {item.account}: {_RIGHTS.get(item.provider, 'ask its admin')}."
    if item.problem in (CredentialsRejected.code, CredentialsMissing.code):
        return f"{name} doesn't take the key of {item.account} any more, so I can't read the bill."
    if item.problem == RequestRejected.code:
        return f"{name} doesn't tell what that month was charged; it may be too long ago."
    return f"{name} didn't answer, so I don't know what it charges. Ask again in a few minutes."


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
