"""The conditional random field behind ``NameTagger``: what it sees of a text, how it is fitted, what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pycrfsuite

from clouddesk.language.gazetteer import is_first_name
from clouddesk.language.scan import Item, scan
from clouddesk.language.words import words

NAMES = ("resource_name", "template_name", "person")
Example = tuple[str, str, Sequence[tuple[int, int, str]]]
"""A prepared text, its intent, and the places and kinds of its names."""


def fit(
    examples: Iterable[Example], path: Path, *, c1: float = 0.05, c2: float = 0.05, max_iterations: int = 80
) -> bytes:
    """Train, write the model to ``path``, and return its bytes."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": c1, "c2": c2, "max_iterations": max_iterations, "feature.possible_transitions": True})
    for text, intent, names in examples:
        items = scan(text)
        if items:
            trainer.append(_features(items, text, intent), _labels(items, names))
    trainer.train(str(path))
    return path.read_bytes()


class NameModel:
    """A fitted field, from its bytes."""

    def __init__(self, model: bytes) -> None:
        self._model = model  # the tagger reads from this memory and does not keep it alive itself
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._model)

    def names(self, text: str, intent: str) -> list[Item]:
        """The names in a prepared text of this intent."""
        items = scan(text)
        return _spans(items, self._tagger.tag(_features(items, text, intent)), text) if items else []


def _spans(items: Sequence[Item], labels: Sequence[str], text: str) -> list[Item]:
    found: list[Item] = []
    start = end = -1
    kind = "O"
    for item, label in zip([*items, None], [*labels, "O"]):  # noqa: B905
        if kind != "O" and not label.startswith("I-"):
            found.append(Item(start, end, kind, text[start:end]))
            kind = "O"
        if item is None or label == "O":
            continue
        if label.startswith("B-") or kind == "O":
            start, kind = item.start, label[2:]
        end = item.start + len(_bare(text[item.start : item.end]))
    return found


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s") if len(word) > 2 else word


def _labels(items: Sequence[Item], names: Sequence[tuple[int, int, str]]) -> list[str]:
    labels = []
    for item in items:
        name = next((name for name in names if name[0] < item.end and item.start < name[1]), None)
        labels.append(
            "O" if name is None or name[2] not in NAMES else ("B-" if item.start <= name[0] else "I-") + name[2]
        )
    return labels


def _features(items: Sequence[Item], text: str, intent: str) -> list[list[str]]:
    own = [_own(item, text) for item in items]
    words = [_key(item) for item in items]
    rows = []
    for index in range(len(items)):
        row = ["bias", *own[index], f"intent:{intent}", *(f"{intent}:{feature}" for feature in own[index][:3])]
        for shift in (-3, -2, -1, 1, 2, 3):
            at = index + shift
            word = words[at] if 0 <= at < len(items) else ("<s>" if at < 0 else "</s>")
            row.append(f"{shift}:{word}")
            if abs(shift) == 1 and 0 <= at < len(items):
                row += [f"{shift}:{feature}" for feature in own[at][:3]]
        row += [f"{intent}:-1:{words[index - 1] if index else '<s>'}"]
        before = f"{words[index - 1] if index else '<s>'}"
        row.append(f"-2-1:{words[index - 2] if index > 1 else '<s>'}_{before}")
        row.append(f"-1+1:{before}_{words[index + 1] if index + 1 < len(items) else '</s>'}")
        row += [f"bag:{word}" for word in set(words[max(0, index - 8) : index + 9]) & _CUES]
        rows.append(row)
    return rows


_CUES = words(
    """
    template templates save name call named called share access with reminder cluster vm box machine reservation
    as from give remove
    """
)


def _key(item: Item) -> str:
    return item.word or f"<{item.kind}>"


def _own(item: Item, text: str) -> list[str]:
    said = text[item.start : item.end]
    shape = "".join("d" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in said)
    short = "".join(c for index, c in enumerate(shape) if index == 0 or c != shape[index - 1])
    row = [f"kind:{item.kind}", f"shape:{short[:12]}", f"hyphen:{'-' in said.strip('-') and len(said) > 2}"]
    if item.word:
        row += [f"word:{item.word}", f"pre:{item.word[:3]}", f"suf:{item.word[-3:]}"]
        if said[0].isupper():
            row.append(
                "first-title" if item.start == 0 or text[: item.start].rstrip().endswith((".", "!", "?")) else "title"
            )
        if is_first_name(_bare(said)):
            row.append("first-name" if said[0].isupper() else "first-name-low")
        if any(map(str.isdigit, said)) and any(map(str.isalpha, said)):
            row.append("mixed")
        if said.startswith("dev-") or said.endswith(("-lab", "-box", "-test", "-vm")):
            row.append("affix")
    return row
