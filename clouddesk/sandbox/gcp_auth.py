"""Who asks: service accounts with keys, and the tokens that they get for what they have signed."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.gcp_errors import oauth_error, unauthenticated
from clouddesk.sandbox.keys import Key

PROJECT = "clouddesk-sandbox"
FIELD = "service_account_key"
"""What the product's form calls the key's JSON."""
TOKEN_PATH = "/token"  # noqa: S105  # an address
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPES = {"https://www.googleapis.com/auth/compute", "https://www.googleapis.com/auth/cloud-platform"}
_LONGEST_SECONDS = 3600
_ACCOUNTS, _SECRETS = "service_accounts", "secrets"
_OPERATOR = "operator"


class ServiceAccounts:
    """The service accounts of one simulated Google Cloud: each owner has one, all in one project, as in a company."""

    def __init__(self, store: Documents, port: int) -> None:
        self._store = store
        self._token_uri = f"http://127.0.0.1:{port}{TOKEN_PATH}"
        with store.atomic():
            kept = store.get(_SECRETS, "tokens") or {"secret": secrets.token_hex(32)}
            store.put(_SECRETS, "tokens", kept)
        self._secret = str(kept["secret"])

    def operator(self) -> Key:
        """The operator's key, made once."""
        kept = self._store.get(_ACCOUNTS, _OPERATOR)
        if kept is None:
            kept = {"key": dict(self.make())}
            self._store.put(_ACCOUNTS, _OPERATOR, kept)
        return dict(kept["key"])

    def make(self) -> Key:
        """A new service account's key, in the shape of Google's JSON files."""
        email = f"desk-{secrets.token_hex(4)}@{PROJECT}.iam.gserviceaccount.com"
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        facts = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": secrets.token_hex(20),
            "private_key": private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            "client_email": email,
            "client_id": str(secrets.randbelow(9 * 10**20) + 10**20),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": self._token_uri,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{email}",
            "universe_domain": "googleapis.com",
        }
        text = json.dumps(facts, indent=2)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        account = {"text": text, "public": public.decode(), "key_id": facts["private_key_id"]}
        self._store.put(_ACCOUNTS, email, account)
        return {FIELD: text}

    def exchange(self, form: dict[str, Any]) -> dict[str, Any]:
        """A token for a signed assertion. Raises ApiError as Google's token server does."""
        if form.get("grant_type") != _GRANT:
            raise oauth_error("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        assertion = str(form.get("assertion") or "")
        email = self._issuer(assertion)
        account = self._store.get(_ACCOUNTS, email)
        if account is None:
            raise oauth_error("invalid_grant", "Invalid grant: account not found")
        if jwt.get_unverified_header(assertion).get("kid") != account["key_id"]:
            raise oauth_error("invalid_grant", "Invalid JWT Signature.")
        try:
            claims = jwt.decode(
                assertion,
                account["public"],
                algorithms=["RS256"],
                audience=self._token_uri,
                options={"require": ["iss", "aud", "exp", "iat"]},
            )
        except jwt.InvalidSignatureError:
            raise oauth_error("invalid_grant", "Invalid JWT Signature.") from None
        except jwt.PyJWTError:
            raise oauth_error(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
                "iat and exp values in the JWT claim.",
            ) from None
        if claims["exp"] - claims["iat"] > _LONGEST_SECONDS:
            raise oauth_error("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
        if not set(str(claims.get("scope", "")).split()) & _SCOPES:
            raise oauth_error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = jwt.encode({"sub": email, "exp": int(time.time()) + _LONGEST_SECONDS}, self._secret, algorithm="HS256")
        return {"access_token": f"ya29.c.{token}", "expires_in": _LONGEST_SECONDS - 1, "token_type": "Bearer"}

    def find(self, token: str) -> str:
        """The text of the key that the token was given for. Raises ApiError."""
        try:
            claims = jwt.decode(token.removeprefix("ya29.c."), self._secret, algorithms=["HS256"])
        except jwt.PyJWTError:
            raise unauthenticated() from None
        account = self._store.get(_ACCOUNTS, str(claims.get("sub")))
        if account is None:
            raise unauthenticated()
        return str(account["text"])

    def _issuer(self, assertion: str) -> str:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise oauth_error("invalid_grant", "Bad Request: the assertion is no JWT.") from None
        return str(claims.get("iss", ""))
