"""What only a reservation's machines know, in a real Vault with the roles and policies that the stack sets up."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from pathlib import Path

import pytest
from hvac.exceptions import InvalidPath

from clouddesk.adapters.vault_machines import VaultMachineSecrets
from clouddesk.adapters.vault_session import VaultSession
from clouddesk.model.errors import Invalid, Unavailable
from tests.servers import Vault, running_vault

__all__ = ["running_vault"]


def secrets_of(vault: Vault, role: str) -> VaultMachineSecrets:
    return VaultMachineSecrets(VaultSession.of_role(vault.address, mount="clouddesk", login=vault.login(role)))


@pytest.fixture
def worker(running_vault: Vault) -> VaultMachineSecrets:
    return secrets_of(running_vault, "worker")


@pytest.fixture
def reservation_id() -> str:
    return f"r-{uuid.uuid4().hex[:8]}"


async def test_a_key_pair_is_made_once_however_many_ask_at_once(worker, reservation_id):
    found = await asyncio.gather(*(worker.bot_key(reservation_id) for _ in range(5)))
    assert len({key.private_key for key in found}) == 1
    assert await worker.bot_key(reservation_id) == found[0]


async def test_the_key_pair_is_one_that_openssh_takes(worker, reservation_id, tmp_path: Path):
    key = await worker.bot_key(reservation_id)
    path = tmp_path / "id_ed25519"
    path.touch(mode=0o600)
    path.write_text(key.private_key)
    told = await asyncio.to_thread(subprocess.check_output, ["ssh-keygen", "-y", "-f", path], text=True)
    assert told.split()[:2] == key.public_key.split()[:2]
    assert key.private_key not in repr(key)


async def test_secrets_stay_as_they_are_and_missing_ones_are_added(worker, reservation_id):
    first = await worker.software_secrets(reservation_id, {"token": 32})
    both = await worker.software_secrets(reservation_id, {"token": 32, "password": 24})
    assert both["token"] == first["token"]
    assert [len(both[name]) for name in ("token", "password")] == [32, 24]


async def test_the_desk_reads_what_the_owner_needs_and_not_clouddesks_own_key(running_vault, worker, reservation_id):
    await worker.bot_key(reservation_id)
    made = await worker.software_secrets(reservation_id, {"token": 32})
    for role in ("desk", "gateway"):
        secrets = secrets_of(running_vault, role)
        assert await secrets.known_software_secrets(reservation_id) == made
        with pytest.raises(Unavailable):
            await secrets.bot_key(reservation_id)
        with pytest.raises(Unavailable):
            await secrets.software_secrets(reservation_id, {"another": 32})


async def test_nothing_is_left_of_what_is_forgotten_and_forgetting_again_is_no_error(
    running_vault, worker, reservation_id
):
    before = await worker.bot_key(reservation_id)
    await worker.software_secrets(reservation_id, {"token": 32})
    for _ in range(2):
        await worker.forget(reservation_id)
    assert await worker.known_software_secrets(reservation_id) == {}
    kv = running_vault.client("worker").secrets.kv.v2
    for name in ("bot", "software"):
        with pytest.raises(InvalidPath):
            kv.read_secret_metadata(path=f"reservations/{reservation_id}/{name}", mount_point="clouddesk")
    assert await worker.bot_key(reservation_id) != before


@pytest.mark.parametrize("reservation_id", ["../people", "a/b", ""])
async def test_nobody_climbs_out_of_the_reservations_folder(worker, reservation_id):
    with pytest.raises(Invalid):
        await worker.bot_key(reservation_id)


async def test_secrets_that_are_renewed_are_new_and_the_others_stay(worker, reservation_id):
    wanted = {"token": 32, "password": 24}
    before = await worker.software_secrets(reservation_id, wanted)
    await worker.renew_software_secrets(reservation_id, {"token": 32})
    after = await worker.software_secrets(reservation_id, wanted)
    assert after["password"] == before["password"]
    assert after["token"] != before["token"]
    assert len(after["token"]) == 32
