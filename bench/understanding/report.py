"""The report: one page with tables and pictures, without a single sentence of the test set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.understanding import score
from bench.understanding.pictures import draw_all
from bench.understanding.score import Outcome, Share
from nlu.overlap import plain
from nlu.sentences import Sentence

_THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_HEAD = """\
# How well sentences are understood

Written by `make eval`, which runs the trained model of the product, as `clouddesk parse` does, on the sentences in
`tests/understanding`. Their author has read the contract of understanding and none of the training data; nothing is
trained on them or tuned to them, and none of them is shown here. Intervals are Wilson's, at 95 %.
"""
_AFTER_THRESHOLDS = """
A secret that is found by its shape decides the intent alone; such answers are left out of the calibration. Where the
bot is not sure it asks; what costs or destroys something is done only after a yes in any case.
"""


def write_report(
    folder: Path,
    outcomes: Sequence[Outcome],
    training: Sequence[Sentence],
    *,
    baseline: float,
    training_seconds: float | None = None,
) -> None:
    """Write README.md and its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_all(folder, outcomes)
    parts = (
        _HEAD,
        "\n".join(_totals(outcomes, training, baseline, training_seconds)),
        "## Intents\n\n![Share of each intent that was told rightly](intents.png)\n",
        "![What was taken for what](confusions.png)\n",
        "\n".join(_intents(outcomes)),
        "## Entities\n\nBy normalised value: 8 GB and 8192 MB are the same. Values of a list count one by one.\n",
        "![F1 of each entity](entities.png)\n",
        "\n".join(_entities(outcomes)),
        "## Confidence\n\n![Confidence against accuracy](calibration.png)\n",
        "\n".join(_thresholds(outcomes)),
        _AFTER_THRESHOLDS.lstrip(),
        "## Ways of writing\n\nAs the author of the test set noted them; one sentence may have several.\n",
        "\n".join(_tags(outcomes)),
    )
    (folder / "README.md").write_text("\n".join(part.rstrip("\n") + "\n" for part in parts), encoding="utf-8")


def _totals(
    outcomes: Sequence[Outcome], training: Sequence[Sentence], baseline: float, training_seconds: float | None
) -> Iterator[str]:
    off, secrets = (score.of_intent(outcomes, name) for name in (score.OUT_OF_SCOPE, score.PASTE_SECRET))
    found = score.entities(outcomes)
    values = score.all_entities(found)
    known = {plain(one.said) for one in training}
    new = [one for one in outcomes if plain(one.sentence.said) not in known]
    low = [one for one in outcomes if one.answer.is_fallback]
    right_intent = [one for one in outcomes if one.is_right]
    false = score.false_actions(outcomes)
    told = ", ".join(f"{intent} {count}" for intent, count in sorted(false.items()))
    authors = len({one.author for one in training})
    yield from _table("figure", "value", "target")
    yield _row(
        "sentences: trained on / tested on",
        f"{len(training)} by {authors} authors / {len(outcomes)} by another",
        "8000 / 800",
    )
    yield _row("**intent accuracy**", _with_interval(score.right(outcomes)), "0.95")
    yield _row("… of the sentences that nobody wrote word by word in training", _with_interval(score.right(new)), "")
    yield _row("… of n-grams of the bare text (baseline)", f"{baseline:.3f}", "")
    yield _row("**whole frame exact** (intent and all values)", _with_interval(score.exact(outcomes)), "0.85")
    yield _row("… where the intent is right", _with_interval(score.exact(right_intent)), "")
    yield _row("entity F1 over all values", f"{values.f1:.3f} ({values.support} values)", "0.95 each")
    yield _row("out_of_scope recall", _with_interval(score.right(off)), "0.95")
    yield _row(
        "out_of_scope taken for what costs or destroys", f"{sum(false.values())}{f' ({told})' if told else ''}", "0"
    )
    yield _row("other sentences taken for the wrong one of these", str(score.wrong_actions(outcomes)), "")
    yield _row("paste_secret recall", _with_interval(score.right(secrets)), "1.0")
    yield _row(
        "asks instead of acting (rightly / in vain)",
        f"{len(low)} ({len(low) - score.right(low).part} / {score.right(low).part})",
        "",
    )
    error = score.calibration_error(score.calibration(outcomes))
    yield _row("calibration error (ECE, ten bins)", f"{error:.3f}", "")
    times, busy = (
        " / ".join(f"{measure(outcomes, share):.0f}" for share in (0.5, 0.95))
        for measure in (score.milliseconds, score.busy_milliseconds)
    )
    yield _row("a parse on one thread, p50 / p95 (processor time)", f"{times} ms ({busy} ms)", "25 ms")
    if training_seconds is not None:
        yield _row("training from nothing", f"{training_seconds:.0f} s", "240 s")


def _intents(outcomes: Sequence[Outcome]) -> Iterator[str]:
    wrong = score.confusions(outcomes)
    yield from _table("intent", "right", "accuracy", "95 %", "taken for")
    for intent, own in score.by_intent(outcomes).items():
        share = score.right(own)
        taken = {got: count for (meant, got), count in wrong.items() if meant == intent}
        shown = ", ".join(
            f"{got} {count}" for got, count in sorted(taken.items(), key=lambda entry: (-entry[1], entry[0]))
        )
        yield _row(intent, f"{share.part}/{share.whole}", f"{share.value:.3f}", _interval(share), shown)


def _entities(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield from _table("entity", "values", "precision", "recall", "F1")
    for one in score.entities(outcomes):
        yield _row(one.name, str(one.support), *(f"{value:.3f}" for value in (one.precision, one.recall, one.f1)))


def _thresholds(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "What asking below a confidence costs and saves:\n"
    yield from _table("asks below", "asks", "of these in vain", "wrong and unasked")
    for value in _THRESHOLDS:
        one = score.threshold(outcomes, value)
        yield _row(f"{value:g}", str(one.asked), str(one.asked_in_vain), str(one.wrong_unasked))


def _tags(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield from _table("tag", "sentences", "intent accuracy", "95 %", "whole frame exact")
    for tag, own in score.by_tag(outcomes).items():
        share = score.right(own)
        yield _row(tag, str(len(own)), f"{share.value:.3f}", _interval(share), f"{score.exact(own).value:.3f}")


def _table(*columns: str) -> Iterable[str]:
    return _row(*columns), f"|{'---|' * len(columns)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _with_interval(share: Share) -> str:
    return f"{share.value:.3f} ({_interval(share)}; {share.part}/{share.whole})"


def _interval(share: Share) -> str:
    low, high = share.interval
    return f"{low:.3f}–{high:.3f}"
