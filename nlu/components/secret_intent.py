"""A message that held a secret is ``paste_secret``, whatever else it asks."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.components.intent import INTENT_RANKING
from nlu.components.stateless import Stateless

PASTE_SECRET = "paste_secret"  # noqa: S105 - an intent's name


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SecretIntent(Stateless, IntentClassifier):  # type: ignore[misc]  # Rasa has no type information
    """Looks for the placeholder that stands where the secret was; without one, nothing is ``paste_secret``."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Put ``paste_secret`` first, or take it out."""
        for message in messages:
            others = [entry for entry in message.get(INTENT_RANKING) or [] if entry["name"] != PASTE_SECRET]
            if "[secret" in (message.get(TEXT) or ""):
                ranking = [
                    {"name": PASTE_SECRET, "confidence": 1.0},
                    *({**entry, "confidence": 0.0} for entry in others),
                ]
            else:
                ranking = others
            if ranking:
                message.set(INTENT, ranking[0], add_to_output=True)
                message.set(INTENT_RANKING, ranking, add_to_output=True)
        return messages
