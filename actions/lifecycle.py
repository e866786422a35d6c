"""What happens to reservations that exist: extend, stop, start, reboot, give back.

What is for good, dear, or for several at once is asked first, with what it does in numbers.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from actions import again, approving, cards, notified, questions, retries
from actions.bare import numbered
from actions.base import DeskAction, say_fault
from actions.buttons import button
from actions.reservation_forms import seconds_until
from actions.turn import Button, Question, Turn
from actions.wording import duration, names, of_error, plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.model.approval import OverBudget
from clouddesk.model.errors import CloudDeskError, ImagesLost, LimitExceeded, Protected
from clouddesk.model.notice import OFFERED_EXTENSION_SECONDS
from clouddesk.model.reservation import ARCHIVED, Reservation

DEAR_USD = 10.0
"""An extension from this price on is asked first."""


class ActionTerminateResource(DeskAction):
    """Giving back is for good, so it is confirmed with numbers first."""

    topic = "terminate_resource"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes is answered in ``actions/answers.py``."""
        items = [await turn.desk.owned(turn.actor, reservation_id) for reservation_id in chosen(turn)]
        if len(items) == 1 and items[0].is_protected:
            raise Protected(items[0].name)
        if left := unprotected(turn, items):
            ask_release(turn, left)


class ReservationTask(DeskAction):
    """Something that is done to each of the reservations that the form found."""

    doing: ClassVar[str]
    spares_protected: ClassVar[bool] = False
    """Whether of several those are left out that are protected."""

    @abstractmethod
    async def do(self, turn: Turn, item: Reservation) -> None:
        """Do it to one, and say so."""

    @abstractmethod
    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        """Ask first, in numbers, when it takes a yes; False when it does not."""

    def describe(self, turn: Turn, items: Sequence[Reservation]) -> str:
        """What is asked about, for "shall I go ahead with …"."""
        return f"{self.doing} {names([item.name for item in items])}"

    def yes(self, items: Sequence[Reservation]) -> str:
        """On the button for it; "" for the usual."""
        return ""

    async def respond(self, turn: Turn) -> None:
        """One that fails does not keep the others from it; those that failed can be tried again."""
        items = await _looked_up(turn)
        if self.spares_protected and not turn.facts.get("is_confirmed"):
            items = unprotected(turn, items)
            turn.facts = {**turn.facts, "reservation": [{"id": item.id, "name": item.name} for item in items]}
            if not items:
                return
        if not turn.facts.get("is_confirmed") and await self.ask(turn, items):
            if turn.next_form:
                return
            # Of several it may be only some that it can be done to.
            asked = chosen(turn)
            items = [item for item in items if item.id in asked]
            doing = self.describe(turn, items)
            price = turn.replies[-1].get("price")
            wish = retries.wish(turn, self.topic)
            turn.ask({**wish, "kind": "confirm_task", "doing": doing, "price": price, "title": self.yes(items)})
            _drop_same(turn, "confirm_task", {item.id for item in items}, self.topic)
            turn.replies[-1]["buttons"] = _with_others(turn.question or {}, turn.replies[-1].get("buttons") or ())
            turn.last_reservation = items[0].id
            return
        failed: list[tuple[Reservation, CloudDeskError]] = []
        for item in items:
            try:
                await self.do(turn, item)
            except OverBudget as over:
                await approving.ask(turn, over)
            except CloudDeskError as error:
                failed.append((item, error))
                continue
            turn.last_reservation = item.id
            notified.settle(turn, item.id)
        if not failed:
            return
        left = [{"id": item.id, "name": item.name} for item, _ in failed]
        if len(items) > 1:
            wish = retries.wish(turn, self.topic)
            turn.wish = {**wish, "facts": {**turn.facts, "reservation": left, "is_confirmed": True}}
        *others, (_, last) = sorted(failed, key=lambda pair: retries.is_passing(pair[1]))
        for _, other in others:
            say_fault(self.name(), turn, other)
        raise last


