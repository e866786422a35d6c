"""The simulated Azure is as strict as the real one, and its answers are as Azure's own description has them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clouddesk.sandbox.azure_schema import problems
from tests.contract.azure_api import Api, machine, network, reference
from tests.contract.conftest import Sandbox, wait_for

_numbers = itertools.count(1)


@pytest.fixture
def sandbox(servers: Callable[[str], Sandbox]) -> Iterator[Sandbox]:
    yield servers("azure")
    servers("azure").clear_faults()


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return Api(sandbox)


@pytest.fixture
def group(api: Api) -> Iterator[str]:
    name = f"Group-{next(_numbers)}"
    yield name
    api.ask("DELETE", api.group(name))


@pytest.fixture
def subnet(api: Api, group: str) -> str:
    path = network(api, group)
    wait_for(lambda: api.get(path.rpartition("/subnets/")[0])["properties"]["provisioningState"] == "Succeeded")
    return path


def vm(api: Api, group: str, name: str = "one") -> str:
    return f"{api.group(group)}/providers/Microsoft.Compute/virtualMachines/{name}"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_answers_are_as_the_models_of_azures_own_packages_describe_them(api: Api, group: str, subnet: str) -> None:
    made = api.put(vm(api, group), machine(subnet))
    inside = f"{api.group(group)}/providers"
    place = f"{api.place}/providers/Microsoft.Compute/locations/westeurope"
    versions = f"{place}/publishers/Canonical/artifacttypes/vmimage/offers/ubuntu-24_04-lts/skus/server/versions"
    of_place = {"$filter": "location eq 'westeurope'"}
    answers = [
        ("compute.VirtualMachine", made),
        ("compute.VirtualMachine", api.get(vm(api, group), query={"$expand": "instanceView"})),
        ("compute.VirtualMachineInstanceView", api.get(f"{vm(api, group)}/instanceView")),
        *(("compute.VirtualMachine", item) for item in api.inside(group, "Microsoft.Compute/virtualMachines")),
        *(("compute.Disk", item) for item in api.inside(group, "Microsoft.Compute/disks")),
        *(("network.NetworkInterface", item) for item in api.inside(group, "Microsoft.Network/networkInterfaces")),
        *(("network.PublicIPAddress", item) for item in api.inside(group, "Microsoft.Network/publicIPAddresses")),
        ("network.NetworkSecurityGroup", api.get(f"{inside}/Microsoft.Network/networkSecurityGroups/firewall")),
        ("network.VirtualNetwork", api.get(f"{inside}/Microsoft.Network/virtualNetworks/network")),
        ("resources.ResourceGroup", api.get(api.group(group))),
        *(("resources.GenericResourceExpanded", item) for item in api.get(f"{api.group(group)}/resources")["value"]),
        ("subscriptions.Subscription", api.get(api.place)),
        *(("subscriptions.Location", item) for item in api.get(f"{api.place}/locations")["value"]),
        *(
            ("compute.ResourceSku", item)
            for item in api.get(f"{api.place}/providers/Microsoft.Compute/skus", query=of_place)["value"]
        ),
        *(("compute.Usage", item) for item in api.get(f"{place}/usages")["value"]),
        *(("compute.VirtualMachineSize", item) for item in api.get(f"{place}/vmSizes")["value"]),
        *(("compute.VirtualMachineImageResource", item) for item in api.get(versions)),
        ("compute.VirtualMachineImage", api.get(f"{versions}/{api.get(versions)[0]['name']}")),
    ]
    assert len({kind for kind, _ in answers}) == 16
    assert [(kind, wrong) for kind, answer in answers for wrong in problems(answer, kind)] == []


def test_a_login_needs_each_of_its_parts(api: Api) -> None:
    nobody = "11111111-2222-3333-4444-555555555555"
    wrong: list[dict[str, str]] = [
        {"client_secret": "wrong"}, {"client_id": nobody}, {"tenant": nobody}, {"scope": "x"}, {"grant_type": "x"},
    ]  # fmt: skip
    answers = [api.login(**changed) for changed in wrong]
    assert [answer.status_code for answer in answers] == [401, 400, 400, 400, 400]
    assert [answer.json()["error_description"].split(":")[0] for answer in answers] == [
        "AADSTS7000215", "AADSTS700016", "AADSTS90002", "AADSTS1002012", "AADSTS70003",
    ]  # fmt: skip


def test_each_request_needs_a_token_a_version_and_the_right_subscription(api: Api) -> None:
    assert code(api.ask("GET", api.place, headers={"Authorization": "Bearer x"})) == (401, "InvalidAuthenticationToken")
    assert code(api.ask("GET", api.place, query={"api-version": ""})) == (400, "MissingApiVersionParameter")
    assert code(api.ask("GET", api.place, query={"api-version": "v1"})) == (400, "InvalidApiVersionParameter")
    assert code(api.ask("GET", "/subscriptions/x/resourceGroups")) == (404, "SubscriptionNotFound")
    assert code(api.ask("GET", f"{api.place}/nothing")) == (404, "InvalidResourceType")


def test_capital_and_small_letters_are_the_same_in_addresses(api: Api, group: str) -> None:
    api.put(api.group(group), {"location": "westeurope"})
    path = api.group(group.upper()).replace("resourceGroups", "RESOURCEGROUPS")
    assert api.get(path)["name"] == group


def test_unknown_fields_are_refused(api: Api, group: str, subnet: str) -> None:
    assert code(api.ask("PUT", vm(api, group), {**machine(subnet), "size": 1})) == (400, "InvalidRequestContent")
    body = machine(subnet, hardwareProfile={"vmSize": 1})
    assert code(api.ask("PUT", vm(api, group), body)) == (400, "InvalidRequestContent")


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"hardwareProfile": {"vmSize": "Standard_Z9"}}, (400, "InvalidParameter")),
        ({"hardwareProfile": {"vmSize": "Standard_ND96asr_v4"}}, (409, "SkuNotAvailable")),
        ({"hardwareProfile": {"vmSize": "Standard_D2_v3"}}, (400, "BadRequest")),
        ({"hardwareProfile": {"vmSize": "Standard_D2ps_v5"}}, (400, "BadRequest")),
        ({"priority": "Spot", "evictionPolicy": "Keep"}, (400, "InvalidRequestContent")),
        ({"evictionPolicy": "Delete"}, (400, "InvalidParameter")),
        ({"networkProfile": {"networkInterfaces": []}}, (400, "NotSimulated")),
        ({"osProfile": {"adminUsername": "root", "computerName": "one"}}, (400, "InvalidParameter")),
        ({"osProfile": {"adminUsername": "ann", "computerName": "one"}}, (400, "InvalidParameter")),
        (
            {"storageProfile": {"imageReference": reference("debian-9", "9"), "osDisk": {"createOption": "FromImage"}}},
            (404, "PlatformImageNotFound"),
        ),
        (
            {
                "storageProfile": {
                    "imageReference": reference("rockylinux-x86_64", "9-base", "resf"),
                    "osDisk": {"createOption": "FromImage"},
                }
            },
            (400, "VMMarketplaceInvalidInput"),
        ),
        (
            {
                "storageProfile": {
                    "imageReference": reference("ubuntu-24_04-lts", "server"),
                    "osDisk": {"createOption": "FromImage", "diskSizeGB": 10},
                }
            },
            (400, "ResizeDiskError"),
        ),
    ],
)
def test_a_machine_that_makes_no_sense_is_refused(
    api: Api, group: str, subnet: str, changed: dict[str, object], wanted: tuple[int, str]
) -> None:
    assert code(api.ask("PUT", vm(api, group), machine(subnet, **changed))) == wanted
    assert api.inside(group, "Microsoft.Compute/virtualMachines") == []


def test_a_machine_that_may_not_exist_is_made_once(api: Api, group: str, subnet: str) -> None:
    condition = {"If-None-Match": "*"}
    assert api.ask("PUT", vm(api, group), machine(subnet), headers=condition).status_code == 201
    again = api.ask("PUT", vm(api, group), machine(subnet), headers=condition)
    assert code(again) == (412, "PreconditionFailed")


def test_what_is_being_deleted_cannot_be_changed(api: Api, group: str, subnet: str) -> None:
    api.put(vm(api, group), machine(subnet))
    assert api.ask("DELETE", vm(api, group)).status_code == 202
    assert code(api.ask("POST", f"{vm(api, group)}/start")) == (409, "OperationNotAllowed")
    wait_for(lambda: api.ask("DELETE", vm(api, group)).status_code == 204)
    api.ask("DELETE", api.group(group))
    refused = api.ask("PUT", api.group(group), {"location": "westeurope"})
    assert code(refused) == (409, "ResourceGroupBeingDeleted")


def test_a_list_tells_what_machines_are_or_how_they_are(api: Api, group: str, subnet: str) -> None:
    api.put(vm(api, group), machine(subnet))
    path = f"{api.place}/providers/Microsoft.Compute/virtualMachines"
    (full,) = [item for item in api.get(path)["value"] if group in item["id"]]
    assert "instanceView" not in full["properties"]
    (status,) = [item for item in api.get(path, query={"statusOnly": "true"})["value"] if group.upper() in item["id"]]
    assert "hardwareProfile" not in status["properties"]
    refused = api.ask(
        "GET", f"{api.group(group)}/providers/Microsoft.Compute/virtualMachines", query={"$expand": "instanceView"}
    )
    assert refused.status_code == 400


def test_an_accepted_machine_says_where_its_progress_is_told(api: Api, group: str, subnet: str) -> None:
    accepted = api.ask("PUT", vm(api, group), machine(subnet))
    progress = accepted.headers["Azure-AsyncOperation"].removeprefix(api.url).partition("?")[0]
    assert api.get(progress)["status"] == "InProgress"
    wait_for(lambda: api.get(progress)["status"] == "Succeeded")


def test_what_is_in_use_is_not_deleted(api: Api, group: str, subnet: str) -> None:
    api.put(vm(api, group), machine(subnet))
    (disk,) = api.inside(group, "Microsoft.Compute/disks")
    (address,) = api.inside(group, "Microsoft.Network/publicIPAddresses")
    assert code(api.ask("DELETE", disk["id"])) == (409, "OperationNotAllowed")
    assert code(api.ask("DELETE", address["id"])) == (400, "PublicIPAddressCannotBeDeleted")
    used = api.ask("DELETE", subnet.rpartition("/subnets/")[0])
    assert code(used) == (400, "InUseSubnetCannotBeDeleted")


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"destinationPortRange": "90-80"}, "SecurityRuleInvalidPortRange"),
        ({"sourceAddressPrefix": "10.0.0.1/8"}, "SecurityRuleInvalidAddressPrefix"),
        ({"direction": "Sideways"}, "InvalidRequestContent"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api: Api, group: str, rule: dict[str, object], wanted: str) -> None:
    api.put(api.group(group), {"location": "westeurope"})
    facts = {
        "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22",
    }  # fmt: skip
    body = {"location": "westeurope", "properties": {"securityRules": [{"name": "r", "properties": {**facts, **rule}}]}}
    path = f"{api.group(group)}/providers/Microsoft.Network/networkSecurityGroups/firewall"
    assert code(api.ask("PUT", path, body)) == (400, wanted)


def test_state_survives_a_restart(servers: Callable[[str], Sandbox], tmp_path: Any) -> None:
    sandbox = Sandbox("clouddesk.sandbox.azure", tmp_path)
    sandbox.start()
    api = Api(sandbox)
    api.put(api.group("kept"), {"location": "westeurope", "tags": {"a": "b"}})
    sandbox.kill()
    sandbox.start()
    assert api.get(api.group("kept"))["tags"] == {"a": "b"}, "and so does the token"
    sandbox.stop()
