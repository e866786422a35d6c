"""Each author's sentences by a model of the other authors': how well the training data generalises.

Without the encoder, which has seen them all; how it does on authors it has not seen is in ``docs/decisions/0006``. The
grammar was written with these sentences in view, so their entity figures flatter.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from bench.understanding.score import Answer, Outcome
from clouddesk.language.frame import understand
from clouddesk.language.mask import mask
from clouddesk.language.prepare import prepare
from clouddesk.settings import PROJECT
from nlu.components.linear import LinearText
from nlu.components.name_model import NameModel, fit
from nlu.sentences import Sentence, comparable


def leave_one_out(everything: Sequence[Sentence]) -> Iterator[tuple[str, list[Outcome]]]:
    """Author by author; minutes."""
    for author in sorted({sentence.author for sentence in everything}):
        model = Plain([sentence for sentence in everything if sentence.author != author])
        yield author, [Outcome(one, model.answer(one)) for one in everything if one.author == author]


class Plain:
    """The pipeline of ``config.yml`` without Rasa around it, its intents told by n-grams alone."""

    def __init__(self, training: Sequence[Sentence]) -> None:
        self._intents = LinearText.fit([mask(one.text) for one in training], [one.intent for one in training])
        self._threshold = _fallback_threshold()
        with tempfile.TemporaryDirectory() as folder:
            examples = ((one.text, one.intent, one.spans) for one in training)
            self._names = NameModel(fit(examples, Path(folder) / "names"))

    def answer(self, sentence: Sentence) -> Answer:
        """What it would be understood as."""
        began, busy_began = time.perf_counter(), time.process_time()
        ranking = [entry for entry in self._intents.ranking(mask(sentence.text)) if entry[0] != "paste_secret"]
        intent, confidence = ("paste_secret", 1.0) if prepare(sentence.said).has_secret else ranking[0]
        values: dict[str, set[str]] = {}
        for entity in understand(sentence.text, intent, self._names.names(sentence.text, intent)):
            values.setdefault(entity.entity, set()).add(comparable(entity.entity, entity.value))
        frame = {name: frozenset(own) for name, own in values.items()}
        elapsed, busy = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - busy_began)
        return Answer(intent, confidence, frame, confidence < self._threshold, elapsed, busy)


def _fallback_threshold() -> float:
    pipeline = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    return next(float(step["threshold"]) for step in pipeline if step["name"] == "FallbackClassifier")
