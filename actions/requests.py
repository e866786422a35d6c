"""From what was said to a request: entities become fields, and a change is laid over what was said before."""

from __future__ import annotations

import re

from actions import openings, own_machine
from actions.kinds import count_kept, kind_said
from actions.refusals import changes_by_refusal
from actions.request_fields import LISTS, SINGLES, Fields
from actions.turn import Turn
from clouddesk.language import measures
from clouddesk.language.budgets import is_budget
from clouddesk.language.refusals import refused
from clouddesk.language.vocabulary import DIGITALOCEAN, MACHINE

_NONE_AT_ZERO = ("gpu_count", "max_hourly_price_usd")
_NOT = "not "
_MISTAKEN = ("scale_cluster", "use_template", "out_of_scope", "nlu_fallback", "utilization_report", "schedule_power")
"""What fragments of a request are taken for when no request would be open."""
_MOST_WORDS_OF_A_FRAGMENT = 10
_ASKS = re.compile(
    r"\b(?:an?|new|another|get|give|gimme|need|want|create|start|spin|launch|make|vms?|cluster|machines?)\b"
)
_CALLED = re.compile(
    r"\b(?:called|named|(?:call|name) (?:it|them|that)|(?:with )?(?:the|its) name(?: is)?)"
    r"\s+[\"'“‘`]?(?!(?:an?|the|it|that|this|as|after|by|for|in|on|of|something|whatever|anything)\b)"
    r"(?P<name>[a-z][a-z0-9-]*)(?![\w-])",
    re.IGNORECASE,
)
"""A name of the person's own choice, which is no name of a machine yet."""
_COUNT_BELOW_ZERO = re.compile(rf"(?<![\w.,$-])[-−]\s?(\d+)\s*{MACHINE}")
_TWO_SIZES = re.compile(
    r"\bone\b(?: [\w-]+){0,3} \d+(?:\.\d+)? ?(?:gb|gigs?|tb|cores?|v?cpus?)\b[^,.;]{0,20}(?:,|\band\b)(?: and)? "
    r"(?:the )?(?:one|other|another|second)\b(?: [\w-]+){0,3}"
    r" (?P<number>\d+(?:\.\d+)?) ?(?P<unit>gb|gigs?|tb|cores?|v?cpus?)\b"
)
_BELOW_ZERO = re.compile(
    r"(?<![\w.,$)-])(?<!\d )[-−]\s?(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>gb|gigs?|cores?|v?cpus?)\b"
)
_BELOW_ZERO_OF = {"g": "memory_gb", "c": "vcpus", "v": "vcpus"}


def said_in(turn: Turn) -> Fields:
    """What this message says about the machines."""
    said = _values_of(turn)
    called = None if turn.is_button else _CALLED.search(turn.text)
    name = called["name"].lower() if called else None
    if name:
        said.setdefault("name", name)
        _drop_name(said, name)
    count = _count_in(turn, name)
    if count is not None:
        said["count"] = count
    minutes = turn.one_of("duration_minutes")
    if minutes is not None:
        said["duration_seconds"] = round(float(minutes) * 60)
    if turn.one_of("spot"):
        said["spot"] = True
    if turn.is_button:
        return _dropped_by_form(turn, said)
    _read_below_zero(turn, said)
    _read_beside(turn, said)
    _spread_budget(turn, said)
    return said


def _values_of(turn: Turn) -> Fields:
    """The entities that are values of fields as they are."""
    said: Fields = {field: list(values) for entity, field in LISTS.items() if (values := turn.all_of(entity))}
    singles = {field: turn.one_of(entity) for entity, field in SINGLES.items()}
    return said | {field: value for field, value in singles.items() if value is not None}


def _count_in(turn: Turn, name: str | None) -> int | None:
    """How many machines are said; the number in the name of "a vm called x2" is none."""
    below = _COUNT_BELOW_ZERO.search(turn.text.lower())
    if below:
        return -int(below[1])
    count = turn.one_of("node_count")
    if count is None:
        count = turn.one_of("vm_count")
    if count is None or name == f"x{count}":
        return None
    return 1 if not turn.is_button and other_size(turn.text) else int(count)


def _read_below_zero(turn: Turn, said: Fields) -> None:
    """ "-8 gb": nonsense is said to be that, and its number is nothing else."""
    text = turn.text.lower()
    below = None if _COUNT_BELOW_ZERO.search(text) else _BELOW_ZERO.search(text)
    if below is None:
        return
    said[_BELOW_ZERO_OF[below["unit"][0]]] = -float(below["number"])
    if said.get("count") == float(below["number"]):
        del said["count"]


def _read_beside(turn: Turn, said: Fields) -> None:
    """What stands beside the words of measures, where the grammar has read nothing for them."""
    read = measures.beside_words(turn.text, is_priced=turn.intent == "quote_price")
    beside = {field: value for field, value in read.items() if field not in said}
    if "until" in said:
        beside.pop("duration_seconds", None)
    # The number of "bump the ram to 64" is no number of machines.
    if said.get("count") in beside.values():
        del said["count"]
    said |= beside
    if "memory_gb" in said and (memory := measures.size_after_count(turn.text)):
        said["memory_gb"] = memory


