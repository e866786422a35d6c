"""What is DigitalOcean's own: flat tags, host names, prices by its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from clouddesk.catalog import MemoryCatalog
from clouddesk.model.errors import Invalid
from clouddesk.model.node import NodeOrder, NodePlan
from clouddesk.model.offer import Requirements
from clouddesk.providers import LibcloudProvider, open_provider
from tests.contract.conftest import Sandbox
from tests.contract.test_provider_contract import secret, wait_until

RESERVATION = "r-0d0d0d0d"


@pytest.fixture
def provider(sandbox_digitalocean: Sandbox) -> Iterator[LibcloudProvider]:
    fields = secret(sandbox_digitalocean.credentials("T1/U1"))
    opened = open_provider("digitalocean", fields, endpoint=sandbox_digitalocean.url, installation="inst-do")
    yield opened
    wait_until(lambda: opened.destroy_nodes(RESERVATION, "fra1").is_complete)


def order(**changed: object) -> NodeOrder:
    facts: dict[str, object] = {
        "installation": "inst-do",
        "reservation_id": RESERVATION,
        "owner": "T1/U1",
        "region": "fra1",
        "size": "s-1vcpu-1gb",
        "os": "ubuntu",
        "nodes": (NodePlan("worker-1", "worker"),),
        "disk_gb": 25,
        "name": "etl spark_1",
    }
    return NodeOrder(**{**facts, **changed})  # type: ignore[arg-type]


def test_droplets_carry_flat_tags_and_a_host_name(provider: LibcloudProvider, sandbox_digitalocean: Sandbox) -> None:
    made = provider.create_nodes(order())
    token = sandbox_digitalocean.credentials("T1/U1")["token"]
    answer = requests.get(
        f"{sandbox_digitalocean.url}/v2/droplets/{made[0].id}", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    droplet = answer.json()["droplet"]
    assert droplet["name"] == "etl-spark-1-worker-1"
    assert set(droplet["tags"]) == {
        "clouddesk-installation:inst-do",
        f"clouddesk-reservation:{RESERVATION}",
        "clouddesk-owner:T1:U1",
        "clouddesk-node:worker-1",
        "clouddesk-role:worker",
        f"clouddesk-firewall:inst-do:{RESERVATION}:fra1:T1_2fU1",
    }


def test_fifty_droplets_are_made_and_listed_over_pages(provider: LibcloudProvider) -> None:
    made = provider.create_nodes(order(nodes=tuple(NodePlan(f"node-{number}") for number in range(1, 51))))
    assert len({node.id for node in made}) == 50
    listed = provider.get_nodes(RESERVATION, "fra1")
    assert [node.key for node in listed] == [f"node-{number}" for number in range(1, 51)]


def test_there_is_no_arm_and_no_amazon_linux(provider: LibcloudProvider) -> None:
    with pytest.raises(Invalid, match="arm64"):
        provider.create_nodes(order(architecture="arm64"))
    with pytest.raises(Invalid, match="There are: "):
        provider.create_nodes(order(os="amazon-linux"))


def test_live_offers_are_compared_with_bundled_ones(provider: LibcloudProvider) -> None:
    catalog = MemoryCatalog(["aws"])
    catalog.replace("digitalocean", provider.list_offers())
    both = catalog.cheapest(Requirements(vcpus=2, memory_gb=4, storage_gb=80, region="frankfurt"), limit=40)
    assert {offer.provider for offer in both} == {"aws", "digitalocean"}
    prices = [offer.machine_hourly_price_usd(80) or 0 for offer in both]
    assert prices == sorted(prices)
    assert all(offer.disk_gb >= 80 for offer in both if offer.provider == "digitalocean")
    gpus = catalog.cheapest(Requirements(gpu_types=("h100",), providers=("digitalocean",)))
    assert gpus
    assert {offer.gpu_type for offer in gpus} == {"h100"}


def test_an_account_is_the_team_and_known_by_its_user_too(provider: LibcloudProvider) -> None:
    account = provider.check_credentials()
    (user,) = account.earlier_ids
    assert user != account.id
