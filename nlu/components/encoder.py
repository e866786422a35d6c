"""Which intent a text has: a linear classifier on the fine-tuned encoder's vector and the masked text's n-grams.

The encoder knows what people mean in words nobody has used here before. What is fitted on top of it by ``rasa train``
takes seconds, so that sentences added since the encoder was trained count at once and without PyTorch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.training_data import TrainingData

from clouddesk.language.mask import mask
from nlu.components.encoder_linear import LinearEncoded
from nlu.components.encoder_model import EncoderDamaged, SentenceEncoder, checksum, folder_of
from nlu.components.fingerprint import code_fingerprint
from nlu.components.intent import RankingClassifier, examples_of

_STAMP = "encoder.sha256"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class EncoderIntentClassifier(RankingClassifier):
    """Needs the files in ``nlu/encoder``; a trained model remembers which ones, and refuses others."""

    _model: LinearEncoded | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings, all of them chosen on authors that neither encoder nor classifier had seen.

        ``strictness`` is the support vectors' C; ``length`` that of the encoder's vector beside the n-grams;
        ``temperature`` makes confidences honest; ``ranking_length`` is how many intents the result lists; ``folder``
        holds another encoder's files than those that ship.
        """
        return {"strictness": 0.5, "length": 0.5, "temperature": 0.25, "ranking_length": 10, "folder": None}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, model_storage, resource)
        self._encoder = SentenceEncoder(folder_of(config))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code and the encoder decide what is learned."""
        return f"{code_fingerprint()} {checksum(folder_of(config))}"

    def learn(self, training_data: TrainingData, folder: Path) -> None:
        texts, intents = examples_of(training_data)
        self._model = LinearEncoded.fit(
            [mask(text) for text in texts],
            [self._encoder.read(text).vector for text in texts],
            intents,
            strictness=self._config["strictness"],
            length=self._config["length"],
        )
        self._model.save(folder)
        (folder / _STAMP).write_text(checksum(folder_of(self._config)), encoding="utf-8")

    def recall(self, folder: Path) -> None:
        """Raises EncoderDamaged when what was learned was learned on another encoder's vectors."""
        if (folder / _STAMP).read_text(encoding="utf-8") != checksum(folder_of(self._config)):
            raise EncoderDamaged("The model was trained with another encoder; run `make model`.")
        self._model = LinearEncoded.load(folder)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        if not self._model:
            return []
        return self._model.ranking(mask(text), self._encoder.read(text).vector, self._config["temperature"])
