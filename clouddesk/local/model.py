"""The Rasa model: trained when what it is made of has changed, found again when not.

A model's name is the hash of everything it depends on, so that two branches' models lie side by side.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clouddesk.local import failures
from clouddesk.local.errors import ModelBroken, StackError, TrainingFailed
from clouddesk.local.home import lock
from clouddesk.local.progress import Steps
from clouddesk.settings import PROJECT

_INPUTS = ("domain.yml", "config.yml", "nlu", "clouddesk/language")
"""Files and folders whose content decides what is learned; the language package is what the components call."""

_PACKAGES = ("rasa", "scikit-learn", "numpy", "onnxruntime", "tokenizers")
"""A model holds objects of these; it is read by the versions that wrote it."""

_KEEP = 4
_LEAST_FREE_MB = 1000


def ensure_model(steps: Steps, *, project: Path = PROJECT) -> Path:
    """The model of the present training data; trains it when there is none or when it is damaged (minutes)."""
    models = project / "models"
    models.mkdir(exist_ok=True)
    path = models / f"{fingerprint(project)}.tar.gz"
    with lock(models / ".lock", waiting=lambda: steps.say("Another command is training the model; waiting for it.")):
        if path.exists():
            problem = defect(path)
            if problem is None:
                os.utime(path)  # `rasa shell` takes the newest
                steps.done("Model", detail=f"reused ({path.name})")
                return path
            steps.say(f"The model {path} is damaged ({problem}); training it again.")
        failures.check_room(models, _LEAST_FREE_MB)
        began = time.monotonic()
        log = models / "training.log"
        with steps.spinner("Model: checking the training data …"):
            _run(project, log, "rasa", "data", "validate", "--domain", "domain.yml", "--data", "nlu", mode="wb")
        with steps.spinner("Model: training, which takes a few minutes and happens only when its data changed …"):
            _train(project, log, path)
        steps.done("Model", seconds=time.monotonic() - began, detail=f"trained ({path.name})")
        _forget_old(models, keep=path)
    return path


def require(path: Path) -> None:
    """Raises ModelBroken when the file is not a whole model."""
    problem = defect(path)
    if problem is not None:
        raise ModelBroken(f"The model {path} cannot be read ({problem}).", "Delete it; the next start trains it again.")


def fingerprint(project: Path = PROJECT) -> str:
    """Changes when the model has to be trained anew."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        digest.update(f"{package}=={importlib.metadata.version(package)}\n".encode())
    for path in _files(project):
        digest.update(f"{path.relative_to(project)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def defect(path: Path) -> str | None:
    """What is wrong with a model file, read to its end; None when it is whole."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            names = archive.getnames()
        with gzip.open(path) as stream:  # to the end, where the checksum is
            while stream.read(1 << 20):
                pass
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        return str(error) or type(error).__name__
    return None if any(name.endswith("metadata.json") for name in names) else "it is no Rasa model"


def _files(project: Path) -> Iterator[Path]:
    for name in _INPUTS:
        path = project / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def _train(project: Path, log: Path, target: Path) -> None:
    # Beside its final place and renamed at the end: a training that is cut off leaves no half model under the name.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as folder:
        _run(project, log, "connectors.train", "--out", folder, "--name", "model", mode="ab")
        made = Path(folder) / "model.tar.gz"
        if not made.exists():
            raise TrainingFailed("The training made no model.", f"Its output is in {log}.")
        os.replace(made, target)


def _run(project: Path, log: Path, module: str, *arguments: str, mode: str) -> None:
    environment = {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
    }
    with log.open(mode) as output:
        done = subprocess.run(  # noqa: S603 - our own Python
            [sys.executable, "-m", module, *arguments],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        said = failures.last_lines(log)
        what = "The training data is not valid" if module == "rasa" else "The training failed"
        raise TrainingFailed(f"{what}.", f"Mend the training data; all of its output is in {log}.\n{said}")


def _forget_old(models: Path, *, keep: Path) -> None:
    newest_first = sorted(models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[_KEEP:]:
        if path != keep:
            path.unlink()
    for abandoned in models.glob(".training-*"):
        shutil.rmtree(abandoned, ignore_errors=True)


def main() -> None:
    """`python -m clouddesk.local.model`: what `make test` calls before pytest."""
    try:
        ensure_model(Steps())
    except StackError as error:
        sys.exit(f"clouddesk: {error}")


if __name__ == "__main__":
    main()
