"""The first part of a reservation's life: until all nodes run with their software; it asks when some of that fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.order import ReservationOrder
    from clouddesk.model.reservation import CHOICES, GIVE_BACK, GO_ON, REASON_RELEASED, REASON_UNANSWERED, RETRY
    from clouddesk.workflows.asking import Question
    from clouddesk.workflows.configuring import Configurer, has_bot, is_configured
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import PROVISION, Provisioned, Provisioning
    from clouddesk.workflows.failover import Failover
    from clouddesk.workflows.failures import failure_code, nothing_was_made, provisioning_reason


class Provisioner:
    """Brings the nodes up; afterwards the lease has begun or the end is due."""

    def __init__(self, context: ReservationContext) -> None:
        self._context = context
        self.question = Question(context)
        self._failover = Failover(context, self.question)
        self._configurer = Configurer(context, self.question)

    async def run(self) -> None:
        context, state = self._context, self._context.state
        earlier: Provisioned | None = None
        while not context.is_ending:
            outcome = await self._provision(earlier)
            if outcome is None or context.is_ending:
                return
            if outcome.reason is None:
                now = workflow.now()
                ids = " ".join(node.id for node in outcome.nodes)
                state.record(audit.CREATED, now, nodes=ids)
                if is_configured(context.order) and not await self._configurer.run(outcome.nodes):
                    return
                now = workflow.now()
                state.begin_lease(now, outcome.nodes)
                state.notify(notice.READY, now)
                return
            await self._ask(outcome)
            earlier = outcome

    async def _provision(self, earlier: Provisioned | None) -> Provisioned | None:
        """What came up; None when the end is due: it was asked for meanwhile, or nothing came up at all."""
        context = self._context
        pauses = context.credential_pauses()
        until = workflow.now() + timedelta(seconds=context.timing.choice_seconds)
        while True:
            try:
                outcome = await self._attempt(earlier)
            except ActivityError as failure:
                error = failure
            else:
                context.credentials_work()
                return outcome
            is_worth_new_credentials = failure_code(error) in CREDENTIAL_CODES and not nothing_was_made(error)
            if not is_worth_new_credentials and earlier is not None and workflow.patched("ask-again"):
                up = {node.key for node in earlier.nodes}
                is_whole = up.issuperset(plan.key for plan in context.order.nodes.nodes)
                if is_whole and workflow.patched("begin-with-what-runs"):
                    # Going on with what runs: nothing was missing that a question could be about.
                    return replace(earlier, reason=None)
                # What runs is not ended because the rest can't be had: the owner is asked again.
                return replace(earlier, reason=provisioning_reason(error))
            if earlier is None and not is_worth_new_credentials and await self._failover.move_on(error):
                return await self._provision(None)
            if context.is_ending:
                return None
            if not is_worth_new_credentials or workflow.now() >= until:
                context.state.fail(is_nothing_made=nothing_was_made(error))
                context.end(provisioning_reason(error))
                return None
            context.tell_of_refused_credentials(failure_code(error))
            await context.wait_for_credentials(pauses.take(until))
            if context.is_ending:
                return None

    async def _attempt(self, earlier: Provisioned | None) -> Provisioned | None:
        """None when the end was asked for meanwhile; the cloud is not being told anything any more then."""
        context, state = self._context, self._context.state
        is_reached = has_bot(context.order)
        if is_reached and not state.view.is_reached and workflow.patched("bare-machines-are-reached"):
            state.change(workflow.now(), is_reached=True)
        attempt = workflow.start_activity(
            PROVISION,
            Provisioning(
                context.account,
                context.order.nodes,
                context.timing,
                is_again=earlier is not None,
                useless=earlier.useless if earlier else (),
                is_configured=is_reached,
            ),
            result_type=Provisioned,
            # The activity keeps the limit itself; this one is for the case that no worker comes back at all.
            schedule_to_close_timeout=timedelta(seconds=context.timing.provision_seconds * 2),
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(),
            # A teardown may begin only when nothing is being created any more.
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        return await attempt if await context.unless_ending(attempt) else None

    async def _ask(self, outcome: Provisioned) -> None:
        """Let the owner choose; when nobody does in time, everything is given back: nothing is on the machines yet."""
        context, state = self._context, self._context.state
        now = workflow.now()
        limit = timedelta(seconds=context.timing.choice_seconds)
        can_go_on = _is_enough(context.order, outcome)
        state.take_part(now, outcome.nodes, choose_by=now + limit, can_go_on=can_go_on)
        state.notify(notice.PARTIAL, now, key=str(state.view.revision), reason=outcome.reason or "")
        given = await self.question.ask(tuple(item for item in CHOICES if can_go_on or item != GO_ON), limit)
        if context.is_ending:
            return
        answer, by = given or (GIVE_BACK, "")
        now = workflow.now()
        state.record(audit.CHOSEN, now, by=by, answer=answer, up=str(len(outcome.nodes)))
        if answer == RETRY:
            state.resume_provisioning(now)
        elif answer == GO_ON:
            keys = {node.key for node in outcome.nodes}
            plans = tuple(plan for plan in context.order.nodes.nodes if plan.key in keys)
            context.order = replace(context.order, nodes=replace(context.order.nodes, nodes=plans))
            state.resume_provisioning(now, node_count=len(plans))
        else:
            context.end(REASON_RELEASED if by else REASON_UNANSWERED, by=by)


def _is_enough(order: ReservationOrder, outcome: Provisioned) -> bool:
    """Whether what came up can do the work: enough nodes, and each without which the others are of no use."""
    up = {node.key for node in outcome.nodes}
    essential = {plan.key for plan in order.nodes.nodes if plan.is_essential}
    return len(up) >= order.least_nodes and essential <= up
