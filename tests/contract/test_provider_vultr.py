"""What is Vultr's own: keys as objects, a firewall group and a network for each reservation, plans by region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from clouddesk.model.errors import Invalid, RequestRejected
from clouddesk.model.node import AVAILABLE, RUNNING, SSH, STOPPED, NodeImage, NodeOrder, NodePlan, Opening
from clouddesk.providers import LibcloudProvider, flat_tags, open_provider, vultr_driver
from tests.contract.conftest import Sandbox
from tests.contract.rest_api import PUBLIC_KEY, Api
from tests.contract.test_provider_contract import secret, states, wait_until

INSTALLATION, RESERVATION, REGION = "inst-vultr", "r-2222f01e", "fra"
TAGS = flat_tags.written({"clouddesk-installation": INSTALLATION, "clouddesk-reservation": RESERVATION})
OTHER_KEY = PUBLIC_KEY.replace("ann@desk", "ben@desk").replace("AIJ1v2", "AIK1v2")


@pytest.fixture
def vultr(servers: Callable[[str], Sandbox]) -> Sandbox:
    return servers("vultr")


@pytest.fixture
def api(vultr: Sandbox) -> Api:
    return Api(vultr, "/v2")


@pytest.fixture
def provider(vultr: Sandbox) -> Iterator[LibcloudProvider]:
    opened = _open(vultr)
    yield opened
    vultr.clear_faults()
    wait_until(lambda: opened.destroy_nodes(RESERVATION, REGION).is_complete)


def _open(vultr: Sandbox) -> LibcloudProvider:
    fields = secret(vultr.credentials("T1/U1"))
    return open_provider("vultr", fields, endpoint=vultr.url, installation=INSTALLATION)


def order(*keys: str, **changed: object) -> NodeOrder:
    made = NodeOrder(
        installation=INSTALLATION,
        reservation_id=RESERVATION,
        owner="T1/U1",
        region=REGION,
        size="vc2-1c-1gb",
        os="ubuntu",
        nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys or ("worker-1",)),
        disk_gb=25,
        name="etl spark_1",
        user_data="#cloud-config\n",
        public_keys=(PUBLIC_KEY, OTHER_KEY),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def test_a_machine_has_its_tags_and_a_host_name(provider: LibcloudProvider, api: Api) -> None:
    (made,) = provider.create_nodes(order())
    machine = api.get(f"/instances/{made.id}")["instance"]
    assert (machine["label"], machine["hostname"]) == ("etl-spark-1-worker-1", "etl-spark-1-worker-1")
    assert set(machine["tags"]) == {
        *TAGS,
        "clouddesk-owner:T1:U1",
        "clouddesk-node:worker-1",
        "clouddesk-role:worker",
    }


def test_the_firewall_lets_in_what_the_order_opens_and_is_made_once(provider: LibcloudProvider, api: Api) -> None:
    openings = (SSH, Opening(8080, 8090, "203.0.113.0/24"), Opening(443, 443, "2001:db8::/32"))
    (made,) = provider.create_nodes(order(openings=openings))
    provider.create_nodes(order("worker-1", "worker-2", openings=openings))
    (group,) = [item for item in api.get("/firewalls")["firewall_groups"] if RESERVATION in item["description"]]
    assert api.get(f"/instances/{made.id}")["instance"]["firewall_group_id"] == group["id"]
    assert group["instance_count"] == 2
    rules = api.get(f"/firewalls/{group['id']}/rules")["firewall_rules"]
    assert [(rule["protocol"], rule["port"], f"{rule['subnet']}/{rule['subnet_size']}") for rule in rules] == [
        ("tcp", "22", "0.0.0.0/0"),
        ("tcp", "8080:8090", "203.0.113.0/24"),
        ("tcp", "443", "2001:db8::/32"),
    ]


def test_a_firewall_group_that_was_left_without_rules_is_completed(provider: LibcloudProvider, api: Api) -> None:
    description = " ".join([*TAGS, f"clouddesk-region:{REGION}"])
    group = api.post("/firewalls", {"description": description})["firewall_group"]["id"]
    (made,) = provider.create_nodes(order())
    assert api.get(f"/instances/{made.id}")["instance"]["firewall_group_id"] == group
    assert len(api.get(f"/firewalls/{group}/rules")["firewall_rules"]) == 1


def test_machines_reach_each_other_in_a_network_of_their_own(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order("worker-1", "worker-2"))
    networks = {api.get(f"/instances/{node.id}/vpcs")["vpcs"][0]["id"] for node in made}
    (network,) = [item for item in api.get("/vpcs")["vpcs"] if RESERVATION in item["description"]]
    assert networks == {network["id"]}
    assert len({node.private_address for node in provider.get_nodes(RESERVATION, REGION)} - {None}) == 2


def test_the_keys_of_the_order_are_made_once(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    provider.create_nodes(order("worker-1", "worker-2"))
    mine = [item["ssh_key"] for item in api.get("/ssh-keys")["ssh_keys"] if RESERVATION in item["name"]]
    assert mine == [PUBLIC_KEY, OTHER_KEY]


def test_a_machine_that_is_alone_needs_no_network(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    assert api.get("/vpcs")["vpcs"] == []
    made = provider.create_nodes(order("worker-1", "worker-2", "worker-3"))
    again = provider.create_nodes(order("worker-4"))
    (network,) = api.get("/vpcs")["vpcs"]
    attached = [api.get(f"/instances/{node.id}/vpcs")["vpcs"] for node in (*made, *again)]
    assert [[item["id"] for item in items] for items in attached] == [[], *[[network["id"]]] * 3]


def test_all_that_a_reservation_has_is_surveyed_and_goes_with_its_machines(
    provider: LibcloudProvider, api: Api
) -> None:
    made, _ = provider.create_nodes(order("worker-1", "worker-2"))
    mine = api.post("/blocks", {"region": REGION, "size_gb": 10, "label": " ".join(TAGS)})["block"]["id"]
    other = api.post("/blocks", {"region": REGION, "size_gb": 10, "label": "other"})["block"]["id"]
    api.post(f"/blocks/{mine}/attach", {"instance_id": made.id})
    found = provider.survey().belongings
    assert sorted(item.kind for item in found) == ["disk", "firewall", "key", "key", "network"]
    assert {(item.reservation_id, item.region) for item in found} == {(RESERVATION, REGION)}
    assert {item.owner for item in found if item.kind != "disk"} == {"T1/U1"}
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert provider.survey().belongings == ()
    assert [item["id"] for item in api.get("/blocks")["blocks"]] == [other]
    api.ask("DELETE", f"/blocks/{other}")


def test_a_machine_that_no_list_shows_yet_keeps_its_firewall(
    provider: LibcloudProvider, vultr: Sandbox, api: Api
) -> None:
    vultr.fault("late_listing", seconds=2)
    (made,) = provider.create_nodes(order())
    assert provider.destroy_nodes(RESERVATION, REGION).others, "its firewall is left"
    group = api.get(f"/instances/{made.id}")["instance"]["firewall_group_id"]
    assert api.get(f"/firewalls/{group}")["firewall_group"]["instance_count"] == 1
    wait_until(lambda: bool(provider.get_nodes(RESERVATION, REGION)))


def test_what_two_creations_at_once_made_double_goes_as_well(
    provider: LibcloudProvider, vultr: Sandbox, api: Api
) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: _open(vultr).create_nodes(order()), range(2)))
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    left = [api.get("/firewalls")["firewall_groups"], api.get("/vpcs")["vpcs"], api.get("/ssh-keys")["ssh_keys"]]
    assert RESERVATION not in repr(left)


def test_any_name_and_owner_can_be_written_and_read_back(provider: LibcloudProvider) -> None:
    owner = "T0.1_a:b/Zoë " + "x" * 80
    provider.create_nodes(order(owner=owner, name=" --__.. ümläut " + "long" * 30))
    found = provider.survey()
    (node,) = [node for node in found.nodes if node.reservation_id == RESERVATION]
    assert (node.owner, node.key) == (owner, "worker-1")
    assert {item.owner for item in found.belongings} == {owner}


def test_lists_are_read_to_their_last_page(provider: LibcloudProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vultr_driver, "_PAGE", 5)
    keys = [f"node-{number}" for number in range(1, 13)]
    provider.create_nodes(order(*keys))
    assert [node.key for node in provider.get_nodes(RESERVATION, REGION)] == keys


def test_a_key_that_is_none_is_rejected(provider: LibcloudProvider) -> None:
    with pytest.raises(RequestRejected):
        provider.create_nodes(order(public_keys=("no key",)))


def off(provider: LibcloudProvider, **changed: object) -> NodeOrder:
    """The order of a machine that was made by it and is off."""
    asked = order(**changed)
    provider.create_nodes(asked)
    wait_until(lambda: states(provider.get_nodes(RESERVATION, REGION)) == {RUNNING})
    provider.stop_nodes(RESERVATION, REGION)
    wait_until(lambda: states(provider.get_nodes(RESERVATION, REGION)) == {STOPPED})
    return asked


def kept(provider: LibcloudProvider, asked: NodeOrder) -> NodeImage:
    wait_until(lambda: [image.state for image in provider.keep_images(asked)] == [AVAILABLE])
    return provider.get_images(RESERVATION, REGION)[0]


def test_a_snapshot_tells_whose_it_is_and_how_large_and_is_in_use_in_one_region_only(
    provider: LibcloudProvider,
) -> None:
    owner = "T0.1_a:b/Zoë " + "x" * 80
    asked = off(provider, owner=owner)
    image = kept(provider, asked)
    (node,) = provider.get_nodes(RESERVATION, REGION)
    assert (image.key, image.node_id, image.size_gb) == ("worker-1", node.id, 25.0)
    told = [item for item in provider.survey().belongings if item.id == image.id]
    assert [(item.kind, item.region, item.owner) for item in told] == [("image", REGION, owner)]
    assert provider.get_images(RESERVATION, "sea") == []


def test_a_snapshot_that_is_listed_late_is_not_doubled(provider: LibcloudProvider, vultr: Sandbox, api: Api) -> None:
    asked = off(provider)
    vultr.fault("late_listing", seconds=2, match={"operation": "keep"})
    kept(provider, asked)
    assert len(snapshots(api)) == 1


def test_snapshots_that_people_made_are_left_alone(provider: LibcloudProvider, api: Api) -> None:
    image = kept(provider, off(provider))
    for description in ("", "before the upgrade", f"clouddesk-reservation:{RESERVATION}"):
        api.post("/snapshots", {"instance_id": image.node_id, "description": description})
        wait_until(lambda: {item["status"] for item in snapshots(api)} == {"complete"})
    assert provider.get_images(RESERVATION, REGION) == [image]
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    left = snapshots(api)
    assert len(left) == 3
    assert image.id not in {item["id"] for item in left}
    for item in left:
        api.ask("DELETE", f"/snapshots/{item['id']}")


def snapshots(api: Api) -> list[Any]:
    """Those that are not on their way out."""
    return [item for item in api.get("/snapshots")["snapshots"] if item["status"] != "deleted"]


def test_there_is_no_arm(provider: LibcloudProvider) -> None:
    with pytest.raises(Invalid, match="arm64"):
        provider.create_nodes(order(architecture="arm64"))


def test_only_what_is_a_whole_machine_is_offered(provider: LibcloudProvider) -> None:
    offers = provider.list_offers()
    prices = {(offer.size, offer.region): offer.hourly_price_usd for offer in offers}
    assert prices["vc2-1c-1gb", "fra"] == 0.007
    assert prices["vc2-1c-1gb-sc1", "sao"] == 0.011
    assert ("vc2-1c-1gb", "sao") not in prices
    assert not [size for size, _ in prices if size.endswith("-v6")], "without an IPv4 address nobody gets in"
    gpus = {(offer.size, offer.gpus) for offer in offers if offer.gpu_type == "a100"}
    assert gpus == {
        ("vcg-a100-12c-120g-80vram", 1),
        ("vcg-a100-24c-240g-160vram", 2),
        ("vcg-a100-48c-480g-320vram", 4),
    }
