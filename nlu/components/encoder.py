"""Which intent a text has: a linear classifier on the fine-tuned encoder's vector and the masked text's n-grams.

The encoder knows what people mean in words nobody has used here before. What is fitted on top of it by ``rasa train``
takes seconds, so that sentences added since the encoder was trained count at once and without PyTorch.
"""

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
from nlu.components.encoder_linear import LinearEncoded
from nlu.components.encoder_model import EncoderDamaged, SentenceEncoder, checksum
from nlu.components.fingerprint import code_fingerprint
from nlu.components.intent import INTENT_RANKING

_STAMP = "encoder.sha256"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EncoderIntentClassifier(GraphComponent, IntentClassifier):  # type: ignore[misc]  # Rasa has no type information
    """Needs the files in ``nlu/encoder``; a trained model remembers which ones, and refuses others."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings, all of them chosen on authors that neither encoder nor classifier had seen.

        ``strictness`` is the support vectors' C; ``length`` that of the encoder's vector beside the n-grams;
        ``temperature`` makes confidences honest; ``ranking_length`` is how many intents the result lists.
        """
        return {"strictness": 0.5, "length": 0.5, "temperature": 0.25, "ranking_length": 10}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: LinearEncoded | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._encoder = SentenceEncoder()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code and the encoder decide what is learned."""
        return f"{code_fingerprint()} {checksum()}"

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EncoderIntentClassifier:
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
    ) -> EncoderIntentClassifier:
        """From a trained model; raises EncoderDamaged when it was trained on another encoder's vectors."""
        with model_storage.read_from(resource) as folder:
            if (folder / _STAMP).read_text(encoding="utf-8") != checksum():
                raise EncoderDamaged("The model was trained with another encoder; run `make model`.")
            return cls(config, model_storage, resource, LinearEncoded.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on all examples that have an intent and a text."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        self._model = LinearEncoded.fit(
            [mask(example.get(TEXT)) for example in examples],
            [self._encoder.read(example.get(TEXT)).vector for example in examples],
            [example.get(INTENT) for example in examples],
            strictness=self._config["strictness"],
            length=self._config["length"],
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
            (folder / _STAMP).write_text(checksum(), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking."""
        for message in messages:
            text = message.get(TEXT)
            if not self._model or not text:
                continue
            vector = self._encoder.read(text).vector
            shares = self._model.ranking(mask(text), vector, self._config["temperature"])
            ranking = [{"name": name, "confidence": share} for name, share in shares]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages
