"""Which reservation is meant: by name or id, by what it is, by "it", or by being the only one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from actions import clauses
from actions.references import Cues
from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.matching import is_named_in, match_reservations, nearly_named_in, with_names_as
from clouddesk.model.errors import NotFound
from clouddesk.model.request import CLUSTER
from clouddesk.model.reservation import ARCHIVED, RELEASING, RUNNING, STOPPED, Reservation

_FITTING = {
    **dict.fromkeys(("stop_resource", "reboot_resource", "scale_cluster"), (RUNNING,)),
    "start_resource": (STOPPED, ARCHIVED),
    "archive_resource": (RUNNING, STOPPED),
}
_LOOKS = ("describe_resource", "connect_info", "utilization_report")
_AND_ALL = re.compile(r"\b(?:and|plus|with) (?:everything|all|the (?:others|rest)|all (?:of )?the (?:others|rest))\b")
""" "prod and everything else"."""
_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"
_LISTED = re.compile(rf"{_MARK}\s*(?:,|;|&|\+|\b(?:and|plus|as well as|also)\b)+\s*(?:and\s+|also\s+)*{_MARK}")
_PARTS = re.compile(r"\s*(?:,|&|\+|\b(?:and|plus|nor|or)\b)\s*")
_NO_PART = re.compile(r"(?:by|until|till|for|please|pls|thanks|now|today|for good|too|also)\b")
"""What may follow an exception and is none."""
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
    cues = cues_of(turn)
    if (named := await said_names(turn)) and not _AND_ALL.search(cues.text):
        return await _named(turn, named)
    if (cues.says_all or cues.says_plural) and cues.excepted:
        is_told = not any(str(value) in cues.excepted for value in _attribute_values(turn))
        own = await having(turn) if is_told else await turn.machines()
        own = [item for item in cues.fitting(own) if among is None or item.id in among]
        if left := await _without_exceptions(turn, cues, own):
            return _all_of(cues, left, [item for item in left if can(topic, item)] or left)
        # What is to be left out is asked about rather than forgotten.
        return Meant(candidates=own)
    found = await having(turn)
    if among is None and (shared := await _shared_it(turn, cues, found)):
        return Meant(chosen=[shared])
    found = [item for item in found if (among is None or item.id in among) and not _is_refused(cues, item)]
    found = _of_the_system(turn, cues.fitting(found))
    if not found or (among is None and cues.place and cues.place > len(found)):
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
        if cues.adjectives and not (attributes(turn) or cues.says_which or cues.how_many or _says_system(turn)):
            called = [item for item in found if set(cues.adjectives) & set(item.name.lower().split("-"))]
            return Meant(chosen=called) if called else Meant(candidates=found)
        return _all_of(cues, found, fitting)
    if len(found) > 1:
        found = _likeliest(turn, topic, found, fitting, last)
    return Meant(chosen=found) if len(found) == 1 else Meant(candidates=found)


def can(topic: str, item: Reservation) -> bool:
    """Whether it is in a state for this task."""
    if topic in ("terminate_resource", "share_resource", "unshare_resource"):
        return item.state != RELEASING
    return item.state in _FITTING.get(topic, (item.state,)) or (
        item.is_mixed and topic in ("stop_resource", "start_resource")
    )


async def having(turn: Turn) -> list[Reservation]:
    """Those of the software, in the place and on the cloud that the message says."""
    return match_reservations(
        await turn.machines(),
        None,
        software=turn.all_of("software"),
        provider=turn.all_of("provider"),
        region=turn.one_of("region"),
    )


async def said_names(turn: Turn) -> tuple[str, ...]:
    """The names and ids that the message says, whether or not there is such a reservation."""
    said = turn.all_of("reservation_id") or turn.all_of("resource_name")
    if not said:
        said = await _mentioned(turn)
    elif not turn.is_button:
        said = await _with_those_beside(turn, tuple(map(str, said)))
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
    own = await turn.machines()
    if own:
        turn.say(response, words=words, options=names([item.name for item in own]))
    else:
        turn.say("utter_nothing_running")


async def _mentioned(turn: Turn) -> tuple[str, ...]:
    """The person's own names that stand in the text, or nearly: "ubuntu-1" is one before it is an operating system."""
    if turn.is_button:
        return ()
    text, cues = clauses.part_of(turn.text, turn.intent), cues_of(turn)
    seen = await turn.machines(with_shared=True)
    seen = [item for item in seen if not _is_refused(cues, item)]
    own = [item for item in seen if item.person == turn.actor.person]
    if named := tuple(item.id for item in own if is_named_in(text, item)):
        return named
    # One's own comes before a colleague's of the same name.
    return tuple(item.id for item in seen if is_named_in(text, item)) or tuple(nearly_named_in(text, own))


