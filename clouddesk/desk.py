"""The Desk: the one front door to everything that people can do, for actions, buttons and the command line alike.

Every method takes the Actor first, authorises it, and raises the errors of ``clouddesk.model.errors``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import structlog

from clouddesk import access
from clouddesk.access import Right
from clouddesk.accounts import Accounts, ReplaceableCatalog
from clouddesk.adapters.blueprints import find_blueprint
from clouddesk.habits import LATEST, Filled, fill, key_of, keys_of
from clouddesk.matching import match_reservations
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.credentials import CredentialInfo, SecretFields, credential_ref
from clouddesk.model.errors import (
    CredentialsMissing,
    Invalid,
    NotFound,
    NothingFits,
    OfferChanged,
    QuoteExpired,
    Unavailable,
    WrongState,
)
from clouddesk.model.node import NodeOrder
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.ports import Clock, Habits, Notices, Quotes, Reservations, ReservationViews
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.model.reservation import (
    RELEASING,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
    ReservationOrder,
    first_view,
)
from clouddesk.quoting import make_quote, still_holds
from clouddesk.settings import Limits, TeamDefaults

log = structlog.get_logger()

LEAST_EXTENSION_SECONDS = 60
REFRESH_PATIENCE_SECONDS = 4.0
"""So long a quote waits for fresh prices; after that the known ones are good enough."""
_RESERVATION_ID = re.compile(r"r-[0-9a-f]{8}")


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Desk:
    """Built by ``clouddesk.assembly.open_desk``; holds no state of its own."""

    accounts: Accounts
    blueprints_by_name: dict[str, Blueprint]
    catalog: ReplaceableCatalog
    installation: str
    is_simulated: bool
    limits: Limits
    quotes: Quotes
    engine: Reservations
    views: ReservationViews
    notices: Notices
    habits: Habits
    team: TeamDefaults
    clock: Clock = utc_now

    # --- what there is -------------------------------------------------------------------------------------------

    def blueprints(self) -> list[Blueprint]:
        """All cluster shapes."""
        return list(self.blueprints_by_name.values())

    def providers(self) -> tuple[str, ...]:
        """The providers that are supported now."""
        return self.accounts.providers

    def regions(self) -> dict[str, list[str]]:
        """The regions' own names by provider."""
        return {name: self.catalog.regions(name) for name in self.providers()}

    async def offers(self, actor: Actor, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        """Cheapest first, over all providers whose prices are known; prices are nobody's secret."""
        await self.accounts.refresh_offers(self.catalog)
        return self.catalog.cheapest(requirements, limit=limit)

    # --- credentials ---------------------------------------------------------------------------------------------

    async def welcome(self, actor: Actor) -> tuple[CredentialInfo, ...]:
        """In the sandbox: working credentials for whoever speaks for the first time; () afterwards and elsewhere."""
        return await self.accounts.welcome(actor.person)

    async def credentials(self, actor: Actor) -> list[CredentialInfo]:
        """The actor's own accesses, without the secrets."""
        return await self.accounts.list(actor.person)

    async def add_credentials(self, actor: Actor, provider: str, fields: SecretFields) -> CredentialInfo:
        """Check against the cloud, then store. Raises CredentialsRejected, ProviderDown; nothing is stored then."""
        access.require_member(actor)
        known = [info for info in await self.accounts.list(actor.person) if info.provider == provider]
        live = [item for item in await self.reservations(actor) if item.provider == provider]
        only = known[0].account_id if known and live else ""
        return await self.accounts.add(actor.person, provider, fields, only_account_id=only)

    async def remove_credentials(self, actor: Actor, provider: str) -> bool:
        """Forget the actor's access. Raises Invalid while live machines depend on it; False when there was none."""
        access.require_member(actor)
        live = [item for item in await self.reservations(actor) if item.provider == provider]
        if live:
            names = ", ".join(item.name for item in live)
            raise Invalid(
                f"{names} still runs there, and without the credentials I could not end it. Terminate it first."
            )
        return await self.accounts.remove(actor.person, provider)

    # --- quotes --------------------------------------------------------------------------------------------------

    async def quote(self, actor: Actor, request: ResourceRequest, *, keep: bool = True) -> Quote:
        """The cheapest way to meet the request with the actor's own accesses; kept for a yes unless told otherwise.

        What was not said is what the actor used last, else the team's default, as long as that can be had.
        Raises Invalid (and its kinds), NothingFits, CredentialsMissing.
        """
        access.require_member(actor)
        providers = await self._usable_providers(actor, request)
        await self._refresh_offers(actor, providers)
        filled = await self._filled(actor, request)
        try:
            quote = self._make_quote(actor, filled, providers)
        except (Invalid, NothingFits):
            if filled.request == request:
                raise
            filled = Filled(request)
            quote = self._make_quote(actor, filled, providers)
        quote = replace(quote, request=request, habits=filled.habits, team=filled.team, used=filled.used())
        if keep:
            await self.quotes.put(quote)
        return quote

    async def usual(self, actor: Actor, kind: str | None = None, software: str | None = None) -> ResourceRequest | None:
        """What the actor used last: of this kind and software, or of any."""
        key = LATEST if kind is None else key_of(kind, software)
        return (await self.habits.get(actor.person, [key]))[0]

    async def get_quote(self, actor: Actor, quote_id: str) -> Quote:
        """The actor's open quote. Raises QuoteExpired when it is unknown, too old, or somebody else's."""
        quote = await self.quotes.get(quote_id)
        if quote is None or (quote.workspace_id, quote.user_id) != (actor.workspace_id, actor.user_id):
            raise QuoteExpired(quote_id)
        if quote.expires_at <= self.clock():
            raise QuoteExpired(quote_id)
        return quote

    async def reserve(self, actor: Actor, quote_id: str, *, conversation: str) -> Reservation:
        """Say yes to a quote. A second yes returns the same reservation; nothing is created twice.

        Raises QuoteExpired, OfferChanged, Unavailable.
        """
        access.require_member(actor)
        reservation_id = "r-" + quote_id.removeprefix("q-")
        existing = await self.views.get(reservation_id)
        if existing is None and await self.quotes.get(quote_id) is None:
            # The quote is gone: it was said yes to, or it is too old. The engine knows, also when the view was lost.
            existing = await self._look(reservation_id)
        if existing and access.may(actor, Right.MANAGE, existing):
            return existing
        quote = await self.get_quote(actor, quote_id)
        await self.accounts.refresh_offers(self.catalog)
        if not still_holds(quote, self.catalog):
            raise OfferChanged(quote_id)
        order = await self._order(actor, quote, conversation)
        await self.engine.start(order)
        view = first_view(order)
        await self.views.put(view)
        if used := quote.used:
            await self.habits.put(actor.person, used, keys_of(used))
        log.info("reservation.requested", reservation_id=view.id, user=str(actor.person), provider=view.provider)
        return view

    # --- reservations --------------------------------------------------------------------------------------------

    async def reservations(self, actor: Actor, *, include_ended: bool = False) -> list[Reservation]:
        """The actor's own, newest first."""
        found = await self.views.of_person(actor.person)
        return [item for item in found if include_ended or item.is_live]

    async def all_reservations(self, actor: Actor, *, include_ended: bool = False) -> list[Reservation]:
        """Everybody's in the actor's workspace; for admins."""
        found = [item for item in await self.views.all() if access.may(actor, Right.SEE, item)]
        return [item for item in found if include_ended or item.is_live]

    async def reservation(self, actor: Actor, reservation_id: str) -> Reservation:
        """One reservation by its id. Raises NotFound also for one that is not the actor's to see."""
        return access.require(actor, Right.SEE, await self._look(reservation_id), reservation_id)

    async def latest_notices(self, actor: Actor, *, limit: int = 10) -> list[Notice]:
        """What the actor was last told without asking, newest first."""
        return await self.notices.latest(actor.person, limit=limit)

    async def find(
        self,
        actor: Actor,
        words: str | None,
        *,
        software: Sequence[str] = (),
        provider: Sequence[str] = (),
        region: str | None = None,
    ) -> list[Reservation]:
        """Live reservations that the words and attributes point at; an id or exact name gives just that one."""
        own = await self.reservations(actor)
        found = match_reservations(own, words, software=software, provider=provider, region=region)
        if not found and words:
            by_id = await self._look(words.lower())
            if by_id and by_id.is_live and access.may(actor, Right.SEE, by_id):
                return [by_id]
        return found

    async def extension_price_usd(self, actor: Actor, reservation_id: str, seconds: int) -> float:
        """What the reservation costs for that much longer, running."""
        reservation = await self.reservation(actor, reservation_id)
        return reservation.hourly_price_usd * seconds / 3600

    async def extend(self, actor: Actor, reservation_id: str, seconds: int, *, request_id: str) -> Reservation:
        """Lengthen the lease. The same request_id twice extends once. Raises LimitExceeded beyond the longest lease."""
        reservation = await self._managed(actor, reservation_id)
        if seconds < LEAST_EXTENSION_SECONDS:
            raise Invalid("An extension is at least a minute. By how long?")
        end = await self.engine.extend(reservation.id, seconds, request_id)
        return await self._after(replace(reservation, expires_at=end))

    async def release(self, actor: Actor, reservation_id: str) -> Reservation:
        """Give the machines back, for good. What is being released already is returned as it is."""
        reservation = await self._managed(actor, reservation_id)
        if not reservation.is_live:
            return reservation
        await self.engine.release(reservation.id)
        return await self._after(replace(reservation, state=RELEASING))

    async def stop(self, actor: Actor, reservation_id: str) -> Reservation:
        """Power off, disks kept. Raises WrongState while it is not running."""
        reservation = await self._managed(actor, reservation_id)
        if reservation.state == STOPPED:
            raise WrongState(reservation.name, state=STOPPED, wanted="stop")
        await self.engine.stop(reservation.id)
        return await self._after(replace(reservation, state=STOPPING))

    async def start(self, actor: Actor, reservation_id: str) -> Reservation:
        """Power on again. Raises WrongState unless it is stopped."""
        reservation = await self._managed(actor, reservation_id)
        if reservation.state == RUNNING:
            # Nothing to start, so no notice would ever follow.
            raise WrongState(reservation.name, state=RUNNING, wanted="start")
        await self.engine.start_nodes(reservation.id)
        return await self._after(replace(reservation, state=STARTING))

    async def reboot(self, actor: Actor, reservation_id: str) -> Reservation:
        """Restart the operating systems. Raises WrongState unless it is running."""
        reservation = await self._managed(actor, reservation_id)
        await self.engine.reboot(reservation.id)
        return await self._after(reservation)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _managed(self, actor: Actor, reservation_id: str) -> Reservation:
        return access.require(actor, Right.MANAGE, await self._look(reservation_id), reservation_id)

    async def _after(self, known: Reservation) -> Reservation:
        """How it stands after a change that was made: the truth, or what is known of it while nobody answers."""
        try:
            return await self.engine.get(known.id)
        except Unavailable:
            return known

    async def _look(self, reservation_id: str) -> Reservation | None:
        """The view; the truth itself when the view was lost."""
        view = await self.views.get(reservation_id)
        if view is None and _RESERVATION_ID.fullmatch(reservation_id):
            try:
                view = await self.engine.get(reservation_id)
            except NotFound:
                return None
            await self.views.put(view)
        return view

    async def _filled(self, actor: Actor, request: ResourceRequest) -> Filled:
        same, latest = await self.habits.get(actor.person, [keys_of(request)[-1], LATEST])
        return fill(request, same=same, latest=latest, team=self.team)

    def _make_quote(self, actor: Actor, filled: Filled, providers: tuple[str, ...]) -> Quote:
        return make_quote(
            actor,
            filled.request,
            blueprint=self._blueprint(filled.request),
            providers=providers,
            catalog=self.catalog,
            limits=self.limits,
            now=self.clock(),
            is_simulated=self.is_simulated,
        )

    def _blueprint(self, request: ResourceRequest) -> Blueprint | None:
        if request.kind != CLUSTER:
            return None
        software = request.software[0] if request.software else "plain"
        return find_blueprint(self.blueprints_by_name, software)

    async def _usable_providers(self, actor: Actor, request: ResourceRequest) -> tuple[str, ...]:
        """The providers that the actor has access to, narrowed to what they asked for."""
        for name in request.providers:
            if name not in self.accounts.providers:
                raise Invalid(
                    f"{name} is not connected yet; there are {' and '.join(self.accounts.titles())}. "
                    "Shall I look there?"
                )
        own = tuple(info.provider for info in await self.accounts.list(actor.person))
        if not own:
            raise CredentialsMissing
        wanted = tuple(name for name in own if name in request.providers) if request.providers else own
        if not wanted:
            raise CredentialsMissing(request.providers[0])
        return wanted

    async def _refresh_offers(self, actor: Actor, providers: tuple[str, ...]) -> None:
        """Live prices that are missing or old are fetched anew by the worker, with the actor's access.

        An old list is used all the same when that fails: the quote says how old its price is.
        """
        for provider in await self.accounts.refresh_offers(self.catalog):
            if provider in providers:
                try:
                    refresh = self.engine.refresh_offers(provider, credential_ref(actor.person, provider))
                    await asyncio.wait_for(refresh, REFRESH_PATIENCE_SECONDS)
                except (Unavailable, asyncio.TimeoutError):
                    log.warning("offers.stale", provider=provider)
                    self.accounts.refresh_failed(provider)
                    continue
                await self.accounts.refresh_offers(self.catalog)

    async def _order(self, actor: Actor, quote: Quote, conversation: str) -> ReservationOrder:
        name = await self.views.claim_name(
            actor.person, quote.name, quote.reservation_id, is_exact=quote.request.name is not None
        )
        offer = quote.offer
        if self.accounts.bills_stopped_machines(offer.provider):
            stopped_hourly = quote.machine_hourly_price_usd
        else:
            stopped_hourly = offer.disk_hourly_price_usd(quote.disk_gb) or 0.0
        return ReservationOrder(
            reservation_id=quote.reservation_id,
            name=name,
            workspace_id=actor.workspace_id,
            owner=actor.user_id,
            conversation=conversation,
            kind=quote.request.kind,
            software=quote.software,
            provider=offer.provider,
            vcpus=offer.vcpus,
            memory_gb=offer.memory_gb,
            credential_ref=credential_ref(actor.person, offer.provider),
            nodes=NodeOrder(
                installation=self.installation,
                reservation_id=quote.reservation_id,
                owner=str(actor.person),
                region=offer.region,
                size=offer.size,
                os=quote.os,
                nodes=quote.nodes,
                disk_gb=quote.disk_gb,
                name=name,
                architecture=offer.architecture,
                spot=offer.spot,
            ),
            lease_seconds=quote.lease_seconds,
            max_lease_seconds=self.limits.max_lease_seconds,
            warning_seconds=self.limits.warning_seconds,
            hourly_price_usd=quote.hourly_price_usd,
            stopped_hourly_price_usd=stopped_hourly * len(quote.nodes),
            created_at=self.clock(),
            is_simulated=quote.is_simulated,
            ends_at=quote.ends_at if quote.request.until else None,
        )
