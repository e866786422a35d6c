"""Bar charts: their words, their characters and their pictures."""

from __future__ import annotations

import struct
from dataclasses import asdict

from connectors import charts, render
from connectors.charts import Bar, Chart, Curve
from connectors.conversation import Shown
from connectors.rasa import Reply
from connectors.slack.pictures import draw

CHART = Chart(
    "Price for 7 days",
    "3 machines, each with 2 vCPU, 4 GB memory and 20 GB disk, for 7 days",
    (
        Bar("AWS", "t3a.medium, ap-south-1", 16.0, "$16.00"),
        Bar("DigitalOcean", "s-2vcpu-4gb, nyc1", 32.0, "$32.00", has_access=False),
    ),
)

CURVE = Chart(
    "etl: CPU 40 % on average",
    "In use for 1 hour of 4 hours, today",
    curve=Curve(
        (None, 0.0, 50.0, 100.0), (None, 1.0, 2.0, None), (False, False, True, True), ((0, "13:00"), (2, "15:00"))
    ),
)


def test_a_curve_is_read_as_it_was_carried_and_told_in_words_and_in_columns() -> None:
    assert Chart.read(asdict(CURVE)) == CURVE
    assert "etl: CPU 40 % on average, between 0 % and 100 %. In use for 1 hour" in CURVE.in_words
    title, columns, marks = charts.as_text(CURVE).splitlines()
    assert (title, columns) == (CURVE.title, "·▁▅█")
    assert marks == "13:00 15:00"


def test_the_picture_of_a_curve_is_as_wide_as_that_of_bars() -> None:
    pictures = [draw(chart) for chart in (CURVE, CHART)]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert len({struct.unpack(">I", picture[16:20]) for picture in pictures}) == 1


def test_a_chart_is_read_as_it_was_carried() -> None:
    assert Chart.read(asdict(CHART)) == CHART
    assert Reply.read({"text": "x", "buttons": [], "chart": asdict(CHART)}).chart == CHART


def test_who_cannot_see_it_hears_every_price() -> None:
    assert "Price for 7 days: AWS $16.00, DigitalOcean $32.00." in CHART.in_words


def test_bars_of_characters_are_as_long_as_their_values() -> None:
    _, first, second = charts.as_text(CHART).splitlines()
    assert second.count("█") == 2 * first.count("█")
    assert first.index("█") == second.index("█")


def test_a_terminal_shows_bars_and_no_fences() -> None:
    text = render.plain(Shown(Reply("Prices\n```\nAWS  $1\n```\nThat is all.", chart=CHART), []))
    assert "```" not in text
    assert "AWS  $1\nThat is all." in text
    assert "█" in text


def test_the_picture_is_a_png_wide_enough_for_a_phone_and_higher_with_more_bars() -> None:
    small, large = (_size(draw(Chart("t", "s", CHART.bars * times))) for times in (1, 3))
    assert small[0] == large[0] >= 1080
    assert large[1] > small[1]


def _size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height
