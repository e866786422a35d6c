"""Annotated examples as text, places and frame."""

from pathlib import Path

import pytest

from nlu.sentences import comparable, sentences, separate

EXAMPLES = """
version: "3.1"
nlu:
- intent: create_vm
  metadata: {author: z}
  examples: |
    - give   *me* [two]{"entity": "vm_count", "value": "2"} boxes on [aws](provider) and [azure](provider)
- intent: paste_secret
  metadata: {author: y}
  examples:
  - text: "my token is [azure](provider)"
    metadata: {also: {spot: true}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some.yml").write_text(EXAMPLES)
    return tmp_path


def test_an_example_is_read_with_its_author_and_its_frame(folder: Path) -> None:
    first, second = sentences(folder)
    assert (first.author, first.intent) == ("z", "create_vm")
    assert first.said == "give   *me* two boxes on aws and azure"
    assert first.frame == {"vm_count": {"2"}, "provider": {"aws", "azure"}}
    assert (second.author, second.frame) == ("y", {"provider": {"azure"}, "spot": {"true"}})


def test_places_are_those_of_the_prepared_text(folder: Path) -> None:
    first = sentences(folder)[0]
    assert first.text == "give me two boxes on aws and azure"
    assert [(first.text[start:end], entity) for start, end, entity in first.spans] == [
        ("two", "vm_count"),
        ("aws", "provider"),
        ("azure", "provider"),
    ]


def test_a_row_of_the_test_set_has_lists_and_tags(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"text": "x", "intent": "inform", "entities": {"os": ["a", "b"], "vcpus": 4}, "tags": ["terse"]}\n'
    )
    (row,) = separate(path)
    assert row.frame == {"os": {"a", "b"}, "vcpus": {"4"}}
    assert row.tags == ("terse",)


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [
        ("memory_gb", 8.0, "8"),
        ("memory_gb", 0.5, "0.5"),
        ("os", "Ubuntu-22.04", "ubuntu-22.04"),
        ("spot", True, "true"),
        ("resource_name", "Frodo", "Frodo"),
        ("until", "Until  Friday", "until friday"),
    ],
)
def test_values_are_compared_in_one_spelling(name: str, value: object, same: str) -> None:
    assert comparable(name, value) == same
