"""What callers may ask of the simulated DigitalOcean: each function answers one operation of the API."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from clouddesk.sandbox import digitalocean_shapes as shapes
from clouddesk.sandbox import digitalocean_snapshots as snapshots
from clouddesk.sandbox import rest
from clouddesk.sandbox.digitalocean_catalog import IMAGES, REGIONS, SIZES, Item, find_image
from clouddesk.sandbox.digitalocean_errors import not_found, over_limit, refusal, unprocessable
from clouddesk.sandbox.digitalocean_store import ACTIVE, OFF, Action, Droplet, Store
from clouddesk.sandbox.rest import Answer, Done, Listed

MOST_AT_ONCE = 10
_MOST_USER_DATA = 64 * 1024
_NAME = re.compile(r"[a-zA-Z0-9.-]{1,255}")
_TAG = re.compile(r"[\w:-]{1,255}")

Ask = rest.Ask[Store]


def get_account(ask: Ask) -> Answer:
    return Done({"account": shapes.account(ask.owner)})


def list_sizes(_: Ask) -> Answer:
    return Listed("sizes", list(SIZES.values()))


def list_regions(_: Ask) -> Answer:
    return Listed("regions", list(REGIONS.values()))


def list_images(ask: Ask) -> Answer:
    # What is public are distributions, and what people made are snapshots; none of it has tags.
    wanted = ask.query.get("type")
    public = [] if wanted == "application" or ask.query.get("private") == "true" else list(IMAGES.values())
    own = [] if wanted else [snapshots.image(item) for item in snapshots.existing(ask.store)]
    return Listed("images", [] if "tag_name" in ask.query else [*public, *own])


def get_image(ask: Ask) -> Answer:
    image = _image(ask, ask.path["wanted"])
    if image is None:
        raise not_found()
    return Done({"image": image})


def _image(ask: Ask, wanted: object) -> Item | None:
    own = snapshots.find(ask.store, wanted)
    return snapshots.image(own) if own else find_image(wanted)


# --- droplets


def create_droplets(ask: Ask) -> Answer:
    order = ask.body
    names = order["names"] if "names" in order else [order.get("name")]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise unprocessable("Name can't be blank")
    if not all(_NAME.fullmatch(name) for name in names):
        raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    if len(names) > MOST_AT_ONCE:
        raise unprocessable(f"You can only create up to {MOST_AT_ONCE} Droplets at a time.")
    region, facts = _check_order(ask, order)
    tags = read_tags(order.get("tags"))
    with ask.store.atomic():
        if len(ask.store.droplets()) + len(names) > shapes.DROPLET_LIMIT:
            raise over_limit()
        made = [
            ask.store.add_droplet(
                name=name, region=region, facts=facts, tags=tags, boot_seconds=ask.boot_seconds, fate=ask.fate
            )
            for name in names
        ]
    links = {"actions": [_link(action) for _, action in made]}
    droplets = [shapes.droplet(droplet) for droplet, _ in made]
    if "names" in order:
        return Done({"droplets": droplets, "links": links}, 202)
    return Done({"droplet": droplets[0], "links": links}, 202)


def list_droplets(ask: Ask) -> Answer:
    found = ask.store.droplets(tag=ask.query.get("tag_name"), name=ask.query.get("name"))
    return Listed("droplets", [droplet for droplet in found if droplet.is_listed], shapes.droplet)


def get_droplet(ask: Ask) -> Answer:
    return Done({"droplet": shapes.droplet(_droplet(ask))})


def delete_droplet(ask: Ask) -> Answer:
    ask.store.destroy(_droplet(ask), seconds=ask.short_seconds)
    return Done(status=204)


def delete_droplets(ask: Ask) -> Answer:
    tag = ask.query.get("tag_name")
    if not tag:
        raise unprocessable("tag_name is required")
    with ask.store.atomic():
        for droplet in ask.store.droplets(tag=tag):
            ask.store.destroy(droplet, seconds=ask.short_seconds)
    return Done(status=204)


def _check_order(ask: Ask, order: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Region and facts of an order that DigitalOcean would take."""
    region = REGIONS.get(str(order.get("region")))
    size = SIZES.get(str(order.get("size")))
    image = _image(ask, order.get("image"))
    if region is None:
        raise unprocessable("You specified an invalid region for Droplet creation.")
    if size is None:
        raise unprocessable("You specified an invalid size for Droplet creation.")
    if image is None or region["slug"] not in image["regions"]:
        raise unprocessable("You specified an invalid image for Droplet creation.")
    if not region["available"]:
        raise unprocessable("Region is not available")
    if region["slug"] not in size["regions"] or not size["available"]:
        raise unprocessable("Size is not available in this region.")
    if image["min_disk_size"] > size["disk"]:
        raise unprocessable("The image you specified needs a larger disk than this size has.")
    keys = order.get("ssh_keys") or []
    unknown = [str(key) for key in keys if ask.store.key(key) is None]
    if unknown:
        raise unprocessable(f"{', '.join(unknown)} are invalid key identifiers for Droplet creation.")
    features = [name for name in ("backups", "ipv6", "monitoring") if order.get(name)]
    facts = {
        "size": size["slug"],
        "image": image["slug"] or str(image["id"]),
        "snapshot": None if image["slug"] else image,
        "ssh_keys": keys,
        "user_data": _user_data(order),
        "features": ["private_networking", *features],
    }
    return region["slug"], facts


