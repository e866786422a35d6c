"""Intent classifiers side by side: n-grams, the encoder's own head, their average, and n-grams with its vector.

``--hold-out`` scores on those authors' sentences, which neither the encoder (trained with the same ``--hold-out``) nor
the others have seen. Without it everything is learned and the separate test set is scored. Totals only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clouddesk.language.mask import mask
from nlu.components.encoder_linear import LinearEncoded
from nlu.components.encoder_model import FOLDER, SentenceEncoder
from nlu.components.linear import LinearText
from nlu.sentences import INTENTS, Sentence, sentences, separate

LENGTHS = (0.25, 0.5, 1.0)
"""Of the encoder's vector beside the n-grams, which have length one in each view."""

TEMPERATURES = (0.12, 0.18, 0.25, 0.35)


class Table:
    """Prints one line for each way: the whole, then author by author."""

    def __init__(self, test: Sequence[Sentence], labels: Sequence[str]) -> None:
        self._test = test
        self._labels = np.array(labels)
        self._gold = np.array([one.intent for one in test])
        self._secret = np.array(["[secret" in one.text for one in test])
        self._authors = sorted({one.author for one in test})
        self._losses: list[str] = []

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
        self._losses.append(f"log loss of {name}: {-np.log(own).mean():.4f}")

    def end(self) -> None:
        """What is printed below the table."""
        _say("\n".join(self._losses))

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
    table.add("n-grams of the masked text", grams)
    table.add("encoder, own head", head)
    table.add("average of both", 0.5 * head + 0.5 * grams)
    vectors = [encoder.read(one.text).vector for one in learn]
    masked = [mask(one.text) for one in learn]
    for length in LENGTHS:
        model = LinearEncoded.fit(masked, vectors, [one.intent for one in learn], strictness=0.5, length=length)
        for temperature in TEMPERATURES:
            rankings = [
                dict(model.ranking(mask(one.text), reading.vector, temperature))
                for one, reading in zip(test, readings)  # noqa: B905 - a reading for each
            ]
            shares = np.array([[ranking.get(label, 0.0) for label in labels] for ranking in rankings])
            if temperature == TEMPERATURES[0]:
                table.add(f"n-grams and encoder's vector of length {length}", shares)
            table.loss(f"n-grams and vector of length {length} at temperature {temperature}", shares)
    table.loss("n-grams", grams)
    table.loss("encoder, own head", head)
    table.end()


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
    compare(learn, held or separate(), SentenceEncoder(arguments.model))


if __name__ == "__main__":
    main()
