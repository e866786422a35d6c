"""libcloud's DigitalOcean driver, made fit: any address, lists by tag, errors that are not swallowed."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from libcloud.common.digitalocean import DigitalOcean_v2_Connection
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.drivers.digitalocean import DigitalOcean_v2_NodeDriver

from clouddesk.providers.transport import PoliteConnection, TokenDriver

FORBIDDEN = 403
GONE = 404
_REJECTED = 422
_ALREADY = re.compile(r"already (powered )?(on|off)|currently powered (on|off)", re.IGNORECASE)
_BUSY = re.compile("pending event", re.IGNORECASE)
_ACTIONS = 200  # on one page, which is the most


class DropletConnection(PoliteConnection, DigitalOcean_v2_Connection):  # type: ignore[misc]  # libcloud has no types
    """DigitalOcean's connection, through the shared pool."""


class DropletDriver(TokenDriver, DigitalOcean_v2_NodeDriver):  # type: ignore[misc]  # libcloud has no types
    """libcloud's driver, for any address, with lists by tag and errors that are not swallowed."""

    connectionCls = DropletConnection
    counted_region = ""  # DigitalOcean counts all requests of a token

    def __new__(cls, *_arguments: Any, **_options: Any) -> DropletDriver:
        # libcloud's own picks the class by API version, and fails for a subclass.
        driver: DropletDriver = object.__new__(cls)
        return driver

    def read_all(self, path: str, name: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = self._paginated_request(path, name)
        return found

    def read(self, path: str) -> dict[str, Any]:
        """One answer."""
        found: dict[str, Any] = self.connection.request(path).object
        return found

    def count(self, path: str) -> int:
        """How many there are in a list."""
        return int(self.connection.request(f"{path}?per_page=1").object["meta"]["total"])

    def metrics(self, name: str, query: str) -> dict[str, Any]:
        """What monitoring has of a droplet; {} for one that is gone."""
        try:
            found: dict[str, Any] = self.connection.request(f"/v2/monitoring/metrics/droplet/{name}?{query}").object
        except BaseHTTPError as error:
            if error.code != GONE:
                raise
            return {}
        return found

    def write(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Make or replace something."""
        self.connection.request(path, data=json.dumps(body), method=method)

    def _to_node(self, data: dict[str, Any]) -> Any:
        node = super()._to_node(data)
        node.extra["status"] = data["status"]
        node.extra["region_slug"] = data["region"]["slug"]
        node.extra.setdefault("tags", [])
        return node

    def list_by_tag(self, tag: str) -> list[Any]:
        """The nodes that carry a tag."""
        path = f"/v2/droplets?tag_name={quote(tag, safe=':')}"
        return [self._to_node(data) for data in self.read_all(path, "droplets")]

    def list_failed(self) -> set[str]:
        """The droplets whose creation failed, among the newest actions: they stay "new" for ever."""
        answer = self.connection.request(f"/v2/actions?per_page={_ACTIONS}")
        return {
            str(item["resource_id"])
            for item in answer.object["actions"]
            if item["type"] == "create" and item["status"] == "errored"
        }

    def end(self, kind: str, id_: str) -> None:
        """Delete; that it is gone already is as good."""
        try:
            self.connection.request(f"/v2/{kind}/{id_}", method="DELETE")
        except BaseHTTPError as error:
            if error.code != GONE:
                raise

    def act(self, id_: str, action: str, **facts: str) -> None:
        """Begin an action; that it is under way, or that the droplet is in that state already, is as good."""
        try:
            data = json.dumps({"type": action, **facts})
            self.connection.request(f"/v2/droplets/{id_}/actions", data=data, method="POST")
        except BaseHTTPError as error:
            said = str(error.message)
            if error.code != _REJECTED:
                raise
            if not _ALREADY.search(said) and not (_BUSY.search(said) and self.under_way(id_, action)):
                raise

    def under_way(self, id_: str, action: str) -> str:
        """The id of an action of that type which is under way at a droplet; "" when none is, or the droplet is gone."""
        try:
            actions = self.read_all(f"/v2/droplets/{id_}/actions", "actions")
        except BaseHTTPError as error:
            if error.code != GONE:
                raise
            return ""
        found = (item for item in actions if item["status"] == "in-progress" and item["type"] == action)
        return next((str(item["id"]) for item in found), "")
