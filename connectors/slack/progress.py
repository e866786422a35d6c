"""How far machines are on their way up: one message for each reservation, edited until they have arrived."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import PROVISIONING, Reservation
from connectors.slack import cards
from connectors.slack.events import Job
from connectors.slack.messenger import Messenger

LOOK_SECONDS = 2.0
LONGEST_SECONDS = 3600.0
_KEPT_SECONDS = 86400

_log = structlog.get_logger()


class Progress:
    """Follows reservations that were begun by what was said. Where its message is, Redis knows for all gateways."""

    def __init__(self, *, desk: Desk, messenger: Messenger, redis: Redis[bytes], prefix: str) -> None:
        self._desk = desk
        self._messenger = messenger
        self._redis = redis
        self._prefix = prefix
        self._following: set[asyncio.Task[None]] = set()

    async def look(self, job: Job, actor: Actor) -> None:
        """After something was said: show what is on its way because of it."""
        for item in await self._desk.reservations(actor):
            if item.state == PROVISIONING and item.conversation == job.conversation:
                await self._begin(job, actor, item)

    async def end(self, notice: Notice) -> None:
        """Before it is told how it went: bring the message to its end, whoever followed it."""
        kept = await self._redis.getdel(self._key(notice.reservation_id))
        if kept is None:
            return
        with suppress(CloudDeskError):
            item = await self._desk.reservation(Actor(notice.workspace_id, notice.user_id), notice.reservation_id)
            await self._show(item, *json.loads(kept))

    async def close(self) -> None:
        """Follow nothing any more; the notice of the end finds the message all the same."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def _begin(self, job: Job, actor: Actor, item: Reservation) -> None:
        is_shared = job.is_direct or bool(job.thread)
        channel = job.channel if is_shared else await self._messenger.direct(job.user_id)
        thread = job.thread if is_shared else ""
        ts = await self._messenger.post(channel, cards.progress(item), key=f"progress-{item.id}", thread=thread)
        kept = json.dumps([channel, ts])
        if await self._redis.set(self._key(item.id), kept, nx=True, ex=_KEPT_SECONDS):
            task = asyncio.create_task(self._follow(actor, item, channel, ts))
            self._following.add(task)
            task.add_done_callback(self._following.discard)

    async def _follow(self, actor: Actor, item: Reservation, channel: str, ts: str) -> None:
        # One that came up in part and is tried again has its message already, which says just that.
        first = shown = None if item.nodes else cards.progress(item)
        for _ in range(int(LONGEST_SECONDS / LOOK_SECONDS)):
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(CloudDeskError):
                item = await self._desk.reservation(actor, item.id)
            is_over = item.state != PROVISIONING
            if is_over and shown == first:
                return  # the notice that follows ends it
            # At the end once more: an edit of ours that Slack held up may have come after that of the notice.
            if cards.progress(item) != shown:
                shown = cards.progress(item)
                await self._show(item, channel, ts)
            if is_over:
                return

    async def _show(self, item: Reservation, channel: str, ts: str) -> None:
        try:
            await self._messenger.edit(channel, ts, cards.progress(item))
        except SlackApiError as error:
            _log.warning("slack.progress_not_shown", error=error.response["error"])

    def _key(self, reservation_id: str) -> str:
        return f"{self._prefix}:progress:{reservation_id}"
