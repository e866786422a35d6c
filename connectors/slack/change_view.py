"""The form that changes a quoted request: everything as it is, and what of it came back different."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clouddesk.language.clock import resolve_until
from clouddesk.language.durations import parse_duration
from clouddesk.language.ends import find_ends
from clouddesk.model.quote import Quote
from clouddesk.providers.table import PROVIDERS
from connectors.slack import words
from connectors.slack.cards import section
from connectors.slack.credentials_view import modal, plain
from connectors.slack.limits import HINT, OPTIONS, Block, cut
from connectors.slack.text import mrkdwn

CHANGE = "change"
_SHOWN = "value"
_ANYWHERE = "anywhere"
"""A region emptied is a wish of its own; no region at all would be filled in with the usual one."""
_NUMBERS = ("node_count", "vcpus", "memory_gb", "storage_gb", "gpu_count", "max_price_per_hour")
_LONGEST = 200


def change(quote: Quote, *, place: Mapping[str, str] | None = None) -> dict[str, Any]:
    """All facts of the quote to change; ``place`` comes back with the answer."""
    offer, request = quote.offer, quote.request
    blocks = [
        section(mrkdwn(words.CHANGE_INTRO)),
        _number("node_count", words.COUNT, len(quote.nodes), least=1),
        _number("vcpus", words.VCPUS, offer.vcpus, least=1),
        _number("memory_gb", words.MEMORY, offer.memory_gb, is_decimal=True),
        _number("storage_gb", words.DISK, quote.disk_gb, is_decimal=True),
        _gpus(offer.gpus),
        _system(quote.os),
        _clouds(request.providers or tuple(PROVIDERS)),
        _text("region", words.REGION, offer.region, words.REGION_HINT, is_optional=True),
        _text("duration", words.DURATION, request.until or words.span(quote.lease_seconds), words.DURATION_HINT),
        _budget(request.max_hourly_price_usd),
    ]
    metadata = json.dumps({"quote_id": quote.id, "place": dict(place or {})})
    return modal(CHANGE, words.CHANGE_TITLE, blocks, submit=words.SHOW_PRICE, metadata=metadata)


def change_of(view: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Which quote is changed, and the place that was given along."""
    kept = json.loads(view["private_metadata"])
    return kept["quote_id"], kept["place"]


def changes(view: Mapping[str, Any]) -> dict[str, Any]:
    """What came back different, as the entities that would say it; {} when nothing did."""
    found: dict[str, Any] = {}
    for name, (before, now) in _answers(view).items():
        if before == now:
            continue
        if name == "duration":
            found.update(_lasting(str(now)))
        elif name == "region":
            found[name] = now or _ANYWHERE
        elif now not in (None, "", []):
            found[name] = now
    return found


def problems(view: Mapping[str, Any], *, now: datetime, timezone_name: str) -> dict[str, str]:
    """Sentences for what cannot be meant, by block id: the errors of an acknowledgement."""
    found = {}
    for name, (before, said) in _answers(view).items():
        if name in _NUMBERS and said and isinstance(said, str):
            found[name] = words.NO_NUMBER.format(said=cut(said, _LONGEST), example="4")
        elif name == "duration" and said != before and not _can_last(said, now, timezone_name):
            found[name] = words.NO_DURATION.format(said=cut(said, _LONGEST))
    return found


def _can_last(said: str, now: datetime, timezone_name: str) -> bool:
    """Whether all of it is a time or an end: out of "2 days, please" the clock alone would make two o'clock."""
    lasting = _lasting(said)
    if "duration_minutes" in lasting:
        return bool(lasting["duration_minutes"])
    ends = [(end.start, end.end) for end in find_ends(said)]
    return ends == [(0, len(said))] and resolve_until(said, now=now, timezone=timezone_name) is not None


def _lasting(said: str) -> dict[str, Any]:
    """ "8 hours" or "for 8 hours" is a time, anything else an end."""
    minutes = parse_duration(said.strip().lower().removeprefix("for ").strip())
    return {"until": said.strip()} if minutes is None else {"duration_minutes": minutes}


def _answers(view: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What each field showed, and what it holds now."""
    values = view["state"]["values"]
    found = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            name, element = block["block_id"], block["element"]
            found[name] = (_read(name, element, "initial_"), _read(name, values[name][_SHOWN], ""))
    return found


def _read(name: str, element: Mapping[str, Any], prefix: str) -> Any:
    """The content of a field as it was shown ("initial_value") or as it came back ("value")."""
    if name == "provider":
        key = "initial_options" if prefix else "selected_options"
        return sorted(option["value"] for option in element.get(key) or ())
    if name == "os":
        option = element.get("initial_option" if prefix else "selected_option") or {}
        return option.get("value")
    said = str(element.get(f"{prefix}value") or "").strip()
    return _as_number(said) if name in _NUMBERS and said else said


def _as_number(said: str) -> int | float | str:
    """The text itself when it is none."""
    try:
        number = float(said.replace(",", "."))
    except ValueError:
        return said
    if not math.isfinite(number):
        return said
    return int(number) if number.is_integer() else number


def _number(
    name: str, label: str, shown: float, *, least: int | None = None, is_decimal: bool = False, hint: str = ""
) -> Block:
    element: Block = {"type": "number_input", "action_id": _SHOWN, "is_decimal_allowed": is_decimal}
    element["initial_value"] = f"{shown:.10g}"
    element["min_value"] = "0.5" if least is None else str(least)
    return _input(name, label, element, hint=hint)


def _gpus(shown: int) -> Block:
    hint = words.GPUS_DROP_HINT if shown else ""
    return _number("gpu_count", words.GPUS, shown, least=min(1, shown), hint=hint)


def _budget(shown: float | None) -> Block:
    element: Block = {"type": "number_input", "action_id": _SHOWN, "is_decimal_allowed": True, "min_value": "0"}
    if shown is not None:
        element["initial_value"] = f"{shown:.10f}".rstrip("0").rstrip(".")
    hint = words.BUDGET_HINT if shown is None else words.BUDGET_DROP_HINT
    return _input("max_price_per_hour", words.BUDGET, element, hint=hint, is_optional=shown is None)


def _text(name: str, label: str, shown: str, hint: str, *, is_optional: bool = False) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": _SHOWN, "max_length": _LONGEST}
    if shown:
        element["initial_value"] = cut(shown, _LONGEST)
    return _input(name, label, element, hint=hint, is_optional=is_optional)


def _system(shown: str) -> Block:
    known = sorted({name for spec in PROVIDERS.values() for name in spec.images} | {shown})[:OPTIONS]
    options = {name: {"text": plain(name), "value": name} for name in known}
    element: Block = {"type": "static_select", "action_id": _SHOWN, "options": list(options.values())}
    if shown in options:
        element["initial_option"] = options[shown]
    return _input("os", words.OS, element)


def _clouds(shown: tuple[str, ...]) -> Block:
    options = {name: {"text": plain(spec.title), "value": name} for name, spec in PROVIDERS.items()}
    element: Block = {"type": "checkboxes", "action_id": _SHOWN, "options": list(options.values())}
    if chosen := [choice for name, choice in options.items() if name in shown]:
        element["initial_options"] = chosen
    return _input("provider", words.PROVIDERS, element)


def _input(name: str, label: str, element: Block, *, hint: str = "", is_optional: bool = False) -> Block:
    block: Block = {"type": "input", "block_id": name, "label": plain(label), "element": element}
    if hint:
        block["hint"] = plain(cut(hint, HINT))
    if is_optional:
        block["optional"] = True
    return block
