"""Rasa without TensorFlow: starts in a few seconds, in a third of the memory, when the model does not need it.

Rasa 3.6 imports TensorFlow (and with it jax, keras and the like) as soon as any part of it is imported, because a few
of its components are written with it. Our pipeline uses none of those. ``install`` puts stand-ins in the place of
exactly the modules of Rasa that are written with TensorFlow; TensorFlow itself is not touched. A model that uses one of
them (``needs_tensorflow``), or another version of Rasa than the one this was written for, gets the real modules.

Must be called before the first import of ``rasa``.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import json
import logging
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

RASA_VERSION = "3.6.21"
"""The version whose imports were read; ``install`` does nothing on any other."""

STAND_INS: Mapping[str, tuple[str, ...]] = {
    "rasa.core.policies.ted_policy": ("TEDPolicy",),
    "rasa.core.policies.unexpected_intent_policy": ("UnexpecTEDIntentPolicy",),
    "rasa.nlu.classifiers.diet_classifier": ("DIETClassifier",),
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": ("ConveRTFeaturizer",),
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": ("LanguageModelFeaturizer",),
    "rasa.nlu.selectors.response_selector": ("ResponseSelector",),
    "rasa.utils.tensorflow.callback": ("RasaModelCheckpoint", "RasaTrainingLogger"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}
"""Modules of Rasa that import TensorFlow, with the names that the rest of Rasa takes from them at import."""


def install() -> bool:
    """Stand in for Rasa's TensorFlow modules from now on. False when that is not safe: nothing was changed then."""
    if importlib.metadata.version("rasa") != RASA_VERSION or any(name in sys.modules for name in STAND_INS):
        return False
    if not any(isinstance(finder, _StandIns) for finder in sys.meta_path):
        sys.meta_path.insert(0, _StandIns())
    return True


def needs_tensorflow(model: Path) -> tuple[str, ...]:
    """The components of a trained model that are written with TensorFlow. Raises OSError or ValueError on no model."""
    try:
        with tarfile.open(model) as archive:
            member = archive.extractfile("metadata.json")
            if member is None:
                raise ValueError(f"{model} holds no metadata.json")
            metadata = json.load(member)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise ValueError(f"{model} is not a Rasa model: {error}") from error
    nodes = metadata["predict_schema"]["nodes"].values()
    return tuple(sorted({name for node in nodes if (name := _stood_in(node["uses"]))}))


def config_needs_tensorflow(config: Path) -> tuple[str, ...]:
    """The same for a ``config.yml``. Without a pipeline or policies Rasa picks its own, with TensorFlow."""
    read: dict[str, Any] = yaml.safe_load(config.read_text()) or {}
    items = [*(read.get("pipeline") or ["DIETClassifier"]), *(read.get("policies") or ["TEDPolicy"])]
    names = [item["name"] if isinstance(item, dict) else item for item in items]
    return tuple(sorted({found for name in names if (found := _stood_in(name))}))


def install_for(*, model: Path | None = None, config: Path | None = None) -> bool:
    """``install`` unless the model or configuration really needs TensorFlow."""
    if model is not None and needs_tensorflow(model):
        return False
    if config is not None and config_needs_tensorflow(config):
        return False
    return install()


def hush() -> None:
    """Silence Python's warnings, by way of the log: Rasa's pinned companions warn of what only Rasa can mend.

    A warnings filter would not do, because Rasa sets its own at import.
    """
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


def _stood_in(name: str) -> str | None:
    """The component's class name when ``name`` ("DIETClassifier" or its full path) is one that is stood in for."""
    short = name.rpartition(".")[2]
    return short if any(short in names for names in STAND_INS.values()) else None


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and fills the stand-in modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if fullname in STAND_INS else None

    def exec_module(self, module: ModuleType) -> None:
        for name in STAND_INS[module.__name__]:
            setattr(module, name, type(name, (_NeedsTensorFlow,), {"__module__": module.__name__}))


class _NeedsTensorFlow:
    """A class of Rasa that is not there: it can be named, compared and subclassed, never made."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        raise ImportError(f"{type(self).__name__} needs TensorFlow, which this process was started without")
