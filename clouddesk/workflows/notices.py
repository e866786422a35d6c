"""What a notice about a reservation says; the wording is the connector's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from clouddesk.language.money import UNKNOWN, money, rate
from clouddesk.model import doors
from clouddesk.model.fallback import Fallback
from clouddesk.model.notice import OFFERED_EXTENSION_SECONDS, Notice
from clouddesk.model.ports import AdminsOf
from clouddesk.model.reservation import Reservation

log = structlog.get_logger()


def make_notice(
    view: Reservation, kind: str, now: datetime, *, key: str = "", is_for_admins: bool = False, **facts: str
) -> Notice:
    """A notice with every value that the wordings may use.

    ``facts`` add to these or replace them: ``reason`` is one of our codes (default: why the reservation ends),
    ``action`` what failed ("stop", "release").
    """
    living = view.living_nodes
    seconds_left = (view.expires_at - now).total_seconds()
    return Notice(
        id=":".join(part for part in (view.id, kind, "admins" if is_for_admins else "", key) if part),
        kind=kind,
        workspace_id=view.workspace_id,
        user_id=view.owner,
        conversation=view.conversation,
        reservation_id=view.id,
        created_at=now,
        is_for_admins=is_for_admins,
        values={
            "name": view.name,
            "reservation_id": view.id,
            "nodes": str(view.node_count),
            "provider": view.provider,
            "region": view.region,
            "size": view.size,
            "addresses": ", ".join(node.endpoint for node in view.nodes if node.endpoint),
            "hourly": _told(view, rate(view.hourly_price_usd)),
            "extension": _told(view, money(view.hourly_price_usd * OFFERED_EXTENSION_SECONDS / 3600)),
            "cost": money(view.cost_so_far_usd(now)),
            "ends": view.expires_at.isoformat(),
            "minutes_left": str(max(0, math.ceil(seconds_left / 60))),
            "reason": view.reason or "",
            "action": "",
            "simulated": "yes" if view.is_simulated else "no",
            "up": str(len(living)),
            "missing": str(view.node_count - len(living)),
            "up_hourly": _told(view, rate(view.current_hourly_price_usd)),
            "choose_by": view.choose_by.isoformat() if view.choose_by else "",
            "can_go_on": "yes" if view.can_go_on else "no",
            "owner": view.owner,
            **(_offered(view.offered) if view.offered else {}),
            **(_software(view) if view.found else {}),
            **facts,
        },
    )


def _told(view: Reservation, price: str) -> str:
    return UNKNOWN if view.is_unpriced else price


def _software(view: Reservation) -> dict[str, str]:
    """What runs and where it opens; without what gets in."""
    return {
        "found": "; ".join(view.found),
        "links": "\n".join(doors.links(view)),
        "tunnels": "\n".join(f"`{command}`" for command in doors.tunnels(view)),
    }


def _offered(offer: Fallback) -> dict[str, str]:
    """What the owner is asked about."""
    return {
        "offer_provider": offer.provider,
        "offer_region": offer.region,
        "offer_size": offer.size,
        "offer_hourly": rate(offer.hourly_price_usd),
    }


async def addressed(notice: Notice, admins_of: AdminsOf) -> list[Notice]:
    """The notice for each of its readers: the owner, or every admin of the workspace."""
    if not notice.is_for_admins:
        return [notice]
    ids = await admins_of(notice.workspace_id)
    if not ids:
        log.warning("notice.unread", kind=notice.kind, workspace=notice.workspace_id, notice_id=notice.id)
    return [replace(notice, user_id=id_, id=f"{notice.id}:{id_}", conversation="") for id_ in ids]


async def nobody(_workspace_id: str) -> Sequence[str]:
    """Where there are no admins."""
    return ()
