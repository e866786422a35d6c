"""The way from Rasa to the action server: it shows the stack's secret, and waits while that server restarts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
from rasa.utils.endpoints import EndpointConfig

from connectors.protocol import SECRET_HEADER

PATIENCE_SECONDS = 8.0
_PAUSE_SECONDS = 0.25


class PatientEndpoint(EndpointConfig):  # type: ignore[misc]  # Rasa has no types
    """Tries again while nobody listens. What was not delivered cannot have acted, so that nothing is done twice."""

    async def request(self, *arguments: Any, **options: Any) -> Any:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await super().request(*arguments, **options)
            except aiohttp.ClientConnectorError:  # noqa: PERF203 - one try is one attempt
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)


def action_endpoint(url: str, secret: str | None) -> PatientEndpoint:
    """The action server at this address; without a secret only one that was started with `--open` answers."""
    return PatientEndpoint(url=f"{url}/webhook", headers={SECRET_HEADER: secret} if secret else None)
