"""libcloud's EC2 driver, made fit: any region, many machines in one call, all pages, tags for everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from libcloud.compute.drivers.ec2 import NAMESPACE, EC2Connection, EC2NodeDriver
from libcloud.utils.xml import findall, findtext

from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.transport import Pause, PoliteConnection

_PAGE = "1000"
ALL_PROTOCOLS = "-1"


@dataclass(frozen=True, order=True)
class IngressRule:
    """What a security group lets in. ``source``: addresses in CIDR notation, or the id of a group."""

    protocol: str
    first_port: int = -1
    last_port: int = -1
    source: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a volume."""

    id: str
    size_gb: float
    """The volume's."""
    tags: dict[str, str]


class PostingConnection(PoliteConnection, EC2Connection):  # type: ignore[misc]  # libcloud has no types
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

    def __init__(self, key: str, secret: str, *, region: str, endpoint: Endpoint | None, pause: Pause) -> None:
        # Not EC2NodeDriver's own: it knows only part of the regions, and takes signature version 2 for some.
        self.region_name = region
        self.pause, self.counted_region = pause, region
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

    def list_all_nodes(self, filters: dict[str, Any]) -> list[Any]:
        """Machines from all pages; libcloud's own reads one, which is enough for one reservation."""
        pages = self._pages("DescribeInstances", filters)
        return [
            node
            for page in pages
            for made in findall(page, "reservationSet/item", NAMESPACE)
            for node in self._to_nodes(made, "instancesSet/item")
        ]

    def list_tags(self, filters: dict[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
        """The tags that match, by the id and type of what carries them."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for page in self._pages("DescribeTags", filters):
            for item in findall(page, "tagSet/item", NAMESPACE):
                id_, type_, key, value = (
                    findtext(item, name, NAMESPACE) or "" for name in ("resourceId", "resourceType", "key", "value")
                )
                found.setdefault((id_, type_), {})[key] = value
        return found

    def list_region_names(self) -> list[str]:
        """Regions that the account has not left disabled."""
        answer = self.connection.request(self.path, params={"Action": "DescribeRegions"}).object
        return [findtext(item, "regionName", NAMESPACE) for item in findall(answer, "regionInfo/item", NAMESPACE)]

    def give_back(self, action: str, parameter: str, id_: str) -> None:
        """Delete or release one thing by its id."""
        self.connection.request(self.path, params={"Action": action, parameter: id_})

    def list_own_snapshots(self, filters: dict[str, Any]) -> list[Snapshot]:
        """From all pages, of this account only."""
        return [
            Snapshot(
                findtext(item, "snapshotId", NAMESPACE),
                float(findtext(item, "volumeSize", NAMESPACE) or 0),
                self._get_resource_tags(item),
            )
            for page in self._pages("DescribeSnapshots", filters, {"Owner.1": "self"})
            for item in findall(page, "snapshotSet/item", NAMESPACE)
        ]

    def keep_image(self, instance: str, name: str, tags: dict[str, str]) -> None:
        """Begin to make an image of a machine; the image and its snapshots carry the tags from the beginning."""
        params = {"Action": "CreateImage", "InstanceId": instance, "Name": name}
        for position, kind in enumerate(("image", "snapshot"), start=1):
            specification = f"TagSpecification.{position}"
            params[f"{specification}.ResourceType"] = kind
            for number, (key, value) in enumerate(tags.items(), start=1):
                tag = f"{specification}.Tag.{number}"
                params.update({f"{tag}.Key": key, f"{tag}.Value": value})
        self.connection.request(self.path, params=params)

    def find_group(self, name: str) -> tuple[str, set[IngressRule]] | None:
        """A security group's id and all that it lets in."""
        params = {"Action": "DescribeSecurityGroups", **self._build_filters({"group-name": [name]})}
        answer = self.connection.request(self.path, params=params).object
        found = findall(answer, "securityGroupInfo/item", NAMESPACE)
        if not found:
            return None
        return findtext(found[0], "groupId", NAMESPACE), {
            _rule(item, findtext(place, field, NAMESPACE))
            for item in findall(found[0], "ipPermissions/item", NAMESPACE)
            for places, field in _SOURCES.items()
            for place in findall(item, f"{places}/item", NAMESPACE)
        }

    def create_group(self, name: str, tags: dict[str, str]) -> None:
        """In the account's default network."""
        params = {
            "Action": "CreateSecurityGroup",
            "GroupName": name,
            "GroupDescription": "Made by CloudDesk for the machines of one reservation",
            "TagSpecification.1.ResourceType": "security-group",
        }
        for number, (key, value) in enumerate(tags.items(), start=1):
            tag = f"TagSpecification.1.Tag.{number}"
            params.update({f"{tag}.Key": key, f"{tag}.Value": value})
        self.connection.request(self.path, params=params)

    def change_ingress(self, action: str, group: str, rule: IngressRule) -> None:
        """Authorize or revoke one rule."""
        permission = "IpPermissions.1"
        params = {"Action": action, "GroupId": group, f"{permission}.IpProtocol": rule.protocol}
        if rule.protocol != ALL_PROTOCOLS:
            params[f"{permission}.FromPort"] = str(rule.first_port)
            params[f"{permission}.ToPort"] = str(rule.last_port)
        params[f"{permission}.{_source_parameter(rule.source)}"] = rule.source
        self.connection.request(self.path, params=params)

    def _to_image(self, element: Any) -> Any:
        image = super()._to_image(element)
        image.extra["root_device_name"] = findtext(element, "rootDeviceName", NAMESPACE) or ""
        return image

    def _pages(
        self, action: str, filters: dict[str, Any], more: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Any]:
        params = {"Action": action, "MaxResults": _PAGE, **self._build_filters(filters), **more}
        while True:
            page = self.connection.request(self.path, params=params).object
            yield page
            following = findtext(page, "nextToken", NAMESPACE)
            if not following:
                return
            params["NextToken"] = following


# Where a permission's sources are, and what each of them is called there.
_SOURCES = {"ipRanges": "cidrIp", "ipv6Ranges": "cidrIpv6", "groups": "groupId", "prefixListIds": "prefixListId"}


def _source_parameter(source: str) -> str:
    if source.startswith("sg-"):
        return "Groups.1.GroupId"
    if source.startswith("pl-"):
        return "PrefixListIds.1.PrefixListId"
    return "Ipv6Ranges.1.CidrIpv6" if ":" in source else "IpRanges.1.CidrIp"


def _rule(permission: Any, source: str) -> IngressRule:
    protocol = findtext(permission, "ipProtocol", NAMESPACE)
    if protocol == ALL_PROTOCOLS:
        return IngressRule(protocol, source=source)
    first, last = (int(findtext(permission, name, NAMESPACE) or -1) for name in ("fromPort", "toPort"))
    return IngressRule(protocol, first, last, source)
