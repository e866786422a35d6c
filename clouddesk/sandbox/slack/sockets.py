"""Socket Mode: the connections that the app has open, and the envelopes that travel over them.

Source: docs.slack.dev, apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from clouddesk.sandbox.slack.faults import DROP_SOCKET, LOSE_ACK, SlackFaults
from clouddesk.sandbox.slack.store import Store

CONNECTIONS_AT_MOST = 10
PING_SECONDS = 10.0
TICKET_SECONDS = 30.0


@dataclass
class _Connection:
    socket: web.WebSocketResponse
    request: web.Request
    number: int
    is_leaving: bool = False
    """Slack said ``disconnect``: no new envelopes come over it."""
    sent: int = 0


@dataclass
class Sockets:
    """All connections of the app."""

    store: Store
    faults: SlackFaults
    _connections: list[_Connection] = field(default_factory=list)
    _tickets: dict[str, float] = field(default_factory=dict)
    _pending: dict[str, asyncio.Future[dict[str, Any] | None]] = field(default_factory=dict)
    _turn: int = 0
    _opened: int = 0

    @property
    def count(self) -> int:
        return sum(not one.is_leaving and not one.socket.closed for one in self._connections)

    def new_ticket(self) -> str:
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = self.store.now() + TICKET_SECONDS
        return ticket

    def envelopes_per_connection(self) -> list[int]:
        return [one.sent for one in self._connections]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, until it ends."""
        until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if until < self.store.now():
            return web.Response(status=403, text="the ticket is not valid")
        if self.count >= CONNECTIONS_AT_MOST:
            return web.Response(status=403, text="too_many_websockets")
        socket = web.WebSocketResponse(max_msg_size=1_000_000)
        await socket.prepare(request)
        self._opened += 1
        connection = _Connection(socket, request, self._opened)
        self._connections.append(connection)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": self.count,
                "debug_info": {"host": f"applink-{connection.number}", "approximate_connection_time": 18_060},
                "connection_info": {"app_id": self.store.workspace.app.app_id},
            }
        )
        self.store.changed()
        pinging = asyncio.create_task(_ping(connection))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            pinging.cancel()
            self._connections.remove(connection)
            self.store.changed()
        return socket

    async def send(self, kind: str, payload: dict[str, Any], *, seconds: float, **more: Any) -> dict[str, Any] | None:
        """Send one envelope over one connection and wait for its ack; the ack's payload.

        Raises TimeoutError: no ack in time; ConnectionError: there is no connection.
        """
        connection = self._next()
        name = str(uuid.uuid4())
        envelope = {"envelope_id": name, "payload": payload, "type": kind, **more}
        answer: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._pending[name] = answer
        connection.sent += 1
        try:
            await connection.socket.send_json(envelope)
            if self.faults.hits(DROP_SOCKET):
                cut(connection.request)
            return await asyncio.wait_for(answer, seconds)
        except asyncio.TimeoutError:
            raise TimeoutError(name) from None
        finally:
            self._pending.pop(name, None)

    async def disconnect(self, reason: str = "refresh_requested", *, close_after_seconds: float = 0.2) -> int:
        """Tell every connection to go, as Slack does when it wants them renewed; how many there were.

        ``warning`` closes nothing: more time is left.
        """
        told = [one for one in self._connections if not one.socket.closed]
        for one in told:
            one.is_leaving = reason != "warning"
            frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": f"applink-{one.number}"}}
            with contextlib.suppress(ConnectionError):
                await one.socket.send_json(frame)
        if reason != "warning":
            await asyncio.sleep(close_after_seconds)
            for one in told:
                await one.socket.close()
        return len(told)

    def drop(self) -> int:
        """Cut every connection without a word; how many there were."""
        for one in self._connections:
            cut(one.request)
        return len(self._connections)

    def _next(self) -> _Connection:
        live = [one for one in self._connections if not one.is_leaving and not one.socket.closed]
        if not live:
            raise ConnectionError("the app has no connection")
        self._turn += 1
        return live[self._turn % len(live)]

    def _take(self, text: str) -> None:
        self.store.received.append(text)
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            return
        answer = self._pending.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if answer is None or answer.done() or self.faults.hits(LOSE_ACK):
            return
        payload = frame.get("payload")
        answer.set_result(payload if isinstance(payload, dict) else None)


def cut(request: web.Request) -> None:
    """End a connection as a broken network does: without a word."""
    if request.transport is not None:
        request.transport.abort()


async def _ping(connection: _Connection) -> None:
    while True:
        await asyncio.sleep(PING_SECONDS)
        with contextlib.suppress(ConnectionError):
            await connection.socket.ping(f"Ping from applink-{connection.number}".encode())
