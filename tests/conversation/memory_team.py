"""What is kept of teams, in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from clouddesk.model.approval import Approval
from clouddesk.model.budget import BudgetBook, Hold
from clouddesk.model.freeze import Freeze
from clouddesk.model.team_channel import TeamChannel
from clouddesk.model.template import Template


class MemoryTemplates:
    """Templates by shelf."""

    def __init__(self) -> None:
        self.shelves: dict[tuple[str, str | None], dict[str, Template]] = {}

    async def read(self, workspace_id: str, owner: str | None) -> dict[str, Template]:
        return dict(self.shelves.get((workspace_id, owner), {}))

    async def change(
        self, workspace_id: str, owner: str | None, change: Callable[[dict[str, Template]], dict[str, Template]]
    ) -> dict[str, Template]:
        self.shelves[workspace_id, owner] = change(await self.read(workspace_id, owner))
        return await self.read(workspace_id, owner)


class MemoryBudgets:
    """Implements the port as Redis does: whoever finds that somebody was faster begins anew."""

    def __init__(self) -> None:
        self.books: dict[str, BudgetBook] = {}
        self.held: dict[str, list[Hold]] = {}
        self.version = 0

    async def book(self, workspace_id: str) -> BudgetBook:
        return self.books.get(workspace_id, BudgetBook())

    async def change(self, workspace_id: str, change: Callable[[BudgetBook], BudgetBook]) -> BudgetBook:
        self.books[workspace_id] = change(await self.book(workspace_id))
        self.version += 1
        return self.books[workspace_id]

    async def holds(self, workspace_id: str) -> list[Hold]:
        return list(self.held.get(workspace_id, ()))

    async def hold(
        self, workspace_id: str, decide: Callable[[BudgetBook, list[Hold]], Awaitable[list[Hold]]]
    ) -> list[Hold]:
        while True:
            before = self.version
            made = await decide(await self.book(workspace_id), await self.holds(workspace_id))
            if before == self.version:
                self.held[workspace_id] = made
                self.version += 1
                return made

    async def let_go(self, workspace_id: str, key: str) -> None:
        self.held[workspace_id] = [hold for hold in await self.holds(workspace_id) if hold.key != key]
        self.version += 1


class MemoryApprovals:
    """Requests by id."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Approval] = {}

    async def add(self, approval: Approval) -> Approval:
        return self.items.setdefault((approval.workspace_id, approval.id), approval)

    async def get(self, workspace_id: str, approval_id: str) -> Approval | None:
        return self.items.get((workspace_id, approval_id))

    async def all(self, workspace_id: str) -> list[Approval]:
        return [item for (place, _), item in self.items.items() if place == workspace_id]

    async def change(
        self, workspace_id: str, approval_id: str, change: Callable[[Approval], Approval]
    ) -> Approval | None:
        key = (workspace_id, approval_id)
        if key in self.items:
            self.items[key] = change(self.items[key])
        return self.items.get(key)


class MemoryFreezes:
    """Freezes by workspace."""

    def __init__(self) -> None:
        self.items: dict[str, Freeze] = {}

    async def get(self, workspace_id: str) -> Freeze | None:
        return self.items.get(workspace_id)

    async def put(self, freeze: Freeze) -> None:
        self.items[freeze.workspace_id] = freeze

    async def remove(self, workspace_id: str) -> None:
        self.items.pop(workspace_id, None)


class MemoryTeamChannels:
    """Where teams are told their week's costs."""

    def __init__(self) -> None:
        self.items: dict[str, TeamChannel | None] = {}

    async def get(self, workspace_id: str) -> TeamChannel | None:
        return self.items.get(workspace_id)

    async def put(self, workspace_id: str, channel: TeamChannel | None) -> None:
        self.items[workspace_id] = channel
