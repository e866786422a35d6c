"""Charts that go with a reply: bars or a curve, in words for who cannot see them, and in characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BAR_CHARACTERS = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_UNSEEN = "·"
_MOST = 100.0


@dataclass(frozen=True)
class Bar:
    """One of them; ``price`` is its value in words, ``detail`` the small print beside ``label``."""

    label: str
    detail: str
    value: float
    price: str
    has_access: bool = True


@dataclass(frozen=True)
class Curve:
    """Percents over time, in equal steps; None where nothing is known."""

    values: tuple[float | None, ...]
    more: tuple[float | None, ...] = ()
    """A second curve: of the GPUs."""
    used: tuple[bool, ...] = ()
    """In which steps the machines were in use."""
    marks: tuple[tuple[int, str], ...] = ()
    """What stands below some of the steps."""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Curve:
        marks = tuple((int(place), str(words)) for place, words in body["marks"])
        return cls(tuple(body["values"]), tuple(body["more"]), tuple(body["used"]), marks)


@dataclass(frozen=True)
class Chart:
    """Horizontal bars, the first one on top; or a curve."""

    title: str
    subtitle: str
    bars: tuple[Bar, ...] = ()
    curve: Curve | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Chart:
        curve = Curve.read(body["curve"]) if body.get("curve") else None
        return cls(body["title"], body["subtitle"], tuple(Bar(**bar) for bar in body["bars"]), curve)

    @property
    def in_words(self) -> str:
        """What the picture shows, for who cannot see it."""
        if self.curve is not None:
            known = [value for value in self.curve.values if value is not None]
            span = f" between {round(min(known))} % and {round(max(known))} %" if known else ""
            return f"Curve over time. {self.title},{span}. {self.subtitle}."
        bars = ", ".join(f"{bar.label} {bar.price}" for bar in self.bars)
        return f"Bar chart. {self.title}: {bars}. {self.subtitle}."


def as_text(chart: Chart) -> str:
    """The bars in a fixed-width font, in eighths of a character; a curve as columns."""
    if chart.curve is not None:
        return "\n".join([chart.title, sparkline(chart.curve.values), _below(chart.curve)])
    labels = max(len(bar.label) for bar in chart.bars)
    most = max(bar.value for bar in chart.bars)
    lines = [f"{bar.label.ljust(labels)}  {_bar(bar.value / most)} {bar.price}" for bar in chart.bars]
    return "\n".join([chart.title, *lines])


def sparkline(percents: Sequence[float | None]) -> str:
    """A column for each, as high as it is of 100."""
    top = len(_HEIGHTS) - 1
    return "".join(
        _UNSEEN if value is None else _HEIGHTS[min(top, int(value / _MOST * len(_HEIGHTS)))] for value in percents
    )


def _below(curve: Curve) -> str:
    line = ""
    for place, words in curve.marks:
        line = f"{line.ljust(place)}{words} "
    return line.rstrip()


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR_CHARACTERS * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
