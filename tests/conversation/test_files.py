"""The conversations themselves: enough of them for the running stack, and in words that the model has not learned."""

from __future__ import annotations

import re

from nlu.sentences import sentences
from tests.conversation.files import conversations, reason_for_memory_only

ENOUGH = 80
LONG = 4
"""Words that make a sentence one's own; "yes" and "stop it" are everybody's."""


def test_enough_conversations_can_be_played_on_the_running_stack() -> None:
    playable = [title for title, item in conversations() if reason_for_memory_only(item) is None]
    assert len(playable) >= ENOUGH
    assert len(set(playable)) == len(playable), "a title is there twice"


def test_what_is_said_is_text() -> None:
    """An unquoted no is none in YAML."""
    said = [(title, turn["say"]) for title, item in conversations() for turn in item["turns"] if "say" in turn]
    assert [item for item in said if not isinstance(item[1], str)] == []


def test_no_sentence_is_in_the_training_data() -> None:
    learned = {plain(sentence.said) for sentence in sentences()}
    said = {str(turn["say"]) for _, item in conversations() for turn in item["turns"] if "say" in turn}
    assert not [text for text in said if len(plain(text).split()) >= LONG and plain(text) in learned]


def plain(text: str) -> str:
    """Lower case, no punctuation."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
