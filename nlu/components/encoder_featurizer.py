"""The fine-tuned encoder as dense features, for any classifier or extractor of Rasa's that reads such features."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.encoder_model import Pieces, SentenceEncoder, checksum, folder_of


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):  # type: ignore[misc]  # Rasa has no type information
    """The text's vector as sentence features, and the tag shares of each token's word pieces as token features.

    The file gives no vector for each word piece, so that a token's features are what the encoder's second task made
    of it.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Tokens come first."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``folder`` holds an encoder's files; without it, those that ship are read."""
        return {**DenseFeaturizer.get_default_config(), "folder": None}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing here: ``SentenceEncoder`` refuses a folder whose files are missing or damaged."""

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = SentenceEncoder(folder_of(config))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """With another encoder the features are others."""
        return checksum(folder_of(config))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EncoderFeaturizer:
        """At training and at run time."""
        return cls(config, execution_context.node_name)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Set the features of the examples."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the features of the messages that have tokens."""
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if tokens:
                pieces = self._encoder.read_pieces(message.get(TEXT))
                of_tokens = np.array([_of(token, pieces) for token in tokens])
                self.add_features_to_message(of_tokens, pieces.vector[None, :], TEXT, message)
        return messages


def _of(token: Token, pieces: Pieces) -> Any:
    """The mean over the token's word pieces; zeros beyond the longest text that the encoder reads."""
    own = [index for index, (start, end) in enumerate(pieces.places) if start < token.end and token.start < end]
    return pieces.tags[own].mean(axis=0) if own else np.zeros(pieces.tags.shape[1], dtype=pieces.tags.dtype)
