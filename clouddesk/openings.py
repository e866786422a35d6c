"""Who reaches which ports of machines that run: opening and closing them, where the cloud's firewall can be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clouddesk.access import Right
from clouddesk.accounts import Accounts
from clouddesk.adapters.blueprints import blueprint_called
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint, PortRange
from clouddesk.model.errors import WrongState
from clouddesk.model.invalid import CannotOpen, UnknownMake
from clouddesk.model.node import Opening
from clouddesk.model.ports import Reservations
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation
from clouddesk.records import Records


@dataclass(frozen=True)
class Openings:
    """What reservations let in from outside besides SSH."""

    engine: Reservations
    records: Records
    accounts: Accounts
    blueprints: Mapping[str, Blueprint]

    async def look(self, actor: Actor, reservation_id: str) -> tuple[Reservation, tuple[PortRange, ...]]:
        """The reservation, with its openings, and the ports that its software has for people outside.

        Raises WrongState unless it runs or is stopped, CannotOpen where the cloud's firewall stays as it was ordered,
        and UnknownMake of machines that were adopted.
        """
        reservation = await self.records.with_right(actor, Right.OWN, reservation_id)
        if reservation.state not in (RUNNING, STOPPED):
            raise WrongState(reservation.name, state=reservation.state, wanted="open")
        if not self.accounts.opens_later(reservation.provider):
            raise CannotOpen(reservation.name, provider=reservation.provider)
        if not reservation.disk_gb:
            raise UnknownMake(reservation.name)
        names = (reservation.software, *reservation.more_software)
        known = [item for name in names if name and (item := blueprint_called(self.blueprints, name))]
        return reservation, tuple(dict.fromkeys(ports for item in known for ports in item.outside))

    async def change(
        self, actor: Actor, reservation_id: str, openings: Sequence[Opening], *, before: Sequence[Opening]
    ) -> Reservation:
        """Let just these in, in place of those of ``before``. The same twice is once.

        Raises WrongState when others are let in by now; else as ``look``, and what the cloud says.
        """
        reservation, _ = await self.look(actor, reservation_id)
        wanted = tuple(openings)
        await self.engine.let_in(reservation.id, wanted, before=tuple(before), by=actor.user_id)
        return await self.records.after_change(replace(reservation, openings=wanted))