async def _with_those_beside(turn: Turn, said: tuple[str, ...]) -> tuple[str, ...]:
    """With the person's own names that stand in one list with those that were found: "bob and ubuntu-1"."""
    text = clauses.part_of(turn.text, turn.intent)
    mentioned = await _mentioned(turn)
    own = [item for item in await turn.machines() if item.id in mentioned]
    whole = turn.text.lower()
    said = tuple(name for name in said if name.lower() in text or name.lower() not in whole) or said
    marked = with_names_as(_MARK, text, own)
    for name in said:
        marked = marked.replace(name.lower(), _MARK)
    if not _LISTED.search(marked):
        return said
    known = {word for item in own for word in (item.id, item.name.lower())}
    return (*(item.id for item in own), *(name for name in said if name.lower() not in known))


async def _without_exceptions(turn: Turn, cues: Cues, found: Sequence[Reservation]) -> list[Reservation]:
    """All but those that are ruled out; [] when it is not clear which those are."""
    out: list[Reservation] = []
    for words in _PARTS.split(cues.excepted):
        if words.strip() and not _NO_PART.match(words.strip()):
            named = await _excepted_by(turn, Cues(words, cues.now, cues.timezone), found)
            if not named:
                return []
            out += named
    return [item for item in found if item not in out] if out else []


async def _excepted_by(turn: Turn, exception: Cues, found: Sequence[Reservation]) -> list[Reservation]:
    """Those that one of the exceptions means: by name, by what runs on it, or by what it is."""
    text = exception.said
    if named := [item for item in found if is_named_in(text, item)]:
        return named
    if near := nearly_named_in(text, found):
        return [item for word in near for item in await _nearly(turn, word) if item in found]
    words = set(re.findall(r"[\w.-]+", text))
    if called := [item for item in found if words & {*item.all_software, item.provider, item.os.partition("-")[0]}]:
        return called
    if not exception.says_which:
        return []
    most = exception.most(exception.fitting(found))
    return [item for item in most if not (exception.says_other and item.id == turn.last_reservation)]


def _attribute_values(turn: Turn) -> tuple[object, ...]:
    return (*turn.all_of("software"), *turn.all_of("provider"), *turn.all_of("region"))


def _says_system(turn: Turn) -> bool:
    return any(turn.all_of(name) for name in ("os", "size_name", "memory_gb", "vcpus", "node_count"))


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
    own = [(item, _split(item.name.lower())) for item in await turn.machines()]
    return [
        item
        for item, (known, own_number) in own
        if len(stem) >= _LEAST_LETTERS and number in ("", own_number) and OSA.distance(stem, known) <= 1
    ]


async def _shared_it(turn: Turn, cues: Cues, found: Sequence[Reservation]) -> Reservation | None:
    """What "it" is, when that is a colleague's."""
    is_plain_it = cues.says_it and not (cues.says_all or cues.says_which or attributes(turn))
    if not is_plain_it or turn.last_reservation is None or any(item.id == turn.last_reservation for item in found):
        return None
    shared = await turn.machines(with_shared=True)
    return next((item for item in shared if item.id == turn.last_reservation), None)


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
    told = (turn.noticed or {}).get("told", ())
    if cues.says_it and (spoken_of := [item for item in found if item.id in told]):
        # Told of these at once, "it" is one of them.
        fitting = [item for item in fitting if item in spoken_of] or spoken_of
    if topic == "scale_cluster":
        return [item for item in fitting if item.kind == CLUSTER or item.node_count > 1] or fitting
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
    return any(cues.refuses(word) for word in (item.id, item.name, *item.all_software))


def _is_called(item: Reservation, words: str) -> bool:
    said = words.strip().lower()
    return said in (item.id, item.name.lower(), *item.all_software) or said in item.name.lower().split("-")


def _split(name: str) -> tuple[str, str]:
    """A name and the number at its end."""
    stem = name.rstrip("0123456789")
    return stem.rstrip("-"), name[len(stem) :]
