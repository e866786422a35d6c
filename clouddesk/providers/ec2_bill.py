"""What Amazon charges, by Cost Explorer: one paid request ($0.01) for a page of a month's sums."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from clouddesk.model.bill import ADDRESS, DISK, IDLE_ADDRESS, MACHINE, OTHER, TRAFFIC, Bill, BillLine, next_month
from clouddesk.model.errors import BillRefused
from clouddesk.providers.cloud import RESERVATION
from clouddesk.providers.specs.aws import AWS

SERVICES = ["Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "Amazon Virtual Private Cloud"]
"""Machines; their disks and traffic; their public addresses."""
NO_USE = ["Tax", "Credit", "Refund"]
_REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_NO_DATA = "DataUnavailableException"
_KINDS = (
    (re.compile(r"PublicIPv4:Idle|ElasticIP:Idle"), IDLE_ADDRESS),
    (re.compile(r"PublicIPv4:InUse"), ADDRESS),
    (re.compile(r"(?:BoxUsage|SpotUsage|DedicatedUsage|HostBoxUsage)\b"), MACHINE),
    (re.compile(r"EBS:Volume"), DISK),
    (re.compile(r"DataTransfer|-Bytes\b"), TRAFFIC),
)
_METRICS = ["UnblendedCost", "UsageQuantity"]


def bill(client: Any, month: datetime, *, now: datetime, pause: Callable[[], None]) -> Bill:
    """Of the month (its first moment, UTC). ``pause``: before each request. Raises BillRefused, and the vendor's.

    By the reservations' tag and by what was used, without a filter by tag: what carries no tag of ours, as public
    addresses do, and all of it where the tags are not switched on, is to be seen too.
    """
    end = next_month(month)
    is_over = end <= now
    # The end is exclusive. A month that is not over is asked by days, which tells how far the data goes.
    until = end if is_over else now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    costs: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    is_final, last = is_over, month
    for result in _results(client, month, until, "MONTHLY" if is_over else "DAILY", pause):
        is_final = is_final and not result.get("Estimated", False)
        for group in result.get("Groups", ()):
            tag, usage = group["Keys"]
            sums = costs[tag.partition("$")[2], usage]
            for place, metric in enumerate(_METRICS):
                sums[place] += float(group["Metrics"][metric]["Amount"])
            last = max(last, datetime.fromisoformat(result["TimePeriod"]["End"]).replace(tzinfo=month.tzinfo))
    # Where there is nothing at all, it is not known how far the bill goes: as far as was asked.
    reached = last if costs and not is_over else until
    lines = [_line(tag, usage, cost, quantity) for (tag, usage), (cost, quantity) in sorted(costs.items())]
    return Bill(month, reached, tuple(line for line in lines if line.cost_usd), is_final, has_tags=True)


def _results(
    client: Any, since: datetime, until: datetime, granularity: str, pause: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """From all pages."""
    question = {
        "TimePeriod": {"Start": f"{since:%Y-%m-%d}", "End": f"{until:%Y-%m-%d}"},
        "Granularity": granularity,
        "Metrics": _METRICS,
        "GroupBy": [{"Type": "TAG", "Key": RESERVATION}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        "Filter": {
            "And": [
                {"Dimensions": {"Key": "SERVICE", "Values": SERVICES}},
                {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": NO_USE}}},
            ]
        },
    }
    more: dict[str, str] = {}
    while True:
        pause()
        try:
            answer = client.get_cost_and_usage(**question, **more)
        except ClientError as error:
            code, words = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
            if code in _REFUSALS:
                raise BillRefused(AWS.name, words) from error
            if code == _NO_DATA:
                return
            raise
        yield from answer["ResultsByTime"]
        if not answer.get("NextPageToken"):
            return
        more = {"NextPageToken": answer["NextPageToken"]}


def _line(tag: str, usage: str, cost: float, quantity: float) -> BillLine:
    kind = next((kind for pattern, kind in _KINDS if pattern.search(usage)), OTHER)
    return BillLine(kind, cost, reservation_id=tag, hours=quantity if kind in (MACHINE, ADDRESS) else 0.0)
