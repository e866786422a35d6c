"""The Web API: takes a call apart, checks token and scopes, has the method answer; has the faults it was told to."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from clouddesk.sandbox.faults import DOWN, DROP_AFTER_ACCEPT, RATE_LIMIT, SERVER_ERROR, SLOW, UNAUTHORIZED, Fault
from clouddesk.sandbox.slack import methods_chat, methods_files, methods_info, methods_views
from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.events import Events
from clouddesk.sandbox.slack.faults import OF_CARDS, SlackFaults
from clouddesk.sandbox.slack.people import App
from clouddesk.sandbox.slack.sockets import Sockets, cut
from clouddesk.sandbox.slack.store import Store

RETRY_AFTER_SECONDS = 1.0
BODY_AT_MOST = 2_000_000
_ANY, _APP, _BOT = "any", "app", "bot"


@dataclass(frozen=True)
class _Method:
    run: Callable[[Call], Awaitable[dict[str, Any]]]
    scopes: tuple[str, ...] = ()
    """One of them is needed."""
    token: str = _BOT


@dataclass(frozen=True)
class Called:
    """One call as it was answered."""

    method: str
    arguments: dict[str, Any]
    answer: str
    """``ok``, Slack's error, or the HTTP status."""
    at: float


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


class Api:
    """All methods, at ``/api/<method>``."""

    def __init__(self, store: Store, events: Events, sockets: Sockets, faults: SlackFaults) -> None:
        self._store = store
        self._events = events
        self._sockets = sockets
        self._faults = faults
        self.base_url = ""
        self.calls: deque[Called] = deque(maxlen=200_000)
        self.posts_per_second: float | None = None
        """Slack's own limit is about one message per second and channel; None: no limit but what faults say."""
        self._posted: dict[str, float] = {}
        chat, info, views, files = methods_chat, methods_info, methods_views, methods_files
        self._methods = {
            "api.test": _Method(info.api_test, token=_ANY),
            "auth.test": _Method(info.auth_test, token=_ANY),
            "apps.connections.open": _Method(self._open_connection, ("connections:write",), _APP),
            "chat.postMessage": _Method(chat.post_message, ("chat:write",)),
            "chat.postEphemeral": _Method(chat.post_ephemeral, ("chat:write",)),
            "chat.update": _Method(chat.update, ("chat:write",)),
            "chat.delete": _Method(chat.delete, ("chat:write",)),
            "chat.getPermalink": _Method(chat.get_permalink),
            "reactions.add": _Method(chat.add_reaction, ("reactions:write",)),
            "conversations.open": _Method(info.conversations_open, ("im:write", "mpim:write")),
            "conversations.info": _Method(info.conversations_info, _READ),
            "conversations.list": _Method(info.conversations_list, _READ),
            "conversations.members": _Method(info.conversations_members, _READ),
            "conversations.history": _Method(info.conversations_history, _HISTORY),
            "conversations.replies": _Method(info.conversations_replies, _HISTORY),
            "users.info": _Method(info.users_info, ("users:read",)),
            "users.conversations": _Method(info.users_conversations, _READ),
            "users.list": _Method(info.users_list, ("users:read",)),
            "usergroups.users.list": _Method(info.usergroups_users_list, ("usergroups:read",)),
            "team.info": _Method(info.team_info, ("team:read",)),
            "views.open": _Method(views.open_view),
            "views.push": _Method(views.push_view),
            "views.update": _Method(views.update_view),
            "views.publish": _Method(views.publish_view),
            "files.getUploadURLExternal": _Method(files.get_upload_url, ("files:write",)),
            "files.completeUploadExternal": _Method(files.complete_upload, ("files:write",)),
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        text = await self._body(request)
        try:
            arguments = _arguments(request, text)
        except Refused as refused:
            return web.json_response(refused.as_dict())
        fault = self._faults.take(name, arguments)
        if fault is not None and fault.kind not in (SLOW, DROP_AFTER_ACCEPT):
            self._note(name, arguments, fault.kind)
            return _troubled(fault, request)
        if fault is not None and fault.kind == SLOW:
            await asyncio.sleep(fault.seconds)
        wait = self._too_fast(name, arguments)
        if wait:
            self._note(name, arguments, RATE_LIMIT)
            return _limited(wait)
        answer = await self._answer(name, request, arguments)
        self._note(name, arguments, "ok" if answer["ok"] else answer["error"])
        if fault is not None and fault.kind == DROP_AFTER_ACCEPT:
            cut(request)
        return web.json_response(answer, headers=self._headers())

    async def respond(self, request: web.Request) -> web.Response:
        """A post to a response URL."""
        text = await self._body(request)
        fault = self._faults.take("response_url")
        if fault is not None and fault.kind != SLOW:
            self._note("response_url", {}, fault.kind)
            return _troubled(fault, request)
        url = self._store.response_urls.get(request.match_info["token"])
        if url is None:
            return web.json_response({"ok": False, "error": "invalid_url"}, status=404)
        if url.uses <= 0 or url.until < self._store.now():
            return web.json_response({"ok": False, "error": "used_url" if url.uses <= 0 else "expired_url"}, status=404)
        call = self._call({})
        try:
            call.arguments = _arguments(request, text)
            methods_chat.respond(call, url)
        except Refused as refused:
            self._note("response_url", call.arguments, refused.error)
            return web.json_response(refused.as_dict(), status=500 if refused.error == "invalid_blocks" else 400)
        url.uses -= 1
        self._note("response_url", call.arguments, "ok")
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, at the address that files.getUploadURLExternal told."""
        file = self._store.files.get(request.match_info["file"])
        if file is None or file.content is not None:
            return web.Response(status=404, text="file_not_found")
        if request.content_type.startswith("multipart/"):
            part = await (await request.multipart()).next()
            content = b"" if part is None else bytes(await part.read())  # type: ignore[union-attr]
        else:
            content = await request.read()
        if len(content) != file.length:
            return web.Response(status=400, text="the length is not what was announced")
        file.content = content
        self._store.received.append(content.decode(errors="replace"))
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A shared file; a page to sign in at, without the app's token and scope."""
        file = self._store.files.get(request.match_info["file"].partition("-")[2])
        if file is None or file.content is None:
            return web.Response(status=404)
        app = self._store.workspace.app
        if _token(request, {}) != app.bot_token or "files:read" not in app.scopes:
            return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
        return web.Response(body=file.content, content_type="application/octet-stream")

    def _call(self, arguments: dict[str, Any]) -> Call:
        return Call(self._store, self._events, self.base_url, arguments)

    async def _answer(self, name: str, request: web.Request, arguments: dict[str, Any]) -> dict[str, Any]:
        method = self._methods.get(name)
        if method is None:
            return Refused("unknown_method", req_method=name).as_dict()
        try:
            _authorize(method, _token(request, arguments), self._store.workspace.app)
            arguments.pop("token", None)
            return await method.run(self._call(arguments))
        except Refused as refused:
            return refused.as_dict()

    async def _body(self, request: web.Request) -> str:
        text = (await request.read()).decode(errors="replace")
        self._store.received.append(f"{request.path_qs}\n{text}")
        return text

    async def _open_connection(self, _call: Call) -> dict[str, Any]:
        ticket = self._sockets.new_ticket()
        address = self.base_url.replace("http", "ws", 1)
        return {"ok": True, "url": f"{address}/link/?ticket={ticket}&app_id={self._store.workspace.app.app_id}"}

    def _too_fast(self, name: str, arguments: dict[str, Any]) -> float:
        """How long to wait, when this channel has had its message for now."""
        if self.posts_per_second is None or name not in ("chat.postMessage", "chat.update"):
            return 0.0
        channel, now = str(arguments.get("channel")), time.monotonic()
        # A burst of a few is allowed: the channel's account may be up to three messages ahead.
        due = max(self._posted.get(channel, 0.0), now - 3 / self.posts_per_second)
        if due > now:
            return due - now
        self._posted[channel] = due + 1 / self.posts_per_second
        return 0.0

    def _note(self, name: str, arguments: dict[str, Any], answer: str) -> None:
        self.calls.append(Called(name, arguments, answer, time.time()))

    def _headers(self) -> dict[str, str]:
        return {
            "X-Slack-Req-Id": self._store.new_hash(),
            "X-OAuth-Scopes": ",".join(self._store.workspace.app.scopes),
        }


def _arguments(request: web.Request, text: str) -> dict[str, Any]:
    """From the query, a form or JSON: whichever the caller used."""
    found: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(text or "{}")
        except json.JSONDecodeError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return found | body
    if request.content_type == "application/x-www-form-urlencoded":
        found |= dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    return found


def _token(request: web.Request, arguments: dict[str, Any]) -> str:
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return str(arguments.get("token") or "")


def _authorize(method: _Method, token: str, app: App) -> None:
    if method.run is methods_info.api_test:
        return
    if not token:
        raise Refused("not_authed")
    if token not in (app.bot_token, app.app_token):
        raise Refused("invalid_auth")
    is_app_level = token == app.app_token
    if (method.token == _APP) != is_app_level and method.token != _ANY:
        raise Refused("not_allowed_token_type")
    if method.token == _BOT and method.scopes and not set(method.scopes) & set(app.scopes):
        raise Refused("missing_scope", needed=method.scopes[0], provided=",".join(app.scopes))


def _troubled(fault: Fault, request: web.Request) -> web.Response:
    if fault.kind == RATE_LIMIT:
        return _limited(fault.retry_after_seconds or RETRY_AFTER_SECONDS)
    if fault.kind == SERVER_ERROR and fault.operation.endswith(OF_CARDS):
        return web.json_response({"ok": False, "error": "internal_error"})
    if fault.kind == SERVER_ERROR:
        return web.Response(status=500, text="<html>Server Error</html>", content_type="text/html")
    if fault.kind == UNAUTHORIZED:
        return web.json_response({"ok": False, "error": "token_revoked"})
    if fault.kind == DOWN:
        cut(request)
    return web.json_response({"ok": False, "error": "fatal_error"}, status=503)


def _limited(seconds: float) -> web.Response:
    # Whole seconds, as Slack says them.
    wait = str(max(1, round(seconds + 0.49)))
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": wait})
