"""People's tokens in a real Vault (OpenBao), with the roles and policies that the stack sets up."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone

import pytest

from clouddesk.adapters.vault import VaultCredentials
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, Secret, credential_ref
from clouddesk.model.errors import CredentialsMissing, Invalid, Unavailable
from tests.servers import Vault, free_port, running_vault

__all__ = ["running_vault"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
AWS = CredentialInfo("aws", "123456789012", NOW, NOW, is_simulated=True)
KEYS = {"access_key_id": Secret("AKIAEXAMPLE"), "secret_access_key": Secret("made-up")}


@pytest.fixture
def person() -> Person:
    return Person("local", f"ann-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def desk(running_vault: Vault) -> VaultCredentials:
    return VaultCredentials(
        VaultSession.of_role(running_vault.address, mount="clouddesk", login=running_vault.login("desk"))
    )


@pytest.fixture
def worker(running_vault: Vault) -> VaultCredentials:
    return VaultCredentials(
        VaultSession.of_role(running_vault.address, mount="clouddesk", login=running_vault.login("worker"))
    )


async def test_what_the_desk_writes_the_worker_reads(desk, worker, person):
    await desk.write(person, AWS, KEYS)
    assert await worker.read(credential_ref(person, "aws")) == KEYS


async def test_the_desk_may_not_read_a_secret(desk, person):
    await desk.write(person, AWS, KEYS)
    with pytest.raises(Unavailable):
        await desk.read(credential_ref(person, "aws"))


async def test_the_worker_may_not_write(worker, person):
    with pytest.raises(Unavailable):
        await worker.write(person, AWS, KEYS)


async def test_the_list_shows_accounts_without_secrets(desk, person):
    token = CredentialInfo("digitalocean", "ann@example.com", NOW, NOW)
    assert await desk.list(person) == []
    await desk.write(person, token, {"token": Secret("made-up")})
    await desk.write(person, AWS, KEYS)
    assert await desk.list(person) == [AWS, token]


async def test_a_replaced_secret_is_kept_nowhere(desk, worker, running_vault, person):
    await desk.write(person, AWS, KEYS)
    newer = {"access_key_id": Secret("AKIANEWER"), "secret_access_key": Secret("newer")}
    await desk.write(person, AWS, newer)
    ref = credential_ref(person, "aws")
    assert await worker.read(ref) == newer
    answer = running_vault.client("worker").secrets.kv.v2.read_secret_metadata(path=ref, mount_point="clouddesk")
    assert list(answer["data"]["versions"]) == ["2"]


async def test_what_is_removed_is_gone_with_all_versions(desk, worker, person):
    await desk.write(person, AWS, KEYS)
    assert await desk.remove(person, "aws") is True
    assert await desk.remove(person, "aws") is False
    assert await desk.list(person) == []
    with pytest.raises(CredentialsMissing) as caught:
        await worker.read(credential_ref(person, "aws"))
    assert caught.value.provider == "aws"


async def test_a_revoked_token_is_replaced_by_a_new_login(desk, person):
    await desk.write(person, AWS, KEYS)
    desk._session._client.auth.token.revoke_self()
    assert await desk.list(person) == [AWS]


async def test_a_token_near_its_end_is_replaced_before_it_fails(desk, person):
    await desk.check()
    first = desk._session._client.token
    desk._session._token_ends = 0.0
    await desk.list(person)
    assert desk._session._client.token != first


@pytest.mark.parametrize("user", ["../bob", "ann/../bob", "..", "", "ann bob", "ann%2Fbob", "ann\n"])
async def test_nobody_climbs_out_of_their_own_folder(desk, user):
    with pytest.raises(Invalid):
        await desk.list(Person("local", user))
    with pytest.raises(Invalid):
        await desk.write(Person("local", user), AWS, KEYS)


async def test_a_vault_that_is_not_there_is_unavailable(person):
    login = json.dumps({"role_id": "r", "secret_id": "s"})
    credentials = VaultCredentials(
        VaultSession.of_role(f"http://127.0.0.1:{free_port()}", mount="clouddesk", login=login)
    )
    with pytest.raises(Unavailable):
        await credentials.list(person)


async def test_a_wrong_login_is_unavailable(running_vault, person):
    login = json.dumps({"role_id": "r", "secret_id": "s"})
    credentials = VaultCredentials(VaultSession.of_role(running_vault.address, mount="clouddesk", login=login))
    with pytest.raises(Unavailable):
        await credentials.check()


def test_a_damaged_login_says_how_to_mend_it():
    with pytest.raises(Invalid, match="clouddesk up"):
        VaultSession.of_role("http://127.0.0.1:1", mount="clouddesk", login="{}")
