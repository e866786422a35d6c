"""What is Google Cloud's own: zones inside a region, operations that fail later, firewalls by tag, tokens for a key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clouddesk.model.errors import CredentialsRejected, Invalid, NoCapacity, QuotaExceeded, RequestRejected
from clouddesk.model.node import GONE, RUNNING, STOPPED, STOPPING, NodeOrder, NodePlan, Opening
from clouddesk.providers import LibcloudProvider, gcp_driver, gcp_key, open_provider, tokens
from clouddesk.providers.cloud import Endpoint
from clouddesk.providers.transport import unlimited
from tests.contract.conftest import Sandbox
from tests.contract.gcp_api import Api, api, key_of_nobody
from tests.contract.test_provider_contract import secret, wait_until

__all__ = ["api"]

RESERVATION = "r-0e0e0e0e"
REGION = "europe-west3"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1v2d9Dk4P0sC1o8bUq9uY7m3d0lZp1yM4h5r6t7u8v ann@desk"


def opened(sandbox: Sandbox, **changed: str) -> LibcloudProvider:
    fields = {**sandbox.credentials("local/ann"), **changed}
    return open_provider("gcp", secret(fields), endpoint=sandbox.url, installation="inst-gcp")


@pytest.fixture
def provider(sandbox_gcp: Sandbox) -> Iterator[LibcloudProvider]:
    provider = opened(sandbox_gcp)
    yield provider
    sandbox_gcp.clear_faults()
    for region in (REGION, "europe-west4"):
        wait_until(lambda region=region: provider.destroy_nodes(RESERVATION, region).is_complete)  # type: ignore[misc]


def order(**changed: object) -> NodeOrder:
    facts: dict[str, object] = {
        "installation": "inst-gcp",
        "reservation_id": RESERVATION,
        "owner": "T1/U1",
        "region": REGION,
        "size": "e2-small",
        "os": "ubuntu",
        "nodes": (NodePlan("worker-1", "worker"),),
        "disk_gb": 25,
        "name": "etl spark_1",
    }
    return NodeOrder(**{**facts, **changed})  # type: ignore[arg-type]


def plans(count: int) -> tuple[NodePlan, ...]:
    return tuple(NodePlan(f"node-{number}") for number in range(1, count + 1))


def instance(api: Api, id_: str) -> Any:
    zone, _, number = id_.partition("/")
    return api.get(f"/zones/{zone}/instances/{number}")


def rules(api: Api) -> dict[str, Any]:
    """The reservation's, by the end of their names."""
    found = api.get("/global/firewalls", filter="name eq clouddesk-.*").get("items", [])
    return {item["name"].split("-", 4)[4]: item for item in found if RESERVATION in item["description"]}


def test_a_machine_carries_its_labels_keys_and_disk(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order(public_keys=(KEY,), user_data="#cloud-config\n", disk_gb=30))
    found = instance(api, made[0].id)
    assert found["name"].startswith("etl-spark-1-worker-1-")
    assert found["labels"] == {
        "clouddesk-installation": "inst-gcp",
        "clouddesk-reservation": RESERVATION,
        "clouddesk-owner": "_-t1_2fu1",
        "clouddesk-node": "worker-1",
        "clouddesk-role": "worker",
        "clouddesk-os": "ubuntu-22_2e04",
    }
    metadata = {item["key"]: item["value"] for item in found["metadata"]["items"]}
    assert metadata["ssh-keys"] == f"ubuntu:{KEY}"
    assert metadata["user-data"] == "#cloud-config\n"
    disk = api.get(f"/zones/europe-west3-a/disks/{found['name']}")
    assert (disk["sizeGb"], disk["type"].rpartition("/")[2]) == ("30", "pd-balanced")
    assert disk["labels"] == found["labels"]
    listed = provider.get_nodes(RESERVATION, REGION)
    assert (listed[0].owner, listed[0].login) == ("T1/U1", "ubuntu")
    assert (made[0].id, made[0].login) == (listed[0].id, "ubuntu")


