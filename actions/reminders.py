"""Reminders: at a time, each week, or before a machine ends; a list of them, and removing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from actions import clauses, resolve, timer_words
from actions.base import DeskAction
from actions.buttons import button
from actions.moments import Moment
from actions.reservation_forms import ReservationForm
from actions.turn import Turn
from actions.wording import duration
from clouddesk.model.errors import NotFound
from clouddesk.model.invalid import TimeIsOver
from clouddesk.model.timer import Timer, Weekly


class SetReminderForm(ReservationForm):
    """Asks when; and which machine, where the time is before its end.

    ``when`` holds the time (``timer_words.reminder_time``), with what it is for; or END, to remove some.
    """

    topic = "set_reminder"
    verb, about = "remind you of", "a reminder"
    slots: ClassVar[tuple[str, ...]] = ("when",)
    END = "end"

    def missing(self, turn: Turn) -> str | None:
        """Dynamic: before an end there must be something that ends."""
        is_of_one = "before" in (turn.facts.get("when") or {}) or "options" in turn.facts
        return "reservation" if is_of_one and not turn.facts.get("reservation") else super().missing(turn)

    def is_bare_answer(self, turn: Turn) -> bool:
        """ "Tomorrow at 9", where the time is asked for."""
        if turn.asked != "when" or turn.is_button:
            return super().is_bare_answer(turn)
        is_of_a_task = bool(timer_words.changes(turn) or clauses.tasks_in(turn.text))
        return not is_of_a_task and timer_words.reminder_time(turn) is not None

    async def fill(self, turn: Turn, moment: Moment) -> None:
        if moment is Moment.OPENED and timer_words.asks_for_list(turn):
            await _say_reminders(turn)
            return
        if moment is Moment.OPENED and timer_words.ends_reminder(turn):
            turn.facts["when"] = self.END
            return
        if turn.asked != "reservation" and (said := timer_words.reminder_time(turn)) is not None:
            turn.facts["when"] = {**said, "note": timer_words.note(turn)}
        is_before_end = "before" in (turn.facts.get("when") or {})
        if not turn.facts.get("reservation") and (turn.asked == "reservation" or is_before_end or await _names(turn)):
            await super().fill(turn, moment)

    async def resume(self, turn: Turn) -> None:
        """One of everything needs no machine that is there still."""
        if turn.facts.get("reservation"):
            await super().resume(turn)

    async def choose(self, turn: Turn) -> None:
        """When is nobody's choice but the person's."""
        if turn.asked != "when":
            await super().choose(turn)


class ActionSetReminder(DeskAction):
    """Set it at once: it costs nothing."""

    topic = "set_reminder"

    async def respond(self, turn: Turn) -> None:
        """One for each machine that is named, or one for all that runs then."""
        wanted = turn.facts["when"]
        if wanted == SetReminderForm.END:
            await _remove(turn)
            return
        for id_ in [item["id"] for item in turn.facts.get("reservation") or ()] or [""]:
            try:
                timer = await turn.desk.timers.remind(
                    turn.actor,
                    at=datetime.fromisoformat(wanted["at"]) if "at" in wanted else None,
                    weekly=Weekly(tuple(wanted["days"]), *wanted["clock"]) if "days" in wanted else None,
                    before_end_seconds=wanted.get("before"),
                    reservation_id=id_,
                    note=wanted["note"],
                    conversation=turn.conversation,
                )
            except TimeIsOver:
                turn.say("utter_reminder_too_late")
                continue
            turn.last_reservation = id_ or turn.last_reservation
            turn.say(
                "utter_reminder_set",
                buttons=[_remove_button("Remove", timer)],
                line=await _line(turn, timer),
            )


async def _names(turn: Turn) -> bool:
    """Whether one of the machines that there are is named or pointed at."""
    for name in await resolve.said_names(turn):
        if await turn.desk.find(turn.actor, name):
            return True
    return bool(resolve.attributes(turn) and await resolve.having(turn)) or resolve.cues_of(turn).says_which


async def _say_reminders(turn: Turn) -> None:
    known = await turn.desk.timers.reminders(turn.actor)
    if not known:
        turn.say("utter_no_reminders")
        return
    buttons = [_remove_button(f"Remove {place}", timer) for place, timer in enumerate(known[:5], 1)]
    turn.say("utter_reminders", buttons=buttons, lines=await _lines(turn, known))


async def _remove(turn: Turn) -> None:
    """By a number, by the machine, "all", or the only one."""
    known = await turn.desk.timers.reminders(turn.actor)
    if not known:
        turn.say("utter_no_reminders")
        return
    meant = await _meant(turn, known)
    if not meant:
        turn.say("utter_which_reminder", lines=await _lines(turn, known))
        return
    lines = await _lines(turn, meant)
    await turn.desk.timers.forget_reminders(turn.actor, meant)
    turn.say("utter_reminders_removed", lines=lines)


async def _meant(turn: Turn, known: Sequence[Timer]) -> list[Timer]:
    if id_ := turn.one_of("timer_id"):
        return [timer for timer in known if timer.id == id_]
    number = timer_words.number_said(turn)
    if number is not None:
        return [known[number - 1]] if 1 <= number <= len(known) else []
    named = await resolve.said_names(turn)
    if named:
        found = [item for name in named for item in await turn.desk.find(turn.actor, name)]
        return [timer for timer in known if timer.reservation_id in {item.id for item in found}]
    is_all = resolve.cues_of(turn).says_all or "reminders" in turn.text.lower()
    return list(known) if is_all or len(known) == 1 else []


def _remove_button(title: str, timer: Timer) -> dict[str, Any]:
    return button(title, "set_reminder", timer="remove", timer_id=timer.id)


async def _lines(turn: Turn, timers: Sequence[Timer]) -> str:
    return "\n".join([f"{place}. {await _line(turn, timer)}" for place, timer in enumerate(timers, 1)])


async def _line(turn: Turn, timer: Timer) -> str:
    """ "tomorrow 09:00 (once) of etl-1: stop it", "30 minutes before etl-1 ends"."""
    note = f": {timer.note}" if timer.note else ""
    name = "all that runs then"
    if timer.reservation_id:
        try:
            name = f"*{(await turn.desk.reservation(turn.actor, timer.reservation_id)).name}*"
        except NotFound:
            name = "a machine that is gone"
    if timer.before_end_seconds is not None:
        return f"{duration(timer.before_end_seconds)} before {name} ends{note}"
    return f"{timer_words.when(timer, turn.actor, turn.desk.clock())} of {name}{note}"
