"""What a bare answer means to an open question."""

import pytest

from actions import questions

OPTIONS = [{"id": "r-0000000a", "name": "spark-1"}, {"id": "r-0000000b", "name": "spark-2"}]
CHOOSE = {"kind": "choose", "for": "stop_resource", "options": OPTIONS, "entities": {}}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        (" 5. ", 5),
        ("#2", 2),
        ("-3", -3),
        ("five", 5),
        ("the first", 1),
        ("the second one please", 2),
        ("2nd", 2),
        ("one", 1),
        ("number 3", 3),
    ],
)
def test_a_bare_number_is_read_in_digits_words_and_order(text: str, number: int) -> None:
    assert questions.bare_number(text) == number


@pytest.mark.parametrize(
    "text", ["5 nodes", "yes", "16 GB", "", "2 hours", "spark-1", "5 or 6", "what about five of them"]
)
def test_what_holds_more_than_a_number_is_no_bare_number(text: str) -> None:
    assert questions.bare_number(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1", "spark-1"),
        ("the second one", "spark-2"),
        ("the last one", "spark-2"),
        ("spark-2", "spark-2"),
        ("`spark-1`", "spark-1"),
        ("R-0000000B", "spark-2"),
        ("spark-1 please", "spark-1"),
    ],
)
def test_an_option_is_picked_by_number_order_name_and_id(text: str, name: str) -> None:
    picked = questions.pick(OPTIONS, text)

    assert picked is not None
    assert picked["name"] == name


@pytest.mark.parametrize("text", ["3", "0", "spark", "spark-1 or spark-2", "yes"])
def test_what_points_at_none_or_at_several_options_picks_none(text: str) -> None:
    assert questions.pick(OPTIONS, text) is None


def test_a_settled_question_takes_no_bare_answer() -> None:
    assert not questions.is_bare_answer({"kind": "answered", "of": "quote", "ids": ["r-1"]}, "5")
    assert not questions.is_bare_answer(None, "5")


def test_a_whole_sentence_with_a_name_in_it_is_no_bare_answer() -> None:
    assert not questions.is_bare_answer(CHOOSE, "please tell me everything about spark-1")
    assert questions.is_bare_answer(CHOOSE, "spark-1 please")


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "confirm_quote", "id": "q-1", "what": "the vm"},
        {"kind": "confirm_price", "what": "the vm"},
        {"kind": "confirm_release", "ids": ["r-1"], "names": ["spark-1"]},
        {"kind": "confirm_removal", "provider": "aws"},
        {"kind": "duration", "id": "r-1", "name": "spark-1"},
        {"kind": "provider", "for": "add_credentials"},
        {"kind": "request_field", "field": "region", "what": "the vm"},
        CHOOSE,
    ],
)
def test_every_question_can_be_asked_again_and_dropped_by_name(question: dict[str, object]) -> None:
    assert questions.words(question).rstrip(".").strip()
    assert questions.subject(question)
