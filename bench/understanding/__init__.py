"""How well sentences are understood that nobody has trained on. `make eval` writes the report, too.

``score`` compares, ``product`` runs the trained model on the separate test set (``tests/understanding``), ``authors``
leaves one author of the training data out after the other, ``report`` and ``pictures`` show what came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.figures import Figure, against
from bench.understanding import score
from bench.understanding.product import plain_accuracy, product_outcomes
from bench.understanding.score import Outcome
from nlu.sentences import sentences, separate


def figures() -> Iterator[Figure]:
    """The product's model on the separate test set, without a report."""
    test = separate()
    yield from figures_of("outsider", product_outcomes(test), plain_accuracy(sentences(), test))


def figures_of(prefix: str, outcomes: Sequence[Outcome], baseline: float | None = None) -> Iterator[Figure]:
    """The whole, then each entity by normalised value."""
    intents = score.right(outcomes)
    name = f"{prefix}_intent_accuracy"
    yield (
        Figure(name, _rounded(intents.value), "share")
        if baseline is None
        else against(name, intents.value, "share", baseline)
    )
    for label, value in zip(("low", "high"), intents.interval):  # noqa: B905 - a pair
        yield Figure(f"{name}_{label}", _rounded(value), "share")
    yield Figure(f"{prefix}_frame_exact", _rounded(score.exact(outcomes).value), "share")
    found = score.entities(outcomes)
    for entity in (*found, score.all_entities(found)):
        for label in ("precision", "recall", "f1"):
            yield Figure(f"{prefix}_{entity.name}_{label}", _rounded(getattr(entity, label)), "share")
    for intent in (score.OUT_OF_SCOPE, score.PASTE_SECRET):
        recall = score.right(score.of_intent(outcomes, intent)).value
        yield Figure(f"{prefix}_{intent}_recall", _rounded(recall), "share")
    yield Figure(f"{prefix}_false_actions", sum(score.false_actions(outcomes).values()), "sentences")
    yield Figure(f"{prefix}_wrong_actions", score.wrong_actions(outcomes), "sentences")
    low = [one for one in outcomes if one.answer.is_fallback]
    yield Figure(f"{prefix}_fallbacks", _rounded(len(low) / len(outcomes)), "share")
    yield Figure(f"{prefix}_fallbacks_in_vain", _rounded(score.right(low).value), "share")
    yield Figure(f"{prefix}_calibration_error", _rounded(score.calibration_error(score.calibration(outcomes))), "share")
    for label, share in (("p50", 0.5), ("p95", 0.95)):
        yield Figure(f"{prefix}_parse_{label}", round(score.milliseconds(outcomes, share), 2), "ms")
        yield Figure(f"{prefix}_parse_busy_{label}", round(score.busy_milliseconds(outcomes, share), 2), "ms")


def _rounded(value: float) -> float:
    return round(value, 4)
