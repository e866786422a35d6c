"""How much of their words two sentences share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

_JOINT = re.compile(r"(?<=\w)['’_-](?=\w)")
_AT_A_TIME = 512


@dataclass(frozen=True)
class Pair:
    """Two texts by their numbers, and what they share: Jaccard of their words and pairs of neighbouring words."""

    first: int
    second: int
    share: float


def plain(text: str) -> str:
    """The text without case, punctuation and extra spaces; emoji stay, and so does what is nothing else."""
    lower = _JOINT.sub("", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(" " if unicodedata.category(letter)[0] in "PZC" else letter for letter in lower)
    return " ".join(letters.split()) or text.strip()


def alike(texts: Sequence[str], least: float, others: Sequence[str] | None = None) -> Iterator[Pair]:
    """Pairs of which more than ``least`` is shared: among the texts, or between each and the ``others``.

    The texts are plain already. Two of ten words each that differ in one share 0.73.
    """
    if not texts or (others is not None and not others):
        return
    vectorizer = CountVectorizer(binary=True, lowercase=False, ngram_range=(1, 2), token_pattern=r"\S+")  # noqa: S106 - no password
    vectorizer.fit([*texts, *(others or ())])
    left = vectorizer.transform(texts).astype(np.int32)
    right = left if others is None else vectorizer.transform(others).astype(np.int32)
    left_sizes, right_sizes = (np.asarray(grams.sum(axis=1)).ravel() for grams in (left, right))
    columns = right.T.tocsr()
    for start in range(0, left.shape[0], _AT_A_TIME):  # the whole product would need gigabytes
        shared = (left[start : start + _AT_A_TIME] @ columns).tocoo()
        rows = shared.row + start
        shares = shared.data / (left_sizes[rows] + right_sizes[shared.col] - shared.data)
        wanted = shares > least
        if others is None:
            wanted &= rows < shared.col
        for first, second, share in zip(rows[wanted], shared.col[wanted], shares[wanted]):  # noqa: B905
            yield Pair(int(first), int(second), float(share))
