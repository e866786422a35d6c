"""Buttons, which say an intent with everything that its answer needs."""

from __future__ import annotations

import json
from typing import Any

from actions.turn import Button
from clouddesk.model.offer import NearOffer


def payload(intent: str, entities: dict[str, Any]) -> str:
    """A button's payload: the intent with everything that its answer needs."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"


def button(title: str, intent: str, **entities: Any) -> Button:
    """A button."""
    return {"title": title, "payload": payload(intent, entities)}


def near_button(near: NearOffer) -> Button:
    """A button that takes this offer into the open request."""
    offer = near.offer
    title = f"{offer.size}, {offer.memory_gb:g} GB"
    return button(title, "correct", size_name=offer.size, provider=offer.provider, region=offer.region)
