"""Whether the gateway is connected with Slack, and if not, what is the matter in a sentence for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

PATIENCE_SECONDS = 15.0
"""After so long without a connection something is the matter, even if nobody knows what."""
WATCH_SECONDS = 5.0
RESTART_SECONDS = 5.0

NO_SOCKET = (
    "Slack takes no connection. It may be away, or Socket Mode is switched off on the app's page “Socket Mode”, or "
    "secrets/slack-app-token was revoked. I go on trying."
)
LOST = "The connection to Slack is lost. I go on trying; what is said meanwhile is answered when it is back."

BROKEN_OFF = "Part of the Slack gateway failed ({task}), and the log says why. It is begun anew every few seconds."

_log = structlog.get_logger()


@dataclass
class Health:
    """What GET /health answers from, from the first moment on."""

    is_open: bool = False
    """Whether the gateway has been connected at all."""
    socket: AsyncSocketModeHandler | None = None
    trouble: str = ""
    """What the last call of Slack's Web API came to; empty after one that went well."""
    failing: set[str] = field(default_factory=set)
    """What of the gateway's own work has broken off and is about to be begun anew."""
    _began: float = field(default_factory=time.monotonic)

    async def look(self) -> tuple[bool, Mapping[str, object]]:
        """For ``telling_health``. While it is only starting, there is no problem to tell."""
        is_connected = await self.is_connected()
        problem = self.trouble or (BROKEN_OFF.format(task=", ".join(sorted(self.failing))) if self.failing else "")
        problem = problem or ("" if is_connected else self._guess())
        is_well = is_connected and not self.trouble and not self.failing
        return is_well, {"connected": is_connected, "problem": problem}

    async def is_connected(self) -> bool:
        """Whether Slack can bring us something: over the socket, or for HTTP, whether we listen."""
        return self.is_open and (self.socket is None or bool(await self.socket.client.is_connected()))

    async def keep_up(self, task: str, run: Callable[[], Awaitable[None]]) -> None:
        """Do what has no end, and begin it anew when it broke off, until cancelled."""
        while True:
            self.failing.discard(task)
            try:
                await run()
            except Exception:  # noqa: BLE001 - whatever it was, the work has to go on
                _log.exception("slack.task_failed", task=task)
            else:
                return
            self.failing.add(task)
            await asyncio.sleep(RESTART_SECONDS)

    def tell(self, trouble: str) -> None:
        """What the last call of the Web API came to."""
        self.trouble = trouble

    async def watch(self) -> None:
        """See that a lost connection is made anew, without end.

        The SDK tries again by itself, but with the address that it has, which Slack takes once and for a short time.
        """
        was_connected = True
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self.socket is None:
                continue
            is_connected = await self.socket.client.is_connected()
            if not is_connected:
                self.socket.client.wss_uri = None
            if is_connected != was_connected:
                _log.warning("slack.connection", connected=is_connected)
                was_connected = is_connected

    def _guess(self) -> str:
        if self.is_open:
            return LOST
        return NO_SOCKET if time.monotonic() - self._began > PATIENCE_SECONDS else ""
