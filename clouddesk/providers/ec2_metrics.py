"""What CloudWatch knows of EC2 machines: many of them in one request, without anything installed on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

MOST_QUERIES = 500
"""That one request may hold."""
_PERIOD_SECONDS = 300
"""Of what is measured without being paid for."""


def cpu_percents(
    client: Any, ids: Sequence[str], *, since: datetime, until: datetime, pause: Callable[[], None]
) -> dict[str, float]:
    """The newest value by instance id; those are left out of which nothing is known. ``pause``: before each request."""
    found: dict[str, float] = {}
    for first in range(0, len(ids), MOST_QUERIES):
        batch = ids[first : first + MOST_QUERIES]
        names = {f"m{number}": id_ for number, id_ in enumerate(batch)}
        more: dict[str, str] = {}
        while True:
            pause()
            answer = client.get_metric_data(
                MetricDataQueries=[_query(name, id_) for name, id_ in names.items()],
                StartTime=since,
                EndTime=until,
                ScanBy="TimestampDescending",
                **more,
            )
            for result in answer["MetricDataResults"]:
                if result["Values"]:
                    found.setdefault(names[result["Id"]], min(100.0, float(result["Values"][0])))
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}
    return found


def _query(name: str, instance_id: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
    }
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": _PERIOD_SECONDS, "Stat": "Average"}}
