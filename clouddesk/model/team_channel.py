"""The channel in which a team is told its week's costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TeamChannel:
    """``channel``: the chat's own id. ``by``: the admin who wants it there."""

    channel: str
    by: str
    with_people: bool = False
    """Whether everybody there reads what each person spent."""
