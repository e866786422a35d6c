"""Public holidays in words, and which days they are."""

from __future__ import annotations

from datetime import date

import pytest

from clouddesk.language.holidays import (
    UNKNOWN_PLACE,
    Wish,
    called,
    find_place,
    holiday_on,
    next_holiday,
    place_chosen,
    take_wish,
    usual_place,
)


@pytest.mark.parametrize(
    ("text", "rest", "place"),
    [
        ("weekdays 9 to 6, not on public holidays", "weekdays 9 to 6", ""),
        ("weekdays 9 to 6 but not on german holidays", "weekdays 9 to 6", "DE"),
        ("weekdays 9 to 6 and not on uk bank holidays", "weekdays 9 to 6", "GB"),
        ("weekdays 9-6, holidays off", "weekdays 9-6", ""),
        ("weekdays 9 to 6, german holidays excluded", "weekdays 9 to 6", "DE"),
        ("not on the holidays of Bavaria", "", "DE-BY"),
        ("leave out holidays on etl", "on etl", ""),
    ],
)
def test_holidays_are_left_out_and_their_words_taken_from_the_text(text: str, rest: str, place: str) -> None:
    assert take_wish(text) == (rest, Wish(is_off=True, place=place))


def test_holidays_are_taken_in_again_and_other_texts_stay_as_they_are() -> None:
    assert take_wish("weekdays 8 to 5 also on holidays") == ("weekdays 8 to 5", Wish(is_off=False))
    assert take_wish("stop etl every night at 7") == ("stop etl every night at 7", None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("use german holidays", ("german", "DE")),
        ("please use the public holidays of new york", ("new york", "US-NY")),
        ("my holidays are those of bavaria", ("bavaria", "DE-BY")),
        ("use klingon holidays", ("klingon", None)),
        ("use my holidays", None),
        ("my holidays are great", None),
        ("my holidays are next week", None),
        ("use spark for my holidays", None),
    ],
)
def test_whose_holidays_are_ones_own(text: str, place: tuple[str, str | None] | None) -> None:
    assert place_chosen(text) == place


def test_the_time_zone_says_the_country_and_the_language_only_where_it_was_chosen() -> None:
    assert usual_place("Europe/Berlin", "en-US") == "DE"
    assert usual_place("UTC", "de-AT") == "AT"
    assert usual_place("UTC", "en-US") is None


def test_a_part_of_a_country_has_days_of_its_own() -> None:
    epiphany = date(2026, 1, 6)
    assert holiday_on("DE-BY", epiphany) == "Epiphany"
    assert holiday_on("DE", epiphany) is None
    assert next_holiday("DE", date(2026, 3, 4)) == (date(2026, 4, 3), "Good Friday")
    assert called("DE-BY") == "Germany (BY)"
    assert find_place("saxony") == "DE-SN"


def test_of_a_place_that_nobody_knows_no_day_is_a_holiday() -> None:
    assert holiday_on(UNKNOWN_PLACE, date(2026, 1, 1)) is None
    assert next_holiday("XX", date(2026, 1, 1)) is None
    assert holiday_on("DE-NOWHERE", date(2026, 1, 1)) is None