class ActionStopResource(ReservationTask):
    """Stopping can be undone, so that one is stopped at once."""

    topic = "stop_resource"
    doing = "stopping"
    spares_protected = True

    async def do(self, turn: Turn, item: Reservation) -> None:
        done = await turn.desk.power.stop(turn.actor, item.id, request_id=request_id(turn, item))
        archived = done.archived_hourly_price_usd
        saves = done.stopped_hourly_price_usd < done.hourly_price_usd or done.hourly_price_usd == 0
        buttons = [button("Start again", "start_resource", resource_name=done.id)]
        response = "utter_stopping" if saves else "utter_stopping_saves_nothing"
        if not saves and archived is not None and archived < done.stopped_hourly_price_usd:
            response = "utter_stopping_archive_saves"
            buttons.append(button("Archive it", "archive_resource", resource_name=done.id))
        turn.say(
            response,
            buttons=buttons,
            name=done.name,
            provider=provider_title(done.provider),
            stopped_hourly=hourly(done.stopped_hourly_price_usd),
            archived_hourly=hourly(archived),
        )

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        price = sum(item.hourly_price_usd for item in items)
        stopped_price = sum(item.stopped_hourly_price_usd for item in items)
        archived = [item.archived_hourly_price_usd for item in items]
        response, buttons, archived_price = "utter_confirm_stop_many", None, None
        if stopped_price >= price:
            response = "utter_confirm_stop_many_saves_nothing"
            if None not in archived and len(items) > 1:
                archived_price = sum(each or 0.0 for each in archived)
                response = "utter_confirm_stop_many_archive_saves"
                buttons = [button("Archive them", "archive_resource", resource_name=[item.id for item in items])]
        return _ask_for_several(
            turn,
            response,
            items,
            buttons=buttons,
            hourly=hourly(price),
            stopped_hourly=hourly(stopped_price),
            archived_hourly=hourly(archived_price),
        )


class ActionStartResource(ReservationTask):
    """Power on what is stopped."""

    topic = "start_resource"
    doing = "starting"

    async def do(self, turn: Turn, item: Reservation) -> None:
        try:
            done = await turn.desk.power.start(turn.actor, item.id, request_id=request_id(turn, item))
        except ImagesLost as error:
            response, values = of_error(error)
            give_back = button("Give it back", "terminate_resource", resource_name=item.id)
            turn.say(response, buttons=[again.order_button(item), give_back], **values)
            return
        if item.state != ARCHIVED:
            turn.say("utter_starting", name=done.name)
            return
        if lost := len(item.images) - len(item.kept_images):
            turn.say("utter_restoring_part", name=done.name, lost=plural(lost, "machine"))
        turn.say(
            "utter_restoring" if done.all_software else "utter_restoring_bare",
            name=done.name,
            what=cards.short_line(done),
            hourly=hourly(done.hourly_price_usd),
        )

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        price = hourly(sum(item.hourly_price_usd for item in items))
        return _ask_for_several(turn, "utter_confirm_start_many", items, hourly=price)


class ActionRebootResource(ReservationTask):
    """Restart the operating systems."""

    topic = "reboot_resource"
    doing = "rebooting"

    async def do(self, turn: Turn, item: Reservation) -> None:
        done = await turn.desk.power.reboot(turn.actor, item.id, request_id=request_id(turn, item))
        turn.say("utter_rebooting", name=done.name)

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        return _ask_for_several(turn, "utter_confirm_reboot_many", items)


class ActionExtendReservation(ReservationTask):
    """Lengthen a lease. A short time for one costs little and is given at once."""

    topic = "extend_reservation"
    doing = "extending"

    async def do(self, turn: Turn, item: Reservation) -> None:
        seconds = _seconds(turn, item)
        if seconds is None:
            return
        price = await turn.desk.leases.extension_price_usd(turn.actor, item.id, seconds)
        findings = await turn.desk.leases.look_at_extension(turn.actor, item.id, seconds)
        done = await turn.desk.leases.extend(turn.actor, item.id, seconds, request_id=request_id(turn, item))
        turn.say(
            "utter_extended",
            name=done.name,
            ends=local_time(done.expires_at, turn.actor, turn.desk.clock()),
            duration=duration(seconds),
            price=money(price),
            budget=approving.note(turn, findings, item.owner),
        )

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        said_before = len(turn.replies)
        lengths = [(item, seconds) for item in items if (seconds := _seconds(turn, item))]
        if not lengths:
            return False
        del turn.replies[said_before:]
        try:
            prices = [
                await turn.desk.leases.extension_price_usd(turn.actor, item.id, seconds) for item, seconds in lengths
            ]
        except LimitExceeded as error:
            # Asked before anything is offered, and the form goes on with a smaller number.
            say_fault(self.name(), turn, error)
            turn.go_to(self.topic, reservation=turn.facts["reservation"])
            return True
        ends = [
            local_time(item.expires_at + timedelta(seconds=seconds), turn.actor, turn.desk.clock())
            for item, seconds in lengths
        ]
        is_offer = lengths[0][1] == OFFERED_EXTENSION_SECONDS and any(
            notice.reservation_id == items[0].id for notice in turn.notices
        )
        if len(items) > 1:
            lines = [
                {"id": item.id, "name": item.name, "line": f"{item.name}: until {end}, {money(price)}"}
                for (item, _), end, price in zip(lengths, ends, prices, strict=True)
            ]
            turn.say("utter_confirm_extend_many", options=numbered(lines), price=_together(prices))
        elif (prices[0] is None or prices[0] >= DEAR_USD) and not is_offer:
            length = duration(lengths[0][1])
            price = money(prices[0])
            findings = await turn.desk.leases.look_at_extension(turn.actor, items[0].id, lengths[0][1])
            budget = approving.note(turn, findings, items[0].owner)
            turn.say(
                "utter_confirm_extend", name=items[0].name, duration=length, ends=ends[0], price=price, budget=budget
            )
        else:
            return False
        return True


