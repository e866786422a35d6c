"""What happens to reservations that exist: extend, stop, start, reboot, give back."""

from __future__ import annotations

from collections.abc import Sequence

from actions import cards, questions, resolve
from actions.base import DeskAction
from actions.create import drop_open
from actions.requests import button, payload
from actions.turn import Turn
from actions.wording import amount, duration, hourly, local_time, plural, provider_title
from clouddesk.language.clock import resolve_until
from clouddesk.model.errors import Invalid
from clouddesk.model.reservation import Reservation


class ActionTerminateResource(DeskAction):
    """Giving back is for good, so it is confirmed with numbers first."""

    topic = "terminate_resource"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes is answered in ``actions/answers.py``."""
        drop_open(turn)
        items = await resolve.which(turn, self.topic, several=True)
        if items:
            ask_release(turn, items)


class ActionStopResource(DeskAction):
    """Stopping can be undone, so it is done at once."""

    topic = "stop_resource"

    async def respond(self, turn: Turn) -> None:
        """Stop all that are meant."""
        drop_open(turn)
        for item in await resolve.which(turn, self.topic, several=True):
            done = await turn.desk.stop(turn.actor, item.id)
            turn.last_reservation = done.id
            saves = done.disk_hourly_price_usd < done.hourly_price_usd
            turn.say(
                "utter_stopping" if saves else "utter_stopping_saves_nothing",
                buttons=[button("Start again", "start_resource", resource_name=done.id)],
                name=done.name,
                provider=provider_title(done.provider),
                stopped_hourly=hourly(done.disk_hourly_price_usd),
            )


class ActionStartResource(DeskAction):
    """Power on what is stopped."""

    topic = "start_resource"

    async def respond(self, turn: Turn) -> None:
        """Start all that are meant."""
        drop_open(turn)
        for item in await resolve.which(turn, self.topic, several=True):
            done = await turn.desk.start(turn.actor, item.id)
            turn.last_reservation = done.id
            turn.say("utter_starting", name=done.name)


class ActionRebootResource(DeskAction):
    """Restart the operating systems."""

    topic = "reboot_resource"

    async def respond(self, turn: Turn) -> None:
        """Reboot all that are meant."""
        drop_open(turn)
        for item in await resolve.which(turn, self.topic, several=True):
            done = await turn.desk.reboot(turn.actor, item.id)
            turn.last_reservation = done.id
            turn.say("utter_rebooting", name=done.name)


class ActionExtendReservation(DeskAction):
    """Lengthen a lease by a time or until an end."""

    topic = "extend_reservation"

    async def respond(self, turn: Turn) -> None:
        """Extend, or ask by how long."""
        drop_open(turn)
        for item in await resolve.which(turn, self.topic):
            await extend(turn, item)


async def extend(turn: Turn, item: Reservation) -> None:
    """Extend this reservation by what the message says; ask when it says nothing of it."""
    now = turn.desk.clock()
    seconds = _seconds(turn, item)
    if seconds is None:
        ask_duration(turn, item)
        return
    # The same message delivered twice extends once.
    request_id = f"{turn.conversation}/{turn.message_id}/{item.id}"
    price = await turn.desk.extension_price_usd(turn.actor, item.id, seconds)
    done = await turn.desk.extend(turn.actor, item.id, seconds, request_id=request_id)
    turn.last_reservation = done.id
    turn.settle()
    turn.say(
        "utter_extended",
        name=done.name,
        ends=local_time(done.expires_at, turn.actor.timezone, now),
        duration=duration(seconds),
        price=amount(price),
    )


def ask_duration(turn: Turn, item: Reservation) -> None:
    """By how long?"""
    turn.ask({"kind": "duration", "id": item.id, "name": item.name})
    turn.say(
        "utter_ask_duration",
        buttons=[
            button(title, "extend_reservation", resource_name=item.id, duration_minutes=minutes)
            for title, minutes in (("1 hour", 60), ("4 hours", 240), ("1 day", 1440))
        ],
        name=item.name,
        ends=local_time(item.expires_at, turn.actor.timezone, turn.desk.clock()),
    )


def ask_release(turn: Turn, items: Sequence[Reservation]) -> None:
    """Name what will be gone and what it has cost, and ask."""
    now = turn.desk.clock()
    cost = amount(sum(item.cost_so_far_usd(now) for item in items))
    machines = plural(sum(item.node_count for item in items), "machine")
    ids, called = [item.id for item in items], [item.name for item in items]
    turn.ask({"kind": "confirm_release", "ids": ids, "names": called})
    turn.last_reservation = ids[0]
    one = ids[0] if len(ids) == 1 else ids
    buttons = [
        {"title": "Yes, give back", "payload": payload("affirm", {"reservation_id": one})},
        {"title": "No, keep", "payload": payload("deny", {"reservation_id": one})},
    ]
    if len(items) == 1:
        where = f"{machines} on {provider_title(items[0].provider)}"
        turn.say("utter_confirm_release", buttons=buttons, name=called[0], machines=where, cost=cost)
        return
    options = [{"id": item.id, "name": item.name, "line": _line(turn, item)} for item in items]
    turn.say(
        "utter_confirm_release_many",
        buttons=buttons,
        options=questions.numbered(options),
        machines=machines,
        cost=cost,
    )


def _line(turn: Turn, item: Reservation) -> str:
    return cards.reservation_line(item, turn.actor, turn.desk.clock())


def _seconds(turn: Turn, item: Reservation) -> int | None:
    """How much longer, as said; None when nothing was said of it."""
    minutes = turn.one_of("duration_minutes")
    if minutes is not None:
        return round(float(minutes) * 60)
    until = turn.one_of("until")
    if until is None:
        return None
    now = turn.desk.clock()
    end = resolve_until(str(until), now=now, timezone=turn.actor.timezone)
    if end is None:
        raise Invalid(f"I could not tell when “{until}” is. Say it like “by 2 hours” or “until friday 5pm”.")
    if end <= item.expires_at:
        ends = local_time(item.expires_at, turn.actor.timezone, now)
        raise Invalid(f"{item.name} already lasts longer than that: it ends {ends}.")
    return round((end - item.expires_at).total_seconds())
