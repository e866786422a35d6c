"""A login at Vault that lasts: over an AppRole, and again whenever the token has ended or was revoked."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests
import structlog

from clouddesk.model.credentials import Secret
from clouddesk.model.errors import Invalid, Unavailable

log = structlog.get_logger()
T = TypeVar("T")

TIMEOUT_SECONDS = 10


class VaultSession:
    """Shared by all that one process keeps in Vault. Calls run in threads."""

    def __init__(self, address: str, *, mount: str, role_id: str, secret_id: Secret) -> None:
        self._client = hvac.Client(url=address, timeout=TIMEOUT_SECONDS)
        self.mount = mount
        self._role_id = role_id
        self._secret_id = secret_id
        self._login_lock = threading.Lock()
        self._token_ends = 0.0

    @classmethod
    def of_role(cls, address: str, *, mount: str, login: str) -> VaultSession:
        """From the text of ``secrets/vault-<role>.json``: ``{"role_id", "secret_id"}``. Raises Invalid."""
        try:
            fields = json.loads(login)
            return cls(address, mount=mount, role_id=fields["role_id"], secret_id=Secret(fields["secret_id"]))
        except (ValueError, KeyError, TypeError):
            raise Invalid(
                "The login for Vault is not readable. Run `clouddesk up` again; it writes a new one."
            ) from None

    @property
    def kv(self) -> Any:
        """hvac's KV v2, for use inside ``call``."""
        return self._client.secrets.kv.v2

    async def call(self, work: Callable[[], T]) -> T:
        """Do it in a thread with a valid token. Raises Unavailable."""
        try:
            return await asyncio.to_thread(self._with_token, work)
        except hvac.exceptions.VaultError as error:
            log.warning("vault.refused", error=type(error).__name__)
            raise Unavailable("Vault") from error
        except requests.RequestException as error:
            raise Unavailable("Vault") from error

    def _with_token(self, work: Callable[[], T]) -> T:
        self._log_in(None)
        token = self._client.token
        try:
            return work()
        except hvac.exceptions.Forbidden:
            # Revoked, or forgotten by a server that was set up anew; a right that is missing fails again.
            self._log_in(token)
            return work()

    def _log_in(self, refused: str | None) -> None:
        """Log in when the token nears its end or is the refused one; another thread may have done it meanwhile."""
        with self._login_lock:
            is_refused = refused is not None and refused == self._client.token
            if not is_refused and time.monotonic() < self._token_ends:
                return
            answer = self._client.auth.approle.login(
                role_id=self._role_id, secret_id=self._secret_id.reveal(), use_token=True
            )
            lease_seconds = answer["auth"]["lease_duration"]
            # A lease of 0 is a token without an end.
            self._token_ends = time.monotonic() + lease_seconds * 0.8 if lease_seconds else float("inf")
