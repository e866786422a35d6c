"""What people and rounds ask of a reservation's workflow: its updates and signals, in stdlib dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clouddesk.model.idleness import Thresholds, Verdict
from clouddesk.model.idling import IdleWish
from clouddesk.model.node import Opening
from clouddesk.model.scaling import Scale
from clouddesk.model.share import Share


@dataclass(frozen=True)
class Wish:
    """The input of updates that need no more than who wants it (a user id, "" for CloudDesk itself)."""

    by: str = ""


@dataclass(frozen=True)
class Choice:
    """Update ``choose``: one of ``reservation.CHOICES`` or ``OFFER_CHOICES``."""

    answer: str
    by: str = ""
    offered_usd: float = 0.0
    """Of an answer to a dearer offer: the price by the hour that was shown; 0 when that is not known."""


@dataclass(frozen=True)
class Extension:
    """Update ``extend``. The same ``request_id`` twice extends once."""

    seconds: int
    request_id: str
    by: str = ""


@dataclass(frozen=True)
class Sharing:
    """Update ``share``. The same ``request_id`` twice shares once."""

    share: Share
    request_id: str
    by: str = ""


@dataclass(frozen=True)
class Protecting:
    """Update ``protect``: protect it, or take that off."""

    is_protected: bool
    by: str = ""


@dataclass(frozen=True)
class Unsharing:
    """Update ``unshare``. The same ``request_id`` twice ends one share."""

    user_id: str
    request_id: str
    by: str = ""


@dataclass(frozen=True)
class Handover:
    """Updates ``offer_handover`` and ``hand_over``: to whom, and the name that it has with them.

    An offer to nobody is a no where it is ``by`` whom it is offered to, and taken back where it is by anybody else.
    """

    to: str
    name: str = ""
    by: str = ""
    left: str = ""
    """Its owner, where that is somebody who is not of the workspace any more: an admin may take it over then."""


@dataclass(frozen=True)
class OpeningToTeam:
    """Update ``open_to_team``: whether the workspace is to know of it."""

    is_open: bool
    by: str = ""


@dataclass(frozen=True)
class Scaling:
    """Update ``scale``. The same ``request_id`` twice scales once."""

    scale: Scale
    request_id: str
    by: str = ""


@dataclass(frozen=True)
class Sighting:
    """Signal ``seen``: a step is due because of how it is used. ``verdict``: None for machines that are off."""

    verdict: Verdict | None
    thresholds: Thresholds
    """The usual ones, without what its people wish."""
    at: datetime | None = None
    """When that was so; None where it does not matter, or a version before this one did not say."""
    unused_since: datetime | None = None
    """Its lease is long, and nobody was seen there since then, if no other step is due."""
    is_looked_at: bool = True
    """Whether anything was learned of its machines since then."""


@dataclass(frozen=True)
class Keeping:
    """Update ``keep``. The same ``request_id`` twice keeps once."""

    until: datetime
    request_id: str
    by: str = ""
    is_protected: bool = False
    """A job runs until then: its schedule does not stop it either."""


@dataclass(frozen=True)
class IdleSetting:
    """Update ``set_idle``. The same ``request_id`` twice sets once."""

    wish: IdleWish
    request_id: str
    by: str = ""


@dataclass(frozen=True)
class Opened:
    """Update ``let_in``: what is let in besides SSH, in place of what there was ``before``."""

    openings: tuple[Opening, ...]
    before: tuple[Opening, ...]
    by: str = ""
