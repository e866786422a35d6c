"""What is OpenStack's own: ports and addresses apart from machines, a network to choose, hosts found later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_string
from typing import Any

import pytest
import yaml
from tenacity import wait_none

from clouddesk.model.errors import (
    NoCapacity,
    QuotaExceeded,
    RequestRejected,
)
from clouddesk.model.node import ERROR, RUNNING, SSH, NodeOrder, NodePlan, Opening
from clouddesk.providers import LibcloudProvider, faults, libcloud_provider, open_provider, openstack_driver
from clouddesk.providers.cloud import Image
from clouddesk.providers.openstack_machine import body
from tests.contract import schemas
from tests.contract.conftest import Sandbox
from tests.contract.openstack_api import REGION, Api, openstack
from tests.contract.rest_api import PUBLIC_KEY
from tests.contract.test_provider_contract import secret, wait_until

__all__ = ["openstack"]

INSTALLATION, RESERVATION = "inst-openstack", "r-05050505"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFT1lJm3Kc8wz2nq5V8b9d0e1f2g3h4i5j6k7l8m9n0p bob@desk"
_, REQUESTS = schemas.load("openstack")


def opened(sandbox: Sandbox, installation: str = INSTALLATION, **changed: str) -> LibcloudProvider:
    fields = {**sandbox.credentials("local/ann"), **changed}
    return open_provider("openstack", secret(fields), endpoint=sandbox.url, installation=installation)


@pytest.fixture
def provider(openstack: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibcloudProvider]:
    monkeypatch.setattr(faults, "_BACK_OFF", wait_none())
    monkeypatch.setattr(libcloud_provider, "LISTED_WITHIN_SECONDS", 0.0)  # nothing is listed late here
    provider = opened(openstack)
    yield provider
    openstack.clear_faults()
    for region in (REGION, "Sto2"):
        wait_until(lambda region=region: provider.destroy_nodes(RESERVATION, region).is_complete)  # type: ignore[misc]


@pytest.fixture
def api(openstack: Sandbox) -> Api:
    return Api(openstack)


def order(*keys: str, **changed: object) -> NodeOrder:
    known = NodeOrder(
        installation=INSTALLATION,
        reservation_id=RESERVATION,
        owner="T1/U1",
        region=REGION,
        size="m1.small",
        os="ubuntu",
        nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys or ("worker-1",)),
        disk_gb=20,
        name="etl spark_1",
        openings=(SSH,),
    )
    return replace(known, **changed)  # type: ignore[arg-type]


def mine(api: Api, kind: str, region: str = REGION) -> list[Any]:
    """The reservation's, by its description."""
    listed: list[Any] = api.get(f"network/{kind}", region=region)[kind.replace("-", "_")]
    return [item for item in listed if RESERVATION in item["description"]]


def let_in(api: Api) -> set[tuple[object, ...]]:
    (group,) = mine(api, "security-groups")
    return {
        (rule["protocol"], rule["port_range_min"], rule["port_range_max"], rule["remote_ip_prefix"])
        for rule in group["security_group_rules"]
        if rule["direction"] == "ingress" and rule["remote_group_id"] != group["id"]
    }


# --- machines


def test_a_machine_has_a_port_behind_its_firewall_and_an_address(provider: LibcloudProvider, api: Api) -> None:
    (made,) = provider.create_nodes(order())
    wait_until(lambda: provider.get_nodes(RESERVATION, REGION)[0].state == RUNNING)
    (port,), (address,), (group,) = (mine(api, kind) for kind in ("ports", "floatingips", "security-groups"))
    assert (port["device_id"], port["security_groups"]) == (made.id, [group["id"]])
    assert address["port_id"] == port["id"]
    (node,) = provider.get_nodes(RESERVATION, REGION)
    assert (made.login, node.login) == ("ubuntu", "ubuntu")
    assert node.address == address["floating_ip_address"]
    assert node.private_address == port["fixed_ips"][0]["ip_address"]
    assert api.server(made.id)["name"] == "etl-spark-1-worker-1"


def test_whatever_people_are_called_is_read_back(provider: LibcloudProvider) -> None:
    owner = 'Zoë "O\'Neil"/日本語-' + "x" * 40
    provider.create_nodes(order(owner=owner, name="ü; drop table", nodes=(NodePlan("A b/c", "r_1"),)))
    found = provider.get_nodes(RESERVATION, REGION)
    assert [(node.owner, node.key, node.role) for node in found] == [(owner, "A b/c", "r_1")]
    belongings = [item for item in provider.survey().belongings if item.reservation_id == RESERVATION]
    assert {item.owner for item in belongings} == {owner}
    assert sorted(item.kind for item in belongings) == ["address", "firewall", "network"]


