"""People's access to clouds: check credentials, keep them, and know the prices that they open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from clouddesk.adapters.sandbox import SandboxGrants
from clouddesk.catalog import offers_from_json, offers_to_json
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.invalid import OtherAccount, UnknownProvider
from clouddesk.model.offer import Offer
from clouddesk.model.ports import Catalog, Clock, Credentials, Provider
from clouddesk.providers import ProviderSpec

log = structlog.get_logger()

OFFERS_MAX_AGE = timedelta(hours=6)
REFRESH_AGAIN_AFTER = timedelta(minutes=5)
"""So long a cloud that did not tell its prices is not asked again."""


class LiveOffers(Protocol):
    """Offers as the clouds' own APIs listed them (``offers_to_json``), shared by all processes."""

    async def put(self, provider: str, text: str) -> None: ...

    async def get(self, provider: str) -> str | None: ...


class ReplaceableCatalog(Catalog, Protocol):
    """A catalogue that live lists go into."""

    def replace(self, provider: str, offers: Iterable[Offer]) -> None: ...


class Accounts:
    """Credentials and live prices of all people."""

    def __init__(
        self,
        *,
        specs: Mapping[str, ProviderSpec],
        credentials: Credentials,
        open_provider: Callable[[str, SecretFields], Provider],
        offers: LiveOffers,
        grants: SandboxGrants | None,
        simulated: frozenset[str],
        clock: Clock,
    ) -> None:
        """``specs``: the supported providers. ``simulated``: those of them that are a sandbox here."""
        self._specs = specs
        self._credentials = credentials
        self._open_provider = open_provider
        self._offers = offers
        self._grants = grants
        self._simulated = simulated
        self._clock = clock
        self._loaded: dict[str, str] = {}
        self._as_of: dict[str, datetime] = {}
        self._refresh_failed_at: dict[str, datetime] = {}
        self._welcomed: set[Person] = set()

    @property
    def providers(self) -> tuple[str, ...]:
        """The supported providers."""
        return tuple(self._specs)

    def bills_stopped_machines(self, provider: str) -> bool:
        """Whether a machine that is powered off costs as much as a running one."""
        return self._specs[provider].bills_stopped_machines

    async def list(self, person: Person) -> list[CredentialInfo]:
        """What the person has, without the secrets."""
        return await self._credentials.list(person)

    async def add(
        self, person: Person, provider: str, fields: SecretFields, *, only_account_id: str = ""
    ) -> CredentialInfo:
        """Check against the cloud, read its prices, store. Raises CredentialsRejected, ProviderDown, OtherAccount.

        ``only_account_id``: refuse another account than this one.
        """
        if provider not in self._specs:
            raise UnknownProvider([provider], self.providers)
        cloud = self._open_provider(provider, fields)
        account = await asyncio.to_thread(cloud.check_credentials)
        if only_account_id and account.id != only_account_id:
            raise OtherAccount(provider)
        if self._specs[provider].is_live_priced:
            await self._offers.put(provider, offers_to_json(await asyncio.to_thread(cloud.list_offers)))
        now = self._clock()
        info = CredentialInfo(
            provider=provider,
            account=account.label or account.id,
            added_at=now,
            checked_at=now,
            is_simulated=provider in self._simulated,
            account_id=account.id,
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
        is_first = False
        given: tuple[CredentialInfo, ...] = ()
        if not await self._grants.was_given(person):
            # Stored before it is marked: whoever is interrupted in between is simply given the same keys again.
            given = tuple([await self._grant(person, provider) for provider in self._grants.providers])
            is_first = await self._grants.mark_given(person)
        self._welcomed.add(person)
        return given if is_first else ()

    async def _grant(self, person: Person, provider: str) -> CredentialInfo:
        assert self._grants is not None
        return await self.add(person, provider, await self._grants.issue(person, provider))

    async def refresh_offers(self, catalog: ReplaceableCatalog) -> tuple[str, ...]:
        """Take over newer live lists; returns the providers whose list is missing or too old and may be asked now."""
        stale = []
        now = self._clock()
        for provider, spec in self._specs.items():
            if not spec.is_live_priced:
                continue
            text = await self._offers.get(provider)
            if text and text != self._loaded.get(provider):
                offers = offers_from_json(text)
                catalog.replace(provider, offers)
                self._loaded[provider] = text
                self._as_of[provider] = min((offer.as_of for offer in offers), default=now)
            failed_at = self._refresh_failed_at.get(provider)
            is_old = not text or now - self._as_of[provider] > OFFERS_MAX_AGE
            if is_old and (failed_at is None or now - failed_at > REFRESH_AGAIN_AFTER):
                stale.append(provider)
        return tuple(stale)

    def refresh_failed(self, provider: str) -> None:
        """Remember that the provider did not tell its prices, so that not every quote waits for it."""
        self._refresh_failed_at[provider] = self._clock()
