"""The activity that changes what machines' firewalls let in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import activity

from clouddesk.model.errors import CloudDeskError, NoFirewall
from clouddesk.model.ports import Provider
from clouddesk.workflows.contracts import LET_IN, Admission
from clouddesk.workflows.failures import NOTHING_MADE
from clouddesk.workflows.image_activities import CallCloud
from clouddesk.workflows.working import beating, failing


class OpeningActivities:
    """What they need of the world is handed in."""

    def __init__(self, *, open_provider: Callable[[str, str], Awaitable[Provider]], call: CallCloud) -> None:
        self._open_provider = open_provider
        self._call = call

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.let_in]

    @activity.defn(name=LET_IN)
    async def let_in(self, work: Admission) -> None:
        """Change what the firewall of machines that there are lets in. Safe to repeat.

        The failure says NOTHING_MADE when neither this attempt nor one before has sent anything that changes it.
        """
        order, account, info = work.order, work.account, activity.info()
        may_be_changed = info.attempt > 1 and NOTHING_MADE not in info.heartbeat_details
        details: list[str] = []
        async with beating() as beat, failing(order.reservation_id, account, details=details):
            try:
                provider = await self._open_provider(account.provider, account.credential_ref)
                await self._call(account, provider.get_nodes, order.reservation_id, order.region)
                may_be_changed, was_changed = True, may_be_changed
                try:
                    await self._call(account, provider.let_in, order)
                except NoFirewall:
                    may_be_changed = was_changed
                    raise
            except CloudDeskError:
                if not may_be_changed:
                    details.append(NOTHING_MADE)
                    beat(NOTHING_MADE)
                raise
            if work.settle_seconds:
                await asyncio.sleep(work.settle_seconds)
                await self._call(account, provider.let_in, order)
