"""What can be tried on one reservation: the right that it takes, and the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.idling import IdleWish
from clouddesk.model.node import Opening
from clouddesk.model.reservation import GO_ON, PARTIAL, STOPPED
from clouddesk.model.scaling import Scale
from clouddesk.model.share import USE, Share
from clouddesk.model.timer import EVERY_DAY, STOP, Weekly
from clouddesk.timers import Switch
from tests.conversation.memory_clock import START
from tests.unit.desk.matrix import (
    LENGTHEN,
    OPEN,
    OWN,
    SEE,
    SWITCH,
)

Call = Callable[[Desk, Actor, str], Awaitable[Any]]
SOON = START + timedelta(days=1)
NEVER = IdleWish(stop_seconds=0)
NIGHTLY = Switch(STOP, Weekly(EVERY_DAY, 19))
GROWN = Scale(3, 2, "node", hourly_price_usd=1.0, stopped_hourly_price_usd=1.0)
OF_RESERVATIONS: dict[str, tuple[str, Call]] = {
    "desk.reservation": (SEE, lambda desk, actor, id_: desk.reservation(actor, id_)),
    "desk.choose": (OWN, lambda desk, actor, id_: desk.choose(actor, id_, GO_ON)),
    "desk.release": (OWN, lambda desk, actor, id_: desk.release(actor, id_)),
    "desk.owned": (OWN, lambda desk, actor, id_: desk.owned(actor, id_)),
    "desk.secrets_of": (OPEN, lambda desk, actor, id_: desk.secrets_of(actor, id_)),
    "leases.extension_price_usd": (SEE, lambda desk, actor, id_: desk.leases.extension_price_usd(actor, id_, 3600)),
    "leases.extend": (LENGTHEN, lambda desk, actor, id_: desk.leases.extend(actor, id_, 3600, request_id="r")),
    "leases.look_at_extension": (LENGTHEN, lambda desk, actor, id_: desk.leases.look_at_extension(actor, id_, 3600)),
    "leases.hold": (LENGTHEN, lambda desk, actor, id_: desk.leases.hold(actor, id_)),
    "idling.keep": (SWITCH, lambda desk, actor, id_: desk.idling.keep(actor, id_, SOON, request_id="r")),
    "idling.wish": (SWITCH, lambda desk, actor, id_: desk.idling.wish(actor, id_, NEVER, request_id="r")),
    "idling.thresholds": (SEE, lambda desk, actor, id_: desk.idling.thresholds(actor, id_)),
    "power.stop": (SWITCH, lambda desk, actor, id_: desk.power.stop(actor, id_)),
    "power.start": (SWITCH, lambda desk, actor, id_: desk.power.start(actor, id_)),
    "power.archive": (SWITCH, lambda desk, actor, id_: desk.power.archive(actor, id_)),
    "power.look_at_archive": (SWITCH, lambda desk, actor, id_: desk.power.look_at_archive(actor, id_)),
    "power.reboot": (SWITCH, lambda desk, actor, id_: desk.power.reboot(actor, id_)),
    "protection.protect": (OWN, lambda desk, actor, id_: desk.protection.protect(actor, id_)),
    "protection.unprotect": (OWN, lambda desk, actor, id_: desk.protection.unprotect(actor, id_)),
    "scaling.quote": (OWN, lambda desk, actor, id_: desk.scaling.quote(actor, id_, 3)),
    "scaling.scale": (OWN, lambda desk, actor, id_: desk.scaling.scale(actor, id_, GROWN, request_id="r")),
    "openings.look": (OWN, lambda desk, actor, id_: desk.openings.look(actor, id_)),
    "openings.change": (OWN, lambda desk, actor, id_: desk.openings.change(actor, id_, [Opening(80, 80)], before=())),
    "shares.share": (OWN, lambda desk, actor, id_: desk.shares.share(actor, id_, Share("cid", USE), request_id="r")),
    "shares.unshare": (OWN, lambda desk, actor, id_: desk.shares.unshare(actor, id_, "cid", request_id="r")),
    "shares.unshare: one's own part": (
        SEE,
        lambda desk, actor, id_: desk.shares.unshare(actor, id_, actor.user_id, request_id="r"),
    ),
    "peers.open_to_team": (OWN, lambda desk, actor, id_: desk.peers.open_to_team(actor, id_, is_open=True)),
    "handovers.check": (OWN, lambda desk, actor, id_: desk.handovers.check(actor, id_, "cid")),
    "handovers.offer": (OWN, lambda desk, actor, id_: desk.handovers.offer(actor, id_, "cid")),
    "handovers.withdraw": (OWN, lambda desk, actor, id_: desk.handovers.withdraw(actor, id_)),
    "timers.schedule": (SWITCH, lambda desk, actor, id_: desk.timers.schedule(actor, id_, [NIGHTLY], conversation="c")),
    "timers.schedule_of": (SEE, lambda desk, actor, id_: desk.timers.schedule_of(actor, id_)),
    "timers.unschedule": (SWITCH, lambda desk, actor, id_: desk.timers.unschedule(actor, id_)),
    "timers.remind": (
        SEE,
        lambda desk, actor, id_: desk.timers.remind(actor, reservation_id=id_, before_end_seconds=60, conversation="c"),
    ),
    "utilisation.report": (SEE, lambda desk, actor, id_: desk.utilisation.report(actor, id_)),
    "utilisation.reports": (SEE, lambda desk, actor, id_: desk.utilisation.reports(actor, [id_])),
    "timers.leave_out": (SWITCH, lambda desk, actor, id_: desk.timers.leave_out(actor, id_, "DE")),
    "templates.request_of": (SEE, lambda desk, actor, id_: desk.templates.request_of(actor, id_)),
}
STATES = {"power.start": STOPPED, "desk.choose": PARTIAL}
"""The state that a call needs; running for the others."""
