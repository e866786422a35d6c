"""A linear text classifier on word and character n-grams, stored as plain arrays (no pickles)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

_VIEWS: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"(?u)\b\w+\b|[?!]"},
    "chars": {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},
}
_TEMPERATURES = (0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)


class LinearText:
    """Balanced linear support vectors.

    Confidences are a softmax of the margins; its temperature is set by cross-validation.
    """

    def __init__(
        self, vectorizers: list[TfidfVectorizer], labels: list[str], weights: Any, bias: Any, temperature: float
    ) -> None:
        self._vectorizers = vectorizers
        self.labels = labels
        self._weights = weights
        self._bias = bias
        self.temperature = temperature

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], *, strictness: float = 0.5, folds: int = 4) -> LinearText:
        """Train on texts with their labels: three labels at least, each with as many examples as there are folds."""
        truth = np.array(labels)
        vectorizers = [TfidfVectorizer(lowercase=False, **options) for options in _VIEWS.values()]
        features = hstack([vectorizer.fit_transform(texts) for vectorizer in vectorizers]).tocsr()
        final = _support_vectors(strictness).fit(features, truth)
        margins, gold = [], []
        for train, held in StratifiedKFold(folds, shuffle=True, random_state=1).split(features, truth):
            part = _support_vectors(strictness).fit(features[train], truth[train])
            margins.append(_aligned(part.decision_function(features[held]), part.classes_, final.classes_))
            gold.append(np.searchsorted(final.classes_, truth[held]))
        temperature = min(
            _TEMPERATURES, key=lambda candidate: _log_loss(np.vstack(margins), np.concatenate(gold), candidate)
        )
        return cls(vectorizers, list(final.classes_), final.coef_.astype(np.float32), final.intercept_, temperature)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every label with its confidence, best first."""
        features = hstack([vectorizer.transform([text]) for vectorizer in self._vectorizers]).tocsr()
        margins = np.asarray(features @ self._weights.T).ravel() + self._bias
        shares = _softmax(margins[None, :], self.temperature)[0]
        return [(self.labels[index], float(shares[index])) for index in np.argsort(-shares)]

    def save(self, folder: Path) -> None:
        """Write the model into the folder."""
        vocabularies = [{gram: int(index) for gram, index in v.vocabulary_.items()} for v in self._vectorizers]
        arrays = {f"idf{index}": vectorizer.idf_ for index, vectorizer in enumerate(self._vectorizers)}
        np.savez_compressed(folder / "weights.npz", weights=self._weights, bias=self._bias, **arrays)
        meta = {"labels": [str(label) for label in self.labels], "temperature": self.temperature}
        (folder / "model.json").write_text(json.dumps({**meta, "vocabularies": vocabularies}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LinearText:
        """Read what ``save`` wrote."""
        meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        vectorizers = []
        with np.load(folder / "weights.npz") as arrays:
            for index, (options, vocabulary) in enumerate(zip(_VIEWS.values(), meta["vocabularies"])):  # noqa: B905
                vectorizer = TfidfVectorizer(lowercase=False, vocabulary=vocabulary, **options)
                vectorizer.idf_ = arrays[f"idf{index}"]
                vectorizers.append(vectorizer)
            return cls(vectorizers, meta["labels"], arrays["weights"], arrays["bias"], meta["temperature"])


def _support_vectors(strictness: float) -> LinearSVC:
    return LinearSVC(C=strictness, class_weight="balanced", random_state=1)


def _softmax(margins: Any, temperature: float) -> Any:
    scaled = np.exp((margins - margins.max(axis=1, keepdims=True)) / temperature)
    return scaled / scaled.sum(axis=1, keepdims=True)


def _aligned(margins: Any, labels: Any, all_labels: Any) -> Any:
    aligned = np.full((margins.shape[0], len(all_labels)), -3.0)
    aligned[:, np.searchsorted(all_labels, labels)] = margins
    return aligned


def _log_loss(margins: Any, gold: Any, temperature: float) -> float:
    shares = _softmax(margins, temperature)[np.arange(len(gold)), gold]
    return float(-np.log(np.maximum(shares, 1e-9)).mean())
