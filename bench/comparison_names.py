"""For the comparison only: extractors learn the open names and nothing else, as our tagger does."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.name_model import NAMES
from nlu.components.stateless import Stateless


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER], is_trainable=False)
class OnlyNames(Stateless):
    """Takes the annotations of what has a grammar or a list out of the training data."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Keep the names."""
        for example in training_data.training_examples:
            if example.get(ENTITIES):
                example.set(ENTITIES, [entity for entity in example.get(ENTITIES) if entity["entity"] in NAMES])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """What people say has no annotations."""
        return messages
