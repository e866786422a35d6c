"""Messages that only say what is not to be changed."""

from __future__ import annotations

import pytest

from clouddesk.language.negation import leaves_as_it_is


@pytest.mark.parametrize(
    "text",
    [
        "no need to double the memory",
        "Don't double the memory!",
        "there’s no need to add a disk",
        "you don't need to change anything",
        "no reason to make it bigger",
    ],
)
def test_a_denied_change_leaves_all_as_it_is(text: str) -> None:
    assert leaves_as_it_is(text)


@pytest.mark.parametrize(
    "text",
    ["no", "no need", "no need to order it", "don't get it", "no, don't double the memory", "double the memory"],
)
def test_a_no_and_an_order_do_not(text: str) -> None:
    assert not leaves_as_it_is(text)
