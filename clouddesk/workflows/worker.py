"""The worker process: `python -m clouddesk.workflows.worker --health-port P`. Run as many as the work needs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from typing import TypeVar

import click
import structlog
from aiohttp import web
from redis.exceptions import RedisError
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_fixed

from clouddesk import log as logging
from clouddesk import settings as configuration
from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.completeness import RedisCompleteness
from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.adapters.rate_limit import RedisRateLimit
from clouddesk.adapters.redis import RedisNotices, RedisOffers, RedisReservationViews, open_redis
from clouddesk.adapters.vault import VaultCredentials
from clouddesk.admins import Admins
from clouddesk.catalog import offers_to_json
from clouddesk.model.errors import CloudDeskError, Unavailable
from clouddesk.model.offer import Offer
from clouddesk.model.ports import Credentials, Provider
from clouddesk.providers import PROVIDERS, open_provider
from clouddesk.settings import Settings
from clouddesk.workflows.activities import Activities, KeepOffers, ProviderFactory
from clouddesk.workflows.rebuild import Rebuild
from clouddesk.workflows.registration import make_worker, schedule_sweep
from clouddesk.workflows.sweeping import SweepActivities

log = structlog.get_logger()
_T = TypeVar("_T")

THREADS = 64
"""Provider calls at a time; they wait for clouds, so there may be many more than cores."""
RETRY_SECONDS = 1.0


async def run(settings: Settings, *, health_port: int) -> None:
    """Work until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    health = _Health()
    async with _serving(health, health_port):
        work = asyncio.create_task(_work(settings, health, stopping))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        health.worker = None
        if not work.done() and not health.is_started:
            work.cancel()  # still waiting for a server
        await asyncio.wait([work])
        stop.cancel()
        if not work.cancelled():
            work.result()


class _Health:
    """What GET /health answers from."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.is_started = False

    async def answer(self, _request: web.Request) -> web.Response:
        is_polling = self.worker is not None and self.worker.is_running and not self.worker.is_shutdown
        return web.json_response({"polling": is_polling}, status=200 if is_polling else 503)


@asynccontextmanager
async def _serving(health: _Health, port: int) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/health", health.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


async def _work(settings: Settings, health: _Health, stopping: asyncio.Event) -> None:
    redis = open_redis(settings.redis_url)
    credentials = VaultCredentials.of_role(
        settings.vault_addr, mount=settings.vault_mount, login=settings.secret("vault-worker.json")
    )
    await _until_there("redis", redis.ping)
    await _until_there("vault", credentials.check)
    client = await _until_there("temporal", lambda: _connect(settings))
    # Before anything is replayed: an import in an activity's thread meets the one of the workflows' sandbox otherwise.
    for spec in PROVIDERS.values():
        import_module(spec.cloud.partition(":")[0])
    views, notices = RedisReservationViews(redis), RedisNotices(redis)
    audit = RedisAuditTrail(redis, keep_days=settings.audit_days)
    admins = Admins(redis, settings.admins, has_group=bool(settings.slack_admin_group))
    open_account = provider_factory(settings, credentials, RedisRateLimit(settings.redis_url))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="provider") as threads:
        activities = Activities(
            open_provider=open_account,
            views=views,
            notices=notices,
            audit=audit,
            admins_of=admins.of_workspace,
            keep_offers=_offers_keeper(RedisOffers(redis)),
            threads=threads,
        )
        sweeping = SweepActivities(
            client=client,
            credentials=credentials,
            open_provider=open_account,
            views=views,
            orphans=RedisOrphans(redis),
            notices=notices,
            audit=audit,
            admins_of=admins.of_workspace,
        )
        rebuild = Rebuild(client, views=views, audit=audit, completeness=RedisCompleteness(redis))
        async with make_worker(client, activities, sweeping) as worker:
            health.worker, health.is_started = worker, True
            await schedule_sweep(client, every=timedelta(minutes=settings.sweep_minutes))
            keeping = asyncio.create_task(rebuild.keep())
            log.info("worker.started", temporal=settings.temporal_address)
            await stopping.wait()
            log.info("worker.stopping")
            keeping.cancel()
    await redis.close()


def provider_factory(
    settings: Settings, credentials: Credentials, limit: RedisRateLimit | None = None
) -> ProviderFactory:
    """Opens a provider with the secret that lies at a credential ref; a fresh one for each job.

    ``limit`` counts what all workers ask of each account.
    """

    async def open_with(name: str, credential_ref: str) -> Provider:
        fields = await credentials.read(credential_ref)
        return await asyncio.to_thread(
            open_provider,
            name,
            fields,
            endpoint=settings.sandbox.get(name),
            installation=settings.installation,
            account=credential_ref,
            limit=limit,
        )

    return open_with


def _offers_keeper(store: RedisOffers) -> KeepOffers:
    async def keep(provider: str, offers: Sequence[Offer]) -> None:
        await store.put(provider, offers_to_json(offers))

    return keep


async def _connect(settings: Settings) -> Client:
    return await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)


async def _until_there(server: str, attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Servers start in any order, and come back after a restart: wait for each."""

    async def call() -> _T:
        return await attempt()

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.info("worker.waiting", server=server, error=type(error).__name__)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type((Unavailable, OSError, RuntimeError, RPCError, RedisError)),
        wait=wait_fixed(RETRY_SECONDS),
        before_sleep=tell,
    )
    return await retrying(call)


@click.command()
@click.option("--health-port", type=int, required=True, help="Port on loopback for GET /health.")
def main(health_port: int) -> None:
    """Run reservations' workflows and their activities."""
    logging.configure(process="worker")
    try:
        asyncio.run(run(configuration.load(), health_port=health_port))
    except CloudDeskError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
