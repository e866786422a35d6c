"""The action server: `python -m actions.server --port P`. Rasa calls it on the loopback for every custom action."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import Any

import structlog
from rasa_sdk.endpoint import create_app

import actions
from actions import desk_access
from clouddesk import log
from clouddesk.model.errors import CloudDeskError

HOST = "127.0.0.1"
logger = structlog.get_logger()


async def serve(port: int) -> Any:
    """Listen on the loopback; returns the server, whose ``close`` ends it."""
    app = create_app(actions, cors_origins="")
    server = await app.create_server(host=HOST, port=port, return_asyncio_server=True, access_log=False)
    await server.startup()
    return server


async def main(port: int) -> None:
    """Serve until told to stop. The Desk is opened at once, so that the first message does not wait for it."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await desk_access.the.desk()
    server = await serve(port)
    logger.info("actions.ready", port=port)
    await stopping.wait()
    server.close()
    await server.wait_closed()
    await desk_access.the.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m actions.server", description=__doc__)
    parser.add_argument("--port", type=int, default=5055)
    return parser.parse_args()


if __name__ == "__main__":
    log.configure(process="actions")
    try:
        asyncio.run(main(_arguments().port))
    except CloudDeskError as error:
        sys.stderr.write(f"actions: {error}\n")
        sys.exit(1)
