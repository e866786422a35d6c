"""A reservation's line in the reports of costs, as it is kept beside its view: where, how long, and what it says."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta, timezone

from clouddesk.model.costs import CostAccount
from clouddesk.model.reservation import Reservation

KEPT = timedelta(days=400)
"""A month of ended reservations is kept so long after its end."""
_FIELDS = [item.name for item in fields(CostAccount)]
_POINTS = _FIELDS.index("points")
_EARLIER = _FIELDS.index("earlier")


@dataclass(frozen=True)
class CostLineEntry:
    """Keys are without the prefix of all. ``text`` is "" for what never cost anything and never will."""

    live_key: str
    ended_key: str
    ended_field: str
    text: str
    kept_until: int


def entry(view: Reservation) -> CostLineEntry:
    """As it is kept for this view."""
    account = CostAccount.of(view)
    ended = (view.ended_at or view.created_at).astimezone(timezone.utc)
    following = (ended.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    is_kept = view.is_live or bool(account.points)
    return CostLineEntry(
        live_key=live_key(view.workspace_id),
        ended_key=ended_key(view.workspace_id, ended),
        # Machines that were adopted may have the id of a reservation that ended.
        ended_field=f"{view.id}:{int(account.created_at)}",
        text=json.dumps(astuple(account), separators=(",", ":")) if is_kept else "",
        kept_until=int((following + KEPT).timestamp()),
    )


def accounts(text: str | bytes) -> list[CostAccount]:
    """Back from a list of their texts; what a later version wrote behind each is left out."""
    found = []
    for line in json.loads(text):
        values = line[: len(_FIELDS)]
        values[_POINTS] = tuple(map(tuple, values[_POINTS]))
        if len(values) > _EARLIER:
            values[_EARLIER] = tuple(map(tuple, values[_EARLIER]))
        found += CostAccount(*values).by_owner()
    return found


def live_key(workspace_id: str) -> str:
    return f"costs:{workspace_id}"


def ended_key(workspace_id: str, moment: datetime) -> str:
    """Of all that ended in that month (UTC)."""
    return f"costs:{workspace_id}:{moment:%Y-%m}"
