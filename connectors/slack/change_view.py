"""The form that changes a quoted request: every field of it, as it was said or else as it is quoted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clouddesk.limits import Limits
from clouddesk.model.offer import LARGEST_DISK_GB
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.providers.table import PROVIDERS, title_of
from connectors.slack import words
from connectors.slack.cards import section
from connectors.slack.credentials_view import modal, plain
from connectors.slack.limits import CHECKBOXES, HINT, OPTION_TEXT, OPTIONS, Block, cut
from connectors.slack.text import mrkdwn

CHANGE = "change"
SHOWN = "value"
"""The action id of every field."""
ANYWHERE = "anywhere"
"""A region emptied is a wish of its own; no region at all would be filled in with the usual one."""
LONGEST = 200
"""Characters of one field."""
SPOT = "spot"
_LEAST = 0.5
_FIELDS = {
    "node_count": "count",
    "gpu_type": "gpu_types",
    "provider": "providers",
    "not_in": "excluded_regions",
    "size_name": "size_names",
    "max_price_per_hour": "max_hourly_price_usd",
    "resource_name": "name",
    **{name: name for name in ("vcpus", "memory_gb", "storage_gb", "gpu_count", "os", "region", SPOT)},
}
"""By field of the form, that of the request; but for how long, which has two."""


def change(
    quote: Quote,
    *,
    limits: Limits | None = None,
    least_nodes: int = 1,
    providers: Sequence[str] = tuple(PROVIDERS),
    place: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """All fields of the request to change; ``providers``: to choose from; ``place`` comes back with the answer."""
    offer, request = quote.offer, quote.request
    count, longest = len(quote.nodes), (limits or Limits())
    disk_gb = request.storage_gb or quote.disk_gb
    blocks = [
        section(mrkdwn(words.CHANGE_INTRO)),
        _number("node_count", words.COUNT, count, least=min(least_nodes, count), most=max(longest.max_nodes, count)),
        _number("vcpus", words.VCPUS, request.vcpus or offer.vcpus, least=1),
        _number("memory_gb", words.MEMORY, request.memory_gb or offer.memory_gb),
        _number("storage_gb", words.DISK, disk_gb, most=max(LARGEST_DISK_GB, disk_gb)),
        _number("gpu_count", words.GPUS, request.gpu_count or offer.gpus, least=0, hint=words.GPUS_HINT),
        _text("gpu_type", words.GPU_TYPE, ", ".join(request.gpu_types), words.GPU_TYPE_HINT),
        _system(quote.os),
        _clouds(request.providers or providers, providers),
        _text("region", words.REGION, _region(quote), words.REGION_HINT),
    ]
    if request.excluded_regions:
        blocks.append(_text("not_in", words.NOT_IN, ", ".join(request.excluded_regions), words.NOT_IN_HINT))
    if request.size_names:
        blocks.append(_text("size_name", words.SIZE, ", ".join(request.size_names), words.SIZE_HINT))
    lasting = request.until or words.span(quote.lease_seconds)
    hint = words.DURATION_HINT.format(most=words.span(longest.max_lease_seconds))
    blocks += [
        _text("duration", words.DURATION, lasting, hint, is_optional=False),
        _spot(is_wanted=request.spot),
        _budget(request.max_hourly_price_usd),
        _text("resource_name", words.NAME, request.name or "", words.NAME_HINT),
    ]
    kept = {"quote_id": quote.id, "place": dict(place or {}), "request": _request(quote.request)}
    metadata = json.dumps(kept, ensure_ascii=False)
    return modal(CHANGE, words.CHANGE_TITLE, blocks, submit=words.SHOW_PRICE, metadata=metadata)


def change_of(view: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Which quote is changed, and the place that was given along."""
    kept = json.loads(view["private_metadata"])
    return kept["quote_id"], kept["place"]


def asked_for(view: Mapping[str, Any]) -> dict[str, Any]:
    """What of the request was said when the form was opened: its kind, its software, and the ``said`` fields."""
    kept: dict[str, Any] = json.loads(view["private_metadata"])["request"]
    return kept


def _request(request: ResourceRequest) -> dict[str, Any]:
    said = [name for name, field in _FIELDS.items() if getattr(request, field)]
    is_lasting = request.until or request.duration_seconds
    return {
        "kind": request.kind,
        "software": list(request.software),
        "said": [*said, *(["duration"] if is_lasting else [])],
    }


def _region(quote: Quote) -> str:
    """Empty for anywhere; unsaid, the one that is quoted."""
    said = quote.request.region
    return quote.offer.region if said is None else said if said != ANYWHERE else ""


def _number(
    name: str, label: str, shown: float, *, least: int | None = None, most: float | None = None, hint: str = ""
) -> Block:
    """A whole number where ``least`` is given. The limits are the field's own, so that Slack itself tells them."""
    element: Block = {"type": "number_input", "action_id": SHOWN, "is_decimal_allowed": least is None}
    element["initial_value"] = _written(shown)
    element["min_value"] = _written(min(_LEAST, shown) if least is None else least)
    if most is not None:
        element["max_value"] = _written(most)
        limit = words.TOO_MUCH if least is None else words.FROM_TO
        hint = limit.format(least=element["min_value"], most=element["max_value"])
    return _input(name, label, element, hint=hint)


def _written(number: float) -> str:
    return f"{number:.10f}".rstrip("0").rstrip(".")


def _budget(shown: float | None) -> Block:
    element: Block = {"type": "number_input", "action_id": SHOWN, "is_decimal_allowed": True, "min_value": "0"}
    if shown is not None:
        element["initial_value"] = _written(shown)
    return _input("max_price_per_hour", words.BUDGET, element, hint=words.BUDGET_HINT, is_optional=True)


def _text(name: str, label: str, shown: str, hint: str, *, is_optional: bool = True) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": SHOWN, "max_length": LONGEST}
    if shown:
        element["initial_value"] = cut(shown, LONGEST)
    return _input(name, label, element, hint=hint, is_optional=is_optional)


def _system(shown: str) -> Block:
    known = sorted({name for spec in PROVIDERS.values() for name in spec.images} | {shown})[:OPTIONS]
    options = {name: {"text": plain(name), "value": name} for name in known}
    element: Block = {"type": "static_select", "action_id": SHOWN, "options": list(options.values())}
    if shown in options:
        element["initial_option"] = options[shown]
    return _input("os", words.OS, element)


def _clouds(shown: Sequence[str], known: Sequence[str]) -> Block:
    options = {name: {"text": plain(cut(title_of(name), OPTION_TEXT)), "value": name} for name in known}
    kind = "checkboxes" if len(options) <= CHECKBOXES else "multi_static_select"
    element: Block = {"type": kind, "action_id": SHOWN, "options": list(options.values())}
    if chosen := [choice for name, choice in options.items() if name in shown]:
        element["initial_options"] = chosen
    return _input("provider", words.PROVIDERS, element)


def _spot(*, is_wanted: bool) -> Block:
    choice = {"text": plain(words.SPOT_CHOICE), "value": SPOT}
    element: Block = {"type": "checkboxes", "action_id": SHOWN, "options": [choice]}
    if is_wanted:
        element["initial_options"] = [choice]
    return _input(SPOT, words.SPOT, element, is_optional=True)


def _input(name: str, label: str, element: Block, *, hint: str = "", is_optional: bool = False) -> Block:
    block: Block = {"type": "input", "block_id": name, "label": plain(label), "element": element}
    if hint:
        block["hint"] = plain(cut(hint, HINT))
    if is_optional:
        block["optional"] = True
    return block
