"""Which reservation is meant: by name or id, by what it is, by "it", or by being the only one."""

from __future__ import annotations

import re
from typing import Any

from actions import cards, questions
from actions.create import drop_open
from actions.requests import payload
from actions.turn import Button, Turn
from actions.wording import names, provider_title
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation

_ALL = re.compile(r"\b(?:all|both|everything|every one|each)\b")
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b")
_IT = re.compile(r"\b(?:it|its|that|this|that one|this one|same)\b")
_FITTING = {"stop_resource": (RUNNING,), "reboot_resource": (RUNNING,), "start_resource": (STOPPED,)}
_VERBS = {
    "terminate_resource": "give back",
    "stop_resource": "stop",
    "start_resource": "start",
    "reboot_resource": "reboot",
    "extend_reservation": "extend",
    "describe_resource": "look at",
    "connect_info": "show the login of",
}
_MOST_OPTIONS = 5


async def which(turn: Turn, topic: str, *, several: bool = False) -> list[Reservation]:
    """The reservations that the message means; [] when it had to be asked or said that there is none.

    ``several``: "all of them" is allowed, and gives more than one.
    """
    named = turn.all_of("reservation_id") or turn.all_of("resource_name") or await _mentioned(turn)
    if named:
        return await _named(turn, topic, [str(name) for name in named], several=several)
    found = await turn.desk.find(
        turn.actor,
        None,
        software=turn.all_of("software"),
        provider=turn.all_of("provider"),
        region=turn.one_of("region"),
    )
    if not found:
        await say_none_match(turn)
        return []
    if several and _ALL.search(turn.text.lower()):
        return found
    if len(found) > 1:
        found = _likeliest(turn, topic, found)
    if len(found) == 1:
        return found
    ask_which(turn, topic, found)
    return []


def narrows(turn: Turn) -> bool:
    """Whether the message says which: by what it is, by "it", or by being the newest."""
    text = turn.text.lower()
    return bool(_attributes(turn) or _NEWEST.search(text) or (turn.last_reservation and _IT.search(text)))


def ask_which(turn: Turn, topic: str, found: list[Reservation]) -> None:
    """Ask with numbers and buttons; the rest of what was said is kept for the answer."""
    drop_open(turn)
    now = turn.desk.clock()
    options = [
        {"id": item.id, "name": item.name, "line": cards.reservation_line(item, turn.actor, now)} for item in found
    ]
    kept: dict[str, Any] = {key: turn.entities[key] for key in ("duration_minutes", "until") if key in turn.entities}
    turn.ask({"kind": "choose", "for": topic, "options": options, "entities": kept})
    turn.say(
        "utter_which_resource",
        buttons=option_buttons(topic, options, kept),
        verb=_VERBS[topic],
        options=questions.numbered(options),
    )


def option_buttons(topic: str, options: list[dict[str, Any]], kept: dict[str, Any]) -> list[Button]:
    """One button an option; it needs nothing else to be open."""
    return [
        {"title": option["name"], "payload": payload(topic, {"resource_name": option["id"], **kept})}
        for option in options[:_MOST_OPTIONS]
    ]


async def say_not_found(turn: Turn, words: str) -> None:
    """Nothing by this name: say what there is instead."""
    await _say_what_there_is(turn, "utter_not_found", words)


async def say_none_match(turn: Turn) -> None:
    """Nothing with these attributes: say what there is instead."""
    await _say_what_there_is(turn, "utter_none_match", _attributes(turn))


async def _say_what_there_is(turn: Turn, response: str, words: str) -> None:
    own = await turn.desk.reservations(turn.actor)
    if own:
        turn.say(response, words=words, options=names([item.name for item in own]))
    else:
        turn.say("utter_nothing_running")


async def _mentioned(turn: Turn) -> tuple[str, ...]:
    """The person's own names and ids that stand in the text: "ubuntu-1" is one before it is an operating system."""
    text = turn.text.lower()
    own = await turn.desk.reservations(turn.actor)
    return tuple(
        item.id
        for item in own
        if any(re.search(rf"(?<![\w-]){re.escape(word.lower())}(?![\w-])", text) for word in (item.id, item.name))
    )


async def _named(turn: Turn, topic: str, named: list[str], *, several: bool) -> list[Reservation]:
    chosen: list[Reservation] = []
    for words in named:
        found = await turn.desk.find(turn.actor, words)
        if not found:
            await say_not_found(turn, words)
            return []
        if len(found) > 1:
            ask_which(turn, topic, found)
            return []
        chosen.extend(item for item in found if item not in chosen)
    if len(chosen) > 1 and not several:
        ask_which(turn, topic, chosen)
        return []
    return chosen


def _likeliest(turn: Turn, topic: str, found: list[Reservation]) -> list[Reservation]:
    """Narrow several down by "it", "the last one", and by which of them can do it at all."""
    text = turn.text.lower()
    if _NEWEST.search(text):
        return [max(found, key=lambda item: item.created_at)]
    if _IT.search(text) or topic in ("describe_resource", "connect_info"):
        last = [item for item in found if item.id == turn.last_reservation]
        if last:
            return last
    fitting = [item for item in found if item.state in _FITTING.get(topic, (item.state,))]
    return fitting or found


def _attributes(turn: Turn) -> str:
    """ "spark on AWS in frankfurt": what the message said besides a name."""
    words = [str(name) for name in turn.all_of("software")]
    words += [f"on {provider_title(str(name))}" for name in turn.all_of("provider")]
    words += [f"in {name}" for name in turn.all_of("region")]
    return " ".join(words)
