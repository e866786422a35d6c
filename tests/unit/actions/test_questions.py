"""What a bare answer means, and the words of confirmations."""

import pytest

from actions import bare, questions, retries

OPTIONS = [{"id": "r-0000000a", "name": "spark-1"}, {"id": "r-0000000b", "name": "spark-2"}]
QUOTE = {"kind": "confirm_quote", "id": "q-1", "what": "the vm"}


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
    assert bare.bare_number(text) == number


@pytest.mark.parametrize(
    "text", ["5 nodes", "yes", "16 GB", "", "2 hours", "spark-1", "5 or 6", "what about five of them"]
)
def test_what_holds_more_than_a_number_is_no_bare_number(text: str) -> None:
    assert bare.bare_number(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("make it 3", 3),
        ("actually 5", 5),
        ("no, three", 3),
        ("actually 5, not 4", 5),
        ("I meant twenty five", 25),
        ("make that a dozen", 12),
        ("how about a couple of them?", 2),
        ("just one then", 1),
        ("5", 5),
    ],
)
def test_how_many_is_read_out_of_a_sentence_that_says_nothing_else(text: str, number: int) -> None:
    assert bare.said_number(text) == number


@pytest.mark.parametrize(
    "text", ["no, the other one", "5 or 6", "order 3 pizzas", "make it -2", "ubuntu-1", "2.5", "yes", "at 5:30", "$5"]
)
def test_what_says_something_else_is_no_number_of_machines(text: str) -> None:
    assert bare.said_number(text) is None


@pytest.mark.parametrize("text", ["try again", "Try again!", "ok, once more please", "please retry", "do it again"])
def test_words_to_try_again_are_seen(text: str) -> None:
    assert retries.says_again(text)


@pytest.mark.parametrize("text", ["start it again", "try spark again", "no", "yes", "try frankfurt"])
def test_what_asks_for_something_is_no_try_again(text: str) -> None:
    assert not retries.says_again(text)


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
    picked = bare.pick(OPTIONS, text)

    assert picked is not None
    assert picked["name"] == name


@pytest.mark.parametrize("text", ["3", "0", "spark", "spark-1 or spark-2", "yes"])
def test_what_points_at_none_or_at_several_options_picks_none(text: str) -> None:
    assert bare.pick(OPTIONS, text) is None


@pytest.mark.parametrize("text", ["2", "the last one", "spark-1 please", "R-0000000B", "just spark-2"])
def test_a_pick_and_nothing_else_is_seen(text: str) -> None:
    assert bare.is_only_a_pick(OPTIONS, text)


@pytest.mark.parametrize("text", ["details of spark-1", "stop spark-1", "3", "yes", "reboot the last"])
def test_what_says_more_than_a_pick_is_not_only_one(text: str) -> None:
    assert not bare.is_only_a_pick(OPTIONS, text)


def test_a_settled_question_takes_no_bare_answer() -> None:
    assert not questions.is_bare_answer({"kind": "answered", "of": "quote", "ids": ["r-1"]}, "5")
    assert not questions.is_bare_answer(None, "5")


def test_a_number_is_an_answer_to_a_confirmation_and_a_sentence_is_not() -> None:
    assert questions.is_bare_answer(QUOTE, "5")
    assert not questions.is_bare_answer(QUOTE, "5 more machines in frankfurt")


@pytest.mark.parametrize(
    "question",
    [
        QUOTE,
        {"kind": "confirm_price", "what": "the vm"},
        {"kind": "confirm_release", "ids": ["r-1"], "names": ["spark-1"]},
        {"kind": "confirm_removal", "provider": "aws"},
    ],
)
def test_every_confirmation_can_be_asked_again_and_dropped_by_name(question: dict[str, object]) -> None:
    assert questions.words(question).rstrip(".").strip()
    assert questions.subject(question)


def test_the_yes_to_giving_something_away_names_to_whom_so_that_they_are_looked_up() -> None:
    question = {"kind": "confirm_decision", "option": "offer_handover", "id": "r-1", "to": "U0BEN", "doing": "it"}
    assert questions.yes_payload(question) == '/affirm{"question_id": "r-1", "person": "U0BEN"}'
    assert questions.is_about(question, {"question_id": "r-1", "person": "U0BEN"})
    assert questions.is_about(question, {"question_id": "r-1"}), "a button of before it was named there"
