"""What was said to us while Slack reached no gateway: read back once it does, and answered or apologised for.

That is while none ran, and while none was connected: Slack repeats what it could not deliver for some minutes only.

Direct messages always. Mentions in channels only where the app was given the scopes to list and to read those
channels, which it does not ask for (docs/slack.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from connectors.slack.events import Job, of_message
from connectors.slack.faults import NotNow, code_of
from connectors.slack.messenger import Messenger
from connectors.slack.order import Lanes
from connectors.slack.turns import STALE_SECONDS

SIGN_SECONDS = 10.0
"""How often a gateway that is connected says so."""
AWAY_SECONDS = 3 * SIGN_SECONDS
"""Silent for longer, and nobody listened."""
LISTEN_SECONDS = 1.0
"""How often a gateway that is not connected looks whether it is again."""
_CONNECTING_SECONDS = 0.1
AGAIN_SECONDS = 60.0
"""After so long it is tried again to read what could not be read."""
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
    """Knows since when nobody listened. ``hears``: whether what is said now reaches this gateway."""

    def __init__(
        self,
        messenger: Messenger,
        redis: Redis[bytes],
        lanes: Lanes,
        *,
        workspace_id: str,
        bot_user_id: str,
        prefix: str,
        hears: Callable[[], Awaitable[bool]],
    ) -> None:
        self._messenger = messenger
        self._redis = redis
        self._lanes = lanes
        self._workspace_id = workspace_id
        self._bot_user_id = bot_user_id
        self._hears = hears
        self._key = f"{prefix}:alive"

    async def run(self) -> None:
        """While Slack reaches us, say so; whenever that has not been said for a while, catch up first. Without end."""
        pause = _CONNECTING_SECONDS
        while True:
            try:
                if await self._hears():
                    pause = SIGN_SECONDS
                    now = time.time()
                    if await self._catch_up(now):
                        await self._redis.set(self._key, str(now))
                    else:
                        pause = AGAIN_SECONDS
                elif pause != _CONNECTING_SECONDS:
                    pause = LISTEN_SECONDS
            except RedisError as error:
                _log.warning("slack.no_sign", error=type(error).__name__)
            await asyncio.sleep(pause)

    async def _catch_up(self, now: float) -> bool:
        """Read what was said since the last sign; False when that is to be tried again."""
        before = await self._redis.get(self._key)
        if before is None or now - float(before) < AWAY_SECONDS:
            return True
        since = max(float(before) - MARGIN_SECONDS, now - LONGEST_SECONDS)
        counts = [await self._read_all(kind, since) for kind in (_DIRECT, *_CHANNELS)]
        found = sum(count for count in counts if count is not None)
        _log.info("slack.caught_up", away_seconds=round(now - float(before)), messages=found)
        return None not in counts

    async def _read_all(self, kind: str, since: float) -> int | None:
        """All conversations of this kind that we are in, if we may; None when some are to be tried again."""
        method = "conversations.list" if kind == _DIRECT else "users.conversations"
        found, is_whole = 0, True
        try:
            async for item in self._all(method, "channels", most=MOST_CONVERSATIONS, types=kind):
                if item.get("is_user_deleted"):
                    continue
                try:
                    found += await self._read(str(item["id"]), since, is_direct=kind == _DIRECT)
                except SlackApiError as error:
                    _log.warning("slack.not_read", channel=item["id"], error=code_of(error))
                except NotNow:
                    is_whole = False
        except SlackApiError as error:
            if kind == _DIRECT or code_of(error) not in _NOT_ASKED_FOR:
                _log.error("slack.not_caught_up", error=code_of(error))
        except NotNow:
            is_whole = False
        return found if is_whole else None

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
