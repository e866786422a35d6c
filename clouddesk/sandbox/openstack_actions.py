"""What is done to servers of the simulated OpenStack, as Nova does it: one thing at a time."""

from __future__ import annotations

import math

from clouddesk.sandbox import openstack_images as images
from clouddesk.sandbox.openstack_errors import refusal
from clouddesk.sandbox.openstack_servers import ACTIVE, BUILD, ERROR, SHUTOFF, change, server
from clouddesk.sandbox.openstack_store import Ask
from clouddesk.sandbox.rest import Answer, Done, Item
from clouddesk.sandbox.timed import Timed

_STOPPING, _STARTING, _REBOOTING = "ACTIVE powering-off", "SHUTOFF powering-on", "REBOOT rebooting"
_UPLOADING = "image_uploading"
_WORDS = {ACTIVE: "active", SHUTOFF: "stopped", BUILD: "building", ERROR: "error"}
_KEEP = "createImage"


def act(ask: Ask) -> Answer:
    names = [name for name in ask.body if name in ("os-stop", "os-start", "reboot", _KEEP)]
    if len(names) != 1 or len(ask.body) != 1:
        raise refusal(400, "There is no such action")
    if names[0] == _KEEP:
        return _keep(ask)
    if names[0] == "reboot" and (ask.body["reboot"] or {}).get("type") not in ("SOFT", "HARD"):
        raise refusal(400, "Invalid input for field/attribute type. Value must be HARD or SOFT")
    needed, meanwhile, after, seconds = {
        "os-stop": (ACTIVE, _STOPPING, SHUTOFF, ask.short_seconds),
        "os-start": (SHUTOFF, _STARTING, ACTIVE, ask.boot_seconds),
        "reboot": (ACTIVE, _REBOOTING, ACTIVE, ask.boot_seconds),
    }[names[0]]
    with ask.store.atomic():
        item = server(ask)
        life = _in_state(item, names[0].removeprefix("os-"), needed)
        change(ask, item, life.changed(after, seconds=seconds, meanwhile=meanwhile))
    return Done(status=202)


def _keep(ask: Ask) -> Answer:
    """Nova tells the image's id from microversion 2.45 on."""
    order = images.order(ask.body[_KEEP])
    with ask.store.atomic():
        item = server(ask)
        life = _in_state(item, _KEEP, ACTIVE, SHUTOFF)
        if item["volume_gb"]:
            raise refusal(400, "This simulated cloud makes images of servers with a disk of their own only.")
        seconds = math.inf if ask.fate.is_stuck else ask.boot_seconds
        id_ = images.begin(ask, item, order, seconds=seconds)
        busy_seconds = seconds + images.CLOSING_SECONDS
        change(ask, item, life.changed(life.state, seconds=busy_seconds, meanwhile=f"{life.state} {_UPLOADING}"))
    return Done({"image_id": id_}, 202)


def _in_state(item: Item, verb: str, *needed: str) -> Timed:
    """The server's life. Raises the refusal when it is in none of these states, or something is done to it."""
    life = Timed.of(item["life"])
    status, _, task = life.state.partition(" ")
    if life.state not in needed:
        state = f"task_state {task}" if task else f"vm_state {_WORDS.get(status, status.lower())}"
        raise refusal(409, f"Cannot '{verb}' instance {item['id']} while it is in {state}")
    return life
