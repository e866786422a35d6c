"""The ports: what the product needs from the outside, as contracts that adapters keep."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from clouddesk.model.actor import Person
from clouddesk.model.bill import Bill, BillQuestion, BillReport
from clouddesk.model.configuration import ConfigurationOrder, ConfigurationSecrets, Configured
from clouddesk.model.credentials import CredentialInfo, SecretFields
from clouddesk.model.idling import IdleWish
from clouddesk.model.logins import LoginOrder
from clouddesk.model.node import Account, Node, NodeImage, NodeOrder, Opening, Survey, Teardown
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.order import ReservationOrder
from clouddesk.model.orphan import Orphan, SweepReport
from clouddesk.model.reservation import Reservation
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share
from clouddesk.model.timer import Timer
from clouddesk.model.utilisation import Sample

AdminsOf = Callable[[str], Awaitable[Sequence[str]]]
"""The user ids of a workspace's admins."""


class Provider(Protocol):
    """One cloud account. Blocking; one object per job, not shared between threads.

    All methods raise the errors of ``clouddesk.model.errors``, never the vendor's.
    ``region`` is the provider's own name ("eu-central-1", "fra1").
    """

    name: str

    def check_credentials(self) -> Account:
        """Ask the cloud who we are. Raises CredentialsRejected or ProviderDown."""
        ...

    def list_offers(self) -> list[Offer]:
        """Every size in every region with its price as the account sees it."""
        ...

    def create_nodes(self, order: NodeOrder) -> list[Node]:
        """Make the machines that the order names and that do not exist yet; idempotent by tag; returns all of them.

        Looks for its own tags first. Returns as soon as the cloud has accepted; the nodes may still be pending.
        """
        ...

    def get_nodes(self, reservation_id: str, region: str) -> list[Node]:
        """What the cloud lists now with our installation's and this reservation's tag; gone ones are left out."""
        ...

    def destroy_nodes(self, reservation_id: str, region: str) -> Teardown:
        """Ask the cloud to end everything that carries the reservation's tag; succeeds when it is gone already.

        Returns what the cloud still lists (machines, disks); call again until it is complete.
        """
        ...

    def end_nodes(self, reservation_id: str, region: str, ids: Sequence[str]) -> None:
        """Ask the cloud to end just these machines of the reservation; what is gone already is as good."""
        ...

    def keep_images(self, order: NodeOrder) -> list[NodeImage]:
        """Ask for an image of each machine that the order names and that has none yet; returns all that are listed.

        Idempotent by tag; machines that are not off are passed over. Returns as soon as the cloud lists one image of
        each of the others, which may still be pending. One that failed, or is of an earlier machine of the same key, is
        deleted and asked for anew: call again until all are available. Raises CannotArchive on clouds that keep none.
        """
        ...

    def get_images(self, reservation_id: str, region: str) -> list[NodeImage]:
        """The images with our installation's and this reservation's tag; [] on clouds that keep none."""
        ...

    def delete_images(self, reservation_id: str, region: str) -> tuple[str, ...]:
        """Ask the cloud to delete the reservation's images; returns the ids that it still lists."""
        ...

    def let_in(self, order: NodeOrder) -> None:
        """Let the firewall of the order's machines, which there are, let in the order's openings and nothing else.

        Safe to repeat. Raises CannotOpen on clouds where that cannot be changed, NoFirewall where there is none, and
        makes nothing. After any other error some of it may have been done.
        """
        ...

    def survey(self) -> Survey:
        """Everything in the account with our installation's tag, in every region that the account can use."""
        ...

    def stop_nodes(self, reservation_id: str, region: str) -> None:
        """Power off, disks kept. Stopping what is stopped succeeds. Returns when accepted."""
        ...

    def start_nodes(self, reservation_id: str, region: str) -> None:
        """Power on. Starting what runs succeeds. Returns when accepted."""
        ...

    def reboot_nodes(self, reservation_id: str, region: str) -> None:
        """Restart the operating systems. Returns when accepted."""
        ...

    def cpu_percents(self, region: str, ids: Sequence[str], *, since: datetime, until: datetime) -> dict[str, float]:
        """The newest value that the cloud measured in that time, by machine id.

        Those are left out of which it knows nothing: all of them for a cloud that does not tell.
        """
        ...

    def bill(self, month: datetime) -> Bill | None:
        """What the account is charged for the month whose first moment (UTC) that is; None from a cloud that has no
        API for it, or none that is read here. Each question may cost a cent. Raises BillRefused.
        """
        ...


