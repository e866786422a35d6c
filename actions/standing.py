"""How reservations stand: their states in words, and how many machines there are at what price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from actions.wording import plural
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly
from clouddesk.language.people import called
from clouddesk.model.actor import ADMIN, Actor, Person
from clouddesk.model.handover import offer_ends, offered_to
from clouddesk.model.reservation import ARCHIVED, ARCHIVING, ENDED, RELEASING, STOPPED, Reservation
from clouddesk.team_view import machines_in

_STATES = {ARCHIVING: "being archived"}
"""Where the state's own word is no good."""


def state_words(item: Reservation) -> str:
    """ "provisioning (3 of 5 up)", "configuring: starting workers", "running, protected"."""
    protected = ", protected" if item.is_protected else ""
    if item.has_lost_images:
        return "archived, its images are gone" + protected
    if item.state in _STATES:
        return _STATES[item.state] + protected
    if item.step or item.scaling_to:
        state = f"{item.state} to {item.scaling_to}" if item.scaling_to else item.state
        return (f"{state}: {item.step}" if item.step else state) + protected
    if item.offered or item.is_asked_about_software:
        return f"{item.state} (waits for your answer)" + protected
    is_counted = item.nodes_up is not None and item.node_count > 1
    return (f"{item.state} ({item.nodes_up} of {item.node_count} up)" if is_counted else item.state) + protected


def offer_words(item: Reservation, actor: Actor, now: datetime) -> str:
    """ "offered to ben until Friday 18:00", for whoever may take that back, and whom it is offered to; "" to others."""
    to = offered_to(item, now) if item.state not in (RELEASING, ENDED) else ""
    if not to or not (ADMIN in actor.roles or actor.user_id in (item.owner, to)):
        return ""
    whom = "you" if actor.user_id == to else called(Person(item.workspace_id, to))
    return f"offered to {whom} until {local_time(offer_ends(item), actor, now)}"


def image_note(item: Reservation) -> str:
    """What is kept of one that is archived, and what of it somebody deleted in the cloud."""
    if item.has_lost_images:
        return "The images of its disks are gone, and what was on them is lost. It cannot be started again."
    lost = [image.key for image in item.images if image not in item.kept_images]
    gone = f" Those of {', '.join(lost)} are gone, with what was on them." if lost else ""
    kept = plural(len(item.kept_images), "disk")
    return f"Images of {kept} are kept; “start {item.name}” makes {'the' if lost else 'its'} machines again.{gone}"


def price_note(item: Reservation) -> str:
    """What the price of the hour is for, where that is not for machines that run."""
    return f" (while {item.state})" if item.state in (STOPPED, ARCHIVED) else ""


def head(items: Sequence[Reservation]) -> str:
    """How many machines, and what they cost together; those that are archived are none."""
    archived = sum(item.state == ARCHIVED for item in items)
    rate = hourly(sum(item.current_hourly_price_usd for item in items))
    if archived == len(items):
        together = f", {rate} together" if archived > 1 else ""
        return f"You have {plural(archived, 'archived reservation')}{together}:"
    machines = plural(machines_in(items), "machine")
    of_them = f" ({archived} archived)" if archived else ""
    together = f" in {plural(len(items), 'reservation')}{of_them}, {rate} together" if len(items) > 1 else ""
    return f"You have {machines}{together}:"
