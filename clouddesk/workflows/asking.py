"""A question to the owner while the machines are on their way, and the answer that comes as an update."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from clouddesk.workflows.context import ReservationContext

REPEATED_WITHIN = timedelta(minutes=1)
"""Who presses the same button again meanwhile is told that it is so, rather than that it is too late."""


class Question:
    """One at a time; the first answer counts, and an end that is asked for meanwhile."""

    def __init__(self, context: ReservationContext) -> None:
        self._context = context
        self._options: tuple[str, ...] = ()
        self._answer: tuple[str, str] | None = None
        self._last_answer, self._answered_at = "", workflow.now()

    def may_answer(self, answer: str) -> bool:
        """This is one of the answers, and nobody has given one yet; or just this was given."""
        is_open = answer in self._options and self._answer is None
        is_repeated = answer == self._last_answer and workflow.now() - self._answered_at < REPEATED_WITHIN
        return is_open or (is_repeated and not self._context.is_ending)

    def answer(self, answer: str, by: str) -> None:
        """Take the answer; only when ``may_answer``. The same once more is the same."""
        if answer in self._options and self._answer is None:
            self._answer = (answer, by)
            self._last_answer, self._answered_at = answer, workflow.now()

    async def ask(self, options: tuple[str, ...], limit: timedelta) -> tuple[str, str] | None:
        """The answer and who gave it; None when nobody did in time, or the end is due."""
        self._options, self._answer = options, None
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self._answer is not None or self._context.is_ending, timeout=limit)
        answer, self._options, self._answer = self._answer, (), None
        return None if self._context.is_ending else answer