class Bills(Protocol):
    """Asks the clouds for their bills."""

    async def compare(self, question: BillQuestion, *, conversation: str = "") -> BillReport | None:
        """Their bills beside what was counted; one account that cannot be read hides no other.

        With a ``conversation`` None after some seconds without an answer: it comes there as a notice. Raises
        Unavailable.
        """
        ...


class Catalog(Protocol):
    """All offers that are known now. In memory; a query is fast and does no network call."""

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        """What fits, cheapest whole machine (disk included) first. Raises UnknownRegion."""
        ...

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        """When nothing fits: the closest that exist, one per direction where that helps."""
        ...

    def regions(self, provider: str) -> list[str]:
        """The provider's own region names."""
        ...

    def clouds(self) -> tuple[str, ...]:
        """All clouds that some price is known of, also those that cannot be used here."""
        ...


class Credentials(Protocol):
    """People's cloud tokens, in Vault and nowhere else."""

    async def write(self, person: Person, info: CredentialInfo, fields: SecretFields) -> None:
        """Store or replace."""
        ...

    async def read(self, ref: str) -> SecretFields:
        """The secret itself; only the worker's role may. Raises CredentialsMissing."""
        ...

    async def list(self, person: Person) -> list[CredentialInfo]:
        """What there is, without the secrets."""
        ...

    async def remove(self, person: Person, provider: str) -> bool:
        """Forget all versions. False when there was nothing."""
        ...


class Configuration(Protocol):
    """Puts software on machines."""

    async def configure(
        self,
        order: ConfigurationOrder,
        secrets: ConfigurationSecrets,
        *,
        log_path: Path,
        on_step: Callable[[str], None],
    ) -> Configured:
        """Bring all nodes to what the order says, and check that it works; again is safe. Raises ConfigureFailed.

        ``on_step`` gets the step under way, in people's words.
        """
        ...


class Probe(Protocol):
    """Looks at machines that run: what they are doing."""

    async def look(self, reservation: Reservation) -> list[Sample]:
        """One sample of each machine that something was learned of; a silent one is left out, and is no error."""
        ...


class Logins(Protocol):
    """People's own keys on machines that CloudDesk logs in to."""

    async def put(self, order: LoginOrder, private_key: str) -> tuple[str, ...]:
        """Have exactly the order's keys there, beside what others put there; again is safe.

        Returns the keys of the machines on which that could not be done.
        """
        ...


class Colleagues(Protocol):
    """Who may be given a part in something, as far as the connectors know their people."""

    async def refusal(self, person: Person) -> str | None:
        """Why they may not ("bot", "guest", …; UNKNOWN for who was not looked up lately); None for colleagues."""
        ...