def _dropped_by_form(turn: Turn, said: Fields) -> Fields:
    """What a form of the connector came back without: no words or 0 drops a field, "not mumbai" rules a place out."""
    for field, value in said.items():
        if value in ("", [""]) or (field in _NONE_AT_ZERO and value == 0):
            said[field] = None
    if "gpu_count" in said and said["gpu_count"] is None:
        # Of a kind of GPU one would be meant, and a size by name may have brought them.
        said |= {"gpu_types": None, "size_names": None}
    if turn.one_of("spot") is False:
        said["spot"] = None
    places = [str(place) for place in turn.all_of("region")]
    if out := [place for place in places if place.startswith(_NOT)]:
        said["excluded_regions"] = [place.removeprefix(_NOT) for place in out if place != _NOT] or None
        said["region"] = next((place for place in places if place not in out), None)
        if said["region"] is None:
            del said["region"]
    return said


def _drop_name(said: Fields, name: str) -> None:
    """ "A vm called spark": the name is no fact about it."""
    for field in ("software", "gpu_types", "size_names", "providers"):
        if name in said.get(field, ()):
            said[field] = [value for value in said[field] if value != name]
            if not said[field]:
                del said[field]
                if field == "gpu_types":
                    said.pop("gpu_count", None)


def _spread_budget(turn: Turn, said: Fields) -> None:
    """ "10 dollars in total" is so much an hour; what cannot be reckoned is left for the card to say."""
    total = said.get("max_hourly_price_usd")
    if total is None or turn.is_button or not is_budget(turn.text):
        return
    before = turn.request or {}
    has_end = said.get("until") or (before.get("until") and "duration_seconds" not in said)
    seconds = said.get("duration_seconds") or before.get("duration_seconds")
    if has_end:
        del said["max_hourly_price_usd"]
    else:
        seconds = seconds or turn.desk.limits.default_lease_seconds
        said["max_hourly_price_usd"] = round(total * 3600 / seconds, 6)


def other_size(text: str) -> str | None:
    """ "One with 8 GB and one with 16 GB": the size of the second, which takes a request of its own."""
    found = _TWO_SIZES.search(text.lower())
    return f"{found['number']} {found['unit']}" if found else None


def is_fragment(turn: Turn) -> bool:
    """Whether the message only adds to the open request, though it was taken for something else.

    "in frankfurt please" or "0 nodes" say no task of their own; without an open request they keep their intent.
    """
    is_button = turn.text.startswith("/")
    if is_button or turn.request is None or not said_in(turn):
        return False
    if turn.intent in _MISTAKEN:
        return not (turn.all_of("resource_name") or turn.all_of("template_name"))
    if turn.intent in ("create_vm", "create_cluster"):
        is_short = len(turn.text.split()) <= _MOST_WORDS_OF_A_FRAGMENT
        return not turn.all_of("software") and is_short and not _ASKS.search(turn.text.lower())
    return False


def stated_in(turn: Turn) -> Fields:
    """What this message says and what it rules out."""
    said = {**own_machine.meant(turn), **openings.meant(turn), **said_in(turn)}
    return {**said, **changes_by_refusal(turn, {**(turn.request or {}), **_unmet(turn)}, said)}


def changes_in(turn: Turn) -> Fields:
    """What the message changes in the open request; "not on aws" leaves the other clouds.

    What is only said again ("yes, 8 hours is fine") is no change, nor is the name of a machine that exists.
    """
    before = turn.request or {}
    said = stated_in(turn)
    if turn.intent == "affirm":
        said.pop("name", None)
    if "providers" not in said and (named := _clouds_in(turn)):
        said["providers"] = named
    if kind := kind_said(turn, before, said, has_blueprint=is_blueprint(turn, said)):
        said = {**count_kept(turn, before, kind), **said, "kind": kind}
    unmet = _unmet(turn)
    is_kept = ("count",) if kind else ()
    return {key: value for key, value in said.items() if key in (*unmet, *is_kept) or before.get(key) != value}


def _unmet(turn: Turn) -> Fields:
    """What of the wish is not met by what is quoted instead."""
    wish, before = (turn.question or {}).get("wish") or {}, turn.request or {}
    return {field: value for field, value in wish.items() if before.get(field) != value}


def is_blueprint(turn: Turn, said: Fields) -> bool:
    """Whether the software that is said comes as a cluster."""
    software = said.get("software") or []
    return bool(software) and any(software[0] in (item.name, *item.aliases) for item in turn.desk.blueprints())


def _clouds_in(turn: Turn) -> list[str]:
    """Clouds that the text names, which are none of the entities where it was taken for a plain yes or no."""
    quoted = (turn.question or {}).get("provider") if turn.intent == "affirm" else None
    text = "" if turn.is_button else re.sub(DIGITALOCEAN, "digitalocean", turn.text.lower())
    out = (quoted, *refused(text).get("provider", ()))
    others = (name for name in turn.desk.clouds() if name not in out)  # "docker" alone is software
    return [name for name in others if re.search(rf"(?<![\w-]){name}(?![\w-])", text)]
