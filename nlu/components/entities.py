"""Last in the pipeline: the final entities with normalised values, from grammar, lists and the tagger's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from clouddesk.language.frame import understand
from clouddesk.language.scan import Item
from clouddesk.language.spelling import as_typed
from nlu.components.prepare_text import TYPED
from nlu.components.stateless import Stateless


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityResolver(Stateless, EntityExtractorMixin):  # type: ignore[misc]  # Rasa has no type information
    """Replaces the message's raw entities; stands after the intent is known and before a fallback can hide it."""

    def process(self, messages: list[Message]) -> list[Message]:
        """One Rasa entity for each value."""
        for message in messages:
            text = message.get(TEXT)
            if not text or text.startswith("/"):
                continue
            intent = (message.get(INTENT) or {}).get("name") or ""
            typed = message.get(TYPED) or text
            names = [_item(entity) for entity in message.get(ENTITIES) or []]
            message.set(
                ENTITIES,
                [
                    {
                        "entity": found.entity,
                        "value": as_typed(typed, text, found.start, found.end)
                        if found.entity == "until"
                        else found.value,
                        "start": found.start,
                        "end": found.end,
                        "extractor": "EntityResolver",
                    }
                    for found in understand(text, intent, names)
                ],
                add_to_output=True,
            )
        return messages


def _item(entity: Mapping[str, Any]) -> Item:
    return Item(entity["start"], entity["end"], entity["entity"], entity["value"])
