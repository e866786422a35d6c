"""What OpenStack's names, bodies, states and errors mean, without OpenStack."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model import node as states
from clouddesk.model.errors import (
    CredentialsRejected,
    Invalid,
    NoCapacity,
    ProviderDown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.model.offer import ARM64, X86_64
from clouddesk.providers import openstack_machine as machines
from clouddesk.providers import openstack_offers
from clouddesk.providers.cloud import Image
from clouddesk.providers.faults import translate
from clouddesk.providers.openstack_images import pick
from clouddesk.providers.openstack_key import ApplicationCredential, auth_address
from clouddesk.providers.openstack_network import described, facts
from clouddesk.providers.specs.openstack import OPENSTACK

ORDER = NodeOrder(
    installation="inst", reservation_id="r-1", owner="T1/U1", region="Fra1", size="m1.small", os="ubuntu-22.04",
    nodes=(NodePlan("node-1"),), disk_gb=20, name="spark 1",
)  # fmt: skip
IMAGE = Image(id="i-1", system="ubuntu-22.04", least_disk_gb=5)
SERVER: dict[str, Any] = {"id": "s-1", "status": "ACTIVE", "tags": [], "flavor": {"original_name": "m1.small"}}


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (401, "The request you have made requires authentication.", CredentialsRejected),
        (404, "Could not find application credential: 5a9d.", CredentialsRejected),
        (403, "Policy doesn't allow os_compute_api:servers:create to be performed.", CredentialsRejected),
        (403, "Quota exceeded for instances, cores: Requested 1, 8, but already used 10 of 10", QuotaExceeded),
        (409, "OverQuota: Quota exceeded for resources: ['floatingip'].", QuotaExceeded),
        (413, "VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota.", QuotaExceeded),
        (403, "Maximum number of ports exceeded", QuotaExceeded),
        (413, "This request was rate-limited.", RateLimited),
        (429, "Too many requests", RateLimited),
        (498, "Rate limited", RateLimited),
        (409, "No valid host was found. There are not enough hosts available.", NoCapacity),
        (409, "IpAddressGenerationFailure: No more IP addresses available on network 7.", NoCapacity),
        (409, "ExternalIpAddressExhausted: Unable to find any IP address on external network 7.", NoCapacity),
        (409, "Cannot 'stop' instance 7 while it is in task_state powering-on", ProviderDown),
        (409, "SecurityGroupInUse: Security Group 7 in use.", ProviderDown),
        (500, "Unexpected API Error.", ProviderDown),
        (503, "Service Unavailable", ProviderDown),
        (400, "Invalid imageRef provided.", RequestRejected),
    ],
)
def test_errors_are_the_facts_that_they_stand_for(status: int, said: str, error: type[ProviderError]) -> None:
    assert type(translate("openstack", BaseHTTPError(status, said, {}))) is error


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("https://keystone.example.com:5000/v3", "https://keystone.example.com:5000/v3"),
        ("https://keystone.example.com:5000", "https://keystone.example.com:5000/v3"),
        (" https://cloud.example.com/identity/v3/ ", "https://cloud.example.com/identity/v3"),
        ("https://cloud.example.com/identity/v3/auth/tokens", "https://cloud.example.com/identity/v3"),
        ("https://10.0.0.5:5000/v3", "https://10.0.0.5:5000/v3"),
    ],
)
def test_the_auth_url_gets_its_version(said: str, meant: str) -> None:
    assert auth_address(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "keystone.example.com",
        "http://keystone.example.com:5000/v3",
        "https://ann:secret@keystone.example.com/v3",
        "https://keystone.example.com/v3?next=https://elsewhere.example.com",
        "https://keystone.example.com:0/v3",
        "https://keystone.example.com:many/v3",
        "https://[::1/v3",
        "https://localhost:5000/v3",
        "https://127.0.0.1:5000/v3",
        "https://[::1]:5000/v3",
        "https://169.254.169.254/v3",
        "https://0.0.0.0/v3",
    ],
)
def test_an_auth_url_to_which_no_secret_may_go_is_refused(said: str) -> None:
    with pytest.raises(Invalid, match="auth URL looks like"):
        auth_address(said)


def test_the_secret_is_not_shown() -> None:
    fields = {
        "auth_url": "https://keystone.example.com:5000/v3",
        "application_credential_id": "5a9d",
        "application_credential_secret": "very-secret",
    }
    assert "very-secret" not in repr(ApplicationCredential.parse(fields, endpoint=None))


def image(name: str, **more: object) -> dict[str, Any]:
    return {"id": name, "name": name, "status": "active", "disk_format": "qcow2", "created_at": "2026", **more}


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("Ubuntu 22.04 LTS", "ubuntu-22.04"),
        ("Ubuntu 22.04 Jammy Jellyfish 20260901", "ubuntu-22.04"),
        ("ubuntu-22.04-x86_64", "ubuntu-22.04"),
        ("ubuntu-jammy-server-cloudimg-amd64", "ubuntu-22.04"),
        ("Ubuntu22.04", "ubuntu-22.04"),
        ("ubuntu-24.04.1-server-cloudimg-amd64.img", "ubuntu-24.04"),
        ("Debian 12 bookworm", "debian-12"),
        ("debian-12-genericcloud-amd64-20260811-2199", "debian-12"),
        ("Rocky-9-GenericCloud-Base.latest.x86_64", "rocky-9"),
        ("Rocky Linux 9.4", "rocky-9"),
        ("AlmaLinux-9-GenericCloud-latest.x86_64", "almalinux-9"),
        ("CentOS-Stream-GenericCloud-9-20260722", "centos-stream-9"),
    ],
)
def test_images_are_known_by_their_names(name: str, system: str) -> None:
    for known, query in OPENSTACK.images.items():
        found = pick([image(name)], query.pattern, X86_64)
        assert (found is not None) == (known == system), known


@pytest.mark.parametrize(
    "name",
    [
        "Ubuntu 22.04 with GPU drivers",
        "ubuntu-22.04-docker",
        "Ubuntu 22.04 minimal",
        "my-ubuntu",
        "Windows Server 2022",
        "kube-v1.30-ubuntu-2204",
    ],
)
def test_what_is_more_than_the_system_is_not_taken(name: str) -> None:
    assert pick([image(name)], OPENSTACK.images["ubuntu-22.04"].pattern, X86_64) is None


def test_the_newest_that_starts_and_is_of_the_architecture_is_taken() -> None:
    pattern = OPENSTACK.images["ubuntu-22.04"].pattern
    found = [
        image("Ubuntu 22.04", id="old", created_at="2026-01"),
        image("Ubuntu 22.04", id="new", created_at="2026-09"),
        image("Ubuntu 22.04", id="iso", created_at="2026-10", disk_format="iso"),
        image("Ubuntu 22.04", id="half", created_at="2026-10", status="queued"),
        image("Ubuntu 22.04", id="arm", created_at="2026-10", architecture="aarch64"),
        image("Ubuntu 22.04 arm64", id="arm by name", created_at="2026-09"),
    ]
    assert pick(found, pattern, X86_64) == found[1]
    assert pick(found, pattern, ARM64) == found[4]


def flavor(name: str = "m1.small", **more: object) -> dict[str, Any]:
    return {"name": name, "vcpus": 1, "ram": 2048, "disk": 20, "extra_specs": {}, **more}


def test_flavors_are_offered_without_a_price() -> None:
    told = [flavor(), flavor("v1.small", disk=0), flavor("old", **{"OS-FLV-DISABLED:disabled": True})]
    found = openstack_offers.offers(told, "Fra1")
    assert [(one.size, one.disk_gb, one.memory_gb) for one in found] == [
        ("m1.small", 20.0, 2.0),
        ("v1.small", 0.0, 2.0),
    ]
    assert {(one.hourly_price_usd, one.disk_price_usd_gb_month) for one in found} == {(None, None)}


@pytest.mark.parametrize(
    ("name", "specs", "expected"),
    [
        ("g1", {"pci_passthrough:alias": "nvidia-a100:2"}, (2, "a100")),
        ("g1", {"pci_passthrough:alias": "a100-80gb:1"}, (1, "a100-80gb")),
        ("g1", {"pci_passthrough:alias": "h100-80g:1"}, (1, "h100")),
        ("g1", {"pci_passthrough:alias": "NVIDIA RTX A6000:1"}, (1, "rtxa6000")),
        ("gpu.V100.4", {"pci_passthrough:alias": "gpu:4"}, (4, "v100")),
        ("g1", {"pci_passthrough:alias": "tesla_t4:1,qat:2"}, (1, "t4")),
        ("rtx-4000-1", {"pci_passthrough:alias": "nvidia:1"}, (1, "rtx4000")),
        ("vgpu-l40s", {"resources:VGPU": "1"}, (1, "l40s")),
        ("c1", {"pci_passthrough:alias": "qat:1"}, (0, None)),
        ("a1", {"hw:cpu_policy": "dedicated"}, (0, None)),
    ],
)
def test_graphics_cards_are_told_in_our_words(name: str, specs: dict[str, str], expected: tuple[int, str]) -> None:
    (found,) = openstack_offers.offers([flavor(name, extra_specs=specs)], "Fra1")
    assert (found.gpus, found.gpu_type) == expected


def test_arm_flavors_are_told_as_such() -> None:
    specs = {"capabilities:cpu_arch": "aarch64"}
    assert openstack_offers.offers([flavor(extra_specs=specs)], "Fra1")[0].architecture == ARM64


@pytest.mark.parametrize(
    ("status", "task", "state"),
    [
        ("BUILD", "scheduling", states.PENDING),
        ("BUILD", "deleting", states.GONE),
        ("ACTIVE", None, states.RUNNING),
        ("ACTIVE", "powering-off", states.STOPPING),
        ("ACTIVE", "deleting", states.GONE),
        ("SHUTOFF", None, states.STOPPED),
        ("SHUTOFF", "powering-on", states.PENDING),
        ("REBOOT", "rebooting", states.RUNNING),
        ("SHELVED_OFFLOADED", None, states.STOPPED),
        ("ERROR", None, states.ERROR),
        ("SOMETHING_NEW", None, states.ERROR),
    ],
)
def test_states_are_ours(status: str, task: str | None, state: str) -> None:
    item = {**SERVER, "status": status, "OS-EXT-STS:task_state": task}
    assert machines.node(item, "Fra1").state == state


def entry(address: str, kind: str = "fixed") -> dict[str, Any]:
    return {"addr": address, "version": 6 if ":" in address else 4, "OS-EXT-IPS:type": kind}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], (None, None)),
        ([entry("10.0.0.5"), entry("198.51.100.7", "floating")], ("198.51.100.7", "10.0.0.5")),
        # A company's own cloud has outside addresses that are private too.
        ([entry("10.0.0.5"), entry("172.16.9.9", "floating")], ("172.16.9.9", "10.0.0.5")),
        ([entry("198.51.100.7")], ("198.51.100.7", None)),
        ([entry("2001:db8::7"), entry("198.51.100.7")], ("198.51.100.7", None)),
        ([entry("2001:db8::7"), entry("10.0.0.5")], ("2001:db8::7", "10.0.0.5")),
        ([entry("100.64.1.1")], (None, "100.64.1.1")),
    ],
)
def test_public_and_private_addresses_are_told_apart(
    entries: list[Any], expected: tuple[str | None, str | None]
) -> None:
    found = machines.node({**SERVER, "addresses": {"net": entries}}, "Fra1")
    assert (found.address, found.private_address) == expected


def test_a_flavors_own_disk_is_used_when_it_is_large_enough() -> None:
    server = machines.body(ORDER, ORDER.nodes[0], IMAGE, {"id": "2", "disk": 20}, port="p-1")["server"]
    assert (server["imageRef"], server["name"]) == ("i-1", "spark-1-node-1")
    assert "block_device_mapping_v2" not in server


@pytest.mark.parametrize(("disk", "wanted", "least", "volume_gb"), [(20, 20.5, 5, 21), (0, 16, 5, 16), (0, 4, 10, 10)])
def test_a_volume_takes_the_place_of_a_disk_that_is_too_small(
    disk: int, wanted: float, least: int, volume_gb: int
) -> None:
    order, source = replace(ORDER, disk_gb=wanted), replace(IMAGE, least_disk_gb=least)
    server = machines.body(order, order.nodes[0], source, {"id": "2", "disk": disk}, port="p-1")["server"]
    (device,) = server["block_device_mapping_v2"]
    assert (device["volume_size"], device["delete_on_termination"]) == (volume_gb, True)
    assert "imageRef" not in server


def test_keys_are_in_the_user_data_and_what_is_too_long_is_refused() -> None:
    order = replace(ORDER, user_data="#cloud-config\n", public_keys=("ssh-ed25519 AAAA ann", "ssh-ed25519 BBBB bob"))
    server = machines.body(order, order.nodes[0], IMAGE, {"id": "2", "disk": 20}, port="p-1")["server"]
    told = base64.b64decode(server["user_data"]).decode()
    assert all(key in told for key in order.public_keys)
    with pytest.raises(RequestRejected, match="too long"):
        machines.body(
            replace(order, user_data="x" * 60_000), order.nodes[0], IMAGE, {"id": "2", "disk": 20}, port="p-1"
        )


def test_whose_a_thing_is_stands_in_its_description() -> None:
    order = replace(ORDER, owner="T1/Ü 'or'=1")
    text = described(order)
    assert facts({"description": text}) == {
        "clouddesk-installation": "inst",
        "clouddesk-reservation": "r-1",
        "clouddesk-owner": "T1/Ü 'or'=1",
    }
    assert facts({"description": None}) == {}


def test_only_a_missing_host_is_missing_capacity() -> None:
    broken = {**SERVER, "status": "ERROR", "fault": {"message": "Build of instance 7 aborted"}}
    assert machines.failure(broken) == ""
    assert machines.failure({**broken, "fault": {"message": "No valid host was found."}}) == "No valid host was found."
    assert machines.failure({**broken, "status": "ACTIVE", "fault": {"message": "No valid host was found."}}) == ""
