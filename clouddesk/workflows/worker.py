"""The worker process: `python -m clouddesk.workflows.worker --health-port P`. Run as many as the work needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from typing import TypeVar

import click
import structlog
from redis.exceptions import RedisError
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_fixed

from clouddesk.adapters.ansible import AnsibleConfiguration
from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.bills import RedisBills
from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.adapters.budgets import RedisApprovals, RedisBudgets
from clouddesk.adapters.completeness import RedisCompleteness
from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.adapters.own_machine import OwnMachineCredentials
from clouddesk.adapters.pretended_use import PretendedUse
from clouddesk.adapters.rate_limit import RedisRateLimit
from clouddesk.adapters.redis import RedisNotices, RedisOffers, RedisReservationViews, open_redis
from clouddesk.adapters.ssh_logins import SshLogins
from clouddesk.adapters.ssh_probe import SshProbe
from clouddesk.adapters.team_channels import RedisTeamChannels
from clouddesk.adapters.utilisation import RedisHostKeys, RedisUtilisation
from clouddesk.adapters.vault import VaultCredentials
from clouddesk.adapters.vault_keys import VaultSshKeys
from clouddesk.adapters.vault_machines import VaultMachineSecrets
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.admins import Admins
from clouddesk.budgets import Budgets
from clouddesk.catalog import offers_to_json
from clouddesk.language.localtime import utc_now
from clouddesk.model.errors import Invalid, ProviderDown, Unavailable
from clouddesk.model.offer import OWN_MACHINE, Offer
from clouddesk.model.ports import Credentials, Provider
from clouddesk.providers import PROVIDERS, open_provider
from clouddesk.providers.docker_engine import find_engine
from clouddesk.running import run_process, telling_health, work_until_told
from clouddesk.settings import Settings
from clouddesk.workflows.activities import Activities, KeepOffers, ProviderFactory
from clouddesk.workflows.billing import BillActivities
from clouddesk.workflows.client import TemporalReservations
from clouddesk.workflows.configure_activities import ConfigureActivities
from clouddesk.workflows.digesting import DigestActivities
from clouddesk.workflows.idle_check import IdleCheck
from clouddesk.workflows.login_activities import LoginActivities
from clouddesk.workflows.measuring import UtilisationActivities
from clouddesk.workflows.rebuild import Rebuild
from clouddesk.workflows.registration import make_worker, schedule_digest, schedule_sweep, schedule_utilisation
from clouddesk.workflows.ringing import TimerActivities
from clouddesk.workflows.sweeping import SweepActivities
from clouddesk.workflows.timers import TemporalTimers

log = structlog.get_logger()
_T = TypeVar("_T")

THREADS = 64
"""Provider calls at a time; they wait for clouds, so there may be many more than cores."""
RETRY_SECONDS = 1.0


async def run(settings: Settings, *, health_port: int) -> None:
    """Work until SIGTERM or SIGINT."""
    health = _Health()
    async with telling_health(health_port, health.look):
        await work_until_told(
            lambda stopping: _work(settings, health, stopping), has_begun=lambda: health.worker is not None
        )


class _Health:
    """What GET /health answers from."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.is_ending = False

    async def look(self) -> tuple[bool, dict[str, bool]]:
        worker = self.worker
        is_polling = worker is not None and worker.is_running and not worker.is_shutdown and not self.is_ending
        return is_polling, {"polling": is_polling}


