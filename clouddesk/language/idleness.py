"""Why machines count as unused, in words: "no logins, no jobs, CPU at most 2 %"."""

from __future__ import annotations

from datetime import timedelta

from clouddesk.model.idleness import CPU, JOBS, LOGINS, Verdict

_NAMES = {LOGINS: "who is logged in", JOBS: "whether jobs run", CPU: "how busy the processors are"}


def why(verdict: Verdict) -> str:
    """What was seen, and not what could not be."""
    said = [words for sign, words in ((LOGINS, "no logins"), (JOBS, "no jobs")) if sign not in verdict.unlearned]
    if CPU not in verdict.unlearned:
        percent = verdict.cpu_percent
        said.append(f"CPU at most {percent:.0f} %" if percent >= 1 else "CPU under 1 %")
    return ", ".join(said) or "nothing that I can see"


def unlearned(verdict: Verdict) -> str:
    """What could not be learned; "" when all could."""
    return " and ".join(_NAMES[sign] for sign in verdict.unlearned if sign in _NAMES)


def span(length: timedelta) -> str:
    """ "40 minutes", "3 hours", "2 days": as long as it was at least."""
    seconds = max(0.0, length.total_seconds())
    for unit, size, most in (("minute", 60, 90), ("hour", 3600, 48), ("day", 86400, 10_000)):
        count = int(seconds // size)
        if count < most:
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return "very long"
