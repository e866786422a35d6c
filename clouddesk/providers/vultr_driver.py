"""libcloud's driver for Vultr's API v2, for any address, with errors that keep their status."""

from __future__ import annotations

import json
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.vultr import VultrConnectionV2
from libcloud.compute.drivers.vultr import VultrNodeDriverV2

from clouddesk.providers.answers import PlainResponse, is_about
from clouddesk.providers.transport import PoliteConnection, TokenDriver

_VERSION = "/v2"
_PAGE = 500
_NOT_FOUND, _REFUSED = 404, 400
_USED = r"attached|in use"


class VultrResponse(PlainResponse):
    """The words are in one field."""

    def words(self, answer: dict[str, Any]) -> str:
        return str(answer.get("error") or "")


class VultrConnection(PoliteConnection, VultrConnectionV2):  # type: ignore[misc]  # libcloud has no types
    """Vultr's connection, through the shared pool."""

    responseCls = VultrResponse

    def add_default_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """libcloud's would ask for pages wherever it asks."""
        return params


class VultrDriver(TokenDriver, VultrNodeDriverV2):  # type: ignore[misc]  # libcloud has no types
    """What we ask is plain JSON: libcloud's nodes leave out tags, and its creation networks of one's own."""

    connectionCls = VultrConnection
    counted_region = ""  # Vultr counts all requests of an address

    def read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.connection.request(f"{_VERSION}{path}").object
        return answer

    def read_all(self, path: str, key: str, **filters: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            params = {"per_page": _PAGE, **filters, **({"cursor": cursor} if cursor else {})}
            answer = self.connection.request(f"{_VERSION}{path}", params=params).object
            found += answer[key]
            cursor = answer["meta"]["links"]["next"]
            if not cursor:
                return found

    def write(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Make something; returns it."""
        answer = self.connection.request(f"{_VERSION}{path}", data=json.dumps(body), method="POST").object
        made: dict[str, Any] = answer[key]
        return made

    def act(self, path: str, action: str) -> None:
        """Vultr takes it too when the machine is in that state already."""
        self.connection.request(f"{_VERSION}{path}/{action}", method="POST")

    def delete(self, path: str) -> None:
        """That it is gone already is as good. What something still uses stays: the next list tells."""
        try:
            self.connection.request(f"{_VERSION}{path}", method="DELETE")
        except BaseHTTPError as error:
            if error.code != _NOT_FOUND and not is_about(error, _REFUSED, _USED):
                raise
