"""What was said to us while no gateway ran: read back once there is one, and answered or apologised for.

Direct messages always. Mentions in channels only where the app was given the scopes to list and to read those
channels, which it does not ask for (docs/slack.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from connectors.slack.events import Job, of_message
from connectors.slack.messenger import Messenger
from connectors.slack.order import Lanes
from connectors.slack.turns import STALE_SECONDS

SIGN_SECONDS = 10.0
"""How often a gateway says that it is alive."""
AWAY_SECONDS = 3 * SIGN_SECONDS
"""Silent for longer, and nobody listened."""
MARGIN_SECONDS = 60.0
LONGEST_SECONDS = 86400.0
"""Further back nobody waits for an answer any more."""
MOST_CONVERSATIONS = 1_000
MOST_MESSAGES = 1_000
"""Of one conversation or thread, the newest."""
_PAGE = 200
_DIRECT, _CHANNELS = "im", ("public_channel", "private_channel")
_NOT_ASKED_FOR = ("missing_scope", "not_allowed_token_type")

_log = structlog.get_logger()


class Missed:
    """Knows since when nobody listened."""

    def __init__(
        self,
        messenger: Messenger,
        redis: Redis[bytes],
        lanes: Lanes,
        *,
        workspace_id: str,
        bot_user_id: str,
        prefix: str,
    ) -> None:
        self._messenger = messenger
        self._redis = redis
        self._lanes = lanes
        self._workspace_id = workspace_id
        self._bot_user_id = bot_user_id
        self._key = f"{prefix}:alive"

    async def run(self) -> None:
        """Catch up when nobody listened; then say that somebody does, without end."""
        try:
            await self._catch_up()
        except RedisError as error:
            _log.error("slack.not_caught_up", error=type(error).__name__)
        except SlackApiError as error:
            _log.error("slack.not_caught_up", error=error.response["error"])
        while True:
            try:
                await self._redis.set(self._key, str(time.time()))
            except RedisError as error:
                _log.warning("slack.no_sign", error=type(error).__name__)
            await asyncio.sleep(SIGN_SECONDS)

    async def _catch_up(self) -> None:
        now = time.time()
        before = await self._redis.get(self._key)
        if before is None or now - float(before) < AWAY_SECONDS:
            return
        since = max(float(before) - MARGIN_SECONDS, now - LONGEST_SECONDS)
        found = 0
        async for item in self._all("conversations.list", "channels", most=MOST_CONVERSATIONS, types=_DIRECT):
            if not item.get("is_user_deleted"):
                found += await self._read(str(item["id"]), since, is_direct=True)
        for kind in _CHANNELS:
            found += await self._read_channels(kind, since)
        _log.info("slack.caught_up", away_seconds=round(now - float(before)), messages=found)

    async def _read_channels(self, kind: str, since: float) -> int:
        """Those of this kind that we are in, if we may."""
        found = 0
        try:
            async for item in self._all("users.conversations", "channels", most=MOST_CONVERSATIONS, types=kind):
                found += await self._read(str(item["id"]), since, is_direct=False)
        except SlackApiError as error:
            if error.response["error"] not in _NOT_ASKED_FOR:
                raise
        return found

    async def _read(self, channel: str, since: float, *, is_direct: bool) -> int:
        messages = {str(one["ts"]): one async for one in self._messages(channel, since)}
        jobs = [self._job(channel, messages[ts], is_direct=is_direct) for ts in sorted(messages, key=float)]
        said = [job for job in jobs if job is not None]
        # Of those too old to act on, one apology is enough for each person.
        last = {job.user_id: job for job in said if self._is_old(job)}
        return sum([await self._lanes.add(job) for job in said if not self._is_old(job) or last[job.user_id] is job])

    async def _messages(self, channel: str, since: float) -> AsyncIterator[dict[str, Any]]:
        """All of that time, those in threads too; a thread may have begun a while before."""
        begin = f"{since - LONGEST_SECONDS:.6f}"
        async for message in self._all("conversations.history", "messages", channel=channel, oldest=begin):
            if float(message["ts"]) >= since:
                yield message
            if float(message.get("latest_reply") or 0) >= since:
                thread = {"channel": channel, "ts": message["ts"], "oldest": f"{since:.6f}"}
                async for reply in self._all("conversations.replies", "messages", **thread):
                    if float(reply["ts"]) >= since:
                        yield reply

    async def _all(
        self, method: str, name: str, *, most: int = MOST_MESSAGES, **arguments: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """What a method gives page by page, up to so many."""
        cursor, left = "", most
        while left > 0:
            answer = await self._messenger.call(method, limit=_PAGE, cursor=cursor, **arguments)
            for item in answer[name][:left]:
                yield item
            left -= len(answer[name])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _job(self, channel: str, message: dict[str, Any], *, is_direct: bool) -> Job | None:
        is_mention = f"<@{self._bot_user_id}>" in str(message.get("text") or "")
        if not is_direct and not is_mention:
            return None
        kind = {"type": "message", "channel_type": "im"} if is_direct else {"type": "app_mention"}
        event = {**message, **kind, "channel": channel}
        if event.get("thread_ts") == event["ts"]:
            del event["thread_ts"]  # others have replied to it since
        return of_message(event, workspace_id=self._workspace_id, bot_user_id=self._bot_user_id)

    def _is_old(self, job: Job) -> bool:
        return time.time() - job.at > STALE_SECONDS
