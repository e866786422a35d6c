"""`python -m bench.understanding`: the figures, and the report with its pictures in ``docs/understanding``."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path

from bench.figures import Figure, print_figure
from bench.understanding import figures_of, score
from bench.understanding.authors import leave_one_out
from bench.understanding.product import plain_accuracy, product_outcomes, training_seconds
from bench.understanding.report import write_report
from bench.understanding.score import Outcome
from clouddesk.settings import PROJECT
from nlu.sentences import sentences, separate


def main() -> None:
    """The command."""
    options = argparse.ArgumentParser(prog="python -m bench.understanding", description=__doc__)
    options.add_argument("--authors", action="store_true", help="leave each author out in turn instead; no report")
    options.add_argument("--errors", type=int, default=0, metavar="N", help="with --authors: show N of their failures")
    options.add_argument("--train", action="store_true", help="also measure a training from nothing (minutes)")
    options.add_argument("--model", type=Path, help="another model file than that of the present training data")
    options.add_argument("--report", type=Path, default=PROJECT / "docs" / "understanding", metavar="FOLDER")
    arguments = options.parse_args()
    if arguments.authors:
        _authors(arguments.errors)
    else:
        _product(arguments.model, arguments.report, with_training=arguments.train)


def _product(model: Path | None, folder: Path, *, with_training: bool) -> None:
    training, test = sentences(), separate()
    outcomes, baseline = product_outcomes(test, model), plain_accuracy(training, test)
    for figure in figures_of("outsider", outcomes, baseline):
        print_figure(figure)
    seconds = training_seconds() if with_training else None
    if seconds is not None:
        print_figure(Figure("training", round(seconds, 1), "s"))
    write_report(folder, outcomes, training, baseline=baseline, training_seconds=seconds)
    sys.stderr.write(f"The report is in {folder / 'README.md'}\n")


def _authors(errors: int) -> None:
    everything: list[Outcome] = []
    for author, outcomes in leave_one_out(sentences()):
        print_figure(Figure(f"author_{author}_intent_accuracy", round(score.right(outcomes).value, 4), "share"))
        everything += outcomes
    for figure in figures_of("leave_one_author_out", everything):
        print_figure(figure)
    for one in islice((one for one in everything if not one.is_exact), errors):
        meant, got = ({name: sorted(own) for name, own in part.frame.items()} for part in (one.sentence, one.answer))
        intents = f"{one.sentence.author} {one.sentence.intent} → {one.answer.intent}"
        sys.stdout.write(f"{intents} | {one.sentence.said} | {meant} | {got}\n")


if __name__ == "__main__":
    main()
