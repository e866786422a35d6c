"""The activities around images of machines' disks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from clouddesk.model import node as nodes
from clouddesk.model.errors import ProviderError
from clouddesk.model.node import NodeImage
from clouddesk.model.ports import Provider
from clouddesk.workflows.contracts import (
    DELETE_IMAGES,
    KEEP_IMAGES,
    LOOK_AT_IMAGES,
    CloudAccount,
    ImageKeeping,
    ImageOrder,
)
from clouddesk.workflows.failures import IMAGE_FAILED, NOT_OFF
from clouddesk.workflows.polling import delays
from clouddesk.workflows.working import beating, failing

log = structlog.get_logger()

TRIES = 3
"""How often images of the same disk may fail."""


class CallCloud(Protocol):
    """Makes a blocking call in a thread, when the account's others leave room for it."""

    def __call__(self, account: CloudAccount, function: Callable[..., Any], /, *args: Any) -> Awaitable[Any]: ...


class ImageActivities:
    """What they need of the world is handed in."""

    def __init__(self, *, open_provider: Callable[[str, str], Awaitable[Provider]], call: CallCloud) -> None:
        self._open_provider = open_provider
        self._call = call

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.keep_images, self.delete_images, self.look_at_images]

    @activity.defn(name=KEEP_IMAGES)
    async def keep_images(self, work: ImageKeeping) -> list[NodeImage]:
        """An image of each machine of the order, in its order, once all can be used. Safe to repeat.

        Fails when the machines are not all there and off, before and afterwards: what was written meanwhile would be
        lost with them.
        """
        async with beating(), failing(work.order.reservation_id, work.account):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            await self._require_off(provider, work)
            made = await self._until_available(provider, work)
            await self._require_off(provider, work)
            log.info("images.kept", reservation_id=work.order.reservation_id, count=len(made))
            return made

    @activity.defn(name=DELETE_IMAGES)
    async def delete_images(self, work: ImageOrder) -> None:
        """Delete until the cloud does not list them, twice: clouds list with a delay. Every error is worth another
        try."""
        async with beating(), failing(work.reservation_id, work.account, is_final=False):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            was_gone = False
            for delay_seconds in delays(work.timing):
                left = await self._call(work.account, provider.delete_images, work.reservation_id, work.region)
                if not left and was_gone:
                    log.info("images.deleted", reservation_id=work.reservation_id)
                    return
                was_gone = not left
                await asyncio.sleep(delay_seconds if left else work.timing.confirm_seconds)

    @activity.defn(name=LOOK_AT_IMAGES)
    async def look_at_images(self, work: ImageOrder) -> list[NodeImage]:
        """What the cloud lists. An image that is not listed is looked for once more, for clouds list with a delay."""
        async with beating(), failing(work.reservation_id, work.account):
            provider = await self._open_provider(work.account.provider, work.account.credential_ref)
            listed: list[NodeImage]
            listed = await self._call(work.account, provider.get_images, work.reservation_id, work.region)
            if set(work.image_ids) - {image.id for image in listed}:
                await asyncio.sleep(work.timing.missing_seconds)
                listed = await self._call(work.account, provider.get_images, work.reservation_id, work.region)
            return listed

    async def _require_off(self, provider: Provider, work: ImageKeeping) -> None:
        """One that is not listed is looked for once more, for clouds list with a delay."""
        listed: list[nodes.Node] = []
        for pause_seconds in (0.0, work.timing.missing_seconds):
            await asyncio.sleep(pause_seconds)
            listed = await self._call(work.account, provider.get_nodes, work.order.reservation_id, work.order.region)
            if {node.id for node in listed} >= set(work.node_ids):
                break
        states = {node.id: node.state for node in listed if node.id in work.node_ids}
        if states.keys() != set(work.node_ids) or any(state != nodes.STOPPED for state in states.values()):
            log.warning("images.machines_not_off", reservation_id=work.order.reservation_id, states=states)
            raise ApplicationError(NOT_OFF, type=NOT_OFF, non_retryable=True)

    async def _until_available(self, provider: Provider, work: ImageKeeping) -> list[NodeImage]:
        """Asks anew for what failed, or is of an earlier machine.

        The time is counted from when the work was first given out.
        """
        order, timing = work.order, work.timing
        info = activity.info()
        earlier_seconds = (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()
        until = time.monotonic() + timing.image_seconds - earlier_seconds
        keys = [plan.key for plan in order.nodes]
        failures = 0
        found: Sequence[NodeImage] = await self._call(work.account, provider.keep_images, order)
        for delay_seconds in delays(timing):
            own = {image.key: image for image in found if image.node_id in ("", *work.node_ids)}
            if all(key in own and own[key].state == nodes.AVAILABLE for key in keys):
                return [own[key] for key in keys]
            failed = [image.key for image in own.values() if image.state == nodes.ERROR]
            failures += bool(failed)
            if failures == TRIES or time.monotonic() > until:
                log.warning("images.failed", reservation_id=order.reservation_id, keys=failed)
                raise ApplicationError(IMAGE_FAILED, type=IMAGE_FAILED, non_retryable=True)
            await asyncio.sleep(delay_seconds)
            try:
                if failed or own.keys() != set(keys):
                    found = await self._call(work.account, provider.keep_images, order)
                else:
                    found = await self._call(work.account, provider.get_images, order.reservation_id, order.region)
            except ProviderError as error:
                if not error.is_retryable:
                    raise
                log.info("provider.retry", reservation_id=order.reservation_id, code=error.code)
        raise AssertionError("there is always another delay")
