"""Train the model without TensorFlow where the configuration allows it: `python -m connectors.train`.

The same as `rasa train` (same files, same product), in less time and memory.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from clouddesk import log
from clouddesk.model.errors import CloudDeskError, Invalid
from clouddesk.settings import PROJECT
from connectors import light_rasa


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connectors.train", description="Train CloudDesk's model.")
    parser.add_argument("--project", type=Path, default=PROJECT, help="where config.yml, domain.yml and nlu/ lie")
    parser.add_argument("--out", type=Path, help="folder for the model; models/ of the project by default")
    parser.add_argument("--name", help="file name of the model, without .tar.gz")
    arguments = parser.parse_args()
    log.configure(process="train", level=logging.WARNING)
    try:
        model = train(arguments.project, out=arguments.out, name=arguments.name)
    except CloudDeskError as error:
        sys.stderr.write(f"train: {error}\n")
        sys.exit(1)
    sys.stdout.write(f"{model}\n")


def train(project: Path, *, out: Path | None = None, name: str | None = None) -> Path:
    """Train from ``config.yml``, ``domain.yml`` and ``nlu/`` of a folder. Raises Invalid when Rasa gives no model.

    Rasa keeps its cache in the current folder.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # Rasa's own switch; it silences progress bars, too
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    light_rasa.install_for(config=project / "config.yml")
    light_rasa.hush()
    import rasa.model_training

    result = rasa.model_training.train(
        domain=str(project / "domain.yml"),
        config=str(project / "config.yml"),
        training_files=str(project / "nlu"),
        output=str(out or project / "models"),
        fixed_model_name=name,
    )
    if result.code or not result.model:
        raise Invalid(f"Rasa could not train a model from {project}; its messages above say why.")
    return Path(result.model)


if __name__ == "__main__":
    main()
