"""The simulated Slack's own addresses below ``/_sandbox/``: for the page, and for tests in other processes.

They ask for no credentials: the server listens on loopback only, and refuses what another site's page sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from clouddesk.sandbox.faults import BadFault
from clouddesk.sandbox.slack.acting import NotPossible
from clouddesk.sandbox.slack.picture import picture

if TYPE_CHECKING:
    from clouddesk.sandbox.slack.server import SlackServer

PREFIX = "/_sandbox/"
_PAGE = Path(__file__).with_name("page")
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# What people typed is shown as text; should that ever fail, the browser still runs nothing but the page's own script.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
STREAM_SECONDS = 15.0
SETTLE_SECONDS = 0.03
"""Changes that come together are told together."""


class Control:
    """Answers what is asked below ``/_sandbox/``, and serves the page."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack
        self._actions: dict[str, Callable[..., Any]] = {
            "say": slack.say,
            "set_status": slack.set_status,
            "edit": slack.edit,
            "delete_message": slack.delete_message,
            "slash": slack.slash,
            "shortcut": slack.shortcut,
            "open_home": slack.open_home,
            "press": slack.press,
            "fill": slack.fill,
            "submit": slack.submit,
            "close_view": slack.close_view,
            "inject": slack.inject,
            "deactivate": slack.deactivate,
            "disconnect": slack.disconnect,
            "drop_sockets": slack.drop_sockets,
            "outage": slack.outage,
            "recover": slack.recover,
        }

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/", self._page)
        yield web.get("/page/{name}", self._page)
        yield web.get(f"{PREFIX}health", self._health)
        yield web.get(f"{PREFIX}picture", self._picture)
        yield web.get(f"{PREFIX}messages", self._messages)
        yield web.get(f"{PREFIX}received", self._received)
        yield web.get(f"{PREFIX}calls", self._calls)
        yield web.get(f"{PREFIX}attempts", self._attempts)
        yield web.get(f"{PREFIX}stream", self._stream)
        yield web.get(f"{PREFIX}faults", self._faults)
        yield web.post(f"{PREFIX}faults", self._add_fault)
        yield web.delete(f"{PREFIX}faults", self._clear_faults)
        yield web.post(f"{PREFIX}do/{{action}}", self._do)

    async def _page(self, request: web.Request) -> web.Response:
        file = _PAGE / request.match_info.get("name", "index.html")
        if file.parent != _PAGE or file.suffix not in _KINDS or not file.is_file():
            return web.Response(status=404)
        return web.Response(text=file.read_text("utf-8"), content_type=_KINDS[file.suffix], headers=_HEADERS)

    async def _health(self, _request: web.Request) -> web.Response:
        app = self._slack.app
        tokens = {"bot_token": app.bot_token, "app_token": app.app_token, "signing_secret": app.signing_secret}
        return web.json_response(
            {"status": "ok", "api_url": self._slack.api_url, "connections": self._slack.sockets.count} | tokens
        )

    async def _picture(self, request: web.Request) -> web.Response:
        return web.json_response(picture(self._slack, request.query.get("user", ""), request.query.get("channel", "")))

    async def _messages(self, request: web.Request) -> web.Response:
        seen = self._slack.messages(request.query.get("user", ""), request.query.get("channel", "dm"))
        return web.json_response({"messages": [dataclasses.asdict(message) for message in seen]})

    async def _received(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._slack.received_text())

    async def _calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": [dataclasses.asdict(call) for call in self._slack.calls]})

    async def _attempts(self, _request: web.Request) -> web.Response:
        return web.json_response({"attempts": [dataclasses.asdict(one) for one in self._slack.attempts]})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: a number each time that something changed."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            await self._tell_changes(answer)
        return answer

    async def _tell_changes(self, answer: web.StreamResponse) -> None:
        store, seen = self._slack.store, -1
        while True:
            if store.changes != seen:
                seen = store.changes
                await answer.write(f"data: {seen}\n\n".encode())
                await asyncio.sleep(SETTLE_SECONDS)
            elif not await store.until(lambda known=seen: store.changes != known, STREAM_SECONDS):  # type: ignore[misc]
                await answer.write(b": still here\n\n")

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self._slack.faults.all()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        self._slack.faults.add_described(await _body(request))
        return web.json_response({"faults": self._slack.faults.all()}, status=201)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._slack.faults.clear()
        return web.json_response({"faults": []})

    async def _do(self, request: web.Request) -> web.Response:
        """What a person does, by the name of SlackServer's method, with its arguments as JSON."""
        action = self._actions.get(request.match_info["action"])
        if action is None:
            return web.json_response({"error": "there is no such action"}, status=404)
        done = action(**await _body(request))
        result = await done if asyncio.iscoroutine(done) else done
        shown = dataclasses.asdict(result) if dataclasses.is_dataclass(result) else result  # type: ignore[arg-type]
        return web.json_response({"result": shown})


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what does not come from this machine's own page or tools, and says what a person cannot do."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    origin = request.headers.get("Origin")
    host = urlsplit(f"//{request.host}").hostname or ""
    if host not in _LOOPBACK or (origin is not None and urlsplit(origin).netloc != request.host):
        return web.json_response({"error": "only from this machine"}, status=403)
    try:
        return await handler(request)
    except (NotPossible, BadFault, KeyError, ValueError, TypeError) as problem:
        return web.json_response({"error": str(problem.args[0] if problem.args else problem)}, status=400)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        read = json.loads(await request.text() or "{}")
    except json.JSONDecodeError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(read, dict):
        raise ValueError("the body must be an object")
    return read
