"""Answers about what is open and about one's own machines: one concrete line each, which changes nothing."""

from __future__ import annotations

import re

from actions import asking, cards, choosing, differences, forms, questions
from actions.base import hand_over
from actions.buttons import button
from actions.create import by_popularity
from actions.reasons import reasons
from actions.request_fields import to_request
from actions.reservation_forms import seconds_until
from actions.turn import Turn
from actions.wording import duration, names, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.model.errors import QuoteExpired
from clouddesk.model.notice import OFFERED_EXTENSION_SECONDS
from clouddesk.model.quote import Quote
from clouddesk.model.reservation import Reservation

_KEEPS = re.compile(r"\b(?:keep|keeping|longer|more|extend\w*|extension|extra|another)\b")
_PLAIN = {
    "ready": "utter_about_ready",
    "end": "utter_about_end",
    "data": "utter_about_data",
    "backup": "utter_about_backup",
    "install": "utter_about_install",
    "change_later": "utter_about_change_later",
}
"""Topics whose answer is the same for every request."""
_OF_QUOTE = {
    "lease": "utter_about_lease",
    "keep": "utter_about_keep",
    "why": "utter_about_why",
    "place": "utter_about_place",
}
"""Topics whose answer only needs the numbers of the open price."""


async def tell(turn: Turn, topic: str) -> None:
    """Answer one of the topics of ``asking``; what is open is asked again by who called."""
    if topic == "open":
        _tell_open(turn)
    elif topic == "extension":
        await _tell_extension(turn)
    elif topic == "own":
        await hand_over(turn, "list_resources")
    elif topic == "own_price":
        await _tell_own_price(turn)
    elif topic == "own_cost":
        await hand_over(turn, "cost_report")
    elif topic == "cheaper_own":
        await _tell_cheaper(turn)
    elif topic == "what_if":
        if not turn.entities and (clouds := asking.clouds_read(turn)):
            turn.entities = {"provider": clouds}
        await hand_over(turn, "quote_price")
    elif topic in _PLAIN:
        turn.say(_PLAIN[topic])
    elif topic == "recommend" and turn.form:
        popular = by_popularity(turn.desk.blueprints())
        turn.say("utter_about_recommend_software", best=popular[0].title, others=names([i.title for i in popular[1:4]]))
    elif turn.form:
        _tell_of_form(turn, topic)
    else:
        await _tell_of_quote(turn, topic)


def _tell_open(turn: Turn) -> None:
    """What is open and what waits; with nothing open, that."""
    waiting = [_waiting(entry) for entry in turn.parked]
    then = f" After it: {names(waiting)}." if waiting else ""
    if turn.form:
        turn.say("utter_about_open", what=forms.subject(turn), waiting=then)
    elif turn.question is not None and questions.is_open(turn.question):
        turn.say("utter_about_open", what=questions.subject(turn.question), waiting=then)
    else:
        turn.say("utter_about_open_nothing")


def _waiting(entry: dict[str, object]) -> str:
    shown = questions.shown_in(entry.get("question"))
    return f"{entry['what']} ({differences.brief(shown)})" if shown else str(entry["what"])


async def _tell_of_quote(turn: Turn, topic: str) -> None:
    made = await _quoted(turn)
    shown = differences.shown(made)
    if topic == "size":
        each = " each" if len(made.nodes) > 1 else ""
        turn.say("utter_about_size", each=each, **{key: shown[key] for key in ("count", "size", "disk", "os")})
    elif topic == "who_pays":
        turn.say("utter_about_who_pays_simulated" if made.is_simulated else "utter_about_who_pays")
    elif topic == "spot":
        await _tell_spot(turn)
    elif topic == "recommend":
        other = made.runner_up
        turn.say(
            "utter_about_recommend",
            size=made.offer.size,
            next=f" The runner-up, {other.size} on {provider_title(other.provider)} in {other.region}, costs "
            f"{hourly(made.runner_up_hourly_price_usd)}."
            if other
            else "",
        )
    else:
        turn.say(
            _OF_QUOTE[topic],
            lease=shown["lease"],
            ends=local_time(made.ends_at, turn.actor, turn.desk.clock()),
            longest=duration(turn.desk.limits.max_lease_seconds),
            place=shown["place"],
            hourly=shown["hourly"],
            reasons=reasons(made),
        )


