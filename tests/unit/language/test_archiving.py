"""What sentences say of archives; the sentences are in ``archiving.yml``."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
import yaml

from clouddesk.language import archiving

DATA = yaml.safe_load(Path(__file__).with_name("archiving.yml").read_text())
SAID = [(text, what) for what, texts in DATA["said"].items() for text in texts]


def read(text: str) -> str | None:
    return archiving.read(text.replace("NAME", archiving.NAME)) if archiving.may_be(text) else None


@pytest.mark.parametrize(("text", "what"), SAID)
def test_what_is_wanted_with_archives_is_read(text: str, what: str) -> None:
    assert read(text) == what
    assert read(f"Hey, {text}") == what


@pytest.mark.parametrize("text", DATA["others"])
def test_what_is_about_something_else_is_left_alone(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Archive etl-1", "archive etl-1"),
        ("take a snapshot of it and give the machines back", "take a snapshot of it"),
        ("snapshot etl-1, then shut it down please", "snapshot etl-1"),
        ("put my spark cluster away but keep the data", "put my spark cluster away"),
        ("give etl-1 back but keep the disks", "give etl-1 back"),
        ("archive etl-1 and web-2", "archive etl-1 and web-2"),
        ("archive everything except etl-1", "archive everything except etl-1"),
    ],
)
def test_which_machines_is_said_in_the_first_part(text: str, part: str) -> None:
    assert archiving.what_part(text) == part


def test_whatever_is_said_is_read_at_once() -> None:
    words = [
        "archive",
        "the",
        "my",
        "all",
        "machine",
        "machines",
        "cluster",
        "of",
        "it",
        "and",
        "but",
        "keep",
        "data",
        "disks",
        "snapshot",
        "image",
        "take",
        "a",
        "give",
        "back",
        "in",
        "that",
        "is",
        "stopped",
        "except",
        "for",
        "now",
        "until",
        "monday",
        "how",
        "much",
        "cost",
        "would",
        "etl-1",
        "restore",
        "bring",
        "one",
        "ones",
        ",",
        "please",
    ]
    chance = random.Random(5)  # noqa: S311 - the same in every run
    texts = [" ".join(chance.choices(words, k=60)) for _ in range(200)]
    texts += [f"archive {'etl-1 and ' * 200}", f"{'ok please ' * 200}x", f"archive it {'for now ' * 200}x"]
    begun = time.process_time()
    for text in texts:
        archiving.read(text)
    assert time.process_time() - begun < len(texts) * 0.05
