"""Long histories: a reservation that lives for months goes on with a fresh one."""

from __future__ import annotations

from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import ReservationStart


class Renewal:
    """Begins a reservation's history anew when it has become long."""

    def __init__(self, context: ReservationContext, is_busy: Callable[[], bool]) -> None:
        """``is_busy``: something is under way that a fresh history would not know of."""
        self._context = context
        self._is_busy = is_busy

    @property
    def may_begin(self) -> bool:
        """The history is long, and nothing is under way."""
        info = workflow.info()
        is_long = (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() > self._context.timing.history_events
        )
        is_busy = self._context.state.has_news or self._is_busy()
        return is_long and not is_busy and workflow.all_handlers_finished()

    def begin_if_long(self) -> None:
        """Ends this run, where it may."""
        if self.may_begin:
            workflow.continue_as_new(ReservationStart(self._context.order, self._context.timing, self._context.state))

    def begin_teardown_if_long(self) -> None:
        """The same while machines are given back."""
        # Asked only when it is due: teardowns of before did not begin anew, however long they became.
        if self.may_begin and workflow.patched("teardown-begins-anew"):
            self.begin_if_long()
