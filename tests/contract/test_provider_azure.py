"""What is Azure's own: a resource group for each reservation, places that are found or not, kinds of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from clouddesk.model.errors import CredentialsRejected, NoCapacity, QuotaExceeded, RequestRejected
from clouddesk.model.node import RUNNING, STOPPED, Belonging, NodeOrder, NodePlan, Opening
from clouddesk.providers import LibcloudProvider, open_provider, tokens
from tests.contract.azure_api import PUBLIC_KEY, Api, machine
from tests.contract.conftest import Sandbox
from tests.contract.test_provider_contract import secret, states, wait_until

RESERVATION, REGION, INSTALLATION = "r-0a0a0a0a", "westeurope", "inst-azure"


@pytest.fixture
def sandbox(servers: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    yield servers("azure")
    servers("azure").clear_faults()


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox)


@pytest.fixture
def provider(sandbox: Sandbox) -> Iterator[LibcloudProvider]:
    opened = opened_with(sandbox)
    yield opened
    sandbox.clear_faults()
    wait_until(lambda: opened.destroy_nodes(RESERVATION, REGION).is_complete)


def opened_with(sandbox: Sandbox, **changed: str) -> LibcloudProvider:
    fields = secret({**sandbox.credentials("local/ann"), **changed})
    return open_provider("azure", fields, endpoint=sandbox.url, installation=INSTALLATION)


def order(*keys: str, **changed: object) -> NodeOrder:
    made = NodeOrder(
        installation=INSTALLATION,
        reservation_id=RESERVATION,
        owner="T0.1/Ann <b'>",
        region=REGION,
        size="Standard_B1s",
        os="ubuntu",
        nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys or ("worker-1",)),
        disk_gb=40,
        name="ETL spark_1",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def only_group(api: Api) -> str:
    (found,) = groups(api)
    return found


def only_machine(api: Api) -> Any:
    (found,) = api.inside(only_group(api), "Microsoft.Compute/virtualMachines")
    return found


def groups(api: Api) -> list[str]:
    """Those of the reservation."""
    wanted = f"tagName eq 'clouddesk-reservation' and tagValue eq '{RESERVATION}'"
    return [item["name"] for item in api.get(f"{api.place}/resourceGroups", query={"$filter": wanted})["value"]]


def add_disk(api: Api, group: str) -> str:
    """An empty one, as people add them; returns its id."""
    path = f"{api.group(group)}/providers/Microsoft.Compute/disks/data"
    empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}
    return str(api.put(path, {"location": REGION, "properties": empty})["id"])


def test_all_of_a_reservation_is_in_a_group_of_its_own_and_ends_with_it(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order("worker-1", "worker-2"))
    group = only_group(api)
    kinds = sorted(item["type"].partition("/")[2] for item in api.get(f"{api.group(group)}/resources")["value"])
    assert kinds == sorted(
        ["disks", "networkInterfaces", "publicIPAddresses", "virtualMachines"] * 2
        + ["networkSecurityGroups", "virtualNetworks"]
    )
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert api.ask("GET", api.group(group)).status_code == 404


def test_a_machine_has_tags_that_say_all_and_what_it_needs_ends_with_it(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(public_keys=(PUBLIC_KEY,), user_data="#cloud-config\n"))
    made = only_machine(api)
    assert made["name"] == "worker-1"
    assert made["tags"] == {
        "clouddesk-installation": INSTALLATION,
        "clouddesk-reservation": RESERVATION,
        "clouddesk-owner": "T0.1/Ann <b'>",
        "clouddesk-node": "worker-1",
        "clouddesk-role": "worker",
        "clouddesk-os": "ubuntu-22.04",
    }
    system = made["properties"]["osProfile"]
    assert system["computerName"] == "etl-spark-1-worker-1"
    assert [key["keyData"] for key in system["linuxConfiguration"]["ssh"]["publicKeys"]] == [PUBLIC_KEY]
    disk = made["properties"]["storageProfile"]["osDisk"]
    assert (disk["diskSizeGB"], disk["deleteOption"]) == (40, "Delete")
    assert disk["managedDisk"]["storageAccountType"] == "StandardSSD_LRS", "which is what the catalogue has prices of"
    (node,) = provider.get_nodes(RESERVATION, REGION)
    provider.end_nodes(RESERVATION, REGION, [node.id])
    wait_until(lambda: not api.inside(only_group(api), "Microsoft.Compute/virtualMachines"))
    for kind in (
        "Microsoft.Compute/disks",
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/publicIPAddresses",
    ):
        assert api.inside(only_group(api), kind) == []


def test_the_firewall_lets_in_the_openings_and_nothing_else(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(openings=(Opening(22, 22, "198.51.100.7/32"), Opening(8000, 8100))))
    (firewall,) = api.inside(only_group(api), "Microsoft.Network/networkSecurityGroups")
    rules = [item["properties"] for item in firewall["properties"]["securityRules"]]
    assert [(rule["sourceAddressPrefix"], rule["destinationPortRange"], rule["access"]) for rule in rules] == [
        ("198.51.100.7/32", "22", "Allow"),
        ("0.0.0.0/0", "8000-8100", "Allow"),
    ]
    (network,) = api.inside(only_group(api), "Microsoft.Network/virtualNetworks")
    (subnet,) = network["properties"]["subnets"]
    assert subnet["properties"]["networkSecurityGroup"]["id"] == firewall["id"]


def test_a_place_that_is_not_found_after_azure_accepted_is_no_capacity(
    provider: LibcloudProvider, sandbox: Sandbox, api: Api
) -> None:
    sandbox.fault("no_capacity", match={"operation": "allocate"})
    with pytest.raises(NoCapacity) as caught:
        provider.create_nodes(order("worker-1", "worker-2", "worker-3"))
    assert "AllocationFailed" in caught.value.vendor_text
    wait_until(lambda: len(api.inside(only_group(api), "Microsoft.Compute/virtualMachines")) == 2)
    assert len(provider.create_nodes(order("worker-1", "worker-2", "worker-3"))) == 3


def test_stopped_machines_are_deallocated_since_azure_bills_the_others(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    wait_until(lambda: states(provider.get_nodes(RESERVATION, REGION)) == {RUNNING})
    provider.stop_nodes(RESERVATION, REGION)
    wait_until(lambda: states(provider.get_nodes(RESERVATION, REGION)) == {STOPPED})
    statuses = api.get(f"{only_machine(api)['id']}/instanceView")["statuses"]
    assert [item["code"] for item in statuses][-1] == "PowerState/deallocated"


def test_a_machine_that_somebody_else_put_into_the_group_keeps_it(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    group = only_group(api)
    (network,) = api.inside(group, "Microsoft.Network/virtualNetworks")
    subnet = network["properties"]["subnets"][0]["id"]
    theirs = f"{api.group(group)}/providers/Microsoft.Compute/virtualMachines/theirs"
    api.put(theirs, machine(subnet))
    disk = add_disk(api, group)
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert api.get(theirs)["name"] == "theirs"
    assert api.get(disk)["name"] == "data"
    assert group not in {item.id for item in provider.survey().belongings}, "it is not ours any more"
    assert api.ask("DELETE", api.group(group)).status_code == 202


def test_a_disk_that_was_added_to_the_group_is_told_and_ends_with_it(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    group = only_group(api)
    add_disk(api, group)
    mine = [item for item in provider.survey().belongings if item.reservation_id == RESERVATION]
    assert Belonging("data", "disk", REGION, RESERVATION, "T0.1/Ann <b'>") in mine
    assert {item.kind for item in mine} == {"disk", "firewall"}
    wait_until(lambda: not provider.destroy_nodes(RESERVATION, REGION).nodes)
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert not [item for item in provider.survey().belongings if item.reservation_id == RESERVATION]


@pytest.mark.parametrize(
    ("size", "architecture", "sku"),
    [
        ("Standard_B1s", "x86_64", "22_04-lts-gen2"),
        ("Standard_D2_v3", "x86_64", "22_04-lts"),
        ("Standard_D2ps_v5", "arm64", "22_04-lts-arm64"),
    ],
)
def test_a_size_gets_the_kind_of_image_that_it_starts_from(
    provider: LibcloudProvider, api: Api, size: str, architecture: str, sku: str
) -> None:
    provider.create_nodes(order(size=size, architecture=architecture))
    assert only_machine(api)["properties"]["storageProfile"]["imageReference"]["sku"] == sku


def test_an_image_of_the_marketplace_is_bought_with_its_plan(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(os="rocky-9"))
    assert only_machine(api)["plan"] == {"name": "9-base", "publisher": "resf", "product": "rockylinux-x86_64"}


def test_a_spot_machine_is_paid_up_to_the_usual_price_and_ends_when_taken(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(spot=True))
    facts = only_machine(api)["properties"]
    assert (facts["priority"], facts["evictionPolicy"], facts["billingProfile"]) == ("Spot", "Delete", {"maxPrice": -1})


def test_a_quota_is_read_before_anything_is_made(provider: LibcloudProvider, api: Api) -> None:
    many = order(*(f"node-{number}" for number in range(1, 801)), size="Standard_D2s_v3")
    with pytest.raises(QuotaExceeded, match="standarddsv3family"):
        provider.create_nodes(many)
    assert groups(api) == []


def test_a_size_that_is_sold_elsewhere_only_is_no_capacity(provider: LibcloudProvider) -> None:
    with pytest.raises(NoCapacity):
        provider.create_nodes(order(size="Standard_ND96asr_v4"))


def test_sixty_machines_share_a_network_and_are_listed_over_pages(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order(*(f"node-{number}" for number in range(1, 61))))
    assert len({node.id for node in made}) == 60
    listed = provider.get_nodes(RESERVATION, REGION)
    assert [node.key for node in listed] == [f"node-{number}" for number in range(1, 61)]
    assert len({node.address for node in listed}) == len({node.private_address for node in listed}) == 60
    assert len(api.inside(only_group(api), "Microsoft.Network/virtualNetworks")) == 1


def test_ssh_keys_of_a_kind_that_azure_does_not_take_are_left_out(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(public_keys=("ecdsa-sha2-nistp256 AAAA ann",)))
    keys = only_machine(api)["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    assert [key["keyData"].split()[0] for key in keys] == ["ssh-ed25519"]
    assert keys[0]["keyData"].endswith(" nobody")


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": "nobody~has~this"},
        {"client_id": "11111111-2222-3333-4444-555555555555"},
        {"tenant_id": "11111111-2222-3333-4444-555555555555"},
        {"subscription_id": "11111111-2222-3333-4444-555555555555"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_each_part_of_the_credentials_must_be_right(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    provider = opened_with(sandbox, **wrong)
    with pytest.raises(CredentialsRejected):
        provider.check_credentials()
    with pytest.raises(CredentialsRejected):
        provider.get_nodes(RESERVATION, REGION)


def test_a_token_that_azure_took_back_is_exchanged_for_a_new_one(
    provider: LibcloudProvider, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "YOUNG_SECONDS", 0)
    provider.check_credentials()
    sandbox.fault("unauthorized", match={"operation": "subscriptions.get"})
    assert provider.check_credentials().id
    sandbox.fault("unauthorized", count=None, match={"operation": "subscriptions.get"})
    with pytest.raises(CredentialsRejected):
        provider.check_credentials()


def test_an_image_that_a_generation_lacks_is_said(provider: LibcloudProvider) -> None:
    with pytest.raises(RequestRejected, match="generation 1"):
        provider.create_nodes(order(os="rocky-9", size="Standard_D2_v3"))
