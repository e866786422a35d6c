"""The simulated Cost Explorer: GetCostAndUsage, computed from the machines' lives."""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from clouddesk.sandbox.aws_charges import Charge, charges
from clouddesk.sandbox.aws_errors import AwsError
from clouddesk.sandbox.aws_lives import Life

MOST_GROUPS = 100
"""On one page."""
_FINAL_AFTER = timedelta(days=3)
_OLDEST = timedelta(days=14 * 31)
_METRICS = ("UnblendedCost", "BlendedCost", "NetUnblendedCost", "AmortizedCost", "NetAmortizedCost", "UsageQuantity")

Match = Callable[[Charge], bool]


class BadQuestion(Exception):
    """What Amazon refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.error = AwsError(400, code, message)


def get_cost_and_usage(
    question: Mapping[str, Any], lives: Iterable[Life], *, has_tags: bool = True, now: float | None = None
) -> dict[str, Any]:
    """The answer. ``has_tags``: the tags are activated as cost allocation tags. Raises BadQuestion."""
    now = time.time() if now is None else now
    matches = _match(question.get("Filter") or {}, has_tags=has_tags)
    grouping = list(question.get("GroupBy") or ())
    metrics = list(question.get("Metrics") or ())
    if not metrics or any(name not in _METRICS for name in metrics):
        raise BadQuestion("ValidationException", "Metrics must be among " + ", ".join(_METRICS))
    if len(grouping) > 2:
        raise BadQuestion("ValidationException", "At most two groupings")
    known = list(lives)
    rows: list[tuple[dict[str, Any], list[str] | None, list[Charge]]] = []
    for period in _periods(question, now):
        since, until = _seconds(period["TimePeriod"]["Start"]), _seconds(period["TimePeriod"]["End"])
        found = [charge for charge in charges(known, since, until, now) if matches(charge)]
        if not grouping:
            rows.append((period, None, found))
            continue
        groups: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
        for charge in found:
            groups[tuple(_key(item, charge, has_tags=has_tags) for item in grouping)].append(charge)
        rows += [(period, list(keys), groups[keys]) for keys in sorted(groups)] or [(period, [], [])]
    first = _offset(question.get("NextPageToken"), len(rows))
    results: list[dict[str, Any]] = []
    for period, keys, found in rows[first : first + MOST_GROUPS]:
        if not results or results[-1]["TimePeriod"] != period["TimePeriod"]:
            results.append({**period, "Total": {}, "Groups": []})
        if keys is None:
            results[-1]["Total"] = _sums(found, metrics)
        elif keys:
            results[-1]["Groups"].append({"Keys": keys, "Metrics": _sums(found, metrics)})
    answer: dict[str, Any] = {"ResultsByTime": results, "DimensionValueAttributes": []}
    if grouping:
        answer["GroupDefinitions"] = grouping
    if first + MOST_GROUPS < len(rows):
        token = json.dumps({"from": first + MOST_GROUPS})
        answer["NextPageToken"] = base64.b64encode(token.encode()).decode()
    return answer


def _periods(question: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    try:
        span = question["TimePeriod"]
        begin, end = _day(span["Start"]), _day(span["End"])
    except (KeyError, ValueError, TypeError):
        raise BadQuestion("ValidationException", "TimePeriod must hold Start and End as yyyy-MM-dd") from None
    present = datetime.fromtimestamp(now, timezone.utc)
    if begin >= end:
        raise BadQuestion("ValidationException", "Start date (and hour) should be before end date (and hour)")
    if begin > present:
        raise BadQuestion("ValidationException", "Start date cannot be after the current date")
    if begin < present - _OLDEST:
        raise BadQuestion("ValidationException", "You haven't enabled historical data beyond 14 months")
    granularity = question.get("Granularity")
    if granularity not in ("DAILY", "MONTHLY"):
        raise BadQuestion("ValidationException", "Granularity must be DAILY or MONTHLY")
    periods = []
    while begin < end:
        month = (begin.replace(day=1) + timedelta(days=32)).replace(day=1)
        following = min(end, begin + timedelta(days=1) if granularity == "DAILY" else month)
        periods.append(
            {
                "TimePeriod": {"Start": f"{begin:%Y-%m-%d}", "End": f"{following:%Y-%m-%d}"},
                "Estimated": present < month + _FINAL_AFTER,
            }
        )
        begin = following
    return periods


def _match(expression: Mapping[str, Any], *, has_tags: bool) -> Match:
    """What a filter lets through."""
    if not expression:
        return lambda charge: True
    if len(expression) != 1:
        raise BadQuestion("ValidationException", "Expression must have exactly one root operator")
    ((kind, value),) = expression.items()
    if kind == "Not":
        inner = _match(value, has_tags=has_tags)
        return lambda charge: not inner(charge)
    if kind in ("And", "Or"):
        if len(value) < 2:
            raise BadQuestion("ValidationException", f"{kind} requires at least two expressions")
        parts = [_match(item, has_tags=has_tags) for item in value]
        every = all if kind == "And" else any
        return lambda charge: every(part(charge) for part in parts)
    if kind == "Dimensions":
        wanted, name = set(value["Values"]), value["Key"]
        return lambda charge: _dimension(charge, name) in wanted
    if kind == "Tags":
        wanted, name = set(value["Values"]), value["Key"]
        return lambda charge: has_tags and charge.tags.get(name, "") in wanted
    raise BadQuestion("ValidationException", f"{kind} is not known")


def _key(grouping: Mapping[str, str], charge: Charge, *, has_tags: bool) -> str:
    if grouping["Type"] == "TAG":
        value = charge.tags.get(grouping["Key"], "") if has_tags else ""
        return f"{grouping['Key']}${value}"
    return _dimension(charge, grouping["Key"])


def _dimension(charge: Charge, name: str) -> str:
    values = {
        "SERVICE": charge.service,
        "USAGE_TYPE": charge.usage_type,
        "RECORD_TYPE": charge.record_type,
        "REGION": charge.region,
    }
    if name not in values:
        raise BadQuestion("ValidationException", f"{name} is no dimension here")
    return values[name]


def _sums(found: Iterable[Charge], metrics: Iterable[str]) -> dict[str, Any]:
    lines = list(found)
    cost, quantity = sum(line.cost_usd for line in lines), sum(line.quantity for line in lines)
    return {
        name: {"Amount": f"{quantity:.10f}", "Unit": "N/A"}
        if name == "UsageQuantity"
        else {"Amount": f"{cost:.10f}", "Unit": "USD"}
        for name in metrics
    }


def _offset(token: object, most: int) -> int:
    if not token:
        return 0
    try:
        offset = int(json.loads(base64.b64decode(str(token)))["from"])
    except (ValueError, KeyError, TypeError):
        offset = -1
    if not 0 < offset < most:
        raise BadQuestion("InvalidNextTokenException", "The pagination token is invalid. Try again without it.")
    return offset


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)


def _seconds(text: str) -> float:
    return _day(text).timestamp()
