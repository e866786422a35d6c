"""What came back from the form that changes a request: what is different now, and what of it cannot be meant.

What is emptied is said to be dropped: 0 for numbers, "" for words; a place that is ruled out is "not mumbai", and
"not " alone rules none out any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from clouddesk.language.clock import resolve_until
from clouddesk.language.durations import parse_duration
from clouddesk.language.ends import find_ends
from clouddesk.language.gazetteer import find_gpus
from clouddesk.limits import Limits
from clouddesk.model.invalid import BadName
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.quoting import LEAST_LEASE_SECONDS, said_name
from connectors.slack import words
from connectors.slack.cards import payload
from connectors.slack.change_view import ANYWHERE, LONGEST, SHOWN, SPOT, asked_for
from connectors.slack.limits import cut

_NUMBERS = ("node_count", "vcpus", "memory_gb", "storage_gb", "gpu_count", "max_price_per_hour")
_NOT = "not "

Answers = dict[str, tuple[Any, Any]]
"""By field: what it showed, and what it holds now."""


def changes(view: Mapping[str, Any]) -> dict[str, Any]:
    """What came back different, as the entities that would say it; {} when nothing did."""
    return _entities({name: now for name, (before, now) in _answers(view).items() if before != now})


def wish(view: Mapping[str, Any]) -> str:
    """The request as the form has it now, as a wish of its own: what was said before, and what was changed."""
    asked = asked_for(view)
    fields = {
        name: now
        for name, (before, now) in _answers(view).items()
        if (before != now or name in asked["said"]) and (now or name == "region")
    }
    facts = _entities(fields)
    if asked["kind"] != CLUSTER and "node_count" in facts:
        facts["vm_count"] = facts.pop("node_count")
    software = {"software": asked["software"]} if asked["software"] else {}
    return payload(f"create_{asked['kind']}", **software, **facts)


def _entities(fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, now in fields.items():
        for entity, value in _said(name, now).items():
            found[entity] = value if entity not in found else [found[entity], *value]
    return found


def problems(view: Mapping[str, Any], *, now: datetime, timezone_name: str, limits: Limits) -> dict[str, str]:
    """Sentences for what cannot be meant, by block id: the errors of an acknowledgement."""
    found = {}
    answers = _answers(view)
    for block in view["blocks"]:
        if block["type"] == "input" and block["block_id"] in _NUMBERS:
            found[block["block_id"]] = _number_problem(block, answers[block["block_id"]][1])
    before, said = answers["duration"]
    if said != before:
        found["duration"] = _lease_problem(said, now, timezone_name, limits)
    found["gpu_type"] = _gpu_problem(answers)
    found["resource_name"] = _name_problem(answers["resource_name"][1])
    return {name: problem for name, problem in found.items() if problem}


def _said(name: str, now: Any) -> dict[str, Any]:
    """The entities of one field as it is now."""
    if name == "duration":
        return _lasting(str(now))
    if name == "region":
        return {"region": now or ANYWHERE}
    if name == "not_in":
        return {"region": [_NOT + place for place in now] or [_NOT]}
    if name == SPOT:
        return {SPOT: bool(now)}
    if name == "max_price_per_hour":
        return {name: now or 0}
    if name in _NUMBERS or name == "os":
        return {} if now in (None, "") else {name: now}
    return {name: now or ""}


def _number_problem(block: Mapping[str, Any], said: Any) -> str:
    element, least, most = block["element"], block["element"].get("min_value"), block["element"].get("max_value")
    if said == "":
        return "" if block.get("optional") else words.EMPTY_FIELD
    if isinstance(said, str) or (isinstance(said, float) and not element["is_decimal_allowed"]):
        return words.NO_NUMBER.format(said=cut(str(said), LONGEST), example="4")
    if block["block_id"] == "max_price_per_hour" and said <= 0:
        return words.NO_BUDGET
    if least is not None and said < float(least):
        return words.TOO_LITTLE.format(least=least)
    return words.TOO_MUCH.format(most=most) if most is not None and said > float(most) else ""


def _lease_problem(said: str, now: datetime, timezone_name: str, limits: Limits) -> str:
    """Whether all of it is a time or an end: out of "2 days, please" the clock alone would make two o'clock."""
    lasting = _lasting(said)
    if "duration_minutes" in lasting:
        seconds = lasting["duration_minutes"] * 60
    else:
        ends = [(end.start, end.end) for end in find_ends(said)]
        end = resolve_until(said, now=now, timezone=timezone_name) if ends == [(0, len(said))] else None
        if end is None:
            return words.NO_DURATION.format(said=cut(said, LONGEST))
        seconds = (end - now) / timedelta(seconds=1)
    if seconds < LEAST_LEASE_SECONDS:
        return words.TOO_SHORT.format(least=words.span(LEAST_LEASE_SECONDS))
    most = limits.max_lease_seconds
    return words.TOO_LONG.format(most=words.span(most)) if seconds > most else ""


