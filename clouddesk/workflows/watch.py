"""A look at what the cloud lists of a reservation at rest, when the sweep found a difference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.node import Node
    from clouddesk.model.reservation import ARCHIVED, REASON_NOTHING_LEFT, RUNNING, STOPPED
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import LOOK, Inspection
    from clouddesk.workflows.drift import EXTRA, Drift
    from clouddesk.workflows.failures import failure_code
    from clouddesk.workflows.imaging import look_at_images
    from clouddesk.workflows.power import PowerSwitch


class Watch:
    """Looks when it is asked to. Takes over what it sees and tells of it, and touches nothing."""

    def __init__(self, context: ReservationContext, switch: PowerSwitch) -> None:
        self._context = context
        self._switch = switch
        self.is_looking = False

    async def run(self) -> None:
        """Until it is cancelled."""
        context = self._context
        while True:
            await workflow.wait_condition(lambda: context.is_look_wanted)
            context.is_look_wanted = False
            if self._is_at_rest:
                self.is_looking = True
                try:
                    await self._look()
                finally:
                    self.is_looking = False

    @property
    def _is_at_rest(self) -> bool:
        context = self._context
        is_steady = context.state.view.state in (RUNNING, STOPPED, ARCHIVED) and context.state.has_begun
        return is_steady and self._switch.is_idle and not context.is_ending

    async def see_first(self) -> None:
        """What there is of machines that are to be looked after from now on; without any, the end is due."""
        context, state = self._context, self._context.state
        pauses = context.credential_pauses()
        while not context.is_ending:
            revision = state.view.revision
            listed = await self._listed()
            if context.is_ending:
                return
            is_other = not self._is_at_rest or state.view.revision != revision
            if listed is not None and is_other and workflow.patched("see-first-again"):
                # It takes wishes already: what was seen before one is not how things are after it.
                await workflow.wait_condition(lambda: self._is_at_rest or context.is_ending)
                continue
            if listed is not None:
                now = workflow.now()
                drifts = state.observe(now, listed)
                state.is_unseen = False
                if state.view.living_nodes:
                    state.notify(notice.READY, now, key=str(state.generation))
                    self._tell([drift for drift in drifts if drift.kind == EXTRA])
                else:
                    context.end(REASON_NOTHING_LEFT)
                return
            await context.wait_for_credentials(pauses.take())

    async def _look(self) -> None:
        state = self._context.state
        revision = state.view.revision
        listed = await self._listed()
        # What was done here meanwhile explains what was seen.
        if listed is None or not self._is_at_rest or state.view.revision != revision:
            return
        self._tell(state.observe(workflow.now(), listed))
        if state.view.state == ARCHIVED and workflow.patched("look-at-images"):
            self._tell(await look_at_images(self._context))

    def _tell(self, drifts: Sequence[Drift]) -> None:
        state, now = self._context.state, workflow.now()
        for drift in drifts:
            nodes = ", ".join(drift.nodes)
            state.record(audit.DRIFTED, now, what=drift.kind, nodes=nodes)
            state.notify(
                notice.DRIFT,
                now,
                key=f"{drift.kind}:{state.view.revision}",
                reason=drift.kind,
                which=nodes,
                how_many=str(len(drift.nodes)),
            )

    async def _listed(self) -> list[Node] | None:
        """What the cloud lists of the reservation; None when it does not tell."""
        context = self._context
        try:
            listed: list[Node] = await workflow.execute_activity(
                LOOK,
                Inspection(
                    context.account,
                    context.order.reservation_id,
                    context.order.nodes.region,
                    tuple(node.id for node in context.state.view.living_nodes),
                    context.timing,
                ),
                result_type=list[Node],
                schedule_to_close_timeout=timedelta(seconds=context.timing.power_seconds),
                heartbeat_timeout=context.heartbeat,
                retry_policy=context.retry_policy(CREDENTIAL_CODES),
            )
        except ActivityError as error:
            code = failure_code(error)
            if code in CREDENTIAL_CODES and not context.is_ending:
                context.tell_of_refused_credentials(code)
            return None
        context.credentials_work()
        return listed