def test_whatever_people_are_called_is_read_back(provider: LibcloudProvider) -> None:
    owner = 'Zoë "O\'Neil"/日本語-' + "x" * 90
    provider.create_nodes(order(owner=owner, name="ü; drop table", nodes=(NodePlan("A b/c", "r_1"),)))
    found = provider.get_nodes(RESERVATION, REGION)
    assert [(node.owner, node.key, node.role) for node in found] == [(owner, "A b/c", "r_1")]
    survey = provider.survey()
    assert {item.owner for item in survey.belongings if item.reservation_id == RESERVATION} == {owner}


def test_only_what_is_opened_gets_in_and_machines_reach_each_other(provider: LibcloudProvider, api: Api) -> None:
    openings = (Opening(22, 22), Opening(8080, 8090), Opening(7077, 7077, "10.1.0.0/16"))
    made = provider.create_nodes(order(openings=openings))
    found = rules(api)
    tag = instance(api, made[0].id)["tags"]["items"]
    assert all(rule["targetTags"] == tag for rule in found.values())
    assert found["deny"]["denied"] == [{"IPProtocol": "all"}]
    assert found["own"]["sourceTags"] == tag
    assert found["own"]["allowed"] == [{"IPProtocol": "all"}]
    assert {rule["sourceRanges"][0]: rule["allowed"] for name, rule in found.items() if name.startswith("in-")} == {
        "0.0.0.0/0": [{"IPProtocol": "tcp", "ports": ["22", "8080-8090"]}],
        "10.1.0.0/16": [{"IPProtocol": "tcp", "ports": ["7077"]}],
    }
    # The network's own rules, which let in SSH from everywhere, come last.
    assert found["own"]["priority"] < found["deny"]["priority"] < 65_534


