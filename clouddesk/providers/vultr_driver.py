"""libcloud's driver for Vultr's API v2, for any address, with errors that keep their status."""

from __future__ import annotations

import json
from typing import Any

from libcloud.common.vultr import VultrConnectionV2
from libcloud.compute.drivers.vultr import VultrNodeDriverV2

from clouddesk.providers.answers import PlainResponse
from clouddesk.providers.token_cloud import PlainConnection, PlainDriver

_PAGE = 500


class VultrResponse(PlainResponse):
    """The words are in one field."""

    def words(self, answer: dict[str, Any]) -> str:
        return str(answer.get("error") or "")


class VultrConnection(PlainConnection, VultrConnectionV2):  # type: ignore[misc]  # libcloud has no types
    """Vultr's connection, through the shared pool."""

    responseCls = VultrResponse


class VultrDriver(PlainDriver, VultrNodeDriverV2):  # type: ignore[misc]  # libcloud has no types
    """What we ask is plain JSON: libcloud's nodes leave out tags, and its creation networks of one's own."""

    connectionCls = VultrConnection
    version = "/v2"

    def read_all(self, path: str, key: str, **filters: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            params = {"per_page": _PAGE, **filters, **({"cursor": cursor} if cursor else {})}
            answer = self.connection.request(f"{self.version}{path}", params=params).object
            found += answer[key]
            cursor = answer["meta"]["links"]["next"]
            if not cursor:
                return found

    def write(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Make something; returns it."""
        answer = self.connection.request(f"{self.version}{path}", data=json.dumps(body), method="POST").object
        made: dict[str, Any] = answer[key]
        return made
