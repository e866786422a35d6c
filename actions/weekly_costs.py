"""The team's weekly costs in a channel: "send the weekly costs here", for admins."""

from __future__ import annotations

import re

from actions.base import DeskAction
from actions.turn import Turn
from actions.weekly_words import HERE, NOWHERE, find, names_people
from clouddesk.language.people import called
from clouddesk.model.actor import Person

_CHANNEL = re.compile(r"[CG][A-Z0-9]+")
"""Slack's ids of channels; direct conversations begin with D."""


class ActionWeeklyCosts(DeskAction):
    """Where the team is told, by whoever may know what everybody spent."""

    topic = "weekly_costs"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Only the team's sums, unless the admin wants those of each person there, too."""
        wanted = find(turn)
        channel = next(iter(turn.conversation.split(":")[1:2]), "")
        if wanted == NOWHERE:
            was_told = await turn.desk.team_channels.tell_nowhere(turn.actor)
            turn.say("utter_weekly_costs_nowhere" if was_told else "utter_weekly_costs_none")
        elif wanted == HERE and not _CHANNEL.fullmatch(channel):
            turn.say("utter_weekly_costs_in_a_channel")
        elif wanted == HERE:
            told = await turn.desk.team_channels.tell_here(turn.actor, channel, with_people=names_people(turn))
            turn.say("utter_weekly_costs_here_with_people" if told.with_people else "utter_weekly_costs_here")
        else:
            known = await turn.desk.team_channels.get(turn.actor)
            by = called(Person(turn.actor.workspace_id, known.by)) if known else ""
            turn.say("utter_weekly_costs_where" if known else "utter_weekly_costs_none", by=by)
