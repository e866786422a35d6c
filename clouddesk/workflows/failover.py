"""Machines that their cloud has none of: got elsewhere, as long as nothing of them runs or ran."""

from __future__ import annotations

import math
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from clouddesk.language.money import rate
    from clouddesk.model import audit, notice
    from clouddesk.model.errors import NoCapacity, QuotaExceeded
    from clouddesk.model.fallback import Fallback, Refusal
    from clouddesk.model.offer import SAME_PRICE
    from clouddesk.model.reservation import DECLINE, OFFER_CHOICES, REASON_DECLINED, REASON_NO_YES, TAKE
    from clouddesk.workflows.asking import Question
    from clouddesk.workflows.context import CREDENTIAL_CODES, ReservationContext
    from clouddesk.workflows.contracts import TEAR_DOWN, CloudAccount, TeardownOrder
    from clouddesk.workflows.failures import failure_code, nothing_was_made, provisioning_reason

NONE_LEFT = (NoCapacity.code, QuotaExceeded.code)


class Failover:
    """Goes from one offer to the next; what is dearer than agreed by more than the limit, only with another yes."""

    def __init__(self, context: ReservationContext, question: Question) -> None:
        self._context = context
        self._question = question
        self._agreed_usd = context.order.hourly_price_usd

    async def move_on(self, error: ActivityError) -> bool:
        """Whether the machines are to be tried for at the next offer now; False: this attempt was the last.

        Nothing is made elsewhere before the cloud has said twice that it lists nothing of this attempt.
        """
        context = self._context
        order, refusals = context.order, context.state.refusals
        if not (order.fallbacks or refusals) or not workflow.patched("failover"):
            return False
        code, reason = failure_code(error), provisioning_reason(error)
        place = Refusal(order.provider, order.credential_ref, order.nodes.region, order.nodes.size, reason)
        refusals.append(place)
        # Credentials that were taken away since the yes make the next offer as good as gone.
        is_out_of_reach = len(refusals) > 1 and nothing_was_made(error)
        rest = tuple(item for item in order.fallbacks if not _strikes(code, place, item))
        if not rest or not (code in NONE_LEFT or is_out_of_reach):
            return False
        if not is_out_of_reach and not await _clear(context, place):
            return False
        following, *others = rest
        is_dearer = following.hourly_price_usd > self._dearest_usd
        if is_dearer and not await self._is_wanted(following, reason):
            return False
        self._move(place, following, tuple(others), is_told=is_dearer)
        return True

    @property
    def _dearest_usd(self) -> float:
        """What needs no other yes."""
        return self._agreed_usd * (1 + self._context.order.dearer_percent / 100) * SAME_PRICE

    async def _is_wanted(self, offered: Fallback, reason: str) -> bool:
        """Ask the owner; without a yes in time all ends, and nothing was made."""
        context, state = self._context, self._context.state
        now = workflow.now()
        limit = timedelta(seconds=context.timing.choice_seconds)
        state.offer(now, offered, choose_by=now + limit)
        state.notify(
            notice.DEARER,
            now,
            key=str(state.view.revision),
            reason=reason,
            agreed_hourly=rate(self._agreed_usd),
            offer_more=f"{math.ceil((offered.hourly_price_usd / self._agreed_usd - 1) * 100)} %",
        )
        given = await self._question.ask(OFFER_CHOICES, limit)
        if context.is_ending:
            return False
        answer, by = given or (DECLINE, "")
        state.record(audit.CHOSEN, workflow.now(), by=by, answer=answer, hourly_price_usd=_exact(offered))
        if answer == TAKE:
            self._agreed_usd = offered.hourly_price_usd
            return True
        state.fail(is_nothing_made=False)
        context.end(REASON_DECLINED if by else REASON_NO_YES, by=by)
        return False

    def _move(self, refused: Refusal, offer: Fallback, rest: tuple[Fallback, ...], *, is_told: bool) -> None:
        """``is_told``: the owner knows of it, having said yes to just this."""
        context, state = self._context, self._context.state
        now = workflow.now()
        before_usd = context.order.hourly_price_usd
        context.order = context.order.at(offer, rest=rest)
        context.credentials_work()
        state.move(now, offer)
        state.record(
            audit.MOVED,
            now,
            reason=refused.reason,
            before=f"{refused.provider}/{refused.region}/{refused.size}",
            provider=offer.provider,
            region=offer.region,
            size=offer.size,
            hourly_price_usd=_exact(offer),
        )
        if not is_told:
            state.notify(
                notice.MOVED,
                now,
                key=str(state.view.revision),
                reason=refused.reason,
                from_provider=refused.provider,
                from_region=refused.region,
                from_size=refused.size,
                from_hourly=rate(before_usd),
            )


async def keep_clear(context: ReservationContext) -> None:
    """End what turned up late where there was none left, each time when the sweep has seen such; until cancelled.

    Once the machines run they stay where they are, so that nothing is ended where they could still go to.
    """
    while True:
        await workflow.wait_condition(lambda: context.is_clearing_wanted and context.state.has_begun)
        context.is_clearing_wanted = False
        here = (context.order.provider, context.order.nodes.region)
        places = {(item.provider, item.region): item for item in context.state.refusals}
        for place in [item for where, item in places.items() if where != here]:
            await _clear(context, place, is_ending_first=False)


async def _clear(context: ReservationContext, place: Refusal, *, is_ending_first: bool = True) -> bool:
    """Whether the cloud lists nothing of the reservation there, twice; False also when the end is due before."""
    timing = context.timing
    clearing = workflow.start_activity(
        TEAR_DOWN,
        TeardownOrder(
            CloudAccount(place.provider, place.credential_ref),
            context.order.reservation_id,
            place.region,
            timing.confirm_seconds,
            timing,
        ),
        schedule_to_close_timeout=timedelta(seconds=timing.provision_seconds),
        heartbeat_timeout=context.heartbeat,
        retry_policy=context.retry_policy(CREDENTIAL_CODES),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    try:
        await workflow.wait_condition(lambda: clearing.done() or (is_ending_first and context.is_ending))
    finally:
        clearing.cancel()
        await workflow.wait([clearing])
    return not clearing.cancelled() and clearing.exception() is None and not (is_ending_first and context.is_ending)


def _strikes(code: str, place: Refusal, item: Fallback) -> bool:
    """A limit of the account that is used up in a place is so for every size there, or in all of its cloud."""
    is_there = item.provider == place.provider and (item.has_one_limit or item.region == place.region)
    return code == QuotaExceeded.code and is_there


def _exact(offer: Fallback) -> str:
    return f"{offer.hourly_price_usd:.6f}"
