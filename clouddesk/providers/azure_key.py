"""A service principal, and how its secret is exchanged for access tokens."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from libcloud.common.base import Connection

from clouddesk.model.errors import Invalid
from clouddesk.providers.answers import PlainResponse
from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.tokens import Token, Tokens
from clouddesk.providers.transport import PoliteConnection

_LOGIN_HOST = "login.microsoftonline.com"
_SCOPE = "https://management.azure.com/.default"
_ID = re.compile(r"[0-9A-Za-z]+([.-][0-9A-Za-z]+)*")


@dataclass(frozen=True)
class Principal:
    """Who asks, and for which subscription."""

    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def parse(cls, fields: dict[str, str]) -> Principal:
        """From the form's fields. Raises Invalid when an id cannot be one."""
        for name in ("tenant_id", "subscription_id", "client_id"):
            if not _ID.fullmatch(fields[name]):
                label = name.replace("_id", " ID")
                raise Invalid(f"Azure's {label} looks like 1b4e28ba-2fa1-11d2-883f-0016d3cca427.")
        return cls(*(fields[name] for name in ("tenant_id", "subscription_id", "client_id", "client_secret")))

    def tokens(self, endpoint: Endpoint | None, driver: Any) -> Tokens:
        """The principal's tokens; a simulated cloud gives them at its own address."""
        account = (self.tenant_id, self.client_id, self.client_secret, endpoint)
        return Tokens(account, lambda: self._exchange(endpoint or Endpoint(_LOGIN_HOST, 443, True), driver))

    def _exchange(self, place: Endpoint, driver: Any) -> Token:
        since = time.time()
        connection = _LoginConnection(secure=place.is_secure, host=place.host, port=place.port, timeout=TIMEOUT_SECONDS)
        connection.driver = driver
        connection.connect()
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": _SCOPE,
        }
        answer = connection.request(
            f"/{quote(self.tenant_id)}/oauth2/v2.0/token",
            method="POST",
            data=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ).object
        return Token(str(answer["access_token"]), since, since + float(answer["expires_in"]))


class LoginReply(PlainResponse):
    """An answer of Microsoft Entra; its errors say "AADSTS…" first."""

    def words(self, answer: dict[str, Any]) -> str:
        return str(answer.get("error_description") or answer.get("error") or "")


class _LoginConnection(PoliteConnection, Connection):  # type: ignore[misc]  # libcloud has no types
    """libcloud's own always goes to port 443, and keeps nothing of an answer that says no."""

    responseCls = LoginReply
