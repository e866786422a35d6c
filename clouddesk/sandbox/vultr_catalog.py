"""What the simulated Vultr sells: plans with prices, regions and operating systems, from the data files beside this."""

from __future__ import annotations

import json
from pathlib import Path

from clouddesk.sandbox.rest import Item

DATA = Path(__file__).parent


def _read(name: str) -> list[Item]:
    items: list[Item] = json.loads((DATA / f"vultr_{name}.json").read_text())[name]
    return items


PLANS = {plan["id"]: {"name": plan["id"], **plan} for plan in _read("plans")}
REGIONS = {region["id"]: region for region in _read("regions")}
SYSTEMS = {system["id"]: system for system in _read("os")}
