"""The annotated sentences: those of ``nlu/intents`` to learn from, and the separate test set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import mend

INTENTS = Path(__file__).resolve().parent / "intents"
TEST_SET = INTENTS.parent.parent / "tests" / "understanding" / "sentences.jsonl"
_ANNOTATION = re.compile(r"\[(?P<words>[^\[\]]+)\](?:\((?P<entity>\w+)\)|(?P<json>\{[^{}]*\}))")
_OPEN_NAMES = frozenset(("resource_name", "person", "template_name"))

Span = tuple[int, int, str]
"""Start, end and entity of annotated words."""

Frame = dict[str, frozenset[str]]
"""The values of each entity, in a form in which equal values are equal strings."""


@dataclass(frozen=True)
class Sentence:
    """A sentence as it was typed; ``marks`` are the places of its annotated words there."""

    author: str
    intent: str
    said: str
    entities: Mapping[str, tuple[Any, ...]]
    marks: tuple[Span, ...] = ()
    tags: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """As everything after the first component sees it."""
        return mend(prepare(self.said).text)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The marks at their places in ``text``; those whose words are gone are left out."""
        return tuple(self._moved())

    @cached_property
    def frame(self) -> Frame:
        """What must come out."""
        return {name: frozenset(comparable(name, one) for one in values) for name, values in self.entities.items()}

    def _moved(self) -> Iterator[Span]:
        at = 0
        for start, end, entity in self.marks:
            words = mend(prepare(self.said[start:end]).text)
            found = self.text.find(words, at)
            if words and found >= 0:
                at = found + len(words)
                yield found, at, entity


def sentences(folder: Path = INTENTS) -> list[Sentence]:
    """Every example of the training data, in the order of the files."""
    return [
        _annotated(block["metadata"]["author"], block["intent"], line, also)
        for path in sorted(folder.glob("*.yml"))
        for block in yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)["nlu"]  # noqa: S506 - a safe loader
        for line, also in _examples(block["examples"])
    ]


def separate(path: Path = TEST_SET) -> list[Sentence]:
    """The test set, by somebody who has not seen the training data. Nothing may be tuned to it."""
    return [_row(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def comparable(name: str, value: Any) -> str:
    """An entity's value in one spelling: 8.0 is 8, and case counts in names only."""
    text = str(value)
    if name == "until" or name in _OPEN_NAMES:
        text = prepare(text).text
    text = re.sub(r"^(\d+)\.0$", r"\1", text)
    return text if name in _OPEN_NAMES else text.lower()


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast one where PyYAML was built with it."""


def _examples(examples: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(examples, str):
        for line in examples.splitlines():
            yield line.removeprefix("- "), {}
    else:
        for example in examples:
            yield example["text"], (example.get("metadata") or {}).get("also", {})


def _annotated(author: str, intent: str, line: str, also: Mapping[str, Any]) -> Sentence:
    entities: dict[str, tuple[Any, ...]] = {}
    marks, said, at = [], "", 0
    for match in _ANNOTATION.finditer(line):
        words = match["words"]
        mark = json.loads(match["json"]) if match["json"] else {"entity": match["entity"]}
        said += line[at : match.start()]
        marks.append((len(said), len(said) + len(words), mark["entity"]))
        said += words
        at = match.end()
        entities[mark["entity"]] = (*entities.get(mark["entity"], ()), mark.get("value", words))
    entities |= {name: (value,) for name, value in also.items()}
    return Sentence(author, intent, said + line[at:], entities, tuple(marks))


def _row(data: Mapping[str, Any]) -> Sentence:
    entities = {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in (data.get("entities") or {}).items()
    }
    return Sentence("test set", data["intent"], data["text"], entities, tags=tuple(data.get("tags") or ()))
