"""Defaults instead of questions: what a person used last, else what the team takes, for what was not said. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clouddesk.limits import TeamDefaults
from clouddesk.model.request import ResourceRequest

LATEST = "latest"
"""The key of the last request of any kind."""
ANYWHERE = "anywhere"
"""As a region it is a wish of its own, and no region at all is filled in."""


@dataclass(frozen=True)
class Filled:
    """A request with what was not said; ``habits`` and ``team`` name the fields that came from there."""

    request: ResourceRequest
    habits: tuple[str, ...] = ()
    team: tuple[str, ...] = ()

    def used(self) -> ResourceRequest:
        """What the person uses with this: the team's defaults are not theirs, and an end and a name are of one time."""
        request = replace(self.request, until=None, name=None)
        return replace(request, **dict.fromkeys(self.team))  # type: ignore[arg-type]  # the fields of TeamDefaults


def key_of(kind: str, software: str | None) -> str:
    """What a habit belongs to: machines, or clusters of one software."""
    return f"{kind}/{software}" if software else kind


def keys_of(request: ResourceRequest) -> list[str]:
    """The keys that a request is remembered under, the most particular last."""
    software = request.software[0] if request.software else None
    return list(dict.fromkeys((LATEST, request.kind, key_of(request.kind, software))))


def reservation_key(reservation_id: str) -> str:
    """The key of what was asked for with a reservation."""
    return f"reservation/{reservation_id}"


def fill(
    request: ResourceRequest,
    *,
    same: ResourceRequest | None,
    latest: ResourceRequest | None,
    team: TeamDefaults,
) -> Filled:
    """``same``: what the person used last for the same thing; ``latest``: for anything, which tells their region."""
    region = same or latest
    usual = {
        "os": same.os if same else None,
        "duration_seconds": same.duration_seconds if same else None,
        "region": region.region if region else None,
    }
    habits: dict[str, object] = {}
    of_team: dict[str, object] = {}
    for field, value in usual.items():
        if _is_said(request, field):
            continue
        if value is not None and value not in (ANYWHERE, *request.excluded_regions):
            habits[field] = value
        elif (default := getattr(team, field, None)) is not None and default not in request.excluded_regions:
            of_team[field] = default
    filled = replace(request, **habits, **of_team)  # type: ignore[arg-type]  # the fields' own types, by name
    return Filled(filled, tuple(habits), tuple(of_team))


def _is_said(request: ResourceRequest, field: str) -> bool:
    if field == "duration_seconds" and request.until:
        return True
    return getattr(request, field) is not None
