"""Another size for a machine that there is: it keeps its own, and a bigger one is offered."""

from __future__ import annotations

from actions import choosing, resizing, resolve
from actions.base import DeskAction
from actions.buttons import button
from actions.request_fields import change_words, merged, to_entities, to_fields
from actions.turn import Turn
from clouddesk.model.reservation import Reservation

_NOT_KEPT = ("name", "providers", "size_names", "storage_gb")
"""Of the machine that is to be bigger: its place and system are."""


class ActionResize(DeskAction):
    """ "Can I have more cores on it?" """

    topic = "resize"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """It cannot be changed; a yes shows what one like it, but bigger, costs."""
        item = await _meant(turn)
        if item is None:
            turn.say("utter_resize_which")
            return
        bigger = resizing.wanted(turn, item)
        same = to_fields(await turn.desk.templates.request_of(turn.actor, item.id))
        same = {field: value for field, value in same.items() if field not in _NOT_KEPT}
        task, said = (
            f"create_{item.kind}",
            to_entities(merged(same, {"vcpus": item.vcpus, "memory_gb": item.memory_gb, **bigger})),
        )
        turn.last_reservation = item.id
        choosing.ask_if(turn, "Price of a bigger one", task, said)
        turn.say(
            "utter_resize",
            buttons=[button("Price of a bigger one", task, **said)],
            name=item.name,
            size=f"{item.size} with {item.vcpus} vCPU and {item.memory_gb:g} GB",
            changes=change_words(bigger),
        )


async def _meant(turn: Turn) -> Reservation | None:
    named = await resolve.said_names(turn)
    live = {item.id: item for item in await turn.desk.reservations(turn.actor)}
    found = [item for item in live.values() if {item.id, item.name} & set(named)]
    if not named:
        last = live.get(turn.last_reservation or "")
        found = [last] if last else list(live.values())
    return found[0] if len(found) == 1 else None
