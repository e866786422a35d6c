"""Days of the calendar: where weeks, months and years begin, and how a day is written."""

from __future__ import annotations

from datetime import date, timedelta

from clouddesk.language.ends import MONTHS


def start_of(unit: str, day: date) -> date:
    """The first day of the week, month … that the day is in."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}.get(unit)
    return day if month is None else date(day.year, month, 1)


def moved(unit: str, day: date, by: int) -> date:
    """So many days, weeks, months … later; the last of the month where that has no such day."""
    if unit in ("day", "week"):
        return day + timedelta(days=by * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + by * {"month": 1, "quarter": 3, "year": 12}[unit]
    first = date(months // 12, months % 12 + 1, 1)
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - first).days))


def month_number(words: str) -> int:
    """1 for "jan" and "january"."""
    return next(number for number, name in enumerate(MONTHS, 1) if name[:3] == words[:3])


def shown(day: date, today: date) -> str:
    """ "Monday" within the last days, else "5 October", with the year where it is another."""
    if 0 < (today - day).days < 7:
        return f"{day:%A}"
    return f"{day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")
