"""What Amazon's EC2 does its own way: many machines in one call, tags written afterwards, disks apart from machines."""

from __future__ import annotations

from hashlib import sha256
from threading import local
from typing import Any
from urllib.parse import urlencode

import boto3
from botocore.config import Config
from libcloud.compute.base import NodeImage, NodeSize
from libcloud.compute.drivers.ec2 import EC2Connection, EC2NodeDriver
from libcloud.compute.types import StorageVolumeState

from clouddesk.model import node as states
from clouddesk.model.errors import ProviderDown
from clouddesk.model.node import Account, Node, NodeOrder, NodePlan
from clouddesk.model.offer import Offer
from clouddesk.providers.cloud import (
    INSTALLATION,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    SYSTEM,
    TIMEOUT_SECONDS,
    Endpoint,
    Image,
)  # fmt: skip
from clouddesk.providers.table import AWS, ImageQuery

_STATES = {
    "pending": states.PENDING,
    "running": states.RUNNING,
    "stopping": states.STOPPING,
    "stopped": states.STOPPED,
    "shutting-down": states.GONE,
    "terminated": states.GONE,
}
_LISTED = ["pending", "running", "stopping", "stopped", "shutting-down"]  # Amazon lists terminated ones for an hour
_ENDED = ["shutting-down", "terminated"]
_SPELLINGS = {
    "x86_64": {"debian": "amd64", "arm": "x86_64", "gnu": "x86_64"},
    "arm64": {"debian": "arm64", "arm": "arm64", "gnu": "aarch64"},
}
_TOKENS = 3


