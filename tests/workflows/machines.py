"""Software and secrets in memory, for what Ansible and Vault cannot be made to do at the right moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clouddesk.model.actor import Person
from clouddesk.model.blueprint import Client, HealthCheck, Link, Software
from clouddesk.model.configuration import (
    STEP_FAILED,
    BotKey,
    ConfigurationOrder,
    ConfigurationSecrets,
    Configured,
    ConfigureFailed,
)
from clouddesk.model.logins import LoginOrder
from clouddesk.model.ssh_key import SshKey

SOFTWARE = Software(
    ansible_roles=("redis",),
    check=HealthCheck("it answers", 60),
    links=(Link("Page", "node", 8080, "/lab?token={password}"),),
    secrets={"password": 32},
    clients=(Client("From anywhere", "redis-cli -a {password}"),),
    versions={"redis": "7"},
    variables={"settings": {"depth": [1, "two"]}},
)
FOUND = ("it answers",)


def broken(cause: str = STEP_FAILED) -> ConfigureFailed:
    """What a step that failed on one machine looks like."""
    return ConfigureFailed(cause, step="starting Redis", nodes=("node-1",), lines=("first", "the last words"))


@dataclass
class FakeMachineSecrets:
    """Implements the MachineSecrets port."""

    keys: dict[str, BotKey] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)

    async def bot_key(self, reservation_id: str) -> BotKey:
        return self.keys.setdefault(reservation_id, BotKey("made-up", f"ssh-ed25519 AAAA clouddesk-{reservation_id}"))

    async def software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> Mapping[str, str]:
        return dict(self.secrets.setdefault(reservation_id, {name: "x" * length for name, length in wanted.items()}))

    async def renew_software_secrets(self, reservation_id: str, wanted: Mapping[str, int]) -> None:
        known = self.secrets.setdefault(reservation_id, {})
        known.update({name: chr(ord(known.get(name, "w")[0]) + 1) * length for name, length in wanted.items()})

    async def forget(self, reservation_id: str) -> None:
        self.keys.pop(reservation_id, None)
        self.secrets.pop(reservation_id, None)
        self.forgotten.append(reservation_id)


@dataclass
class FakeConfiguration:
    """Implements the Configuration port. ``faults`` are raised one a call; it waits while ``may_go_on`` is not set."""

    faults: list[Exception] = field(default_factory=list)
    orders: list[ConfigurationOrder] = field(default_factory=list)
    secrets: list[ConfigurationSecrets] = field(default_factory=list)
    ended: int = 0
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    async def configure(
        self,
        order: ConfigurationOrder,
        secrets: ConfigurationSecrets,
        *,
        log_path: Path,
        on_step: Callable[[str], None],
    ) -> Configured:
        self.orders.append(order)
        self.secrets.append(secrets)
        on_step("starting Redis on 2 nodes")
        try:
            await self.may_go_on.wait()
            if self.faults:
                raise self.faults.pop(0)
            return Configured(FOUND, 3, {target.key: (f"ssh-ed25519 {target.key}",) for target in order.targets})
        finally:
            self.ended += 1


@dataclass
class FakeKeys:
    """Implements the SshKeyStore port, as far as a worker uses it."""

    keys: dict[str, list[SshKey]] = field(default_factory=dict)
    """By user id."""

    def give(self, user_id: str, name: str = "laptop") -> None:
        self.keys.setdefault(user_id, []).append(SshKey("ssh-ed25519", f"AAAA{user_id}{name}", name))

    async def read(self, person: Person) -> list[SshKey]:
        return list(self.keys.get(person.user_id, []))

    async def change(self, person: Person, change: Callable[[list[SshKey]], list[SshKey]]) -> list[SshKey]:
        raise NotImplementedError


@dataclass
class FakeLogins:
    """Implements the Logins port: whose keys are on which machine. Those of ``silent`` do not answer."""

    people: dict[str, dict[str, int]] = field(default_factory=dict)
    """By node key: how many keys of whom."""
    barred: dict[str, tuple[str, ...]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    orders: list[LoginOrder] = field(default_factory=list)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    async def put(self, order: LoginOrder, private_key: str) -> tuple[str, ...]:
        assert private_key == "made-up"
        self.orders.append(order)
        await self.may_go_on.wait()
        for target in order.targets:
            if target.key not in self.silent:
                self.people[target.key] = {user_id: len(keys) for user_id, keys in order.keys.items()}
                self.barred[target.key] = order.barred
        return tuple(target.key for target in order.targets if target.key in self.silent)
