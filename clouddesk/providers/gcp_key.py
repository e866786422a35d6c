"""A service account's key, and how it is exchanged for access tokens."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from libcloud.common.google import GoogleBaseAuthConnection

from clouddesk.model.errors import Invalid
from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.gcp_answers import Reply
from clouddesk.providers.tokens import Token, Tokens
from clouddesk.providers.transport import PoliteConnection

TOKEN_PATH = "/token"  # noqa: S105  # an address
"""Where a simulated cloud gives tokens, below its own address."""
_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
_OLDER_TOKEN_URIS = (
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v3/token",
    "https://www.googleapis.com/oauth2/v4/token",
)
_SCOPE = "https://www.googleapis.com/auth/compute"
_OTHER_TYPES = ("authorized_user", "external_account", "impersonated_service_account")
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS_SECONDS = 3600  # the longest that Google allows


@dataclass(frozen=True)
class ServiceAccount:
    """What of the key's JSON is used."""

    email: str
    project: str
    token_uri: str
    key_id: str
    private_key: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, is_simulated: bool = False) -> ServiceAccount:
        """From the JSON file's text, or from that in Base64. Raises Invalid with what is wrong about it."""
        facts = _read(text)
        kind = facts.get("type")
        if kind != "service_account":
            what = f"of the type {kind}" if kind in _OTHER_TYPES else "of another type"
            raise Invalid(
                f'The key must be a service account\'s (its JSON says "type": "service_account"); this is {what}. '
                "Make one under IAM & Admin, Service accounts, Keys, Add key, JSON."
            )
        found = {name: str(facts.get(name) or "") for name in ("client_email", "project_id", "private_key")}
        missing = [name for name, value in found.items() if not value]
        if missing:
            raise Invalid(f"The service account's key lacks {', '.join(missing)}: paste the whole JSON file.")
        token_uri = str(facts.get("token_uri") or _TOKEN_URI)
        if not is_simulated and token_uri not in (_TOKEN_URI, *_OLDER_TOKEN_URIS):
            # What is signed with the key goes to Google and to nobody else.
            raise Invalid("The service account's key wants its tokens from another address than Google's.")
        return cls(
            email=found["client_email"],
            project=_project(found["project_id"]),
            token_uri=token_uri,
            key_id=str(facts.get("private_key_id") or ""),
            private_key=_private_key(found["private_key"]),
        )

    def assertion(self, audience: str, now: float) -> str:
        """What is sent in the key's stead: who we are, signed with it, good for an hour."""
        claims = {
            "iss": self.email,
            "scope": _SCOPE,
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + _LASTS_SECONDS,
        }
        return jwt.encode(claims, self.private_key, algorithm="RS256", headers={"kid": self.key_id})

    def tokens(self, endpoint: Endpoint | None, driver: Any) -> Tokens:
        """The account's tokens, as libcloud's Google connections ask for them."""
        return Tokens((self.private_key, self.email, endpoint), lambda: self._exchange(endpoint, driver))

    def _exchange(self, endpoint: Endpoint | None, driver: Any) -> Token:
        now = time.time()
        # What is signed for a simulated cloud is of no use at Google's, should the key be a true one.
        uri = self.token_uri if endpoint is None else _simulated_uri(endpoint)
        place = Endpoint.parse(uri)
        connection = _TokenConnection(
            self.email, secure=place.is_secure, host=place.host, port=place.port, timeout=TIMEOUT_SECONDS
        )
        connection.driver = driver
        connection.connect()
        form = {"grant_type": _GRANT, "assertion": self.assertion(uri, now)}
        answer = connection.request(urlsplit(uri).path, method="POST", data=urlencode(form)).object
        return Token(str(answer["access_token"]), now, now + float(answer.get("expires_in") or _LASTS_SECONDS))


class _TokenConnection(PoliteConnection, GoogleBaseAuthConnection):  # type: ignore[misc]  # libcloud has no types
    """libcloud's connection to where Google gives tokens, which it takes from a fixed address and keeps in a file."""

    responseCls = Reply


def _read(text: str) -> dict[str, Any]:
    text = text.strip()
    if not text.startswith("{"):
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Invalid(
                "The service account's key is the whole JSON file that Google Cloud gave, from { to }, "
                "or that file as Base64."
            ) from None
    try:
        facts = json.loads(text)
    except ValueError:
        raise Invalid(
            "The service account's key is no whole JSON: paste the file as it is, or as one line by `base64 -w0`."
        ) from None
    return facts if isinstance(facts, dict) else {}


def _private_key(text: str) -> str:
    try:
        jwt.encode({}, text, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Invalid(
            "The private key inside the service account's key is damaged: paste the JSON file as it is."
        ) from None
    return text


def _project(id_: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]+", id_):
        raise Invalid("The project_id of the service account's key is none of Google Cloud's.")
    return id_


def _simulated_uri(endpoint: Endpoint) -> str:
    return f"{'https' if endpoint.is_secure else 'http'}://{endpoint.host}:{endpoint.port}{TOKEN_PATH}"
