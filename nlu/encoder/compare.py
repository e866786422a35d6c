"""Intent classifiers side by side: n-grams, the encoder's own head, light classifiers on its vectors, and averages.

``--hold-out`` scores on those authors' sentences, which neither the encoder (trained with the same ``--hold-out``) nor
the light classifiers have seen. Without it everything is learned and the separate test set is scored. Totals only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from clouddesk.language.mask import mask
from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import mend
from nlu.components.encoder_model import FOLDER, SentenceEncoder
from nlu.components.linear import LinearText
from nlu.encoder.sentences import INTENTS, Sentence, sentences

OUTSIDERS = INTENTS.parent.parent / "tests" / "understanding" / "sentences.jsonl"
SHARES = (0.3, 0.5, 0.7)
"""Of the encoder in an average with the n-grams."""

VECTOR_SCALES = (0.25, 0.5, 1.0)
"""Length of the encoder's vector beside the n-grams, which have length one in each view."""


def outsiders() -> list[Sentence]:
    """The separate test set; never to be tuned to."""
    rows = (json.loads(line) for line in OUTSIDERS.read_text(encoding="utf-8").splitlines())
    return [Sentence("test set", mend(prepare(row["text"]).text), row["intent"], ()) for row in rows]


class Table:
    """Prints one line for each way: the whole, then author by author."""

    def __init__(self, test: Sequence[Sentence], labels: Sequence[str]) -> None:
        self._test = test
        self._labels = np.array(labels)
        self._gold = np.array([one.intent for one in test])
        self._secret = np.array(["[secret" in one.text for one in test])
        self._authors = sorted({one.author for one in test})

    def add(self, name: str, shares: Any) -> None:
        """One way to tell intents, by the share it gives each label (rows are sentences, columns labels)."""
        shares = np.array(shares, dtype=float)
        shares[:, self._labels == "paste_secret"] = -1e9  # as the product does: only where a secret was found
        said = np.where(self._secret, "paste_secret", self._labels[shares.argmax(axis=1)])
        right = said == self._gold
        off = self._gold == "out_of_scope"
        cells = [f"{right.mean():.4f}", *(f"{right[self._of(author)].mean():.4f}" for author in self._authors)]
        recall, precision = right[off].mean(), right[said == "out_of_scope"].mean()
        _say(f"| {name} | {' | '.join(cells)} | {recall:.3f} | {precision:.3f} |")

    def begin(self) -> None:
        """The head of the table."""
        columns = ["all", *self._authors, "out_of_scope recall", "precision"]
        _say(f"| classifier | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")

    def loss(self, name: str, shares: Any) -> None:
        """How well the confidences fit, where no secret decides."""
        columns = np.searchsorted(self._labels, self._gold)
        own = np.maximum(np.asarray(shares)[np.arange(len(columns)), columns], 1e-9)[~self._secret]
        _say(f"log loss of {name}: {-np.log(own).mean():.4f}")

    def _of(self, author: str) -> Any:
        return np.array([one.author == author for one in self._test])


def compare(learn: Sequence[Sentence], test: Sequence[Sentence], encoder: SentenceEncoder) -> None:
    """Fit the light classifiers on ``learn`` and score every way on ``test``."""
    labels = sorted(encoder.labels)
    order = [encoder.labels.index(label) for label in labels]
    table = Table(test, labels)
    readings = [encoder.read(one.text) for one in test]
    head = np.array([list(reading.intents.values()) for reading in readings])[:, order]
    linear = LinearText.fit([mask(one.text) for one in learn], [one.intent for one in learn])
    rankings = [dict(linear.ranking(mask(one.text))) for one in test]
    grams = np.array([[ranking.get(label, 0.0) for label in labels] for ranking in rankings])
    table.begin()
    table.add("n-grams of the masked text, support vectors", grams)
    table.add("encoder, own head", head)
    for share in SHARES:
        table.add(f"average, {share} encoder", share * head + (1 - share) * grams)
        table.add(f"geometric average, {share} encoder", head**share * grams ** (1 - share))
    _vectors(table, learn, test, encoder, np.array([reading.vector for reading in readings]))
    table.loss("n-grams", grams)
    for temperature in (0.5, 0.7, 1.0, 1.4):
        sharper = head ** (1 / temperature)
        sharper /= sharper.sum(axis=1, keepdims=True)
        table.loss(f"encoder at temperature {temperature}", sharper)
        table.loss(f"average, 0.5 encoder at temperature {temperature}", 0.5 * sharper + 0.5 * grams)


def _vectors(
    table: Table, learn: Sequence[Sentence], test: Sequence[Sentence], encoder: SentenceEncoder, vectors: Any
) -> None:
    words = TfidfVectorizer(lowercase=False, ngram_range=(1, 2), sublinear_tf=True)
    chars = TfidfVectorizer(lowercase=False, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    masked = [mask(one.text) for one in learn]
    known = _unit(np.array([encoder.read(one.text).vector for one in learn]))
    seen = hstack([words.fit_transform(masked), chars.fit_transform(masked)])
    masked = [mask(one.text) for one in test]
    new = hstack([words.transform(masked), chars.transform(masked)])
    truth = [one.intent for one in learn]
    model = LinearSVC(C=0.5, class_weight="balanced", random_state=1).fit(known, truth)
    table.add("vectors alone, support vectors", model.decision_function(_unit(vectors)))
    for scale in VECTOR_SCALES:
        model = LinearSVC(C=0.5, class_weight="balanced", random_state=1)
        model.fit(hstack([seen, csr_matrix(scale * known)]).tocsr(), truth)
        margins = model.decision_function(hstack([new, csr_matrix(scale * _unit(vectors))]).tocsr())
        table.add(f"n-grams and vectors of length {scale}, support vectors", margins)


def _unit(vectors: Any) -> Any:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=INTENTS, help="folder of the training sentences")
    options.add_argument("--model", type=Path, default=FOLDER, help="folder of the encoder's files")
    options.add_argument("--hold-out", nargs="*", default=[], metavar="AUTHOR")
    arguments = options.parse_args()
    everything = sentences(arguments.data)
    learn = [one for one in everything if one.author not in arguments.hold_out]
    held = [one for one in everything if one.author in arguments.hold_out]
    compare(learn, held or outsiders(), SentenceEncoder(arguments.model))


if __name__ == "__main__":
    main()
