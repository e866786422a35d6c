"""What Azure's names, bodies, states and errors mean, without Azure."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError

from clouddesk.model import node as states
from clouddesk.model.errors import (
    CloudDeskError,
    CredentialsRejected,
    Invalid,
    NoCapacity,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.providers import azure_machine as machines
from clouddesk.providers import azure_names as names
from clouddesk.providers.azure_driver import ArmDriver, _version
from clouddesk.providers.azure_key import Principal
from clouddesk.providers.azure_machine import Status
from clouddesk.providers.azure_sizes import Sizes
from clouddesk.providers.cloud import Image
from clouddesk.providers.faults import translate
from clouddesk.providers.specs.azure import AZURE
from clouddesk.providers.transport import unlimited

PLACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/node-1"
ORDER = NodeOrder(
    installation="inst", reservation_id="r-1", owner="T1/U1", region="westeurope", size="Standard_B1s", os="ubuntu",
    nodes=(NodePlan("node-1"),), disk_gb=20, name="spark 1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (401, "InvalidAuthenticationToken: The access token is invalid.", CredentialsRejected),
        (401, "ExpiredAuthenticationToken: The access token expiry is past.", CredentialsRejected),
        (401, "AADSTS7000215: Invalid client secret provided.", CredentialsRejected),
        (400, "AADSTS700016: Application with identifier 'x' was not found.", CredentialsRejected),
        (503, "AADSTS90033: A transient error has occurred. Please try again.", ProviderDown),
        (403, "AuthorizationFailed: No authorization over the limit of scope.", CredentialsRejected),
        (403, "LinkedAuthorizationFailed: no permission to join the subnet", CredentialsRejected),
        (404, "SubscriptionNotFound: The subscription 'x' could not be found.", CredentialsRejected),
        (409, "ReadOnlyDisabledSubscription: The subscription is disabled.", CredentialsRejected),
        (403, "RequestDisallowedByPolicy: Resource was disallowed by policy, the limit of regions.", RequestRejected),
        (403, "RequestDisallowedByAzure: best available regions where you can deploy", NoCapacity),
        (400, "MarketplacePurchaseEligibilityFailed: Marketplace purchase eligibility check failed.", RequestRejected),
        (409, "OperationNotAllowed: results in exceeding approved Total Regional Cores quota.", QuotaExceeded),
        (409, "OperationNotAllowed: exceeding approved LowPriorityCores quota.", QuotaExceeded),
        (400, "PublicIPCountLimitReached: Cannot create more than 20 public IP addresses.", QuotaExceeded),
        (409, "QuotaExceeded: Exceeded quota of the subscription", QuotaExceeded),
        (409, "SkuNotAvailable: The requested VM size is currently not available", NoCapacity),
        (409, "AllocationFailed: Allocation failed. Not enough capacity, try later or within your quota", NoCapacity),
        (409, "ZonalAllocationFailed: Allocation failed in the zone", NoCapacity),
        (409, "OverconstrainedAllocationRequest: the condition cannot be met", NoCapacity),
        (409, "OperationNotAllowed: not allowed since the VM is marked for deletion.", ProviderDown),
        (409, "Conflict: The request failed due to conflict with a concurrent request.", ProviderDown),
        (409, "ResourceGroupBeingDeleted: The resource group is in deprovisioning state", ProviderDown),
        (429, "OperationNotAllowed: too many requests have been received, the quota is exceeded.", RateLimited),
        (500, "InternalServerError: Encountered internal server error.", ProviderDown),
        (400, "InvalidParameter: The value x9 provided for the VM size is not valid.", RequestRejected),
        (409, "PropertyChangeNotAllowed: Changing property 'osProfile' is not allowed.", RequestRejected),
    ],
)  # fmt: skip
def test_each_of_azures_errors_is_the_fact_that_it_stands_for(
    status: int, said: str, error: type[CloudDeskError]
) -> None:
    assert type(translate("azure", BaseHTTPError(status, said))) is error


def test_a_throttled_request_says_how_long_to_wait() -> None:
    found = translate("azure", RateLimitReachedError(headers={"retry-after": "17"}))
    assert isinstance(found, RateLimited)
    assert found.retry_after_seconds == 17


def test_a_part_of_azure_that_is_not_switched_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = ArmDriver(Principal("t", "s", "c", "x"), endpoint=None, pause=unlimited)

    def refuse(*_: object, **__: object) -> None:
        said = (
            "The subscription is not registered to use namespace 'Microsoft.Network'. See https://aka.ms/rps-not-found"
        )
        raise BaseHTTPError(409, f"MissingSubscriptionRegistration: {said}")

    monkeypatch.setattr(driver.connection, "request", refuse)
    with pytest.raises(RequestRejected, match=r"`az provider register --namespace Microsoft.Network`"):
        driver.ask(PLACE)


def test_a_groups_name_tells_reservations_and_regions_apart_whatever_they_are_called() -> None:
    found = {
        names.group_name(*facts)
        for facts in [
            ("inst", "r-1", "westeurope"),
            ("inst", "r-1", "eastus"),
            ("Inst", "r-1", "westeurope"),
            ("inst-r", "1", "westeurope"),
            ("inst", "R_1", "westeurope"),
            ("i" * 200, "r-1", "westeurope"),
            ("i" * 201, "r-1", "westeurope"),
            ("…", "/", "westeurope"),
        ]
    }
    assert len({name.lower() for name in found}) == 8
    assert all(len(name) <= 90 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in found)


def test_a_machines_name_follows_from_its_key_alone() -> None:
    assert names.machine_name("worker-12") == "worker-12"
    odd = [names.machine_name(key) for key in ("Worker_1", "worker 1", "worker-1", "w" * 70, "w" * 71, "ä", "-")]
    assert len(set(odd)) == len(odd)
    assert all(len(name) <= 64 for name in odd)


def test_quotes_in_a_tag_do_not_end_the_filter() -> None:
    assert names.tag_filter("a", "o'b' or tagName eq 'c") == "tagName eq 'a' and tagValue eq 'o''b'' or tagName eq ''c'"


def instance(*codes: str) -> Status:
    return Status.of({"properties": {"instanceView": {"statuses": [{"code": code} for code in codes]}}})


@pytest.mark.parametrize(
    ("provisioning", "codes", "state"),
    [
        ("Creating", ["ProvisioningState/creating"], states.PENDING),
        ("Creating", ["ProvisioningState/creating", "PowerState/running"], states.PENDING),
        ("Creating", [], states.PENDING),
        ("Succeeded", ["ProvisioningState/succeeded", "PowerState/running"], states.RUNNING),
        ("Updating", ["ProvisioningState/updating", "PowerState/deallocating"], states.STOPPING),
        ("Succeeded", ["ProvisioningState/succeeded", "PowerState/deallocated"], states.STOPPED),
        ("Succeeded", ["ProvisioningState/succeeded", "PowerState/stopped"], states.STOPPED),
        ("Succeeded", [], states.PENDING),
        ("Deleting", ["ProvisioningState/deleting", "PowerState/running"], states.GONE),
        ("Failed", ["ProvisioningState/failed/AllocationFailed"], states.ERROR),
        ("Failed", ["ProvisioningState/failed/OSProvisioningTimedOut", "PowerState/running"], states.ERROR),
        ("Failed", ["ProvisioningState/failed/AllocationFailed", "PowerState/deallocated"], states.STOPPED),
        ("Failed", ["ProvisioningState/failed/VMExtensionError", "PowerState/running"], states.RUNNING),
    ],
)
def test_states(provisioning: str, codes: list[str], state: str) -> None:
    machine = {
        "id": PLACE,
        "location": "westeurope",
        "properties": {
            "vmId": "1",
            "provisioningState": provisioning,
            "hardwareProfile": {"vmSize": "Standard_B1s"},
        },
    }
    assert machines.node(machine, instance(*codes)).state == state


def test_addresses_are_those_of_the_machines_cards_however_ids_are_spelt() -> None:
    public = [{"id": "/x/publicIPAddresses/A", "properties": {"ipAddress": "203.0.113.5"}}]
    facts = {"privateIPAddress": "10.0.0.4", "publicIPAddress": {"id": "/X/PUBLICIPADDRESSES/a"}}
    card = {"properties": {"virtualMachine": {"id": PLACE.upper()}, "ipConfigurations": [{"properties": facts}]}}
    assert machines.addresses([card], public) == {PLACE.lower(): ("203.0.113.5", "10.0.0.4")}


def body(order: NodeOrder) -> Any:
    image = Image("Canonical:offer:sku:1", "ubuntu-22.04", least_disk_gb=32)
    return machines.body(order, order.nodes[0], image, {"reference": {}}, subnet="/subnet")["properties"]


def test_a_machine_without_keys_gets_one_that_nobody_has() -> None:
    def key() -> str:
        (found,) = body(ORDER)["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
        return str(found["keyData"])

    kind, text, _ = key().split(" ")
    assert (kind, base64.b64decode(text)[4:15]) == ("ssh-ed25519", b"ssh-ed25519")
    assert len(base64.b64decode(text)) == 51
    assert key() != key()


def test_passwords_never_log_in_and_small_disks_take_the_images_size() -> None:
    made = body(ORDER)
    assert made["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] is True
    assert "adminPassword" not in made["osProfile"]
    assert made["storageProfile"]["osDisk"]["diskSizeGB"] == 32


def test_each_part_of_azure_is_asked_in_its_own_version() -> None:
    assert _version(PLACE) == "2024-11-01"
    assert _version("/subscriptions/s/providers/Microsoft.Compute/skus") == "2021-07-01"
    assert _version("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d") == "2024-03-02"
    assert _version("/subscriptions/s/providers/Microsoft.Network/locations/x/usages") == "2024-05-01"
    assert _version("/subscriptions/s/resourcegroups") == "2022-09-01"
    assert _version("/subscriptions/s") == "2022-12-01"


def test_a_size_that_this_subscription_may_not_use_there_is_no_capacity() -> None:
    limit = {"type": "Location", "values": ["WestEurope"], "reasonCode": "NotAvailableForSubscription"}
    sku = {
        "resourceType": "virtualMachines",
        "name": "Standard_B1s",
        "family": "standardBSFamily",
        "capabilities": [{"name": "vCPUs", "value": "1"}],
    }
    assert Sizes().find("a", "westeurope", "Standard_B1s", lambda: [sku]).vcpus == 1
    with pytest.raises(NoCapacity):
        Sizes().find("a", "westeurope", "Standard_B1s", lambda: [{**sku, "restrictions": [limit]}])


@pytest.mark.parametrize("wrong", ["", "a/b", "..", "x?y", "a b", "ä"])
def test_ids_that_cannot_be_part_of_an_address_are_refused(wrong: str) -> None:
    fields = {
        "tenant_id": "contoso.onmicrosoft.com",
        "subscription_id": "1-2",
        "client_id": "3-4",
        "client_secret": "s",
    }
    assert "client_secret" not in repr(Principal.parse(fields))
    for name in ("tenant_id", "subscription_id", "client_id"):
        with pytest.raises(Invalid, match=r"1b4e28ba"):
            Principal.parse({**fields, name: wrong})


def test_every_system_has_an_image_for_sizes_of_today() -> None:
    for system, query in AZURE.images.items():
        x86, arm, old = query.pattern.split(" ")
        assert ":" in x86, system
        assert all(":" in part or part == "-" for part in (arm, old)), system
