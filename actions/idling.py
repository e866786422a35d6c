"""Machines that nobody uses: keep them all the same, protect a long job, and what is to happen when they are idle."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from actions import idle_words
from actions.base import DeskAction
from actions.buttons import button
from actions.turn import Turn
from actions.wording import duration
from clouddesk.language.localtime import local_time
from clouddesk.model.errors import Invalid
from clouddesk.model.idling import IdleWish
from clouddesk.model.reservation import STOPPED, Reservation

KEEP_IDLE = "keep_idle"
"""The decision of a notice's button: ``keep_idle@<seconds>:<which question>``."""
IDLE_USUAL = "idle_usual"
IDLE_NEVER = "idle_never"
"""Decisions of our own buttons: as usual, and never stopped by itself."""
DECISIONS = (KEEP_IDLE, IDLE_USUAL, IDLE_NEVER)


class ActionIdling(DeskAction):
    """What words want with idle machines; undone as easily as done, so nothing is asked."""

    topic = "idling"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """For each of the machines that are meant."""
        words = turn.idle_words
        if words is None or not words.items:
            turn.say("utter_idle_which")
            return
        for item in words.items:
            turn.last_reservation = item.id
            request_id = f"{turn.conversation}/{turn.message_id}/{item.id}"
            if words.what == idle_words.SHOW:
                await _show(turn, item)
            elif words.what == idle_words.WISH:
                await turn.desk.idling.wish(turn.actor, item.id, words.wish, request_id=request_id)
                await _show(turn, item)
            elif words.until is not None:
                is_job = words.what == idle_words.PROTECT
                await _keep(turn, item, words.until, request_id, is_protected=is_job)


async def decide(turn: Turn, option: str, reservation_id: str, said: str) -> None:
    """What a button says. All of a question's buttons are one wish: the first that is pressed counts."""
    item = await turn.desk.reservation(turn.actor, reservation_id)
    turn.last_reservation = item.id
    if option != KEEP_IDLE:
        wish = IdleWish(stop_seconds=0) if option == IDLE_NEVER else IdleWish()
        request_id = f"{turn.conversation}/{turn.message_id}/{item.id}"
        await turn.desk.idling.wish(turn.actor, item.id, wish, request_id=request_id)
        await _show(turn, item)
        return
    seconds, _, asked = said.partition(":")
    if not seconds.isdigit():
        raise Invalid("That button is not one of mine.")
    until = turn.desk.clock() + timedelta(seconds=int(seconds))
    await _keep(turn, item, until, f"{item.id}:asked:{asked}", is_protected=False)


async def _keep(turn: Turn, item: Reservation, until: datetime, request_id: str, *, is_protected: bool) -> None:
    done = await turn.desk.idling.keep(turn.actor, item.id, until, request_id=request_id, is_protected=is_protected)
    now = turn.desk.clock()
    kept_until = done.idling.kept_until
    if kept_until is None or kept_until <= now:
        # The question of that button was answered before, and that is over.
        turn.say("utter_already_answered")
        return
    if done.state == STOPPED:
        start = button("Start", "start_resource", resource_name=done.id)
        turn.say(
            "utter_idle_kept_stopped", buttons=[start], name=done.name, until=local_time(kept_until, turn.actor, now)
        )
        return
    left = (kept_until - done.expires_at).total_seconds()
    minutes = math.ceil(left / 60)
    turn.say(
        "utter_idle_protected" if done.idling.is_protected_at(now) else "utter_idle_kept",
        buttons=[
            button(f"Extend by {duration(left)}", "extend_reservation", resource_name=done.id, duration_minutes=minutes)
        ]
        if minutes > 0
        else None,
        name=done.name,
        until=local_time(kept_until, turn.actor, now),
        lease=f" Its lease ends before that, {local_time(done.expires_at, turn.actor, now)}." if minutes > 0 else "",
    )


async def _show(turn: Turn, item: Reservation) -> None:
    """What happens when nobody uses it."""
    item = await turn.desk.reservation(turn.actor, item.id)
    limits = await turn.desk.idling.thresholds(turn.actor, item.id)
    now = turn.desk.clock()
    response = "utter_idle_rule" if limits.stop_seconds else "utter_idle_rule_only_asked"
    is_usual = item.idling.wish == IdleWish()
    usual = button("As usual", "decide", reservation_id=item.id, decision=IDLE_USUAL)
    never = button("Never stop it by itself", "decide", reservation_id=item.id, decision=IDLE_NEVER)
    turn.say(
        response if limits.ask_seconds else "utter_idle_rule_none",
        buttons=[*((never,) if limits.ask_seconds and limits.stop_seconds else ()), *(() if is_usual else (usual,))]
        or None,
        name=item.name,
        wait=duration(limits.ask_seconds),
        after=duration(limits.stop_seconds),
        kept=f" Until {local_time(item.idling.kept_until, turn.actor, now)} I leave it alone."
        if item.idling.kept_until and item.idling.is_kept(now)
        else "",
    )
