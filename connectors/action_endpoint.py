"""The way from Rasa to the action server: over connections that stay open, with the stack's secret.

It waits while that server restarts, and sends what an action reads: our actions read nothing of the domain.
"""

from __future__ import annotations

import asyncio
import json as codec
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from connectors.protocol import SECRET_HEADER

PATIENCE_SECONDS = 8.0
ANSWER_SECONDS = 300.0
IDLE_SECONDS = 30.0
"""Shorter than the action server's, so that none of its connections is used while it closes it."""
_PAUSE_SECONDS = 0.25
_NOT_READ = frozenset({"bot", "user_featurization", "session_started"})
"""Kinds of events that no action reads."""


class ActionEndpoint(EndpointConfig):  # type: ignore[misc]  # Rasa has no types
    """Rasa's own opens a connection for each call, and sends the whole domain along."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(url=url, headers=headers, enable_selective_domain=True)
        self._open: aiohttp.ClientSession | None = None

    async def request(self, method: str = "post", json: Any = None, **_options: Any) -> Any:
        """Call an action; returns what it answered. Raises ClientResponseError and aiohttp's errors, as Rasa expects.

        Tries again while nobody listens. What was not delivered cannot have acted, so that nothing is done twice.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        body = codec.dumps(as_read(json)).encode()
        while True:
            try:
                return await self._call(method, body)
            except aiohttp.ClientConnectorError:  # noqa: PERF203 - one try is one attempt
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def _call(self, method: str, body: bytes) -> Any:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                headers={**self.headers, "Content-Type": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            )
        async with self._open.request(method, self.url, data=body) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason, await response.read())
            return await response.json()


def as_read(call: Mapping[str, Any]) -> dict[str, Any]:
    """The call with what actions read of the events: the message itself is beside them, once."""
    tracker = call["tracker"]
    events = [
        {name: value for name, value in event.items() if name not in ("parse_data", "metadata")}
        for event in tracker["events"] or ()
        if event["event"] not in _NOT_READ
    ]
    return {**call, "tracker": {**tracker, "events": events}}


def action_endpoint(url: str, secret: str | None) -> ActionEndpoint:
    """The action server at this address; without a secret only one that was started with `--open` answers."""
    return ActionEndpoint(f"{url}/webhook", {SECRET_HEADER: secret} if secret else None)
