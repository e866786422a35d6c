"""Volumes of the simulated DigitalOcean: block storage that droplets can be given."""

from __future__ import annotations

import re

from clouddesk.sandbox import digitalocean_shapes as shapes
from clouddesk.sandbox.digitalocean_catalog import REGIONS
from clouddesk.sandbox.digitalocean_errors import not_found, refusal, unprocessable
from clouddesk.sandbox.digitalocean_requests import Ask, read_tags
from clouddesk.sandbox.digitalocean_store import Volume
from clouddesk.sandbox.rest import Answer, Done, Listed

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_MOST_GIGABYTES = 16_384


def list_volumes(ask: Ask) -> Answer:
    found = ask.store.volumes(region=ask.query.get("region"), name=ask.query.get("name"))
    return Listed("volumes", found, shapes.volume)


def create_volume(ask: Ask) -> Answer:
    name, region, size = ask.body.get("name"), ask.body.get("region"), ask.body.get("size_gigabytes")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise unprocessable("name must begin with a letter and hold lowercase letters, numbers and - only")
    if region not in REGIONS:
        raise unprocessable("invalid region")
    if not isinstance(size, int) or not 1 <= size <= _MOST_GIGABYTES:
        raise unprocessable("invalid size_gigabytes")
    volume = ask.store.add_volume(name=name, region=str(region), size_gb=size, tags=read_tags(ask.body.get("tags")))
    if volume is None:
        raise refusal(409, "conflict", "a volume with that name already exists in this region")
    return Done({"volume": shapes.volume(volume)}, 201)


def get_volume(ask: Ask) -> Answer:
    return Done({"volume": shapes.volume(_volume(ask))})


def delete_volume(ask: Ask) -> Answer:
    with ask.store.atomic():
        volume = _volume(ask)
        if volume.droplet is not None:
            raise refusal(409, "conflict", "the volume is attached to a Droplet, detach it first")
        ask.store.remove_volume(volume)
    return Done(status=204)


def act_on_volume(ask: Ask) -> Answer:
    """Attach and detach, done at once."""
    kind, number = ask.body.get("type"), ask.body.get("droplet_id")
    with ask.store.atomic():
        volume = _volume(ask)
        droplet = ask.store.droplet(number) if isinstance(number, int) else None
        if droplet is None or droplet.region != volume.region:
            raise unprocessable("the Droplet must exist in the volume's region")
        if kind == "attach":
            if volume.droplet is not None:
                raise unprocessable("the volume is attached already")
            action = ask.store.attach(volume, droplet)
        elif kind == "detach":
            if volume.droplet != droplet.id:
                raise unprocessable("the volume is not attached to that Droplet")
            action = ask.store.detach(volume, droplet)
        else:
            raise unprocessable("Invalid action type")
    return Done({"action": shapes.action(action)}, 202)


def _volume(ask: Ask) -> Volume:
    found = ask.store.volume(str(ask.path["wanted"]))
    if found is None:
        raise not_found()
    return found
