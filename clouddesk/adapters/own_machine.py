"""Access to this machine's own Docker engine: people at its terminal have it without any key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Protocol

from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.model.credentials import CredentialInfo, SecretFields, credential_ref
from clouddesk.model.errors import CredentialsMissing
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.ports import Credentials

ACCOUNT = "this machine"
_NOBODY = Person(LOCAL_WORKSPACE, "nobody")
"""In whose name the engine is looked through: it is the same for everybody."""


class StoredCredentials(Credentials, Protocol):
    """Credentials that can all be listed."""

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]: ...


class OwnMachineCredentials:
    """Implements ``Credentials``: what is stored, and for people at this machine's terminal its engine besides.

    Nobody else has that, whatever is asked for: who may start containers there may do everything there.
    """

    def __init__(self, stored: StoredCredentials, *, is_there: Callable[[], bool] = lambda: True) -> None:
        """``is_there``: whether the engine answers now; the sweep leaves out one that does not."""
        self._stored = stored
        self._is_there = is_there
        self._since = datetime.now(timezone.utc)

    async def write(self, person: Person, info: CredentialInfo, fields: SecretFields) -> None:
        await self._stored.write(person, info, fields)

    async def read(self, ref: str) -> SecretFields:
        """There is no secret for the engine. Raises CredentialsMissing."""
        folder, _, provider = ref.rpartition("/")
        if provider != OWN_MACHINE:
            return await self._stored.read(ref)
        user_id = folder.rpartition("/")[2]
        if ref != credential_ref(Person(LOCAL_WORKSPACE, user_id), OWN_MACHINE):
            raise CredentialsMissing(OWN_MACHINE)
        return {}

    async def list(self, person: Person) -> list[CredentialInfo]:
        found = await self._stored.list(person)
        return [*found, self._info()] if person.workspace_id == LOCAL_WORKSPACE else found

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        """Whose credentials there are, without the secrets; for the sweep."""
        stored = await self._stored.everybody()
        if not await asyncio.to_thread(self._is_there):
            return stored
        here = dict.fromkeys(person for person, _ in stored if person.workspace_id == LOCAL_WORKSPACE)
        return [*stored, *((person, self._info()) for person in (*here, _NOBODY))]

    async def remove(self, person: Person, provider: str) -> bool:
        return await self._stored.remove(person, provider)

    def _info(self) -> CredentialInfo:
        return CredentialInfo(OWN_MACHINE, ACCOUNT, added_at=self._since, checked_at=self._since, account_id=ACCOUNT)