def test_all_keys_of_an_order_may_log_in_beside_what_it_has_cloud_init_do(
    provider: LibcloudProvider, api: Api, openstack: Sandbox
) -> None:
    own = "#!/bin/sh\ntouch /tmp/mine\n"
    (made,) = provider.create_nodes(order(public_keys=(PUBLIC_KEY, OTHER_KEY), user_data=own))
    (machine,) = (item for item in openstack.machines() if item["id"] == made.id)
    parts = [part for part in message_from_string(str(machine["user_data"])).walk() if not part.is_multipart()]
    texts = [part.get_payload(decode=True).decode() for part in parts]  # type: ignore[union-attr]
    assert texts[0] == own
    assert yaml.safe_load(texts[1])["ssh_authorized_keys"] == [PUBLIC_KEY, OTHER_KEY]


@pytest.mark.parametrize(
    ("size", "disk_gb", "volume_gb"), [("m1.small", 20, 0), ("m1.small", 50, 50), ("v1.medium", 16, 16)]
)
def test_a_disk_that_the_flavor_lacks_is_a_volume(
    provider: LibcloudProvider, openstack: Sandbox, size: str, disk_gb: int, volume_gb: int
) -> None:
    (made,) = provider.create_nodes(order(size=size, disk_gb=disk_gb))
    (machine,) = (item for item in openstack.machines() if item["id"] == made.id)
    assert machine["volume_gb"] == volume_gb


def test_what_is_ordered_has_only_fields_that_nova_publishes() -> None:
    image = Image(id="i", system="ubuntu-22.04", least_disk_gb=5)
    for disk_gb in (20, 50):
        plain = order(disk_gb=disk_gb, public_keys=(PUBLIC_KEY,))
        made = body(plain, plain.nodes[0], image, {"id": "2", "disk": 20}, port="p")["server"]
        known = REQUESTS["POST /compute/servers"]
        assert [line for line in schemas.differences(made, known) if "missing" not in line] == []


# --- the firewall


def test_only_what_is_opened_gets_in(provider: LibcloudProvider, api: Api) -> None:
    openings = (SSH, Opening(8080, 8090), Opening(7077, 7077, "10.1.2.3/16"), Opening(443, 443, "2001:db8::/32"))
    provider.create_nodes(order(openings=openings))
    assert let_in(api) == {
        ("tcp", 22, 22, "0.0.0.0/0"),
        ("tcp", 8080, 8090, "0.0.0.0/0"),
        ("tcp", 7077, 7077, "10.1.0.0/16"),
        ("tcp", 443, 443, "2001:db8::/32"),
    }


