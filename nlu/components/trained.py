"""What our trained components share: they keep what they learned in a folder of Rasa's model storage."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.fingerprint import code_fingerprint

Own = TypeVar("Own", bound="Trained")


class Trained(GraphComponent):  # type: ignore[misc]  # Rasa has no type information
    """Subclasses learn from the training data into a folder, and read what they know from it."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource

    @abstractmethod
    def learn(self, training_data: TrainingData, folder: Path) -> None:
        """Fit, and write what ``recall`` needs."""

    @abstractmethod
    def recall(self, folder: Path) -> None:
        """Take over what ``learn`` wrote."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Our own code decides what is learned."""
        return code_fingerprint()

    @classmethod
    def create(
        cls: type[Own],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Own:
        """Not trained yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls: type[Own],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Own:
        """From a trained model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.recall(folder)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn into the model storage."""
        with self._model_storage.write_to(self._resource) as folder:
            self.learn(training_data, folder)
        return self._resource