def test_a_firewall_is_made_once_mended_and_cleared(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    first = {name: rule["id"] for name, rule in rules(api).items()}
    provider.create_nodes(order(nodes=plans(2)))
    assert {name: rule["id"] for name, rule in rules(api).items()} == first
    assert set(first) == {"deny", "own", "in-0"}
    provider.create_nodes(order(nodes=plans(3), openings=(Opening(22, 22, "10.0.0.0/8"), Opening(80, 80))))
    assert {name: rule["sourceRanges"] for name, rule in rules(api).items() if name.startswith("in-")} == {
        "in-0": ["0.0.0.0/0"],
        "in-1": ["10.0.0.0/8"],
    }
    assert rules(api)["in-0"]["allowed"] == [{"IPProtocol": "tcp", "ports": ["80"]}]
    kinds = {(item.kind, item.region) for item in provider.survey().belongings if item.reservation_id == RESERVATION}
    assert kinds == {("disk", REGION), ("firewall", REGION)}
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert rules(api) == {}


def test_a_firewall_in_another_region_outlives_the_first_ones(provider: LibcloudProvider, api: Api) -> None:
    provider.create_nodes(order())
    provider.create_nodes(order(region="europe-west4"))
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert set(rules(api)) == {"deny", "own", "in-0"}
    assert len(provider.get_nodes(RESERVATION, "europe-west4")) == 1


def test_a_zone_without_room_is_passed_over_for_the_regions_next(
    provider: LibcloudProvider, sandbox_gcp: Sandbox
) -> None:
    sandbox_gcp.fault("no_capacity", match={"operation": "create"}, count=2)
    made = provider.create_nodes(order(nodes=plans(3)))
    zones = sorted(node.id.partition("/")[0] for node in made)
    assert zones == ["europe-west3-a", "europe-west3-b", "europe-west3-b"]
    assert [node.key for node in provider.get_nodes(RESERVATION, REGION)] == ["node-1", "node-2", "node-3"]


def test_a_region_without_room_is_told_after_its_last_zone(provider: LibcloudProvider, sandbox_gcp: Sandbox) -> None:
    sandbox_gcp.fault("no_capacity", count=3)
    with pytest.raises(NoCapacity, match="ZONE_RESOURCE_POOL_EXHAUSTED"):
        provider.create_nodes(order())
    assert len(provider.create_nodes(order())) == 1


def test_a_machine_that_no_list_shows_yet_is_found_by_its_name(
    provider: LibcloudProvider, sandbox_gcp: Sandbox
) -> None:
    sandbox_gcp.fault("late_listing", seconds=60.0)
    made = provider.create_nodes(order())
    assert provider.get_nodes(RESERVATION, REGION) == []
    again = provider.create_nodes(order())
    assert [(node.id, node.key, node.owner) for node in again] == [(made[0].id, "worker-1", "T1/U1")]
    Api(sandbox_gcp).mine("DELETE", f"/zones/{made[0].id.replace('/', '/instances/')}")


def test_a_machine_that_was_stopped_may_find_no_room(provider: LibcloudProvider, sandbox_gcp: Sandbox) -> None:
    provider.create_nodes(order())

    def states() -> set[str]:
        return {node.state for node in provider.get_nodes(RESERVATION, REGION)}

    wait_until(lambda: states() == {RUNNING})
    provider.stop_nodes(RESERVATION, REGION)
    wait_until(lambda: states() == {STOPPED})
    sandbox_gcp.fault("no_capacity", match={"operation": "start"})
    with pytest.raises(NoCapacity):
        provider.start_nodes(RESERVATION, REGION)
    assert states() == {STOPPED}


def test_an_operation_that_takes_too_long_is_left_to_the_lists(
    api: Api, sandbox_gcp: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcp_driver, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(gcp_driver, "_SETTLED_WITHIN_SECONDS", 0.4)
    account = gcp_key.ServiceAccount.parse(json.dumps(api.key), is_simulated=True)
    driver = gcp_driver.ComputeDriver(account, endpoint=Endpoint.parse(sandbox_gcp.url), pause=unlimited)
    sandbox_gcp.fault("slow", seconds=0.5, count=None, match={"operation": "*Operations.wait"})
    driver.settle(api.insert("slow").json())


def test_a_size_that_the_region_does_not_sell_is_missing_capacity_and_one_that_is_none_is_refused(
    provider: LibcloudProvider,
) -> None:
    with pytest.raises(NoCapacity):
        provider.create_nodes(order(size="a2-highgpu-1g"))
    with pytest.raises(RequestRejected):
        provider.create_nodes(order(size="e2-gigantic"))


def test_fifty_machines_are_made_and_listed_over_pages(
    provider: LibcloudProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcp_driver, "_PAGE", "20")
    made = provider.create_nodes(order(nodes=plans(50)))
    assert len({node.id for node in made}) == 50
    listed = provider.get_nodes(RESERVATION, REGION)
    assert [node.key for node in listed] == [f"node-{number}" for number in range(1, 51)]


def test_machines_on_their_way_out_are_told_from_those_that_are_stopped(provider: LibcloudProvider) -> None:
    provider.create_nodes(order(nodes=plans(2)))

    def states() -> dict[str, str]:
        return {node.key: node.state for node in provider.get_nodes(RESERVATION, REGION)}

    wait_until(lambda: set(states().values()) == {RUNNING})
    first = provider.get_nodes(RESERVATION, REGION)[0]
    provider.end_nodes(RESERVATION, REGION, [first.id])
    provider.stop_nodes(RESERVATION, REGION)
    assert states() == {"node-2": STOPPING}
    wait_until(lambda: states() == {"node-2": STOPPED})
    assert GONE not in states().values()


@pytest.mark.parametrize(
    ("size", "region", "wanted"),
    [
        ("g2-standard-4", "europe-west4", []),
        ("n1-standard-4+2xnvidia-tesla-t4", REGION, [{"acceleratorCount": 2}]),
    ],
)
def test_gpus_come_with_the_type_or_beside_it(
    provider: LibcloudProvider, api: Api, size: str, region: str, wanted: list[dict[str, int]]
) -> None:
    made = provider.create_nodes(order(size=size, region=region))
    found = instance(api, made[0].id)
    assert [{"acceleratorCount": one["acceleratorCount"]} for one in found.get("guestAccelerators", [])] == wanted
    assert found["scheduling"]["onHostMaintenance"] == "TERMINATE"
    assert provider.get_nodes(RESERVATION, region)[0].size == size


def test_a_size_with_gpus_goes_where_they_are(provider: LibcloudProvider) -> None:
    made = provider.create_nodes(order(size="n1-standard-4+1xnvidia-tesla-t4"))
    assert made[0].id.startswith("europe-west3-b/"), "no other zone of the region has them"


def test_spot_machines_and_arm_machines_are_had(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order(spot=True))
    assert instance(api, made[0].id)["scheduling"]["provisioningModel"] == "SPOT"
    arm = provider.create_nodes(
        order(size="c4a-standard-1", architecture="arm64", os="rocky", nodes=(NodePlan("arm-1"),))
    )
    assert provider.get_nodes(RESERVATION, REGION)[0].login == "rocky"
    assert arm[0].size == "c4a-standard-1"
    with pytest.raises(Invalid, match="arm64"):
        provider.create_nodes(order(size="c4a-standard-1", architecture="arm64", os="almalinux-8"))


def test_a_quota_that_would_be_passed_is_told_before_anything_is_made(
    provider: LibcloudProvider, sandbox_gcp: Sandbox
) -> None:
    sandbox_gcp.fault("server_error", match={"operation": "instances.insert"}, count=None)
    with pytest.raises(QuotaExceeded, match="CPUS: 0 of 2400 used, 2496 more asked"):
        provider.create_nodes(order(size="n1-standard-96", nodes=plans(26)))


def test_a_disk_that_was_left_over_is_cleared(provider: LibcloudProvider, api: Api) -> None:
    made = provider.create_nodes(order())
    labels = instance(api, made[0].id)["labels"]
    api.done(api.mine("POST", "/zones/europe-west3-c/disks", {"name": "data-1", "sizeGb": "10", "labels": labels}))
    wait_until(lambda: provider.destroy_nodes(RESERVATION, REGION).is_complete)
    assert api.mine("GET", "/zones/europe-west3-c/disks/data-1").status_code == 404


def test_a_token_is_exchanged_once_for_many_jobs_and_kept_in_memory_only(
    sandbox_gcp: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tokens, "_KEPT", tokens._Kept())
    assert opened(sandbox_gcp).check_credentials().id == "clouddesk-sandbox"
    sandbox_gcp.fault("down", match={"operation": "token"}, count=None)
    opened(sandbox_gcp).check_credentials()
    assert os.listdir(tmp_path) == []


def test_a_token_that_google_took_back_is_exchanged_for_a_new_one(
    sandbox_gcp: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "YOUNG_SECONDS", 0)
    opened(sandbox_gcp).check_credentials()
    sandbox_gcp.fault("unauthorized", count=1)
    opened(sandbox_gcp).check_credentials()
    sandbox_gcp.fault("unauthorized", count=None)
    with pytest.raises(CredentialsRejected):
        opened(sandbox_gcp).check_credentials()


@pytest.mark.parametrize("change", ["other key", "other project", "no such account"])
def test_keys_that_are_not_good_are_rejected(sandbox_gcp: Sandbox, change: str) -> None:
    own = json.loads(sandbox_gcp.credentials("local/ann")["service_account_key"])
    text = {
        "other key": json.dumps({**own, "private_key": json.loads(key_of_nobody())["private_key"]}),
        "other project": json.dumps({**own, "project_id": "somebody-elses"}),
        "no such account": key_of_nobody(),
    }[change]
    with pytest.raises(CredentialsRejected):
        opened(sandbox_gcp, service_account_key=text).check_credentials()


def test_the_account_is_the_project_and_its_label_the_service_accounts_address(sandbox_gcp: Sandbox) -> None:
    account = opened(sandbox_gcp).check_credentials()
    assert account.id == "clouddesk-sandbox"
    assert account.label.endswith(f"@{account.id}.iam.gserviceaccount.com")
