"""What is wrong with a request, as a fact that its form asks for: what to say, which field it is, what I would take."""

from __future__ import annotations

import math
from typing import Any

from actions.buttons import button, near_button
from actions.request_fields import ANYWHERE, MEASURES, SHAPE, Fields, change_words, to_fields_of_near
from actions.turn import Button
from actions.wording import names, of_error, provider_title
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.errors import Invalid, LimitExceeded, NothingFits, UnknownRegion, UnknownSoftware
from clouddesk.model.invalid import (
    BadName,
    ClusterTooSmall,
    LeaseTooShort,
    NoImage,
    NoOwnMachine,
    NoPrice,
    NotPositive,
    OverToday,
    TimeIsOver,
    UnclearTime,
    UnknownProvider,
)

MOST_BUTTONS = 5
_FITTING = ("count", *SHAPE, "storage_gb", "size_names", "region", "excluded_regions", "providers", "spot",
            "max_hourly_price_usd")  # fmt: skip
_NUMBERS = (*MEASURES, "max_hourly_price_usd")

_FIELDS: dict[type[Invalid | NothingFits], str] = {
    BadName: "name",
    LeaseTooShort: "duration_seconds",
    NoImage: "os",
    NoOwnMachine: "providers",
    NoPrice: "providers",
    NothingFits: "size",
    OverToday: "duration_seconds",
    TimeIsOver: "duration_seconds",
    UnclearTime: "duration_seconds",
    UnknownProvider: "providers",
    UnknownRegion: "region",
    UnknownSoftware: "software",
}
"""The field of the request that an error is about; the number of machines where it is none of these."""


def problem_of(said: Fields, error: Invalid | NothingFits, *, popular: list[Blueprint], usual: str) -> dict[str, Any]:
    """The problem as it lies in the form's slot: ``choice`` is what "you choose" takes instead.

    ``agreed`` is what a plain yes accepts, ``measure`` the field that a bare number means, ``offers`` what the buttons
    of the nearest offers take;
    ``usual`` is the software that is taken where the said one is unknown.
    """
    response, values = of_error(error)
    buttons: list[Button] | None = None
    offers: list[Fields] = []
    if isinstance(error, NothingFits):
        values["request"] = change_words({key: said[key] for key in _FITTING if key in said}) or error.request
        buttons = [near_button(near) for near in error.nearest] or None
        offers = [to_fields_of_near(near) for near in error.nearest]
    elif isinstance(error, UnknownProvider):
        buttons = [button(provider_title(name), "inform", provider=name) for name in error.known]
    elif isinstance(error, NoImage):
        buttons = [button(system, "correct", os=system) for system in error.known[:MOST_BUTTONS]]
    elif isinstance(error, UnknownRegion):
        buttons = [button(region, "correct", region=region) for region in error.known[:MOST_BUTTONS]]
        buttons.append(button("Anywhere", "correct", region=ANYWHERE))
    elif isinstance(error, OverToday):
        buttons = [button(error.again.capitalize(), "correct", until=error.again)]
    elif isinstance(error, UnknownSoftware):
        buttons = [button(item.title, "inform", software=item.name) for item in popular[:MOST_BUTTONS]]
        values["known"] = names([item.title for item in popular])
    field = _field_of(error)
    return {
        "field": field,
        "measure": _measure_of(said, error) or field,
        "response": response,
        "values": values,
        "buttons": buttons,
        "offers": offers,
        "choice": _choice(field, error, usual, offers),
        "agreed": _agreed(field, error, offers),
    }


def lost_words(wish: Fields, given: Fields) -> str:
    """What of the wish is not met by what is taken instead: "in narnia, 9999 vCPU"."""
    gone = (SHAPE if "size_names" in given else ()) + tuple(given)
    return change_words({field: wish[field] for field in dict.fromkeys(gone) if field in wish})


def _choice(field: str, error: Invalid | NothingFits, usual: str, offers: list[Fields]) -> Fields:
    """The nearest offer or the nearest number; else the default of what is wrong."""
    if isinstance(error, NothingFits):
        return offers[0] if offers else dict.fromkeys(_FITTING)
    if field == "software":
        return {"software": [usual]}
    if field == "duration_seconds":
        return {"duration_seconds": None, "until": None}
    return {"region": ANYWHERE} if field == "region" else {field: None}


def _agreed(field: str, error: Invalid | NothingFits, offers: list[Fields]) -> Fields:
    """The nearest that the question names: to quote it buys nothing yet."""
    if isinstance(error, ClusterTooSmall):
        return {"count": error.least}
    if isinstance(error, OverToday):
        return {"duration_seconds": None, "until": error.again}
    if isinstance(error, LimitExceeded):
        is_time = field == "duration_seconds"
        return {field: int(error.limit * 3600), "until": None} if is_time else {field: int(error.limit)}
    if isinstance(error, NothingFits):
        return offers[0] if offers else {}
    return {"os": None} if field == "os" else {}


def _field_of(error: Invalid | NothingFits) -> str:
    """Which field of the request the error asks for again."""
    if isinstance(error, LimitExceeded):
        return "duration_seconds" if error.what == "hours" else "count"
    return error.field if isinstance(error, NotPositive) else _FIELDS.get(type(error), "count")


def _measure_of(said: Fields, error: Invalid | NothingFits) -> str | None:
    """The said number that the nearest offer falls shortest of."""
    if not isinstance(error, NothingFits) or not error.nearest:
        return None
    near = error.nearest[0]
    short = [field for field in _NUMBERS if field in near.gives_up and said.get(field) is not None]
    has = {"vcpus": near.offer.vcpus, "memory_gb": near.offer.memory_gb, "storage_gb": near.disk_gb}
    return min(short, key=lambda field: has.get(field, math.inf) / said[field], default=None)
