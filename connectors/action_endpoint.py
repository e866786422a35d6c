"""The way from Rasa to the action server: it waits while that restarts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
from rasa.utils.endpoints import EndpointConfig

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
