"""Colleagues' own keys on a reservation's machines, for as long as it is shared with them, and its links' secrets.

Declared and not commanded: whoever has a part in it is to be let in by every machine that runs, and nobody else. What
differs from that is put right, however it came about (a share, its end, machines that came, somebody's new key), and
tried again until it is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.model import audit, doors, notice
    from clouddesk.model.logins import IN, KEYLESS, LoginState, link_secrets
    from clouddesk.model.node import RUNNING as NODE_RUNNING
    from clouddesk.model.node import Node
    from clouddesk.model.reservation import RUNNING
    from clouddesk.workflows.configuring import configure_nodes, told_of
    from clouddesk.workflows.context import ReservationContext
    from clouddesk.workflows.contracts import PUT_LOGINS, RENEW_SECRETS, LoginsPut, LoginWork, Renewal
    from clouddesk.workflows.notices import make_notice

_CHANGED = ("",)
"""Instead of the people whose keys a machine has, when those keys are not the ones of now."""


class LoginKeeper:
    """Works while nothing else is done to the machines, and gives way to whatever is asked for meanwhile."""

    def __init__(self, context: ReservationContext, is_free: Callable[[], bool]) -> None:
        """``is_free``: no change of the machines' power or number is under way."""
        self._context = context
        self._is_free = is_free

    @property
    def is_idle(self) -> bool:
        return not self._context.are_logins_changing

    def keys_changed(self) -> None:
        """Somebody who has a part in it added or removed a key."""
        known = self._known
        known.changes += 1
        known.installed = {id_: _CHANGED if people else () for id_, people in known.installed.items()}

    async def run(self) -> None:
        """Until it is cancelled."""
        context = self._context
        pauses = context.credential_pauses()
        while True:
            await workflow.wait_condition(lambda: self._is_due)
            if not workflow.patched("shared-logins"):
                return
            context.are_logins_changing = True
            try:
                is_done = await self._put() and await self._renew()
            finally:
                context.are_logins_changing = False
            if is_done:
                pauses = context.credential_pauses()
                continue
            wish = self._wish
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda wish=wish: self._wish != wish,  # type: ignore[misc]
                    timeout=timedelta(seconds=pauses.take()),
                )

    async def abandon(self) -> None:
        """The end is due, which gives up what is under way by itself: wait until nothing is done any more."""
        await self._context.until_logins_are_left_alone()

    # --- what is to be -------------------------------------------------------------------------------------------

    @property
    def _known(self) -> LoginState:
        return self._context.state.logins

    @property
    def _people(self) -> tuple[str, ...]:
        view = self._context.state.view
        people = {share.user_id for share in view.shares}
        # The keys of the first owner came with the machines.
        return tuple(sorted(people | {view.owner} if view.earlier_owners else people))

    @property
    def _nodes(self) -> tuple[Node, ...]:
        """Those that can be reached; one that is off is seen to when it runs."""
        nodes = self._context.state.view.nodes
        return tuple(node for node in nodes if node.state == NODE_RUNNING and node.address)

    @property
    def _may_work(self) -> bool:
        context, view = self._context, self._context.state.view
        is_steady = context.state.has_begun and not context.is_ending and view.state == RUNNING
        return is_steady and view.is_reached and self._is_free()

    @property
    def _is_behind(self) -> bool:
        known, people = self._known, self._people
        is_other = any(known.installed.get(node.id, ()) != people for node in self._nodes)
        return is_other or any(user_id not in known.told for user_id in people)

    @property
    def _secrets(self) -> dict[str, int]:
        """Those to change when somebody leaves, by name with their lengths."""
        software, view = self._context.order.configuration, self._context.state.view
        return link_secrets(view, software.secrets) if software and view.found else {}

    @property
    def _is_due(self) -> bool:
        is_renewal_due = bool(self._known.left or self._known.leaving) and bool(self._secrets)
        return self._may_work and (self._is_behind or is_renewal_due)

    @property
    def _wish(self) -> tuple[object, ...]:
        return self._may_work, self._people, self._nodes, self._known.changes, tuple(self._known.left)

    # --- keys ----------------------------------------------------------------------------------------------------

    async def _put(self) -> bool:
        """Whether every machine has the keys that it should."""
        if not self._is_behind:
            return True
        context, known = self._context, self._known
        people, nodes, changes = self._people, self._nodes, self._known.changes
        attempt = workflow.start_activity(
            PUT_LOGINS,
            LoginWork(
                context.order.reservation_id,
                context.order.workspace_id,
                people,
                nodes,
                host_keys=dict(context.state.host_keys),
                barred=tuple(known.barred),
            ),
            result_type=LoginsPut,
            schedule_to_close_timeout=timedelta(seconds=context.timing.power_seconds),
            heartbeat_timeout=context.heartbeat,
            retry_policy=context.retry_policy(),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        if not await context.unless_ending(attempt, is_given_up=lambda: not self._may_work):
            return False
        try:
            put: LoginsPut = await attempt
        except ActivityError:
            put = LoginsPut(behind=tuple(node.key for node in nodes))
        there = {node.id for node in context.state.view.nodes}
        before, known.installed = known.installed, {id_: it for id_, it in known.installed.items() if id_ in there}
        if known.changes == changes:
            known.installed.update({node.id: people for node in nodes if node.key not in put.behind})
        if (known.installed, known.behind) != (before, put.behind):
            context.state.record(audit.LOGINS, workflow.now(), people=" ".join(people), behind=" ".join(put.behind))
        self._tell(people, nodes, put)
        return not put.behind

    def _tell(self, people: tuple[str, ...], nodes: tuple[Node, ...], put: LoginsPut) -> None:
        state, known, now = self._context.state, self._known, workflow.now()
        reached = tuple(node for node in nodes if node.key not in put.behind)
        # Whose access ended while this was under way is seen to in a moment, and told nothing more.
        staying = [user_id for user_id in people if user_id in self._people and user_id not in put.keyless]
        let_in = tuple(staying) if reached else ()
        if let_in != state.view.let_in:
            state.change(now, let_in=let_in)
        for user_id in state.view.let_in:
            if known.told.get(user_id) != IN:
                self._tell_colleague(user_id, notice.LET_IN, **_ways_in(reached, put), **self._doors)
                known.told[user_id] = IN
        for user_id in put.keyless:
            if user_id in self._people and user_id not in known.told:
                self._tell_colleague(user_id, notice.KEYLESS)
            known.told[user_id] = KEYLESS
        if put.behind and not known.behind:
            state.notify(notice.NOT_LET_IN, now, key=str(state.view.revision), which=", ".join(put.behind))
        elif known.behind and not put.behind:
            state.notify(notice.LOGINS_MENDED, now, key=str(state.view.revision), which=", ".join(known.behind))
        known.behind = put.behind

    # --- links ---------------------------------------------------------------------------------------------------

    async def _renew(self) -> bool:
        """Whether nobody who left knows what is in the links."""
        context, known, secrets = self._context, self._known, self._secrets
        if not secrets:
            known.left.clear()
            return True
        if known.left:
            left = list(known.left)
            renewal = workflow.start_activity(
                RENEW_SECRETS,
                Renewal(context.order.reservation_id, secrets),
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=context.retry_policy(),
            )
            if not await context.unless_ending(renewal, is_given_up=lambda: not self._may_work):
                return False
            await renewal
            del known.left[: len(left)]
            known.leaving = list(dict.fromkeys([*known.leaving, *left]))
        if not known.leaving:
            return True
        outcome = await configure_nodes(context, self._nodes, is_given_up=lambda: not self._may_work)
        if outcome is None:
            return False
        state, now = context.state, workflow.now()
        state.host_keys.update(outcome.host_keys)
        if outcome.cause:
            if not known.is_link_late:
                known.is_link_late = True
                state.notify(notice.LINK_LATE, now, key=str(state.view.revision), **told_of(outcome))
            return False
        known.is_link_late = False
        state.record(audit.RELINKED, now, left=" ".join(known.leaving))
        for user_id in dict.fromkeys((state.view.owner, *self._people)):
            self._tell_colleague(user_id, notice.RELINKED, person=known.leaving[-1], **self._doors)
        known.leaving = []
        return True

    @property
    def _doors(self) -> dict[str, str]:
        """The links with the names of the secrets in them, which are put in where they are shown."""
        return {"doors": "\n".join(doors.links(self._context.state.view, {}))}

    def _tell_colleague(self, user_id: str, kind: str, **facts: str) -> None:
        """To them alone, outside the owner's conversation."""
        state = self._context.state
        told = make_notice(state.view, kind, workflow.now(), key=f"{user_id}:{state.view.revision}")
        state.outbox.append(replace(told, user_id=user_id, conversation="", values={**told.values, **facts}))


def _ways_in(reached: tuple[Node, ...], put: LoginsPut) -> dict[str, str]:
    return {
        "logins": "\n".join(f"• {node.key}: `{doors.login(node)}`" for node in reached),
        "behind": ", ".join(put.behind),
    }
