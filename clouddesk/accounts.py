"""People's access to clouds: check credentials, keep them, and know the prices that they open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import structlog

from clouddesk.adapters.sandbox import SandboxGrants
from clouddesk.catalog import OfferTable, offers_from_json, offers_to_json
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import Invalid
from clouddesk.model.invalid import NoPrice, OtherAccount, UnknownProvider
from clouddesk.model.offer import OWN_MACHINE, Offer, OwnCloud, PriceList
from clouddesk.model.ports import Catalog, Clock, Credentials, Provider
from clouddesk.providers import ProviderSpec

log = structlog.get_logger()

OFFERS_MAX_AGE = timedelta(hours=6)
REFRESH_AGAIN_AFTER = timedelta(minutes=5)
"""So long a cloud that was asked for its prices is not asked again."""


class LiveOffers(Protocol):
    """Offers as the clouds' own APIs listed them (``offers_to_json``), shared by all processes."""

    async def put(self, provider: str, text: str) -> None: ...

    async def get(self, provider: str) -> str | None: ...

    async def versions(self, providers: Sequence[str]) -> dict[str, str]:
        """A word for each list there is, which changes with it."""
        ...


class ReplaceableCatalog(Catalog, Protocol):
    """A catalogue that live lists go into."""

    def replace(
        self, provider: str, offers: Iterable[Offer], *, whereabouts: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """These are all of the provider's. ``whereabouts``: where regions are that no list has, in words."""
        ...

    def merge(self, provider: str, offers: Iterable[Offer]) -> None:
        """These take the place of the bundled ones of the same region and kind."""
        ...

    def lists(self) -> list[PriceList]:
        """Where the prices that are known now are from."""
        ...


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
        own_clouds: Mapping[str, OwnCloud] = MappingProxyType({}),
    ) -> None:
        """``specs``: the supported providers. ``simulated``: those of them that are a sandbox here.

        ``own_clouds``: what the team says of clouds whose APIs tell no prices.
        """
        self._specs = specs
        self._credentials = credentials
        self._open_provider = open_provider
        self._offers = offers
        self._grants = grants
        self._simulated = simulated
        self._clock = clock
        self._own_clouds = own_clouds
        self._own_tables: dict[str, OfferTable] = {}
        self._loaded: dict[str, str] = {}
        """By provider: the version of the live list that the catalogue has."""
        self._as_of: dict[str, datetime] = {}
        self._asked_at: dict[str, datetime] = {}
        self._welcomed: set[Person] = set()

    @property
    def providers(self) -> tuple[str, ...]:
        """The supported providers."""
        return tuple(self._specs)

    @property
    def clouds(self) -> tuple[str, ...]:
        """Those of them that one has access to by a key, and that cost something: all but one's own machine."""
        return tuple(name for name in self._specs if name != OWN_MACHINE)

    def opens_later(self, provider: str) -> bool:
        """Whether what machines let in from outside can be changed while they run."""
        return provider in self._specs and self._specs[provider].opens_later

    def bills_stopped_machines(self, provider: str) -> bool:
        """Whether a machine that is powered off costs as much as a running one."""
        return self._specs[provider].bills_stopped_machines

    async def list(self, person: Person) -> list[CredentialInfo]:
        """What the person has, without the secrets."""
        return await self._credentials.list(person)

    async def add(
        self, person: Person, provider: str, fields: SecretFields, *, only_account_id: str = ""
    ) -> CredentialInfo:
        """Check against the cloud, read its prices, store. Raises CredentialsRejected, ProviderDown, OtherAccount,
        and Invalid for another cloud than the team's own.

        ``only_account_id``: refuse another account than this one.
        """
        if provider not in self.clouds:
            raise UnknownProvider([provider], self.clouds)
        self._require_own(provider, fields)
        cloud = self._open_provider(provider, fields)
        account = await asyncio.to_thread(cloud.check_credentials)
        if only_account_id and only_account_id not in (account.id, *account.earlier_ids):
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

    def _require_own(self, provider: str, fields: SecretFields) -> None:
        """Of a cloud of the team's own there is one, as its prices and sizes are everybody's. Raises Invalid."""
        own = self._own_clouds.get(provider)
        if own is None or provider in self._simulated:
            return
        title = self._specs[provider].title
        if not own.address:
            raise Invalid(f"{title} is not set up here: whoever runs CloudDesk names the cloud ({provider}_auth_url).")
        if not own.is_at(fields["auth_url"].reveal()):
            raise Invalid(f"Here {title} is the cloud at {own.address}, and this access is to another one.")

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
        # A simulated cloud whose prices come with the catalogue has no others.
        telling = [
            name
            for name, spec in self._specs.items()
            if spec.is_live_priced or (spec.refines_prices and name not in self._simulated)
        ]
        versions = await self._offers.versions(telling)
        for provider in telling:
            version = versions.get(provider)
            if version and version != self._loaded.get(provider):
                await self._load(provider, version, catalog)
            as_of, asked_at = self._as_of.get(provider), self._asked_at.get(provider)
            is_old = as_of is None or now - as_of > OFFERS_MAX_AGE
            if is_old and (asked_at is None or now - asked_at > REFRESH_AGAIN_AFTER):
                stale.append(provider)
        return tuple(stale)

    def is_worth_waiting(self, provider: str) -> bool:
        """Whether a quote waits for the provider's fresh list, or takes what is known while that is read."""
        return self._specs[provider].is_live_priced

    def no_price(self, provider: str, sizes: Sequence[str]) -> NoPrice | None:
        """Why a cloud of the team's own has no offers: no price is set for some of these sizes, or for any."""
        table = self._own_tables.get(provider)
        if table is None:
            return None
        unpriced = table.unpriced_sizes
        named = [size for size in unpriced if size.lower() in {name.lower() for name in sizes}]
        return NoPrice(provider, sorted(named)) if named or len(unpriced) == len(table.sizes) else None

    def asked_for_offers(self, provider: str) -> None:
        """Remember that the provider is being asked, so that not every quote does, nor waits for one that is silent."""
        self._asked_at[provider] = self._clock()

    async def _load(self, provider: str, version: str, catalog: ReplaceableCatalog) -> None:
        """A list of an older version of this program counts as none."""
        text = await self._offers.get(provider) or ""
        self._loaded[provider] = version
        try:
            table = await asyncio.to_thread(offers_from_json, text)
        except ValueError:
            log.warning("offers.unreadable", provider=provider)
            return
        own = self._own_clouds.get(provider)
        if own is not None and len(table):
            table = table.priced_by(own)
            self._own_tables[provider] = table
            catalog.replace(provider, table, whereabouts=own.regions)
        elif not self._specs[provider].is_live_priced:
            catalog.merge(provider, table)
        elif len(table):  # a cloud that sells nothing at all has told nothing
            catalog.replace(provider, table)
        self._as_of[provider] = min((as_of for _, as_of in table.origins), default=self._clock())
