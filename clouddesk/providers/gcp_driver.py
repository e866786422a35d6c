"""libcloud's driver for Compute Engine, made light: any address, tokens in memory, plain requests, awaited operations.

libcloud's own methods look up every zone, disk and image that an answer names, one request each.
"""

from __future__ import annotations

import time
from typing import Any

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.google import GoogleBaseConnection
from libcloud.compute.drivers.gce import GCEConnection, GCENodeDriver
from requests.exceptions import ReadTimeout

from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.gcp_answers import Reply, check
from clouddesk.providers.gcp_key import ServiceAccount
from clouddesk.providers.transport import Pause, PoliteConnection

Item = dict[str, Any]

GONE = 404
EXISTS = 409
_UNAUTHORIZED = 401
_NOT_YET = ("resourceNotReady:", "resourceInUseByAnotherResource:")
_API = "/compute/v1"
_PAGE = "500"
_MOST_PAGES = 1_000
_SETTLED_WITHIN_SECONDS = 60.0
_AGAIN_SECONDS = 0.2


class ComputeConnection(PoliteConnection, GCEConnection):  # type: ignore[misc]  # libcloud has no types
    """libcloud's connection to Compute Engine, with errors and tokens of our own."""

    responseCls = Reply

    def __init__(self, user_id: str, secure: bool, host: str, port: int, *, timeout: int, **_options: Any) -> None:
        # Not GCEConnection's own, which exchanges a token at once and keeps it in a file.
        super(GoogleBaseConnection, self).__init__(user_id, None, secure=secure, host=host, port=port, timeout=timeout)
        self.request_path = _API
        self.gce_params = None

    def request(self, *arguments: Any, **more: Any) -> Any:
        """A token that Google took back is exchanged for a new one, once."""
        try:
            return super().request(*arguments, **more)
        except BaseHTTPError as error:
            if error.code != _UNAUTHORIZED or not self.oauth2_credential.forget():
                raise
            return super().request(*arguments, **more)


class ComputeDriver(GCENodeDriver):  # type: ignore[misc]  # libcloud has no types
    """One project's API."""

    connectionCls = ComputeConnection
    counted_region = ""  # nearly all requests name a zone, but what is listed is listed over all of them

    def __init__(self, account: ServiceAccount, *, endpoint: Endpoint | None, pause: Pause) -> None:
        self.pause = pause
        place = endpoint or Endpoint("compute.googleapis.com", 443, True)
        super().__init__(
            account.email,
            project=account.project,
            secure=place.is_secure,
            host=place.host,
            port=place.port,
            timeout=TIMEOUT_SECONDS,
        )
        self.connection.oauth2_credential = account.tokens(endpoint, self)

    def ask(
        self, path: str, method: str = "GET", body: Item | None = None, params: dict[str, str] | None = None
    ) -> Item:
        """One request below the project. Raises BaseHTTPError."""
        return self._ask(f"/projects/{self.project}{path}", method, body, params)

    def find(self, path: str) -> Item | None:
        """One object; None when there is none."""
        return self._or_none(f"/projects/{self.project}{path}")

    def find_image(self, project: str, family: str) -> Item | None:
        """The newest image of a family that is not deprecated."""
        return self._or_none(f"/projects/{project}/global/images/family/{family}")

    def list_everywhere(self, kind: str, wanted: str) -> list[Item]:
        """All pages of a kind that belongs to zones, over all zones. A zone that does not answer is an error."""
        return [
            item
            for page in self._pages(f"/aggregated/{kind}", wanted)
            for scope in page.get("items", {}).values()
            for item in scope.get(kind, [])
        ]

    def list_all(self, path: str, wanted: str) -> list[Item]:
        """All pages of a list."""
        return [item for page in self._pages(path, wanted) for item in page.get("items", [])]

    def settle(self, operation: Item) -> None:
        """Wait, but not for ever, until an operation is done. Raises what went wrong in it."""
        deadline = time.monotonic() + _SETTLED_WITHIN_SECONDS
        path = f"{scope_of(operation)}/operations/{operation['name']}/wait"
        while operation["status"] != "DONE" and time.monotonic() < deadline:
            began = time.monotonic()
            try:
                operation = self.ask(path, "POST")
            except ReadTimeout:
                continue  # Google may take two minutes to answer
            if operation["status"] != "DONE":
                # It may also answer at once, when it has much to do.
                time.sleep(max(0.0, _AGAIN_SECONDS - (time.monotonic() - began)))
        check(operation)

    def end(self, path: str) -> None:
        """Delete; that it is gone, about to go or still used is as good: who asks looks at the list again."""
        try:
            self.ask(path, "DELETE")
        except BaseHTTPError as error:
            if error.code != GONE and not str(error.message).startswith(_NOT_YET):
                raise

    def _or_none(self, path: str) -> Item | None:
        try:
            return self._ask(path)
        except BaseHTTPError as error:
            if error.code == GONE:
                return None
            raise

    def _ask(
        self, path: str, method: str = "GET", body: Item | None = None, params: dict[str, str] | None = None
    ) -> Item:
        answer: Item = self.connection.request(path, params=params, data=body, method=method).object
        return answer

    def _pages(self, path: str, wanted: str) -> list[Item]:
        pages: list[Item] = []
        params = {"filter": wanted, "maxResults": _PAGE}
        while len(pages) < _MOST_PAGES:
            pages.append(self.ask(path, params=params))
            following = pages[-1].get("nextPageToken")
            if not following:
                break
            params["pageToken"] = following
        return pages


def scope_of(operation: Item) -> str:
    """Where an operation is asked for: in its zone, in its region, or among the global ones."""
    for kind in ("zone", "region"):
        if kind in operation:
            return f"/{kind}s/{last_part(operation[kind])}"
    return "/global"


def last_part(url: str) -> str:
    """What Google names by an address ("…/zones/europe-west3-a") → its name."""
    return url.rpartition("/")[2]
