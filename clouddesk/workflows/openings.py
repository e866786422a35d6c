"""What a reservation's machines let in from outside, changed while they run, and put back where that breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.language.openings import NOTHING, words
    from clouddesk.model import audit, notice
    from clouddesk.model.errors import NoFirewall, ProviderDown, PutBack, QuotaExceeded, RequestRejected, Unsure
    from clouddesk.model.node import SSH, NodeOrder
    from clouddesk.model.reservation import RUNNING, STOPPED
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import LET_IN, LOOK, Admission, Inspection
    from clouddesk.workflows.failures import failure_code
    from clouddesk.workflows.state import openings_told
    from clouddesk.workflows.wishes import Opened

TIME_LIMIT = timedelta(seconds=60)
ANSWERED_WITHIN = timedelta(seconds=5)
"""Whoever asked for it waits a little longer than this for the answer; later ones come as notices."""
CHANGED = "changed"
"""What a reservation is called that has other openings by now than the wish goes by."""
OPENING = "opening"
"""What one is called whose openings are being changed."""
_ANSWERS = (*CREDENTIAL_CODES, NoFirewall.code, QuotaExceeded.code, RequestRejected.code)
"""The cloud's own word; after everything else nobody knows what it did."""


def check(context: ReservationContext, wish: Opened) -> None:
    """Refuse what does not fit the state, and what goes by other openings than there are."""
    view = context.state.view
    if view.openings == wish.openings and not view.unsure_openings:
        return
    if context.is_ending or view.state not in (RUNNING, STOPPED):
        context.refuse("open")
    if context.is_letting_in:
        context.refuse("open", state=OPENING)
    if view.openings not in (wish.before, wish.openings):
        context.refuse("open", state=CHANGED)


async def let_in(context: ReservationContext, wish: Opened) -> None:
    """Have the cloud do it, then show it. Raises what became of it instead (``Reservations.let_in``)."""
    state = context.state
    if state.view.openings == wish.openings and not state.view.unsure_openings:
        return
    nodes, began = replace(context.order.nodes, openings=(SSH, *wish.openings)), workflow.now()
    context.is_letting_in = True
    try:
        is_put_back = workflow.patched("openings-put-back")
        refused = _told(await _ask_cloud(context)) if is_put_back else ""
        if not refused and not context.is_ending:
            failure = await _tell_cloud(context, nodes)
            refused = await _undone(context, wish, failure) if failure and is_put_back else _told(failure)
        if context.is_ending:
            context.refuse("open")
        if refused:
            raise ApplicationError(refused, context.account.provider, type=refused)
    except ApplicationError as error:
        _tell(context, error.type or "", is_late=workflow.now() - began > ANSWERED_WITHIN)
        raise
    finally:
        context.is_letting_in = False
    now = workflow.now()
    context.order = replace(context.order, nodes=nodes)
    state.record(audit.OPENED, now, by=wish.by, **openings_told(context.order))
    state.change(now, openings=wish.openings, unsure_openings=())


class OpeningKeeper:
    """Puts openings back for as long as nobody knows how they are."""

    def __init__(self, context: ReservationContext, is_free: Callable[[], bool]) -> None:
        """``is_free``: no change of the machines' power or number is under way."""
        self._context = context
        self._is_free = is_free

    async def run(self) -> None:
        """Until it is cancelled."""
        context, state = self._context, self._context.state
        pauses = context.credential_pauses()
        while True:
            await workflow.wait_condition(lambda: bool(state.view.unsure_openings))
            # Whoever finds out that they are unsure has just tried to put them back.
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: not state.view.unsure_openings, timeout=timedelta(seconds=pauses.take())
                )
            if not state.view.unsure_openings:
                pauses = context.credential_pauses()
                continue
            await workflow.wait_condition(lambda: self._may_work or not state.view.unsure_openings)
            if not state.view.unsure_openings:
                continue
            context.is_letting_in = True
            try:
                is_back = await _put_back(context, settle_seconds=context.timing.missing_seconds)
            finally:
                context.is_letting_in = False
            if is_back:
                now, key = workflow.now(), str(state.view.revision)
                state.notify(notice.OPENINGS_MENDED, now, key=key, openings=words(state.view.openings) or NOTHING)

    @property
    def _may_work(self) -> bool:
        context = self._context
        is_steady = context.state.view.state in (RUNNING, STOPPED) and not context.is_ending
        return is_steady and not context.is_letting_in and self._is_free()


async def _ask_cloud(context: ReservationContext) -> str:
    """The code with which it answers no question, "" when it does: one that is down is not told to change anything."""
    order = context.order
    question = Inspection(context.account, order.reservation_id, order.nodes.region, (), context.timing)
    return await _failure(context, LOOK, question, TIME_LIMIT)


async def _tell_cloud(context: ReservationContext, nodes: NodeOrder, *, settle_seconds: float = 0.0) -> str:
    """The code with which it failed, "" when it did not."""
    wish = Admission(context.account, nodes, settle_seconds)
    return await _failure(context, LET_IN, wish, TIME_LIMIT + timedelta(seconds=settle_seconds))


async def _failure(context: ReservationContext, activity: str, work: Inspection | Admission, limit: timedelta) -> str:
    """Given up when the end is due, which goes on without openings."""
    attempt = workflow.start_activity(
        activity,
        work,
        schedule_to_close_timeout=limit,
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    if await context.unless_ending(attempt):
        try:
            await attempt
        except ActivityError as error:
            return failure_code(error)
    return ""


def _told(code: str) -> str:
    """The code as people know it: what did not answer in time is as good as down."""
    return code if code in _ANSWERS or not code else ProviderDown.code


async def _undone(context: ReservationContext, wish: Opened, code: str) -> str:
    """The code of what whoever wished it is told, once all is as before or nobody can tell."""
    state, timing, has_answer = context.state, context.timing, code in _ANSWERS
    if code == NoFirewall.code:
        return code
    doubted = {*state.view.unsure_openings, *(set(state.view.openings) ^ set(wish.openings))}
    unsure = tuple(sorted(doubted, key=lambda item: (item.first_port, item.last_port, item.source)))
    state.change(workflow.now(), unsure_openings=unsure)
    settle_seconds = timing.confirm_seconds if has_answer else timing.missing_seconds
    if not await _put_back(context, settle_seconds=settle_seconds):
        return Unsure.code
    return code if has_answer else PutBack.code


async def _put_back(context: ReservationContext, *, settle_seconds: float) -> bool:
    """Whether the cloud lets in again what people believe; done twice, for a call before may be carried out late."""
    state = context.state
    code = await _tell_cloud(context, context.order.nodes, settle_seconds=settle_seconds)
    if code in CREDENTIAL_CODES:
        context.tell_of_refused_credentials(code)
    if code not in ("", NoFirewall.code) or context.is_ending:
        return False
    now = workflow.now()
    state.record(audit.OPENED, now, is_put_back="true", **openings_told(context.order))
    state.change(now, unsure_openings=())
    return True


def _tell(context: ReservationContext, code: str, *, is_late: bool) -> None:
    """What whoever asked for it does not wait for any more, and what stays open."""
    state, now = context.state, workflow.now()
    key = str(state.view.revision)
    if code == Unsure.code:
        state.notify(notice.OPENINGS_UNSURE, now, key=key, which=words(state.view.unsure_openings))
    elif is_late and not context.is_ending:
        state.notify(notice.NOT_OPENED, now, key=key, openings=words(state.view.openings) or NOTHING)
