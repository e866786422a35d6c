"""Machines that get another owner: how long an offer stands, and what is wrong with a wish.

Invalid
├── NotHandedOver         machines on which nobody's keys can be changed
├── NotLeft               machines whose owner is there to be asked
├── NotOffered            machines that are offered to nobody
└── HandoverIsOver        an offer that has stood for its time
"""

from __future__ import annotations

from datetime import datetime, timedelta

from clouddesk.model.errors import Invalid
from clouddesk.model.reservation import Reservation

STANDS_FOR = timedelta(days=3)
"""So long an offer can be accepted, if its lease lasts."""


def offer_ends(view: Reservation) -> datetime:
    """Until when it can be accepted, if it is offered to somebody."""
    if view.offered_at is None:
        # Offered under a version in which offers had no end of their own.
        return view.expires_at
    return min(view.offered_at + STANDS_FOR, view.expires_at)


def offered_to(view: Reservation, now: datetime) -> str:
    """The user id of whom it is offered to now; "" for nobody."""
    return view.offered_to if now < offer_ends(view) else ""


class NotHandedOver(Invalid):
    """Machines that CloudDesk does not log in to: the owner's keys would go on letting them in."""

    code = "not_handed_over"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"I have no way into the machines of {name} myself, so I could neither take your SSH keys off nor put "
            "others on, and it would be somebody else's in name only. Share it instead, or let them order their own."
        )


class NotLeft(Invalid):
    """Machines that nobody takes over without their owner, who is of the workspace as far as is known.

    ``owner``: as our texts call them.
    """

    code = "not_left"

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        super().__init__(f"{name} is {owner}'s, who is still here: only they hand it over.")


class NotOffered(Invalid):
    """There is no offer that could be taken back: there was none, it is over, or somebody has accepted it."""

    code = "not_offered"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is offered to nobody.")


class HandoverIsOver(Invalid):
    """An offer that nobody answered in time. ``owner``: as our texts call them."""

    code = "handover_is_over"

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        super().__init__(f"The offer of {name} is over. It is {owner}'s still: ask them to make it once more.")
