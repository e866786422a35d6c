"""Notices: messages to a person that nobody asked for just now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

READY = "ready"
FAILED = "failed"
EXPIRING = "expiring"
ENDED = "ended"
STOPPED = "stopped"
STARTED = "started"
REBOOTED = "rebooted"
ARCHIVED = "archived"
"""It has no machines any more, and images of their disks; ``unused`` says that nobody used it."""
NOT_ARCHIVED = "not_archived"
"""Images could not be made, so it is as it was, or stopped; ``reason`` says why."""
NOT_STARTED = "not_started"
"""It stays archived: the cloud has no machines for it (``reason``), or its schedule does not start it (``clock``)."""
SCALED = "scaled"
NOT_SCALED = "not_scaled"
"""Machines could not come or leave; ``action`` says which ("grow", "shrink"), and it is as it was."""
UNPROVEN = "unproven"
"""Its machines run, and its software could not be set up on them again after what ``action`` says."""
TROUBLE = "trouble"
PARTIAL = "partial"
"""Only some of the machines came up: retry, go on with those, or give all back?"""
UNCONFIGURED = "unconfigured"
"""The software could not be set up: retry, keep the bare machines, or give them back?"""
MOVED = "moved"
"""The cloud had none of the machines left, so they are got elsewhere, for about the same."""
DEARER = "dearer"
"""The cloud had none of the machines left, and what else fits is dearer: take it?"""
CREDENTIALS = "credentials"
"""The cloud refuses the credentials that live machines depend on: new ones are needed."""
DRIFT = "drift"
"""Something was done to machines in the cloud that was not done here; ``reason`` says what."""
ORPHAN = "orphan"
"""Machines that no reservation knows: keep, adopt or delete?"""
ORPHAN_SETTLED = "orphan_settled"
SHARED = "shared"
"""For the colleague that something is shared with now."""
SHARED_BY = "shared_by"
"""For the owner: somebody else (``by``), an admin, gave ``person`` a part in it; with no person, let the team know."""
UNSHARED = "unshared"
"""For the colleague whose part in it is over; ``reason`` says why."""
LET_IN = "let_in"
"""For the colleague: their SSH keys log in now, and how; ``behind`` are machines that could not be reached."""
KEYLESS = "keyless"
"""For the colleague: they have given no SSH key that could be put on the machines."""
NOT_LET_IN = "not_let_in"
"""For the owner: machines that cannot be reached, whose keys are not as they should be; it is tried again."""
LOGINS_MENDED = "logins_mended"
NOT_OPENED = "not_opened"
"""What is let in could not be changed, which was found out late; it is as before (``openings``)."""
OPENINGS_UNSURE = "openings_unsure"
"""The cloud failed in the middle of such a change: ``which`` may be open or not. It is being put back."""
OPENINGS_MENDED = "openings_mended"
"""It is known again what is let in (``openings``)."""
RELINKED = "relinked"
"""For everybody who has a part in it still: the links have a new secret, because somebody has none any more."""
LINK_LATE = "link_late"
"""For the owner: the secret could not be changed yet."""
HANDOVER = "handover"
"""For a colleague: its owner asks them to take it over, until ``stands``."""
HANDOVER_DECLINED = "handover_declined"
HANDOVER_WITHDRAWN = "handover_withdrawn"
"""For whom it was offered to: ``by`` has taken that back; for the owner with the ``person``, where an admin did."""
HANDED_OVER = "handed_over"
"""For both: it is somebody else's now (``owner``; ``before`` whose it was)."""
ASKED_FOR = "asked_for"
"""For the owner: a colleague asks to use it."""
NOT_NOW = "not_now"
"""For who asked: its owner does not share it just now. It names no machine, which they may know nothing of."""
DIGEST = "digest"
"""What a person's machines cost in the week before; for admins those of all."""
AWAY = "away"
"""The person's status says that they are away: what is to become of what still runs?"""
TEAM_DIGEST = "team_digest"
"""What the team's machines cost in the week before, for all to read in the channel of its ``conversation``."""
BILL = "bill"
"""For who asked for the clouds' bills and did not wait: what they say."""
REMINDER = "reminder"
"""Asked for by the person: of one reservation, or with no ``reservation_id`` of all that runs."""
UNTIMELY = "untimely"
"""What was to be done by the clock (``action``, ``at``) could not be done: it was in the middle of something."""
UNTIMED = "untimed"
"""For the owner: what ``person`` had set by the clock is over, as they may not manage it any more."""
IDLE = "idle"
"""Nobody seems to use it: keep, stop, or give back? ``stops`` says when it is stopped without an answer."""
IDLE_SOON = "idle_soon"
"""It is about to be stopped, as nobody answered."""
IDLE_OVER = "idle_over"
"""It is in use again, so the question is taken back."""
IDLE_REST = "idle_rest"
"""It was stopped as unused, and its disks have cost for long: give it back? ``archives`` says when it is archived
without an answer, where it is."""
IDLE_ARCHIVE = "idle_archive"
"""It is about to be archived, as nobody answered."""
LONG_LEASE = "long_lease"
"""Its lease is long, and nobody was seen there since ``at``: still needed? ``blind``: nobody could look."""
APPROVAL_ASKED = "approval_asked"
"""For those who may decide: something is over a budget; approve or decline?"""
APPROVAL_DECIDED = "approval_decided"
"""For who asked: what became of it; ``status`` says which, ``reason`` why."""
OVER_BUDGET = "over_budget"
"""It was to start by the clock, which would have gone beyond a budget, so it stays stopped."""

TEAM_STOPPED = "team_stopped"
"""For the owner: an admin stopped machines; ``by`` says who, ``why`` what for."""
LEAVER = "leaver"
"""For admins: its owner is not of the workspace any more. Release it, or keep it for longer?"""

OFFERED_EXTENSION_SECONDS = 7200
"""What the question in a warning offers, and a plain yes to it takes."""


@dataclass(frozen=True)
class Notice:
    """A fact for one person about one reservation, or about none (``reservation_id`` is "" then).

    The wording is the connector's (domain.yml, ``utter_notice_<kind>``).

    ``id`` is the same for a repeated delivery of the same fact, so that readers can drop doubles.
    ``values`` fill the wording; they never hold a secret.
    """

    id: str
    kind: str
    workspace_id: str
    user_id: str
    conversation: str
    reservation_id: str
    created_at: datetime
    values: dict[str, str] = field(default_factory=dict)
    is_for_admins: bool = False
    """Every admin of the workspace gets a copy, rather than ``user_id``."""
