"""How far machines are on their way up: one message for each reservation, edited until they have arrived.

<prefix>:progress        hash: where a reservation's message is, and whose it is
<prefix>:following:<id>  a gateway follows this reservation; when that one dies, another does
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict, dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.errors import CloudDeskError, NotFound, Unavailable
from clouddesk.model.notice import PARTIAL as CAME_UP_IN_PART
from clouddesk.model.notice import UNCONFIGURED as HAS_NO_SOFTWARE
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import CONFIGURING, PROVISIONING, Reservation
from connectors.notices import concludes
from connectors.slack import cards
from connectors.slack.events import Job
from connectors.slack.faults import NotNow, code_of
from connectors.slack.messenger import Messenger

_ON_THE_WAY = (PROVISIONING, CONFIGURING)
LOOK_SECONDS = 2.0
TAKE_UP_SECONDS = 10.0
"""How often to look for reservations that nobody follows (any more)."""
_HELD_SECONDS = 30
"""Longer than a gateway is silent about what it follows."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Place:
    """Where a reservation's message is."""

    channel: str
    ts: str
    workspace_id: str
    user_id: str

    @property
    def actor(self) -> Actor:
        return Actor(self.workspace_id, self.user_id)


class Progress:
    """Follows reservations that were begun by what was said. Where its message is, Redis knows for all gateways."""

    def __init__(self, *, desk: Desk, messenger: Messenger, redis: Redis[bytes], prefix: str) -> None:
        self._desk = desk
        self._messenger = messenger
        self._redis = redis
        self._prefix = prefix
        self._places = f"{prefix}:progress"
        self._following: dict[str, asyncio.Task[None]] = {}

    async def look(self, job: Job, actor: Actor) -> None:
        """After something was said: show what is on its way because of it."""
        for item in await self._desk.reservations(actor):
            if item.state in _ON_THE_WAY and item.conversation == job.conversation:
                await self._begin(job, item)

    async def end(self, notice: Notice) -> None:
        """Before it is told how it went: bring the message to its end, whoever followed it."""
        if not (concludes(notice) or notice.kind in (CAME_UP_IN_PART, HAS_NO_SOFTWARE)):
            return
        place = await self._place(notice.reservation_id)
        if place is None:
            return
        with suppress(CloudDeskError):
            await self._show(await self._desk.reservation(place.actor, notice.reservation_id), place)
        await self._redis.hdel(self._places, notice.reservation_id)

    async def run(self) -> None:
        """Take up what nobody follows, as after a restart, without end."""
        while True:
            try:
                for key in await self._redis.hkeys(self._places):
                    await self._take_up(key.decode(), None)
            except RedisError as error:
                _log.warning("slack.progress_interrupted", error=type(error).__name__)
            await asyncio.sleep(TAKE_UP_SECONDS)

    async def close(self) -> None:
        """Follow nothing any more; another gateway does, and the notice of the end finds the message all the same."""
        for task in self._following.values():
            task.cancel()
        await asyncio.gather(*self._following.values(), return_exceptions=True)

    async def _begin(self, job: Job, item: Reservation) -> None:
        is_shared = job.is_direct or bool(job.thread)
        channel = job.channel if is_shared else await self._messenger.direct(job.user_id)
        thread = job.thread if is_shared else ""
        ts = await self._messenger.post(channel, cards.progress(item), key=f"progress-{item.id}", thread=thread)
        place = _Place(channel, ts, item.workspace_id, item.owner)
        if await self._redis.hsetnx(self._places, item.id, json.dumps(asdict(place))):
            await self._redis.delete(self._holder(item.id))
            await self._take_up(item.id, item)

    async def _take_up(self, reservation_id: str, shown: Reservation | None) -> None:
        """Follow it, unless somebody does."""
        if reservation_id in self._following:
            return
        if await self._redis.set(self._holder(reservation_id), "1", nx=True, ex=_HELD_SECONDS):
            task = asyncio.create_task(self._follow(reservation_id, shown))
            self._following[reservation_id] = task
            task.add_done_callback(lambda _: self._following.pop(reservation_id, None))

    async def _follow(self, reservation_id: str, item: Reservation | None) -> None:
        """``item``: as the message shows it; None when that is not known."""
        try:
            place = await self._place(reservation_id)
            # One that came up in part and is tried again has its message already, which says just that.
            first = shown = cards.progress(item) if item and not item.nodes else None
            while place is not None:
                await asyncio.sleep(LOOK_SECONDS)
                await self._redis.set(self._holder(reservation_id), "1", ex=_HELD_SECONDS)
                item = await self._look_up(reservation_id, place)
                is_told = await self._place(reservation_id) is None
                if item is None or (is_told and item.state not in _ON_THE_WAY and shown == first):
                    break  # the notice of the end has shown it
                # At the end once more: an edit of ours that Slack held up may have come after that of the notice.
                if cards.progress(item) != shown:
                    shown = cards.progress(item)
                    await self._show(item, place)
                if item.state not in _ON_THE_WAY:
                    break
            await self._redis.hdel(self._places, reservation_id)
        except RedisError as error:
            _log.warning("slack.progress_interrupted", error=type(error).__name__)

    async def _look_up(self, reservation_id: str, place: _Place) -> Reservation | None:
        """As it is now; None when there is no such reservation any more."""
        while True:
            with suppress(Unavailable):
                try:
                    return await self._desk.reservation(place.actor, reservation_id)
                except NotFound:
                    return None
            await asyncio.sleep(LOOK_SECONDS)

    async def _show(self, item: Reservation, place: _Place) -> None:
        try:
            await self._messenger.edit(place.channel, place.ts, cards.progress(item))
        except SlackApiError as error:
            _log.warning("slack.progress_not_shown", error=code_of(error))
        except NotNow:
            _log.warning("slack.progress_not_shown", error="held up")

    async def _place(self, reservation_id: str) -> _Place | None:
        kept = await self._redis.hget(self._places, reservation_id)
        return _Place(**json.loads(kept)) if kept else None

    def _holder(self, reservation_id: str) -> str:
        return f"{self._prefix}:following:{reservation_id}"
