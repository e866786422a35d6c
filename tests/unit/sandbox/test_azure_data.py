"""What the simulated Azure sells, and the limits that it sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clouddesk.sandbox import azure_catalog as catalog
from clouddesk.sandbox import azure_groups as groups
from clouddesk.sandbox.azure_orders import check_order
from clouddesk.sandbox.azure_store import GROUPS, MACHINES, Store, group_id, settled, thing_id
from clouddesk.sandbox.keys import Keys
from clouddesk.sandbox.rest import ApiError
from clouddesk.sandbox.timed import Timed


@pytest.fixture
def store(tmp_path: Path) -> Store:
    keys = Keys(tmp_path / "keys.json", identify="client_id", operator={"client_id": "o"}, make=dict)
    return Store(tmp_path / "azure.sqlite", keys)


def machine(**changed: object) -> Any:
    reference = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    card = {"name": "card", "properties": {"ipConfigurations": [{"name": "inside"}]}}
    key = {"path": "/home/ann/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA"}
    properties = {
        "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
        "storageProfile": {"imageReference": reference, "osDisk": {"createOption": "FromImage"}},
        "osProfile": {
            "computerName": "one",
            "adminUsername": "ann",
            "customData": "aGVsbG8=",
            "linuxConfiguration": {"ssh": {"publicKeys": [key]}},
        },
        "networkProfile": {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [card]},
    }
    return {"location": "westeurope", "properties": {**properties, **changed}}


def keep(store: Store, name: str, life: Timed | None = None, **changed: object) -> None:
    facts = {"location": "westeurope", "tags": {}, "properties": machine(**changed)["properties"]}
    shared: Any = {"group": "g", "of": "", "life": life.as_dict() if life else settled()}
    store.keep(MACHINES, {**shared, "id": thing_id("g", MACHINES, name), "name": name, "facts": facts})


def test_every_size_of_the_lists_is_understood() -> None:
    sizes = catalog.sizes("westus2")
    assert len(sizes) > 200
    assert all(size.vcpus >= 1 and size.memory_gb > 0 and size.generations for size in sizes)
    assert not [size.name for size in sizes if not size.family.endswith("Family") or "_v" in size.family]


@pytest.mark.parametrize(
    ("name", "family", "generations"),
    [
        ("Standard_D2s_v3", "standardDSv3Family", ("V1", "V2")),
        ("Standard_D2_v3", "standardDv3Family", ("V1",)),
        ("Standard_A1_v2", "standardAv2Family", ("V1",)),
        ("Standard_B2ms", "standardBMSFamily", ("V1", "V2")),
        ("Standard_NC24ads_A100_v4", "standardNCADSv4_A100Family", ("V2",)),
        ("Standard_D2ps_v5", "standardDPSv5Family", ("V2",)),
    ],
)
def test_families_and_generations_follow_from_the_name(name: str, family: str, generations: tuple[str, ...]) -> None:
    size = catalog.SIZES[name]
    assert (size.family, size.generations) == (family, generations)


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("cores", {}, "Total Regional Cores"),
        ("standardDSv3Family", {}, "standardDSv3Family Cores"),
        ("lowPriorityCores", {"priority": "Spot"}, "LowPriorityCores"),
    ],
)
def test_each_limit_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, changed: dict[str, object], said: str
) -> None:
    monkeypatch.setitem(groups.LIMITS, name, 3)
    check_order(store, machine(**changed), "westeurope")
    keep(store, "first", None, **changed)
    with pytest.raises(ApiError, match=f"exceeding approved {said} quota"):
        check_order(store, machine(**changed), "westeurope")


def test_what_is_for_the_first_start_only_is_not_kept(store: Store) -> None:
    assert "customData" not in check_order(store, machine(), "westeurope").properties["osProfile"]


def test_a_machine_that_has_ended_counts_no_more(store: Store) -> None:
    keep(store, "first")
    assert groups.usage(store, "westeurope")["cores"] == 2
    keep(store, "first", Timed("running", "running", 0.0, gone_at=1.0))
    assert groups.usage(store, "westeurope")["cores"] == 0


def test_all_in_a_group_ends_with_it(store: Store) -> None:
    keep(store, "first")
    ended = Timed("Deleting", "Deleting", 0.0, gone_at=1.0).as_dict()
    store.keep(GROUPS, {"id": group_id("G"), "name": "G", "group": "G", "of": "", "life": ended, "facts": {}})
    assert store.things(MACHINES) == []
    assert store.things(GROUPS) == []
