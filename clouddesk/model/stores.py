"""What lies in Redis and in Vault, as the core needs it: implemented by the adapters, and in memory by tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from clouddesk.model.absence import Absence
from clouddesk.model.actor import Person
from clouddesk.model.approval import Approval
from clouddesk.model.audit import AuditEntry
from clouddesk.model.bill import Bill
from clouddesk.model.budget import BudgetBook, Hold
from clouddesk.model.configuration import BotKey
from clouddesk.model.costs import CostAccount
from clouddesk.model.freeze import Freeze
from clouddesk.model.notice import Notice
from clouddesk.model.orphan import Orphan
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.ssh_key import SshKey
from clouddesk.model.team_channel import TeamChannel
from clouddesk.model.template import Template
from clouddesk.model.utilisation import Sample


class SshKeyStore(Protocol):
    """People's public SSH keys, where nobody else can change them."""

    async def read(self, person: Person) -> list[SshKey]:
        """In the order in which they came."""
        ...

    async def change(self, person: Person, change: Callable[[list[SshKey]], list[SshKey]]) -> list[SshKey]:
        """Write what ``change`` makes of them as they are now, with nobody else's change lost; how they are then.

        What ``change`` raises is raised; it may be called more than once.
        """
        ...


class TeamChannels(Protocol):
    """Where teams are told their week's costs, by workspace."""

    async def get(self, workspace_id: str) -> TeamChannel | None:
        """None when the team is told nowhere."""
        ...

    async def put(self, workspace_id: str, channel: TeamChannel | None) -> None:
        """In place of the one before; None: nowhere."""
        ...


class Calendars(Protocol):
    """Whose public holidays each person goes by."""

    async def get(self, person: Person) -> str:
        """ "DE-BY"; "" when they never said."""
        ...

    async def put(self, person: Person, place: str) -> None:
        """In place of what was there."""
        ...


class AbsenceStore(Protocol):
    """When people are away: one absence of each person at most."""

    async def read(self, person: Person) -> Absence | None:
        """None when there is none."""
        ...

    async def change(self, person: Person, change: Callable[[Absence | None], Absence | None]) -> Absence | None:
        """Write what ``change`` makes of it as it is now (None: nothing), with nobody else's change lost.

        Returns how it is then. ``change`` may be called more than once.
        """
        ...


class MachineSecrets(Protocol):
    """What only a reservation's machines and its worker know: made at the first call, then the same until forgotten."""

    async def bot_key(self, reservation_id: str) -> BotKey:
        """The key pair with which CloudDesk itself logs in."""
        ...

    async def software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> Mapping[str, str]:
        """The software's secrets; ``wanted``: how many characters each has, by name."""
        ...

    async def renew_software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> None:
        """Make these anew; the others stay."""
        ...

    async def forget(self, reservation_id: str) -> None:
        """Delete all of it; what is gone already is no error."""
        ...


class SoftwareSecrets(Protocol):
    """What gets a reservation's owner into its software."""

    async def known_software_secrets(self, reservation_id: str) -> Mapping[str, str]:
        """By name; {} when there are none."""
        ...


class Quotes(Protocol):
    """Quotes that wait for a yes; they vanish by themselves at their end."""

    async def put(self, quote: Quote) -> None: ...

    async def get(self, quote_id: str) -> Quote | None: ...


class Habits(Protocol):
    """What each person used last, by what it was for; may be lost, as defaults then take its place."""

    async def put(self, person: Person, request: ResourceRequest, keys: Sequence[str]) -> None:
        """Remember the request under each of the keys, in place of what was there."""
        ...

    async def get(self, person: Person, keys: Sequence[str]) -> list[ResourceRequest | None]:
        """What is remembered, in the order of the keys."""
        ...


class ReservationViews(Protocol):
    """The view of reservations that people read."""

    async def put(self, reservation: Reservation) -> None:
        """Write, unless a newer revision is there already."""
        ...

    async def put_nodes_up(self, reservation_id: str, count: int) -> None:
        """How many machines run by now; shown only while the view's state is PROVISIONING, and changes nothing else."""
        ...

    async def put_step(self, reservation_id: str, step: str) -> None:
        """What is being done; shown only in states in which software is set up, and changes nothing else."""
        ...

    async def get(self, reservation_id: str) -> Reservation | None: ...

    async def of_person(self, person: Person, *, only_live: bool = False) -> list[Reservation]:
        """Newest first; those that ended too, unless told otherwise."""
        ...

    async def seen_by(self, person: Person, *, now: datetime, only_live: bool = False) -> list[Reservation]:
        """The person's own, newest first, then what is shared with them now, newest first."""
        ...

    async def in_account_of(self, person: Person) -> list[Reservation]:
        """Live ones that are somebody else's by now, and run with the person's access to a cloud."""
        ...

    async def offered_to(self, person: Person) -> list[Reservation]:
        """Live ones that they were asked to take over and have not answered, the latest offer first."""
        ...

    async def for_team(self, workspace_id: str) -> list[Reservation]:
        """Those of the workspace that their owners opened to the team, newest first."""
        ...

    async def all(self, *, only_live: bool = False) -> list[Reservation]:
        """Everybody's, newest first; those that ended too, unless told otherwise."""
        ...

    async def live_ids(self) -> list[str]:
        """Everybody's that live, newest first: for who does not want all of them in memory at once."""
        ...

    async def many(self, reservation_ids: Sequence[str]) -> list[Reservation]:
        """Those of them that there are, in this order."""
        ...

    async def claim_name(self, person: Person, stem: str, reservation_id: str, *, is_exact: bool = False) -> str:
        """A name that none of the person's reservations has: ``spark-1``, ``spark-2`` …; atomic.

        ``is_exact``: the stem itself when it is free. The same reservation gets the same name again.
        """
        ...