def _user_data(order: Mapping[str, Any]) -> str:
    text = order.get("user_data") or ""
    if not isinstance(text, str) or len(text.encode()) > _MOST_USER_DATA:
        raise unprocessable("User data must be a text of 64 KiB at most.")
    return text


def _droplet(ask: Ask) -> Droplet:
    found = ask.store.droplet(ask.path["number"])
    if found is None:
        raise not_found()
    return found


def _link(action: Action) -> Item:
    return {"id": action.id, "rel": action.type, "href": f"https://api.digitalocean.com/v2/actions/{action.id}"}


# --- actions


def act(ask: Ask) -> Answer:
    with ask.store.atomic():
        return Done({"action": shapes.action(_act(ask, _droplet(ask)))}, 201)


def act_on_tag(ask: Ask) -> Answer:
    with ask.store.atomic():
        droplets = ask.store.droplets(tag=ask.query.get("tag_name", ""))
        return Done({"actions": [shapes.action(_act(ask, droplet)) for droplet in droplets]}, 201)


def _act(ask: Ask, droplet: Droplet) -> Action:
    kind = ask.body.get("type")
    if droplet.is_locked:
        raise unprocessable("Droplet already has a pending event.")
    if kind in ("power_off", "shutdown"):
        _must_be(droplet, ACTIVE, "Droplet is already powered off.")
        return ask.store.change(droplet, kind, after=OFF, seconds=ask.short_seconds)
    if kind == "power_on":
        _must_be(droplet, OFF, "Droplet is already powered on.")
        return ask.store.change(droplet, kind, after=ACTIVE, seconds=ask.boot_seconds)
    if kind == "reboot":
        _must_be(droplet, ACTIVE, "Droplet is currently off. Please power it on to run this event.")
        return ask.store.change(droplet, kind, after=ACTIVE, seconds=ask.boot_seconds)
    if kind == "power_cycle":
        return ask.store.change(droplet, kind, after=ACTIVE, seconds=ask.boot_seconds)
    if kind == "snapshot":
        return snapshots.take(ask, droplet)
    if kind == "rename":
        name = ask.body.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
        return ask.store.rename(droplet, name)
    raise unprocessable("Invalid action type")


def _must_be(droplet: Droplet, status: str, problem: str) -> None:
    if droplet.status != status:
        raise unprocessable(problem)


