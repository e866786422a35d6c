"""The check of the training data fails on each fault, and says what it is."""

from itertools import product

import pytest

from nlu.check import LEAST_AUTHORS, WIDE_INTENTS, faults
from nlu.overlap import alike, plain
from nlu.sentences import Sentence

PLENTY = [
    Sentence(f"author {number % LEAST_AUTHORS}", intent, f"{intent} {number}", {})
    for intent, count in [*((intent, 1900) for intent in sorted(WIDE_INTENTS)), ("greet", 400)]
    for number in range(count)
]
"""Enough of everything; too short to be compared."""

TEST_SET = [Sentence("test set", "help", f"sentence {number}", {}) for number in range(800)]

OTHERS = [
    Sentence("a", "create_vm", "could somebody lend me a debian machine until tuesday evening", {}),
    Sentence("b", "quote_price", "what would two big boxes in oregon set me back", {}),
    Sentence("c", "terminate_resource", "the thing that pavel left behind may be thrown away now", {}),
]


def found(*more: tuple[str, str, str], test: tuple[str, ...] = ()) -> list[str]:
    training = [*OTHERS, *(Sentence(author, intent, said, {}) for author, intent, said in more)]
    return list(faults(training, [Sentence("test set", "help", said, {}) for said in test], size=False))


def test_enough_different_sentences_have_no_fault() -> None:
    assert list(faults(PLENTY, TEST_SET)) == []
    assert found() == []


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        (lambda one: one.intent != "greet" or int(one.said.split()[1]) < 99, "greet has 99 sentences"),
        (lambda one: one.intent != "inform" or int(one.said.split()[1]) < 399, "inform has 399 sentences"),
        (lambda one: one.intent != "out_of_scope", "out_of_scope has 0 sentences"),
        (lambda one: one.intent == "greet" or int(one.said.split()[1]) < 1899, "There are 7996 sentences"),
        (lambda one: one.author != "author 3", "9 authors have written"),
    ],
)
def test_too_little_is_a_fault(keep, says) -> None:  # type: ignore[no-untyped-def]
    kept = [one for one in PLENTY if keep(one)]
    assert any(fault.startswith(says) for fault in faults(kept, TEST_SET))


def test_a_test_set_that_is_small_or_repeats_itself_is_a_fault() -> None:
    small = list(faults(PLENTY, TEST_SET[:798] + TEST_SET[:1]))
    assert small == [
        "The test set has 799 sentences; at least 800 are needed.",
        "Sentences of the test set that are there more than once: 1.",
    ]


def test_an_author_of_a_few_sentences_does_not_count() -> None:
    few = [one for one in PLENTY if one.author != "author 3" or int(one.said.split()[1]) < 20]
    assert any(fault.startswith("9 authors") for fault in faults(few, TEST_SET))


@pytest.mark.parametrize("said", ["thanks a lot", "Thanks, a lot!", "  THANKS A   LOT …"])
def test_a_repeated_sentence_is_a_fault_however_it_is_written(said: str) -> None:
    (fault,) = found(("d", "thank", "thanks a lot"), ("e", "thank", said))
    assert fault.startswith("Said 2 times")


def test_one_sentence_with_two_intents_is_a_fault() -> None:
    (fault,) = found(("d", "affirm", "fine by me"), ("d", "inform", "fine by me"))
    assert "affirm" in fault
    assert "inform" in fault


def test_different_emoji_are_different_sentences() -> None:
    assert found(("d", "affirm", "👍"), ("d", "deny", "👎"), ("e", "help", "?"), ("e", "help", "??")) == []


def test_one_word_exchanged_in_a_long_sentence_is_a_fault() -> None:
    (fault,) = found(("d", "create_vm", "could somebody lend me a fedora machine until tuesday evening"))
    assert fault.startswith("Almost the same")


def test_the_same_wish_in_other_words_is_none() -> None:
    assert found(("d", "create_vm", "i want to borrow some debian box, tuesday evening you get it back")) == []


def test_short_sentences_may_be_alike() -> None:
    assert found(("d", "cancel", "forget it please"), ("e", "cancel", "oh forget it please")) == []


def test_a_sentence_of_the_test_set_is_a_fault_and_is_not_printed() -> None:
    said = "what would two big boxes in ohio set me back"
    (fault,) = found(test=(said, "an altogether different question about something else"))
    assert fault.startswith("Too near to a sentence of the test set")
    assert "oregon" in fault
    assert "ohio" not in fault


def test_everyday_words_may_be_in_the_test_set_too() -> None:
    assert found(("d", "greet", "good morning"), test=("good morning",)) == []


def test_a_template_program_is_a_fault() -> None:
    verbs = ("spin up", "create", "launch", "give me", "please start")
    made = [
        ("d", "create_vm", f"{verb} a {kind} {thing} with {cores} cores for {hours} hours on {cloud}")
        for verb, kind, (thing, cloud), (cores, hours) in product(
            verbs, ("small", "cheap"), (("vm", "aws"), ("server", "gcp"), ("box", "azure")), ((2, 3), (16, 8))
        )
    ]
    assert any("look made by a program" in fault for fault in found(*made))


def test_what_differs_in_names_and_numbers_only_is_made_by_a_program() -> None:
    # Each pair shares too little to be found as near-duplicates; masked they are one sentence.
    things = ("etl-1 13 aws", "web-22 4 azure", "db-7 9 gcp", "gpu-3 55 linode")
    made = [("d", "extend_reservation", "give {} {} hours more at {}".format(*thing.split())) for thing in things]
    told = found(*made)
    assert [fault for fault in told if "Almost" in fault] == []
    assert any("author d look made by a program" in fault for fault in told)


def test_the_share_is_that_of_words_and_pairs_of_words() -> None:
    (pair,) = alike(["a b c d e"], 0.5, ["a b c d f"])
    assert pair.share == pytest.approx(7 / 11)
    assert list(alike(["a b c d e"], 0.64, ["a b c d f"])) == []
    assert list(alike([], 0.5)) == list(alike(["a"], 0.5, [])) == []


@pytest.mark.parametrize(
    ("said", "is_plain"),
    [
        ("Don't  stop!", "dont stop"),
        ("e-mail me…", "email me"),
        ("2.5 GB/node", "2 5 gb node"),
        ("🙏 ", "🙏"),
        ("?", "?"),
    ],
)
def test_plain_text_has_no_case_and_no_punctuation(said: str, is_plain: str) -> None:
    assert plain(said) == is_plain
