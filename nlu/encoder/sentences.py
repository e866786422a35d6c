"""The training sentences of ``nlu/intents`` as the encoder sees them: prepared texts, with the places of entities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import mend

INTENTS = Path(__file__).resolve().parent.parent / "intents"
_ANNOTATION = re.compile(r"\[(?P<words>[^\[\]]+)\](?:\((?P<entity>\w+)\)|(?P<json>\{[^{}]*\}))")


@dataclass(frozen=True)
class Sentence:
    """A prepared text; ``spans`` are the places (start, end, entity) of its annotated words."""

    author: str
    text: str
    intent: str
    spans: tuple[tuple[int, int, str], ...]


def sentences(folder: Path = INTENTS) -> list[Sentence]:
    """Every example of the training data, in the order of the files."""
    return [
        _sentence(block["metadata"]["author"], block["intent"], line)
        for path in sorted(folder.glob("*.yml"))
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in _lines(block["examples"])
    ]


def _lines(examples: Any) -> Iterator[str]:
    if isinstance(examples, str):
        yield from (line.removeprefix("- ") for line in examples.splitlines())
    else:
        yield from (example["text"] for example in examples)


def _sentence(author: str, intent: str, line: str) -> Sentence:
    plain, at = "", 0
    marked: list[tuple[str, str]] = []
    for match in _ANNOTATION.finditer(line):
        plain += line[at : match.start()] + match["words"]
        at = match.end()
        marked.append((match["words"], match["entity"] or json.loads(match["json"])["entity"]))
    prepared = mend(prepare(plain + line[at:]).text)
    return Sentence(author, prepared, intent, tuple(_places(marked, prepared)))


def _places(marked: list[tuple[str, str]], prepared: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for words, entity in marked:
        words = mend(prepare(words).text)
        start = prepared.find(words, at)
        if words and start >= 0:
            at = start + len(words)
            yield start, at, entity
