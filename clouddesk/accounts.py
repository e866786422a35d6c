"""People's access to clouds: check credentials, keep them, and know the prices that they open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from clouddesk.adapters.sandbox import SandboxGrants
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import CloudDeskError, Invalid
from clouddesk.model.offer import Offer
from clouddesk.model.ports import Clock, Credentials, Provider

log = structlog.get_logger()

OFFERS_MAX_AGE = timedelta(hours=6)


class LiveOffers(Protocol):
    """Offers as the clouds' own APIs listed them, shared by all processes."""

    async def put(self, provider: str, offers: list[Offer]) -> None: ...

    async def get(self, provider: str) -> list[Offer]: ...

    async def as_of(self, provider: str) -> datetime | None:
        """When the list was read; None when there is none."""
        ...


class ReplaceableCatalog(Protocol):
    """The part of the catalogue that live lists go into."""

    def replace(self, provider: str, offers: list[Offer]) -> None: ...


class Accounts:
    """Credentials and live prices of all people."""

    def __init__(
        self,
        *,
        titles: dict[str, str],
        live_providers: tuple[str, ...],
        credentials: Credentials,
        open_provider: Callable[[str, SecretFields], Provider],
        offers: LiveOffers,
        grants: SandboxGrants | None,
        simulated: frozenset[str],
        clock: Clock,
    ) -> None:
        """``titles`` names the supported providers; the prices of ``live_providers`` come from their own APIs."""
        self._titles = titles
        self._live_providers = live_providers
        self._credentials = credentials
        self._open_provider = open_provider
        self._offers = offers
        self._grants = grants
        self._simulated = simulated
        self._clock = clock
        self._loaded: dict[str, datetime] = {}
        self._welcomed: set[Person] = set()

    @property
    def providers(self) -> tuple[str, ...]:
        """The supported providers."""
        return tuple(self._titles)

    def titles(self) -> list[str]:
        """Their names for people."""
        return list(self._titles.values())

    async def list(self, person: Person) -> list[CredentialInfo]:
        """What the person has, without the secrets."""
        return await self._credentials.list(person)

    async def add(self, person: Person, provider: str, fields: SecretFields) -> CredentialInfo:
        """Check against the cloud, read its prices, store. Raises CredentialsRejected, ProviderDown, Invalid."""
        if provider not in self._titles:
            raise Invalid(f"{provider} is not connected yet; there are {' and '.join(self.titles())}.")
        cloud = self._open_provider(provider, fields)
        account = await asyncio.to_thread(cloud.check_credentials)
        if provider in self._live_providers:
            await self._offers.put(provider, await asyncio.to_thread(cloud.list_offers))
        now = self._clock()
        info = CredentialInfo(
            provider=provider,
            account=account.label or account.id,
            added_at=now,
            checked_at=now,
            is_simulated=provider in self._simulated,
        )
        await self._credentials.write(person, info, fields)
        log.info("credentials.added", user=str(person), provider=provider)
        return info

    async def remove(self, person: Person, provider: str) -> bool:
        """Forget; False when there was nothing."""
        removed = await self._credentials.remove(person, provider)
        if removed:
            log.info("credentials.removed", user=str(person), provider=provider)
        return removed

    async def welcome(self, person: Person) -> tuple[CredentialInfo, ...]:
        """In the sandbox: the first time that somebody speaks they get working credentials; otherwise ()."""
        if self._grants is None or person in self._welcomed:
            return ()
        given: tuple[CredentialInfo, ...] = ()
        if await self._grants.claim(person):
            try:
                given = tuple([await self._grant(person, provider) for provider in self._grants.providers])
            except CloudDeskError:
                await self._grants.give_back(person)
                raise
        self._welcomed.add(person)
        return given

    async def _grant(self, person: Person, provider: str) -> CredentialInfo:
        assert self._grants is not None
        return await self.add(person, provider, await self._grants.issue(person, provider))

    async def refresh_offers(self, catalog: ReplaceableCatalog) -> tuple[str, ...]:
        """Take over live lists that are newer than the catalogue's; returns the providers whose list is too old."""
        stale = []
        for provider in self._live_providers:
            as_of = await self._offers.as_of(provider)
            if as_of is None:
                continue
            if self._loaded.get(provider) != as_of:
                catalog.replace(provider, await self._offers.get(provider))
                self._loaded[provider] = as_of
            if self._clock() - as_of > OFFERS_MAX_AGE:
                stale.append(provider)
        return tuple(stale)
