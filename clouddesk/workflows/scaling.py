"""Growing and shrinking: machines that come beside the others, or leave; what fails leaves all as it was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, notice
    from clouddesk.model.blueprint import GROW, SHRINK
    from clouddesk.model.node import Node, NodeOrder, NodePlan
    from clouddesk.model.reservation import RUNNING, SCALING, Reservation
    from clouddesk.model.scaling import Scale
    from clouddesk.workflows.configuring import Told, configure_nodes, told_of
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import Outcome
    from clouddesk.workflows.failures import nothing_was_made, provisioning_reason
    from clouddesk.workflows.machines import end_machines, make_machines
    from clouddesk.workflows.power import REBOOTING, PowerSwitch
    from clouddesk.workflows.wishes import Scaling

CHANGED = "changed"
"""What a running reservation is called that has another number of machines by now than the wish goes by."""
_MOST_REQUESTS = 200


class Scaler:
    """At most one change of the number of machines is under way, and none of their power beside it."""

    def __init__(self, context: ReservationContext, switch: PowerSwitch) -> None:
        self._context = context
        self._switch = switch
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return self._task is None or self._task.done()

    def check(self, wish: Scaling) -> None:
        """Refuse what does not fit the state, or goes by another number of machines than there are."""
        context, view = self._context, self._context.state.view
        if wish.request_id in context.state.scale_requests:
            return
        if context.is_ending or view.state != RUNNING or view.is_mixed:
            context.refuse("scale")
        if not self._switch.is_idle:
            context.refuse("scale", state=REBOOTING)
        if context.is_letting_in:
            # New machines would take the firewall of before with them.
            context.refuse("scale", state=CHANGED)
        scale, living = wish.scale, view.living_nodes
        has_too_few = len(self._leaving(scale)) < scale.before - scale.count
        if scale.before != len(living) or scale.count in (0, scale.before) or has_too_few:
            context.refuse("scale", state=CHANGED)

    def begin(self, wish: Scaling) -> None:
        """Begin, once for each request."""
        state = self._context.state
        if wish.request_id in state.scale_requests:
            return
        state.scale_requests = [*state.scale_requests[1 - _MOST_REQUESTS :], wish.request_id]
        scale, now = wish.scale, workflow.now()
        state.record(
            audit.SCALED,
            now,
            by=wish.by,
            before=str(scale.before),
            nodes=str(scale.count),
            machine_hourly_price_usd=f"{scale.hourly_price_usd:.6f}",
        )
        change = _Change.of(scale, self._context)
        state.change(now, state=SCALING, scaling_to=scale.count)
        self._task = asyncio.create_task(self._grow(change) if scale.is_growth else self._shrink(change))

    async def abandon(self) -> None:
        """The end is due, which gives up a change by itself: wait until nothing is done to the machines any more."""
        if self._task and not self._task.done():
            await workflow.wait([self._task])

    # --- growing -------------------------------------------------------------------------------------------------

    async def _grow(self, change: _Change) -> None:
        context, state = self._context, self._context.state
        await context.until_logins_are_left_alone()
        new = change.next_plans
        keys = tuple(plan.key for plan in new)
        wanted = replace(context.order.nodes, nodes=(*change.plans, *new))
        state.is_growing = True
        try:
            # One of the others that vanished unseen is not made again beside what people see.
            made = await make_machines(context, replace(wanted, nodes=new))
        except ActivityError as error:
            if not nothing_was_made(error) and not await self._end_machines(keys):
                return
            self._stay(change, GROW, {"reason": provisioning_reason(error)})
            return
        if made is None:
            return
        if made.reason is not None:
            if await self._end_machines(keys):
                self._stay(change, GROW, {"reason": made.reason})
            return
        roles = {plan.key: plan.role for plan in wanted.nodes}
        come = tuple(replace(node, role=roles[node.key]) for node in made.nodes if node.key in keys)
        now = workflow.now()
        state.is_growing = False
        state.record(audit.CREATED, now, nodes=" ".join(node.id for node in come))
        state.change(now, nodes=(*change.nodes, *come), **change.prices(come=len(come)))
        outcome = await self._configured(change, state.view.nodes)
        if outcome is None:
            return
        if outcome.cause:
            await self._give_back(change, keys, outcome)
            return
        self._settle(change, wanted, outcome)

    async def _give_back(self, change: _Change, keys: tuple[str, ...], failed: Outcome) -> None:
        """They run, and their software could not be set up: without them, the others are as they were."""
        state = self._context.state
        if not await self._end_machines(keys):
            return
        state.change(workflow.now(), nodes=change.nodes, **change.prices())
        outcome = await self._configured(change, change.nodes)
        if outcome is not None:
            self._stay(change, GROW, told_of(failed), outcome)

    # --- shrinking -----------------------------------------------------------------------------------------------

    async def _shrink(self, change: _Change) -> None:
        context, state = self._context, self._context.state
        await context.until_logins_are_left_alone()
        leaving = self._leaving(change.scale)
        out = await self._configured(change, change.nodes, leaving=leaving)
        if out is None:
            return
        if out.cause:
            # Whatever was taken out already is taken in again.
            outcome = await self._configured(change, change.nodes)
            if outcome is not None:
                self._stay(change, SHRINK, told_of(out), outcome)
            return
        if not await self._end_machines(leaving):
            return
        stay = tuple(node for node in change.nodes if node.key not in leaving)
        plans = tuple(plan for plan in change.plans if plan.key not in leaving)
        state.change(workflow.now(), nodes=stay, **change.prices(leave=len(leaving)))
        outcome = await self._configured(change, stay)
        if outcome is not None:
            self._settle(change, replace(context.order.nodes, nodes=plans), outcome)

    def _leaving(self, scale: Scale) -> tuple[str, ...]:
        """The keys of those that leave, the newest first; never the first of all."""
        state = self._context.state
        roles = _roles(self._context)
        keys = [node.key for node in state.view.living_nodes if roles.get(node.key) == scale.role]
        if all(roles.get(node.key) == scale.role for node in state.view.living_nodes):
            keys = sorted(keys, key=_number)[1:]
        newest_first = sorted(keys, key=_number, reverse=True)
        return tuple(newest_first[: max(0, scale.before - scale.count)])

    # --- both ----------------------------------------------------------------------------------------------------

    async def _configured(
        self, change: _Change, nodes: Sequence[Node], *, leaving: Sequence[str] = ()
    ) -> Outcome | None:
        """As ``configure_nodes``, where there is software on the machines."""
        if not change.has_software:
            return Outcome()
        outcome = await configure_nodes(self._context, nodes, leaving=leaving)
        if outcome is not None:
            self._context.state.host_keys.update(outcome.host_keys)
        return outcome

    async def _end_machines(self, keys: Sequence[str]) -> bool:
        """Until the cloud lists none of them any more; False when the end is due."""
        living = self._context.state.view.living_nodes
        kept = [node.id for node in living if node.key not in keys]
        return await end_machines(self._context, keys, kept=kept, action=SHRINK)

    def _settle(self, change: _Change, nodes: NodeOrder, outcome: Outcome) -> None:
        """It has the new number of machines; those that run are kept, also when their software does not."""
        context, state, now = self._context, self._context.state, workflow.now()
        context.order = replace(
            context.order,
            nodes=nodes,
            hourly_price_usd=state.view.hourly_price_usd,
            stopped_hourly_price_usd=state.view.stopped_hourly_price_usd,
            archived_hourly_price_usd=state.view.archived_hourly_price_usd,
        )
        self._rest(outcome)
        key = str(state.view.revision)
        state.record(audit.RESIZED, now, nodes=str(state.view.node_count), found="; ".join(outcome.found))
        found = {} if outcome.found else {"found": ""}
        state.notify(notice.SCALED, now, key=key, is_for_admins=False, before=str(change.scale.before), **found)
        if outcome.cause:
            state.notify(notice.UNPROVEN, now, key=key, action=SHRINK, **told_of(outcome))

    def _stay(self, change: _Change, wanted: str, why: Told, outcome: Outcome | None = None) -> None:
        """It has the machines that it had."""
        state, now = self._context.state, workflow.now()
        self._rest(outcome)
        key = str(state.view.revision)
        state.record(audit.RESIZED, now, nodes=str(state.view.node_count), reason=why["reason"])
        count = str(abs(change.scale.count - change.scale.before))
        state.notify(notice.NOT_SCALED, now, key=key, action=wanted, count=count, **why)
        if outcome is not None and outcome.cause:
            state.notify(notice.UNPROVEN, now, key=key, action=wanted, **told_of(outcome))

    def _rest(self, outcome: Outcome | None) -> None:
        found = {"found": outcome.found} if outcome is not None and outcome.found else {}
        self._context.state.is_growing = False
        self._context.state.change(workflow.now(), state=RUNNING, scaling_to=None, **found)


@dataclass(frozen=True)
class _Change:
    """What is to be changed, and how all was before."""

    scale: Scale
    view: Reservation
    nodes: tuple[Node, ...]
    """Those that there were; what was gone already is out of it from now on."""
    plans: tuple[NodePlan, ...]
    taken: tuple[str, ...]
    """Keys of now and before."""

    @classmethod
    def of(cls, scale: Scale, context: ReservationContext) -> _Change:
        view, roles = context.state.view, _roles(context)
        known = {plan.key: plan for plan in context.order.nodes.nodes}
        nodes = tuple(replace(node, role=roles[node.key]) for node in view.living_nodes)
        return cls(
            scale,
            view,
            nodes,
            tuple(known.get(node.key, NodePlan(node.key, roles[node.key])) for node in nodes),
            tuple(dict.fromkeys([*known, *(node.key for node in view.nodes)])),
        )

    @property
    def next_plans(self) -> tuple[NodePlan, ...]:
        """Of those that come, numbered on from the highest that is known: what vanished may come back."""
        role, last = self.scale.role, max(map(_number, self.taken), default=0)
        count = self.scale.count - self.scale.before
        return tuple(NodePlan(f"{role}-{number}", role) for number in range(last + 1, last + 1 + count))

    @property
    def has_software(self) -> bool:
        """Where the owner kept bare machines there is nothing to join."""
        return bool(self.view.found)

    def prices(self, *, come: int = 0, leave: int = 0) -> dict[str, float | int | None]:
        """The view's, with so many machines more or less."""
        stay = len(self.nodes) - leave
        count = self.view.node_count
        hourly = self.view.hourly_price_usd / count * stay + self.scale.hourly_price_usd * come
        stopped = self.view.stopped_hourly_price_usd / count * stay + self.scale.stopped_hourly_price_usd * come
        return {
            "node_count": stay + come,
            "hourly_price_usd": hourly,
            "stopped_hourly_price_usd": stopped,
            "archived_hourly_price_usd": self._archived(stay, come),
        }

    def _archived(self, stay: int, come: int) -> float | None:
        """None as soon as some of the disks could not be kept."""
        each = self.scale.archived_hourly_price_usd
        if self.view.archived_hourly_price_usd is None or (come and each is None):
            return None
        return self.view.archived_hourly_price_usd / self.view.node_count * stay + (each or 0.0) * come


def _roles(context: ReservationContext) -> dict[str, str]:
    """By key. Not every cloud tells a machine's part."""
    roles = {node.key: node.role for node in context.state.view.nodes}
    roles |= {plan.key: plan.role for plan in context.order.nodes.nodes}
    return {key: role or key.rpartition("-")[0] or key for key, role in roles.items()}


def _number(key: str) -> int:
    """ "worker-12" is 12; one without a number is the only one of its part."""
    found = re.search(r"-(\d+)$", key)
    return int(found[1]) if found else 0
