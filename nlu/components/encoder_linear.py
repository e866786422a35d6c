"""A linear classifier on a text's n-grams and its vector side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

from nlu.components.ngrams import NGrams


class LinearEncoded:
    """Linear support vectors; confidences are a softmax of the margins at a given temperature.

    The temperature cannot be fitted on the training texts: the encoder has seen them, and is surer of them than of new
    ones.
    """

    def __init__(self, grams: NGrams, labels: list[str], weights: Any, bias: Any, length: float) -> None:
        self._grams = grams
        self.labels = labels
        self._weights = weights
        self._bias = bias
        self._length = length

    @classmethod
    def fit(
        cls, texts: Sequence[str], vectors: Any, labels: Sequence[str], *, strictness: float, length: float
    ) -> LinearEncoded:
        """Train on masked texts, their vectors and labels (three labels at least).

        Each view of the n-grams has length one; ``length`` is that of the vectors beside them.
        """
        grams = NGrams.fit(texts)
        features = hstack([grams.of(texts), csr_matrix(_scaled(np.asarray(vectors), length))]).tocsr()
        fitted = LinearSVC(C=strictness, random_state=1).fit(features, np.array(labels))
        weights, bias = fitted.coef_.astype(np.float32), fitted.intercept_
        return cls(grams, [str(label) for label in fitted.classes_], weights, bias, length)

    def ranking(self, text: str, vector: Any, temperature: float) -> list[tuple[str, float]]:
        """Every label with its confidence, best first."""
        scaled = csr_matrix(_scaled(np.asarray(vector)[None, :], self._length))
        features = hstack([self._grams.of([text]), scaled]).tocsr()
        margins = np.asarray(features @ self._weights.T).ravel() + self._bias
        shares = np.exp((margins - margins.max()) / temperature)
        shares /= shares.sum()
        return [(self.labels[index], float(shares[index])) for index in np.argsort(-shares)]

    def save(self, folder: Path) -> None:
        """Write the model into the folder."""
        self._grams.save(
            folder,
            arrays={"weights": self._weights, "bias": self._bias},
            meta={"labels": self.labels, "length": self._length},
        )

    @classmethod
    def load(cls, folder: Path) -> LinearEncoded:
        """Read what ``save`` wrote."""
        grams, arrays, meta = NGrams.load(folder)
        return cls(grams, meta["labels"], arrays["weights"], arrays["bias"], meta["length"])


def _scaled(vectors: Any, length: float) -> Any:
    return length * vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