class CostLedger(Protocol):
    """What every reservation has cost by time; as new as the views, and kept longer than a year."""

    async def accounts(self, workspace_id: str, *, since: datetime) -> list[CostAccount]:
        """Of every reservation there that lives, or ended at ``since`` or later; perhaps of some that ended before."""
        ...


class BillCache(Protocol):
    """What clouds charge, as it was read with somebody's key some hours ago at most."""

    async def get(self, credential_ref: str, month: datetime) -> Bill | None:
        """Of the month that begins then; None when nothing was read lately with that key."""
        ...

    async def put(self, credential_ref: str, month: datetime, bill: Bill) -> None: ...


class Notices(Protocol):
    """Messages to people, delivered at least once and in order per person."""

    async def send(self, notice: Notice) -> None:
        """Append; the same notice id twice is kept once."""
        ...

    async def read(self, person: Person, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        """Notices later than the position ``after`` ("0" from the start, "$" from now), with their positions."""
        ...

    async def latest(self, person: Person, *, limit: int) -> list[Notice]:
        """The last notices, newest first."""
        ...


class AuditTrail(Protocol):
    """The append-only trail of what was done, by whom."""

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        """Write at the end; an entry whose id is known already is left out."""
        ...

    def read(self, *, since: datetime, until: datetime | None = None) -> AsyncIterator[AuditEntry]:
        """Entries from ``since`` on and before ``until``, oldest first, without ever holding all of them."""
        ...


class Orphans(Protocol):
    """What no reservation looks after, as the sweeps found it."""

    async def note(self, orphan: Orphan) -> Orphan:
        """Write unless it is known; what is known of it then. Of several at once one is the first."""
        ...

    async def change(self, orphan_id: str, change: Callable[[Orphan], Orphan]) -> Orphan | None:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; None when it is gone.

        What ``change`` raises is raised; it may be called more than once.
        """
        ...

    async def get(self, orphan_id: str) -> Orphan | None: ...

    async def all(self) -> list[Orphan]: ...

    async def remove(self, orphan_id: str) -> None:
        """It is gone, or belongs to a reservation again."""
        ...


class Templates(Protocol):
    """Saved requests: a shelf for each person, and with ``owner`` None one for each workspace's team."""

    async def read(self, workspace_id: str, owner: str | None) -> dict[str, Template]:
        """By name."""
        ...

    async def change(
        self, workspace_id: str, owner: str | None, change: Callable[[dict[str, Template]], dict[str, Template]]
    ) -> dict[str, Template]:
        """Write what ``change`` makes of them as they are now, with nobody else's change lost; how they are then.

        What ``change`` raises is raised; it may be called more than once.
        """
        ...


class Budgets(Protocol):
    """The budgets of each workspace, and what was said yes to under them a moment ago."""

    async def book(self, workspace_id: str) -> BudgetBook:
        """What was set; an empty one where nothing was."""
        ...

    async def change(self, workspace_id: str, change: Callable[[BudgetBook], BudgetBook]) -> BudgetBook:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; how it is then."""
        ...

    async def holds(self, workspace_id: str) -> list[Hold]:
        """All of them; whoever compares them with the ledger reads them first."""
        ...

    async def hold(
        self, workspace_id: str, decide: Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]
    ) -> list[Hold]:
        """Write what ``decide`` makes of the holds; of several at once each sees the holds of those before it.

        What it raises is raised, and nothing is written then; it may be called more than once.
        """
        ...

    async def let_go(self, workspace_id: str, key: str) -> None:
        """The hold of that key is not needed any more; nothing happens where there is none."""
        ...


class Approvals(Protocol):
    """Requests to go beyond a budget."""

    async def add(self, approval: Approval) -> Approval:
        """Write unless there is one of this id; what there is then. Of several at once one is the first."""
        ...

    async def get(self, workspace_id: str, approval_id: str) -> Approval | None: ...

    async def all(self, workspace_id: str) -> list[Approval]:
        """Oldest first."""
        ...

    async def change(
        self, workspace_id: str, approval_id: str, change: Callable[[Approval], Approval]
    ) -> Approval | None:
        """Write what ``change`` makes of it as it is now, with nobody else's change lost; None when it is gone.

        What ``change`` raises is raised; it may be called more than once.
        """
        ...


class Freezes(Protocol):
    """Which workspaces get no new machines."""

    async def get(self, workspace_id: str) -> Freeze | None:
        """The one that was put last, though it may be over."""
        ...

    async def put(self, freeze: Freeze) -> None:
        """In place of the workspace's earlier one."""
        ...

    async def remove(self, workspace_id: str) -> None:
        """No freeze any more; that there is none is no error."""
        ...


class UtilisationSeries(Protocol):
    """What machines were seen doing, by reservation; the oldest falls away when there is too much."""

    async def append(self, reservation_id: str, samples: Sequence[Sample]) -> None:
        """At the end; a sample of the same node and moment is kept once."""
        ...

    async def read(self, reservation_id: str, *, since: datetime) -> list[Sample]:
        """Of all of its nodes, oldest first."""
        ...

    async def forget(self, reservation_id: str) -> None:
        """Delete all of it; what is gone already is no error."""
        ...