def _together(prices: Sequence[float | None]) -> str:
    known = [price for price in prices if price is not None]
    return money(sum(known) if len(known) == len(prices) else None)


def request_id(turn: Turn, item: Reservation) -> str:
    """The same message delivered twice is one wish."""
    return f"{turn.conversation}/{turn.message_id}/{item.id}"


def chosen(turn: Turn) -> list[str]:
    """The ids that the form found."""
    return [item["id"] for item in turn.facts["reservation"]]


def ask_release(turn: Turn, items: Sequence[Reservation]) -> None:
    """Name what will be gone and what it has cost, and ask."""
    now = turn.desk.clock()
    cost = money(sum(item.cost_so_far_usd(now) for item in items))
    ids, called = [item.id for item in items], [item.name for item in items]
    question = {"kind": "confirm_release", "ids": ids, "names": called}
    turn.ask(question)
    _drop_same(turn, "confirm_release", set(ids))
    turn.last_reservation = ids[0]
    buttons = questions.buttons(question)
    if len(items) == 1:
        where = f"{machines_of(items)} on {provider_title(items[0].provider)}"
        ends = local_time(items[0].expires_at, turn.actor, now)
        response = "utter_confirm_release_archived" if items[0].state == ARCHIVED else "utter_confirm_release"
        if items[0].has_lost_images:
            response = "utter_confirm_release_lost"
        turn.say(response, buttons=buttons, name=called[0], machines=where, cost=cost, ends=ends)
    else:
        options = numbered_lines(turn, items)
        machines = machines_of(items)
        lost = "Disks, images" if any(item.state == ARCHIVED for item in items) else "Disks"
        turn.say(
            "utter_confirm_release_many", buttons=buttons, options=options, machines=machines, cost=cost, lost=lost
        )


def unprotected(turn: Turn, items: Sequence[Reservation]) -> list[Reservation]:
    """Those of several that are not protected; the others are said to be left alone."""
    if len(items) < 2:
        return list(items)
    kept = [item.name for item in items if item.is_protected]
    if kept:
        turn.say("utter_protected_left", names=names(kept), are="is" if len(kept) == 1 else "are")
    return [item for item in items if not item.is_protected]


def _drop_same(turn: Turn, kind: str, ids: set[str], topic: str | None = None) -> None:
    """What is asked anew does not wait besides."""
    turn.parked = [
        entry
        for entry in turn.parked
        if (question := entry.get("question")) is None
        or question["kind"] != kind
        or question.get("topic") != topic
        or not {*question.get("ids", ()), *(item["id"] for item in question.get("facts", {}).get("reservation") or ())}
        <= ids
    ]


def _with_others(question: Question, others: Sequence[Button]) -> list[Button]:
    """Yes and no, with what else can be done in between."""
    *yes, no = questions.buttons(question)
    return [*yes, *others, no]


async def _looked_up(turn: Turn) -> list[Reservation]:
    return [await turn.desk.reservation(turn.actor, reservation_id) for reservation_id in chosen(turn)]


def _ask_for_several(turn: Turn, response: str, items: Sequence[Reservation], **values: Any) -> bool:
    if len(items) < 2:
        return False
    turn.say(response, options=numbered_lines(turn, items), machines=machines_of(items), **values)
    return True


def _seconds(turn: Turn, item: Reservation) -> int | None:
    """By how much; None when it lasts longer already, which was said."""
    length = turn.facts["duration"]
    return seconds_until(turn, item, length) if isinstance(length, str) else int(length)


def machines_of(items: Sequence[Reservation]) -> str:
    """How many machines these are, or were: "3 machines"."""
    return plural(sum(item.node_count for item in items), "machine")


def numbered_lines(turn: Turn, items: Sequence[Reservation]) -> str:
    """Their lines, with numbers."""
    now = turn.desk.clock()
    options: list[dict[str, Any]] = [
        {"id": item.id, "name": item.name, "line": cards.reservation_line(item, turn.actor, now)} for item in items
    ]
    return numbered(options)
