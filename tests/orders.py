"""What people said yes to, for tests of what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.model.order import ReservationOrder


def make_order(created_at: datetime, *, keys: Sequence[str] = ("node-1",), **changes: Any) -> ReservationOrder:
    """Ann's small machines, $0.60 an hour each; with other values for its fields."""
    values: dict[str, Any] = {
        "reservation_id": "r-1",
        "name": "vm-1",
        "workspace_id": "local",
        "owner": "ann",
        "conversation": "local:console:-:ann",
        "kind": "vm",
        "software": None,
        "provider": "aws",
        "vcpus": 1,
        "memory_gb": 1.0,
        "credential_ref": "people/local/ann/aws",
        "lease_seconds": 3600,
        "max_lease_seconds": 7200,
        "warning_seconds": (),
        "hourly_price_usd": 0.6 * len(keys),
        "stopped_hourly_price_usd": 0.02 * len(keys),
        "created_at": created_at,
        "is_simulated": False,
        **changes,
    }
    nodes = NodeOrder(
        installation="cd-test",
        reservation_id=values["reservation_id"],
        owner=f"{values['workspace_id']}/{values['owner']}",
        region="eu-1",
        size="small",
        os="ubuntu-24.04",
        nodes=tuple(NodePlan(key) for key in keys),
        disk_gb=10.0,
        name=values["name"],
    )
    return ReservationOrder(nodes=nodes, **values)
