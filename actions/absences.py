"""Absences: what still runs is told and asked about once, and what was decided is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from actions import away
from actions.base import DeskAction, hand_over, say_fault
from actions.buttons import button
from actions.lifecycle import request_id, unprotected
from actions.turn import Button, Turn
from actions.wording import names
from clouddesk.absences import Leaving
from clouddesk.language.absences import Away
from clouddesk.language.localtime import local_time, zone_of
from clouddesk.language.money import money
from clouddesk.model.absence import CHOOSE, KEEP, NOTHING, STOP_LATER, STOP_NOW, Absence
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.reservation import STOPPED, Reservation

_MOST_STARTS = 4
_SOON = timedelta(minutes=10)
_DECIDED = {
    STOP_NOW: "They were stopped, as you said.",
    STOP_LATER: "They are stopped when you leave, as you said.",
    KEEP: "They keep running, as you said.",
    CHOOSE: "You chose which ones stop.",
    NOTHING: "",
}


class ActionAbsence(DeskAction):
    """ "I'm off next week", "I'm back"."""

    topic = "absence"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Asked once; told again, it is only noted."""
        said = away.find(turn)
        if isinstance(said, Away):
            await _leave(turn, said)
        elif await turn.desk.absences.end(turn.actor) is not None:
            await _return(turn)
        else:
            await hand_over(turn, "greet")


async def decide(turn: Turn, answer: str, absence_id: str, *, only: str = "") -> None:
    """What is to become of what runs; ``absence_id``: of the button, "" for words. ``only``: of this one machine."""
    known = await turn.desk.absences.current(turn.actor)
    if known is None or (absence_id and known.id != absence_id) or known.answer == answer:
        turn.say("utter_already_answered")
        return
    running = await turn.desk.absences.running(turn.actor, known.since)
    is_later = answer == STOP_LATER and known.since > turn.desk.clock()
    if answer == CHOOSE and len(running) == 1:
        _ask(turn, known, running)
    elif is_later:
        meant = [item for item in running if not only or item.id == only]
        stop = unprotected(turn, meant)
        answered = CHOOSE if only else answer
        leaving = await turn.desk.absences.answer(turn.actor, answered, stop=stop, conversation=turn.conversation)
        if running:
            _say_leaving(turn, known, leaving)
        else:
            turn.say("utter_away_nothing", when=_when(turn, known))
    elif answer in (STOP_NOW, STOP_LATER) and len(running) > 1 and not turn.is_button:
        # Words may have been meant for fewer of them.
        await turn.desk.absences.answer(turn.actor, CHOOSE)
        turn.facts = {"reservation": [{"id": item.id, "name": item.name} for item in running]}
        await hand_over(turn, "stop_resource")
    else:
        done = await _stop(turn, unprotected(turn, running)) if answer in (STOP_NOW, STOP_LATER) else []
        await turn.desk.absences.answer(turn.actor, answer)
        if answer == CHOOSE:
            turn.go_to("stop_resource")
        elif not running:
            turn.say("utter_away_nothing", when=_when(turn, known))
        elif answer == KEEP:
            turn.say("utter_away_kept", ending=_ending(turn, running, known))
        elif done:
            turn.say("utter_away_stopping", names=names([item.name for item in done]))


async def _leave(turn: Turn, said: Away) -> None:
    noted = await turn.desk.absences.note(turn.actor, said.since, said.until)
    known, running = noted.absence, noted.running
    when = _when(turn, known)
    if noted.replaced:
        turn.say("utter_away_replaced", when=_when(turn, noted.replaced))
    if not running:
        turn.say("utter_away_nothing", when=when)
    elif known.answer:
        turn.say("utter_away_known", when=when, decided=_DECIDED[known.answer])
    else:
        _ask(turn, known, running)