def test_a_firewall_is_made_once_and_mended(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order(openings=(SSH, Opening(80, 80))))
    (first,) = mine(api, "security-groups")
    provider.create_nodes(order("worker-1", "worker-2", openings=(SSH, Opening(443, 443))))
    assert [item["id"] for item in mine(api, "security-groups")] == [first["id"]]
    assert let_in(api) == {("tcp", 22, 22, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")}


def test_answers_about_the_firewall_that_are_lost_change_nothing(
    provider: LibcloudProvider, api: Api, openstack: Sandbox
) -> None:
    for operation in ("groups.create", "rules.create"):
        openstack.fault("drop_after_accept", match={"operation": operation})
    provider.create_nodes(order())
    openstack.fault("drop_after_accept", match={"operation": "rules.delete"})
    provider.create_nodes(order("worker-1", "worker-2", openings=(Opening(80, 80),)))
    assert let_in(api) == {("tcp", 80, 80, "0.0.0.0/0")}


def test_each_region_has_its_own(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    provider.create_nodes(order(region="Sto2"))
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert mine(api, "security-groups") == []
    assert len(mine(api, "security-groups", "Sto2")) == 1
    assert [node.region for node in provider.survey().nodes if node.reservation_id == RESERVATION] == ["Sto2"]


# --- ports and addresses


def test_ports_and_addresses_end_with_their_machines(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order("worker-1", "worker-2"))
    provider.end_nodes(RESERVATION, REGION, [made[0].id])
    wait_until(lambda: len(provider.get_nodes(RESERVATION, REGION)) == 1)
    assert [item["device_id"] for item in mine(api, "ports")] == [made[1].id]
    assert len(mine(api, "floatingips")) == 1
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert [mine(api, kind) for kind in ("ports", "floatingips", "security-groups")] == [[], [], []]


@pytest.mark.parametrize("operation", ["ports.create", "floatingips.create", "create"])
def test_what_a_refused_machine_was_to_have_is_given_back(
    provider: LibcloudProvider, api: Api, openstack: Sandbox, operation: str
) -> None:
    openstack.fault("quota", match={"operation": operation}, count=None)
    with pytest.raises(QuotaExceeded):
        provider.create_nodes(order("worker-1", "worker-2"))
    assert (mine(api, "ports"), mine(api, "floatingips")) == ([], [])


@pytest.mark.parametrize("operation", ["ports.create", "floatingips.create"])
def test_what_was_made_and_never_told_is_given_back_with_the_reservation(
    provider: LibcloudProvider, api: Api, openstack: Sandbox, operation: str
) -> None:
    openstack.fault("drop_after_accept", match={"operation": operation})
    (made,) = provider.create_nodes(order())
    assert len(mine(api, "ports")) == 2
    assert [node.id for node in provider.get_nodes(RESERVATION, REGION)] == [made.id]
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert (mine(api, "ports"), mine(api, "floatingips")) == ([], [])


def test_things_of_others_stay(provider: LibcloudProvider, api: Api, openstack: Sandbox) -> None:
    other = opened(openstack, "inst-other")
    (foreign,) = other.create_nodes(order(installation="inst-other"))
    port = api.make("network/ports", "port", network_id=api.network(), description="somebody's own")
    provider.create_nodes(order())
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert [item["device_id"] for item in mine(api, "ports")] == [foreign.id]
    assert port["id"] in {item["id"] for item in api.get("network/ports")["ports"]}
    wait_until(lambda: other.destroy_nodes(RESERVATION, REGION).is_complete)
    api.ask("DELETE", f"network/ports/{port['id']}")


def test_volumes_with_our_facts_are_told_and_cleared(provider: LibcloudProvider, api: Api) -> None:
    description = f"clouddesk-installation:{INSTALLATION} clouddesk-reservation:{RESERVATION} clouddesk-owner:T1:U1"
    made = api.make("volume/volumes", "volume", size=5, description=description)
    theirs = api.make("volume/volumes", "volume", size=5, description="of somebody")
    found = [item for item in provider.survey().belongings if item.kind == "disk"]
    assert [(item.id, item.owner, item.region) for item in found] == [(made["id"], "T1/U1", REGION)]
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert [item["id"] for item in api.get("volume/volumes/detail")["volumes"]] == [theirs["id"]]
    api.ask("DELETE", f"volume/volumes/{theirs['id']}")


# --- which network


@pytest.fixture
def tagged(api: Api) -> Iterator[Any]:
    """Tags a network, until the test is over."""
    done: list[str] = []

    def tag(name: str) -> None:
        done.append(f"network/networks/{api.network(name)}/tags/clouddesk")
        assert api.ask("PUT", done[-1]).status_code == 201

    yield tag
    for path in done:
        api.ask("DELETE", path)


class Shown:
    """What a list of networks is changed to before the driver sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
        real = openstack_driver.OpenStackDriver.list

        def changed(driver: Any, service: str, region: str, path: str, *more: Any) -> Any:
            found = real(driver, service, region, path, *more)
            return change(found) if path == "/networks" else found

        monkeypatch.setattr(openstack_driver.OpenStackDriver, "list", changed)


def twice(networks: list[Any]) -> list[Any]:
    """Another private network beside the one there is."""
    own = next(item for item in networks if item["name"] == "private")
    return [*networks, {**own, "id": "second", "name": "second", "tags": []}]


def test_of_several_networks_an_admin_says_which(
    provider: LibcloudProvider, api: Api, tagged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shown(monkeypatch, twice)
    with pytest.raises(RequestRejected, match=r"several networks in Fra1: `openstack network set --tag clouddesk"):
        provider.create_nodes(order())
    tagged("private")
    provider.create_nodes(order())
    assert [item["network_id"] for item in mine(api, "ports")] == [api.network()]


def test_a_project_without_a_network_is_told_of_it(provider: LibcloudProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    Shown(monkeypatch, lambda _: [])
    with pytest.raises(RequestRejected, match="no network that machines can be in"):
        provider.create_nodes(order())


def test_a_cloud_without_an_outside_network_gives_no_public_address(
    provider: LibcloudProvider, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shown(monkeypatch, lambda found: [item for item in found if not item["router:external"]])
    provider.create_nodes(order())
    assert mine(api, "floatingips") == []
    wait_until(lambda: provider.get_nodes(RESERVATION, REGION)[0].state == RUNNING)
    (node,) = provider.get_nodes(RESERVATION, REGION)
    assert (node.address, bool(node.private_address)) == (None, True)


# --- hosts that are found later


def test_machines_for_which_there_is_no_host_are_ended(
    provider: LibcloudProvider, api: Api, openstack: Sandbox
) -> None:
    openstack.fault("no_capacity")
    with pytest.raises(NoCapacity, match="No valid host was found"):
        provider.create_nodes(order("worker-1", "worker-2", "worker-3"))
    found = provider.get_nodes(RESERVATION, REGION)
    assert len(found) == 2
    assert {item["device_id"] for item in mine(api, "ports")} == {node.id for node in found}


def test_a_machine_that_broke_for_another_reason_is_no_missing_capacity(
    provider: LibcloudProvider, openstack: Sandbox
) -> None:
    openstack.fault("broken_node")
    (made,) = provider.create_nodes(order())
    wait_until(lambda: provider.get_nodes(RESERVATION, REGION)[0].state == ERROR)
    assert provider.get_nodes(RESERVATION, REGION)[0].id == made.id


def test_limits_of_cores_are_read_before_anything_is_made(
    provider: LibcloudProvider, api: Api, openstack: Sandbox
) -> None:
    keys = [f"worker-{number}" for number in range(251)]
    openstack.fault("server_error", match={"operation": "ports.create"}, count=None)
    with pytest.raises(QuotaExceeded, match=r"maxTotalCores is 2000, of which \d+ are used, and 2008 more are needed"):
        provider.create_nodes(order(*keys, size="m1.xlarge"))
    assert mine(api, "security-groups") == []
