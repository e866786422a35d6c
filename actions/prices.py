"""What machines would cost: on every cloud side by side, or the open request with a change. Nothing is ordered here."""

from __future__ import annotations

from typing import Any

from actions import cards, differences, notified, price_elsewhere, price_table, price_words, questions
from actions.bargaining import asks_about_another, asks_monthly, price_change
from actions.base import DeskAction
from actions.buttons import button
from actions.create import is_cluster, quote, recent_measure, say_start, title_in, warning_of, what
from actions.request_fields import (
    Fields,
    change_words,
    merged,
    to_entities,
    to_fields_of,
    to_fields_of_near,
    to_request,
)
from actions.requests import stated_in
from actions.turn import Button, Question, Turn
from actions.wording import of_error, provider_title
from clouddesk.language.money import hourly, rate
from clouddesk.model.comparison import PriceComparison, PriceLine
from clouddesk.model.errors import CredentialsMissing, Invalid, NothingFits
from clouddesk.model.invalid import UnknownProvider
from clouddesk.model.offer import OWN_MACHINE, NearOffer
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, VM
from clouddesk.model.reservation import DECLINE, TAKE

_MOST_BUTTONS = 4
_TIMES = ("duration_seconds", "until")
"""What may be said together with the line of a table that is taken."""


class ActionQuotePrice(DeskAction):
    """Only the price; nothing is kept, and what is open stays open."""

    topic = "quote_price"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """A question about "that" prices the open request with the change laid over it, and offers to take it."""
        if waiting := notified.offer_asked_about(turn):
            await _tell_of_offer(turn, waiting.reservation_id)
            notified.show_again(turn, waiting)
            return
        if turn.is_idle and price_words.asks_of_own(turn):
            turn.go_to("describe_resource")
            return
        before = None if asks_about_another(turn) or price_words.is_new(turn) else turn.request
        change = price_change(turn) if before is not None else stated_in(turn)
        most = price_words.most(turn)
        change = {**asks_monthly(turn), **price_words.without_number_of_offers(change, most)}
        change.pop("name", None)
        if before is not None and change.get("providers"):
            change["providers"] = list(dict.fromkeys([*price_words.compared_with(turn), *change["providers"]]))
        open_kind = turn.question["kind"] if turn.question and turn.form is None else ""
        is_of_quote = before is not None and open_kind == "confirm_quote"
        if before is not None and change and "providers" not in change and open_kind == "confirm_price":
            # What goes on from a comparison compares the same clouds, also those that cannot be had.
            change |= {"providers": found} if (found := (turn.question or {}).get("compared")) else {}
        if is_of_quote and change:
            # "and for a week" comes on top of what was asked before.
            change = {**((turn.question or {}).get("variation") or {}), **change}
        said = merged(before or {}, change)
        kind = said.get("kind") or (CLUSTER if is_cluster(turn, said) else VM)
        said = {"kind": kind, **said}
        if kind == CLUSTER and not said.get("software"):
            turn.say("utter_price_needs_software")
            return
        if price_words.compares(turn) and len(others := _clouds_of(said)) < len(said.get("providers") or ()) and others:
            turn.say("utter_price_own_machine")
            said["providers"] = others
        is_one = OWN_MACHINE in said.get("providers", ()) or (is_of_quote and not price_words.compares(turn))
        try:
            if before is not None and not price_words.compares(turn) and await price_elsewhere.tell(turn, change):
                return
            compared = None if is_one else await turn.desk.compare(turn.actor, to_request(said), most=most)
            priced = compared.quote if compared is not None else None
            if compared is not None and priced is None:
                _show_foreign(turn, compared, is_aside=before is not None)
                return
            if priced is None:
                priced = await turn.desk.quote(turn.actor, to_request(said), keep=False)
        except (Invalid, NothingFits) as error:
            response, values = of_error(error)
            turn.say(response, **values)
            return
        if compared is not None:
            said, asked = _repeatable(turn, said, priced), said.get("providers")
        elif is_of_quote and change:
            await _offer_variation(turn, change, priced)
            return
        earlier = (turn.question or {}).get("shown") if before is not None and change else None
        _show(turn, said, priced, compared, recent=recent_measure(turn, change), earlier=earlier)
        if compared is not None and asked and turn.question and turn.question["kind"] == "confirm_price":
            turn.question["compared"] = asked


class ActionTakePrice(DeskAction):
    """ "The digitalocean one", after a table of prices: that is quoted, and needs a yes of its own."""

    topic = "take_price"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """What was taken is laid over the request; what the person has no access to leaves the price as it is."""
        line = price_words.picked(turn) or {}
        if not line["has_access"]:
            provider, known = line["provider"], turn.desk.clouds()
            error = CredentialsMissing(provider) if provider in known else UnknownProvider([provider], known)
            response, values = of_error(error)
            turn.say(response, **values)
            return
        said = stated_in(turn)
        taken = {**line["take"], **{field: said[field] for field in _TIMES if field in said}}
        await quote(turn, merged(turn.request or {"kind": VM}, taken), changes=taken, response="utter_quote")


