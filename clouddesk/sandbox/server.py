"""Runs a simulated cloud: command line, waitress on loopback, cutting connections, a clean end on SIGTERM."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import WSGITask

from clouddesk import log
from clouddesk.model.errors import Invalid

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
# A request that waits (a slow fault, a save) holds a thread; fifty machines are asked for at once.
THREADS = 64
CONNECTIONS = 1_000
"""waitress' own limit is a hundred, of callers that keep their connections; the next one waits until one gives up."""
# Amazon lists them for about an hour; here they pile up faster, and each one slows every request.
FORGET_SECONDS = 60.0


class Cut(Exception):
    """Raised by an application: cut this connection without an answer."""


@dataclass(frozen=True)
class Options:
    """How a simulated cloud was started."""

    port: int
    data: Path
    boot_seconds: float
    forget_seconds: float
    """How long a machine that has ended is still listed, on clouds that list such machines."""


def options(cloud: str, *, lists_ended_machines: bool) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=f"A simulated {cloud} that speaks the real API, on {HOST}.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the state; made when missing")
    parser.add_argument("--boot-seconds", type=float, default=3.0, help="how long a machine takes to start")
    if lists_ended_machines:
        parser.add_argument(
            "--forget-seconds", type=float, default=FORGET_SECONDS, help="how long a machine that ended is still listed"
        )
    return Options(**{"forget_seconds": 0.0, **vars(parser.parse_args())})


def serve(name: str, start: Options, make_app: Callable[[Options], WSGIApplication], *, begun: float) -> None:
    """Serve until SIGTERM or SIGINT. Exits 1 with one sentence when the port or the folder cannot be had."""
    log.configure(process=name)
    logging.getLogger("waitress").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        start.data.mkdir(parents=True, exist_ok=True)
        server = create_server(
            _Cutting(make_app(start)),
            host=HOST,
            port=start.port,
            threads=THREADS,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,  # select() ends at a thousand
            ident="",
            clear_untrusted_proxy_headers=True,
        )
    except (OSError, Invalid) as problem:
        sys.stderr.write(f"{name}: cannot start on port {start.port} with {start.data}: {problem}\n")
        sys.exit(1)
    server.channel_class = _Channel
    logger = structlog.get_logger()
    logger.info("sandbox.ready", port=start.port, seconds=round(time.perf_counter() - begun, 2))
    server.run()
    server.close()
    logger.info("sandbox.stopped")


class _Task(WSGITask):  # type: ignore[misc]
    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["sandbox.cut"] = self.channel.cut
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task

    def cut(self) -> None:
        """The caller sees its connection end without an answer."""
        self.close_when_flushed = True
        self.socket.shutdown(socket.SHUT_RDWR)


class _Cutting:
    """Turns Cut into a cut connection."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._app(environ, start_response)
        except Cut:
            environ["sandbox.cut"]()
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return []
