"""Charts as pictures, drawn beside the event loop and shown where their reply is."""

from __future__ import annotations

import asyncio
import io
import math
import textwrap
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import structlog
from slack_sdk.errors import SlackApiError

from connectors.charts import Chart, Curve
from connectors.rasa import Reply
from connectors.slack.events import Job
from connectors.slack.faults import code_of
from connectors.slack.messenger import Messenger
from connectors.slack.uploads import Upload

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILE_NAME = "chart.png"

_WIDTH_PIXELS = 1200
_DOTS_PER_INCH = 200
_HEAD_INCHES, _LINE_INCHES, _ROW_INCHES, _FOOT_INCHES = 0.96, 0.21, 0.62, 0.06
_LINE_CHARACTERS = 74
_CURVE_ROWS = 4
_INK, _FAINT, _PAPER = "#1d1c1d", "#616061", "#ffffff"
_CHEAPEST, _OTHER, _NO_ACCESS = "#0072b2", "#7fb2d6", "#c9ccd1"
"""Told apart by lightness too, so also without colours."""
_SECOND = "#d55e00"
_LONGEST_BAR = 0.8
"""Of the width; the rest is for the price of the longest."""

WITHIN_SECONDS = 20.0
"""Whoever waits in the same conversation does not wait longer for a picture."""

_drawing = Lock()
"""matplotlib's fonts are shared by all figures, and not made for several threads."""
_log = structlog.get_logger()


class Pictures:
    """Shows the charts of replies."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger

    async def show(self, job: Job, replies: Sequence[Reply]) -> None:
        """Beside the answer to this job, each once; not where that was for one person alone in a channel.

        A luxury: the reply says the same in words, so that a refusal is only noted.
        """
        charts = [reply.chart for reply in replies if reply.chart is not None]
        if not charts or not (job.is_direct or (job.thread and not job.response_url)):
            return
        try:
            await asyncio.wait_for(self._upload(job, charts), WITHIN_SECONDS)
        except Exception as error:  # noqa: BLE001 - the answer was given; whatever it was, no picture follows it
            reason = code_of(error) if isinstance(error, SlackApiError) else type(error).__name__
            _log.warning("slack.picture_not_shown", error=reason)

    async def _upload(self, job: Job, charts: Sequence[Chart]) -> None:
        for number, chart in enumerate(charts):
            content = await asyncio.to_thread(draw, chart)
            file = Upload(FILE_NAME, content, title=chart.title, alt_text=chart.in_words)
            await self._messenger.upload(job.channel, file, key=f"{job.id}:chart-{number}", thread=job.thread)


def draw(chart: Chart) -> bytes:
    """The chart as a PNG that is read on a phone. Takes a fraction of a second: not for the event loop."""
    with _drawing:
        # Takes as long as drawing itself, and most gateways never draw.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        rows = len(chart.bars) or _CURVE_ROWS
        subtitle = textwrap.wrap(chart.subtitle, _LINE_CHARACTERS)
        head = _HEAD_INCHES + (len(subtitle) - 1) * _LINE_INCHES
        height = head + rows * _ROW_INCHES + _FOOT_INCHES
        figure = Figure(figsize=(_WIDTH_PIXELS / _DOTS_PER_INCH, height), dpi=_DOTS_PER_INCH, facecolor=_PAPER)
        canvas = FigureCanvasAgg(figure)
        left, foot = (0.11, 0.4) if chart.curve is not None else (0.04, _FOOT_INCHES)
        height_of_rows = rows * _ROW_INCHES + _FOOT_INCHES - foot
        axes = figure.add_axes((left, foot / height, 0.96 - left, height_of_rows / height))
        if chart.curve is not None:
            _draw_curve(axes, chart.curve)
        else:
            _draw_bars(axes, chart)
        figure.text(0.04, 1 - 0.34 / height, chart.title, size=15, weight="bold", color=_INK, va="center")
        for row, line in enumerate(subtitle):
            top = 0.64 + row * _LINE_INCHES
            figure.text(0.04, 1 - top / height, line, size=9, color=_FAINT, va="center")
        out = io.BytesIO()
        canvas.print_png(out)
        return out.getvalue()


def _draw_curve(axes: Axes, curve: Curve) -> None:
    """Of 0 to 100 %, with the times in use shaded; where nothing is known there is a gap."""
    places = range(len(curve.values))
    for place, is_used in enumerate(curve.used):
        if is_used:
            axes.axvspan(place - 0.5, place + 0.5, color=_OTHER, alpha=0.25, linewidth=0)
    for values, color, words in ((curve.values, _CHEAPEST, "CPU"), (curve.more, _SECOND, "GPU")):
        if values:
            known = [math.nan if value is None else value for value in values]
            axes.plot(places, known, color=color, linewidth=2.2, marker="o", markersize=2.5, label=words)
    if curve.more:
        axes.legend(loc="upper left", fontsize=9, frameon=False, ncol=2)
    axes.set_ylim(0, 105)
    axes.set_xlim(-0.5, len(curve.values) - 0.5)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"], size=10, color=_INK)
    axes.set_xticks([place for place, _ in curve.marks], [words for _, words in curve.marks], size=10, color=_INK)
    axes.grid(axis="y", color=_NO_ACCESS, linewidth=0.6)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_bars(axes: Axes, chart: Chart) -> None:
    """Each with its label above it and its price behind it."""
    most = max(bar.value for bar in chart.bars)
    best = next((bar for bar in chart.bars if bar.has_access), None)
    for row, bar in enumerate(chart.bars):
        share = _LONGEST_BAR * bar.value / most
        color = _CHEAPEST if bar is best else _OTHER if bar.has_access else _NO_ACCESS
        axes.barh(row, share, height=0.42, color=color)
        axes.text(share + 0.012, row, bar.price, size=12, weight="bold", color=_INK, va="center")
        label = axes.text(0, row - 0.39, bar.label, size=10.5, weight="bold", color=_INK, va="center")
        axes.annotate(
            bar.detail + ("" if bar.has_access else " (no access)"),
            xy=(1, 0),
            xycoords=label,
            xytext=(5, 0),
            textcoords="offset points",
            size=9,
            color=_FAINT,
            va="bottom",
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(chart.bars) - 0.55, -0.62)
    axes.set_axis_off()
