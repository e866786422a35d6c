"""The Desk: the one front door to everything that people can do, for actions, buttons and the command line alike.

Every method takes the Actor first, authorises it, and raises the errors of ``clouddesk.model.errors``. The work of a
topic is in a module of its own: ``accounts``, ``quotations``, ``ordering``, ``records``, ``matching``, ``sharing``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from clouddesk import access
from clouddesk.access import Right
from clouddesk.matching import match_reservations
from clouddesk.model.actor import Actor
from clouddesk.model.audit import CREDENTIALS_ADDED, CREDENTIALS_REMOVED, AuditEntry
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.comparison import PriceComparison
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.errors import NotFound, Protected, Unavailable
from clouddesk.model.invalid import CredentialsInUse
from clouddesk.model.notice import Notice
from clouddesk.model.offer import Offer, PriceList, Requirements
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import RELEASING, Reservation
from clouddesk.setups import Setup
from clouddesk.topics import Topics


@dataclass(frozen=True)
class Desk(Topics):
    """Built by ``clouddesk.assembly.open_desk``; holds no state of its own."""

    def blueprints(self) -> list[Blueprint]:
        """All cluster shapes."""
        return [item for item in self.blueprints_by_name.values() if item.is_cluster]

    def providers(self) -> tuple[str, ...]:
        """The providers that are supported now."""
        return self.accounts.providers

    def clouds(self) -> tuple[str, ...]:
        """The providers but one's own machine, which needs no key and costs nothing."""
        return self.accounts.clouds

    def regions(self) -> dict[str, list[str]]:
        """The regions' own names by provider."""
        return {name: self.catalog.regions(name) for name in self.providers()}

    async def offers(self, actor: Actor, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        """Cheapest first, over all providers whose prices are known; prices are nobody's secret."""
        await self.accounts.refresh_offers(self.catalog)
        return self.catalog.cheapest(requirements, limit=limit)

    async def price_lists(self) -> list[PriceList]:
        """Where the prices that are known now are from, and of when."""
        await self.accounts.refresh_offers(self.catalog)
        return self.catalog.lists()

    async def welcome(self, actor: Actor) -> tuple[CredentialInfo, ...]:
        """In the sandbox: working credentials for whoever speaks for the first time; () afterwards and elsewhere."""
        given = await self.accounts.welcome(actor.person)
        for info in given:
            entry = AuditEntry.of_credentials(CREDENTIALS_ADDED, actor.person, info, info.added_at, by="")
            await self.trail.append([entry])
        return given

    async def credentials(self, actor: Actor) -> list[CredentialInfo]:
        """The actor's own accesses, without the secrets."""
        return await self.accounts.list(actor.person)

    async def add_credentials(self, actor: Actor, provider: str, fields: SecretFields) -> CredentialInfo:
        """Check against the cloud, then store. Raises CredentialsRejected, ProviderDown; nothing is stored then."""
        access.require_member(actor)
        known = [info for info in await self.accounts.list(actor.person) if info.provider == provider]
        live = [*await self.find(actor, None, provider=[provider]), *await self._in_account_of(actor, provider)]
        only = known[0].account_id if known and live else ""
        info = await self.accounts.add(actor.person, provider, fields, only_account_id=only)
        entry = AuditEntry.of_credentials(CREDENTIALS_ADDED, actor.person, info, info.added_at, by=actor.user_id)
        await self.trail.append([entry])
        with suppress(Unavailable):  # they are stored; what waits for them tries again by itself
            waiting = [item.id for item in live]
            waiting += [item.reservation_id for item in await self.orphans.being_deleted(actor.person, info)]
            for id_ in dict.fromkeys(waiting):
                with suppress(NotFound):  # what nothing looks after any more waits for nothing
                    await self.engine.credentials_renewed(id_)
        return info

    async def remove_credentials(self, actor: Actor, provider: str) -> bool:
        """Forget the actor's access. Raises CredentialsInUse while machines depend on it; False when there was none."""
        access.require_member(actor)
        live = [*await self.find(actor, None, provider=[provider]), *await self._in_account_of(actor, provider)]
        if live:
            raise CredentialsInUse(provider, [item.name for item in live])
        known = [info for info in await self.accounts.list(actor.person) if info.provider == provider]
        is_removed = await self.accounts.remove(actor.person, provider)
        for info in known:
            entry = AuditEntry.of_credentials(CREDENTIALS_REMOVED, actor.person, info, self.clock(), by=actor.user_id)
            await self.trail.append([entry])
        return is_removed

    async def _in_account_of(self, actor: Actor, provider: str) -> list[Reservation]:
        """What the actor handed over, and runs with their access all the same."""
        return [item for item in await self.views.in_account_of(actor.person) if item.provider == provider]

    async def audit(self, actor: Actor, *, since: datetime, until: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """What was done, oldest first: all of the workspace for admins, for others their own doing and things."""
        async for entry in self.trail.read(since=since, until=until):
            if access.may_read(actor, entry):
                yield entry

    async def quote(self, actor: Actor, request: ResourceRequest, *, keep: bool = True) -> Quote:
        """The cheapest way to meet the request with the actor's own accesses; kept for a yes unless told otherwise.

        What was not said is what the actor used last, else the team's default, as long as that can be had.
        Raises Invalid (and its kinds), NothingFits, CredentialsMissing.
        """
        access.require_member(actor)
        named = await self.views.of_person(actor.person) if request.name else []
        return await self._quotations.make(actor, request, keep=keep, taken=[item.name for item in named])

    async def compare(self, actor: Actor, request: ResourceRequest, *, most: int | None = None) -> PriceComparison:
        """What the request costs on every cloud, cheapest first, also where the actor has no access; nothing is kept.

        ``most``: the cheapest so many sizes instead, wherever they are. Raises Invalid (and its kinds), NothingFits.
        """
        access.require_member(actor)
        return await self._quotations.compare(actor, request, most=most)

    def setup(self, quote: Quote) -> Setup:
        """What is put on the quote's machines, and what of its request cannot be."""
        return self._quotations.setup(quote)

    async def usual(self, actor: Actor, kind: str | None = None, software: str | None = None) -> ResourceRequest | None:
        """What the actor used last: of this kind and software, or of any."""
        return await self._quotations.usual(actor, kind, software)

    async def get_quote(self, actor: Actor, quote_id: str) -> Quote:
        """The actor's open quote. Raises QuoteExpired when it is unknown, too old, or somebody else's."""
        return await self._quotations.get(actor, quote_id)

    async def reserve(self, actor: Actor, quote_id: str, *, conversation: str) -> Reservation:
        """Say yes to a quote. A second yes returns the same reservation; nothing is created twice.

        Raises QuoteExpired, OfferChanged, Frozen, OverBudget, Unavailable.
        """
        return await self._reserving.reserve(actor, quote_id, conversation=conversation)

    async def begun(self, actor: Actor, quote_id: str) -> Reservation | None:
        """What an earlier yes to the quote has made, if the actor may see it; None before the first."""
        return await self._reserving.begun(actor, quote_id)

    async def reservations(
        self, actor: Actor, *, include_ended: bool = False, with_shared: bool = False
    ) -> list[Reservation]:
        """The actor's own, newest first; with what is shared with them after those."""
        if with_shared:
            return await self.views.seen_by(actor.person, now=self.clock(), only_live=not include_ended)
        return await self.views.of_person(actor.person, only_live=not include_ended)

    async def all_reservations(self, actor: Actor, *, include_ended: bool = False) -> list[Reservation]:
        """Everybody's in the actor's workspace; for admins."""
        now, found = self.clock(), await self.views.all(only_live=not include_ended)
        return [item for item in found if access.may(actor, Right.SEE, item, now)]

    async def reservation(self, actor: Actor, reservation_id: str) -> Reservation:
        """One reservation by its id. Raises NotFound also for one that is not the actor's to see."""
        return await self._records.with_right(actor, Right.SEE, reservation_id)

    async def latest_notices(self, actor: Actor, *, limit: int = 10) -> list[Notice]:
        """What the actor was last told without asking, newest first."""
        return await self.notices.latest(actor.person, limit=limit)

    async def secrets_of(self, actor: Actor, reservation_id: str) -> Mapping[str, str]:
        """What gets the owner, and whoever has a part in it, into its software, by name. Raises NotFound, Denied."""
        reservation = await self._records.with_right(actor, Right.OPEN, reservation_id)
        return await self.software_secrets.known_software_secrets(reservation.id)

    async def find(
        self,
        actor: Actor,
        words: str | None,
        *,
        software: Sequence[str] = (),
        provider: Sequence[str] = (),
        region: str | None = None,
    ) -> list[Reservation]:
        """Live reservations that the words and attributes point at; an id or exact name gives just that one.

        The actor's own; by words, where they point at none of those, what is shared with the actor.
        """
        seen = await self.reservations(actor, with_shared=bool(words))
        own = [item for item in seen if item.person == actor.person]
        found = match_reservations(own, words, software=software, provider=provider, region=region)
        if not found and words:
            found = match_reservations(seen, words, software=software, provider=provider, region=region)
        if not found and words:
            by_id = await self._records.get(words.lower())
            if by_id and by_id.is_live and access.may(actor, Right.SEE, by_id, self.clock()):
                return [by_id]
        return found

    async def choose(
        self, actor: Actor, reservation_id: str, answer: str, *, request_id: str = "", offered_usd: float = 0.0
    ) -> Reservation:
        """What happens with machines that came up only in part (``reservation.CHOICES``), or would be dearer.

        ``offered_usd``: by the hour, as it was shown. Raises WrongState when that is not the question (any more), or
        too few came up to go on with; OverBudget for dearer ones.
        """
        return await self._reserving.choose(
            actor, reservation_id, answer, request_id=request_id, offered_usd=offered_usd
        )

    async def release(self, actor: Actor, reservation_id: str) -> Reservation:
        """Give the machines back, for good. What is being released already is returned as it is.

        Raises Protected, and NotLookedAfter when its workflow was ended from outside.
        """
        reservation = await self.owned(actor, reservation_id)
        if not reservation.is_live:
            return reservation
        if reservation.is_protected:
            raise Protected(reservation.name)
        await self.engine.release(reservation.id, by=actor.user_id)
        return await self._records.after_change(replace(reservation, state=RELEASING))

    async def owned(self, actor: Actor, reservation_id: str) -> Reservation:
        """The reservation, for whoever may release and share it. Raises NotFound, Denied."""
        return await self._records.with_right(actor, Right.OWN, reservation_id)
