"""Moments in words, in the zone of who reads them."""

from datetime import datetime, timezone

import pytest

from clouddesk.language.localtime import Whereabouts, local_time

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("moment", "zone", "words"),
    [
        ("2026-11-25T16:00:00+00:00", "Europe/Berlin", "today 17:00"),
        ("2026-11-25T23:30:00+00:00", "Europe/Berlin", "tomorrow 00:30"),
        ("2026-11-27T16:00:00+00:00", "Europe/Berlin", "Friday 17:00"),
        ("2026-11-30T16:00:00+00:00", "Europe/Berlin", "Monday 17:00"),
        ("2026-12-01T16:00:00+00:00", "Europe/Berlin", "Tue 1 Dec 17:00"),
        ("2026-12-04T16:00:00+00:00", "Europe/Berlin", "Fri 4 Dec 17:00"),
        ("2026-11-20T16:00:00+00:00", "Europe/Berlin", "Fri 20 Nov 17:00"),
        ("2027-01-04T16:00:00+00:00", "Europe/Berlin", "Mon 4 Jan 2027 17:00"),
        ("2026-12-31T23:30:00+00:00", "Europe/Berlin", "Fri 1 Jan 2027 00:30"),
        ("2026-12-31T23:30:00+00:00", "America/New_York", "Thu 31 Dec 18:30"),
        ("2026-11-25T16:00:00+00:00", "UTC", "today 16:00 UTC"),
        ("2026-11-25T16:00:00+00:00", "Nowhere/Town", "today 16:00 UTC"),
    ],
)
def test_moment_is_said_as_near_as_it_is(moment: str, zone: str, words: str) -> None:
    assert local_time(datetime.fromisoformat(moment), Whereabouts(zone), NOW) == words


@pytest.mark.parametrize(
    ("locale", "moment", "words"),
    [
        ("en-US", "2026-11-25T19:05:00+00:00", "today 8:05 pm"),
        ("en-US", "2026-11-25T23:00:00+00:00", "tomorrow 12:00 am"),
        ("en-US", "2026-11-25T11:30:00+00:00", "today 12:30 pm"),
        ("en-GB", "2026-11-25T19:05:00+00:00", "today 20:05"),
        ("de-DE", "2026-11-25T19:05:00+00:00", "today 20:05"),
        ("", "2026-11-25T19:05:00+00:00", "today 20:05"),
    ],
)
def test_the_clock_is_that_of_the_readers_country(locale: str, moment: str, words: str) -> None:
    assert local_time(datetime.fromisoformat(moment), Whereabouts("Europe/Berlin", locale), NOW) == words
