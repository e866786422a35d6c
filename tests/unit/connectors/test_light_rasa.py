"""The stand-ins fit the Rasa that is installed, and give way where TensorFlow is really needed."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clouddesk.settings import PROJECT
from connectors import light_rasa

_TRAINING_ONLY = {
    # Imported inside functions that only training with TensorFlow, evaluation of DIET or the shell's test call.
    "rasa.nlu.test",
}


def rasa_folder() -> Path:
    spec = importlib.util.find_spec("rasa")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def imports_from(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name


def model_with(folder: Path, *uses: str) -> Path:
    path = folder / "model.tar.gz"
    metadata = {"predict_schema": {"nodes": {f"node{i}": {"uses": name} for i, name in enumerate(uses)}}}
    text = json.dumps(metadata).encode()
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("metadata.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return path


def test_stand_ins_are_for_the_installed_rasa():
    assert importlib.metadata.version("rasa") == light_rasa.RASA_VERSION, (
        "Read the imports of the new Rasa before changing RASA_VERSION: see the docstring of connectors/light_rasa.py"
    )


def test_every_name_that_rasa_takes_from_a_stood_in_module_is_there():
    missing = set()
    for path in rasa_folder().rglob("*.py"):
        module = ".".join(("rasa", *path.relative_to(rasa_folder()).with_suffix("").parts))
        if module in light_rasa.STAND_INS or module in _TRAINING_ONLY or module.startswith("rasa.utils.tensorflow."):
            continue
        missing |= {
            (module, source, name)
            for source, name in imports_from(path)
            if source in light_rasa.STAND_INS and name not in light_rasa.STAND_INS[source]
        }
    assert not missing


@pytest.mark.parametrize("module", sorted(light_rasa.STAND_INS))
def test_a_stand_in_has_the_names_of_the_real_module(module: str):
    path = rasa_folder().joinpath(*module.split(".")[1:]).with_suffix(".py")
    classes = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}
    assert set(light_rasa.STAND_INS[module]) <= classes


def test_a_model_of_our_own_pipeline_needs_no_tensorflow(tmp_path: Path):
    model = model_with(
        tmp_path,
        "rasa.nlu.classifiers.logistic_regression_classifier.LogisticRegressionClassifier",
        "rasa.core.policies.rule_policy.RulePolicy",
        "nlu.components.intent.MaskedIntentClassifier",
    )
    assert light_rasa.needs_tensorflow(model) == ()


def test_a_model_with_diet_gets_the_real_tensorflow(tmp_path: Path):
    model = model_with(
        tmp_path,
        "rasa.nlu.classifiers.diet_classifier.DIETClassifier",
        "rasa.core.policies.ted_policy.TEDPolicy",
    )
    assert light_rasa.needs_tensorflow(model) == ("DIETClassifier", "TEDPolicy")
    assert light_rasa.install_for(model=model) is False


def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(ValueError, match="is not a Rasa model"):
        light_rasa.needs_tensorflow(path)


def test_our_configuration_trains_without_tensorflow():
    assert light_rasa.config_needs_tensorflow(PROJECT / "config.yml") == ()


def test_a_configuration_without_a_pipeline_or_policies_is_rasas_own_and_needs_tensorflow(tmp_path: Path):
    config = tmp_path / "config.yml"
    config.write_text("recipe: default.v1\nlanguage: en\n")
    assert light_rasa.config_needs_tensorflow(config) == ("DIETClassifier", "TEDPolicy")


def test_another_version_of_rasa_keeps_its_own_modules(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(light_rasa, "RASA_VERSION", "3.6.20")
    assert light_rasa.install() is False