class Ec2Cloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for AWS."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str) -> None:
        self._key = fields["access_key_id"]
        self._secret = fields["secret_access_key"]
        self._url = endpoint
        self._endpoint = Endpoint.parse(endpoint) if endpoint else None
        self._installation = installation
        self._drivers = local()  # libcloud's drivers are not safe to share between threads

    def account(self) -> Account:
        """By STS, which every key may ask, whatever else it may do."""
        sts = boto3.client(
            "sts",
            region_name="us-east-1",
            endpoint_url=self._url,
            aws_access_key_id=self._key,
            aws_secret_access_key=self._secret,
            config=Config(
                connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1}
            ),
        )
        answer = sts.get_caller_identity()
        return Account(provider=AWS.name, id=str(answer["Account"]), label=str(answer["Arn"]))

    def offers(self) -> list[Offer]:
        """EC2's API tells no prices: they come with the catalogue."""
        return []

    def image(self, region: str, system: str, query: ImageQuery, architecture: str) -> Image | None:
        found = self._driver(region).list_images(
            ex_owner=query.owner,
            ex_filters={
                "name": query.pattern.format(**_SPELLINGS[architecture]),
                "architecture": architecture,
                "state": "available",
            },
        )
        if not found:
            return None
        newest = max(found, key=lambda image: (str(image.extra["creation_date"]), image.name))
        disks = newest.extra["block_device_mapping"] or [{}]
        return Image(
            id=newest.id,
            system=system,
            root_device=disks[0].get("device_name") or query.root_device,
            least_disk_gb=int((disks[0].get("ebs") or {}).get("volume_size") or 8),
        )

    def nodes(self, region: str, reservation_id: str) -> list[Node]:
        filters = {**self._mine(reservation_id), "instance-state-name": _LISTED}
        found = self._driver(region).list_nodes(ex_filters=filters)
        return [_node(item, region) for item in sorted(found, key=_launch_order)]

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """All in one call; with the same token Amazon answers with the machines of the first call."""
        tags = {
            "Name": order.name,
            INSTALLATION: order.installation,
            RESERVATION: order.reservation_id,
            OWNER: order.owner,
            SYSTEM: image.system,
        }
        if len(plans) == 1:
            tags.update(_labels(order, plans[0]))
        driver = self._driver(order.region)
        # Amazon answers a known token with its machines even when they have ended: those that it still lists as such
        # make another token.
        ended = driver.list_nodes(ex_filters={**self._mine(order.reservation_id), "instance-state-name": _ENDED})
        for attempt in range(_TOKENS):
            made = driver.create_node(
                name=tags["Name"],
                size=NodeSize(order.size, order.size, ram=0, disk=0, bandwidth=None, price=None, driver=driver),
                image=NodeImage(image.id, image.id, driver=driver),
                ex_mincount=len(plans),
                ex_maxcount=len(plans),
                ex_clienttoken=_token(order, plans, image, [*sorted(item.id for item in ended), str(attempt)]),
                ex_metadata=tags,
                ex_blockdevicemappings=[_root_disk(order, image)],
                ex_userdata=order.user_data or None,
                ex_spot=order.spot,
            )
            found = made if isinstance(made, list) else [made]
            nodes = [_node(item, order.region) for item in sorted(found, key=_launch_order)]
            if any(node.state != states.GONE for node in nodes):
                return nodes
            # Amazon remembers a token longer than it lists machines that have ended.
        raise ProviderDown(AWS.name, "only machines that have ended answer to the tokens")

    def label(self, node: Node, plan: NodePlan, order: NodeOrder) -> None:
        self._driver(order.region).tag(node.id, _labels(order, plan))

    def end(self, region: str, ids: list[str]) -> None:
        self._driver(region).for_all("TerminateInstances", ids)

    def stop(self, region: str, ids: list[str]) -> None:
        self._driver(region).for_all("StopInstances", ids)

    def start(self, region: str, ids: list[str]) -> None:
        self._driver(region).for_all("StartInstances", ids)

    def reboot(self, region: str, ids: list[str]) -> None:
        self._driver(region).for_all("RebootInstances", ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """Root disks end with their machines; what is left over and free is deleted here."""
        driver = self._driver(region)
        disks = driver.list_volumes(ex_filters=self._mine(reservation_id))
        free = [disk for disk in disks if disk.state == StorageVolumeState.AVAILABLE]
        for disk in free:
            driver.destroy_volume(disk)
        left = driver.list_volumes(ex_filters=self._mine(reservation_id)) if free else disks
        return tuple(disk.id for disk in left if disk.state != StorageVolumeState.DELETED)

    def _mine(self, reservation_id: str) -> dict[str, Any]:
        return {f"tag:{INSTALLATION}": self._installation, f"tag:{RESERVATION}": reservation_id}

    def _driver(self, region: str) -> Ec2Driver:
        drivers: dict[str, Ec2Driver] = self._drivers.__dict__
        if region not in drivers:
            drivers[region] = Ec2Driver(self._key, self._secret, region=region, endpoint=self._endpoint)
        return drivers[region]


class PostingConnection(EC2Connection):  # type: ignore[misc]  # libcloud has no types
    """EC2's connection with what libcloud's lacks: bodies, and tags for disks."""

    def request(self, action: str, params: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send the parameters as a form: user data and fifty tags do not fit into an address."""
        form = {**(params or {}), "Version": self.version}
        if form.get("Action") == "RunInstances":
            # libcloud tags only machines; their disks get the same tags in the same moment.
            machine = {key: value for key, value in form.items() if key.startswith("TagSpecification.1.")}
            form.update({key.replace(".1.", ".2.", 1): value for key, value in machine.items()})
            form["TagSpecification.2.ResourceType"] = "volume"
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return super().request(action, data=urlencode(form), headers=headers, method="POST", **more)


class Ec2Driver(EC2NodeDriver):  # type: ignore[misc]  # libcloud has no types
    """libcloud's driver for any region, signed with version 4, and for many machines in one call."""

    connectionCls = PostingConnection

    def __init__(self, key: str, secret: str, *, region: str, endpoint: Endpoint | None) -> None:
        # Not EC2NodeDriver's own: it knows only part of the regions, and takes signature version 2 for some.
        self.region_name = region
        self.token = None
        self.country = ""
        self.api_name = f"ec2_{region}"
        self.signature_version = "4"
        place = endpoint or Endpoint(f"ec2.{region}.amazonaws.com", 443, True)
        super(EC2NodeDriver, self).__init__(
            key=key, secret=secret, secure=place.is_secure, host=place.host, port=place.port, timeout=TIMEOUT_SECONDS
        )

    def ex_describe_addresses(self, nodes: list[Any]) -> dict[str, list[str]]:
        """Addresses of one's own are not used, so the list of machines need not ask for them each time."""
        return {node.id: [] for node in nodes}

    def for_all(self, action: str, ids: list[str]) -> None:
        """One call for all machines, where libcloud makes one call each."""
        self.connection.request(self.path, params={"Action": action, **self._pathlist("InstanceId", ids)})

    def tag(self, id_: str, tags: dict[str, str]) -> None:
        """Write tags; libcloud's own numbers them from 0, EC2's documentation from 1."""
        params = {"Action": "CreateTags", "ResourceId.1": id_}
        for number, (key, value) in enumerate(tags.items(), start=1):
            params.update({f"Tag.{number}.Key": key, f"Tag.{number}.Value": value})
        self.connection.request(self.path, params=params)


def _token(order: NodeOrder, plans: list[NodePlan], image: Image, past: list[str]) -> str:
    # All that the request holds: Amazon refuses a token that it knows with another request.
    facts = [order.installation, order.reservation_id, *sorted(plan.key for plan in plans)]
    facts += [order.size, image.id, str(_root_disk(order, image)), order.user_data, str(order.spot), *past]
    return sha256("\n".join(facts).encode()).hexdigest()


def _labels(order: NodeOrder, plan: NodePlan) -> dict[str, str]:
    return {"Name": f"{order.name}-{plan.key}", NODE: plan.key, ROLE: plan.role}


def _root_disk(order: NodeOrder, image: Image) -> dict[str, Any]:
    size = max(round(order.disk_gb), image.least_disk_gb)
    ebs = {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": "true"}
    return {"DeviceName": image.root_device, "Ebs": ebs}


def _launch_order(item: Any) -> tuple[str, int, str]:
    return str(item.extra["launch_time"]), item.extra["launch_index"] or 0, item.id


def _node(item: Any, region: str) -> Node:
    tags = item.extra["tags"]
    query = AWS.images.get(tags.get(SYSTEM, ""))
    return Node(
        id=item.id,
        key=tags.get(NODE, ""),
        role=tags.get(ROLE, ""),
        state=_STATES.get(item.extra["status"], states.ERROR),
        provider=AWS.name,
        region=region,
        size=item.extra["instance_type"],
        address=item.public_ips[0] if item.public_ips else None,
        private_address=item.private_ips[0] if item.private_ips else None,
        reservation_id=tags.get(RESERVATION, ""),
        login=query.login if query else "ec2-user",
    )
