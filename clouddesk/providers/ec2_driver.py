"""libcloud's EC2 driver, made fit: any region, many machines in one call, all pages, tags for everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from libcloud.compute.drivers.ec2 import NAMESPACE, EC2Connection, EC2NodeDriver
from libcloud.utils.xml import findall, findtext

from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.transport import Pause, PoliteConnection

_PAGE = "1000"


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

    def _pages(self, action: str, filters: dict[str, Any]) -> Iterator[Any]:
        params = {"Action": action, "MaxResults": _PAGE, **self._build_filters(filters)}
        while True:
            page = self.connection.request(self.path, params=params).object
            yield page
            following = findtext(page, "nextToken", NAMESPACE)
            if not following:
                return
            params["NextToken"] = following
