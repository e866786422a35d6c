"""Power of a reservation's machines: stop, start and reboot, one change at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.idling import IdleState, switched
    from clouddesk.model.node import RUNNING as NODE_RUNNING
    from clouddesk.model.node import STOPPED as NODE_STOPPED
    from clouddesk.model.node import Node
    from clouddesk.model.reservation import RUNNING, STARTING, STOPPED, STOPPING
    from clouddesk.workflows.configuring import configure_nodes, told_of
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import POWER, REBOOT, START, STOP, Outcome, PowerChange
    from clouddesk.workflows.failures import POWER_FAILED, failure_code

REBOOTING = "rebooting"
"""What a running reservation is called that refuses something because it is being rebooted."""


@dataclass(frozen=True)
class Power:
    """One change of power: from which state, through which, to which, and the notice when it is done."""

    change: str
    before: str
    during: str
    after: str
    notice: str
    settled: tuple[str, ...]
    """States in which there is nothing (more) to do, when all machines are alike."""
    nodes: str
    """The state of each machine afterwards."""


STOPPING_THEM = Power(STOP, RUNNING, STOPPING, STOPPED, notice.STOPPED, (STOPPING, STOPPED), NODE_STOPPED)
STARTING_THEM = Power(START, STOPPED, STARTING, RUNNING, notice.STARTED, (STARTING, RUNNING), NODE_RUNNING)
REBOOTING_THEM = Power(REBOOT, RUNNING, RUNNING, RUNNING, notice.REBOOTED, (), NODE_RUNNING)
_AUDITED_AS = {STOP: audit.STOPPED, START: audit.STARTED, REBOOT: audit.REBOOTED}


class PowerSwitch:
    """At most one change of power is under way."""

    def __init__(self, context: ReservationContext) -> None:
        self._context = context
        self._power: Power | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return self._power is None

    def check(self, power: Power) -> None:
        """Refuse what does not fit the state, and a second change beside another one that is under way."""
        context = self._context
        if self._power is REBOOTING_THEM and power is not REBOOTING_THEM:
            context.refuse(power.change, state=REBOOTING)
        if context.is_ending or context.state.view.state not in (power.before, *power.settled):
            context.refuse(power.change)

    def begin(self, power: Power, by: str, *, idling: IdleState | None = None) -> None:
        """Begin, unless it is under way or done already. ``idling``: it is done because nobody uses them."""
        state = self._context.state
        is_done = state.view.state in power.settled and not state.view.is_mixed
        if self._power is None and not is_done:
            before = state.view.state
            self._power, state.tried = power, None
            cause = {"reason": "idle"} if idling else {}
            state.record(_AUDITED_AS[power.change], workflow.now(), by=by, **cause)
            idling = idling or switched(state.view.idling, workflow.now())
            if power.during != power.before:
                state.change(workflow.now(), state=power.during, idling=idling)
            else:
                # No news by itself: it goes along with the next.
                state.view = replace(state.view, idling=idling)
            self._task = asyncio.create_task(self._carry_out(power, before, str(state.view.revision)))

    async def abandon(self) -> None:
        """End a change that is under way, and wait until the cloud is not being told anything any more."""
        if self._task and not self._task.done():
            self._task.cancel()
            await workflow.wait([self._task])

    async def _carry_out(self, power: Power, before: str, key: str) -> None:
        context, state = self._context, self._context.state
        await context.until_logins_are_left_alone()
        known = state.view.nodes
        keys = tuple(node.key for node in state.view.living_nodes)
        try:
            nodes = await change_power(context, power.change, keys)
        except (ActivityError, asyncio.CancelledError) as error:
            if not context.is_ending:
                state.change(workflow.now(), state=before)
                self._tell_of_trouble(power, key, failure_code(error))
        else:
            if not context.is_ending:
                changed = {node.key: node for node in nodes}
                merged = tuple(changed.get(node.key, node) for node in known)
                if not changed.keys() >= set(keys):
                    state.change(workflow.now(), state=before, nodes=merged)
                    self._tell_of_trouble(power, key, POWER_FAILED)
                elif (set_up := await self._set_up(power, merged)) is not None:
                    proven = {"found": set_up.found} if set_up.found else {}
                    state.change(workflow.now(), state=power.after, nodes=merged, **proven)
                    if set_up.cause:
                        facts = told_of(set_up)
                        state.notify(notice.UNPROVEN, workflow.now(), key=key, action=power.change, **facts)
                    else:
                        why: dict[str, Any] = (
                            {"unused": "yes"} if power is STOPPING_THEM and state.view.idling.stopped_at else {}
                        )
                        state.notify(power.notice, workflow.now(), key=key, **why)
        finally:
            self._power = None

    async def _set_up(self, power: Power, nodes: tuple[Node, ...]) -> Outcome | None:
        """None when the end is due."""
        context, state = self._context, self._context.state
        if power is not STARTING_THEM or not state.view.found or not workflow.patched("start-configures"):
            return Outcome()
        state.change(workflow.now(), nodes=nodes)
        return await set_up_again(context)

    def _tell_of_trouble(self, power: Power, key: str, reason: str) -> None:
        """Some may have changed all the same, or be gone: that is looked at, and is then nobody else's doing."""
        context, state = self._context, self._context.state
        state.notify(notice.TROUBLE, workflow.now(), key=f"{power.change}:{key}", reason=reason, action=power.change)
        if workflow.patched("look-after-trouble"):
            state.tried, state.tried_at = power.nodes, workflow.now()
            context.is_look_wanted = True


def change_power(context: ReservationContext, change: str, keys: Sequence[str]) -> workflow.ActivityHandle[list[Node]]:
    """Begin to stop, start or reboot these machines; it gives those that came to it."""
    return workflow.start_activity(
        POWER,
        PowerChange(
            context.account,
            context.order.reservation_id,
            context.order.nodes.region,
            change,
            tuple(keys),
            context.timing,
        ),
        result_type=list[Node],
        schedule_to_close_timeout=timedelta(seconds=context.timing.power_seconds * 2),
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


async def set_up_again(context: ReservationContext) -> Outcome | None:
    """Machines that start may come back with other addresses: their software is set up anew, and proven.

    None when the end is due.
    """
    state = context.state
    outcome = await configure_nodes(context, state.view.living_nodes)
    if outcome is not None:
        state.host_keys.update(outcome.host_keys)
    return outcome
