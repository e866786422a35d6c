"""A linear text classifier on word and character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from nlu.components.ngrams import NGrams

_TEMPERATURES = (0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)


class LinearText:
    """Balanced linear support vectors.

    Confidences are a softmax of the margins; its temperature is set by cross-validation.
    """

    def __init__(self, grams: NGrams, labels: list[str], weights: Any, bias: Any, temperature: float) -> None:
        self._grams = grams
        self.labels = labels
        self._weights = weights
        self._bias = bias
        self.temperature = temperature

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], *, strictness: float = 0.5, folds: int = 4) -> LinearText:
        """Train on texts with their labels: three labels at least, each with as many examples as there are folds."""
        truth = np.array(labels)
        grams = NGrams.fit(texts)
        features = grams.of(texts)
        final = _support_vectors(strictness).fit(features, truth)
        margins, gold = [], []
        for train, held in StratifiedKFold(folds, shuffle=True, random_state=1).split(features, truth):
            part = _support_vectors(strictness).fit(features[train], truth[train])
            margins.append(_aligned(part.decision_function(features[held]), part.classes_, final.classes_))
            gold.append(np.searchsorted(final.classes_, truth[held]))
        temperature = min(
            _TEMPERATURES, key=lambda candidate: _log_loss(np.vstack(margins), np.concatenate(gold), candidate)
        )
        known = [str(label) for label in final.classes_]
        return cls(grams, known, final.coef_.astype(np.float32), final.intercept_, temperature)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """Every label with its confidence, best first."""
        margins = np.asarray(self._grams.of([text]) @ self._weights.T).ravel() + self._bias
        shares = _softmax(margins[None, :], self.temperature)[0]
        return [(self.labels[index], float(shares[index])) for index in np.argsort(-shares)]

    def save(self, folder: Path) -> None:
        """Write the model into the folder."""
        self._grams.save(
            folder,
            arrays={"weights": self._weights, "bias": self._bias},
            meta={"labels": self.labels, "temperature": self.temperature},
        )

    @classmethod
    def load(cls, folder: Path) -> LinearText:
        """Read what ``save`` wrote."""
        grams, arrays, meta = NGrams.load(folder)
        return cls(grams, meta["labels"], arrays["weights"], arrays["bias"], meta["temperature"])


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
