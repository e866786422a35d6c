"""Rasa's parse result as the frame that ``clouddesk parse`` prints: names and normalised values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FALLBACK = "nlu_fallback"


def to_frame(result: Mapping[str, Any]) -> dict[str, Any]:
    """``{"text", "intent", "confidence", "entities": {name: value or list of values}}``.

    The intent is the best real one: where a low confidence made it the fallback, the next in the ranking.
    """
    ranking = list(result.get("intent_ranking") or [])
    intent = dict(result.get("intent") or {})
    if intent.get("name") == FALLBACK:
        intent = next((dict(entry) for entry in ranking if entry.get("name") != FALLBACK), intent)
    entities: dict[str, Any] = {}
    for entity in result.get("entities") or ():
        name, value = entity["entity"], entity["value"]
        if name not in entities:
            entities[name] = value
        elif isinstance(entities[name], list):
            if value not in entities[name]:
                entities[name].append(value)
        elif entities[name] != value:
            entities[name] = [entities[name], value]
    return {
        "text": result.get("text", ""),
        "intent": intent.get("name"),
        "confidence": round(float(intent.get("confidence") or 0.0), 4),
        "entities": entities,
    }
