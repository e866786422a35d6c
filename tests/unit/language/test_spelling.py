"""Typos in words that matter are mended; ordinary words are not."""

import pytest

from clouddesk.language.spelling import mend


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a sprak clsuter", "a spark cluster"),
        ("ubnutu or debain", "ubuntu or debian"),
        ("3 wrokers for 8 huors", "3 workers for 8 hours"),
        ("on digtalocean in frankfrut", "on digitalocean in frankfurt"),
        ("elastcsearch and kuberntes", "elasticsearch and kubernetes"),
        ("terminte my machne", "terminate my machine"),
    ],
)
def test_typos_are_mended(typed: str, meant: str) -> None:
    assert mend(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "spare parts, please touch the window",
        "pairs of notes for the rest of the month",
        "served in cents, worked like a charm",
        "spark-edge and debain-2 are names",
        "<@U0SPRAK> and @debain and sprak.example.com",
        "the remainder stays in the store",
        "created, deleted, restarted, extended",
    ],
)
def test_ordinary_words_and_names_stay(text: str) -> None:
    assert mend(text) == text