class Reservations(Protocol):
    """The engine that keeps reservations: one durable workflow each. ``by``: the user id of whoever wants it."""

    async def start(self, order: ReservationOrder) -> None:
        """Begin; the same order twice begins once."""
        ...

    async def extend(self, reservation_id: str, seconds: int, request_id: str, *, by: str = "") -> datetime:
        """Lengthen the lease; returns the new end. The same request_id twice extends once."""
        ...

    async def hold(self, reservation_id: str, *, by: str = "") -> datetime:
        """Keep it as long as is allowed; returns the new end."""
        ...

    async def protect(self, reservation_id: str, *, is_protected: bool, by: str = "") -> None:
        """Protect it, or take that off; what is so already stays. Raises WrongState when it is being given back."""
        ...

    async def share(self, reservation_id: str, share: Share, request_id: str, *, by: str = "") -> None:
        """Give a colleague a part in it, in place of the one that they had. The same request_id twice shares once."""
        ...

    async def unshare(self, reservation_id: str, user_id: str, request_id: str, *, by: str = "") -> None:
        """Take a colleague's part away; nothing happens when they have none."""
        ...

    async def choose(
        self, reservation_id: str, answer: str, *, by: str = "", request_id: str = "", offered_usd: float = 0.0
    ) -> None:
        """Answer what happens with machines that came up only in part (``reservation.CHOICES``), or would be dearer.

        The latter with the price by the hour that was shown: it is no answer to another offer.
        """
        ...

    async def keep(
        self, reservation_id: str, until: datetime, request_id: str, *, by: str = "", is_protected: bool = False
    ) -> None:
        """It is needed until then, though it may look unused; with ``is_protected`` no schedule stops it either.

        The same request_id twice is one wish.
        """
        ...

    async def set_idle(self, reservation_id: str, wish: IdleWish, request_id: str, *, by: str = "") -> None:
        """What happens when nobody uses it, in place of what was wished before."""
        ...

    async def sweep(self) -> SweepReport:
        """Look through all accounts now. Raises Unavailable."""
        ...

    async def adopt(self, order: ReservationOrder, nodes: tuple[Node, ...], *, by: str = "") -> None:
        """Look after machines that exist. Raises WrongState when a reservation looks after them already."""
        ...

    async def clear(self, orphan: Orphan, *, by: str = "") -> None:
        """Begin to destroy what an orphan consists of. Raises WrongState when a reservation looks after it."""
        ...

    async def open_to_team(self, reservation_id: str, *, is_open: bool, by: str = "") -> None:
        """Let the workspace know of it, or not any more. Raises NotFound, WrongState."""
        ...

    async def offer_handover(self, reservation_id: str, to: str, *, by: str = "", left: str = "") -> None:
        """Ask that colleague to take it over; "" when they do not want it, or it is taken back.

        Raises NotFound, WrongState.
        ``left``: its owner, when they are not of the workspace any more, so that admins are told instead.
        """
        ...

    async def hand_over(self, reservation_id: str, to: str, name: str, *, by: str = "", left: str = "") -> None:
        """It is theirs from now on, under this name.

        Raises NotFound, and WrongState when it is not offered to them, unless it is of who ``left``.
        """
        ...

    async def keys_changed(self, reservation_id: str) -> None:
        """A colleague who has a part in it added or removed an SSH key. Raises NotFound."""
        ...

    async def credentials_renewed(self, reservation_id: str) -> None:
        """The owner gave new credentials: what waits for them goes on."""
        ...

    async def release(self, reservation_id: str, *, by: str = "") -> None:
        """Begin the teardown; returns when it has begun. Wins over everything else under way. Raises Protected."""
        ...

    async def stop(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None: ...

    async def start_nodes(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Power on; what is archived gets machines again, made from the images of their disks."""
        ...

    async def archive(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None:
        """Begin to keep images of its machines' disks and to give the machines back.

        Raises WrongState unless it runs or is stopped, Protected, and CannotArchive where its cloud keeps no images.
        """
        ...

    async def reboot(self, reservation_id: str, *, by: str = "", request_id: str = "") -> None: ...

    async def scale(self, reservation_id: str, scale: Scale, request_id: str, *, by: str = "") -> None:
        """Begin to grow or shrink; the same request_id twice does it once.

        Raises WrongState while it does not run, or has another number of machines than ``scale.before``.
        """
        ...

    async def let_in(
        self, reservation_id: str, openings: tuple[Opening, ...], *, before: tuple[Opening, ...], by: str = ""
    ) -> None:
        """Let just these in from outside besides SSH; returns when the cloud has done it. The same twice is once.

        Raises WrongState when something else than ``before`` is let in now, or it neither runs nor is stopped; PutBack
        when the cloud failed in the middle and it is as before; Unsure when it could not be put back yet, which is
        tried again; another ProviderError when the cloud refused, and nothing is changed.
        """
        ...

    async def get(self, reservation_id: str) -> Reservation:
        """The truth, from the workflow itself. Raises NotFound."""
        ...

    async def refresh_offers(self, provider: str, credential_ref: str) -> int:
        """Fetch the provider's live prices with that access; returns how many. Raises Unavailable."""
        ...


class Timers(Protocol):
    """What happens by itself at a time, durably; all methods raise Unavailable."""

    async def put(self, timer: Timer) -> None:
        """Have it ring from now on, in place of the timer with its id."""
        ...

    async def add(self, timer: Timer) -> bool:
        """As ``put``, unless there is a timer with its id that will ring yet: False then."""
        ...

    async def get(self, ids: Sequence[str]) -> list[Timer]:
        """Those that there are, and that will ring again, in the order of the ids."""
        ...

    async def holds(self, timer: Timer) -> bool:
        """Whether just this timer was neither removed nor replaced; it may have rung."""
        ...

    async def remove(self, ids: Sequence[str]) -> None:
        """They do not ring any more; what is gone already is no error."""
        ...


class Clock(Protocol):
    """The time now, aware, UTC."""

    def __call__(self) -> datetime: ...
