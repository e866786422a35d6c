"""How a time without new machines is told."""

from __future__ import annotations

from typing import Any

from actions.turn import Turn
from clouddesk.language.localtime import local_time
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.freeze import Freeze


def of(turn: Turn, freeze: Freeze) -> dict[str, Any]:
    """Until when, why and by whom, as parts of sentences."""
    until = f"until {local_time(freeze.until, turn.actor, turn.desk.clock())}" if freeze.until else "until it is lifted"
    return {
        "until": until,
        "why": f" ({freeze.reason})" if freeze.reason else "",
        "by": called(Person(freeze.workspace_id, freeze.by)),
    }


async def line(turn: Turn) -> str:
    """What a quote says of it; "" while there is none."""
    found = await turn.desk.freezing.current(turn.actor)
    if found is None:
        return ""
    told = of(turn, found)
    return f"*New machines are frozen {told['until']}*, by {told['by']}{told['why']}: a yes is refused until then."
