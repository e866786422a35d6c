"""What Amazon's EC2 does its own way: many machines in one call, tags written afterwards, disks apart from machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from hashlib import sha256
from threading import local
from typing import Any

import boto3
from botocore.config import Config
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeImage as LibcloudImage
from libcloud.compute.base import NodeSize
from libcloud.compute.types import StorageVolumeState

from clouddesk.model import node as states
from clouddesk.model.bill import Bill
from clouddesk.model.errors import ProviderDown
from clouddesk.model.node import Account, Belonging, Node, NodeImage, NodeOrder, NodePlan, Survey
from clouddesk.model.offer import Offer
from clouddesk.providers import ec2_bill, ec2_firewall, ec2_images, ec2_metrics
from clouddesk.providers.cloud import (
    ADDRESS,
    DISK,
    FIREWALL,
    IMAGE,
    INSTALLATION,
    KEY,
    NODE,
    OWNER,
    RESERVATION,
    ROLE,
    SYSTEM,
    TIMEOUT_SECONDS,
    Endpoint,
    Image,
    in_parallel,
)  # fmt: skip
from clouddesk.providers.ec2_driver import Ec2Driver
from clouddesk.providers.ec2_prices import HOME_REGION, live_offers
from clouddesk.providers.spec import ImageQuery
from clouddesk.providers.specs.aws import AWS
from clouddesk.providers.transport import Pause
from clouddesk.providers.user_data import with_keys

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
_PRICE_ATTEMPTS = 4  # hundreds of pages, of which the API serves some a second

_KINDS = {"volume": DISK, "elastic-ip": ADDRESS, "key-pair": KEY, "security-group": FIREWALL,
          "image": IMAGE, "snapshot": IMAGE}  # fmt: skip
_GIVEN_BACK_BY = {
    ADDRESS: ("ReleaseAddress", "AllocationId"),
    KEY: ("DeleteKeyPair", "KeyPairId"),
    FIREWALL: ("DeleteSecurityGroup", "GroupId"),
}
_USED = {"DependencyViolation", "InvalidIPAddress.InUse", "InvalidGroup.InUse"}


class Ec2Cloud:
    """Implements ``clouddesk.providers.cloud.Cloud`` for AWS."""

    def __init__(self, fields: dict[str, str], *, endpoint: str | None, installation: str, pause: Pause) -> None:
        self._key = fields["access_key_id"]
        self._secret = fields["secret_access_key"]
        self._url = endpoint
        self._endpoint = Endpoint.parse(endpoint) if endpoint else None
        self._installation = installation
        self._pause = pause
        self._drivers = local()  # libcloud's drivers are not safe to share between threads

    def account(self) -> Account:
        """By STS, which every key may ask, whatever else it may do."""
        answer = self._client("sts", HOME_REGION, attempts=1).get_caller_identity()
        return Account(provider=AWS.name, id=str(answer["Account"]), label=str(answer["Arn"]))

    def offers(self) -> list[Offer]:
        """Prices of today, over all that come with the catalogue; none of a simulated cloud, which has no prices."""
        if self._endpoint:
            return []
        return live_offers(lambda service, region: self._client(service, region, attempts=_PRICE_ATTEMPTS))

    def cpu_percents(self, region: str, ids: Sequence[str], since: datetime, until: datetime) -> dict[str, float]:
        client = self._client("cloudwatch", region, attempts=1)
        return ec2_metrics.cpu_percents(client, ids, since=since, until=until, pause=lambda: self._pause(region))

    def bill(self, month: datetime) -> Bill:
        """Cost Explorer is served in one region for all."""
        client = self._client("ce", HOME_REGION, attempts=1)
        now = datetime.now(timezone.utc)
        return ec2_bill.bill(client, month, now=now, pause=lambda: self._pause(HOME_REGION))

    def _client(self, service: str, region: str, *, attempts: int) -> Any:
        """boto3's client, of a session of its own: the one that boto3 shares is not safe in threads."""
        return boto3.session.Session().client(
            service,
            region_name=region,
            endpoint_url=self._url,
            aws_access_key_id=self._key,
            aws_secret_access_key=self._secret,
            config=Config(
                connect_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
                retries={"total_max_attempts": attempts, "mode": "standard"},
            ),
        )

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

    def check_room(self, order: NodeOrder, count: int) -> None:
        """EC2 tells its limits by another API only (Service Quotas), which few keys may ask; RunInstances says no."""

    def let_in(self, order: NodeOrder) -> None:
        """By the rules of the reservation's security group."""
        ec2_firewall.change(self._driver(order.region), order)

    def launch(self, order: NodeOrder, plans: list[NodePlan], image: Image) -> list[Node]:
        """All in one call; with the same token Amazon answers with the machines of the first call.

        Where machines begin with images of their own, one call each, which makes it with its key: to one that had none
        yet, any free key could be given.
        """
        owned = {
            "Name": order.name,
            INSTALLATION: order.installation,
            RESERVATION: order.reservation_id,
            OWNER: order.owner,
        }
        driver = self._driver(order.region)
        firewall = ec2_firewall.ensure(driver, order, owned)
        # Amazon answers a known token with its machines even when they have ended: those that it still lists as such
        # make another token.
        ended = driver.list_nodes(ex_filters={**self._mine(order.reservation_id), "instance-state-name": _ENDED})
        past = sorted(item.id for item in ended)
        parts = [[plan] for plan in plans] if any(plan.image for plan in order.nodes) else [plans]
        made = in_parallel(
            AWS.name, lambda part: self._run(order, part, image, {**owned, SYSTEM: image.system}, firewall, past), parts
        )
        return [node for nodes in made for node in nodes]

    def _run(
        self,
        order: NodeOrder,
        plans: list[NodePlan],
        image: Image,
        tags: dict[str, str],
        firewall: str,
        past: list[str],
    ) -> list[Node]:
        """Several plans are of one image. ``past``: the reservation's machines that have ended."""
        driver = self._driver(order.region)
        if plans[0].image:
            image = ec2_images.find(driver, self._installation, plans[0].image, image.system)
        if len(plans) == 1:
            tags = {**tags, **_labels(order, plans[0])}
        for attempt in range(_TOKENS):
            made = driver.create_node(
                name=tags["Name"],
                size=NodeSize(order.size, order.size, ram=0, disk=0, bandwidth=None, price=None, driver=driver),
                image=LibcloudImage(image.id, image.id, driver=driver),
                ex_mincount=len(plans),
                ex_maxcount=len(plans),
                ex_clienttoken=_token(order, plans, image, [*past, str(attempt)]),
                ex_metadata=tags,
                ex_blockdevicemappings=[_root_disk(order, image)],
                ex_userdata=_user_data(order, image) or None,
                ex_security_groups=[firewall],
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

    def images(self, region: str, reservation_id: str) -> list[NodeImage]:
        driver = self._driver(region)
        # Tags may be read by every key that was made for this, also by those from before there were images.
        tagged = driver.list_tags(
            {"resource-type": ["image", "snapshot"], "key": [RESERVATION], "value": [reservation_id]}
        )
        return ec2_images.listed(driver, self._mine(reservation_id)) if tagged else []

    def keep_image(self, order: NodeOrder, node: Node) -> None:
        ec2_images.keep(self._driver(order.region), order, node)

    def delete_images(self, region: str, ids: list[str]) -> None:
        ec2_images.delete(self._driver(region), self._installation, ids)

    def clear_disks(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """Root disks end with their machines; what is left over and free is deleted here."""
        driver = self._driver(region)
        disks = driver.list_volumes(ex_filters=self._mine(reservation_id))
        free = [disk for disk in disks if disk.state == StorageVolumeState.AVAILABLE]
        for disk in free:
            driver.destroy_volume(disk)
        left = driver.list_volumes(ex_filters=self._mine(reservation_id)) if free else disks
        return tuple(disk.id for disk in left if disk.state != StorageVolumeState.DELETED)

    def clear_others(self, region: str, reservation_id: str) -> tuple[str, ...]:
        """The security group, and what people gave our tags, so that it ends with the reservation."""
        types = [name for name, kind in _KINDS.items() if kind in _GIVEN_BACK_BY]
        found = self._driver(region).list_tags(
            {"resource-type": types, "key": [RESERVATION], "value": [reservation_id]}
        )
        if not found:
            return ()
        mine = self._belongings(region, {"resource-type": types, "resource-id": sorted(id_ for id_, _ in found)})
        return tuple(item.id for item in mine if self._is_left(region, item))

    def regions(self) -> list[str]:
        return self._driver(HOME_REGION).list_region_names()

    def holdings(self, region: str) -> Survey:
        """Two calls: the machines, and the tags of all else, which tell what carries them."""
        filters = {f"tag:{INSTALLATION}": self._installation, "instance-state-name": _LISTED}
        found = self._driver(region).list_all_nodes(filters)
        return Survey(
            nodes=tuple(_node(item, region) for item in sorted(found, key=_launch_order)),
            belongings=tuple(
                self._belongings(region, {"resource-type": list(_KINDS), "key": [INSTALLATION, RESERVATION, OWNER]})
            ),
        )

    def _belongings(self, region: str, filters: dict[str, Any]) -> list[Belonging]:
        found = self._driver(region).list_tags(filters)
        return [
            Belonging(id_, _KINDS[type_], region, tags.get(RESERVATION, ""), tags.get(OWNER, ""))
            for (id_, type_), tags in found.items()
            if tags.get(INSTALLATION) == self._installation
        ]

    def _is_left(self, region: str, item: Belonging) -> bool:
        """Whether the next list must tell, after it was asked to be given back."""
        try:
            self._driver(region).give_back(*_GIVEN_BACK_BY[item.kind], item.id)
        except BaseHTTPError as error:
            code = str(error.message).partition(":")[0]
            if code.endswith(".NotFound"):
                return False
            if code not in _USED:
                raise
        return True

    def _mine(self, reservation_id: str) -> dict[str, Any]:
        return {f"tag:{INSTALLATION}": self._installation, f"tag:{RESERVATION}": reservation_id}

    def _driver(self, region: str) -> Ec2Driver:
        drivers: dict[str, Ec2Driver] = self._drivers.__dict__
        if region not in drivers:
            drivers[region] = Ec2Driver(
                self._key, self._secret, region=region, endpoint=self._endpoint, pause=self._pause
            )
        return drivers[region]


def _token(order: NodeOrder, plans: list[NodePlan], image: Image, past: list[str]) -> str:
    # All that the request holds: Amazon refuses a token that it knows with another request.
    facts = [order.installation, order.reservation_id, *sorted(plan.key for plan in plans)]
    facts += [order.size, image.id, str(_root_disk(order, image)), _user_data(order, image), str(order.spot)]
    facts += [ec2_firewall.name_of(order), *past]
    return sha256("\n".join(facts).encode()).hexdigest()


def _user_data(order: NodeOrder, image: Image) -> str:
    """With the keys: EC2's own are one for each machine."""
    return with_keys(order.user_data, order.public_keys, login=AWS.images[image.system].login)


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
        owner=tags.get(OWNER, ""),
    )
