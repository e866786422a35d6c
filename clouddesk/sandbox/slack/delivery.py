"""Brings events, interactions and commands to the app: over Socket Mode, or as signed posts; repeats what failed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from clouddesk.sandbox.slack.faults import LOSE_ACK, REPEAT_EVENT, SlackFaults
from clouddesk.sandbox.slack.sockets import Sockets
from clouddesk.sandbox.slack.store import Store

ACK_SECONDS = 3.0
RETRY_SECONDS = (0.0, 60.0, 300.0)
"""How long Slack waits before each of its three repetitions of an event."""

EVENTS = "events_api"
INTERACTIVE = "interactive"
COMMANDS = "slash_commands"


class NotAcked(Exception):
    """The app did not answer in time, or not with success. ``reason`` as in X-Slack-Retry-Reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Delivered:
    """One attempt to bring something to the app."""

    kind: str
    id: str
    """The event's id, or the interaction's trigger id."""
    attempt: int
    is_acked: bool
    seconds: float


@dataclass
class Delivery:
    """The way to the app."""

    store: Store
    faults: SlackFaults
    sockets: Sockets
    ack_seconds: float = ACK_SECONDS
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    attempts: deque[Delivered] = field(default_factory=lambda: deque(maxlen=200_000))
    undelivered: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10_000))
    """Events that Slack gave up after its last repetition."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def is_idle(self) -> bool:
        """No event is on its way or waits to be repeated."""
        return not self._tasks

    def event(self, payload: dict[str, Any]) -> None:
        """Bring an event to the app in the background, repeated when it is not acked."""
        task = asyncio.create_task(self._event(payload))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def interaction(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Bring an interaction or a command, once; what the app acked it with. Raises NotAcked."""
        return await self._attempt(kind, payload, str(payload.get("trigger_id", "")), 0, "")

    async def challenge(self) -> bool:
        """Slack's check of a request URL: the app has to send the challenge back."""
        body = {"type": "url_verification", "challenge": "a-challenge", "token": self._app.verification_token}
        text = await self._post(json.dumps(body), "application/json", {})
        return "a-challenge" in text

    async def _event(self, payload: dict[str, Any]) -> None:
        reason = ""
        for attempt in range(len(self.retry_seconds) + 1):
            if attempt:
                await asyncio.sleep(self.retry_seconds[attempt - 1])
            try:
                await self._attempt(EVENTS, payload, payload["event_id"], attempt, reason)
            except NotAcked as problem:
                reason = problem.reason
                if reason == "no_retry":
                    break
                continue
            if self.faults.hits(REPEAT_EVENT):
                self.event(payload)
            return
        self.undelivered.append(payload)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.store.changed()

    @property
    def _app(self) -> Any:
        return self.store.workspace.app

    async def _attempt(
        self, kind: str, payload: dict[str, Any], name: str, attempt: int, reason: str
    ) -> dict[str, Any] | None:
        started = time.monotonic()
        is_acked = False
        try:
            if self._app.request_url is None:
                answer = await self._over_socket(kind, payload, attempt, reason)
            else:
                answer = await self._over_http(kind, payload, attempt, reason)
            is_acked = True
            return answer
        finally:
            self.attempts.append(Delivered(kind, name, attempt, is_acked, time.monotonic() - started))

    async def _over_socket(
        self, kind: str, payload: dict[str, Any], attempt: int, reason: str
    ) -> dict[str, Any] | None:
        more: dict[str, Any] = {"accepts_response_payload": kind != EVENTS}
        if kind == EVENTS:
            more |= {"retry_attempt": attempt, "retry_reason": reason}
        try:
            return await self.sockets.send(kind, payload, seconds=self.ack_seconds, **more)
        except TimeoutError:
            raise NotAcked("timeout") from None
        except ConnectionError:
            raise NotAcked("no_connection") from None

    async def _over_http(self, kind: str, payload: dict[str, Any], attempt: int, reason: str) -> dict[str, Any] | None:
        headers: dict[str, str] = {}
        if attempt:
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        if kind == EVENTS:
            content, body = "application/json", json.dumps(payload)
        elif kind == INTERACTIVE:
            content, body = (
                "application/x-www-form-urlencoded",
                urllib.parse.urlencode({"payload": json.dumps(payload)}),
            )
        else:
            content, body = "application/x-www-form-urlencoded", urllib.parse.urlencode(payload)
        text = await self._post(body, content, headers)
        if self.faults.hits(LOSE_ACK):
            raise NotAcked("http_timeout")
        if not text.strip():
            return None
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            return {"text": text}
        return answer if isinstance(answer, dict) else {"text": text}

    async def _post(self, body: str, content: str, headers: dict[str, str]) -> str:
        stamp = str(int(self.store.now()))
        signed = {
            "Content-Type": content,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._app.signing_secret, stamp, body),
        }
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(
                self._app.request_url,
                data=body.encode(),
                headers=signed | headers,
                timeout=aiohttp.ClientTimeout(total=self.ack_seconds),
            ) as answer:
                text = await answer.text()
        except asyncio.TimeoutError:
            raise NotAcked("http_timeout") from None
        except aiohttp.ClientError:
            raise NotAcked("connection_failed") from None
        self.store.received.append(text)
        if not 200 <= answer.status < 300:
            raise NotAcked("no_retry" if answer.headers.get("X-Slack-No-Retry") == "1" else "http_error")
        return text


def signature(secret: str, stamp: str, body: str) -> str:
    """What Slack puts into X-Slack-Signature."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
