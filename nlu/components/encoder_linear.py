"""A linear classifier on a text's n-grams and its vector side by side, stored as plain arrays (no pickles)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

_VIEWS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"(?u)\b\w+\b|[?!]"},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},
)


class LinearEncoded:
    """Linear support vectors; confidences are a softmax of the margins at a given temperature.

    The temperature cannot be fitted on the training texts: the encoder has seen them, and is surer of them than of new
    ones.
    """

    def __init__(
        self, vectorizers: list[TfidfVectorizer], labels: list[str], weights: Any, bias: Any, length: float
    ) -> None:
        self._vectorizers = vectorizers
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
        vectorizers = [TfidfVectorizer(lowercase=False, **options) for options in _VIEWS]
        grams = [vectorizer.fit_transform(texts) for vectorizer in vectorizers]
        features = hstack([*grams, csr_matrix(_scaled(np.asarray(vectors), length))]).tocsr()
        fitted = LinearSVC(C=strictness, random_state=1).fit(features, np.array(labels))
        weights, bias = fitted.coef_.astype(np.float32), fitted.intercept_
        return cls(vectorizers, [str(label) for label in fitted.classes_], weights, bias, length)

    def ranking(self, text: str, vector: Any, temperature: float) -> list[tuple[str, float]]:
        """Every label with its confidence, best first."""
        grams = [vectorizer.transform([text]) for vectorizer in self._vectorizers]
        features = hstack([*grams, csr_matrix(_scaled(np.asarray(vector)[None, :], self._length))]).tocsr()
        margins = np.asarray(features @ self._weights.T).ravel() + self._bias
        shares = np.exp((margins - margins.max()) / temperature)
        shares /= shares.sum()
        return [(self.labels[index], float(shares[index])) for index in np.argsort(-shares)]

    def save(self, folder: Path) -> None:
        """Write the model into the folder."""
        vocabularies = [{gram: int(index) for gram, index in v.vocabulary_.items()} for v in self._vectorizers]
        arrays = {f"idf{index}": vectorizer.idf_ for index, vectorizer in enumerate(self._vectorizers)}
        np.savez_compressed(folder / "weights.npz", weights=self._weights, bias=self._bias, **arrays)
        meta = {"labels": self.labels, "length": self._length, "vocabularies": vocabularies}
        (folder / "model.json").write_text(json.dumps(meta), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearEncoded:
        """Read what ``save`` wrote."""
        meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        vectorizers = []
        with np.load(folder / "weights.npz") as arrays:
            for index, (options, vocabulary) in enumerate(zip(_VIEWS, meta["vocabularies"])):  # noqa: B905
                vectorizer = TfidfVectorizer(lowercase=False, vocabulary=vocabulary, **options)
                vectorizer.idf_ = arrays[f"idf{index}"]
                vectorizers.append(vectorizer)
            return cls(vectorizers, meta["labels"], arrays["weights"], arrays["bias"], meta["length"])


def _scaled(vectors: Any, length: float) -> Any:
    return length * vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
