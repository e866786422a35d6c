"""Quotes for people: the clouds they may use, fresh prices, what they usually take, and what is kept for a yes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace

import structlog

from clouddesk.accounts import Accounts, ReplaceableCatalog
from clouddesk.adapters.blueprints import find_blueprint
from clouddesk.comparing import compare
from clouddesk.habits import ANYWHERE, LATEST, Filled, fill, key_of, keys_of, reservation_key
from clouddesk.limits import Limits, TeamDefaults
from clouddesk.model.actor import LOCAL_WORKSPACE, Actor, Person
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.comparison import PriceComparison
from clouddesk.model.credentials import credential_ref
from clouddesk.model.errors import CredentialsMissing, Invalid, NothingFits, OfferChanged, QuoteExpired, Unavailable
from clouddesk.model.invalid import NoOwnMachine, UnknownProvider
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.ports import Clock, Reservations
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.model.stores import Habits, Quotes
from clouddesk.quoting import is_over, make_quote, still_holds
from clouddesk.setups import Setup, make_setup, openings_of

log = structlog.get_logger()

_RUNNING: set[asyncio.Task[None]] = set()
"""Refreshes that nobody waits for; kept so that they are not collected as garbage."""

REFRESH_PATIENCE_SECONDS = 4.0
"""So long a quote waits for fresh prices; after that the known ones are good enough."""


@dataclass(frozen=True)
class Quotations:
    """All people's quotes. The Desk has authorised whoever comes here."""

    accounts: Accounts
    blueprints: dict[str, Blueprint]
    catalog: ReplaceableCatalog
    clock: Clock
    engine: Reservations
    habits: Habits
    is_simulated: bool
    limits: Limits
    quotes: Quotes
    team: TeamDefaults

    async def make(self, actor: Actor, request: ResourceRequest, *, keep: bool, taken: Collection[str] = ()) -> Quote:
        """The cheapest way to meet the request, what was not said filled in; kept for a yes if ``keep``.

        A said name that is ``taken`` gets the number that the yes will give it.
        """
        providers = await self._usable_providers(actor, request)
        await self.refresh_offers(actor.person, providers)
        filled = await self._filled(actor, request)
        try:
            quote = self._quote_or_reason(actor, filled, providers)
        except (Invalid, NothingFits):
            if filled.request == request:
                raise
            filled = Filled(request)
            quote = self._quote_or_reason(actor, filled, providers)
        quote = replace(quote, request=request, habits=filled.habits, team=filled.team, used=filled.used())
        quote = replace(quote, name=_free_name(quote.name, taken))
        quote = replace(quote, openings=openings_of(request, self.setup(quote), provider=quote.offer.provider))
        if keep:
            await self.quotes.put(quote)
        return quote

    async def compare(self, actor: Actor, request: ResourceRequest, *, most: int | None) -> PriceComparison:
        """What it costs on every cloud or on those that are named, with the actor's access or without.

        The place that the actor used last is no wish: it would leave out the clouds that are not there.
        """
        own = [info.provider for info in await self.accounts.list(actor.person)]
        await self.refresh_offers(actor.person, tuple(name for name in own if name in (request.providers or own)))
        priced = self.catalog.clouds()
        if request.providers and not {*priced} & {*request.providers}:
            known = [name for name in request.providers if name in self.accounts.providers]
            unpriced = [self.accounts.no_price(name, request.size_names) for name in known]
            raise next((reason for reason in unpriced if reason), None) or UnknownProvider(request.providers, priced)
        providers = request.providers or priced
        filled = await self._filled(actor, request)
        if "region" in filled.habits:
            region = None if self.team.region in request.excluded_regions else self.team.region
            habits = tuple(name for name in filled.habits if name != "region")
            filled = replace(filled, request=replace(filled.request, region=region), habits=habits)
            request = replace(request, region=region or ANYWHERE)
        try:
            compared = self._comparison(actor, filled, providers, own, most)
        except (Invalid, NothingFits):
            if filled.request == request:
                raise
            filled = Filled(request)
            compared = self._comparison(actor, filled, providers, own, most)
        if not any(line.fits and line.has_access for line in compared.lines):
            return compared
        quote = self._quote(actor, filled, tuple(name for name in own if name in providers))
        quote = replace(quote, request=request, habits=filled.habits, team=filled.team)
        return replace(compared, quote=quote)

    def blueprint(self, request: ResourceRequest) -> Blueprint | None:
        """What a cluster is made by; None for single machines. Raises UnknownSoftware."""
        if request.kind != CLUSTER:
            return None
        software = request.software[0] if request.software else "plain"
        return find_blueprint(self.blueprints, software)

    def setup(self, quote: Quote) -> Setup:
        """What is put on the quote's machines, and what of its request cannot be."""
        return make_setup(self.blueprints, quote.request, os=quote.os, provider=quote.offer.provider)

    def _comparison(
        self, actor: Actor, filled: Filled, providers: tuple[str, ...], own: Collection[str], most: int | None
    ) -> PriceComparison:
        return compare(
            actor,
            filled.request,
            blueprint=self.blueprint(filled.request),
            providers=providers,
            own=own,
            catalog=self.catalog,
            limits=self.limits,
            now=self.clock(),
            is_simulated=self.is_simulated,
            most=most,
            usual=(*filled.habits, *filled.team),
        )

    async def usual(self, actor: Actor, kind: str | None, software: str | None) -> ResourceRequest | None:
        """What the actor used last: of this kind and software, or of any."""
        key = LATEST if kind is None else key_of(kind, software)
        return (await self.habits.get(actor.person, [key]))[0]

    async def is_kept(self, quote_id: str) -> bool:
        """Whether there is such a quote, whoever it is of."""
        return await self.quotes.get(quote_id) is not None

    async def get(self, actor: Actor, quote_id: str) -> Quote:
        """The actor's open quote. Raises QuoteExpired when it is unknown, too old, or somebody else's."""
        quote = await self.quotes.get(quote_id)
        if quote is None or (quote.workspace_id, quote.user_id) != (actor.workspace_id, actor.user_id):
            raise QuoteExpired(quote_id)
        if quote.expires_at <= self.clock():
            raise QuoteExpired(quote_id)
        return quote

    async def get_to_reserve(self, actor: Actor, quote_id: str) -> Quote:
        """The actor's open quote, its machines still to be had for its price. Raises QuoteExpired, OfferChanged."""
        return await self.still_to_be_had(await self.get(actor, quote_id))

    async def still_to_be_had(self, quote: Quote) -> Quote:
        """The quote, its machines still to be had for its price, until its end. Raises OfferChanged."""
        await self.accounts.refresh_offers(self.catalog)
        if not still_holds(quote, self.catalog) or is_over(quote, self.clock()):
            raise OfferChanged(quote.id)
        return quote

    async def remember(self, actor: Actor, quote: Quote) -> None:
        """The actor said yes to this: it is what they use."""
        if used := quote.used:
            await self.habits.put(actor.person, used, [*keys_of(used), reservation_key(quote.reservation_id)])

    async def _filled(self, actor: Actor, request: ResourceRequest) -> Filled:
        same, latest = await self.habits.get(actor.person, [keys_of(request)[-1], LATEST])
        return fill(request, same=same, latest=latest, team=self.team)

    def _quote(self, actor: Actor, filled: Filled, providers: tuple[str, ...]) -> Quote:
        return make_quote(
            actor,
            filled.request,
            blueprint=self.blueprint(filled.request),
            providers=providers,
            catalog=self.catalog,
            limits=self.limits,
            now=self.clock(),
            is_simulated=self.is_simulated,
            # Who names clouds knows which ones they want.
            others=() if filled.request.providers else self.accounts.clouds,
        )

    def _quote_or_reason(self, actor: Actor, filled: Filled, providers: tuple[str, ...]) -> Quote:
        """As ``_quote``. Raises NoPrice when nothing fits as the team has set no price for what is meant."""
        try:
            return self._quote(actor, filled, providers)
        except NothingFits:
            unpriced = [self.accounts.no_price(name, filled.request.size_names) for name in providers]
            reason = next((one for one in unpriced if one and (one.sizes or all(unpriced))), None)
            if reason is None:
                raise
            raise reason from None

    async def _usable_providers(self, actor: Actor, request: ResourceRequest) -> tuple[str, ...]:
        """The providers that the actor has access to, narrowed to what they asked for."""
        if OWN_MACHINE in request.providers and not self._has_own_machine(actor):
            raise NoOwnMachine(is_at_terminal=actor.workspace_id == LOCAL_WORKSPACE)
        if unknown := [name for name in request.providers if name not in self.accounts.providers]:
            raise UnknownProvider(unknown, self.accounts.providers)
        own = tuple(info.provider for info in await self.accounts.list(actor.person))
        if not own:
            raise CredentialsMissing
        # One's own machine is always the cheapest: it is taken when it is asked for, or when there is nothing else.
        wanted = request.providers or tuple(name for name in own if name != OWN_MACHINE) or own
        usable = tuple(name for name in own if name in wanted)
        if not usable:
            raise CredentialsMissing(request.providers[0])
        return usable

    def _has_own_machine(self, actor: Actor) -> bool:
        return OWN_MACHINE in self.accounts.providers and actor.workspace_id == LOCAL_WORKSPACE

    async def refresh_offers(self, person: Person, providers: tuple[str, ...]) -> None:
        """Live prices that are missing or old are fetched anew by the worker, with the person's access.

        An old list is used all the same when that fails: the quote says how old its price is. What takes long is not
        waited for: the next quote has it.
        """
        for provider in await self.accounts.refresh_offers(self.catalog):
            if provider not in providers:
                continue
            self.accounts.asked_for_offers(provider)
            refresh = asyncio.create_task(self._refresh(person, provider))
            _RUNNING.add(refresh)
            refresh.add_done_callback(_RUNNING.discard)
            if self.accounts.is_worth_waiting(provider):
                await asyncio.wait([refresh], timeout=REFRESH_PATIENCE_SECONDS)
                await self.accounts.refresh_offers(self.catalog)

    async def _refresh(self, person: Person, provider: str) -> None:
        try:
            await self.engine.refresh_offers(provider, credential_ref(person, provider))
        except Unavailable:
            log.warning("offers.stale", provider=provider)


def _free_name(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in itertools.count(1))
    return next(free for free in itertools.chain([name], numbered) if free not in taken)
