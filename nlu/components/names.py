"""Open names (reservations, templates, people): a conditional random field over the scanned items of a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.name_model import Example, NameModel, fit
from nlu.components.trained import Trained

_FILE = "names.crfsuite"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class NameTagger(Trained, EntityExtractorMixin):  # type: ignore[misc]  # Rasa has no type information
    """Finds the names that no list can hold; what has a grammar or a list is not its task."""

    _tagger: NameModel | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Regularisation and number of passes of the training."""
        return {"c1": 0.05, "c2": 0.05, "max_iterations": 80}

    def learn(self, training_data: TrainingData, folder: Path) -> None:
        """Fit on the annotated names of all examples."""
        options = {name: self._config[name] for name in self.get_default_config()}
        self._tagger = NameModel(fit(_examples(training_data), folder / _FILE, **options))

    def recall(self, folder: Path) -> None:
        self._tagger = NameModel((folder / _FILE).read_bytes())

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the names found to the message's entities."""
        for message in messages:
            text = message.get(TEXT)
            if not self._tagger or not text:
                continue
            found = [
                {
                    "entity": span.kind,
                    "start": span.start,
                    "end": span.end,
                    "value": span.value,
                    "extractor": "NameTagger",
                }
                for span in self._tagger.names(text, (message.get(INTENT) or {}).get("name") or "")
            ]
            message.set(ENTITIES, (message.get(ENTITIES) or []) + found, add_to_output=True)
        return messages


def _examples(training_data: TrainingData) -> Iterator[Example]:
    for example in training_data.nlu_examples:
        if text := example.get(TEXT):
            yield (
                text,
                example.get(INTENT) or "",
                [(entity["start"], entity["end"], entity["entity"]) for entity in example.get(ENTITIES) or []],
            )