async def _work(settings: Settings, health: _Health, stopping: asyncio.Event) -> None:
    redis = open_redis(settings.redis_url)
    vault = VaultSession.of_role(
        settings.vault_addr, mount=settings.vault_mount, login=settings.secret("vault-worker.json")
    )
    stored = VaultCredentials(vault)
    credentials = OwnMachineCredentials(stored, is_there=lambda: bool(_own_engine(settings)))
    await _until_there("redis", redis.ping)
    await _until_there("vault", stored.check)
    client = await _until_there("temporal", lambda: _connect(settings))
    # Before anything is replayed: an import in an activity's thread meets the one of the workflows' sandbox otherwise.
    for spec in PROVIDERS.values():
        import_module(spec.cloud.partition(":")[0])
    views, notices = RedisReservationViews(redis), RedisNotices(redis)
    audit = RedisAuditTrail(redis, keep_days=settings.audit_days)
    admins = Admins(redis, settings.admins, has_group=bool(settings.slack_admin_group))
    machine_secrets = VaultMachineSecrets(vault)
    open_account = provider_factory(settings, credentials, RedisRateLimit(settings.redis_url))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="provider") as threads:
        activities = Activities(
            open_provider=open_account,
            views=views,
            notices=notices,
            audit=audit,
            admins_of=admins.of_workspace,
            keep_offers=_offers_keeper(RedisOffers(redis)),
            machine_secrets=machine_secrets,
            threads=threads,
        )
        configuring = ConfigureActivities(
            configuration=AnsibleConfiguration(settings.blueprint_paths),
            machine_secrets=machine_secrets,
            traces=(RedisUtilisation(redis), RedisHostKeys(redis), PretendedUse(redis, utc_now)),
            views=views,
            mirrors=settings.mirrors,
            logs=settings.home / "logs" / "configure",
        )
        logins = LoginActivities(logins=SshLogins(), ssh_keys=VaultSshKeys(vault), machine_secrets=machine_secrets)
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
        digesting = DigestActivities(
            credentials=credentials,
            ledger=RedisCosts(redis),
            notices=notices,
            admins_of=admins.of_workspace,
            channels=RedisTeamChannels(redis),
        )
        ringing = TimerActivities(
            engine=TemporalReservations(client),
            views=views,
            notices=notices,
            timers=TemporalTimers(client),
            budgets=Budgets(
                RedisBudgets(redis), RedisApprovals(redis), RedisCosts(redis), audit, settings.budgets, utc_now
            ),
            clock=utc_now,
        )
        series = RedisUtilisation(redis)
        idle = IdleCheck(
            engine=TemporalReservations(client),
            series=series,
            thresholds=settings.limits.idle_thresholds(minutes_between_looks=settings.utilisation_minutes),
            blueprints=load_blueprints(*settings.blueprint_paths),
            clock=utc_now,
        )
        measuring = UtilisationActivities(
            views=views,
            series=series,
            probe=SshProbe(machine_secrets, RedisHostKeys(redis), utc_now),
            simulated=PretendedUse(redis, utc_now),
            open_provider=open_account,
            clock=utc_now,
            sampled=idle.heard,
            resting=idle.check_lease,
        )
        billing = BillActivities(
            credentials=credentials,
            open_provider=open_account,
            ledger=RedisCosts(redis),
            views=views,
            cache=RedisBills(redis),
            notices=notices,
            clock=utc_now,
        )
        rebuild = Rebuild(client, views=views, audit=audit, completeness=RedisCompleteness(redis))
        parts = (sweeping, digesting, ringing, measuring)
        async with make_worker(client, activities, configuring, *parts, logins=logins, billing=billing) as worker:
            health.worker = worker
            await schedule_sweep(client, every=timedelta(minutes=settings.sweep_minutes))
            await schedule_digest(client, str(settings.digest or ""))
            await schedule_utilisation(client, every=timedelta(minutes=settings.utilisation_minutes))
            keeping = asyncio.create_task(rebuild.keep())
            log.info("worker.started", temporal=settings.temporal_address)
            await stopping.wait()
            health.is_ending = True
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
        endpoint = settings.endpoint(name)
        if name == OWN_MACHINE:
            endpoint = await asyncio.to_thread(_own_engine, settings)
            if not endpoint:
                raise ProviderDown(name, "no engine answers on this machine")
        elif not settings.is_offered(name):
            raise Invalid(f"{name} is not among the simulated clouds: {', '.join(settings.sandbox)}.")
        fields = await credentials.read(credential_ref)
        return await asyncio.to_thread(
            open_provider,
            name,
            fields,
            endpoint=endpoint,
            installation=settings.installation,
            account=credential_ref,
            limit=limit,
        )

    return open_with


def _own_engine(settings: Settings) -> str:
    """The address of this machine's Docker engine; "" when none answers, or none is to be used.

    Looked for each time where none answered when the stack was started: nodes outlive both, and must be ended.
    """
    return settings.docker_host or (find_engine() if settings.docker else "")


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
    run_process("worker", lambda settings: run(settings, health_port=health_port))


if __name__ == "__main__":
    main()
