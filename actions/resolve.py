"""Which reservation is meant: by name or id, by what it is, by "it", or by being the only one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation

_ALL = re.compile(r"\b(?:all|both|everything|every one|each)\b")
_NEWEST = re.compile(r"\b(?:last|latest|newest|most recent)\b")
_IT = re.compile(r"\b(?:it|its|that|this|that one|this one|same)\b")
_FITTING = {"stop_resource": (RUNNING,), "reboot_resource": (RUNNING,), "start_resource": (STOPPED,)}


@dataclass(frozen=True)
class Meant:
    """What a message points at: ``chosen`` when that is clear, else the ``candidates``; neither when there is none."""

    chosen: list[Reservation] = field(default_factory=list)
    candidates: list[Reservation] = field(default_factory=list)


async def which(turn: Turn, topic: str, *, several: bool = False) -> Meant:
    """The reservations that the message means; that there is none is said.

    ``several``: "all of them" is allowed, and gives more than one.
    """
    named = await said_names(turn)
    if named:
        return await _named(turn, named, several=several)
    found = await turn.desk.find(
        turn.actor,
        None,
        software=turn.all_of("software"),
        provider=turn.all_of("provider"),
        region=turn.one_of("region"),
    )
    if not found:
        await say_none_match(turn)
        return Meant()
    if several and says_all(turn):
        return Meant(chosen=found)
    if len(found) > 1:
        found = _likeliest(turn, topic, found)
    return Meant(chosen=found) if len(found) == 1 else Meant(candidates=found)


async def said_names(turn: Turn) -> tuple[str, ...]:
    """The names and ids that the message says, whether or not there is such a reservation."""
    said = turn.all_of("reservation_id") or turn.all_of("resource_name") or await _mentioned(turn)
    return tuple(str(name) for name in said)


def narrows(turn: Turn) -> bool:
    """Whether the message says which: by what it is, by "it", or by being the newest."""
    text = turn.text.lower()
    return bool(attributes(turn) or _NEWEST.search(text) or (turn.last_reservation and _IT.search(text)))


def says_all(turn: Turn) -> bool:
    """ "all of them", "both"."""
    return _ALL.search(turn.text.lower()) is not None


def attributes(turn: Turn) -> str:
    """ "spark on AWS in frankfurt": what the message said besides a name."""
    words = [str(name) for name in turn.all_of("software")]
    words += [f"on {provider_title(str(name))}" for name in turn.all_of("provider")]
    words += [f"in {name}" for name in turn.all_of("region")]
    return " ".join(words)


async def say_not_found(turn: Turn, words: str) -> None:
    """Nothing by this name: say what there is instead."""
    await _say_what_there_is(turn, "utter_not_found", words)


async def say_none_match(turn: Turn) -> None:
    """Nothing with these attributes: say what there is instead."""
    await _say_what_there_is(turn, "utter_none_match", attributes(turn))


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


async def _named(turn: Turn, named: tuple[str, ...], *, several: bool) -> Meant:
    chosen: list[Reservation] = []
    for words in named:
        found = await turn.desk.find(turn.actor, words)
        if not found:
            await say_not_found(turn, words)
            return Meant()
        if len(found) > 1:
            return Meant(candidates=found)
        chosen.extend(item for item in found if item not in chosen)
    return Meant(candidates=chosen) if len(chosen) > 1 and not several else Meant(chosen=chosen)


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
