"""The report's pictures, in the colours that people who see no red and green can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from bench.understanding import score
from bench.understanding.score import Bin, EntityScore, Outcome, Share

RIGHT, WRONG, LINE, FAINT, INK = "#3a7ca5", "#d1495b", "#e09f3e", "#e8ebee", "#22313f"
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#c5ccd3",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.dpi": 110,
}
_RARE = 10
"""Values; below this support an entity's figure says little, and is drawn faintly."""


def draw_all(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """All pictures of the report."""
    with mpl.rc_context(_STYLE):
        _save(confusion_matrix(outcomes), folder / "confusions.png")
        _save(entity_bars(score.entities(outcomes)), folder / "entities.png")
        _save(
            intent_bars({name: score.right(own) for name, own in score.by_intent(outcomes).items()}),
            folder / "intents.png",
        )
        _save(reliability(score.calibration(outcomes)), folder / "calibration.png")


def confusion_matrix(outcomes: Sequence[Outcome]) -> Canvas:
    """Meant against understood; what is right is a faint diagonal, every error a number."""
    names = sorted({one.sentence.intent for one in outcomes} | {one.answer.intent for one in outcomes})
    wrong = score.confusions(outcomes)
    meant, got = ({pair[side] for pair in wrong} for side in (0, 1))
    canvas = Canvas(figsize=(11.5, 11.5))
    axes = canvas.subplots()
    most = max(wrong.values(), default=1)
    for row, name in enumerate(names):
        own = score.right(score.of_intent(outcomes, name))
        axes.add_patch(Rectangle((row - 0.5, row - 0.5), 1, 1, color=RIGHT, alpha=0.15 + 0.5 * own.value))
        axes.text(row, row, own.part, ha="center", va="center", color="white", fontsize=9)
        for column, other in enumerate(names):
            if count := wrong[name, other]:
                strength = 0.45 + 0.55 * count / most
                axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=WRONG, alpha=strength))
                axes.text(column, row, count, ha="center", va="center", color="white", fontsize=11, weight="bold")
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    _stress(axes.get_yticklabels(), names, meant)
    _stress(axes.get_xticklabels(), names, got)
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=FAINT, linewidth=0.8)
    axes.tick_params(which="minor", length=0)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(f"{sum(wrong.values())} of {len(outcomes)} intents were told wrongly")
    axes.set_xlabel("understood as", labelpad=10)
    axes.set_ylabel("meant", labelpad=10)
    return canvas


def entity_bars(entities: Sequence[EntityScore]) -> Canvas:
    """F1 of each, the best on top."""
    ordered = sorted(entities, key=lambda one: (one.f1, one.support))
    canvas = Canvas(figsize=(9, 0.42 * len(ordered) + 1.6))
    axes = canvas.subplots()
    for place, one in enumerate(ordered):
        color = RIGHT if one.f1 >= 0.95 else WRONG
        is_rare = one.support < _RARE
        axes.barh(place, one.f1, color=color, alpha=0.35 if is_rare else 1, height=0.68)
        ink = INK if is_rare else "white"
        axes.text(0.008, place, f"{one.f1:.3f}", va="center", ha="left", color=ink, weight="bold")
        axes.text(1.012, place, f"{one.support}", va="center", ha="left")
    axes.axvline(0.95, color=LINE, linewidth=2)
    axes.set_yticks(range(len(ordered)), [one.name for one in ordered])
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.set_xlim(0, 1)
    axes.text(1.012, len(ordered) - 0.35, "values", va="bottom", ha="left", fontsize=10)
    axes.text(0.95, len(ordered) - 0.35, "0.95", va="bottom", ha="center", fontsize=10, color=LINE, weight="bold")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"faint: fewer than {_RARE} values in the test set", labelpad=8, fontsize=10)
    axes.set_title("Entities: F1 on normalised values", pad=24)
    return canvas


def intent_bars(intents: dict[str, Share]) -> Canvas:
    """Accuracy of each with its 95 % interval, the best on top."""
    ordered = sorted(intents.items(), key=lambda entry: (entry[1].value, entry[1].whole))
    canvas = Canvas(figsize=(9, 0.32 * len(ordered) + 1.6))
    axes = canvas.subplots()
    for place, (_, share) in enumerate(ordered):
        low, high = share.interval
        color = RIGHT if share.value >= 0.95 else WRONG
        axes.plot((low, high), (place, place), color=color, alpha=0.4, linewidth=6, solid_capstyle="round")
        axes.plot(share.value, place, "o", color=color, markersize=8, clip_on=False, zorder=3)
        axes.text(1.025, place, f"{share.part}/{share.whole}", va="center", ha="left", fontsize=10)
    axes.axvline(0.95, color=LINE, linewidth=2, zorder=0)
    axes.text(0.95, len(ordered) - 0.3, "0.95", va="bottom", ha="center", fontsize=10, color=LINE, weight="bold")
    axes.set_yticks(range(len(ordered)), [name for name, _ in ordered])
    axes.set_ylim(-0.7, len(ordered) - 0.3)
    axes.set_xlim(min(0.5, *(share.interval[0] for _, share in ordered)), 1.0)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.set_title("Intents: share told rightly, with its 95 % interval", pad=24)
    return canvas


def reliability(bins: Sequence[Bin]) -> Canvas:
    """How often answers of a confidence are right; on the line, a confidence means what it says."""
    canvas = Canvas(figsize=(7, 8))
    upper, lower = canvas.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1.3), "hspace": 0.12})
    upper.plot((0, 1), (0, 1), color="#9aa5b1", linestyle="--", linewidth=1.5)
    upper.text(0.06, 0.1, "as sure as right", rotation=40, rotation_mode="anchor", color="#73808c", fontsize=10)
    for one in bins:
        low, high = Share(round(one.accuracy * one.size), one.size).interval
        upper.plot((one.confidence, one.confidence), (low, high), color=RIGHT, alpha=0.35, linewidth=5)
        lower.bar(one.confidence, one.size, width=0.07, color=RIGHT)
        lower.text(one.confidence, one.size * 1.15, one.size, ha="center", va="bottom", fontsize=10)
    upper.plot([one.confidence for one in bins], [one.accuracy for one in bins], "-o", color=RIGHT, markersize=9)
    upper.set_xlim(0, 1.03)
    upper.set_ylim(0, 1.03)
    upper.set_ylabel("share that was right")
    upper.set_title(f"Confidence: calibration error {score.calibration_error(bins):.3f}")
    lower.set_yscale("log")
    lower.set_ylim(0.8, 5 * max((one.size for one in bins), default=1))
    lower.set_yticks([])
    lower.minorticks_off()
    lower.set_ylabel("sentences")
    lower.set_xlabel("confidence (mean of the bin)")
    return canvas


def _stress(labels: Sequence[Any], names: Sequence[str], wanted: set[str]) -> None:
    for label, name in zip(labels, names):  # noqa: B905 - a label for each
        label.set_color(INK if name in wanted else "#9aa5b1")
        label.set_weight("bold" if name in wanted else "normal")


def _save(canvas: Canvas, path: Path) -> None:
    canvas.savefig(path, bbox_inches="tight", pad_inches=0.25, facecolor="white", metadata={"Software": None})
