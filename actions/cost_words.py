"""What was spent, as a text with a table that fits a phone, and as the bars of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from actions import standing
from actions.cards import SIMULATED
from actions.turn import Card
from actions.wording import plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.language.periods import Period
from clouddesk.model.actor import Actor
from clouddesk.model.costs import PERSON, PROVIDER, RESERVATION, CostReport, CostSum
from clouddesk.model.reservation import RELEASING, Reservation

_FENCE = "```"
_ROWS = 10
_BARS = 6
_LABEL_CHARACTERS = 24
_LEAST_SHOWN_USD = 0.00005
_BASIS = (
    "By the prices that were agreed, disks and addresses included; traffic and taxes are only on the cloud's own bill."
)
_SLEPT = "Stopped: what they cost less while stopped than running."
_EARLY = "Given back early: what the rest of the lease would have cost."

Called = Callable[[str], str]
"""How a person is called in a text, by their user id."""


def card(
    report: CostReport, period: Period, *, who: str, of_what: str, way: str, called: Called, notes: Sequence[str] = ()
) -> Card:
    """The whole answer. ``who``: "You", "The team"; ``of_what``: " on Spark", or ""; ``way``: what it is summed by."""
    sums = _sums(report, way, called)
    total = money(report.total_usd) if report.total_usd else "nothing"
    lines = [f"{who} spent *{total}* {period.words}{of_what}.{_compared(report, period)}"]
    if report.is_running and (report.hourly_usd or report.committed_usd):
        lines.append(_ahead(report, period))
    if report.steps:
        lines.append(_fenced([(label, money(cost), "") for label, cost in _steps(report)]))
    elif len(sums) > 1 or (sums and way != RESERVATION):
        lines.append(_table(sums, way))
    lines += _saved(report)
    small = [*notes, *_explained(report), *([_BASIS] if report.lines else [])]
    if report.is_simulated:
        small.append(SIMULATED)
    return Card("\n".join([*lines, *small]), tuple(small))


def chart(report: CostReport, period: Period, *, who: str, of_what: str, way: str) -> dict[str, Any] | None:
    """The bars of a picture, the dearest on top or by time; None for fewer than two, and for people."""
    bars = _steps_bars(report) if report.steps else [] if way == PERSON else _sums_bars(report, way)
    if len(bars) < 2 or not report.total_usd:
        return None
    return {"title": f"{who} spent {money(report.total_usd)}", "subtitle": f"{period.words}{of_what}", "bars": bars}


def machine_line(item: Reservation, actor: Actor, *, now: datetime) -> str:
    """What one has cost, costs now, and will have cost at the end of its lease."""
    price = item.current_hourly_price_usd
    left_hours = max(0.0, (item.expires_at - now).total_seconds() / 3600)
    so_far = item.cost_so_far_usd(now)
    ends = local_time(item.expires_at, actor, now)
    if item.state == RELEASING:
        return f"*{item.name}*: {money(so_far)} so far; it is being given back"
    saved = item.counted(now).saved_usd
    slept = f"; {money(saved)} less than without its stops" if saved > _LEAST_SHOWN_USD else ""
    if item.told_hourly_price_usd is None:
        return f"*{item.name}*: {hourly(None)}; it was adopted, and no list has what all of it costs; it ends {ends}"
    return (
        f"*{item.name}*: {money(so_far)} so far, {hourly(price)} now{standing.price_note(item)}, "
        f"{money(so_far + left_hours * price)} when its lease ends, {ends}{slept}"
    )


def together(items: Sequence[Reservation], *, now: datetime) -> str:
    """ "$9.84 so far, $1.20/h now"."""
    so_far = sum(item.cost_so_far_usd(now) for item in items)
    return f"{money(so_far)} so far, {hourly(sum(item.current_hourly_price_usd for item in items))} now"


def _sums_bars(report: CostReport, way: str) -> list[dict[str, Any]]:
    sums = [item for item in report.by(way) if item.cost_usd > _LEAST_SHOWN_USD]
    bars = []
    for item in sums[:_BARS]:
        label = provider_title(item.label) if way == PROVIDER else item.label
        bars.append(_bar(label, item.cost_usd, "" if way == RESERVATION else plural(item.count, "reservation")))
    if rest := sums[_BARS:]:
        bars.append(_bar(f"{len(rest)} more", sum(item.cost_usd for item in rest)))
    return bars


def _steps_bars(report: CostReport) -> list[dict[str, Any]]:
    return [_bar(label, cost) for label, cost in _steps(report)]


def _bar(label: str, cost: float, detail: str = "") -> dict[str, Any]:
    return {"label": _short(label), "detail": detail, "value": cost, "price": money(cost)}


def _steps(report: CostReport) -> list[tuple[str, float]]:
    """Each part with the day on which it began; a whole month with its name."""
    are_months = all(begin.day == 1 for begin, _ in report.steps) and len(report.steps) > 1
    return [(f"{begin:%B %Y}" if are_months else f"{begin:%a %-d %b}", cost) for begin, cost in report.steps]


def _compared(report: CostReport, period: Period) -> str:
    if not period.earlier_words or not report.earlier_usd:
        return ""
    name = period.earlier_words[0].upper() + period.earlier_words[1:]
    return f" {name}: {money(report.earlier_usd)}."


def _ahead(report: CostReport, period: Period) -> str:
    """What runs now and what it will come to."""
    parts = [f"Now {hourly(report.hourly_usd)}."]
    if report.is_running and period.earlier_since is not None and report.to_come_usd:
        last = period.until - timedelta(seconds=1)
        parts.append(
            f"By {last:%A %-d %B} it will be *{money(report.forecast_usd)}* if what runs keeps on to the end of its "
            "lease and nothing is added."
        )
    if report.committed_usd:
        parts.append(f"Leases that run will cost {money(report.committed_usd)} more in all.")
    return " ".join(parts)


def _table(sums: Sequence[CostSum], way: str) -> str:
    """A row for each; those that are too many in one. Names of people are no fixed-width text, as chats link them."""
    rows = [(item.label, item.count, money(item.cost_usd)) for item in sums[:_ROWS]]
    if rest := sums[_ROWS:]:
        rows.append((f"{len(rest)} more", sum(item.count for item in rest), money(sum(i.cost_usd for i in rest))))
    counted = [
        (label, price, "" if way == RESERVATION else plural(count, "reservation")) for label, count, price in rows
    ]
    if way == PERSON:
        return "\n".join(f"• {label}: *{price}*, {count}" for label, price, count in counted)
    return _fenced(counted)


def _fenced(rows: Sequence[tuple[str, str, str]]) -> str:
    """Labels, prices and notes in columns, in a fixed-width font."""
    short = [(_short(label), price, note) for label, price, note in rows]
    widths = [max(len(row[place]) for row in short) for place in (0, 1)]
    shown = [f"{label.ljust(widths[0])}  {price.rjust(widths[1])}  {note}".rstrip() for label, price, note in short]
    return "\n".join([_FENCE, *shown, _FENCE])


def _sums(report: CostReport, way: str, called: Called) -> list[CostSum]:
    name: Called = {PERSON: called, PROVIDER: provider_title}.get(way, str)
    found = [item for item in report.by(way) if item.cost_usd > _LEAST_SHOWN_USD]
    return [CostSum(name(item.label), item.cost_usd, item.count) for item in found]


def _saved(report: CostReport) -> list[str]:
    parts = []
    if report.saved_usd > _LEAST_SHOWN_USD:
        parts.append(f"*{money(report.saved_usd)}* by stopping machines")
    if report.unused_usd > _LEAST_SHOWN_USD:
        parts.append(f"*{money(report.unused_usd)}* by giving back early")
    return [f"Saved: {' and '.join(parts)}."] if parts else []


def _explained(report: CostReport) -> list[str]:
    parts = []
    if report.saved_usd > _LEAST_SHOWN_USD:
        parts.append(_SLEPT)
    if report.unused_usd > _LEAST_SHOWN_USD:
        parts.append(_EARLY)
    return [" ".join(parts)] if parts else []


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
