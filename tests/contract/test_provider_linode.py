"""What is Linode's own: unique labels, a firewall and a network for each reservation, prices by region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from clouddesk.model.errors import Invalid, RequestRejected
from clouddesk.model.node import SSH, Node, NodeOrder, NodePlan, Opening
from clouddesk.providers import LibcloudProvider, flat_tags, linode_driver, open_provider
from tests.contract.conftest import Sandbox
from tests.contract.rest_api import PUBLIC_KEY, Api
from tests.contract.test_provider_contract import secret, wait_until

INSTALLATION, RESERVATION, REGION = "inst-linode", "r-11110de0", "eu-central"
TAGS = flat_tags.written({"clouddesk-installation": INSTALLATION, "clouddesk-reservation": RESERVATION})


@pytest.fixture
def linode(servers: Callable[[str], Sandbox]) -> Sandbox:
    return servers("linode")


@pytest.fixture
def api(linode: Sandbox) -> Api:
    return Api(linode, "/v4")


@pytest.fixture
def provider(linode: Sandbox) -> Iterator[LibcloudProvider]:
    fields = secret(linode.credentials("T1/U1"))
    opened = open_provider("linode", fields, endpoint=linode.url, installation=INSTALLATION)
    yield opened
    linode.clear_faults()
    wait_until(lambda: opened.destroy_nodes(RESERVATION, REGION).is_complete)


def order(*keys: str, **changed: object) -> NodeOrder:
    made = NodeOrder(
        installation=INSTALLATION,
        reservation_id=RESERVATION,
        owner="T1/U1",
        region=REGION,
        size="g6-nanode-1",
        os="ubuntu",
        nodes=tuple(NodePlan(key, key.partition("-")[0]) for key in keys or ("worker-1",)),
        disk_gb=25,
        name="etl spark_1",
        user_data="#cloud-config\n",
        public_keys=(PUBLIC_KEY,),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def running(provider: LibcloudProvider) -> list[Node]:
    wait_until(lambda: {node.state for node in provider.get_nodes(RESERVATION, REGION)} == {"running"})
    return provider.get_nodes(RESERVATION, REGION)


def test_a_machine_has_its_tags_its_label_and_its_user_data(provider: LibcloudProvider, api: Api) -> None:
    (made,) = provider.create_nodes(order())
    machine = api.get(f"/linode/instances/{made.id}")
    assert machine["label"].startswith("etl-spark-1-worker-1-")
    assert set(machine["tags"]) == {
        *TAGS,
        "clouddesk-owner:T1:U1",
        "clouddesk-node:worker-1",
        "clouddesk-role:worker",
    }
    assert machine["has_user_data"]


def test_the_firewall_lets_in_what_the_order_opens_and_its_own_machines(provider: LibcloudProvider, api: Api) -> None:
    openings = (SSH, Opening(8080, 8090, "203.0.113.0/24"), Opening(443, 443, "2001:db8::/32"))
    made = provider.create_nodes(order("worker-1", "worker-2", openings=openings))
    provider.create_nodes(order("worker-1", "worker-2", "worker-3", openings=openings))
    (firewall,) = [item for item in api.get("/networking/firewalls")["data"] if set(TAGS) <= set(item["tags"])]
    behind = {entity["id"] for entity in firewall["entities"]}
    assert len(behind) == 3
    assert behind > {int(node.id) for node in made}
    rules = firewall["rules"]
    assert (rules["inbound_policy"], rules["outbound_policy"], rules["outbound"]) == ("DROP", "ACCEPT", [])
    let_in = [(rule["protocol"], rule.get("ports"), *rule["addresses"].values()) for rule in rules["inbound"]]
    assert let_in == [
        ("TCP", "22", ["0.0.0.0/0"]),
        ("TCP", "8080-8090", ["203.0.113.0/24"]),
        ("TCP", "443", ["2001:db8::/32"]),
        ("TCP", "1-65535", ["10.0.0.0/24"]),
        ("UDP", "1-65535", ["10.0.0.0/24"]),
        ("ICMP", None, ["10.0.0.0/24"]),
    ]


def test_machines_reach_each_other_in_a_network_of_their_own(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order("worker-1", "worker-2"))
    nodes = running(provider)
    assert {node.private_address for node in nodes} == {"10.0.0.2", "10.0.0.3"}
    (network,) = [item for item in api.get("/vpcs")["data"] if RESERVATION in item["description"]]
    assert {machine["id"] for machine in network["subnets"][0]["linodes"]} == {int(node.id) for node in nodes}


def test_a_machine_that_is_alone_needs_no_network(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    assert api.get("/vpcs")["data"] == []
    made = provider.create_nodes(order("worker-1", "worker-2", "worker-3"))
    again = provider.create_nodes(order("worker-4"))
    (network,) = api.get("/vpcs")["data"]
    machines = {machine["id"] for machine in network["subnets"][0]["linodes"]}
    assert machines == {int(node.id) for node in (*made[1:], *again)}, "what comes to a cluster comes into its network"


def test_firewall_network_and_volumes_are_surveyed_and_go_with_the_machines(
    provider: LibcloudProvider, api: Api
) -> None:
    made, other_machine = provider.create_nodes(order("worker-1", "worker-2"))
    mine = api.post("/volumes", {"label": "mine", "region": REGION, "size": 10, "tags": TAGS})["id"]
    other = api.post("/volumes", {"label": "other", "region": REGION, "size": 10})["id"]
    api.post(f"/volumes/{mine}/attach", {"linode_id": int(made.id)})
    found = provider.survey()
    assert sorted((item.kind, item.reservation_id) for item in found.belongings) == [
        ("disk", RESERVATION),
        ("firewall", RESERVATION),
        ("network", RESERVATION),
    ]
    assert {item.owner for item in found.belongings} == {"", "T1/U1"}
    assert {item.region for item in found.belongings} == {REGION}
    first = provider.destroy_nodes(RESERVATION, REGION)
    assert (set(first.nodes), first.others) == ({made.id, other_machine.id}, ())
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert provider.survey().belongings == ()
    assert [item["id"] for item in api.get("/volumes")["data"]] == [other]
    api.ask("DELETE", f"/volumes/{other}")


def test_a_machine_that_no_list_shows_yet_keeps_its_firewall(
    provider: LibcloudProvider, linode: Sandbox, api: Api
) -> None:
    linode.fault("late_listing", seconds=2)
    (made,) = provider.create_nodes(order())
    assert provider.destroy_nodes(RESERVATION, REGION).others, "its firewall is left"
    firewalls = [item for item in api.get("/networking/firewalls")["data"] if set(TAGS) <= set(item["tags"])]
    assert [entity["id"] for item in firewalls for entity in item["entities"]] == [int(made.id)]
    wait_until(lambda: bool(provider.get_nodes(RESERVATION, REGION)))


def test_a_machine_whose_label_is_taken_is_the_one_that_was_made(
    provider: LibcloudProvider, linode: Sandbox, api: Api
) -> None:
    """Even when nobody was told of it and no list shows it for longer than is waited for."""
    linode.fault("late_listing", seconds=5)
    linode.fault("drop_after_accept", match={"operation": "create"})
    (made,) = provider.create_nodes(order())
    assert len([item for item in linode.machines() if item["region"] == REGION]) == 1
    assert [node.id for node in provider.get_nodes(RESERVATION, REGION)] == [made.id]


def test_any_name_and_owner_can_be_written_and_read_back(provider: LibcloudProvider) -> None:
    owner = "T0.1_a:b/Zoë " + "x" * 80
    provider.create_nodes(order(owner=owner, name="9 --__.. ümläut " + "long" * 30))
    (node,) = [node for node in provider.survey().nodes if node.reservation_id == RESERVATION]
    assert (node.owner, node.key) == (owner, "worker-1")


def test_lists_are_read_to_their_last_page(provider: LibcloudProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linode_driver, "_PAGE", 25)
    keys = [f"node-{number}" for number in range(1, 31)]
    provider.create_nodes(order(*keys))
    assert [node.key for node in provider.get_nodes(RESERVATION, REGION)] == keys


def test_a_key_that_is_none_is_rejected(provider: LibcloudProvider) -> None:
    with pytest.raises(RequestRejected):
        provider.create_nodes(order(public_keys=("no key",)))


def test_a_machine_that_is_busy_is_asked_again(provider: LibcloudProvider) -> None:
    provider.create_nodes(order())
    provider.stop_nodes(RESERVATION, REGION)
    wait_until(lambda: provider.get_nodes(RESERVATION, REGION)[0].state == "stopped")


def test_there_is_no_arm(provider: LibcloudProvider) -> None:
    with pytest.raises(Invalid, match="arm64"):
        provider.create_nodes(order(architecture="arm64"))


def test_offers_have_the_price_of_their_region(provider: LibcloudProvider) -> None:
    prices = {(offer.size, offer.region): offer.hourly_price_usd for offer in provider.list_offers()}
    assert prices["g6-nanode-1", "us-east"] == 0.0075
    assert prices["g6-nanode-1", "id-cgk"] == 0.009
    assert prices["g6-nanode-1", "br-gru"] == 0.0105
    assert None not in prices.values()


def test_gpus_and_premium_machines_are_offered_where_they_are(provider: LibcloudProvider) -> None:
    offers = provider.list_offers()
    gpus = {(offer.gpu_type, offer.region) for offer in offers if offer.gpus}
    assert ("rtx4000", "us-ord") in gpus
    assert ("rtx6000", "us-ord") not in gpus
    assert ("rtx6000", "us-east") in gpus
    assert {offer.region for offer in offers if "premium" in offer.size} & {"us-east", "us-iad"} == {"us-iad"}
    assert not [offer for offer in offers if offer.region == "us-den-edge-1"], "a distributed region is no core one"
