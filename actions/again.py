"""Machines like those of a reservation, ordered anew: what was given back or lost does not come back itself."""

from __future__ import annotations

from actions.buttons import button, payload
from actions.request_fields import Fields, to_entities
from actions.turn import Button, Turn
from clouddesk.model.reservation import Reservation

AGAIN = "again"
"""The decision that asks for it."""


async def order(turn: Turn, reservation_id: str) -> None:
    """As if the person had asked for it in words; it takes a yes to its price."""
    item = await turn.desk.reservation(turn.actor, reservation_id)
    intent, said = f"create_{item.kind}", to_entities(_fields(item))
    values = {name: value if isinstance(value, list) else [value] for name, value in said.items()}
    turn.hear_again(intent, [[name, value] for name in values for value in values[name]], payload(intent, said))


def order_button(item: Reservation) -> Button:
    """Asks for it."""
    return button("Order the same", "decide", reservation_id=item.id, decision=AGAIN)


def _fields(item: Reservation) -> Fields:
    """Its machines, and what was on them when it was new."""
    return {
        "kind": item.kind,
        "count": item.node_count,
        "providers": [item.provider],
        "region": item.region,
        "size_names": [item.size],
        "os": item.os or None,
        "storage_gb": item.disk_gb or None,
        "spot": item.spot,
        "software": [item.software] if item.software else None,
    }
