"""The encoder's files as they ship, read as the product reads them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nlu.components.encoder_model import (
    CHECKSUMS,
    FOLDER,
    LONGEST,
    MODEL,
    VOCABULARY,
    EncoderDamaged,
    SentenceEncoder,
    tokenizer,
)
from nlu.sentences import sentences


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


def test_files_are_those_that_were_trained_and_small_enough_to_commit(encoder: SentenceEncoder) -> None:
    assert (FOLDER / MODEL).stat().st_size < 30_000_000


def test_it_knows_every_intent_of_the_training_data(encoder: SentenceEncoder) -> None:
    assert set(encoder.labels) == {sentence.intent for sentence in sentences()}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("could somebody lend me a computer with 64 gigs until tomorrow evening", "create_vm"),
        ("a spark cluster, one master and four workers, for 8 hours", "create_cluster"),
        ("please get rid of etl-spark, i don't need it any more", "terminate_resource"),
        ("when is the next train to zurich?", "out_of_scope"),
        ("let <@U123ABC> log in to r-665b0fd5", "share_resource"),
    ],
)
def test_plain_sentences_are_understood(encoder: SentenceEncoder, text: str, intent: str) -> None:
    shares = encoder.read(text).intents
    assert max(shares, key=shares.__getitem__) == intent
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)


def test_an_answer_does_not_depend_on_what_was_asked_before(encoder: SentenceEncoder) -> None:
    alone = SentenceEncoder().read("extend it by two hours")
    encoder.read("good morning")
    again = encoder.read("extend it by two hours")
    assert np.array_equal(alone.vector, again.vector)
    assert alone.intents == again.intents


@pytest.mark.parametrize("text", ["", " ", "👍", "\u0000", "字" * 10, "word " * 5000])
def test_any_text_can_be_read(encoder: SentenceEncoder, text: str) -> None:
    assert np.isfinite(encoder.read(text).vector).all()


def test_long_texts_are_cut() -> None:
    assert len(tokenizer(FOLDER / VOCABULARY).encode("word " * 5000).ids) == LONGEST


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    for name in (MODEL, VOCABULARY, CHECKSUMS):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    with (tmp_path / VOCABULARY).open("a") as file:
        file.write("\n")
    with pytest.raises(EncoderDamaged, match=VOCABULARY):
        SentenceEncoder(tmp_path)
