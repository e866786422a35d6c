"""Volumes of the simulated Linode: block storage that machines can be given."""

from __future__ import annotations

from clouddesk.sandbox.linode_catalog import REGIONS
from clouddesk.sandbox.linode_errors import refusal
from clouddesk.sandbox.linode_fields import Ask, existing, instant, label, only, tags
from clouddesk.sandbox.linode_instances import alive
from clouddesk.sandbox.rest import Answer, Done, Item, Listed

KIND = "volumes"
_FIRST = 9_200_000
_LEAST_GB, _MOST_GB, _LONGEST_LABEL = 10, 16_384, 32


def list_volumes(ask: Ask) -> Answer:
    return Listed("data", ask.store.all(KIND), lambda item: _shown(ask, item))


def create_volume(ask: Ask) -> Answer:
    only(ask.body, {"label", "region", "size", "tags", "linode_id", "config_id", "encryption"})
    region, size = str(ask.body.get("region")), ask.body.get("size", 20)
    if region not in REGIONS:
        raise refusal("Region is not valid", "region")
    if not isinstance(size, int) or not _LEAST_GB <= size <= _MOST_GB:
        raise refusal(f"Must be {_LEAST_GB}-{_MOST_GB}", "size")
    with ask.store.atomic():
        id_ = ask.store.number(KIND, _FIRST)
        item = {
            "id": id_,
            "label": label(ask, KIND, f"volume{id_}", shortest=1, longest=_LONGEST_LABEL),
            "region": region,
            "size": size,
            "tags": tags(ask),
            "linode_id": None,
            "created": instant(),
        }
        ask.store.put(KIND, id_, item)
    return Done(_shown(ask, item))


def get_volume(ask: Ask) -> Answer:
    return Done(_shown(ask, existing(ask, KIND)))


def delete_volume(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, KIND)
        if _shown(ask, item)["linode_id"] is not None:
            raise refusal("Volume must be detached before it can be deleted.")
        ask.store.remove(KIND, item["id"])
    return Done({})


def attach_volume(ask: Ask) -> Answer:
    only(ask.body, {"linode_id", "config_id", "persist_across_boots"})
    with ask.store.atomic():
        item = existing(ask, KIND)
        machine = next((one for one in alive(ask.store) if one["id"] == ask.body.get("linode_id")), None)
        if machine is None or machine["region"] != item["region"]:
            raise refusal("Linode must be in the same region as the volume", "linode_id")
        if _shown(ask, item)["linode_id"] is not None:
            raise refusal("Volume is already attached")
        ask.store.put(KIND, item["id"], {**item, "linode_id": machine["id"]})
    return Done(_shown(ask, {**item, "linode_id": machine["id"]}))


def detach_volume(ask: Ask) -> Answer:
    with ask.store.atomic():
        item = existing(ask, KIND)
        ask.store.put(KIND, item["id"], {**item, "linode_id": None})
    return Done({})


def _shown(ask: Ask, item: Item) -> Item:
    """A machine that is gone has given its volumes free."""
    machine = next((one for one in alive(ask.store) if one["id"] == item["linode_id"]), None)
    return {
        **item,
        "status": "active",
        "io_ready": True,
        "locks": [],
        "linode_id": machine["id"] if machine else None,
        "linode_label": machine["label"] if machine else None,
        "filesystem_path": f"/dev/disk/by-id/scsi-0Linode_Volume_{item['label']}",
        "hardware_type": "nvme",
        "encryption": "disabled",
        "updated": item["created"],
    }
