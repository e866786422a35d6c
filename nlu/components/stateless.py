"""Components without settings that learn nothing."""

from __future__ import annotations

from typing import Any, TypeVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

Own = TypeVar("Own", bound="Stateless")


class Stateless(GraphComponent):  # type: ignore[misc]  # Rasa has no type information
    """Subclasses only have to process messages."""

    @classmethod
    def create(
        cls: type[Own],
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Own:
        """As Rasa makes it, at training and at run time."""
        return cls()
