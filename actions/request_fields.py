"""The fields of a request, as they lie in a slot: laid over each other, in words, and as the Desk takes them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from actions.kinds import kept_of
from actions.wording import duration, plural, provider_title
from clouddesk.language.money import rate
from clouddesk.model.offer import NearOffer, Offer
from clouddesk.model.request import CLUSTER, ResourceRequest

Fields = dict[str, Any]
"""The fields of ResourceRequest that were said, as they lie in the slot ``request``."""
LISTS = {"software": "software", "gpu_type": "gpu_types", "provider": "providers", "size_name": "size_names"}
SINGLES = {
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
    "open_to": "closed but for SSH",
}
_LISTED = {"excluded_regions": "not in", "excluded_sizes": "not", "open_to": "open to", "open_ports": "port"}
_ANY_ALONE = {"gpu_types": "any kind of GPU", "size_names": "any type of machine"}
"""Said when nothing else has changed: "no GPU" and "not t3.medium" tell it already."""


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
    for entity, field in {**LISTS, **SINGLES}.items():
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
        elif field in _LISTED:
            parts.append(f"{_LISTED[field]} {' or '.join(value)}")
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
