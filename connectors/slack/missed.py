"""Direct messages that were written while no gateway ran: read back once there is one, and answered or apologised for.

What was said in channels meanwhile cannot be read without a scope that would let us read everything there; Slack itself
repeats events for a while.
"""

from __future__ import annotations

import asyncio
import time
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
MOST_MESSAGES = 100
"""Of one conversation."""

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
        for channel in await self._conversations():
            found += await self._read(channel, since)
        _log.info("slack.caught_up", away_seconds=round(now - float(before)), messages=found)

    async def _conversations(self) -> list[str]:
        channels: list[str] = []
        cursor = ""
        while len(channels) < MOST_CONVERSATIONS:
            answer = await self._messenger.call("conversations.list", types="im", limit=200, cursor=cursor)
            channels += [str(item["id"]) for item in answer["channels"] if not item.get("is_user_deleted")]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return channels[:MOST_CONVERSATIONS]

    async def _read(self, channel: str, since: float) -> int:
        answer = await self._messenger.call(
            "conversations.history", channel=channel, oldest=f"{since:.6f}", limit=MOST_MESSAGES
        )
        jobs = [self._job(channel, message) for message in reversed(answer["messages"])]
        said = [job for job in jobs if job is not None]
        # Of those too old to act on, one apology is enough.
        old = [job for job in said if time.time() - job.at > STALE_SECONDS]
        return sum([await self._lanes.add(job) for job in said if job not in old[:-1]])

    def _job(self, channel: str, message: dict[str, Any]) -> Job | None:
        event = {"type": "message", "channel_type": "im", "channel": channel, **message}
        return of_message(event, workspace_id=self._workspace_id, bot_user_id=self._bot_user_id)
