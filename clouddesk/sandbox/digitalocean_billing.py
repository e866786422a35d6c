"""The simulated DigitalOcean's invoices, computed from the droplets' own lives: by the second, whether on or off.

A droplet costs at least a cent and at most its price for a month. An invoice is made on the first of the next month;
the preview of the one to come is as new as the question.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from clouddesk.sandbox.digitalocean_catalog import SIZES
from clouddesk.sandbox.digitalocean_errors import not_found
from clouddesk.sandbox.digitalocean_store import Droplet, Store
from clouddesk.sandbox.rest import Answer, Ask, Item, Listed

PREVIEW = "preview"
INVOICE = "invoice"
_NAMES = uuid.UUID("2a0b1f9c-6a43-4d55-8a6d-3f4f5d1f7c11")
_LEAST_USD = 0.01
_HOUR = 3600.0


def list_invoices(ask: Ask[Store]) -> Answer:
    """Newest first; those of months that are over and in which there was something."""
    now = time.time()
    droplets = ask.store.every_droplet()
    months = sorted({month for item in droplets for month in _months(item, now)}, reverse=True)
    return Listed("invoices", [_invoice(month, droplets, now) for month in months if _end(month) <= now])


def preview(store: Store, now: float) -> Item:
    """Of the month that is not over."""
    month = f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m}"
    shown = _invoice(month, store.every_droplet(), now)
    return {**shown, "updated_at": datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


def get_invoice(ask: Ask[Store]) -> Answer:
    """Its items: one for each droplet."""
    now = time.time()
    droplets = ask.store.every_droplet()
    wanted = str(ask.path["wanted"])
    months = {month for item in droplets for month in _months(item, now)}
    current = f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m}"
    found = (
        current if wanted == PREVIEW else next((month for month in months | {current} if _uuid(month) == wanted), "")
    )
    if not found:
        raise not_found()
    return Listed("invoice_items", items(droplets, found, now))


def items(droplets: Iterable[Droplet], month: str, now: float) -> list[Item]:
    """What is charged for that month up to now."""
    since, until = _begin(month), min(_end(month), now)
    found = []
    for droplet in droplets:
        begin, end = max(droplet.created_at, since), min(droplet.gone_at or now, until)
        if end <= begin:
            continue
        size: dict[str, Any] = SIZES[droplet.facts["size"]]
        usd = min(float(size["price_monthly"]), (end - begin) / _HOUR * float(size["price_hourly"]))
        found.append(
            {
                "product": "Droplets",
                "resource_id": str(droplet.id),
                "resource_uuid": str(uuid.uuid5(_NAMES, str(droplet.id))),
                "group_description": "",
                "description": f"{droplet.name} ({size['slug']})",
                "amount": f"{max(_LEAST_USD, usd):.2f}",
                "duration": f"{(end - begin) / _HOUR:.4f}",
                "duration_unit": "Hours",
                "start_time": _shown(begin),
                "end_time": _shown(end),
                "project_name": "sandbox",
                "category": "iaas",
            }
        )
    return found


def _invoice(month: str, droplets: Iterable[Droplet], now: float) -> Item:
    amount = sum(float(item["amount"]) for item in items(droplets, month, now))
    return {"invoice_uuid": _uuid(month), "amount": f"{amount:.2f}", "invoice_period": month}


def _months(droplet: Droplet, now: float) -> list[str]:
    day = datetime.fromtimestamp(droplet.created_at, timezone.utc).replace(day=1)
    end = datetime.fromtimestamp(min(droplet.gone_at or now, now), timezone.utc)
    months = []
    while day.date().replace(day=1) <= end.date():
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=32)).replace(day=1)
    return months


def _begin(month: str) -> float:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=timezone.utc).timestamp()


def _end(month: str) -> float:
    begin = datetime.fromtimestamp(_begin(month), timezone.utc)
    return (begin + timedelta(days=32)).replace(day=1).timestamp()


def _uuid(month: str) -> str:
    return str(uuid.uuid5(_NAMES, month))


def _shown(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
