"""Software on machines that run, before they are called ready; with a question when it cannot be set up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypedDict

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.configuration import STEP_FAILED, TIMED_OUT
    from clouddesk.model.node import Node
    from clouddesk.model.order import ReservationOrder
    from clouddesk.model.reservation import (
        GIVE_BACK,
        KEEP_BARE,
        REASON_CONFIGURE_FAILED,
        REASON_RELEASED,
        RETRY,
        SOFTWARE_CHOICES,
    )
    from clouddesk.workflows.asking import Question
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import CONFIGURE, FORGET, Configuring, Outcome
    from clouddesk.workflows.failures import TIMED_OUT as NOT_IN_TIME
    from clouddesk.workflows.failures import failure_code

MOST_TOLD_LINES = 5
MOST_TOLD_CHARACTERS = 300
"""Of a line that a failed step said; the log has all."""


def is_configured(order: ReservationOrder) -> bool:
    """Whether software is put on the order's machines.

    An order with software whose machines were made by an older worker goes on without: its machines do not know
    CloudDesk's key.
    """
    return order.configuration is not None and workflow.patched("configure")


def has_bot(order: ReservationOrder) -> bool:
    """Whether CloudDesk's own key logs in to the order's machines: to put software on them, and to see what they do.

    Nothing answers on simulated ones; and what an older worker made without software does not know the key.
    """
    return is_configured(order) or (not order.is_simulated and workflow.patched("measure"))


class Configurer:
    """Goes on until the software runs, or the owner wants the machines without it, or the end is due."""

    def __init__(self, context: ReservationContext, question: Question) -> None:
        self._context = context
        self._question = question

    async def run(self, nodes: Sequence[Node]) -> bool:
        """Whether the lease is to begin; False: the end is due."""
        context, state = self._context, self._context.state
        software = context.order.configuration
        if software is None:
            return True
        while True:
            state.configure(workflow.now(), nodes)
            outcome = await configure_nodes(context, nodes)
            if outcome is None:
                return False
            state.host_keys.update(outcome.host_keys)
            if not outcome.cause:
                now = workflow.now()
                state.record(audit.CONFIGURED, now, found="; ".join(outcome.found))
                state.change(
                    now,
                    found=outcome.found,
                    links=software.links,
                    clients=software.clients,
                )
                return True
            answer = await self._ask(outcome)
            if answer != RETRY:
                return answer == KEEP_BARE

    async def _ask(self, outcome: Outcome) -> str:
        """The owner's choice; when nobody chooses in time all is given back: nobody's work is on it."""
        context, state = self._context, self._context.state
        now = workflow.now()
        limit = timedelta(seconds=context.timing.choice_seconds)
        state.change(now, choose_by=now + limit)
        state.notify(
            notice.UNCONFIGURED,
            now,
            key=str(state.view.revision),
            **told_of(outcome),
        )
        given = await self._question.ask(SOFTWARE_CHOICES, limit)
        if context.is_ending:
            return GIVE_BACK
        answer, by = given or (GIVE_BACK, "")
        state.record(audit.CHOSEN, workflow.now(), by=by, answer=answer, cause=outcome.cause)
        if answer == GIVE_BACK:
            context.end(REASON_RELEASED if by else REASON_CONFIGURE_FAILED, by=by)
        return answer


async def configure_nodes(
    context: ReservationContext,
    nodes: Sequence[Node],
    *,
    leaving: Sequence[str] = (),
    is_given_up: Callable[[], bool] = lambda: False,
) -> Outcome | None:
    """How setting up the software on all nodes went, or taking those with the keys ``leaving`` out of the cluster.

    None when the end was asked for meanwhile, or it ``is_given_up``; nothing is done on the machines any more then.
    """
    software, timing = context.order.configuration, context.timing
    if software is None:
        return Outcome()
    roles = {plan.key: plan.role for plan in context.order.nodes.nodes}
    attempt = workflow.start_activity(
        CONFIGURE,
        Configuring(
            context.order.reservation_id,
            software,
            # Not every cloud tells a machine's part.
            tuple(replace(node, role=roles.get(node.key, node.role)) for node in nodes),
            limit_seconds=timing.configure_seconds,
            pause_seconds=timing.last_retry_seconds,
            host_keys=dict(context.state.host_keys),
            leaving=tuple(leaving),
        ),
        result_type=Outcome,
        # The activity keeps the limit itself; this one is for the case that no worker comes back at all.
        schedule_to_close_timeout=timedelta(seconds=timing.configure_seconds * 2),
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(),
        # A teardown may begin only when nothing is being done on the machines any more.
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    if not await context.unless_ending(attempt, is_given_up=is_given_up):
        return None
    try:
        outcome: Outcome = await attempt
    except ActivityError as error:
        return Outcome(cause=TIMED_OUT if failure_code(error) == NOT_IN_TIME else STEP_FAILED)
    return outcome


class Told(TypedDict, total=False):
    """Of what failed, in a notice."""

    reason: str
    step: str
    which: str
    lines: str


def told_of(failed: Outcome) -> Told:
    """What a notice says of a configuration that failed."""
    return {
        "reason": failed.cause,
        "step": failed.step,
        "which": ", ".join(failed.nodes) or "all machines",
        "lines": "\n".join(line[:MOST_TOLD_CHARACTERS] for line in failed.lines[-MOST_TOLD_LINES:]),
    }


async def forget(context: ReservationContext) -> None:
    """Delete the secrets of machines that are gone, and what they were seen doing; however long that takes."""
    if is_configured(context.order) or workflow.patched("forget-use"):
        await workflow.execute_activity(
            FORGET,
            context.order.reservation_id,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=context.retry_policy(),
        )
