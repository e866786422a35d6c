"""Puts the Desk together from its adapters: the one place that knows which server is behind which port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from clouddesk.accounts import Accounts
from clouddesk.adapters.absences import RedisAbsences
from clouddesk.adapters.audit import RedisAuditTrail
from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.adapters.budgets import RedisApprovals, RedisBudgets
from clouddesk.adapters.calendars import RedisCalendars
from clouddesk.adapters.colleagues import RedisColleagues
from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.freezes import RedisFreezes
from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.adapters.own_machine import OwnMachineCredentials
from clouddesk.adapters.redis import (
    RedisHabits,
    RedisNotices,
    RedisOffers,
    RedisQuotes,
    RedisReservationViews,
    open_redis,
)
from clouddesk.adapters.sandbox import SandboxGrants
from clouddesk.adapters.team_channels import RedisTeamChannels
from clouddesk.adapters.templates import RedisTemplates
from clouddesk.adapters.utilisation import RedisUtilisation
from clouddesk.adapters.vault import VaultCredentials
from clouddesk.adapters.vault_keys import VaultSshKeys
from clouddesk.adapters.vault_machines import VaultMachineSecrets
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.admins import Admins
from clouddesk.desk import Desk
from clouddesk.language.localtime import utc_now
from clouddesk.settings import Settings
from clouddesk.sharing import LentLogins
from clouddesk.ssh_keys import SshKeys

if TYPE_CHECKING:
    from clouddesk.model.credentials import SecretFields
    from clouddesk.model.ports import Provider


@asynccontextmanager
async def open_desk(settings: Settings, *, vault_role: str = "desk") -> AsyncIterator[Desk]:
    """A Desk on the settings' servers, for as long as the context lasts. ``vault_role``: "desk" or "gateway"."""
    # These bring libcloud and Temporal along; commands that need no Desk must start without them.
    from clouddesk.catalog import load_catalog
    from clouddesk.providers import PROVIDERS, open_provider
    from clouddesk.workflows.bill_client import TemporalBills
    from clouddesk.workflows.client import TemporalReservations
    from clouddesk.workflows.timers import TemporalTimers

    specs = {name: spec for name, spec in PROVIDERS.items() if settings.is_offered(name)}

    def open_account(name: str, fields: SecretFields) -> Provider:
        return open_provider(name, fields, endpoint=settings.endpoint(name), installation=settings.installation)

    vault = VaultSession.of_role(
        settings.vault_addr, mount=settings.vault_mount, login=settings.secret(f"vault-{vault_role}.json")
    )
    stored = VaultCredentials(vault)
    redis = open_redis(settings.redis_url)
    engine = await TemporalReservations.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    views = RedisReservationViews(redis)
    try:
        yield Desk(
            accounts=Accounts(
                specs=specs,
                credentials=OwnMachineCredentials(stored) if settings.docker_host else stored,
                open_provider=open_account,
                offers=RedisOffers(redis),
                own_clouds=settings.own_clouds,
                grants=SandboxGrants(redis, settings.sandbox) if settings.grant_sandbox_credentials else None,
                simulated=frozenset(settings.sandbox),
                clock=utc_now,
            ),
            blueprints_by_name=load_blueprints(*settings.blueprint_paths),
            catalog=load_catalog(specs),
            installation=settings.installation,
            is_simulated=bool(settings.sandbox),
            limits=settings.limits,
            quotes=RedisQuotes(redis),
            engine=engine,
            timer_port=await TemporalTimers.connect(settings.temporal_address, namespace=settings.temporal_namespace),
            bill_port=await TemporalBills.connect(settings.temporal_address, namespace=settings.temporal_namespace),
            views=views,
            colleagues=RedisColleagues(redis),
            notices=RedisNotices(redis),
            habits=RedisHabits(redis),
            orphan_store=RedisOrphans(redis),
            absence_store=RedisAbsences(redis),
            calendars=RedisCalendars(redis),
            team_channel_store=RedisTeamChannels(redis),
            template_store=RedisTemplates(redis),
            ssh_keys=SshKeys(VaultSshKeys(vault), LentLogins(engine, views, utc_now).renew),
            software_secrets=VaultMachineSecrets(vault),
            series=RedisUtilisation(redis),
            trail=RedisAuditTrail(redis, keep_days=settings.audit_days),
            ledger=RedisCosts(redis),
            budget_store=RedisBudgets(redis),
            approval_store=RedisApprovals(redis),
            admins_of=Admins(redis, settings.admins, has_group=bool(settings.slack_admin_group)).of_workspace,
            team=settings.defaults,
            budget_defaults=settings.budgets,
            freezes=RedisFreezes(redis),
        )
    finally:
        await redis.close()
