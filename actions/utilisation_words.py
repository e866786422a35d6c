"""What machines do, in words: idle or in use now, how busy in a period; and the curve of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from actions.cards import SIMULATED
from actions.turn import Card
from actions.wording import duration, names, plural
from clouddesk.language.localtime import time_of_day, zone_of
from clouddesk.language.money import hourly
from clouddesk.model.actor import Actor
from clouddesk.model.reservation import RUNNING
from clouddesk.model.utilisation_report import FRESH, UtilisationReport

_MARKS = 4
_SHORT = timedelta(hours=30)


def card(found: UtilisationReport, actor: Actor, period: str) -> Card:
    """One reservation, whole. ``period``: "today", "this week"."""
    lines = [now_line(found), *_of_period(found, period)]
    small = [_silence(found)] if _silence(found) else []
    if found.reservation.is_simulated:
        small.append(SIMULATED)
    return Card("\n".join([*lines, *small]), tuple(small))


def several(found: Sequence[UtilisationReport]) -> Card:
    """A line for each, those that cost for nothing first, and what the idle ones cost together."""
    order = {False: 0, True: 1, None: 2}
    ranked = sorted(found, key=lambda item: (order[item.is_in_use], item.idle_since or item.now))
    idle = [item for item in ranked if item.is_in_use is False]
    count = plural(len(idle), "reservation")
    price = hourly(sum(item.reservation.current_hourly_price_usd for item in idle))
    head = f"*{count}* of {len(found)} idle now, {price} together:" if idle else "None of them is idle as far as I see:"
    lines = [head, *(f"• {now_line(item)}" for item in ranked)]
    small = [SIMULATED] if all(item.reservation.is_simulated for item in found) else []
    return Card("\n".join([*lines, *small]), tuple(small))


def now_line(found: UtilisationReport) -> str:
    """ "*etl-1* is idle: no logins, no jobs, CPU 2 % for 3 hours"."""
    item = found.reservation
    if item.state != RUNNING:
        return f"*{item.name}* is {item.state}, so it does nothing now."
    state = found.is_in_use
    if state is None:
        return f"*{item.name}*: I don't know what it does now; {_why_unknown(found)}."
    if state:
        return f"*{item.name}* is in use: {names(_signs(found))}."
    since = found.idle_since
    length = f" for {duration((found.now - since).total_seconds())}" if since is not None else ""
    unknown = [sample for sample in found.latest if sample.logins is None]
    quiet = [] if unknown else ["no logins", "no jobs"]
    return f"*{item.name}* is idle: {', '.join([*quiet, *_loads(found)])}{length}."


def chart(found: UtilisationReport, actor: Actor, period: str) -> dict[str, Any] | None:
    """The curve of a picture; None when there is nothing to see."""
    if sum(step.cpu_percent is not None for step in found.steps) < 2:
        return None
    name = found.reservation.name
    curve = {
        "values": [step.cpu_percent for step in found.steps],
        "more": [step.gpu_percent for step in found.steps] if found.gpu_percent is not None else [],
        "used": [step.is_used for step in found.steps],
        "marks": [
            [number, _mark(found.steps[number].begin, found, actor)]
            for number in range(0, len(found.steps), len(found.steps) // _MARKS)
        ],
    }
    title = f"{name}: CPU {round(found.cpu_percent or 0)} % on average"
    return {"title": title, "subtitle": _used(found, period), "bars": [], "curve": curve}


def _of_period(found: UtilisationReport, period: str) -> list[str]:
    if found.cpu_percent is None:
        return []
    most = f", {round(found.most_cpu_percent)} % at most" if found.most_cpu_percent is not None else ""
    gpu = f"; GPU {round(found.gpu_percent)} %" if found.gpu_percent is not None else ""
    head = period[0].upper() + period[1:]
    return [f"{head}: CPU {round(found.cpu_percent)} % on average{most}{gpu}. {_used(found, '')}."]


def _used(found: UtilisationReport, period: str) -> str:
    seen = duration(found.seen_seconds)
    share = "never in use" if not found.used_seconds else f"in use for {duration(found.used_seconds)} of {seen}"
    text = f"{share} that I saw" if not period else f"{share}, {period}"
    return text[0].upper() + text[1:]


def _signs(found: UtilisationReport) -> list[str]:
    logins = [plural(found.logins, "login")] if found.logins else []
    return [*logins, *found.what, *_loads(found)]


def _loads(found: UtilisationReport) -> list[str]:
    loads = (
        ("CPU", found.cpu_percent_now),
        ("GPU", found.gpu_percent_now),
        ("memory", found.memory_percent_now),
    )
    return [f"{name} {round(value)} %" for name, value in loads if value is not None]


def _why_unknown(found: UtilisationReport) -> str:
    if found.latest:
        silent = sorted({node.key for node in found.reservation.living_nodes} - {item.node for item in found.latest})
        return f"{names(silent)} did not answer lately"
    if found.now - found.reservation.created_at < FRESH:
        return "I look every few minutes, and it is new"
    return "it did not answer lately"


def _silence(found: UtilisationReport) -> str:
    """That only the cloud's own measurement is known."""
    if found.latest and all(sample.logins is None for sample in found.latest):
        return "Only the cloud's own measurement is known: I could not look on the machines themselves."
    return ""


def _mark(moment: datetime, found: UtilisationReport, actor: Actor) -> str:
    there = moment.astimezone(zone_of(actor.timezone))
    if found.until - found.since <= _SHORT:
        return time_of_day(there, actor.locale)
    return f"{there:%a} {there.day} {there:%b}"
