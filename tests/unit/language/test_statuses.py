"""What statuses in a chat say of absences. It is Wednesday 4 March 2026, 13:00 in Berlin."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.language.statuses import read_status
from tests.unit.language.test_absences import NOW, THEN, shown


@pytest.mark.parametrize(
    ("text", "emoji", "hours", "until"),
    [
        ("Vacationing", ":palm_tree:", 72, "Sat 07 Mar 13:00"),
        ("", ":palm_tree:", None, None),
        ("On vacation 🌴", ":palm_tree:", None, None),
        ("OOO until Monday", "", None, "Mon 09 Mar 09:00"),
        ("Out sick", ":face_with_thermometer:", 11, "Thu 05 Mar 00:00"),
        ("Urlaub", "", None, None),
        ("out of office, back monday", "", None, "Mon 09 Mar 09:00"),
        ("Vacation! Back on the 16th", ":palm_tree:", None, "Mon 16 Mar 09:00"),
        ("out of office - no laptop", "", None, None),
        ("OOO, no email until Monday", "", None, "Mon 09 Mar 09:00"),
        ("ooo for two weeks", "", None, "Wed 18 Mar 13:00"),
        ("away until 3pm tomorrow", "", None, "Thu 05 Mar 15:00"),
        ("away until 10pm", "", None, "Wed 04 Mar 22:00"),
        ("off until further notice", "", None, None),
        ("greetings from my vacation", "", None, None),
    ],
)
def test_a_status_says_that_somebody_is_away(text: str, emoji: str, hours: float | None, until: str | None) -> None:
    end = NOW + timedelta(hours=hours) if hours else None
    assert shown(read_status(text, emoji, end, now=NOW, timezone="Europe/Berlin")) == (THEN, until)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("OOO from Monday", "Mon 09 Mar 00:00", None),
        ("OOO tomorrow", "Thu 05 Mar 00:00", "Fri 06 Mar 00:00"),
        ("pto next week", "Mon 09 Mar 00:00", "Mon 16 Mar 00:00"),
        ("Vacation in June", "Mon 01 Jun 00:00", "Wed 01 Jul 00:00"),
        ("on vacation 9-20 march", "Mon 09 Mar 00:00", "Sat 21 Mar 00:00"),
        ("OOO next week, email ben", "Mon 09 Mar 00:00", "Mon 16 Mar 00:00"),
        ("pto friday", "Fri 06 Mar 00:00", "Sat 07 Mar 00:00"),
    ],
)
@pytest.mark.parametrize("emoji", ["", ":palm_tree:"])
def test_a_beginning_that_lies_ahead_is_kept(text: str, emoji: str, since: str, until: str | None) -> None:
    assert shown(read_status(text, emoji, None, now=NOW, timezone="Europe/Berlin")) == (since, until)


@pytest.mark.parametrize(
    ("text", "emoji", "hours"),
    [
        ("In a meeting", ":spiral_calendar_pad:", 1),
        ("Working remotely", ":house_with_garden:", None),
        ("working from the beach", ":palm_tree:", None),
        ("OOO", "", 2),
        ("", "", None),
        *((text, "", None) for text in ("no vacation until june", "back from vacation", "planning my vacation")),
        *((text, "", None) for text in ("not on vacation", "vacation planning", "need a vacation", "back from pto")),
        *((text, "", None) for text in ("2 days until vacation", "vacation is over", "dreaming of my vacation")),
        *((text, "", None) for text in ("away until 3pm", "off until 14:00", "gone until 6", "ooo today until 5pm")),
        *((text, "", None) for text in ("ooo for 2 hours", "ooo 2-4pm", "ooo this afternoon", "ooo in 2 hours")),
        ("no vacation until june", ":palm_tree:", None),
    ],
)
def test_other_statuses_and_short_ones_do_not(text: str, emoji: str, hours: float | None) -> None:
    end = NOW + timedelta(hours=hours) if hours else None
    assert read_status(text, emoji, end, now=NOW, timezone="Europe/Berlin") is None