def _tell_of_form(turn: Turn, topic: str) -> None:
    """Before there is a price: what was said so far, or how I would choose."""
    seconds = (turn.request or {}).get("duration_seconds")
    if topic in ("lease", "keep") and seconds:
        turn.say("utter_about_form_lease", lease=duration(seconds))
    elif topic in ("lease", "keep"):
        limits = turn.desk.limits
        usual, longest = duration(limits.default_lease_seconds), duration(limits.max_lease_seconds)
        turn.say("utter_about_form_usual_lease", usual=usual, longest=longest)
    elif topic == "who_pays":
        turn.say("utter_about_who_pays")
    else:
        turn.say("utter_about_form_later")


async def _tell_spot(turn: Turn) -> None:
    """The price with spot beside the open one, where one is known."""
    request = {**(turn.request or {}), "spot": True}
    if (turn.request or {}).get("spot"):
        turn.say("utter_about_spot_already")
        return
    priced = await turn.desk.quote(turn.actor, to_request(request), keep=False)
    if not priced.offer.spot:
        turn.say("utter_about_spot_none")
        return
    turn.entities = {"spot": True}
    await hand_over(turn, "quote_price")


async def _tell_extension(turn: Turn) -> None:
    """What more time would cost: of the machine that is named, was warned about, or was spoken of last."""
    item = await _meant(turn)
    if item is None:
        turn.say("utter_about_extension_of_none")
        return
    minutes, until = turn.one_of("duration_minutes"), turn.one_of("until")
    seconds: int | None = round(float(minutes) * 60) if minutes else OFFERED_EXTENSION_SECONDS
    if until and not minutes:
        seconds = seconds_until(turn, item, str(until))
    if seconds is None:
        return
    price = await turn.desk.leases.extension_price_usd(turn.actor, item.id, seconds)
    turn.last_reservation = item.id
    title = f"Extend {item.name} by {duration(seconds)}"
    said = {"resource_name": item.id, "duration_minutes": seconds / 60}
    extend = button(title, "extend_reservation", **said)
    question = turn.question or {}
    is_of_before = question.get("is_price", False)
    if turn.is_idle or is_of_before:
        # "ok do so" to the price is a yes to it; that to an older price is none.
        choosing.ask_if(turn, title, "extend_reservation", said)
        turn.question = {**(turn.question or {}), "is_price": True}
    turn.say(
        "utter_about_extension",
        buttons=[extend],
        name=item.name,
        duration=duration(seconds),
        price=money(price),
        hourly=hourly(None if item.is_unpriced else item.hourly_price_usd),
    )


async def _tell_own_price(turn: Turn) -> None:
    """What one's own machine costs; with a time, what keeping it so much longer costs."""
    if turn.one_of("duration_minutes") or turn.one_of("until") or _KEEPS.search(turn.text.lower()):
        await _tell_extension(turn)
        return
    for name in turn.all_of("resource_name"):
        item = await turn.desk.reservation(turn.actor, str(name))
        turn.last_reservation = item.id
        turn.say("utter_describe", card=cards.reservation_card(item, turn.actor, turn.desk.clock()))


async def _meant(turn: Turn) -> Reservation | None:
    own = await turn.desk.reservations(turn.actor)
    if names_said := [str(name) for name in turn.all_of("resource_name")]:
        named = [item for item in own if item.name in names_said or item.id in names_said]
        if named:
            return named[0]
    noticed = [notice.reservation_id for notice in turn.notices]
    for reservation_id in (*noticed, turn.last_reservation):
        if found := next((item for item in own if item.id == reservation_id), None):
            return found
    return own[0] if len(own) == 1 else None


async def _tell_cheaper(turn: Turn) -> None:
    """One's own machines by what they cost now, the cheapest first."""
    own = await turn.desk.reservations(turn.actor)
    if len(own) < 2:
        await hand_over(turn, "list_resources")
        return
    own = sorted(own, key=lambda item: item.current_hourly_price_usd)
    lines = [f"• *{item.name}*: {hourly(item.told_hourly_price_usd)} ({item.state})" for item in own]
    turn.last_reservation = own[0].id
    turn.say("utter_about_cheaper_own", lines=cards.with_mark(lines, own))


async def _quoted(turn: Turn) -> Quote:
    """The open quote; looked up again when only its price was asked for or it is too old."""
    question = turn.question or {}
    if question.get("kind") == "confirm_quote":
        try:
            return await turn.desk.get_quote(turn.actor, question["id"])
        except QuoteExpired:
            pass
    return await turn.desk.quote(turn.actor, to_request(turn.request or {"kind": "vm"}), keep=False)
