"""People's cloud tokens in Vault (KV v2), over AppRole; what may be shown of them lies in the metadata."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests
import structlog

from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, Secret, SecretFields, credential_ref
from clouddesk.model.errors import CredentialsMissing, Invalid, Unavailable

log = structlog.get_logger()
T = TypeVar("T")

TIMEOUT_SECONDS = 10
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*\Z")


class VaultCredentials:
    """Logs in with an AppRole, and again whenever the token has ended or was revoked. Calls run in threads."""

    def __init__(self, address: str, *, mount: str, role_id: str, secret_id: Secret) -> None:
        self._client = hvac.Client(url=address, timeout=TIMEOUT_SECONDS)
        self._mount = mount
        self._role_id = role_id
        self._secret_id = secret_id
        self._login_lock = threading.Lock()
        self._token_ends = 0.0

    @classmethod
    def of_role(cls, address: str, *, mount: str, login: str) -> VaultCredentials:
        """From the text of ``secrets/vault-<role>.json``: ``{"role_id", "secret_id"}``. Raises Invalid."""
        try:
            fields = json.loads(login)
            return cls(address, mount=mount, role_id=fields["role_id"], secret_id=Secret(fields["secret_id"]))
        except (ValueError, KeyError, TypeError):
            raise Invalid(
                "The login for Vault is not readable. Run `clouddesk up` again; it writes a new one."
            ) from None

    async def check(self) -> None:
        """Log in now. Raises Unavailable."""
        await self._call(lambda: None)

    async def write(self, person: Person, info: CredentialInfo, fields: SecretFields) -> None:
        """Store or replace; of what is replaced nothing is kept."""
        path = _checked(credential_ref(person, info.provider))

        def write() -> None:
            # Metadata first: there is never a secret that its owner cannot see and remove.
            self._kv.update_metadata(
                path=path, mount_point=self._mount, max_versions=1, custom_metadata=_metadata(info)
            )
            self._kv.create_or_update_secret(
                path=path, mount_point=self._mount, secret={name: secret.reveal() for name, secret in fields.items()}
            )

        await self._call(write)

    async def read(self, ref: str) -> SecretFields:
        """The secret itself; only the worker's role may. Raises CredentialsMissing."""
        path = _checked(ref)

        def read() -> SecretFields | None:
            try:
                answer = self._kv.read_secret_version(path=path, mount_point=self._mount, raise_on_deleted_version=True)
            except hvac.exceptions.InvalidPath:
                return None
            return {name: Secret(text) for name, text in answer["data"]["data"].items()}

        fields = await self._call(read)
        if fields is None:
            raise CredentialsMissing(ref.rsplit("/", 1)[-1])
        return fields

    async def list(self, person: Person) -> list[CredentialInfo]:
        """What there is, without the secrets, by provider."""
        folder = _checked(credential_ref(person, "any")).rpartition("/")[0]

        def names() -> list[str]:
            try:
                answer = self._kv.list_secrets(path=folder, mount_point=self._mount)
            except hvac.exceptions.InvalidPath:
                return []
            return sorted(answer["data"]["keys"])

        def infos() -> list[CredentialInfo]:
            found = [self._info(f"{folder}/{name}") for name in names() if not name.endswith("/")]
            return [info for info in found if info]

        return await self._call(infos)

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        """Whose credentials there are, without the secrets; for the sweep."""

        def names(folder: str) -> Sequence[str]:
            try:
                keys = self._kv.list_secrets(path=folder, mount_point=self._mount)["data"]["keys"]
            except hvac.exceptions.InvalidPath:
                return []
            return sorted(key.rstrip("/") for key in keys)

        def everybody() -> Sequence[tuple[Person, CredentialInfo]]:
            found = []
            for workspace_id in names("people"):
                for user_id in names(f"people/{workspace_id}"):
                    for provider in names(f"people/{workspace_id}/{user_id}"):
                        person = Person(workspace_id, user_id)
                        if info := self._info(credential_ref(person, provider)):
                            found.append((person, info))
            return found

        return await self._call(everybody)

    async def remove(self, person: Person, provider: str) -> bool:
        """Forget all versions. False when there was nothing."""
        path = _checked(credential_ref(person, provider))

        def remove() -> bool:
            was_there = self._info(path) is not None
            self._kv.delete_metadata_and_all_versions(path=path, mount_point=self._mount)
            return was_there

        return await self._call(remove)

    # --- inside --------------------------------------------------------------------------------------------------

    @property
    def _kv(self) -> Any:
        return self._client.secrets.kv.v2

    def _info(self, path: str) -> CredentialInfo | None:
        try:
            answer = self._kv.read_secret_metadata(path=path, mount_point=self._mount)["data"]
        except hvac.exceptions.InvalidPath:
            return None
        custom = answer.get("custom_metadata") or {}
        if not answer.get("current_version") or "account" not in custom:
            return None
        return CredentialInfo(
            provider=path.rsplit("/", 1)[-1],
            account=custom["account"],
            added_at=datetime.fromisoformat(custom["added_at"]),
            checked_at=datetime.fromisoformat(custom["checked_at"]),
            is_simulated=custom.get("is_simulated") == "yes",
            account_id=custom.get("account_id", ""),
        )

    async def _call(self, work: Callable[[], T]) -> T:
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


def _checked(path: str) -> str:
    """Refuse whatever could climb out of the person's own folder."""
    if not all(_PART.match(part) for part in path.split("/")) or path.count("/") != 3:
        raise Invalid("A workspace id, user id or provider has letters, digits and . _ @ + - only.")
    return path


def _metadata(info: CredentialInfo) -> dict[str, str]:
    return {
        "account": info.account,
        "added_at": info.added_at.isoformat(),
        "checked_at": info.checked_at.isoformat(),
        "is_simulated": "yes" if info.is_simulated else "no",
        # Vault takes no empty value.
        **({"account_id": info.account_id} if info.account_id else {}),
    }
