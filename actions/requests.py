"""From what was said to a request: entities become fields, and a change is laid over what was said before."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import Any

from actions import own_machine
from actions.kinds import count_kept, kept_of, kind_said
from actions.refusals import changes_by_refusal
from actions.turn import Button, Turn
from actions.wording import duration, plural, provider_title
from clouddesk.language import measures
from clouddesk.language.budgets import is_budget
from clouddesk.language.money import rate
from clouddesk.language.refusals import refused
from clouddesk.language.vocabulary import DIGITALOCEAN, MACHINE
from clouddesk.model.offer import NearOffer, Offer
from clouddesk.model.request import CLUSTER, ResourceRequest

Fields = dict[str, Any]
"""The fields of ResourceRequest that were said, as they lie in the slot ``request``."""

_LISTS = {"software": "software", "gpu_type": "gpu_types", "provider": "providers", "size_name": "size_names"}
_SINGLES = {
    "vcpus": "vcpus",
    "memory_gb": "memory_gb",
    "storage_gb": "storage_gb",
    "gpu_count": "gpu_count",
    "os": "os",
    "region": "region",
    "until": "until",
    "max_price_per_hour": "max_hourly_price_usd",
    "resource_name": "name",
}
DAY = 86400
ANYWHERE = "anywhere"
"""As a region it is a wish of its own: no region at all would be filled in with the usual one."""
SHAPE = ("vcpus", "memory_gb", "gpu_count", "gpu_types")
MEASURES = ("count", "vcpus", "memory_gb", "storage_gb", "gpu_count", "duration_seconds")
"""The fields that a bare number can mean."""
_NAMES = {
    "vcpus": "vCPU",
    "memory_gb": "GB memory",
    "storage_gb": "GB disk",
    "gpu_count": "GPU",
}
_ANY = {
    "region": "any region",
    "providers": "any cloud",
    "max_hourly_price_usd": "no limit of the price",
    "spot": "no spot",
    "gpu_count": "no GPU",
    "os": "any system",
    "name": "a name of my choice",
    "excluded_regions": "no place ruled out",
}
_ANY_ALONE = {"gpu_types": "any kind of GPU", "size_names": "any type of machine"}
"""Said when nothing else has changed: "no GPU" and "not t3.medium" tell it already."""
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
    said: Fields = {field: list(values) for entity, field in _LISTS.items() if (values := turn.all_of(entity))}
    singles = {field: turn.one_of(entity) for entity, field in _SINGLES.items()}
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
    said = {**own_machine.meant(turn), **said_in(turn)}
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


def number_as(field: str | None, number: int, before: Fields | None = None, *, unit: int | None = None) -> Fields:
    """A bare number as a value of the field that was asked for or spoken of.

    A time is in the ``unit`` (seconds) that was said, else in days if it was in days before.
    """
    if field == "duration_seconds":
        if unit:
            return {field: number * unit}
        seconds = (before or {}).get(field) or 0
        return {field: number * (DAY if seconds >= DAY and seconds % DAY == 0 else 3600)}
    if field == "max_hourly_price_usd":
        return {field: number}
    return {field if field in MEASURES else "count": number}


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


def merged(before: Fields, change: Fields) -> Fields:
    """The request with the change laid over it; what the change makes pointless falls away."""
    result = dict(before)
    if "kind" in change and change["kind"] != before.get("kind"):
        result = kept_of(before)
    if "size_names" in change:
        for field in SHAPE:
            result.pop(field, None)
    elif any(field in change for field in SHAPE):
        result.pop("size_names", None)
    if "duration_seconds" in change:
        result.pop("until", None)
    elif "until" in change:
        result.pop("duration_seconds", None)
    result.update(change)
    return {field: value for field, value in result.items() if value is not None}


def to_request(said: Fields) -> ResourceRequest:
    """The request that the Desk takes."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    for field in ("vcpus", "gpu_count"):
        if values.get(field) is not None:
            # Half a core is less than the least machine has, not none at all.
            values[field] = math.ceil(values[field])
    return ResourceRequest(**values)


def to_fields(request: ResourceRequest) -> Fields:
    """What of the request was said, fit for a slot."""
    default = asdict(ResourceRequest())
    said = {key: value for key, value in asdict(request).items() if value != default[key] or key == "kind"}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in said.items()}


def to_fields_of(offer: Offer) -> Fields:
    """The change that takes this offer."""
    return {"size_names": [offer.size], "providers": [offer.provider], "region": offer.region}


def to_fields_of_near(near: NearOffer) -> Fields:
    """The change that takes this offer although it is not all that was wished for."""
    change: Fields = dict.fromkeys(field for field in near.gives_up if field not in SHAPE)
    if "storage_gb" in change:
        change["storage_gb"] = near.disk_gb
    return {**change, **to_fields_of(near.offer)}


def to_entities(said: Fields) -> dict[str, Any]:
    """The entities that would say the same: for a button that asks for it again."""
    entities: dict[str, Any] = {}
    for entity, field in {**_LISTS, **_SINGLES}.items():
        if said.get(field) is not None:
            entities[entity] = said[field]
    if said.get("count") is not None:
        entities["node_count" if said.get("kind") == CLUSTER else "vm_count"] = said["count"]
    if said.get("duration_seconds") is not None:
        entities["duration_minutes"] = round(said["duration_seconds"] / 60)
    if said.get("spot"):
        entities["spot"] = True
    return entities


def change_words(change: Fields) -> str:
    """ "5 machines, on aws, 16 GB memory"."""
    parts = []
    for field, value in change.items():
        if value is None or value == []:
            parts.append(_ANY.get(field, ""))
        elif field == "kind":
            is_one = change.get("count", 1) == 1
            parts.append("a cluster" if value == CLUSTER else "a plain machine" if is_one else "plain machines")
        elif field == "excluded_regions":
            parts.append(f"not in {' or '.join(value)}")
        elif field == "excluded_sizes":
            parts.append(f"not {' or '.join(value)}")
        elif field == "count":
            parts.append(plural(value, "machine"))
        elif field in _NAMES:
            parts.append(f"{value:g} {_NAMES[field]}")
        elif field == "duration_seconds":
            parts.append(f"for {duration(value)}")
        elif field == "max_hourly_price_usd":
            parts.append(f"at most {rate(value)} an hour")
        elif field == "spot":
            parts.append("spot")
        elif field == "region":
            parts.append(_ANY[field] if value == ANYWHERE else f"in {value}")
        elif field == "providers":
            parts.append(f"on {' or '.join(map(provider_title, value))}")
        elif field == "name":
            parts.append(f"called {value}")
        elif isinstance(value, list):
            parts.append(" or ".join(str(item) for item in value))
        else:
            parts.append(str(value))
    parts = [part for part in parts if part] or [_ANY_ALONE[field] for field in change if field in _ANY_ALONE]
    return ", ".join(parts)


def payload(intent: str, entities: dict[str, Any]) -> str:
    """A button's payload: the intent with everything that its answer needs."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"


def button(title: str, intent: str, **entities: Any) -> Button:
    """A button."""
    return {"title": title, "payload": payload(intent, entities)}


def near_button(near: NearOffer) -> Button:
    """A button that takes this offer into the open request."""
    offer = near.offer
    title = f"{offer.size}, {offer.memory_gb:g} GB"
    return button(title, "correct", size_name=offer.size, provider=offer.provider, region=offer.region)
