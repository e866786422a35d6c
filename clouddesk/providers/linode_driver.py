"""libcloud's driver for Linode's API v4, for any address, with filters and errors that keep their status."""

from __future__ import annotations

import json
from typing import Any

from libcloud.common.linode import LinodeConnectionV4
from libcloud.compute.drivers.linode import LinodeNodeDriverV4

from clouddesk.providers.answers import PlainResponse
from clouddesk.providers.token_cloud import PlainConnection, PlainDriver

_PAGE = 500


class LinodeResponse(PlainResponse):
    """Says all reasons, each with the field that it is about."""

    def words(self, answer: dict[str, Any]) -> str:
        reasons = (
            f"{item.get('reason', '')} ({item['field']})" if item.get("field") else str(item.get("reason", ""))
            for item in answer.get("errors") or []
        )
        return "; ".join(reasons)


class LinodeConnection(PlainConnection, LinodeConnectionV4):  # type: ignore[misc]  # libcloud has no types
    """Linode's connection, through the shared pool."""

    responseCls = LinodeResponse


class LinodeDriver(PlainDriver, LinodeNodeDriverV4):  # type: ignore[misc]  # libcloud has no types
    """What we ask is plain JSON: libcloud's nodes leave out statuses, and its creation firewalls and networks."""

    connectionCls = LinodeConnection
    version = "/v4"

    def __new__(cls, *_arguments: Any, **_options: Any) -> LinodeDriver:
        # libcloud's own picks the class by API version, and fails for a subclass.
        driver: LinodeDriver = object.__new__(cls)
        return driver

    def read_all(self, path: str, filters: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        page, pages = 1, 1
        while page <= pages:
            answer = self._page(path, filters, page)
            found += answer["data"]
            pages = int(answer["pages"])
            page += 1
        return found

    def read_page(self, path: str, filters: dict[str, str]) -> list[dict[str, Any]]:
        """The first page only, of a list that has the newest first and no end."""
        found: list[dict[str, Any]] = self._page(path, filters, 1)["data"]
        return found

    def write(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.connection.request(
            f"{self.version}{path}", data=json.dumps(body), method=method
        ).object
        return answer

    def _page(self, path: str, filters: dict[str, str] | None, page: int) -> dict[str, Any]:
        headers = {"X-Filter": json.dumps(filters)} if filters else {}
        params = {"page": page, "page_size": _PAGE}
        answer: dict[str, Any] = self.connection.request(f"{self.version}{path}", params=params, headers=headers).object
        return answer