def _gpu_problem(answers: Answers) -> str:
    before, kinds = answers["gpu_type"]
    if kinds == before:
        return ""
    unknown = [kind for kind in kinds if not any(found.value == kind for found in find_gpus(kind))]
    if unknown:
        return words.NO_GPU.format(said=cut(unknown[0], LONGEST))
    is_dropped = answers["gpu_count"][1] == 0 and answers["gpu_count"][0] != 0
    return words.GPU_TYPE_OF_NONE if kinds and is_dropped else ""


def _name_problem(said: str) -> str:
    try:
        said_name(ResourceRequest(name=said or None))
    except BadName as error:
        return words.BAD_NAME.format(said=cut(said, LONGEST), most=error.most_characters)
    return ""


def _lasting(said: str) -> dict[str, Any]:
    """ "8 hours" or "for 8 hours" is a time, anything else an end."""
    minutes = parse_duration(said.strip().lower().removeprefix("for ").strip())
    return {"until": said.strip()} if minutes is None else {"duration_minutes": minutes}


def _answers(view: Mapping[str, Any]) -> Answers:
    values = view["state"]["values"]
    found = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            name, element = block["block_id"], block["element"]
            read: Callable[[Mapping[str, Any], str], Any] = _READ.get(name, _words)
            found[name] = (read(element, "initial_"), read({**element, **values[name][SHOWN]}, ""))
    return found


def _words(element: Mapping[str, Any], prefix: str) -> str:
    """The content of a field as it was shown ("initial_value") or as it came back ("value")."""
    return str(element.get(f"{prefix}value") or "").strip()


def _listed(element: Mapping[str, Any], prefix: str) -> list[str]:
    return [word for word in (part.strip().lower() for part in _words(element, prefix).split(",")) if word]


def _gpus(element: Mapping[str, Any], prefix: str) -> list[str]:
    """By the names that clouds give them ("Tesla V100" is v100); what is none of them as it was typed."""
    found = []
    for said in _listed(element, prefix):
        found += list(dict.fromkeys(gpu.value for gpu in find_gpus(said))) or [said]
    return found


def _as_number(element: Mapping[str, Any], prefix: str) -> int | float | str:
    """The text itself when it is none."""
    said = _words(element, prefix)
    try:
        number = float(said.replace(",", "."))
    except ValueError:
        return said
    if not math.isfinite(number):
        return said
    return int(number) if number.is_integer() else number


def _ticked(element: Mapping[str, Any], prefix: str) -> list[str]:
    key = "initial_options" if prefix else "selected_options"
    return sorted(option["value"] for option in element.get(key) or ())


def _clouds(element: Mapping[str, Any], prefix: str) -> list[str]:
    """Those to choose from; none when it may be any of them."""
    ticked = _ticked(element, prefix)
    return [] if len(ticked) == len(element["options"]) else ticked


def _chosen(element: Mapping[str, Any], prefix: str) -> Any:
    option = element.get("initial_option" if prefix else "selected_option") or {}
    return option.get("value")


_READ: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
    **dict.fromkeys(_NUMBERS, _as_number),
    "gpu_type": _gpus,
    "not_in": _listed,
    "size_name": _listed,
    "provider": _clouds,
    "os": _chosen,
    SPOT: _ticked,
}
