"""The scores behind the report, on answers made up for it."""

from pathlib import Path

import pytest

from bench.understanding import figures_of, score
from bench.understanding.report import write_report
from bench.understanding.score import Answer, Outcome, Share
from nlu.sentences import Sentence


def outcome(
    meant: str,
    got: str,
    *,
    confidence: float = 0.9,
    gold: dict[str, str] | None = None,
    found: dict[str, str] | None = None,
    is_fallback: bool = False,
) -> Outcome:
    frame = {name: frozenset([value]) for name, value in (found or {}).items()}
    values = {name: (value,) for name, value in (gold or {}).items()}
    sentence = Sentence("test set", meant, f"a sentence that means {meant}", values, tags=("terse",))
    return Outcome(sentence, Answer(got, confidence, frame, is_fallback, 5.0, 4.0))


SOME = [
    outcome("create_vm", "create_vm", gold={"os": "debian", "vcpus": "4"}, found={"os": "debian", "vcpus": "4"}),
    outcome("create_vm", "create_vm", gold={"os": "debian"}, found={"os": "ubuntu"}),
    outcome("create_vm", "quote_price", gold={"os": "debian"}, found={"os": "debian"}, confidence=0.4),
    outcome("out_of_scope", "out_of_scope"),
    outcome("out_of_scope", "terminate_resource", confidence=0.8),
    outcome("out_of_scope", "stop_resource", confidence=0.2, is_fallback=True),
    outcome("stop_resource", "terminate_resource", confidence=0.6),
    outcome("paste_secret", "paste_secret", confidence=1.0),
]


def test_an_interval_is_wilsons() -> None:
    low, high = Share(880, 914).interval
    assert (round(low, 4), round(high, 4)) == (0.9485, 0.9733)
    assert Share(12, 12).interval[1] == 1.0
    assert Share(0, 12).interval[0] == 0.0
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_frame_is_exact_only_with_the_right_intent() -> None:
    assert score.right(SOME) == (4, 8)
    assert score.exact(SOME) == (3, 8)


def test_entities_are_counted_by_value() -> None:
    found = {one.name: one for one in score.entities(SOME)}
    assert (found["os"].hits, found["os"].extra, found["os"].missed) == (2, 1, 1)
    assert found["os"].f1 == pytest.approx(2 / 3)
    assert found["os"].support == 3
    assert score.all_entities(found.values()).hits == 3


def test_a_false_action_is_one_that_the_bot_would_propose() -> None:
    assert score.false_actions(SOME) == {"terminate_resource": 1}
    assert score.wrong_actions(SOME) == 1


def test_calibration_compares_confidence_with_accuracy_and_leaves_secrets_out() -> None:
    bins = score.calibration([outcome("help", "help", confidence=0.9)] * 3 + [outcome("help", "greet", confidence=0.9)])
    assert [(one.size, one.confidence, one.accuracy) for one in bins] == [(4, pytest.approx(0.9), 0.75)]
    assert score.calibration_error(bins) == pytest.approx(0.15)
    assert score.calibration([outcome("paste_secret", "paste_secret", confidence=1.0)]) == []


def test_a_threshold_says_what_asking_costs_and_saves() -> None:
    assert score.threshold(SOME, 0.5) == (0.5, 2, 0, 2)
    assert score.threshold(SOME, 0.95).asked_in_vain == 3


def test_figures_carry_the_baseline() -> None:
    figures = {figure.name: figure for figure in figures_of("outsider", SOME, 0.25)}
    assert figures["outsider_intent_accuracy"].ratio == 2.0
    assert figures["outsider_false_actions"].value == 1
    assert figures["outsider_os_f1"].value == 0.6667
    assert figures["outsider_fallbacks"].value == 0.125


def test_a_report_has_its_pictures_and_no_sentence(tmp_path: Path) -> None:
    write_report(tmp_path, SOME, [Sentence("a", "help", "help me", {})], baseline=0.25, training_seconds=100.0)
    text = (tmp_path / "README.md").read_text()
    assert "a sentence that means" not in text
    assert "| **intent accuracy** | 0.500 (0.215–0.785; 4/8) | 0.95 |" in text
    assert "| training from nothing | 100 s | 240 s |" in text
    for picture in ("confusions", "entities", "intents", "calibration"):
        assert f"({picture}.png)" in text
        assert (tmp_path / f"{picture}.png").stat().st_size > 5000


def test_the_same_answers_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_report(tmp_path / name, SOME, [], baseline=0.25)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
