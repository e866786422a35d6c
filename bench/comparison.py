"""Rasa's own classifiers and extractors beside ours, on the same sentences and under the same grammar.

``python -m bench.comparison [NAME…]`` trains each pipeline on every author's sentences but those of ``--hold-out``, and
prints one row of a Markdown table for the authors held out and one for the separate test set. The encoder must not have
been trained on the authors held out (``python -m nlu.encoder.train --hold-out``); ``--encoder`` is its folder. DIET
takes half an hour of processor time, the others minutes. Figures only; no sentence is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
import yaml
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

from bench.understanding import score
from bench.understanding.score import Answer, Outcome
from clouddesk.language.parse_result import to_frame
from nlu.components.encoder_model import FOLDER
from nlu.components.name_model import NAMES
from nlu.sentences import INTENTS, Sentence, comparable, sentences, separate

Component = dict[str, Any]

_SPARSE: list[Component] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
"""As in Rasa's default pipeline."""

_AROUND = ["low", "title", "upper"]
_TOKEN = ["low", "bias", "prefix5", "prefix2", "suffix5", "suffix3", "suffix2", "upper", "title", "digit", "pattern"]
"""What Rasa's conditional random field sees of a token and its neighbours, by default."""


def pipelines(encoder: Path, epochs: int) -> dict[str, list[Component]]:
    """What is compared: between the preparation of the text and the grammar, which all of them share."""
    dense: Component = {"name": "nlu.components.encoder_featurizer.EncoderFeaturizer", "folder": str(encoder)}
    regression: Component = {"name": "LogisticRegressionClassifier"}
    field: Component = {"name": "CRFEntityExtractor"}
    dense_field: Component = {**field, "features": [_AROUND, [*_TOKEN, "text_dense_features"], _AROUND]}
    diet: Component = {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True, "random_seed": 1}
    names: Component = {"name": "nlu.components.names.NameTagger"}
    return {
        "regression": [*_SPARSE, regression, field],
        "regression+encoder": [*_SPARSE, dense, regression, dense_field],
        "diet": [*_SPARSE, diet],
        "diet+encoder": [*_SPARSE, dense, diet],
        "n-grams": [{"name": "nlu.components.intent.MaskedIntentClassifier"}, names],
        "ours": [{"name": "nlu.components.encoder.EncoderIntentClassifier", "folder": str(encoder)}, names],
    }


def train(pipeline: Sequence[Component], hold_out: Sequence[str], folder: Path) -> Path:
    """The model's file, in ``folder``."""
    data, config = folder / "nlu", folder / "config.yml"
    data.mkdir()
    for path in INTENTS.glob("*.yml"):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        told["nlu"] = [block for block in told["nlu"] if block["metadata"]["author"] not in hold_out]
        (data / path.name).write_text(yaml.safe_dump(told, allow_unicode=True, width=10_000), encoding="utf-8")
    steps = [
        {"name": "nlu.components.prepare_text.PrepareText"},
        {"name": "bench.comparison_names.OnlyNames"},
        *pipeline,
        {"name": "nlu.components.secret_intent.SecretIntent"},
        {"name": "nlu.components.entities.EntityResolver"},
    ]
    whole = {"recipe": "default.v1", "assistant_id": "comparison", "language": "en", "pipeline": steps}
    config.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return Path(str(train_nlu(str(config), str(data), str(folder))))


def outcomes(model: Path, test: Sequence[Sentence]) -> list[Outcome]:
    """Each sentence by the trained model."""
    agent = Agent.load(str(model))

    async def answers() -> list[Outcome]:
        found = []
        for sentence in test:
            began, busy = time.perf_counter(), time.process_time()
            told = to_frame(await agent.parse_message(sentence.said))
            times = (1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy))
            found.append(Outcome(sentence, _answer(told, times)))
        return found

    return asyncio.run(answers())


def row(name: str, found: Sequence[Outcome], seconds: float) -> str:
    """One line of the table."""
    far = score.right(score.of_intent(found, score.OUT_OF_SCOPE)).value
    names = score.all_entities(one for one in score.entities(found) if one.name in NAMES)
    cells = (
        f"{score.right(found).value:.3f} ({far:.2f})",
        f"{names.precision:.3f} / {names.recall:.3f} / {names.f1:.3f}",
        f"{score.exact(found).value:.3f}",
        f"{seconds:.0f} s",
        f"{score.busy_milliseconds(found, 0.5):.0f} ms",
    )
    return f"| {name} | {' | '.join(cells)} |"


def _answer(told: dict[str, Any], times: tuple[float, float]) -> Answer:
    frame = {
        name: frozenset(comparable(name, one) for one in (value if isinstance(value, list) else [value]))
        for name, value in told["entities"].items()
    }
    return Answer(told["intent"], told["confidence"], frame, False, *times)


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(pipelines(FOLDER, 0)))
    options.add_argument("--hold-out", nargs="*", default=[], metavar="AUTHOR")
    options.add_argument("--encoder", type=Path, default=FOLDER, help="folder of the encoder's files")
    options.add_argument("--epochs", type=int, default=30, help="of DIET")
    arguments = options.parse_args()
    known = pipelines(arguments.encoder.resolve(), arguments.epochs)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # else it shows sentences
    held = [one for one in sentences() if one.author in arguments.hold_out]
    head = [
        "pipeline",
        "intents (out_of_scope)",
        "open names P / R / F1",
        "frames exact",
        "training (busy)",
        "parse p50 (busy)",
    ]
    _say(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for name in arguments.names or known:
        with tempfile.TemporaryDirectory(prefix="clouddesk-bench-") as folder:
            os.chdir(folder)  # where Rasa looks for its cache
            began = time.process_time()
            model = train(known[name], arguments.hold_out, Path(folder))
            seconds = time.process_time() - began
            for title, test in (("held out", held), ("test set", separate())):
                if test:
                    _say(row(f"{name}, {title}", outcomes(model, test), seconds))
            os.chdir(INTENTS)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
