"""Long lists: what is on which page, and which words ask for the rest."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from clouddesk.model.reservation import STOPPED
from connectors.rasa import Button, Reply, Row
from connectors.slack.lists import PAGE_ROWS, Wish, as_csv, pages_of, wish_in
from tests.builders import NOW, a_reservation

SIMULATED = "_(simulated: nothing real runs, nothing is billed)_"


def a_list(count: int) -> Reply:
    rows = tuple(Row(f"• *vm-{n}* (r-{n}) · running", (Button("Stop", f"/stop{n}"),)) for n in range(count))
    text = "\n".join(["You have many machines:", *(row.text for row in rows), SIMULATED])
    return Reply(text, rows=rows, small=(SIMULATED,))


def test_what_fits_stays_as_it_is() -> None:
    assert pages_of(a_list(PAGE_ROWS), "l") == [a_list(PAGE_ROWS)]
    assert pages_of(Reply("hello"), "l") == [Reply("hello")]


def test_a_long_list_is_shown_page_by_page_each_row_once() -> None:
    pages = pages_of(a_list(23), "l")
    assert [len(page.rows) for page in pages] == [10, 10, 3]
    assert [row for page in pages for row in page.rows] == list(a_list(23).rows)
    assert pages[0].text.startswith("You have many machines:")
    assert [page.text.splitlines()[0] for page in pages[1:]] == ["Page 2 of 3", "Page 3 of 3"]
    assert all(SIMULATED in page.text for page in pages), "each message says that nothing of it is real"
    assert [page.text.splitlines()[-1] in page.small for page in pages] == [True] * 3
    assert [[button.title for button in page.buttons] for page in pages] == [["Show more"], ["Show more"], []]
    assert "13 more" in pages[0].text
    assert "“show more”" in pages[0].text, "there are words that do the same"


def test_a_very_long_list_is_offered_as_a_file() -> None:
    (first, *_) = pages_of(a_list(31), "l")
    assert [button.title for button in first.buttons] == ["Show more", "All as a file"]
    assert [wish_in(button.payload) for button in first.buttons] == [Wish("l", 1), Wish("l", 0, is_file=True)]
    assert "“as csv”" in first.text


@pytest.mark.parametrize(
    "text",
    ["show more", "Show me the rest", "more", "next page", "the rest please", "show the next ones.", "list more"],
)
def test_words_ask_for_the_next_page(text: str) -> None:
    assert wish_in(text) == Wish()


@pytest.mark.parametrize("text", ["as csv", "CSV please", "send me the list as a file", "my machines as a spreadsheet"])
def test_words_ask_for_a_file(text: str) -> None:
    assert wish_in(text) == Wish(is_file=True)


@pytest.mark.parametrize(
    "text", ["more memory", "2 more", "show more machines with gpus", "a vm for my csv file", "yes", "/help", ""]
)
def test_other_wishes_are_for_the_dialogue(text: str) -> None:
    assert wish_in(text) is None


def test_a_file_has_a_line_for_each_reservation_that_any_program_reads() -> None:
    items = [a_reservation(), a_reservation(id="r-2", name="vm, 2", state=STOPPED)]
    lines = list(csv.DictReader(io.StringIO(as_csv(items, NOW + timedelta(hours=1)))))
    assert [(line["id"], line["name"], line["state"]) for line in lines] == [
        ("r-665b0fd5", "spark-1", "running"),
        ("r-2", "vm, 2", "stopped"),
    ]
    assert lines[0]["cost_so_far_usd"] == "1.60"
    assert lines[0]["expires_at"] == "2026-03-04T20:00:00Z"
