"""What goes out to Slack: in order for each channel, slower when Slack says so, and once.

A post whose answer was lost may or may not be there. So each has a key, which travels with it as metadata: before it is
posted again, by this gateway or by the next, the conversation is searched for it. Where we may not read back (a channel
without that scope, what one person alone sees), it is posted again: twice is better than never.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from connectors.slack.cards import Post
from connectors.slack.faults import UNFIT, UNREADABLE, NotNow, Passing, code_of, is_against_us, is_passing
from connectors.slack.uploads import Upload

POSTED_SECONDS = 86400
"""So long a post is known by its key."""
DIRECT_SECONDS = 30 * 86400
ANSWER_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
EVENT_TYPE = "clouddesk_post"

_TRIES_WHEN_LIMITED = 90
"""The SDK itself makes at most a hundred."""
_CLOCKS_APART_SECONDS = 120
FAULTS_AT_MOST = 5
"""Of Slack's own, one after the other; then the job comes back later, and holds up nobody until then."""
CROWD = 16
"""So many may wait for one channel; whoever comes then comes back later, so that other channels are answered."""
CROWD_SECONDS = 3.0

# KEYS: marks.  ARGV: that somebody begins, seconds.  Returns the first of the marks, if it was there before.
_MARK = """
local known = redis.call('GET', KEYS[1])
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'NX', 'EX', ARGV[2]) end
return known
"""

_UNREACHED = (SlackClientError, aiohttp.ClientError, asyncio.TimeoutError, OSError)

NOT_TAKEN = (
    "Slack does not accept secrets/slack-bot-token ({error}). It is the Bot User OAuth Token on the app's page "
    "“OAuth & Permissions”; `clouddesk slack connect` takes it anew, then start the stack again."
)
UNREACHABLE = "Slack can't be reached at {url} ({error}). I go on trying; nothing that was taken up is lost."
REFUSED = (
    "Slack refuses the app ({error}): its token was revoked or it lacks a scope. Install it again on the app's page "
    "“Install App”; `clouddesk slack connect` takes a new token. What there is to tell waits until then."
)
FAULTY = "Slack answers with faults of its own ({error}). I go on trying; nothing that was taken up is lost."

Tell = Callable[[str], None]
"""Hears in a sentence what is the matter with Slack, and "" when nothing is any more."""

_log = structlog.get_logger()


