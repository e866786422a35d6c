"""What machines do: "is my cluster idle?", "how busy is etl-1 this week?", "which of my machines are idle?"."""

from __future__ import annotations

from actions import resolve, utilisation_words
from actions.base import DeskAction
from actions.turn import Turn
from clouddesk.language.periods import find_period

LAST_DAY = "the last 24 hours"


class ActionUtilizationReport(DeskAction):
    """What machines were seen doing; changes nothing, and what is open stays open."""

    topic = "utilization_report"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """One that is meant with its curve; several in a line each."""
        meant = await resolve.which(turn, self.topic)
        items = meant.chosen or meant.candidates
        if not items:
            return
        now, timezone = turn.desk.clock(), turn.actor.timezone
        period = find_period(turn.text, now=now, timezone=timezone)
        if len(items) > 1:
            ids = [item.id for item in items]
            found = await turn.desk.utilisation.reports(turn.actor, ids, since=period.since if period else None)
            turn.say("utter_utilization", card=utilisation_words.several(found))
            return
        (item,) = items
        turn.last_reservation = item.id
        of_period = (period.since, period.until) if period else (None, None)
        report = await turn.desk.utilisation.report(turn.actor, item.id, since=of_period[0], until=of_period[1])
        words = period.words if period else LAST_DAY
        card = utilisation_words.card(report, turn.actor, words)
        turn.say("utter_utilization", card=card, chart=utilisation_words.chart(report, turn.actor, words))