def list_actions(ask: Ask) -> Answer:
    number = ask.path.get("number")
    if number is not None:
        _droplet(ask)
    return Listed("actions", ask.store.actions(droplet=number), shapes.action)


def get_action(ask: Ask) -> Answer:
    found = ask.store.action(ask.path["action"])
    if found is None or ask.path.get("number", found.droplet) != found.droplet:
        raise not_found()
    return Done({"action": shapes.action(found)})


# --- ssh keys


def list_keys(ask: Ask) -> Answer:
    return Listed("ssh_keys", list(ask.store.keys()), shapes.ssh_key)


def create_key(ask: Ask) -> Answer:
    name, public_key = ask.body.get("name"), ask.body.get("public_key")
    if not isinstance(name, str) or not name:
        raise unprocessable("Name can't be blank")
    words = public_key.split() if isinstance(public_key, str) else []
    try:
        digest = hashlib.md5(base64.b64decode(words[1], validate=True)).hexdigest()  # noqa: S324 - how keys are named
    except (IndexError, binascii.Error):
        raise unprocessable("Key invalid, key should be of the format `type key [comment]`") from None
    fingerprint = ":".join(re.findall("..", digest))
    key = ask.store.add_key(name, fingerprint, " ".join(words))
    if key is None:
        raise unprocessable("SSH Key is already in use on your account")
    return Done({"ssh_key": shapes.ssh_key(key)}, 201)


def get_key(ask: Ask) -> Answer:
    key = ask.store.key(ask.path["wanted"])
    if key is None:
        raise not_found()
    return Done({"ssh_key": shapes.ssh_key(key)})


def delete_key(ask: Ask) -> Answer:
    key = ask.store.key(ask.path["wanted"])
    if key is None:
        raise not_found()
    ask.store.remove_key(key)
    return Done(status=204)


# --- tags


def list_tags(ask: Ask) -> Answer:
    return Listed("tags", list(ask.store.tags()), lambda tag: _tag_shape(ask.store, tag))


def create_tag(ask: Ask) -> Answer:
    (tag,) = read_tags([ask.body.get("name")])
    ask.store.add_tag(tag)
    return Done({"tag": _tag_shape(ask.store, tag)}, 201)


def get_tag(ask: Ask) -> Answer:
    return Done({"tag": _tag_shape(ask.store, _known_tag(ask))})


def delete_tag(ask: Ask) -> Answer:
    ask.store.remove_tag(_known_tag(ask))
    return Done(status=204)


def tag_resources(ask: Ask) -> Answer:
    ask.store.tag([_known_tag(ask)], _resources(ask))
    return Done(status=204)


def untag_resources(ask: Ask) -> Answer:
    ask.store.untag(_known_tag(ask), _resources(ask))
    return Done(status=204)


def _known_tag(ask: Ask) -> str:
    wanted = str(ask.path["tag"])
    for tag in ask.store.tags():
        if tag.lower() == wanted.lower():
            return tag
    raise not_found()


def _resources(ask: Ask) -> list[int]:
    numbers = []
    for resource in ask.body.get("resources") or []:
        number = str(resource.get("resource_id"))
        if resource.get("resource_type") != "droplet" or not number.isdigit() or not ask.store.droplet(int(number)):
            raise not_found()
        numbers.append(int(number))
    return numbers


def read_tags(wanted: object) -> list[str]:
    """Tags as a request gives them."""
    if wanted is None:
        return []
    if not isinstance(wanted, list):
        raise refusal(400, "bad_request", "tags must be a list")
    for tag in wanted:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise unprocessable("Tags may only contain letters, numbers, colons, dashes and underscores.")
    return wanted


def _tag_shape(store: Store, tag: str) -> Item:
    tagged = store.droplets(tag=tag)
    droplets: Item = {"count": len(tagged)}
    if tagged:
        droplets["last_tagged_uri"] = f"https://api.digitalocean.com/v2/droplets/{tagged[-1].id}"
    return {"name": tag, "resources": {"count": len(tagged), "droplets": droplets}}
