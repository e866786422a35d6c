"""Opening ports of machines that run: it is done when they are ordered, and the answer says so."""

from __future__ import annotations

from actions.base import DeskAction
from actions.turn import Turn


class ActionOpenings(DeskAction):
    """ "Open it to 203.0.113.7", with nothing asked for."""

    topic = "openings"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """A tunnel reaches everything meanwhile."""
        turn.say("utter_openings_at_order")
