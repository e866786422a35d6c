"""What DigitalOcean charges: the invoice of a month, or the preview of the one that is not over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from clouddesk.model.bill import MACHINE, OTHER, TRAFFIC, Bill, BillLine, next_month

INVOICES = "/v2/customers/my/invoices"
_MACHINES = "Droplets"
_TRAFFIC = ("bandwidth", "transfer")

ReadPage = Callable[[str], Mapping[str, Any]]
"""From a path with its query to the answer."""
_PER_PAGE = 200


def bill(read: ReadPage, month: datetime) -> Bill:
    """Of the month (its first moment, UTC). Raises the vendor's errors."""
    wanted = f"{month:%Y-%m}"
    invoice: Mapping[str, Any] | None = None
    is_final = True
    for page in _pages(read, INVOICES, "invoices"):
        preview = page.get("invoice_preview") or {}
        if preview.get("invoice_period") == wanted:
            invoice, is_final = preview, False
            break
        invoice = next((item for item in page["invoices"] if item["invoice_period"] == wanted), None)
        if invoice:
            break
    end = next_month(month)
    if invoice is None:
        return Bill(month, end, is_issued=False)
    if not is_final and invoice.get("updated_at"):
        end = min(end, _moment(str(invoice["updated_at"])))
    items = [
        item for page in _pages(read, f"{INVOICES}/{invoice['invoice_uuid']}", "invoice_items")
        for item in page["invoice_items"]
    ]  # fmt: skip
    return Bill(month, end, tuple(_line(item) for item in items), is_final)


def _pages(read: ReadPage, path: str, key: str) -> Iterable[Mapping[str, Any]]:
    number = 1
    while True:
        page = read(f"{path}?per_page={_PER_PAGE}&page={number}")
        yield page
        if not ((page.get("links") or {}).get("pages") or {}).get("next") or not page[key]:
            return
        number += 1


def _line(item: Mapping[str, Any]) -> BillLine:
    product = str(item.get("product", ""))
    is_machine = product == _MACHINES
    kind = MACHINE if is_machine else TRAFFIC if any(word in product.lower() for word in _TRAFFIC) else OTHER
    in_hours = str(item.get("duration_unit", "")).lower() == "hours"
    return BillLine(
        kind,
        float(item["amount"]),
        machine_id=str(item.get("resource_id") or "") if is_machine else "",
        name=str(item.get("description") or "") if is_machine else "",
        hours=float(item.get("duration") or 0) if in_hours else 0.0,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
