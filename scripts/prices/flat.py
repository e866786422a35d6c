"""DigitalOcean, Linode and Vultr: one price list each, which the simulated clouds sell by too.

They are read by the same functions that read what the real clouds tell, so that a bundled offer and a live one differ
in nothing but the price and its date.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from clouddesk.model.offer import Offer
from clouddesk.providers import linode_offers, vultr_offers
from clouddesk.providers.digitalocean import droplet_offers
from scripts.prices.sheet import Row, Sheet

_SANDBOX = Path(__file__).parents[2] / "clouddesk" / "sandbox"


def sheets() -> list[Sheet]:
    """Disks and public addresses are in these clouds' prices."""
    droplets, types, plans = _read("digitalocean_sizes"), _read("linode_types"), _read("vultr_plans")
    regions = _read("linode_regions")["regions"]
    linodes = linode_offers.offers(types=types["types"], regions=regions, availability=())
    return [
        _sheet("digitalocean", "DigitalOcean", droplets, droplet_offers(droplets["sizes"])),
        _sheet("linode", "Linode", types, linodes),
        _sheet("vultr", "Vultr", plans, vultr_offers.offers(plans["plans"])),
    ]


def _sheet(name: str, title: str, data: dict[str, Any], offers: Iterable[Offer]) -> Sheet:
    sizes: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        sizes[offer.size].append(offer)
    rows = [_row(sold) for sold in sizes.values()]
    return Sheet(name, f"{title} price list, compiled", date.fromisoformat(data["as_of"]), rows)


def _row(sold: list[Offer]) -> Row:
    """One size in all regions."""
    one = sold[0]
    prices = {offer.region: offer.hourly_price_usd for offer in sold if offer.hourly_price_usd is not None}
    return Row(
        one.size,
        one.vcpus,
        one.memory_gb,
        prices,
        disk_gb=one.disk_gb,
        gpus=one.gpus,
        gpu_type=one.gpu_type or "",
    )


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_SANDBOX / f"{name}.json").read_text())
    return found
