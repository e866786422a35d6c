"""People's public SSH keys in Vault (KV v2): ``ssh-keys/<workspace>/<user>``."""

from __future__ import annotations

from collections.abc import Callable

import hvac.exceptions
import tenacity

from clouddesk.adapters.vault import checked_path
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.actor import Person
from clouddesk.model.errors import Unavailable
from clouddesk.model.ssh_key import SshKey

_ATTEMPTS = 10
_KEYS = "keys"


class _ChangedMeanwhile(Exception):
    """Somebody else wrote since it was read."""


class VaultSshKeys:
    """One secret for each person, written only over the version that was read."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    async def read(self, person: Person) -> list[SshKey]:
        """In the order in which they came. Raises Unavailable."""
        path = _path(person)
        return (await self._session.call(lambda: self._read(path)))[0]

    async def change(self, person: Person, change: Callable[[list[SshKey]], list[SshKey]]) -> list[SshKey]:
        """Write what ``change`` makes of them; how they are then. Raises Unavailable, and what ``change`` raises."""
        path = _path(person)

        @tenacity.retry(
            retry=tenacity.retry_if_exception_type(_ChangedMeanwhile),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_random(0, 0.1),
            reraise=True,
        )
        def write() -> list[SshKey]:
            before, version = self._read(path)
            after = change(list(before))
            if after != before:
                try:
                    self._session.kv.create_or_update_secret(
                        path=path,
                        mount_point=self._session.mount,
                        secret={_KEYS: [key.line for key in after]},
                        cas=version,
                    )
                except hvac.exceptions.InvalidRequest as error:
                    if "check-and-set" not in str(error):
                        raise
                    raise _ChangedMeanwhile from error
            return after

        try:
            return await self._session.call(write)
        except _ChangedMeanwhile as error:
            raise Unavailable("Vault") from error

    def _read(self, path: str) -> tuple[list[SshKey], int]:
        """With the version that they are."""
        try:
            data = self._session.kv.read_secret_version(
                path=path, mount_point=self._session.mount, raise_on_deleted_version=True
            )["data"]
        except hvac.exceptions.InvalidPath:
            return [], 0
        return [SshKey(*line.split(" ", 2)) for line in data["data"][_KEYS]], int(data["metadata"]["version"])


def _path(person: Person) -> str:
    return checked_path(f"ssh-keys/{person.workspace_id}/{person.user_id}", parts=3)
