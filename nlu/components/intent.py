"""Which intent a text has: linear classifier on its masked form (names, numbers and places replaced by their kind)."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from clouddesk.language.mask import mask
from nlu.components.fingerprint import code_fingerprint
from nlu.components.linear import LinearText

INTENT_RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MaskedIntentClassifier(GraphComponent, IntentClassifier):  # type: ignore[misc]  # Rasa has no type information
    """Swappable for any classifier that sets ``intent`` and ``intent_ranking``."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``strictness`` is the support vectors' C; ``ranking_length`` how many intents the result lists."""
        return {"strictness": 0.5, "ranking_length": 10}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: LinearText | None = None
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

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
    ) -> MaskedIntentClassifier:
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
    ) -> MaskedIntentClassifier:
        """From a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearText.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all examples that have an intent and a text."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        self._model = LinearText.fit(
            [mask(example.get(TEXT)) for example in examples],
            [example.get(INTENT) for example in examples],
            strictness=self._config["strictness"],
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking."""
        for message in messages:
            text = message.get(TEXT)
            if not self._model or not text:
                continue
            ranking = [{"name": name, "confidence": share} for name, share in self._model.ranking(mask(text))]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages
