"""Offers as text, for the caller's cache."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from clouddesk.model.offer import Offer


def offers_to_json(offers: Iterable[Offer]) -> str:
    """A JSON list, one object an offer."""
    return json.dumps([{**asdict(offer), "as_of": offer.as_of.isoformat()} for offer in offers], separators=(",", ":"))


def offers_from_json(text: str) -> list[Offer]:
    """The offers that ``offers_to_json`` wrote."""
    return [Offer(**{**entry, "as_of": datetime.fromisoformat(entry["as_of"])}) for entry in json.loads(text)]
