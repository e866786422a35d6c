"""First in the pipeline: every text, said or trained on, is prepared alike (markup, quotes, secrets, typos)."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import mend
from nlu.components.fingerprint import code_fingerprint
from nlu.components.stateless import Stateless

TYPED = "typed"
"""What the message said before its typos were mended, where there were any."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class PrepareText(Stateless):
    """Replaces each message's text by its prepared form; annotated entities keep their words."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code decides what is learned."""
        return code_fingerprint()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Prepare the examples."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Prepare the messages."""
        for message in messages:
            text = message.get(TEXT)
            if not text or text.startswith("/"):
                continue
            typed = prepare(text).text
            prepared = mend(typed)
            if prepared != typed:
                message.set(TYPED, typed)
            if prepared != text:
                entities = _moved(message.get(ENTITIES) or [], text, prepared)
                message.set(TEXT, prepared, add_to_output=True)
                if message.get(ENTITIES):
                    message.set(ENTITIES, entities, add_to_output=True)
        return messages


def _moved(entities: list[dict[str, Any]], text: str, prepared: str) -> list[dict[str, Any]]:
    """The entities at their places in the prepared text; those whose words are gone are left out."""
    moved = []
    at = 0
    for entity in sorted(entities, key=lambda entity: int(entity[ENTITY_ATTRIBUTE_START])):
        words = mend(prepare(text[entity[ENTITY_ATTRIBUTE_START] : entity[ENTITY_ATTRIBUTE_END]]).text)
        start = prepared.find(words, at)
        if words and start >= 0:
            at = start + len(words)
            moved.append({**entity, ENTITY_ATTRIBUTE_START: start, ENTITY_ATTRIBUTE_END: at})
    return moved
