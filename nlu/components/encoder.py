"""Which intent a text has: the fine-tuned encoder and the n-grams of the masked text, averaged.

The encoder knows what people mean in words nobody has used here before; the n-grams are fitted by ``rasa train``,
so that sentences added since the encoder was trained count at once and without PyTorch.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from clouddesk.language.mask import mask
from nlu.components.encoder_model import EncoderDamaged, SentenceEncoder, checksum
from nlu.components.intent import INTENT_RANKING, MaskedIntentClassifier
from nlu.components.linear import LinearText

_STAMP = "encoder.sha256"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EncoderIntentClassifier(MaskedIntentClassifier):
    """Needs the files in ``nlu/encoder``; a trained model remembers which ones, and refuses others."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Those of the n-grams; ``share`` is the encoder's in the average, ``temperature`` evens out its confidence."""
        return {**MaskedIntentClassifier.get_default_config(), "share": 0.5, "temperature": 1.0}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: LinearText | None = None
    ) -> None:
        super().__init__(config, model_storage, resource, model)
        # Fitting needs no encoder, only answering does.
        self._encoder = SentenceEncoder(temperature=config["temperature"]) if model else None

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code decides what is learned; the encoder decides which models fit it."""
        return f"{super().fingerprint_addon(config)} {checksum()}"

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MaskedIntentClassifier:
        """From a trained model; raises EncoderDamaged when it was trained beside another encoder."""
        with model_storage.read_from(resource) as folder:
            if (folder / _STAMP).read_text(encoding="utf-8") != checksum():
                raise EncoderDamaged("The model was trained beside another encoder; run `make model`.")
        return super().load(config, model_storage, resource, execution_context, **kwargs)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the n-grams and remember the encoder."""
        resource = super().train(training_data)
        with self._model_storage.write_to(resource) as folder:
            (folder / _STAMP).write_text(checksum(), encoding="utf-8")
        return resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking."""
        for message in messages:
            text = message.get(TEXT)
            if not self._model or not self._encoder or not text:
                continue
            grams = dict(self._model.ranking(mask(text)))
            shares = average(self._encoder.read(text).intents, grams, self._config["share"])
            ranking = [{"name": name, "confidence": share} for name, share in shares]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages


def average(first: dict[str, float], second: dict[str, float], share: float) -> list[tuple[str, float]]:
    """Every label of either with its average share, best first; what only one knows has its share there."""
    both = {
        label: share * first[label] + (1 - share) * second[label]
        if label in first and label in second
        else first.get(label, second.get(label, 0.0))
        for label in sorted(first.keys() | second.keys())
    }
    total = sum(both.values())
    return sorted(((label, part / total) for label, part in both.items()), key=lambda entry: -entry[1])
