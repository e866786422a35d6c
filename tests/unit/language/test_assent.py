"""What counts as a yes, by the sentences of assent.yml."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clouddesk.language.assent import Answer, read, yes_and_more

SENTENCES = yaml.safe_load((Path(__file__).parent / "assent.yml").read_text())
PAIRS = [(text, Answer(kind)) for kind, texts in SENTENCES.items() for text in texts]


@pytest.mark.parametrize(("text", "answer"), PAIRS)
def test_an_answer_is_read_as_what_it_says(text: str, answer: Answer) -> None:
    assert read(text) is answer


def test_every_kind_of_answer_has_sentences() -> None:
    assert set(SENTENCES) == {kind.value for kind in Answer}


@pytest.mark.parametrize(
    "text", ["delete it", "yes, delete ubuntu-1", "yes give it back for good", "ok give back ubuntu-1"]
)
def test_the_words_of_the_question_itself_add_nothing(text: str) -> None:
    assert read(text) is not Answer.YES
    assert read(text, doing=("delete", "give back", "give it back"), named=("ubuntu-1",)) is Answer.YES


@pytest.mark.parametrize("text", ["delete ubuntu-2", "yes, delete ubuntu-1 but keep the disk", "delete ubuntu-1?"])
def test_the_same_words_with_more_are_no_yes(text: str) -> None:
    assert read(text, doing=("delete",), named=("ubuntu-1",)) is not Answer.YES


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("yes and also stop my other one", "stop my other one"),
        ("ok, then reboot etl-1", "reboot etl-1"),
        ("yes. stop ubuntu-2", "stop ubuntu-2"),
    ],
)
def test_what_follows_a_yes_is_told_apart(text: str, rest: str) -> None:
    assert yes_and_more(text) == (Answer.YES, rest)


@pytest.mark.parametrize("text", ["stop it and yes", "hmm, and stop it", "yes but stop it"])
def test_without_a_yes_before_it_nothing_follows_one(text: str) -> None:
    assert yes_and_more(text)[0] is Answer.OTHER
