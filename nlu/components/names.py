"""Open names (reservations, templates, people): a conditional random field over the scanned items of a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.fingerprint import code_fingerprint
from nlu.components.name_model import Example, NameModel, fit

_FILE = "names.crfsuite"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class NameTagger(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]  # Rasa has no type information
    """Finds the names that no list can hold; what has a grammar or a list is not its task."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Regularisation and number of passes of the training."""
        return {"c1": 0.05, "c2": 0.05, "max_iterations": 80}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: bytes | None = None
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._tagger = NameModel(model) if model else None

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code decides what is learned."""
        return code_fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NameTagger:
        """Not trained yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NameTagger:
        """From a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, (folder / _FILE).read_bytes())

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on the annotated names of all examples."""
        with self._model_storage.write_to(self._resource) as folder:
            self._tagger = NameModel(fit(_examples(training_data), folder / _FILE, **self._options()))
        return self._resource

    def _options(self) -> dict[str, Any]:
        return {name: self._config[name] for name in self.get_default_config()}

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
