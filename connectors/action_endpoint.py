"""The way from Rasa to the action server: over connections that stay open, with the stack's secret.

It waits while that server restarts, and sends what an action reads: our actions read nothing of the domain.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from connectors.protocol import SECRET_HEADER

PATIENCE_SECONDS = 8.0
ANSWER_SECONDS = 300.0
IDLE_SECONDS = 30.0
"""Shorter than the action server's, so that none of its connections is used while it closes it."""
_PAUSE_SECONDS = 0.25


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
        while True:
            try:
                return await self._call(method, json)
            except aiohttp.ClientConnectorError:  # noqa: PERF203 - one try is one attempt
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def _call(self, method: str, json: Any) -> Any:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                headers=self.headers,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            )
        async with self._open.request(method, self.url, json=json) as response:
            if response.status >= 400:
                raise ClientResponseError(response.status, response.reason, await response.read())
            return await response.json()


def action_endpoint(url: str, secret: str | None) -> ActionEndpoint:
    """The action server at this address; without a secret only one that was started with `--open` answers."""
    return ActionEndpoint(f"{url}/webhook", {SECRET_HEADER: secret} if secret else None)
