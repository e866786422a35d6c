"""Lists in words, and what can be done with each of their lines."""

from datetime import datetime, timezone

import pytest

from actions import cards
from clouddesk.model import reservation as states
from clouddesk.model.actor import Actor
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
    ("state", "titles"),
    [
        (states.PROVISIONING, ["Release", "Share"]),
        (states.PARTIAL, ["Release", "Share"]),
        (states.RUNNING, ["Extend 2 hours", "Stop", "Release", "Share"]),
        (states.STOPPING, ["Extend 2 hours", "Release", "Share"]),
        (states.STOPPED, ["Start", "Extend 2 hours", "Release", "Share"]),
        (states.STARTING, ["Extend 2 hours", "Release", "Share"]),
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