def _show(
    turn: Turn,
    said: Fields,
    priced: Quote,
    compared: PriceComparison | None,
    *,
    recent: str | None,
    earlier: dict[str, Any] | None,
) -> None:
    """The price, by itself or in its table; with nothing else open it stays open, for a yes or a change."""
    best, difference = _best(compared), ""
    if turn.is_idle or (turn.question and turn.form is None and turn.question["kind"] == "confirm_price"):
        shown = differences.shown(priced)
        difference = differences.words(earlier, shown).lstrip() + "\n" if earlier else ""
        question: Question = {"kind": "confirm_price", "id": turn.message_id, "what": what(turn, said)}
        question |= {"recent": recent, "shown": shown, "count": len(priced.nodes)}
        if compared is not None:
            question["lines"] = [_line(line, compared) for line in compared.lines]
        turn.ask(question, request=said)
    say_start(turn, priced)
    if compared is None or len(compared.lines) == 1:
        card = cards.quote_card(priced, turn.actor, title_in(turn, said))
    else:
        card = price_table.card(compared, best, turn.desk.clouds())
    turn.say(
        "utter_price",
        buttons=_buttons(said, compared, best),
        card=card.after(difference),
        warning=warning_of(turn, priced),
        chart=price_table.chart(compared) if compared is not None else None,
    )


def _clouds_of(said: Fields) -> list[str]:
    """The clouds that are named, without one's own machine, which costs nothing."""
    return [name for name in said.get("providers") or () if name != OWN_MACHINE]


def _repeatable(turn: Turn, said: Fields, priced: Quote) -> Fields:
    """What gets the machines of the price: clouds that cannot be used here were only to be compared with."""
    if "providers" in said:
        said = {**said, "providers": [name for name in said["providers"] if name in turn.desk.providers()]}
    return {**said, "region": priced.request.region} if priced.request.region else said


def _best(compared: PriceComparison | None) -> PriceLine | None:
    """The cheapest that the person can have."""
    lines = compared.lines if compared is not None else ()
    return next((line for line in lines if line.fits and line.has_access), None)


def _show_foreign(turn: Turn, compared: PriceComparison, *, is_aside: bool) -> None:
    """Nothing of it can be had with what access there is: a price to know, and nothing to take.

    ``is_aside``: it is beside what is open, and not in place of it.
    """
    if not is_aside and turn.question is not None and turn.question["kind"] == "confirm_price":
        turn.settle()
    card = price_table.card(compared, None, turn.desk.clouds())
    turn.say("utter_price", card=card, warning="", chart=price_table.chart(compared))


def _line(line: PriceLine, compared: PriceComparison) -> dict[str, Any]:
    """What an answer may name the line by, and the change that takes it."""
    offer = line.offer
    if compared.is_by_cloud and line.fits:
        take: Fields = {"providers": [offer.provider]}
    elif line.fits:
        take = to_fields_of(offer)
    else:
        take = to_fields_of_near(NearOffer(offer, line.disk_gb, line.hourly_price_usd, compared.count, line.gives_up))
    names = {"provider": offer.provider, "title": provider_title(offer.provider), "size": offer.size}
    return {**names, "take": take, "has_access": line.has_access, "is_open": line.fits and line.has_access}


def _buttons(said: Fields, compared: PriceComparison | None, best: PriceLine | None) -> list[Button]:
    """The cheapest, and the others that can be had."""
    task = f"create_{said['kind']}"
    buttons = [button("Get it", task, **to_entities(said))]
    if compared is None:
        return buttons
    for line in compared.lines:
        if line.fits and line.has_access and line is not best and len(buttons) < _MOST_BUTTONS:
            named = _line(line, compared)
            called = named["title"] if compared.is_by_cloud else named["size"]
            entities = to_entities(merged(said, named["take"]))
            price = hourly(line.hourly_price_usd, beside=price_table.least_price(compared))
            buttons.append(button(f"{called}, {price}", task, **entities))
    return buttons


async def _offer_variation(turn: Turn, change: Fields, priced: Quote) -> None:
    """The price of the open request with a change; the request stays as it is until the variation is taken."""
    question, shown = turn.question or {}, differences.shown(priced)
    turn.question = {**question, "variation": change, "recent": recent_measure(turn, change)}
    turn.say(
        "utter_price_variation",
        buttons=[button("Take that", "correct", quote_id=question["id"], variation=True)],
        verdict=await _verdict(turn, change, priced),
        changes=change_words(change).removeprefix("for "),
        machines=f"{shown['count']}, {priced.offer.size} on {shown['place']}",
        hourly=shown["hourly"],
        total=shown["total"],
        lease=shown["lease"],
        difference=differences.words(question["shown"], shown) if "shown" in question else "",
    )
    turn.say("utter_still_open", buttons=questions.buttons(question), question=questions.words(question))


async def _tell_of_offer(turn: Turn, reservation_id: str) -> None:
    """The two prices of machines that would be dearer than what was agreed."""
    item = await turn.desk.reservation(turn.actor, reservation_id)
    offer = item.offered
    assert offer is not None, "only what is still offered waits for an answer"
    price = rate(offer.hourly_price_usd)
    decisions = {f"Yes, for {price} an hour": f"{TAKE}@{price}", "No": f"{DECLINE}@{price}"}
    turn.say(
        "utter_price_of_offer",
        buttons=[
            button(title, "decide", reservation_id=item.id, decision=decision) for title, decision in decisions.items()
        ],
        name=item.name,
        agreed=hourly(item.hourly_price_usd),
        machines=f"{item.node_count} × {offer.size} on {provider_title(offer.provider)} in {offer.region}",
        offered=hourly(offer.hourly_price_usd),
        more=hourly(offer.hourly_price_usd - item.hourly_price_usd),
    )


async def _verdict(turn: Turn, change: Fields, priced: Quote) -> str:
    """The answer to "is aws cheaper?", which the prices follow; "" to other questions."""
    if set(change) != {"providers"}:
        return ""
    here = await turn.desk.quote(turn.actor, to_request(turn.request or {}), keep=False)
    word = price_elsewhere.verdict(priced.hourly_price_usd, here.hourly_price_usd)
    return f"{provider_title(priced.offer.provider)} is {word}. "