def _ask(turn: Turn, known: Absence, running: Sequence[Reservation]) -> None:
    # Told of several at once, "it" is none of them alone.
    turn.last_reservation = running[0].id if len(running) == 1 else None
    total = sum(turn.desk.absences.cost_usd(item, known.until) for item in running)
    turn.say(
        "utter_away",
        buttons=_buttons(turn, known, running),
        when=_when(turn, known),
        lines=turn.desk.absences.lines(running, known.until),
        total=money(total),
        hint=_hint(running),
    )


async def _return(turn: Turn) -> None:
    own = await turn.desk.reservations(turn.actor)
    stopped = [item for item in own if item.state == STOPPED]
    if stopped:
        starts = [button(f"Start {item.name}", "start_resource", resource_name=item.id) for item in stopped]
        turn.say("utter_back", buttons=starts[:_MOST_STARTS], names=names([item.name for item in stopped]))
    else:
        turn.say("utter_back_nothing")


async def _stop(turn: Turn, running: Sequence[Reservation]) -> list[Reservation]:
    """Those that it was done to; of the others it is said why not."""
    return [item for item in running if await _is_stopped(turn, item)]


async def _is_stopped(turn: Turn, item: Reservation) -> bool:
    try:
        await turn.desk.power.stop(turn.actor, item.id, request_id=request_id(turn, item))
    except CloudDeskError as error:
        say_fault("action_absence", turn, error)
        return False
    return True


def _say_leaving(turn: Turn, known: Absence, leaving: Leaving) -> None:
    for _, error in leaving.failed:
        say_fault("action_absence", turn, error)
    for item, at in leaving.sooner:
        turn.say("utter_away_stops_sooner", name=item.name, at=local_time(at, turn.actor, turn.desk.clock()))
    if leaving.stopping:
        held = names([item.name for item in leaving.stopping if item.is_held])
        turn.say(
            "utter_away_stopping_later",
            names=names([item.name for item in leaving.stopping]),
            start=local_time(known.since, turn.actor, turn.desk.clock()),
            held=f" While you hold {held}, I don't stop it." if held else "",
        )
    for item, at in leaving.in_place_of:
        turn.say("utter_away_stop_replaced", name=item.name, at=local_time(at, turn.actor, turn.desk.clock()))


def _buttons(turn: Turn, known: Absence, running: Sequence[Reservation]) -> list[Button]:
    what = "all" if len(running) > 1 else "it"
    is_ahead = known.since > turn.desk.clock() + _SOON
    offered = [
        (f"Stop {what} now", STOP_NOW),
        *([(f"Stop {what} when I leave", STOP_LATER)] if is_ahead else ()),
        (f"Keep {what}", KEEP),
        *([("Choose", CHOOSE)] if len(running) > 1 else ()),
    ]
    return [button(title, "decide", decision=f"{answer}@{known.id}") for title, answer in offered]


def _when(turn: Turn, known: Absence) -> str:
    """ "from Monday 9 March, back on Monday 16 March"."""
    zone, now = zone_of(turn.actor.timezone), turn.desk.clock()
    since, until = (moment and moment.astimezone(zone) for moment in (known.since, known.until))
    assert since is not None
    begin = "now" if known.since <= now else f"from {since:%A} {since.day} {since:%B}"
    return f"{begin}, back on {until:%A} {until.day} {until:%B}" if until else begin


def _hint(running: Sequence[Reservation]) -> str:
    """Where stopping saves nothing."""
    same = [
        item.name
        for item in running
        if item.hourly_price_usd and item.stopped_hourly_price_usd >= item.hourly_price_usd
    ]
    return (
        f" Stopping {names(same)} saves nothing, as its cloud bills stopped machines too; giving back does."
        if same
        else ""
    )


def _ending(turn: Turn, running: Sequence[Reservation], known: Absence) -> str:
    """Those whose lease is over before the return."""
    now = turn.desk.clock()
    ending = [item for item in running if known.until is None or item.expires_at < known.until]
    told = names([f"{item.name} {local_time(item.expires_at, turn.actor, now)}" for item in ending])
    return f" By its lease ends: {told}." if told else ""
