"""Until when and why new machines are frozen, and what no freeze can do. It is Wednesday 4 March 2026, 12:00 UTC."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from clouddesk.language.clock import resolve_until
from clouddesk.language.team import FREEZE, FREEZE_UNREAD, read

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)


def frozen(rest: str) -> tuple[str | None, str]:
    """The end and the reason."""
    wish = read(f"freeze new machines {rest}")
    assert wish is not None
    assert (wish.what, wish.unread) == (FREEZE, "")
    if not wish.until:
        return None, wish.reason
    end = resolve_until(wish.until, now=NOW, timezone="UTC")
    assert end is not None
    return f"{end:%a %d %b %H:%M}", wish.reason


@pytest.mark.parametrize(
    ("rest", "end", "reason"),
    [
        ("", None, ""),
        ("now please", None, ""),
        ("for everybody", None, ""),
        ("until further notice", None, ""),
        ("for 2 hours", "Wed 04 Mar 14:00", ""),
        ("for a week", "Wed 11 Mar 12:00", ""),
        ("for the next 3 days", "Sat 07 Mar 12:00", ""),
        ("for two days, please", "Fri 06 Mar 12:00", ""),
        ("today", "Thu 05 Mar 00:00", ""),
        ("for today only", "Thu 05 Mar 00:00", ""),
        ("for the rest of the day", "Thu 05 Mar 00:00", ""),
        ("today until 6pm", "Wed 04 Mar 18:00", ""),
        ("this week", "Mon 09 Mar 00:00", ""),
        ("until monday", "Mon 09 Mar 18:00", ""),
        ("from now until friday 6pm", "Fri 06 Mar 18:00", ""),
        ("from today to monday", "Mon 09 Mar 18:00", ""),
        ("for the whole team until friday", "Fri 06 Mar 18:00", ""),
        ("until the end of the month", "Tue 31 Mar 23:59", ""),
        ("for the audit", None, "the audit"),
        ("during the migration", None, "the migration"),
        ("for the audit until monday", "Mon 09 Mar 18:00", "the audit"),
        ("until monday for the audit", "Mon 09 Mar 18:00", "the audit"),
        ("for today because of the Audit", "Thu 05 Mar 00:00", "the Audit"),
        ("because of the Audit until friday", "Fri 06 Mar 18:00", "the Audit"),
        ("because Ben spends too much for 2 days", "Fri 06 Mar 12:00", "Ben spends too much"),
        ("since the budget is used up", None, "the budget is used up"),
        ("until monday, we are over budget", "Mon 09 Mar 18:00", "we are over budget"),
    ],
)
def test_an_end_a_length_and_a_reason_are_read(rest: str, end: str | None, reason: str) -> None:
    assert frozen(rest) == (end, reason)


@pytest.mark.parametrize(
    ("rest", "unread"),
    [
        *(
            (words, words)
            for words in ("tomorrow", "next week", "starting friday", "on friday", "in 2 hours", "tonight")
        ),
        *((words, words) for words in ("from friday to monday", "over the weekend", "for next week", "every night")),
        *((words, words) for words in ("for ben", "for the interns", "for new people", "except for ben", "on aws")),
        *((words, words) for words in ("with gpus", "above $5", "in frankfurt", "for 2 machines", "since friday")),
        *((words, words) for words in ("when we are over budget", "unless i say so", "for a gpu cluster")),
        ("for the interns because of the audit", "for the interns"),
        ("until friday on aws", "on aws"),
        ("until friday for ben", "for ben"),
        ("for 2 hours starting friday", "starting friday"),
        ("for the students until friday", "for the students until friday"),
    ],
)
def test_another_beginning_or_scope_is_no_freeze(rest: str, unread: str) -> None:
    wish = read(f"Please freeze all new machines {rest}!")
    assert wish is not None
    assert (wish.what, wish.unread, wish.until, wish.reason) == (FREEZE_UNREAD, unread, "", "")


def test_long_texts_take_no_longer_than_their_length() -> None:
    began = time.perf_counter()
    for piece in ("for the next ", "until friday ", "today ", "a " * 3, "because of for "):
        read("freeze new machines " + piece * 200)
    assert time.perf_counter() - began < 3
