"""How accuracy grows with authors: ``python -m bench.comparison_curve OUT.png`` scores n-grams and draws the picture.

The points of the fine-tuned encoder cost ten minutes of training each; they are those of ``docs/decisions/0006``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from clouddesk.language.mask import mask
from nlu.components.linear import LinearText
from nlu.sentences import sentences, separate

FINE_TUNED = ((3642, 0.917), (7532, 0.957), (9099, 0.963), (10770, 0.972))
"""Sentences and accuracy on the test set; of 9,099, those from the 7,533rd on were learned by the linear part alone."""

_TARGET = 0.95
_DARK, _WARM, _FAINT = "#22313f", "#d1495b", "#8a97a3"


def points(shares: tuple[int, ...] = (1, 2, 4, 6, 8, 10, 12)) -> Iterator[tuple[int, float]]:
    """Sentences by the first so many authors, and the accuracy on the test set of n-grams of the masked text."""
    everything, test = sentences(), separate()
    authors = sorted({one.author for one in everything})
    for share in shares:
        learn = [one for one in everything if one.author in authors[:share]]
        model = LinearText.fit([mask(one.text) for one in learn], [one.intent for one in learn], folds=2)
        right = 0
        for one in test:
            ranking = [name for name, _ in model.ranking(mask(one.text)) if name != "paste_secret"]
            right += ("paste_secret" if "[secret" in one.text else ranking[0]) == one.intent
        yield len(learn), right / len(test)


def draw(grams: list[tuple[int, float]], path: Path) -> None:
    """Both curves."""
    with mpl.rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        canvas = Canvas(figsize=(8, 4.6), dpi=110, layout="constrained")
        axes = canvas.subplots()
        for found, colour, name, (right, up) in (
            (FINE_TUNED, _WARM, "fine-tuned encoder and n-grams", (0, 8)),
            (grams, _DARK, "n-grams alone", (6, -14)),
        ):
            axes.plot(*zip(*found), color=colour, marker="o", label=name)  # noqa: B905 - pairs
            for point in found:
                axes.annotate(f"{point[1]:.3f}", point, (right, up), textcoords="offset points", color=colour)
        axes.axhline(_TARGET, color=_FAINT, linestyle="--", linewidth=1)
        axes.text(150, _TARGET + 0.006, "target 0.95", color=_FAINT)
        axes.set(
            xlim=(0, 1.06 * grams[-1][0]),
            ylim=(0.55, 1),
            xlabel="training sentences, author after author",
            ylabel="intent accuracy on the separate test set",
        )
        axes.legend(loc="lower right", frameon=False)
        canvas.savefig(path)


def main() -> None:
    """The command."""
    grams = []
    for count, accuracy in points():
        sys.stdout.write(f"{count} sentences: {accuracy:.4f}\n")
        grams.append((count, accuracy))
    draw(grams, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
