"""Growing and shrinking: which one and to how many, what that costs, and doing it after a yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar

from actions import approving, clauses, rescaling, resolve
from actions.base import DeskAction, hand_over, say_fault
from actions.buttons import button
from actions.lifecycle import ReservationTask, request_id
from actions.moments import Moment
from actions.rescaling import TOPIC
from actions.reservation_forms import ReservationForm, offer
from actions.turn import Turn
from actions.wording import names, plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.language.scaling import Change, without_change
from clouddesk.model.budget import Finding
from clouddesk.model.errors import LimitExceeded, OfferChanged
from clouddesk.model.invalid import ClusterTooSmall, TooFewMachines
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.reservation import Reservation
from clouddesk.model.scaling import Scale, ScaleQuote
from clouddesk.scaling import SINGLE

_ANOTHER_NUMBER = (ClusterTooSmall, LimitExceeded, TooFewMachines)
"""Errors that another number mends."""
_OFFERED = (1, 2, 4)
"""So many more machines are on the buttons."""


class ScaleClusterForm(ReservationForm):
    """Asks which one and to how many. The slot ``scale`` holds the fields of ``Change`` that were said."""

    topic = TOPIC
    verb, about = "scale", "scaling a cluster"
    slots: ClassVar[tuple[str, ...]] = ("reservation", "scale")

    def subject(self, turn: Turn) -> str:
        chosen = turn.facts.get("reservation")
        return f"scaling {names([item['name'] for item in chosen])}" if chosen else super().subject(turn)

    def is_bare_answer(self, turn: Turn) -> bool:
        """ "5" and "double it" too."""
        if turn.asked != "scale" or turn.is_button:
            return super().is_bare_answer(turn)
        # "remind me half an hour before it ends" has a number, too.
        is_task = turn.intent not in rescaling.FITTING and clauses.tasks_in(turn.text)
        return not is_task and rescaling.said(turn) is not None

    async def fill(self, turn: Turn, moment: Moment) -> None:
        """One at a time: each has a size of its own."""
        asks_how_many = turn.asked == "scale"
        if (asks_how_many or turn.intent == self.topic) and (change := rescaling.said(turn)):
            turn.facts["scale"] = change
        if asks_how_many and not await resolve.said_names(turn):
            return
        said, turn.text = turn.text, turn.text if turn.is_button else without_change(turn.text)
        try:
            await super().fill(turn, moment)
        finally:
            turn.text = said
        if len(turn.facts.get("reservation") or ()) > 1:
            several = turn.facts.pop("reservation")
            offer(turn, [await turn.desk.reservation(turn.actor, item["id"]) for item in several])


class ActionAskScale(DeskAction):
    """To how many machines."""

    topic = "ask_scale"

    async def respond(self, turn: Turn) -> None:
        """With how many it has."""
        item = await turn.desk.reservation(turn.actor, turn.facts["reservation"][0]["id"])
        count = len(item.living_nodes)
        turn.say(
            "utter_ask_scale",
            buttons=[
                button(plural(count + more, "machine"), TOPIC, resource_name=item.id, node_count=count + more)
                for more in _OFFERED
            ],
            name=item.name,
            machines=plural(count, "machine"),
        )


class ActionScaleCluster(ReservationTask):
    """Growing costs, and what leaves is deleted: it is always asked first."""

    topic = TOPIC
    doing = "scaling"

    def describe(self, turn: Turn, items: Sequence[Reservation]) -> str:
        agreed = Scale(**turn.facts["agreed"])
        return f"{'growing' if agreed.is_growth else 'shrinking'} {items[0].name} to {plural(agreed.count, 'machine')}"

    async def do(self, turn: Turn, item: Reservation) -> None:
        agreed = Scale(**turn.facts["agreed"])
        try:
            done = await turn.desk.scaling.scale(turn.actor, item.id, agreed, request_id=request_id(turn, item))
        except OfferChanged:
            turn.say("utter_scale_changed", name=item.name)
            turn.facts.pop("is_confirmed")
            await hand_over(turn, self.topic)
            return
        turn.say("utter_scaling", name=done.name, machines=plural(agreed.count, "machine"))

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        item = await turn.desk.owned(turn.actor, items[0].id)
        count = Change(**turn.facts["scale"]).of(len(item.living_nodes))
        try:
            quote = await turn.desk.scaling.quote(turn.actor, item.id, count)
        except _ANOTHER_NUMBER as error:
            say_fault(self.name(), turn, error)
            turn.go_to(self.topic, reservation=turn.facts["reservation"])
            return True
        turn.facts["agreed"] = asdict(quote.scale)
        turn.facts["is_for_good"] = not quote.scale.is_growth
        if quote.scale.is_growth:
            _say_growth(turn, quote, await turn.desk.scaling.look(turn.actor, quote))
        else:
            _say_shrinking(turn, quote)
        return True


class ActionChangeScale(DeskAction):
    """Another number for the change that is asked about: "no, make it 4"."""

    topic = "change_scale"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """As if it had been said at first: asked anew, with its numbers."""
        question, change = turn.question or {}, turn.other_scale
        turn.settle()
        turn.facts = {"reservation": question["facts"]["reservation"], "scale": change}
        await hand_over(turn, TOPIC)


def _say_growth(turn: Turn, quote: ScaleQuote, findings: Sequence[Finding]) -> None:
    item, scale = quote.reservation, quote.scale
    turn.say(
        "utter_confirm_grow_own_machine" if item.provider == OWN_MACHINE else "utter_confirm_grow",
        more=f"{scale.count - scale.before} more × {item.size}",
        where=f"{provider_title(item.provider)} in {item.region}",
        each=hourly(scale.hourly_price_usd),
        price=money(quote.difference_usd),
        budget=approving.note(turn, findings, item.owner),
        **_values(turn, quote),
    )


def _say_shrinking(turn: Turn, quote: ScaleQuote) -> None:
    scale = quote.scale
    fewer, part = scale.before - scale.count, "machine" if scale.role == SINGLE else scale.role
    is_free = quote.reservation.provider == OWN_MACHINE
    turn.say(
        "utter_confirm_shrink_own_machine" if is_free else "utter_confirm_shrink",
        leaving=f"{plural(fewer, part)} {'is' if fewer == 1 else 'are'}",
        saved=money(-quote.difference_usd),
        **_values(turn, quote),
    )


def _values(turn: Turn, quote: ScaleQuote) -> dict[str, Any]:
    return {
        "name": quote.reservation.name,
        "before": str(quote.scale.before),
        "machines": plural(quote.scale.count, "machine"),
        "hourly": hourly(quote.hourly_price_usd),
        "ends": local_time(quote.reservation.expires_at, turn.actor, turn.desk.clock()),
    }
