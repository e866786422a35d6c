"""How our own long-running processes live: they tell how they are at /health, and a signal ends them in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import click
from aiohttp import web

from clouddesk import log as logging
from clouddesk import settings as configuration
from clouddesk.model.errors import CloudDeskError
from clouddesk.settings import Settings

LOOPBACK = "127.0.0.1"


def run_process(name: str, work: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Do the work with the settings and logs of this process; an error of ours is told in its one sentence."""
    logging.configure(process=name)
    try:
        asyncio.run(work(configuration.load()))
    except CloudDeskError as error:
        raise click.ClickException(str(error)) from error


async def work_until_told(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, None]], *, has_begun: Callable[[], bool]
) -> None:
    """``work`` ends when its event is set, which SIGTERM and SIGINT do. Still waiting for others, it is cancelled."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    working, stop = asyncio.create_task(work(stopping)), asyncio.create_task(stopping.wait())
    await asyncio.wait([working, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not working.done() and not has_begun():
        working.cancel()
    await asyncio.wait([working])
    if not working.cancelled():
        working.result()


@asynccontextmanager
async def telling_health(
    port: int, look: Callable[[], Awaitable[tuple[bool, Mapping[str, object]]]]
) -> AsyncIterator[None]:
    """Answers GET /health on loopback: whether all is well (200, else 503), and what there is to say of it."""

    async def answer(_request: web.Request) -> web.Response:
        is_well, told = await look()
        return web.json_response(dict(told), status=200 if is_well else 503)

    app = web.Application()
    app.router.add_get("/health", answer)
    async with serving(app, LOOPBACK, port):
        yield


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """The app at this address, for as long as the context lasts."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
