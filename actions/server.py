"""The action server: `python -m actions.server --port P`. Rasa calls it on the loopback for every custom action.

A call says who speaks, so that only our Rasa server may make one: it sends the stack's own channel secret along.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import signal
import sys
from typing import Any

import structlog
from rasa_sdk.endpoint import create_app
from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.server.loop import try_use_uvloop

import actions
from actions import desk_access
from clouddesk import log, settings
from clouddesk.model.errors import CloudDeskError

HOST = "127.0.0.1"
HEALTH_PATH = "/health"
IDLE_SECONDS = 75
"""Rasa's connections stay open; longer than Rasa itself keeps one that is not used (connectors/action_endpoint.py)."""
logger = structlog.get_logger()


async def serve(port: int, *, secret: str | None) -> Any:
    """Listen on the loopback; returns the server, whose ``close`` ends it.

    Without a ``secret`` everybody on this machine may act as anybody.
    """
    app = create_app(actions, cors_origins="")
    app.config.KEEP_ALIVE_TIMEOUT = IDLE_SECONDS
    if secret is not None:
        _demand(app, secret)
    server = await app.create_server(host=HOST, port=port, return_asyncio_server=True, access_log=False)
    await server.startup()
    return server


async def main(port: int, *, is_open: bool = False) -> None:
    """Serve until told to stop. The Desk is opened at once, so that the first message does not wait for it."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    secret = None if is_open else settings.load().secret("channel")
    await desk_access.the.desk()
    server = await serve(port, secret=secret)
    if is_open:
        logger.warning("actions.open", port=port, meaning="everybody on this machine may act as anybody")
    logger.info("actions.ready", port=port)
    await stopping.wait()
    server.close()
    await server.wait_closed()
    await desk_access.the.close()


def _demand(app: Any, secret: str) -> None:
    """Refuse every call without the secret; only the health check is open. Raises ValueError for an empty secret."""
    if not secret:
        raise ValueError("the action server needs a secret")
    expected = secret.encode()

    async def check(request: Request) -> HTTPResponse | None:
        given = request.headers.get(settings.SECRET_HEADER, "").encode(errors="surrogateescape")
        if request.path == HEALTH_PATH or hmac.compare_digest(given, expected):
            return None
        return response.json({"error": "the channel secret is missing or wrong"}, status=401)

    app.register_middleware(check, "request")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m actions.server", description=__doc__)
    parser.add_argument("--port", type=int, default=5055)
    parser.add_argument(
        "--open",
        action="store_true",
        dest="is_open",
        help="ask for no secret, for a `rasa shell` by hand: everybody on this machine may then act as anybody",
    )
    return parser.parse_args()


if __name__ == "__main__":
    log.configure(process="actions")
    arguments = _arguments()
    try_use_uvloop()  # as Rasa's server does by itself
    try:
        asyncio.run(main(arguments.port, is_open=arguments.is_open))
    except CloudDeskError as error:
        sys.stderr.write(f"actions: {error}\n")
        sys.exit(1)
