"""Things of the model that many tests need and that only some fields of matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from clouddesk.model.costs import CostReport, report
from clouddesk.model.reservation import RUNNING, Reservation

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
"""A Wednesday."""


def a_reservation(**changes: Any) -> Reservation:
    """Ann's running Spark cluster of three, reserved for eight hours at NOW."""
    reservation = Reservation(
        id="r-665b0fd5",
        name="spark-1",
        workspace_id="local",
        owner="ann",
        kind="cluster",
        state=RUNNING,
        reason=None,
        software="spark",
        os="ubuntu-22.04",
        provider="aws",
        region="eu-central-1",
        size="m5.xlarge",
        vcpus=4,
        memory_gb=16,
        nodes=(),
        node_count=3,
        hourly_price_usd=0.60,
        stopped_hourly_price_usd=0.02,
        accrued_usd=1.0,
        accrued_at=NOW,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=8),
        ended_at=None,
        conversation="local:console:-:ann",
        is_simulated=True,
    )
    return replace(reservation, **changes)


def no_costs() -> CostReport:
    """A month in which nothing was spent."""
    return report([], NOW.replace(day=1), NOW + timedelta(days=27), NOW)
