"""Whose public holidays the person goes by: "use german holidays"."""

from __future__ import annotations

from actions.base import DeskAction
from actions.turn import Turn
from actions.wording import names
from clouddesk.language.holidays import called, next_holiday, place_chosen
from clouddesk.language.localtime import zone_of


class ActionPublicHolidays(DeskAction):
    """For schedules that leave public holidays out, those that there are included."""

    topic = "public_holidays"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """With the next one, so that a wrong place is seen."""
        words, place = place_chosen(turn.text) or ("", None)
        if place is None:
            turn.say("utter_holidays_unknown", place=words)
            return
        changed = await turn.desk.timers.use_place(turn.actor, place)
        following = next_holiday(place, turn.desk.clock().astimezone(zone_of(turn.actor.timezone)).date())
        turn.say(
            "utter_holidays_used",
            place=called(place),
            next=f" The next one is {following[1]}, {following[0]:%A} {following[0].day} {following[0]:%B}."
            if following
            else "",
            changed=f" That changes the schedule of {names(changed)}." if changed else "",
        )
