"""Which reservation is meant: by name or id, by what it is, by "it", or by being the only one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from actions.references import Cues
from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.matching import is_named_in, nearly_named_in
from clouddesk.model.errors import NotFound
from clouddesk.model.reservation import RELEASING, RUNNING, STOPPED, Reservation

_FITTING = {"stop_resource": (RUNNING,), "reboot_resource": (RUNNING,), "start_resource": (STOPPED,)}
_LOOKS = ("describe_resource", "connect_info")
_LEAST_LETTERS = 3
"""Of a name with a typo."""


@dataclass(frozen=True)
class Meant:
    """What a message points at: ``chosen`` when that is clear, else the ``candidates``; neither when there is none.

    ``guessed_from`` are the words that only nearly name what was chosen, or whose "it" is gone.
    """

    chosen: list[Reservation] = field(default_factory=list)
    candidates: list[Reservation] = field(default_factory=list)
    guessed_from: str | None = None
    left: list[Reservation] = field(default_factory=list)
    """Those that are meant as well, and are in no state for it."""


async def which(turn: Turn, topic: str, *, among: Collection[str] | None = None) -> Meant:
    """The reservations that the message means; that there is none is said. ``among``: only these ids are asked for."""
    if named := await said_names(turn):
        return await _named(turn, named)
    cues, found = cues_of(turn), await having(turn)
    found = [item for item in found if (among is None or item.id in among) and not _is_refused(cues, item)]
    found = _of_the_system(turn, cues.fitting(found))
    if not found:
        await say_none_match(turn)
        return Meant()
    if among is None and (gone := await _gone(turn, cues, found)):
        if topic in _LOOKS:
            return Meant(chosen=[gone])
        return Meant(chosen=found, guessed_from=gone.name) if len(found) == 1 else Meant(candidates=found)
    if cues.says_other:
        found = [item for item in found if item.id != turn.last_reservation] or found
    last = [item for item in found if item.id == turn.last_reservation]
    fitting = [item for item in found if can(topic, item)] or found
    is_of_one = among is None and cues.says_them and last and last[0].node_count > 1
    if (cues.says_all and not is_of_one) or (cues.says_plural and topic not in _LOOKS):
        return _all_of(cues, found, fitting)
    if len(found) > 1:
        found = _likeliest(turn, topic, found, fitting, last)
    return Meant(chosen=found) if len(found) == 1 else Meant(candidates=found)


def can(topic: str, item: Reservation) -> bool:
    """Whether it is in a state for this task."""
    if topic == "terminate_resource":
        return item.state != RELEASING
    return item.state in _FITTING.get(topic, (item.state,)) or (
        item.is_mixed and topic in ("stop_resource", "start_resource")
    )


async def having(turn: Turn) -> list[Reservation]:
    """Those of the software, in the place and on the cloud that the message says."""
    return await turn.desk.find(
        turn.actor,
        None,
        software=turn.all_of("software"),
        provider=turn.all_of("provider"),
        region=turn.one_of("region"),
    )


async def said_names(turn: Turn) -> tuple[str, ...]:
    """The names and ids that the message says, whether or not there is such a reservation."""
    said = turn.all_of("reservation_id") or turn.all_of("resource_name") or await _mentioned(turn)
    cues = cues_of(turn)
    return tuple(str(name) for name in said if not cues.refuses(str(name)))


def cues_of(turn: Turn) -> Cues:
    """What the text of the message says about the machines it means."""
    text = "" if turn.is_button else turn.text.lower().replace("’", "'")
    return Cues(text, turn.desk.clock(), turn.actor.timezone)


def narrows(turn: Turn) -> bool:
    """Whether the message says which: by what it is, by "it", or by being the newest."""
    cues = cues_of(turn)
    return bool(attributes(turn) or cues.says_which or cues.says_all or (turn.last_reservation and cues.says_it))


def tells_apart(turn: Turn) -> bool:
    """Whether it says another one: by a name, by what it is, "the other one"."""
    return bool(turn.all_of("resource_name") or attributes(turn) or cues_of(turn).says_which)


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
    words = " ".join(part for part in (cues_of(turn).words, attributes(turn)) if part)
    await _say_what_there_is(turn, "utter_none_match", words or "another one")


async def _say_what_there_is(turn: Turn, response: str, words: str) -> None:
    own = await turn.desk.reservations(turn.actor)
    if own:
        turn.say(response, words=words, options=names([item.name for item in own]))
    else:
        turn.say("utter_nothing_running")


async def _mentioned(turn: Turn) -> tuple[str, ...]:
    """The person's own names that stand in the text, or nearly: "ubuntu-1" is one before it is an operating system."""
    if turn.is_button:
        return ()
    text, cues = turn.text.lower(), cues_of(turn)
    own = [item for item in await turn.desk.reservations(turn.actor) if not _is_refused(cues, item)]
    named = tuple(item.id for item in own if is_named_in(text, item))
    return named or tuple(nearly_named_in(text, own))


