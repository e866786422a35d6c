"""Steps shown to the person who waits: one line each, with its time, and a spinner while one is under way."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Steps:
    """On standard error, so that a script which reads the answers on standard output sees nothing of it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._status: Status | None = None

    @contextlib.contextmanager
    def spinner(self, text: str) -> Iterator[None]:
        """Something moves while this lasts; nothing is shown where no person looks."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(text, spinner="dots") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def now(self, text: str) -> None:
        """What is under way, beside the spinner."""
        if self._status is not None:
            self._status.update(text)

    def done(self, what: str, *, seconds: float | None = None, detail: str = "") -> None:
        line = Text("  ✓ ", style="green")
        line.append(f"{what:<22}", style="default")
        line.append("" if seconds is None else f"{duration(seconds):>8}", style="default")
        line.append(f"   {detail}" if detail else "", style="dim")
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    @contextlib.contextmanager
    def timing(self) -> Iterator[Callable[[], float]]:
        """Gives a function that tells the seconds since the beginning."""
        began = time.monotonic()
        yield lambda: time.monotonic() - began


def duration(seconds: float) -> str:
    """ "0.4 s", "41 s", "3 min 05 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
