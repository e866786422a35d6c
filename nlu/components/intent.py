"""Which intent a text has: linear classifier on its masked form (names, numbers and places replaced by their kind)."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from clouddesk.language.mask import mask
from nlu.components.linear import LinearText
from nlu.components.trained import Trained

INTENT_RANKING = "intent_ranking"


class RankingClassifier(Trained, IntentClassifier):  # type: ignore[misc]  # Rasa has no type information
    """Sets ``intent`` and ``intent_ranking``; swappable for any classifier that does. Subclasses rank."""

    @abstractmethod
    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every intent of a prepared text with its confidence, best first; nothing before the training."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking, of which ``ranking_length`` intents are listed."""
        for message in messages:
            text = message.get(TEXT)
            ranking = [{"name": name, "confidence": share} for name, share in self.ranking(text)] if text else []
            if ranking:
                message.set(INTENT, ranking[0], add_to_output=True)
                message.set(INTENT_RANKING, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages


def examples_of(training_data: TrainingData) -> tuple[list[str], list[str]]:
    """Texts and intents of all examples that have both."""
    examples = [example for example in training_data.intent_examples if example.get(TEXT)]
    return [example.get(TEXT) for example in examples], [example.get(INTENT) for example in examples]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MaskedIntentClassifier(RankingClassifier):
    """Needs no encoder."""

    _model: LinearText | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``strictness`` is the support vectors' C; ``ranking_length`` how many intents the result lists."""
        return {"strictness": 0.5, "ranking_length": 10}

    def learn(self, training_data: TrainingData, folder: Path) -> None:
        texts, intents = examples_of(training_data)
        self._model = LinearText.fit([mask(text) for text in texts], intents, strictness=self._config["strictness"])
        self._model.save(folder)

    def recall(self, folder: Path) -> None:
        self._model = LinearText.load(folder)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        return self._model.ranking(mask(text)) if self._model else []
