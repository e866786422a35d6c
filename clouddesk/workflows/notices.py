"""What a notice about a reservation says; the wording is the connector's."""

from __future__ import annotations

import math
from datetime import datetime

from clouddesk.language.money import money, rate
from clouddesk.model.notice import OFFERED_EXTENSION_SECONDS, Notice
from clouddesk.model.reservation import Reservation


def make_notice(
    view: Reservation, kind: str, now: datetime, *, key: str = "", reason: str | None = None, action: str = ""
) -> Notice:
    """A notice with every value that the wordings may use.

    ``reason`` is one of our codes (default: why the reservation ends); ``action`` is what failed ("stop", "release").
    """
    seconds_left = (view.expires_at - now).total_seconds()
    return Notice(
        id=":".join(part for part in (view.id, kind, key) if part),
        kind=kind,
        workspace_id=view.workspace_id,
        user_id=view.owner,
        conversation=view.conversation,
        reservation_id=view.id,
        created_at=now,
        values={
            "name": view.name,
            "reservation_id": view.id,
            "nodes": str(view.node_count),
            "provider": view.provider,
            "region": view.region,
            "size": view.size,
            "addresses": ", ".join(node.address for node in view.nodes if node.address),
            "hourly": rate(view.hourly_price_usd),
            "extension": money(view.hourly_price_usd * OFFERED_EXTENSION_SECONDS / 3600),
            "cost": money(view.cost_so_far_usd(now)),
            "ends": view.expires_at.isoformat(),
            "minutes_left": str(max(0, math.ceil(seconds_left / 60))),
            "reason": reason or view.reason or "",
            "action": action,
            "simulated": "yes" if view.is_simulated else "no",
        },
    )
