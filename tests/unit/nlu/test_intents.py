"""The training data keeps its own contract."""

import re
from pathlib import Path

import pytest
import yaml

from clouddesk.language import roles
from clouddesk.language.prepare import prepare

FILES = sorted((Path(__file__).resolve().parents[3] / "nlu" / "intents").glob("*.yml"))
ANNOTATED = re.compile(r"\]\((\w+)\)|\]\{\"entity\": \"(\w+)\"")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_holds_its_own_intent_and_names_its_authors(path: Path) -> None:
    blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    assert {block["intent"] for block in blocks} == {path.stem}
    assert all(block["metadata"]["author"] for block in blocks)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_annotations_name_known_entities(path: Path) -> None:
    names = {first or second for first, second in ANNOTATED.findall(path.read_text(encoding="utf-8"))}
    assert names <= roles.allowed("create_vm") | roles.allowed("scale_cluster")
    if path.stem in roles.ALONE:
        assert not names


def test_every_pasted_secret_is_recognised() -> None:
    blocks = yaml.safe_load((FILES[0].parent / "paste_secret.yml").read_text(encoding="utf-8"))["nlu"]
    lines = [
        line.removeprefix("- ")
        for block in blocks
        if isinstance(block["examples"], str)
        for line in block["examples"].splitlines()
    ]
    lines += [
        example["text"] for block in blocks if not isinstance(block["examples"], str) for example in block["examples"]
    ]
    assert len(lines) > 70
    assert [line for line in lines if not prepare(line).has_secret] == []


def test_no_other_sentence_is_taken_for_a_secret() -> None:
    wrong = []
    for path in FILES:
        if path.stem != "paste_secret":
            text = path.read_text(encoding="utf-8")
            wrong += [line for line in text.splitlines() if line.startswith("    - ") and prepare(line).secrets]
    assert wrong == []