async def _named(turn: Turn, named: tuple[str, ...]) -> Meant:
    chosen: list[Reservation] = []
    guessed_from: str | None = None
    for words in named:
        found = await turn.desk.find(turn.actor, words)
        if not any(_is_called(item, words) for item in found):
            found = found or await _nearly(turn, words)
            guessed_from = guessed_from or words
        if not found:
            await say_not_found(turn, words)
            return Meant()
        if len(found) > 1:
            return Meant(candidates=found)
        chosen.extend(item for item in found if item not in chosen)
    return Meant(chosen=chosen, guessed_from=guessed_from)


async def _nearly(turn: Turn, words: str) -> list[Reservation]:
    """Those whose name is one slip away: "elt-1" for "etl-1". Numbers tell names apart, so they must be the same."""
    stem, number = _split(words.lower())
    own = [(item, _split(item.name.lower())) for item in await turn.desk.reservations(turn.actor)]
    return [
        item
        for item, (known, own_number) in own
        if len(stem) >= _LEAST_LETTERS and number in ("", own_number) and OSA.distance(stem, known) <= 1
    ]


async def _gone(turn: Turn, cues: Cues, found: Sequence[Reservation]) -> Reservation | None:
    """What "it" was, when that is no more."""
    is_plain_it = cues.says_it and not (cues.says_all or cues.says_which or attributes(turn))
    if not is_plain_it or turn.last_reservation is None or any(item.id == turn.last_reservation for item in found):
        return None
    try:
        return await turn.desk.reservation(turn.actor, turn.last_reservation)
    except NotFound:
        return None


def _all_of(cues: Cues, found: Sequence[Reservation], fitting: Sequence[Reservation]) -> Meant:
    """ "all", "both", "the aws ones": as many as were said; of those the ones that can, whichever could not."""
    number = cues.how_many
    is_clear = number in (None, len(fitting), len(found)) or len(fitting) == 1
    if not is_clear:
        return Meant(candidates=list(fitting))
    most, left = cues.most(fitting), [item for item in found if item not in fitting]
    return Meant(chosen=most, left=left if number not in (None, len(fitting)) else [])


def _likeliest(
    turn: Turn, topic: str, found: list[Reservation], fitting: list[Reservation], last: list[Reservation]
) -> list[Reservation]:
    """Narrow several down by "the bigger one", by "it", by a warning, and by which of them can do it at all."""
    cues = cues_of(turn)
    if len(most := cues.most(found)) < len(found):
        return most
    if last and not cues.says_other and (cues.says_it or cues.says_them or topic in _LOOKS):
        return last
    if topic == "extend_reservation":
        warned = {notice.reservation_id for notice in turn.notices}
        return [item for item in found if item.id in warned] or fitting
    return fitting


def _of_the_system(turn: Turn, found: list[Reservation]) -> list[Reservation]:
    """ "the debian one", "the t3.medium", where there is one."""
    systems, sizes = map(str, turn.all_of("os")), turn.all_of("size_name")
    families = tuple(name.partition("-")[0] for name in systems)
    if families:
        found = [item for item in found if item.os.startswith(families)] or found
    return [item for item in found if item.size in sizes] or found


def _is_refused(cues: Cues, item: Reservation) -> bool:
    return any(cues.refuses(word) for word in (item.id, item.name, item.software) if word)


def _is_called(item: Reservation, words: str) -> bool:
    said = words.strip().lower()
    return said in (item.id, item.name.lower(), item.software) or said in item.name.lower().split("-")


def _split(name: str) -> tuple[str, str]:
    """A name and the number at its end."""
    stem = name.rstrip("0123456789")
    return stem.rstrip("-"), name[len(stem) :]
