"""What is kept of people, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clouddesk.model.absence import Absence
from clouddesk.model.actor import Person
from clouddesk.model.notice import Notice
from clouddesk.model.request import ResourceRequest
from clouddesk.model.ssh_key import SshKey


class MemoryColleagues:
    """Why nothing is shared with somebody, by user id."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    async def refusal(self, person: Person) -> str | None:
        return self.refused.get(person.user_id)


class MemoryNotices:
    """Notices by person, oldest first."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)

    async def latest(self, person: Person, *, limit: int) -> list[Notice]:
        own = [item for item in self.sent if (item.workspace_id, item.user_id) == (person.workspace_id, person.user_id)]
        return own[: -limit - 1 : -1]

    async def read(self, person: Person, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        raise NotImplementedError


class MemoryHabits:
    """What each person used last."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Person, str], ResourceRequest] = {}

    async def put(self, person: Person, request: ResourceRequest, keys: Sequence[str]) -> None:
        self.kept.update({(person, key): request for key in keys})

    async def get(self, person: Person, keys: Sequence[str]) -> list[ResourceRequest | None]:
        return [self.kept.get((person, key)) for key in keys]


class MemorySshKeys:
    """Public keys by person."""

    def __init__(self) -> None:
        self.items: dict[Person, list[SshKey]] = {}

    async def read(self, person: Person) -> list[SshKey]:
        return list(self.items.get(person, ()))

    async def change(self, person: Person, change: Callable[[list[SshKey]], list[SshKey]]) -> list[SshKey]:
        self.items[person] = change(await self.read(person))
        return await self.read(person)


class MemoryAbsences:
    """When people are away, by person."""

    def __init__(self) -> None:
        self.items: dict[Person, Absence] = {}

    async def read(self, person: Person) -> Absence | None:
        return self.items.get(person)

    async def change(self, person: Person, change: Callable[[Absence | None], Absence | None]) -> Absence | None:
        after = change(self.items.pop(person, None))
        if after is not None:
            self.items[person] = after
        return after


class MemoryCalendars:
    """Whose public holidays people go by."""

    def __init__(self) -> None:
        self.items: dict[Person, str] = {}

    async def get(self, person: Person) -> str:
        return self.items.get(person, "")

    async def put(self, person: Person, place: str) -> None:
        self.items[person] = place
