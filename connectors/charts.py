"""Bar charts that go with a reply: what they show, in words for who cannot see them, and as bars of characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BAR_CHARACTERS = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True)
class Bar:
    """One of them; ``price`` is its value in words, ``detail`` the small print beside ``label``."""

    label: str
    detail: str
    value: float
    price: str
    has_access: bool = True


@dataclass(frozen=True)
class Chart:
    """Horizontal bars, the first one on top."""

    title: str
    subtitle: str
    bars: tuple[Bar, ...]

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Chart:
        return cls(body["title"], body["subtitle"], tuple(Bar(**bar) for bar in body["bars"]))

    @property
    def in_words(self) -> str:
        """What the picture shows, for who cannot see it."""
        bars = ", ".join(f"{bar.label} {bar.price}" for bar in self.bars)
        return f"Bar chart. {self.title}: {bars}. {self.subtitle}."


def as_text(chart: Chart) -> str:
    """The bars in a fixed-width font, in eighths of a character."""
    labels = max(len(bar.label) for bar in chart.bars)
    most = max(bar.value for bar in chart.bars)
    lines = [f"{bar.label.ljust(labels)}  {_bar(bar.value / most)} {bar.price}" for bar in chart.bars]
    return "\n".join([chart.title, *lines])


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR_CHARACTERS * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
