"""Ends and names in many people's words (``ends.yml``, ``template_names.yml``), through the way a message takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from clouddesk.language.clock import resolve_until
from clouddesk.language.frame import understand
from clouddesk.language.prepare import prepare
from clouddesk.language.spelling import as_typed, mend

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 18, 14, 30, tzinfo=timezone.utc)


def cases(file: str) -> Iterator[tuple[str, str, Any]]:
    for intent, sentences in yaml.safe_load((HERE / file).read_text(encoding="utf-8")).items():
        for text, expected in sentences.items():
            yield intent, text, expected


def values(text: str, intent: str, entity: str) -> list[Any]:
    typed = prepare(text).text
    mended = mend(typed)
    return [
        as_typed(typed, mended, found.start, found.end) if entity == "until" else found.value
        for found in understand(mended, intent)
        if found.entity == entity
    ]


@pytest.mark.parametrize(("intent", "text", "expected"), list(cases("ends.yml")))
def test_an_end_is_found_in_the_words_that_were_typed(intent: str, text: str, expected: str | None) -> None:
    assert values(text, intent, "until") == ([expected] if expected else [])


@pytest.mark.parametrize(("intent", "text", "expected"), list(cases("template_names.yml")))
def test_a_template_is_called_what_the_sentence_calls_it(intent: str, text: str, expected: list[str]) -> None:
    assert values(text, intent, "template_name") == expected


@pytest.mark.parametrize(
    "words",
    [
        words
        for _, _, words in cases("ends.yml")
        if words and any(day in words for day in ("friday", "tomorrow", "noon", "pm"))
    ],
)
def test_an_end_with_a_day_or_an_hour_is_a_moment(words: str) -> None:
    resolved = resolve_until(words, now=NOW, timezone="Europe/Berlin")
    assert resolved is not None
    assert resolved > NOW
