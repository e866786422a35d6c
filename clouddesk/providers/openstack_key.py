"""An application credential of Keystone, and how it is exchanged for a token and the list of the cloud's services."""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from libcloud.common.base import Connection
from requests.exceptions import TooManyRedirects

from clouddesk.model.errors import Invalid, RequestRejected
from clouddesk.providers.answers import PlainResponse
from clouddesk.providers.cloud import TIMEOUT_SECONDS
from clouddesk.providers.specs.openstack import OPENSTACK
from clouddesk.providers.tokens import Token, Tokens
from clouddesk.providers.transport import PoliteConnection

_SIMULATED = "/identity/v3"
_VERSION = "/v3"


class Reply(PlainResponse):
    """An answer of any of the services, each of which words its errors in its own way."""

    def words(self, answer: dict[str, Any]) -> str:
        if "message" in answer:
            return str(answer["message"])
        for name, told in answer.items():
            if isinstance(told, dict) and "message" in told:
                kind = told.get("type")
                return f"{kind}: {told['message']}" if kind else str(told["message"])
            if isinstance(told, str) and name.lower().endswith("error"):
                return told
        return ""


class ServiceConnection(PoliteConnection, Connection):  # type: ignore[misc]  # libcloud has no types
    """libcloud's connection to one address, which never carries a token or a secret to another."""

    responseCls = Reply

    def connect(self, *arguments: Any, **more: Any) -> None:
        super().connect(*arguments, **more)
        # ``requests`` keeps Authorization from other hosts, but knows nothing of X-Auth-Token.
        self.connection.session.max_redirects = 0

    def request(self, *arguments: Any, **more: Any) -> Any:
        try:
            return super().request(*arguments, **more)
        except TooManyRedirects:
            raise RequestRejected(OPENSTACK.name, f"{self.host} sends its callers elsewhere") from None


def connection(url: str, driver: Any) -> ServiceConnection:
    """To the services behind an address."""
    made = ServiceConnection(url=url, timeout=TIMEOUT_SECONDS)
    made.driver = driver
    made.connect()
    return made


@dataclass(frozen=True)
class ApplicationCredential:
    """Who asks, and where."""

    auth_url: str
    id: str
    secret: str = field(repr=False)

    @classmethod
    def parse(cls, fields: dict[str, str], *, endpoint: str | None) -> ApplicationCredential:
        """From the form's fields; ``endpoint``: a simulated cloud. Raises Invalid for an address that must not be."""
        address = f"{endpoint.rstrip('/')}{_SIMULATED}" if endpoint else auth_address(fields["auth_url"])
        return cls(address, fields["application_credential_id"], fields["application_credential_secret"])

    @property
    def is_secure(self) -> bool:
        return self.auth_url.startswith("https:")

    def tokens(self, driver: Any) -> Tokens:
        account = (self.auth_url, self.id, self.secret)
        return Tokens(account, lambda: self._exchange(driver))

    def _exchange(self, driver: Any) -> Token:
        since = time.time()
        identity = {
            "methods": ["application_credential"],
            "application_credential": {"id": self.id, "secret": self.secret},
        }
        reply = connection(self.auth_url, driver).request(
            "/auth/tokens",
            method="POST",
            data=json.dumps({"auth": {"identity": identity}}),
            headers={"Content-Type": "application/json"},
        )
        told = reply.object["token"]
        ends_at = datetime.fromisoformat(told["expires_at"].replace("Z", "+00:00")).timestamp()
        return Token(reply.headers["x-subject-token"], since, ends_at, facts=told)


def auth_address(text: str) -> str:
    """Keystone's address as a person gives it, with its version. Raises Invalid.

    A company's own cloud may well have a private address; this machine itself is none's.
    """
    wrong = Invalid("OpenStack's auth URL looks like https://keystone.example.com:5000/v3.")
    parts = _parts(text.strip().rstrip("/"))
    if parts is None or parts.scheme != "https" or parts.username or parts.query or parts.fragment:
        raise wrong
    if _is_own(parts.hostname or ""):
        raise wrong
    path = parts.path.removesuffix("/auth/tokens")
    return f"https://{parts.netloc}{path if path.endswith(_VERSION) else path + _VERSION}"


def _parts(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        return parts if parts.hostname and (parts.port is None or parts.port) else None
    except ValueError:
        return None


def _is_own(host: str) -> bool:
    """This machine, or what hypervisors tell their guests at an address of the link."""
    if host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