@asynccontextmanager
async def open_client(token: str, api_url: str) -> AsyncIterator[AsyncWebClient]:
    """A client that waits when Slack says so, on connections that stay open."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield AsyncWebClient(
            token=token,
            base_url=api_url,
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_TRIES_WHEN_LIMITED)],
        )


async def identify(client: AsyncWebClient, tell: Tell) -> dict[str, Any]:
    """Who we are, and in which workspace. Waits, and tells why, as long as Slack is away or does not take our token."""
    async for _ in _tries("auth.test"):
        try:
            answer = await client.auth_test()
        except SlackApiError as error:
            is_theirs = is_passing(error)
            tell(_trouble(client, error) if is_theirs else NOT_TAKEN.format(error=code_of(error)))
            continue
        except _UNREACHED as error:
            tell(_trouble(client, error))
            continue
        tell("")
        return {name: answer[name] for name in ("team_id", "user_id")}
    raise AssertionError("the tries have no end")


class Messenger:
    """Speaks to one workspace.

    While Slack cannot be reached, calls wait for it, without end. When it answers with faults or refuses the app, they
    raise NotNow: whoever keeps what is to be done comes back with it.
    """

    def __init__(
        self, client: AsyncWebClient, redis: Redis[bytes], *, prefix: str, tell: Tell = lambda trouble: None
    ) -> None:
        self._client = client
        self._tell = tell
        self._redis = redis
        self._prefix = prefix
        self._mark = redis.register_script(_MARK)
        self._channels: WeakValueDictionary[str, _Turns] = WeakValueDictionary()

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """What may be repeated: asking, editing, deleting, opening. Raises SlackApiError: Slack says no; NotNow."""
        faults = 0
        async for _ in _tries(method):
            try:
                return await self._once(method, **arguments)
            except Passing as passing:
                faults = _counted(faults, passing)
        raise AssertionError("the tries have no end")

    async def is_answered(self) -> bool:
        """Whether Slack answers us at this moment."""
        try:
            await self._client.auth_test()
        except (SlackApiError, *_UNREACHED):
            return False
        return True

    async def has_begun(self, key: str) -> bool:
        """Whether ``begin`` was called with this key, by whichever gateway."""
        return bool(await self._redis.exists(self._mark_of(key)))

    async def begin(self, key: str, *beside: str) -> str:
        """Note that a post with this key begins. Returns what was noted before: its ``ts``, "?…" when it had begun.

        ``beside``: what else begins, noted on the same way to Redis.
        """
        marks = [self._mark_of(one) for one in (key, *beside)]
        known = await self._mark(keys=marks, args=[f"?{time.time()}", POSTED_SECONDS])
        return (known or b"").decode()

    async def post(
        self,
        channel: str,
        post: Post,
        *,
        key: str,
        thread: str = "",
        card_of: str = "",
        begun: Awaitable[str] | None = None,
    ) -> str:
        """Post once for this key; returns its ``ts``. ``card_of``: whose buttons these are. Raises as ``call`` does.

        ``begun``: what ``begin`` returns, where it was called ahead.
        """
        async with self._in_turn(channel):
            now = time.time()
            known = await (begun or self.begin(key))
            if known and not known.startswith("?"):
                return known
            is_doubtful, began = bool(known), float(known[1:] or now)
            faults = 0
            async for _ in _tries("chat.postMessage"):
                posted = await self._find(channel, thread, key, since=began) if is_doubtful else None
                try:
                    ts = posted or await self._post(channel, post, key, thread, card_of)
                except Passing as passing:
                    is_doubtful = True
                    faults = _counted(faults, passing)
                    if passing.may_be_of_card and faults == FAULTS_AT_MOST - 1:
                        post = Post(post.text, [])
                    continue
                await self._redis.set(self._mark_of(key), ts, ex=POSTED_SECONDS)
                return ts
        raise AssertionError("the tries have no end")

    async def whisper(self, channel: str, user_id: str, post: Post, *, thread: str = "") -> None:
        """Post what this person alone sees. Raises SlackApiError when we or they are not in the channel."""
        where: dict[str, Any] = {"thread_ts": thread} if thread else {}
        async with self._in_turn(channel):
            await self._fitting("chat.postEphemeral", post, channel=channel, user=user_id, **where)

    async def respond(self, response_url: str, post: Post, *, is_instead: bool = False) -> bool:
        """Answer where a command was typed, for that person alone; False when that is not possible (any more).

        ``is_instead``: in the place of the message whose button was pressed.
        """
        body = {"response_type": "ephemeral", "replace_original": is_instead, "text": post.text, "blocks": post.blocks}
        session = self._client.session
        if session is None:
            return False
        try:
            async with session.post(response_url, json=body) as response:
                return response.status == 200
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return False

    async def edit(self, channel: str, ts: str, post: Post) -> None:
        """Replace what was posted; the last one said is what stays."""
        async with self._in_turn(channel):
            await self._fitting("chat.update", post, channel=channel, ts=ts)

    async def upload(self, channel: str, file: Upload, *, key: str, thread: str = "") -> None:
        """Post a file once for this key; a second time only when nobody knows whether it arrived."""
        mark = self._mark_of(key)
        async with self._in_turn(channel):
            if await self._redis.get(mark):
                return
            facts = {"filename": file.name, "length": len(file.content), "alt_txt": file.alt_text}
            async for _ in _tries("files.getUploadURLExternal"):
                place = await self.call("files.getUploadURLExternal", **facts)
                if await self._put(str(place["upload_url"]), file.content):
                    break
            files = json.dumps([{"id": place["file_id"], "title": file.title or file.name}])
            where = {"channel_id": channel, "thread_ts": thread}
            await self.call("files.completeUploadExternal", files=files, initial_comment=file.says, **where)
            await self._redis.set(mark, file.name, ex=POSTED_SECONDS)

    async def direct(self, user_id: str) -> str:
        """The channel of this person's direct conversation with us."""
        key = f"{self._prefix}:direct:{user_id}"
        known = await self._redis.get(key)
        if known:
            return known.decode()
        answer = await self.call("conversations.open", users=user_id)
        channel = str(answer["channel"]["id"])
        await self._redis.set(key, channel, ex=DIRECT_SECONDS)
        return channel

    def _mark_of(self, key: str) -> str:
        return f"{self._prefix}:post:{key}"

    async def _put(self, url: str, content: bytes) -> bool:
        """Bring the bytes where Slack wants them; False when that is to be tried again."""
        if self._client.session is None:
            raise RuntimeError("the client has no session")
        try:
            async with self._client.session.post(url, data=content) as response:
                return response.status == 200
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return False

    async def _post(self, channel: str, post: Post, key: str, thread: str, card_of: str) -> str:
        where: dict[str, Any] = {"thread_ts": thread} if thread else {}
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": key, "for": card_of}}
        answer = await self._fitting(
            "chat.postMessage",
            post,
            is_once=True,
            channel=channel,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
            **where,
        )
        return str(answer["ts"])

    async def _fitting(self, method: str, post: Post, *, is_once: bool = False, **arguments: Any) -> dict[str, Any]:
        """With the card; when Slack does not take the card, its text alone."""
        send = self._once if is_once else self.call
        try:
            return await send(method, text=post.text, blocks=post.blocks, **arguments)
        except SlackApiError as error:
            if error.response["error"] not in UNFIT or not post.blocks:
                raise
            _log.error("slack.card_refused", method=method, error=error.response["error"])
        return await send(method, text=post.text, blocks=[], **arguments)

    async def _find(self, channel: str, thread: str, key: str, *, since: float) -> str | None:
        """The ``ts`` of what was posted with this key; None when it is not there, or nobody can look."""
        method = "conversations.replies" if thread else "conversations.history"
        where: dict[str, Any] = {"ts": thread} if thread else {}
        where |= {"channel": channel, "oldest": str(since - _CLOCKS_APART_SECONDS), "limit": 200}
        cursor = ""
        while True:
            try:
                answer = await self.call(method, include_all_metadata=True, cursor=cursor, **where)
            except SlackApiError as error:
                if error.response["error"] in UNREADABLE:
                    return None
                raise
            for message in answer["messages"]:
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and metadata["event_payload"].get("id") == key:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    async def _once(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One call. Raises Passing when it may be tried again, NotNow and SlackApiError as ``call``."""
        given = {name: value for name, value in arguments.items() if value != ""}
        try:
            answer = (
                await self._client.api_call(method, json=given)
                if _takes_json(method)
                else (await self._client.api_call(method, params=_plain(given)))
            )
        except SlackApiError as error:
            if is_passing(error):
                self._tell(_trouble(self._client, error))
                raise Passing(error) from error
            if is_against_us(error, method):
                self._tell(REFUSED.format(error=code_of(error)))
                _log.error("slack.refused", method=method, error=code_of(error))
                raise NotNow(is_lasting=True) from error
            self._tell("")
            raise
        except _UNREACHED as error:
            self._tell(_trouble(self._client, error))
            raise Passing from error
        self._tell("")
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    @asynccontextmanager
    async def _in_turn(self, channel: str) -> AsyncIterator[None]:
        """One after the other in each channel; who waits because Slack said so holds up those behind, but not many."""
        turns = self._channels.get(channel)
        if turns is None:
            turns = self._channels[channel] = _Turns()
        async with turns.next():
            yield


class _Turns:
    """Whose turn it is in one channel."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._failed_until = 0.0

    @asynccontextmanager
    async def next(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises NotNow when too many do, or when it has just failed for the one before."""
        if self._waiting >= CROWD:
            raise NotNow(CROWD_SECONDS, is_lasting=True)
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        try:
            if self._failed_until > time.monotonic():
                raise NotNow(is_lasting=True)
            try:
                yield
            except NotNow as held:
                self._failed_until = time.monotonic() + held.seconds
                raise
        finally:
            self._lock.release()


def _counted(faults: int, passing: Passing) -> int:
    """One more fault of Slack's own, if it was reached at all. Raises NotNow when that is enough."""
    faults += passing.answer is not None
    if faults >= FAULTS_AT_MOST:
        raise NotNow from passing
    return faults


def _trouble(client: AsyncWebClient, error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return FAULTY.format(error=code_of(error) or "no answer but a page")
    return UNREACHABLE.format(url=client.base_url, error=type(error).__name__)


async def _tries(method: str) -> AsyncIterator[int]:
    """Numbers without end, with longer and longer pauses between them."""
    number = 0
    while True:
        yield number
        number += 1
        pause = min(LONGEST_PAUSE_SECONDS, 0.2 * 2 ** min(number, 10))
        _log.warning("slack.unreachable", method=method, times=number)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing


def _takes_json(method: str) -> bool:
    """Slack reads the arguments of these as JSON; of those that only ask, as a form."""
    return method.partition(".")[0] in ("chat", "views")


def _plain(arguments: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in arguments.items()}
