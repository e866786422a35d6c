"""What happens to reservations that exist: extend, stop, start, reboot, give back."""

from __future__ import annotations

from collections.abc import Sequence

from actions import cards, questions
from actions.bare import numbered
from actions.base import DeskAction
from actions.requests import button
from actions.turn import Turn
from actions.wording import duration, plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.model.reservation import Reservation


class ActionTerminateResource(DeskAction):
    """Giving back is for good, so it is confirmed with numbers first."""

    topic = "terminate_resource"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes is answered in ``actions/answers.py``."""
        ask_release(turn, [await turn.desk.reservation(turn.actor, reservation_id) for reservation_id in chosen(turn)])


class ActionStopResource(DeskAction):
    """Stopping can be undone, so it is done at once."""

    topic = "stop_resource"

    async def respond(self, turn: Turn) -> None:
        """Stop all that are meant."""
        for reservation_id in chosen(turn):
            done = await turn.desk.stop(turn.actor, reservation_id)
            turn.last_reservation = done.id
            saves = done.stopped_hourly_price_usd < done.hourly_price_usd
            turn.say(
                "utter_stopping" if saves else "utter_stopping_saves_nothing",
                buttons=[button("Start again", "start_resource", resource_name=done.id)],
                name=done.name,
                provider=provider_title(done.provider),
                stopped_hourly=hourly(done.stopped_hourly_price_usd),
            )


class ActionStartResource(DeskAction):
    """Power on what is stopped."""

    topic = "start_resource"

    async def respond(self, turn: Turn) -> None:
        """Start all that are meant."""
        for reservation_id in chosen(turn):
            done = await turn.desk.start(turn.actor, reservation_id)
            turn.last_reservation = done.id
            turn.say("utter_starting", name=done.name)


class ActionRebootResource(DeskAction):
    """Restart the operating systems."""

    topic = "reboot_resource"

    async def respond(self, turn: Turn) -> None:
        """Reboot all that are meant."""
        for reservation_id in chosen(turn):
            done = await turn.desk.reboot(turn.actor, reservation_id)
            turn.last_reservation = done.id
            turn.say("utter_rebooting", name=done.name)


class ActionExtendReservation(DeskAction):
    """Lengthen a lease."""

    topic = "extend_reservation"

    async def respond(self, turn: Turn) -> None:
        """Extend, and say what the longer time costs."""
        reservation_id, seconds = chosen(turn)[0], turn.facts["duration"]
        # The same message delivered twice extends once.
        request_id = f"{turn.conversation}/{turn.message_id}/{reservation_id}"
        price = await turn.desk.extension_price_usd(turn.actor, reservation_id, seconds)
        done = await turn.desk.extend(turn.actor, reservation_id, seconds, request_id=request_id)
        turn.last_reservation = done.id
        turn.say(
            "utter_extended",
            name=done.name,
            ends=local_time(done.expires_at, turn.actor.timezone, turn.desk.clock()),
            duration=duration(seconds),
            price=money(price),
        )


def chosen(turn: Turn) -> list[str]:
    """The ids that the form found."""
    return [item["id"] for item in turn.facts["reservation"]]


def ask_release(turn: Turn, items: Sequence[Reservation]) -> None:
    """Name what will be gone and what it has cost, and ask."""
    now = turn.desk.clock()
    cost = money(sum(item.cost_so_far_usd(now) for item in items))
    machines = plural(sum(item.node_count for item in items), "machine")
    ids, called = [item.id for item in items], [item.name for item in items]
    question = {"kind": "confirm_release", "ids": ids, "names": called}
    turn.ask(question)
    turn.last_reservation = ids[0]
    buttons = questions.buttons(question)
    if len(items) == 1:
        where = f"{machines} on {provider_title(items[0].provider)}"
        turn.say("utter_confirm_release", buttons=buttons, name=called[0], machines=where, cost=cost)
        return
    options = [{"id": item.id, "name": item.name, "line": _line(turn, item)} for item in items]
    turn.say(
        "utter_confirm_release_many",
        buttons=buttons,
        options=numbered(options),
        machines=machines,
        cost=cost,
    )


def _line(turn: Turn, item: Reservation) -> str:
    return cards.reservation_line(item, turn.actor, turn.desk.clock())
