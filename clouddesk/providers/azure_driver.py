"""libcloud's driver for Azure Resource Manager, made light: any address, tokens in memory, plain requests, all pages.

libcloud's own methods wait one after the other for each thing that a machine needs, and swallow some refusals.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from libcloud.common.azure_arm import AzureResourceManagementConnection
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.drivers.azure_arm import AzureNodeDriver

from clouddesk.model.errors import RequestRejected
from clouddesk.providers.answers import PlainResponse
from clouddesk.providers.azure_key import Principal
from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.specs.azure import AZURE
from clouddesk.providers.tokens import Tokens
from clouddesk.providers.transport import Pause, PoliteConnection

Item = dict[str, Any]
Query = dict[str, str]

GONE = 404
EXISTS = 412
_UNAUTHORIZED = 401
_MOST_PAGES = 1_000
_SETTLED_WITHIN_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.125, 2.0

# Each part of Azure has versions of its own.
_VERSIONS = (
    ("microsoft.compute/disks", "2024-03-02"),
    ("microsoft.compute/skus", "2021-07-01"),
    ("microsoft.compute/", "2024-11-01"),
    ("microsoft.network/", "2024-05-01"),
)
_OF_GROUPS, _OF_SUBSCRIPTIONS = "2022-09-01", "2022-12-01"


class ArmReply(PlainResponse):
    """An answer of Resource Manager; its errors say their code first."""

    def words(self, answer: dict[str, Any]) -> str:
        error = answer.get("error", answer)
        if not isinstance(error, dict):
            return str(error)
        parts = [error, *(item for item in error.get("details") or [] if isinstance(item, dict))]
        return "; ".join(f"{part.get('code')}: {part.get('message')}" for part in parts)


class ArmConnection(PoliteConnection, AzureResourceManagementConnection):  # type: ignore[misc]  # no types
    """libcloud's connection to Azure, with errors and tokens of our own."""

    responseCls = ArmReply
    tokens: Tokens
    expires_on = sys.maxsize  # what libcloud asks of a token before each request; ours looks after itself

    def get_token_from_credentials(self) -> None:
        """Not when it connects: a token is exchanged when a request needs it."""

    @property
    def access_token(self) -> str:
        return self.tokens.access_token

    def request(self, *arguments: Any, **more: Any) -> Any:
        """A token that Azure took back is exchanged for a new one, once."""
        try:
            return super().request(*arguments, **more)
        except BaseHTTPError as error:
            if error.code != _UNAUTHORIZED or not self.tokens.forget():
                raise
            return super().request(*arguments, **more)


class ArmDriver(AzureNodeDriver):  # type: ignore[misc]  # libcloud has no types
    """One subscription's API."""

    connectionCls = ArmConnection
    counted_region = ""  # Azure counts a principal's requests of a subscription

    def __init__(self, principal: Principal, *, endpoint: Endpoint | None, pause: Pause) -> None:
        self.pause = pause
        super().__init__(
            principal.tenant_id,
            principal.subscription_id,
            principal.client_id,
            principal.client_secret,
            timeout=TIMEOUT_SECONDS,
        )
        if endpoint:
            # libcloud's constructor takes an address without its port.
            self.connection.host, self.connection.port = endpoint.host, endpoint.port
            self.connection.secure = endpoint.is_secure
            self.connection.connect()
        self.connection.tokens = principal.tokens(endpoint, self)
        self.place = f"/subscriptions/{quote(principal.subscription_id)}"

    def group(self, name: str) -> str:
        """A resource group's address."""
        return f"{self.place}/resourceGroups/{quote(name)}"

    def provider(self, kind: str, group: str = "") -> str:
        """Where things of a kind ("Microsoft.Compute/virtualMachines") are: in a group, or in the subscription."""
        return f"{self.group(group) if group else self.place}/providers/{kind}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: Item | None = None,
        *,
        query: Query | None = None,
        headers: Query | None = None,
    ) -> Item:
        """One request. Raises BaseHTTPError, and RequestRejected when the subscription lacks a part of Azure."""
        params = {**(query or {}), "api-version": _version(path)}
        try:
            answer = self.connection.request(path, params=params, data=body, headers=headers, method=method)
        except BaseHTTPError as error:
            if "MissingSubscriptionRegistration" in str(error.message):
                raise RequestRejected(AZURE.name, _unregistered(str(error.message))) from error
            raise
        return answer.object or {}

    def find(self, path: str, query: Query | None = None) -> Item | None:
        """One object; None when there is none."""
        try:
            return self.ask(path, query=query)
        except BaseHTTPError as error:
            if error.code == GONE and not str(error.message).startswith("SubscriptionNotFound"):
                return None
            raise

    def list(self, path: str, query: Query | None = None) -> list[Item]:
        """All pages of a list; empty when its resource group does not exist."""
        found: list[Item] = []
        for _ in range(_MOST_PAGES):
            page = self.find(path, query) or {}
            found += page.get("value", [])
            following = page.get("nextLink")
            if not following:
                break
            parts = urlsplit(following)
            path, query = parts.path, dict(parse_qsl(parts.query))
        return found

    def find_newest(self, path: str) -> str | None:
        """The name of an image's newest version; None when there is no such image."""
        found: Any = self.find(path, {"$top": "1", "$orderby": "name desc"})
        return str(found[0]["name"]) if found else None

    def make(self, path: str, body: Item) -> None:
        """Make it unless it is there, and wait until others can use it."""
        found = self.find(path)
        if found is None or _state(found) == "failed":
            found = self.ask(path, "PUT", body)
        deadline = time.monotonic() + _SETTLED_WITHIN_SECONDS
        pause_seconds = _FIRST_PAUSE_SECONDS
        while _state(found) not in ("succeeded", "failed") and time.monotonic() < deadline:
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            found = self.ask(path)
        if _state(found) != "succeeded":
            raise BaseHTTPError(409, f"ReferencedResourceNotProvisioned: {path} is {_state(found)}")

    def act(self, path: str, action: str) -> None:
        """Begin to start, restart or deallocate; a machine that is gone is passed over."""
        try:
            self.ask(f"{path}/{action}", "POST")
        except BaseHTTPError as error:
            if error.code != GONE:
                raise

    def end(self, path: str, query: Query | None = None) -> None:
        """Delete; that it is gone already is as good."""
        try:
            self.ask(path, "DELETE", query=query)
        except BaseHTTPError as error:
            if error.code != GONE:
                raise


def _version(path: str) -> str:
    words = path.lower()
    _, is_found, kind = words.rpartition("/providers/")
    if not is_found:
        return _OF_GROUPS if "/resourcegroups" in words else _OF_SUBSCRIPTIONS
    return next(version for part, version in _VERSIONS if kind.startswith(part))


def _state(item: Item) -> str:
    return str((item.get("properties") or {}).get("provisioningState", "Succeeded")).lower()


def _unregistered(said: str) -> str:
    namespace = next((word.strip("'.\"") for word in said.split() if word.strip("'\"").startswith("Microsoft.")), "it")
    return (
        f"This Azure subscription has not switched on {namespace}: "
        f"`az provider register --namespace {namespace}` does, and takes a minute."
    )
