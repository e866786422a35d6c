"""People's cloud tokens in Vault (KV v2), over AppRole; what may be shown of them lies in the metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import hvac.exceptions

from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, Secret, SecretFields, credential_ref
from clouddesk.model.errors import CredentialsMissing, Invalid

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*\Z")


class VaultCredentials:
    """Where ``people/<workspace>/<user>/<provider>`` lies: the fields, and in the metadata what may be shown."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session
        self._mount = session.mount

    async def check(self) -> None:
        """Log in now. Raises Unavailable."""
        await self._session.call(lambda: None)

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

        await self._session.call(write)

    async def read(self, ref: str) -> SecretFields:
        """The secret itself; only the worker's role may. Raises CredentialsMissing."""
        path = _checked(ref)

        def read() -> SecretFields | None:
            try:
                answer = self._kv.read_secret_version(path=path, mount_point=self._mount, raise_on_deleted_version=True)
            except hvac.exceptions.InvalidPath:
                return None
            return {name: Secret(text) for name, text in answer["data"]["data"].items()}

        fields = await self._session.call(read)
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

        return await self._session.call(infos)

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

        return await self._session.call(everybody)

    async def remove(self, person: Person, provider: str) -> bool:
        """Forget all versions. False when there was nothing."""
        path = _checked(credential_ref(person, provider))

        def remove() -> bool:
            was_there = self._info(path) is not None
            self._kv.delete_metadata_and_all_versions(path=path, mount_point=self._mount)
            return was_there

        return await self._session.call(remove)

    # --- inside --------------------------------------------------------------------------------------------------

    @property
    def _kv(self) -> Any:
        return self._session.kv

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


def _checked(path: str) -> str:
    return checked_path(path, parts=4)


def checked_path(path: str, *, parts: int) -> str:
    """Refuse whatever could climb out of the person's own folder. Raises Invalid."""
    found = path.split("/")
    if len(found) != parts or not all(_PART.match(part) for part in found):
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
