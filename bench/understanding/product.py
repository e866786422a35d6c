"""The trained model as `clouddesk parse` uses it, its training, and the baseline it is compared with."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from bench.understanding.score import Answer, Outcome
from clouddesk import log
from clouddesk.language.parse_result import FALLBACK, to_frame
from clouddesk.local.model import ensure_model
from clouddesk.local.progress import Steps
from clouddesk.settings import PROJECT
from connectors.conversation import without_secrets
from connectors.rasa_server import load_agent
from nlu.sentences import Frame, Sentence, comparable

_WARM_UP = 20


def product_outcomes(test: Sequence[Sentence], model: Path | None = None) -> list[Outcome]:
    """Each sentence by the product's model, on one thread; ``model`` is another file than that of the present data."""
    log.configure(process="bench", level=logging.WARNING)  # else each sentence is printed, which nobody is to read
    understand = _parser(model or ensure_model(Steps()))
    with threadpool_limits(1):
        for sentence in test[:_WARM_UP]:
            understand(sentence.said)
        return [Outcome(sentence, understand(sentence.said)) for sentence in test]


def plain_accuracy(training: Sequence[Sentence], test: Sequence[Sentence]) -> float:
    """The baseline: intent accuracy of linear support vectors on the n-grams of the text as it was typed."""
    views = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    ]
    known, asked = [one.said for one in training], [one.said for one in test]
    features = hstack([view.fit_transform(known) for view in views]).tocsr()
    model = LinearSVC(C=0.5, random_state=1).fit(features, [one.intent for one in training])
    unseen = hstack([view.transform(asked) for view in views]).tocsr()
    return float(model.score(unseen, [one.intent for one in test]))


def training_seconds() -> float:
    """How long a training from nothing takes: in a folder of its own, with nothing cached."""
    with tempfile.TemporaryDirectory(prefix="clouddesk-bench-") as folder:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "connectors.train", "--project", str(PROJECT), "--out", folder],
            cwd=folder,  # where Rasa looks for its cache
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - began


def _parser(model: Path) -> Callable[[str], Answer]:
    agent = load_agent(model)
    loop = asyncio.new_event_loop()

    def understand(said: str) -> Answer:
        began, busy_began = time.perf_counter(), time.process_time()
        _, harmless = without_secrets(said)
        result = loop.run_until_complete(agent.parse_message(harmless))
        told = to_frame(result)
        elapsed, busy = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy_began)
        is_fallback = (result.get("intent") or {}).get("name") == FALLBACK
        return Answer(told["intent"], told["confidence"], _frame(told["entities"]), is_fallback, elapsed, busy)

    return understand


def _frame(entities: dict[str, object]) -> Frame:
    return {
        name: frozenset(comparable(name, one) for one in (value if isinstance(value, list) else [value]))
        for name, value in entities.items()
    }
