"""People's public keys in a real Vault, with the roles and policies that the stack sets up."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from clouddesk.adapters.vault_keys import VaultSshKeys
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.actor import Person
from clouddesk.model.errors import Invalid, Unavailable
from clouddesk.model.ssh_key import SshKey, parse_ssh_key
from tests.keys import public_key
from tests.servers import Vault, running_vault

__all__ = ["running_vault"]


def keys_of(vault: Vault, role: str) -> VaultSshKeys:
    return VaultSshKeys(VaultSession.of_role(vault.address, mount="clouddesk", login=vault.login(role)))


@pytest.fixture
def person() -> Person:
    return Person("local", f"ann-{uuid.uuid4().hex[:8]}")


def a_key() -> SshKey:
    return parse_ssh_key(public_key(comment="bo of ops"))


async def test_what_is_kept_is_read_again_by_each_role(running_vault, person):
    key, bare = a_key(), SshKey(a_key().kind, a_key().blob)
    await keys_of(running_vault, "desk").change(person, lambda keys: [*keys, key, bare])
    for role in ("desk", "gateway", "worker"):
        assert await keys_of(running_vault, role).read(person) == [key, bare]


async def test_of_changes_at_once_none_is_lost(running_vault, person):
    desk = keys_of(running_vault, "desk")
    made = [a_key() for _ in range(5)]
    await asyncio.gather(*(desk.change(person, lambda keys, key=key: [*keys, key]) for key in made))
    assert {key.blob for key in await desk.read(person)} == {key.blob for key in made}


async def test_the_worker_may_not_change_them(running_vault, person):
    with pytest.raises(Unavailable):
        await keys_of(running_vault, "worker").change(person, lambda keys: [*keys, a_key()])


@pytest.mark.parametrize("user", ["../bo", "a/b", ""])
async def test_nobody_climbs_out_of_their_own_folder(running_vault, user):
    with pytest.raises(Invalid):
        await keys_of(running_vault, "desk").read(Person("local", user))
