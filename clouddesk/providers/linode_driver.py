"""libcloud's driver for Linode's API v4, for any address, with filters and errors that keep their status."""

from __future__ import annotations

import json
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.linode import LinodeConnectionV4
from libcloud.compute.drivers.linode import LinodeNodeDriverV4

from clouddesk.providers.answers import PlainResponse, is_about
from clouddesk.providers.transport import PoliteConnection, TokenDriver

_VERSION = "/v4"
_PAGE = 500
_NOT_FOUND, _REFUSED = 404, 400
_USED = r"attached|assigned|in use"
_ALREADY = r"already (booted|running|powered|offline|shut)|not (running|booted)"


class LinodeResponse(PlainResponse):
    """Says all reasons, each with the field that it is about."""

    def words(self, answer: dict[str, Any]) -> str:
        reasons = (
            f"{item.get('reason', '')} ({item['field']})" if item.get("field") else str(item.get("reason", ""))
            for item in answer.get("errors") or []
        )
        return "; ".join(reasons)


class LinodeConnection(PoliteConnection, LinodeConnectionV4):  # type: ignore[misc]  # libcloud has no types
    """Linode's connection, through the shared pool."""

    responseCls = LinodeResponse

    def add_default_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """libcloud's would ask for pages of 25 wherever it asks."""
        return params


class LinodeDriver(TokenDriver, LinodeNodeDriverV4):  # type: ignore[misc]  # libcloud has no types
    """What we ask is plain JSON: libcloud's nodes leave out statuses, and its creation firewalls and networks."""

    connectionCls = LinodeConnection
    counted_region = ""  # Linode counts all requests of a token

    def __new__(cls, *_arguments: Any, **_options: Any) -> LinodeDriver:
        # libcloud's own picks the class by API version, and fails for a subclass.
        driver: LinodeDriver = object.__new__(cls)
        return driver

    def read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.connection.request(f"{_VERSION}{path}").object
        return answer

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
            f"{_VERSION}{path}", data=json.dumps(body), method=method
        ).object
        return answer

    def delete(self, path: str) -> None:
        """That it is gone already is as good. What something still uses stays: the next list tells."""
        try:
            self.connection.request(f"{_VERSION}{path}", method="DELETE")
        except BaseHTTPError as error:
            if error.code != _NOT_FOUND and not is_about(error, _REFUSED, _USED):
                raise

    def act(self, path: str, action: str) -> None:
        """Begin an action; that the machine is in that state already is as good."""
        try:
            self.connection.request(f"{_VERSION}{path}/{action}", method="POST")
        except BaseHTTPError as error:
            if not is_about(error, _REFUSED, _ALREADY):
                raise

    def _page(self, path: str, filters: dict[str, str] | None, page: int) -> dict[str, Any]:
        headers = {"X-Filter": json.dumps(filters)} if filters else {}
        params = {"page": page, "page_size": _PAGE}
        answer: dict[str, Any] = self.connection.request(f"{_VERSION}{path}", params=params, headers=headers).object
        return answer
