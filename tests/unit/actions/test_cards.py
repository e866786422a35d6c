"""Lists in words, and what can be done with each of their lines."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from actions import cards
from clouddesk.model import reservation as states
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.node import AVAILABLE, NodeImage
from clouddesk.model.reservation import Reservation
from tests.builders import a_reservation

NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)
ANN = Actor("local", "ann")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"node_count": 5, "nodes_up": 3}, "provisioning (3 of 5 up)"),
        ({"node_count": 5, "nodes_up": 0}, "provisioning (0 of 5 up)"),
        ({"node_count": 5}, "provisioning"),
        ({"node_count": 1, "nodes_up": 0}, "provisioning"),
    ],
)
def test_lists_and_details_say_how_many_machines_are_up(changes: dict[str, int], said: str) -> None:
    item = a_reservation(state=states.PROVISIONING, **changes)

    assert f" · {said} · " in cards.reservation_line(item, ANN, NOW)
    assert cards.reservation_card(item, ANN, NOW).text.splitlines()[0].endswith(f", {said}")


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        (ANN, "offered to ben until Saturday 00:00 UTC"),
        (Actor("local", "root", roles=(MEMBER, ADMIN)), "offered to ben until Saturday 00:00 UTC"),
        (Actor("local", "ben"), "offered to you until Saturday 00:00 UTC"),
        (Actor("local", "cid"), ""),
    ],
)
def test_an_offer_that_stands_is_shown_to_whom_it_is_about(actor: Actor, said: str) -> None:
    item = a_reservation(offered_to="ben", offered_at=NOW, expires_at=NOW + timedelta(days=9))

    line, card = cards.reservation_line(item, actor, NOW), cards.reservation_card(item, actor, NOW).text
    assert ("offered" in line, "offered" in card) == (bool(said), bool(said))
    assert said in line
    assert said in card
    for over in (replace(item, state=states.RELEASING), replace(item, offered_at=NOW - timedelta(days=3))):
        assert "offered" not in cards.reservation_card(over, actor, NOW).text


@pytest.mark.parametrize(
    ("state", "titles"),
    [
        (states.PROVISIONING, ["Release", "Share"]),
        (states.PARTIAL, ["Release", "Share"]),
        (states.RUNNING, ["Extend 2 hours", "Stop", "Release", "Share"]),
        (states.STOPPING, ["Extend 2 hours", "Release", "Share"]),
        (states.STOPPED, ["Start", "Extend 2 hours", "Release", "Share"]),
        (states.STARTING, ["Extend 2 hours", "Release", "Share"]),
        (states.ARCHIVING, ["Extend 2 hours", "Release", "Share"]),
        (states.ARCHIVED, ["Start", "Extend 2 hours", "Release", "Share"]),
        (states.RELEASING, []),
        (states.ENDED, []),
    ],
)
def test_each_line_of_a_list_offers_what_its_state_allows(state: str, titles: list[str]) -> None:
    items = [a_reservation(state=state), a_reservation(state=state)]

    rows = cards.reservation_rows(items, ANN, NOW)

    lines = cards.reservation_list(items, ANN, NOW).text.splitlines()
    for item, row in zip(items, rows, strict=True):
        assert row["text"] in lines
        assert [button["title"] for button in row["buttons"]] == titles
        assert all(f'"resource_name": "{item.id}"' in button["payload"] for button in row["buttons"])


def archived(**changes: Any) -> Reservation:
    """Three machines' images."""
    images = tuple(NodeImage(f"i-{key}", key, AVAILABLE, 20.0) for key in ("a", "b", "c"))
    usual = {"state": states.ARCHIVED, "archived_hourly_price_usd": 0.03, "images": images}
    return a_reservation(**{**usual, **changes})


@pytest.mark.parametrize(
    ("items", "head"),
    [
        ([archived()], "You have 1 archived reservation:"),
        ([archived(), archived()], "You have 2 archived reservations, $0.06/h together:"),
        ([archived(), a_reservation()], "You have 3 machines in 2 reservations (1 archived), $0.63/h together:"),
    ],
)
def test_what_is_archived_is_no_machine(items: list[Reservation], head: str) -> None:
    assert cards.reservation_list(items, ANN, NOW).text.splitlines()[0] == head


def test_what_is_archived_says_what_it_costs_like_this() -> None:
    item = archived()

    assert "$0.03/h (while archived)" in cards.reservation_line(item, ANN, NOW)
    assert "Images of 3 disks are kept" in cards.reservation_card(item, ANN, NOW).text
    assert "being archived" in cards.reservation_line(archived(state=states.ARCHIVING, images=()), ANN, NOW)
