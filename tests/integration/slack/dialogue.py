"""A stand-in for Rasa behind its channel: says what it heard, keeps the order, and acts once on each message id."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from connectors.protocol import SECRET_HEADER, WEBHOOK_PATH

SECRET = "a-channel-secret"


@dataclass
class Dialogue:
    """``replies``: what it says to a text; to everything else it says what it heard."""

    replies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: float = 0.0
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Every message that it acted on, as it came."""
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, unless a test holds every answer back for a while."""
    asked: int = 0
    url: str = ""
    _answers: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.heard]

    async def __aenter__(self) -> Dialogue:
        self.may_answer.set()
        app = web.Application()
        app.router.add_post(WEBHOOK_PATH, self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.headers.get(SECRET_HEADER) != SECRET:
            return web.json_response({}, status=401)
        message = await request.json()
        self.asked += 1
        key = (message["conversation"], message["message_id"])
        if key not in self._answers:
            text = message["text"]
            self._answers[key] = self.replies.get(text) or [{"text": f"I heard: {text}", "buttons": []}]
            self.heard.append(message)
        await asyncio.sleep(self.seconds)
        await self.may_answer.wait()
        return web.json_response({"replies": self._answers[key]})


def reply(text: str, *, response: str = "", **buttons: str) -> dict[str, Any]:
    """One reply; its buttons by title. ``response``: its name in domain.yml."""
    shown = [{"title": title, "payload": payload} for title, payload in buttons.items()]
    return {"text": text, "buttons": shown, "response": response}
