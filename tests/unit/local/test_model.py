"""Which model belongs to the present training data, and whether it is whole."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from clouddesk.local import model
from clouddesk.local.errors import ModelBroken


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("domain.yml", "config.yml", "nlu/intents/greet.yml", "nlu/components/tokens.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.mark.parametrize("changed", ["domain.yml", "config.yml", "nlu/intents/greet.yml", "nlu/components/tokens.py"])
def test_change_of_an_input_asks_for_a_new_model(project: Path, changed: str) -> None:
    before = model.fingerprint(project)
    (project / changed).write_text("other")

    assert model.fingerprint(project) != before


def test_new_name_of_a_file_asks_for_a_new_model(project: Path) -> None:
    before = model.fingerprint(project)
    (project / "nlu/intents/greet.yml").rename(project / "nlu/intents/hello.yml")

    assert model.fingerprint(project) != before


def test_what_does_not_matter_keeps_the_model(project: Path) -> None:
    before = model.fingerprint(project)
    (project / "README.md").write_text("more words")
    (project / "nlu/components/__pycache__").mkdir()
    (project / "nlu/components/__pycache__/tokens.pyc").write_text("compiled")

    assert model.fingerprint(project) == before


def test_whole_model_has_no_defect(tmp_path: Path) -> None:
    assert model.defect(whole_model(tmp_path)) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_model_that_was_cut_off_is_broken(tmp_path: Path, share: float) -> None:
    path = whole_model(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(ModelBroken, match="cannot be read"):
        model.require(path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b"])
def test_what_is_no_archive_is_broken(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(content)

    assert model.defect(path)


def test_missing_model_is_broken(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="No such file"):
        model.require(tmp_path / "none.tar.gz")


def whole_model(folder: Path) -> Path:
    (folder / "metadata.json").write_text("{}")
    (folder / "weights").write_bytes(bytes(range(256)) * 500)
    path = folder / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder / "metadata.json", "metadata.json")
        archive.add(folder / "weights", "components/weights")
    return path
