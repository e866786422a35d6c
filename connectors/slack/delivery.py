"""Notices on their way to people in Slack: each once, in order, in the conversation that it belongs to.

Every gateway reads the one stream of all notices and makes jobs of them (``order.py``), which are known by the notice's
id: whichever gateway is first takes it, and in a conversation a notice comes after the answer that announced it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import RedisNotices
from clouddesk.model.actor import DEACTIVATED, Person
from clouddesk.model.errors import Unavailable
from clouddesk.model.notice import TEAM_DIGEST, Notice
from connectors.notices import Wording
from connectors.rasa import Reply
from connectors.slack import answers, cards, people
from connectors.slack.events import Job, of_notice
from connectors.slack.home import Home
from connectors.slack.messenger import Messenger
from connectors.slack.order import Lanes
from connectors.slack.people import People
from connectors.slack.progress import Progress
from connectors.slack.speaking import Speaker
from connectors.slack.text import is_private

WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 2.0

_log = structlog.get_logger()


class Delivery:
    """From the stream into the lanes, and from a lane to the person."""

    def __init__(
        self,
        *,
        messenger: Messenger,
        people: People,
        progress: Progress,
        home: Home,
        wording: Wording,
        reveal: Callable[[Reply, Person], Awaitable[Reply]],
    ) -> None:
        """``reveal`` puts in the secrets whose names stand in a reply, as far as the person may know them."""
        self._messenger = messenger
        self._people = people
        self._progress = progress
        self._home = home
        self._wording = wording
        self._reveal = reveal

    async def deliver(self, job: Job) -> None:
        """Show the notice that the job holds. In a channel it goes to its thread, without what is private."""
        notice = from_json(Notice, job.text)
        known = await self._people.get(job.user_id)
        if notice.kind == TEAM_DIGEST and job.channel and not job.is_direct:
            # For all of the channel, whoever wished it there.
            reply = self._wording.render(notice, timezone_name=known.timezone, locale=known.locale)
            await Speaker(self._messenger, job).post(cards.of_notice(notice, reply))
            return
        if known.refused in (DEACTIVATED, people.FOREIGN, people.BOT):
            _log.warning("slack.notice_unwanted", notice=notice.id, why=known.refused)
            return
        await self._progress.end(notice)
        shown = cards.copyable(notice)
        reply = self._wording.render(shown, timezone_name=known.timezone, locale=known.locale)
        if job.is_direct:
            reply = await self._reveal(reply, Person(job.workspace_id, job.user_id))
        post = cards.of_notice(notice, reply)
        speaker = Speaker(self._messenger, job)
        if job.is_direct or (job.thread and not is_private(post.text)):
            await speaker.post(post)
        elif job.thread:
            await speaker.tell(post)
            for word in cards.of_reply(answers.news(notice)):
                await speaker.post(word)
        else:
            # A command's answer was for one person: so is what comes of it.
            await speaker.tell(post)
        await self._home.refresh(job.user_id)


class Pump:
    """Makes jobs of notices, without end. All gateways of a workspace share how far they are."""

    def __init__(
        self, notices: RedisNotices, redis: Redis[bytes], lanes: Lanes, *, workspace_id: str, prefix: str
    ) -> None:
        self._notices = notices
        self._redis = redis
        self._lanes = lanes
        self._workspace_id = workspace_id
        self._key = f"{prefix}:notices-read"

    async def run(self) -> None:
        """Goes on after Redis was away."""
        while True:
            with suppress(RedisError, Unavailable):
                while True:
                    await self._once()
            _log.warning("slack.notices_interrupted")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _once(self) -> None:
        kept = await self._redis.get(self._key)
        after = kept.decode() if kept else "0"
        for position, notice in await self._notices.read_all(after=after, wait_seconds=WAIT_SECONDS):
            if notice.workspace_id == self._workspace_id:
                await self._lanes.add(of_notice(notice, to_json(notice)))
            # A slower gateway may set this back: what it reads again is known by its id.
            await self._redis.set(self._key, position)
