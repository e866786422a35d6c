"""The n-grams of masked texts, of words and of characters, stored as plain arrays (no pickles)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

_VIEWS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"(?u)\b\w+\b|[?!]"},
    {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},
)
_ARRAYS, _META = "weights.npz", "model.json"


class NGrams:
    """Two views of a text side by side, each of length one."""

    def __init__(self, vectorizers: Sequence[TfidfVectorizer]) -> None:
        self._vectorizers = vectorizers

    @classmethod
    def fit(cls, texts: Sequence[str]) -> NGrams:
        """Learn which n-grams there are and how rare they are."""
        return cls([TfidfVectorizer(lowercase=False, **options).fit(texts) for options in _VIEWS])

    def of(self, texts: Sequence[str]) -> Any:
        """A sparse matrix with a row for each text."""
        return hstack([vectorizer.transform(texts) for vectorizer in self._vectorizers]).tocsr()

    def save(self, folder: Path, *, arrays: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        """Write the n-grams into the folder, with what a model fitted on them has to keep."""
        vocabularies = [{gram: int(index) for gram, index in one.vocabulary_.items()} for one in self._vectorizers]
        rarities = {f"idf{index}": vectorizer.idf_ for index, vectorizer in enumerate(self._vectorizers)}
        np.savez_compressed(folder / _ARRAYS, **arrays, **rarities)
        (folder / _META).write_text(json.dumps({**meta, "vocabularies": vocabularies}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> tuple[NGrams, dict[str, Any], dict[str, Any]]:
        """The n-grams, arrays and meta that ``save`` wrote."""
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS) as stored:
            arrays = dict(stored)
        vectorizers = []
        for index, (options, vocabulary) in enumerate(zip(_VIEWS, meta["vocabularies"])):  # noqa: B905 - one for each
            vectorizer = TfidfVectorizer(lowercase=False, vocabulary=vocabulary, **options)
            vectorizer.idf_ = arrays[f"idf{index}"]
            vectorizers.append(vectorizer)
        return cls(vectorizers), arrays, meta
