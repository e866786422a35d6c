"""Understanding, measured on people it was not trained on.

Each author's sentences are parsed by a model of the other authors' (``nlu/intents``; each block names its author),
without the encoder, which has seen them all; those of an outsider (``tests/understanding``) by the product's model.
How the encoder does on authors it has not seen is in ``docs/decisions/0006``. The grammar was written with the
authors' sentences in view, so their entity figures flatter; the outsider's do not. ``python -m bench.understanding
--errors 50`` also shows what went wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bench.figures import Figure, against, percentile, print_figure
from clouddesk.language.frame import understand
from clouddesk.language.mask import mask
from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import mend
from nlu.components.encoder import EncoderIntentClassifier
from nlu.components.encoder_linear import LinearEncoded
from nlu.components.encoder_model import SentenceEncoder
from nlu.components.linear import LinearText
from nlu.components.name_model import NameModel, fit

PROJECT = Path(__file__).resolve().parent.parent
INTENTS = PROJECT / "nlu" / "intents"
OUTSIDERS = PROJECT / "tests" / "understanding" / "sentences.jsonl"
FALLBACK_THRESHOLD = 0.3
"""As in ``config.yml``."""
_ANNOTATION = re.compile(r"\[(?P<words>[^\[\]]+)\](?:\((?P<entity>\w+)\)|(?P<json>\{[^{}]*\}))")


@dataclass(frozen=True)
class Sentence:
    """One annotated sentence; ``frame`` is what must come out, ``names`` are the places of the open names."""

    author: str
    text: str
    intent: str
    frame: dict[str, frozenset[str]]
    names: tuple[tuple[int, int, str], ...]


def sentences() -> list[Sentence]:
    """Everything in ``nlu/intents``."""
    found = []
    for path in sorted(INTENTS.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            author = block["metadata"]["author"]
            for line, also in _examples(block["examples"]):
                found.append(_sentence(author, block["intent"], line, also))
    return found


def outsiders() -> list[Sentence]:
    """The sentences in ``tests/understanding``, by somebody who has not seen the training data. Not to be tuned to."""
    found = []
    for line in OUTSIDERS.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        frame = {
            name: frozenset(_value(name, one) for one in (value if isinstance(value, list) else [value]))
            for name, value in (data.get("entities") or {}).items()
        }
        found.append(Sentence("outsider", data["text"], data["intent"], frame, ()))
    return found


def _examples(examples: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(examples, str):
        for line in examples.splitlines():
            yield line.removeprefix("- "), {}
    else:
        for example in examples:
            yield example["text"], (example.get("metadata") or {}).get("also", {})


def _sentence(author: str, intent: str, line: str, also: dict[str, Any]) -> Sentence:
    values: dict[str, set[str]] = {}
    names, plain, at = [], "", 0
    for match in _ANNOTATION.finditer(line):
        data = json.loads(match["json"]) if match["json"] else {"entity": match["entity"]}
        words = match["words"]
        plain += line[at : match.start()]
        names.append((len(plain), len(plain) + len(words), data["entity"]))
        plain += words
        at = match.end()
        values.setdefault(data["entity"], set()).add(_value(data["entity"], data.get("value", words)))
    text = plain + line[at:]
    frame = {**values, **{name: {_value(name, value)} for name, value in also.items()}}
    prepared = mend(prepare(text).text)
    return Sentence(
        author, text, intent, {k: frozenset(v) for k, v in frame.items()}, tuple(_moved(names, text, prepared))
    )


def _value(name: str, value: Any) -> str:
    text = str(value)
    open_names = ("resource_name", "person", "template_name")
    text = prepare(text).text if name in ("until", *open_names) else text
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    return text if name in open_names else text.lower()


def _moved(names: list[tuple[int, int, str]], text: str, prepared: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for start, end, kind in names:
        words = mend(prepare(text[start:end]).text)
        found = prepared.find(words, at)
        if found >= 0:
            at = found + len(words)
            yield found, at, kind


class Understanding:
    """The pipeline of ``config.yml`` without Rasa around it; without an encoder, intents are told by n-grams alone."""

    def __init__(self, train: list[Sentence], encoder: SentenceEncoder | None = None) -> None:
        texts = [mend(prepare(sentence.text).text) for sentence in train]
        masked, labels = [mask(text) for text in texts], [sentence.intent for sentence in train]
        self._ranking: Callable[[str], list[tuple[str, float]]]
        if encoder is None:
            grams = LinearText.fit(masked, labels)
            self._ranking = lambda text: grams.ranking(mask(text))
        else:
            settings = EncoderIntentClassifier.get_default_config()
            both = LinearEncoded.fit(
                masked,
                [encoder.read(text).vector for text in texts],
                labels,
                strictness=settings["strictness"],
                length=settings["length"],
            )
            heat = settings["temperature"]
            self._ranking = lambda text: both.ranking(mask(text), encoder.read(text).vector, heat)
        with tempfile.TemporaryDirectory() as folder:
            pairs = zip(texts, train)  # noqa: B905 - same length
            examples = [(text, sentence.intent, sentence.names) for text, sentence in pairs]
            self._names = NameModel(fit(examples, Path(folder) / "names"))

    def parse(self, text: str, *, intent: str | None = None) -> tuple[str, float, dict[str, frozenset[str]]]:
        """Intent, confidence and frame."""
        prepared = prepare(text)
        text = mend(prepared.text)
        ranking = [entry for entry in self._ranking(text) if entry[0] != "paste_secret"]
        best, confidence = ("paste_secret", 1.0) if prepared.has_secret else ranking[0]
        frame: dict[str, set[str]] = {}
        for entity in understand(text, intent or best, self._names.names(text, intent or best)):
            frame.setdefault(entity.entity, set()).add(_value(entity.entity, entity.value))
        return best, confidence, {name: frozenset(values) for name, values in frame.items()}


class Score:
    """What came out, compared with what was meant."""

    def __init__(self) -> None:
        self.count = self.right = self.exact = self.exact_if_intent = 0
        self.milliseconds: list[float] = []
        self.confidences: list[tuple[float, bool]] = []
        self.hits, self.extra, self.missed = Counter[str](), Counter[str](), Counter[str]()
        self.wrong: list[str] = []

    def add(self, model: Understanding, sentence: Sentence) -> None:
        """Parse the sentence and compare."""
        begin = time.perf_counter()
        intent, confidence, frame = model.parse(sentence.text)
        self.milliseconds.append(1000 * (time.perf_counter() - begin))
        is_right, is_exact = intent == sentence.intent, frame == sentence.frame
        self.count += 1
        self.right += is_right
        self.exact += is_right and is_exact
        self.exact_if_intent += model.parse(sentence.text, intent=sentence.intent)[2] == sentence.frame
        self.confidences.append((confidence, is_right))
        for name in frame.keys() | sentence.frame.keys():
            got, gold = frame.get(name, frozenset()), sentence.frame.get(name, frozenset())
            self.hits[name] += len(got & gold)
            self.extra[name] += len(got - gold)
            self.missed[name] += len(gold - got)
        if not (is_right and is_exact):
            gold_shown, got_shown = (
                {name: sorted(values) for name, values in part.items()} for part in (sentence.frame, frame)
            )
            shown = f"{sentence.intent} → {intent} | {sentence.text} | {gold_shown} | {got_shown}"
            self.wrong.append(f"{sentence.author} {shown}")

    def figures(self, prefix: str, baseline: float | None = None) -> Iterator[Figure]:
        """The whole, then each entity by normalised value."""
        accuracy = self.right / self.count
        if baseline is None:
            yield Figure(f"{prefix}_intent_accuracy", round(accuracy, 4), "share")
        else:
            yield against(f"{prefix}_intent_accuracy", accuracy, "share", baseline)
        yield Figure(f"{prefix}_frame_exact", round(self.exact / self.count, 4), "share")
        yield Figure(f"{prefix}_frame_exact_given_intent", round(self.exact_if_intent / self.count, 4), "share")
        for name in sorted(self.hits):
            precision = self.hits[name] / max(1, self.hits[name] + self.extra[name])
            recall = self.hits[name] / max(1, self.hits[name] + self.missed[name])
            f1 = 2 * precision * recall / max(1e-9, precision + recall)
            for label, value in (("precision", precision), ("recall", recall), ("f1", f1)):
                yield Figure(f"{prefix}_{name}_{label}", round(value, 4), "share")
        low = [is_right for confidence, is_right in self.confidences if confidence < FALLBACK_THRESHOLD]
        yield Figure(f"{prefix}_fallbacks", round(len(low) / self.count, 4), "share")
        yield Figure(f"{prefix}_fallbacks_in_vain", round(sum(low) / max(1, len(low)), 4), "share")
        yield Figure(f"{prefix}_parse_p50", round(percentile(self.milliseconds, 0.5), 2), "ms")


def plain_accuracy(train: list[Sentence], test: list[Sentence]) -> float:
    """The baseline: intent accuracy of logistic regression on the n-grams of the text as it was typed."""
    views = [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    ]
    features = hstack([view.fit_transform([one.text for one in train]) for view in views]).tocsr()
    model = LogisticRegression(C=10, solver="liblinear").fit(features, [one.intent for one in train])
    return float(
        model.score(
            hstack([view.transform([one.text for one in test]) for view in views]).tocsr(), [one.intent for one in test]
        )
    )


def figures() -> Iterator[Figure]:
    """Author by author, all authors together, and the sentences of an author from outside."""
    yield from _figures(Score(), Score())


def _figures(others: Score, outside: Score) -> Iterator[Figure]:
    everything = sentences()
    for author in sorted({sentence.author for sentence in everything}):
        model = Understanding([sentence for sentence in everything if sentence.author != author])
        own = [sentence for sentence in everything if sentence.author == author]
        before = others.right
        for sentence in own:
            others.add(model, sentence)
        yield Figure(f"author_{author}_intent_accuracy", round((others.right - before) / len(own), 4), "share")
    yield from others.figures("leave_one_author_out")
    model = Understanding(everything, SentenceEncoder())
    for sentence in outsiders():
        outside.add(model, sentence)
    yield from outside.figures("outsider", plain_accuracy(everything, outsiders()))
    pasted = [prepare(one.text).has_secret for one in [*everything, *outsiders()] if one.intent == "paste_secret"]
    yield Figure("paste_secret_recall", round(sum(pasted) / len(pasted), 4), "share")


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--errors", type=int, default=0, help="show so many of the training authors' failures")
    arguments = options.parse_args()
    others = Score()
    for figure in _figures(others, Score()):
        print_figure(figure)
    for line in others.wrong[: arguments.errors]:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
