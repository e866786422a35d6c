"""Machines by the clock: stopped and started by themselves, each week or once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from actions import clauses, resolve, timer_words
from actions.base import DeskAction
from actions.buttons import button
from actions.lifecycle import chosen
from actions.moments import Moment
from actions.reservation_forms import ReservationForm
from actions.turn import Turn
from actions.wording import names
from clouddesk.language.holidays import UNKNOWN_PLACE
from clouddesk.model.errors import Unavailable
from clouddesk.model.reservation import Reservation
from clouddesk.model.timer import START, STOP


class SchedulePowerForm(ReservationForm):
    """Asks which machines, and when.

    ``when`` holds the changes (``timer_words.to_slot``), then what is wished of holidays, with STOP_ONLY last if that
    is said; or it is one of the words SHOW, END and STOP_ONLY.
    """

    topic = "schedule_power"
    verb, about = "stop and start by the clock", "a schedule"
    slots: ClassVar[tuple[str, ...]] = ("reservation", "when")
    SHOW, END, STOP_ONLY = "show", "end", "stop_only"

    def is_bare_answer(self, turn: Turn) -> bool:
        """ "Every night at 7", where the time is asked for."""
        if turn.asked != "when" or turn.is_button:
            return super().is_bare_answer(turn)
        others = set(clauses.tasks_in(turn.text)) - {"stop_resource", "start_resource"}
        is_other = bool(others) or turn.intent == timer_words.REMINDER
        return not is_other and bool(timer_words.changes(turn, is_answer=True))

    async def fill(self, turn: Turn, moment: Moment) -> None:
        if (said := _said(turn)) is not None:
            turn.facts["when"] = said
        when = turn.facts.get("when")
        is_of_known = when in (self.SHOW, self.END, self.STOP_ONLY) or _is_of_holidays(when)
        if moment is Moment.OPENED and is_of_known and not await _says_which(turn):
            await self._fill_with_known(turn)
        elif not turn.facts.get("reservation"):
            await super().fill(turn, moment)

    async def _fill_with_known(self, turn: Turn) -> None:
        """Those that there is a schedule for, as no others can be meant."""
        own = await turn.desk.reservations(turn.actor)
        known = [item for item in own if await turn.desk.timers.schedule_of(turn.actor, item.id)]
        last = [item for item in known if item.id == turn.last_reservation]
        if not known:
            turn.say("utter_no_schedules")
        elif turn.facts["when"] == self.SHOW or len(known) == 1:
            turn.facts["reservation"] = [{"id": item.id, "name": item.name} for item in known]
        elif last:
            turn.facts["reservation"] = [{"id": last[0].id, "name": last[0].name}]
        else:
            turn.say("utter_which_schedule", options=names([item.name for item in known]))

    async def choose(self, turn: Turn) -> None:
        """When to stop is nobody's choice but the person's."""
        if turn.asked != "when":
            await super().choose(turn)


class ActionSchedulePower(DeskAction):
    """Set, show and remove: undone as easily as done, so nothing is asked."""

    topic = "schedule_power"

    async def respond(self, turn: Turn) -> None:
        """For each of the machines."""
        wanted = turn.facts["when"]
        for reservation_id in chosen(turn):
            item = await turn.desk.reservation(turn.actor, reservation_id)
            turn.last_reservation = item.id
            if wanted == SchedulePowerForm.SHOW:
                await _show(turn, item)
            elif wanted == SchedulePowerForm.END:
                gone = await turn.desk.timers.unschedule(turn.actor, item.id)
                turn.say("utter_unscheduled" if gone else "utter_no_schedule_of", name=item.name)
            elif _is_of_holidays(wanted):
                await turn.desk.timers.leave_out(turn.actor, item.id, await _holidays(turn, wanted))
                await _show(turn, item, is_new=True)
            elif wanted == SchedulePowerForm.STOP_ONLY:
                await turn.desk.timers.unschedule(turn.actor, item.id, powers=(START,))
                await _show(turn, item)
            else:
                if SchedulePowerForm.STOP_ONLY in wanted:
                    await turn.desk.timers.unschedule(turn.actor, item.id, powers=(START,))
                holidays = await _holidays(turn, wanted)
                switches = [
                    replace(timer_words.to_switch(change), holidays=holidays)
                    for change in wanted
                    if isinstance(change, dict)
                ]
                await turn.desk.timers.schedule(turn.actor, item.id, switches, conversation=turn.conversation)
                await _show(turn, item, is_new=True)


class ActionAskWhen(DeskAction):
    """At which times."""

    topic = "ask_when"

    async def respond(self, turn: Turn) -> None:
        """With examples, as there are many ways to say it."""
        if turn.form == SchedulePowerForm.topic:
            turn.say("utter_ask_when_schedule", name=names([item["name"] for item in turn.facts["reservation"]]))
        else:
            turn.say("utter_ask_when_reminder")


async def lines_of(turn: Turn, item: Reservation) -> list[str]:
    """For the details of a machine; nothing while nobody can say."""
    with suppress(Unavailable):
        if timers := await turn.desk.timers.schedule_of(turn.actor, item.id):
            return [f"By itself it {timer_words.power_lines(timers, turn.actor, turn.desk.clock())}"]
    return []


async def _show(turn: Turn, item: Reservation, *, is_new: bool = False) -> None:
    timers = await turn.desk.timers.schedule_of(turn.actor, item.id)
    if not timers:
        turn.say("utter_no_schedule_of", name=item.name)
        return
    stops = any(timer.what == STOP for timer in timers)
    is_weekly = any(timer.what == STOP and timer.weekly for timer in timers)
    starts = any(timer.what == START for timer in timers)
    turn.say(
        "utter_scheduled" if is_new else "utter_schedule",
        buttons=[button("Remove schedule", "schedule_power", resource_name=item.id, timer="remove")],
        name=item.name,
        times=timer_words.power_lines(timers, turn.actor, turn.desk.clock()),
        only=" It is never started by itself." if is_weekly and not starts else "",
        override=" Started by hand, it runs until its next stop." if is_weekly else "",
        holidays=timer_words.holidays_line(timers, turn.desk.clock()),
        held=_held(item) if stops else "",
    )


def _is_of_holidays(wanted: Any) -> bool:
    """Whether the slot holds no times, but only whether public holidays are left out."""
    return isinstance(wanted, list) and all(isinstance(item, str) and item.startswith("holidays") for item in wanted)


async def _holidays(turn: Turn, wanted: Sequence[Any]) -> str:
    """Whose public holidays are left out, by what lies in the slot: as said, else the person's own."""
    wish = next((item for item in wanted if isinstance(item, str) and item.startswith("holidays")), "")
    if not wish.startswith(timer_words.HOLIDAYS_OFF):
        return ""
    return wish.removeprefix(timer_words.HOLIDAYS_OFF) or await turn.desk.timers.place_of(turn.actor) or UNKNOWN_PLACE


def _held(item: Reservation) -> str:
    if item.is_held:
        return " You hold it now, and a hold wins: it is not stopped."
    return " While you hold it, it is not stopped."


def _said(turn: Turn) -> str | list[dict[str, Any] | str] | None:
    if timer_words.is_question(turn):
        return SchedulePowerForm.SHOW if turn.intent == timer_words.SCHEDULE else None
    if timer_words.ends_schedule(turn):
        return SchedulePowerForm.END
    found = timer_words.changes(turn, is_answer=turn.asked == "when")
    is_stop_only = timer_words.is_stop_only(turn)
    holidays = timer_words.holidays_wished(turn)
    if not found and holidays and not is_stop_only:
        return [holidays]
    if not found and timer_words.asks_for_list(turn):
        return SchedulePowerForm.SHOW
    if not found:
        return SchedulePowerForm.STOP_ONLY if is_stop_only else None
    more = [holidays] if holidays else []
    return [*timer_words.to_slot(found), *more, *([SchedulePowerForm.STOP_ONLY] if is_stop_only else ())]


async def _says_which(turn: Turn) -> bool:
    return bool(await resolve.said_names(turn)) or resolve.narrows(turn)
