"""What the simulated clouds list, asked through their own APIs, past all of our code; waits while one is down."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clouddesk.settings import Settings
from tests.integration.clouds import AWS_OPERATOR, DIGITALOCEAN_OPERATOR

T = TypeVar("T")
Place = tuple[str, str]
"""Cloud and region."""

INSTALLATION = "clouddesk-installation"
RESERVATION = "clouddesk-reservation"
NODE = "clouddesk-node"

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.3
_ONCE = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1})
_POWER = {"running": "running", "active": "running", "stopped": "stopped", "off": "stopped"}


@dataclass(frozen=True)
class Thing:
    """A machine, a disk, or the image of one that a cloud lists."""

    id: str
    kind: str
    """"machine", "disk", "image", or "snapshot": of what an image consists where that is listed too."""
    state: str
    """"running" and "stopped" on every cloud; else the cloud's own word."""
    reservation_id: str
    key: str
    region: str


class Clouds:
    """All simulated clouds of a stack, through the operator's key."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = settings.sandbox
        self._installation = settings.installation
        self._ec2: dict[str, Any] = {}
        self._lock = threading.Lock()

    async def of_reservation(self, places: Iterable[Place], reservation_id: str) -> list[Thing]:
        """What there is now of a reservation in these places, and in every region of the clouds that list all."""
        tag = (RESERVATION, reservation_id)
        looks: dict[Place, Callable[[], list[Thing]]] = {}
        for provider, region in places:
            if provider == "aws":
                looks[provider, region] = functools.partial(self._in_region, region, *tag)
            else:
                looks[provider, ""] = functools.partial(self._at_digitalocean, *tag)
        return [thing for look in looks.values() for thing in await asyncio.to_thread(_patiently, look)]

    async def everything(self) -> list[Thing]:
        """All with this installation's tag, in every region of every cloud."""
        return await asyncio.to_thread(_patiently, self._everything)

    async def fault(self, provider: str, description: dict[str, Any]) -> None:
        """Tell a cloud to have a fault."""
        address = f"{self._addresses[provider]}/_sandbox/faults"
        await asyncio.to_thread(lambda: requests.post(address, json=description, timeout=10).raise_for_status())

    async def heal(self) -> None:
        """Take all faults away."""

        def clear() -> None:
            for address in self._addresses.values():
                requests.delete(f"{address}/_sandbox/faults", timeout=10).raise_for_status()

        await asyncio.to_thread(_patiently, clear)

    def _everything(self) -> list[Thing]:
        tag = (INSTALLATION, self._installation)
        regions = self._client("us-east-1").describe_regions()["Regions"]
        found = [thing for region in regions for thing in self._in_region(region["RegionName"], *tag)]
        return [*found, *self._at_digitalocean(*tag)]

    def _in_region(self, region: str, tag: str, value: str) -> list[Thing]:
        return [*self._instances(region, tag, value), *self._images(region, tag, value)]

    def _at_digitalocean(self, tag: str, value: str) -> list[Thing]:
        return [*self._droplets(tag, value), *self._snapshots(tag, value)]

    def _instances(self, region: str, tag: str, value: str) -> list[Thing]:
        """Instances that are not terminated (which are listed for an hour), and disks."""
        ec2, wanted = self._client(region), [{"Name": f"tag:{tag}", "Values": [value]}]
        found = []
        for page in ec2.get_paginator("describe_instances").paginate(Filters=wanted):
            for instance in (item for made in page["Reservations"] for item in made["Instances"]):
                state = instance["State"]["Name"]
                if state != "terminated":
                    found.append(_thing(instance["InstanceId"], "machine", state, _tags(instance), region))
        for page in ec2.get_paginator("describe_volumes").paginate(Filters=wanted):
            found += [_thing(disk["VolumeId"], "disk", disk["State"], _tags(disk), region) for disk in page["Volumes"]]
        return found

    def _images(self, region: str, tag: str, value: str) -> list[Thing]:
        """Images of ours, and the snapshots that they consist of."""
        ec2, wanted = self._client(region), [{"Name": f"tag:{tag}", "Values": [value]}]
        images = ec2.describe_images(Owners=["self"], Filters=wanted)["Images"]
        snapshots = ec2.describe_snapshots(OwnerIds=["self"], Filters=wanted)["Snapshots"]
        return [
            *(_thing(item["ImageId"], "image", item["State"], _tags(item), region) for item in images),
            *(_thing(item["SnapshotId"], "snapshot", item["State"], _tags(item), region) for item in snapshots),
        ]

    def _droplets(self, tag: str, value: str) -> list[Thing]:
        found = []
        for droplet in self._listed("droplets", f"tag_name={tag}:{value}"):
            tags = dict(one.partition(":")[::2] for one in droplet["tags"])
            found.append(_thing(str(droplet["id"]), "machine", droplet["status"], tags, droplet["region"]["slug"]))
        return found

    def _snapshots(self, tag: str, value: str) -> list[Thing]:
        """They carry no tags: their names tell whose they are."""
        found = []
        for item in self._listed("images", "private=true"):
            kind, *facts = (unquote(part.replace("_", "%")) for part in item["name"].split(":"))
            if kind == "clouddesk-image":
                tags = dict(zip((INSTALLATION, RESERVATION, NODE), facts, strict=False))
                if tags[tag] == value:
                    found.append(_thing(str(item["id"]), "image", item["status"], tags, ",".join(item["regions"])))
        return found

    def _listed(self, what: str, query: str) -> list[dict[str, Any]]:
        address = f"{self._addresses['digitalocean']}/v2/{what}?per_page=200&{query}"
        found: list[dict[str, Any]] = []
        while address:
            answer = requests.get(address, headers=DIGITALOCEAN_OPERATOR, timeout=30)
            answer.raise_for_status()
            found += answer.json()[what]
            address = answer.json().get("links", {}).get("pages", {}).get("next", "")
        return found

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._ec2:
                self._ec2[region] = boto3.client(
                    "ec2", region_name=region, endpoint_url=self._addresses["aws"], config=_ONCE, **AWS_OPERATOR
                )
            return self._ec2[region]


def _tags(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}


def _thing(id_: str, kind: str, state: str, tags: dict[str, str], region: str) -> Thing:
    return Thing(id_, kind, _POWER.get(state, state), tags.get(RESERVATION, ""), tags.get(NODE, ""), region)


def _patiently(look: Callable[[], T]) -> T:
    """The cloud's server may be down just now, or answer with a fault that was meant for the product."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return look()
        except (requests.RequestException, BotoCoreError, ClientError, KeyError, ValueError):
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)
