"""Disks, addresses, keys and firewall groups with a reservation's tags: surveyed, and gone with its teardown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests

from clouddesk.model.node import Belonging, NodeOrder, NodePlan
from clouddesk.providers import LibcloudProvider, ec2_driver, open_provider
from clouddesk.providers.digitalocean_driver import DropletConnection
from tests.contract.conftest import Sandbox
from tests.contract.test_provider_contract import secret, wait_until

INSTALLATION, REGION = "inst-belongings", "eu-north-1"


@pytest.fixture
def aws(sandbox_aws: Sandbox) -> LibcloudProvider:
    fields = secret(sandbox_aws.credentials("local/ann"))
    return open_provider("aws", fields, endpoint=sandbox_aws.url, installation=INSTALLATION)


@pytest.fixture
def ec2(sandbox_aws: Sandbox) -> Any:
    key = sandbox_aws.credentials("local/ann")
    return boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=sandbox_aws.url,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )


@pytest.fixture
def digitalocean(sandbox_digitalocean: Sandbox) -> LibcloudProvider:
    fields = secret(sandbox_digitalocean.credentials("local/ann"))
    return open_provider("digitalocean", fields, endpoint=sandbox_digitalocean.url, installation=INSTALLATION)


@pytest.fixture
def volumes(sandbox_digitalocean: Sandbox) -> Iterator[Volumes]:
    made = Volumes(sandbox_digitalocean)
    yield made
    made.remove_all()


class Volumes:
    """DigitalOcean's volumes, as a person would use them by the API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = f"{sandbox.url}/v2/volumes"
        self._headers = {"Authorization": f"Bearer {sandbox.credentials('local/ann')['token']}"}

    def create(self, name: str, reservation_id: str, installation: str = INSTALLATION) -> str:
        facts = {"installation": installation, "reservation": reservation_id, "owner": "local:ann"}
        tags = [f"clouddesk-{key}:{value}" for key, value in facts.items()]
        order: Any = {"name": name, "region": "fra1", "size_gigabytes": 10, "tags": tags}
        answer = requests.post(self._url, json=order, headers=self._headers, timeout=10)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["volume"]["id"])

    def attach(self, volume: str, droplet: str) -> None:
        body: Any = {"type": "attach", "droplet_id": int(droplet)}
        answer = requests.post(f"{self._url}/{volume}/actions", json=body, headers=self._headers, timeout=10)
        assert answer.status_code == 202, answer.text

    def listed(self) -> set[str]:
        answer = requests.get(f"{self._url}?per_page=200", headers=self._headers, timeout=10)
        return {item["id"] for item in answer.json()["volumes"]}

    def remove_all(self) -> None:
        for id_ in self.listed():
            requests.delete(f"{self._url}/{id_}", headers=self._headers, timeout=10).raise_for_status()


def test_addresses_keys_and_groups_are_given_back_once_their_machines_are_gone(aws: LibcloudProvider, ec2: Any) -> None:
    (node,) = aws.create_nodes(_order("aws", "r-others", "node-1"))
    address, key, group = _address(ec2, "r-others"), _key(ec2, "r-others"), _group(ec2, "r-others")
    wait_until(lambda: aws.get_nodes("r-others", REGION)[0].state == "running")
    ec2.modify_instance_attribute(InstanceId=node.id, Groups=[group])
    ec2.associate_address(InstanceId=node.id, AllocationId=address)

    first = aws.destroy_nodes("r-others", REGION)
    assert not first.is_complete
    assert _existing(ec2) >= {address, key, group}, "nothing is taken from a machine that still exists"
    wait_until(lambda: aws.destroy_nodes("r-others", REGION).is_complete)
    assert not _existing(ec2) & {address, key, group}


def test_what_was_given_back_is_told_as_left_until_a_list_shows_that_it_is_gone(
    aws: LibcloudProvider, ec2: Any
) -> None:
    address = _address(ec2, "r-address")
    assert aws.destroy_nodes("r-address", REGION).others == (address,)
    assert aws.destroy_nodes("r-address", REGION).is_complete
    assert address not in _existing(ec2)


def test_a_group_that_something_else_still_uses_is_tried_until_it_is_free(aws: LibcloudProvider, ec2: Any) -> None:
    (user,) = aws.create_nodes(_order("aws", "r-user", "node-1"))
    group = _group(ec2, "r-used")
    ec2.modify_instance_attribute(InstanceId=user.id, Groups=[group])
    for _ in range(2):
        assert aws.destroy_nodes("r-used", REGION).others == (group,)
    wait_until(lambda: aws.destroy_nodes("r-user", REGION).is_complete)
    wait_until(lambda: aws.destroy_nodes("r-used", REGION).is_complete)
    assert group not in _existing(ec2)


def test_what_another_installation_tagged_with_the_same_reservation_stays(aws: LibcloudProvider, ec2: Any) -> None:
    theirs = _address(ec2, "r-shared", installation="inst-other")
    wait_until(lambda: aws.destroy_nodes("r-shared", REGION).is_complete)
    assert theirs in _existing(ec2)
    assert theirs not in {item.id for item in aws.survey().belongings}
    ec2.release_address(AllocationId=theirs)


def test_a_survey_of_aws_tells_each_kind_and_whose_it_is(aws: LibcloudProvider, ec2: Any) -> None:
    made = {
        "address": _address(ec2, "r-kinds"),
        "key": _key(ec2, "r-kinds"),
        "firewall": _group(ec2, "r-kinds"),
        "disk": _disk(ec2, "r-kinds"),
    }
    found = [item for item in aws.survey().belongings if item.reservation_id == "r-kinds"]
    assert {item.kind: item.id for item in found} == made
    assert {(item.region, item.owner) for item in found} == {(REGION, "local/ann")}
    wait_until(lambda: aws.destroy_nodes("r-kinds", REGION).is_complete)
    assert not [item for item in aws.survey().belongings if item.reservation_id == "r-kinds"]


def test_a_region_that_refuses_does_not_hide_the_others(aws: LibcloudProvider, ec2: Any, sandbox_aws: Sandbox) -> None:
    address = _address(ec2, "r-refused")
    sandbox_aws.fault("unauthorized", count=None, match={"operation": "Describe*", "region": "us-west-2"})
    assert address in {item.id for item in aws.survey().belongings}
    sandbox_aws.clear_faults()
    wait_until(lambda: aws.destroy_nodes("r-refused", REGION).is_complete)


def test_a_survey_of_aws_reads_all_pages(aws: LibcloudProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_driver, "_PAGE", "5")
    aws.create_nodes(_order("aws", "r-pages", *(f"node-{number}" for number in range(1, 13))))
    assert len([node for node in aws.survey().nodes if node.reservation_id == "r-pages"]) == 12
    wait_until(lambda: aws.destroy_nodes("r-pages", REGION).is_complete)


def test_lists_of_digitalocean_are_read_to_their_last_page(
    digitalocean: LibcloudProvider, volumes: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DropletConnection, "add_default_params", lambda _, params: {**params, "per_page": 10})
    made = {volumes.create(f"volume-{number}", "r-pages") for number in range(1, 26)}
    digitalocean.create_nodes(_order("digitalocean", "r-pages", *(f"node-{number}" for number in range(1, 13))))
    found = digitalocean.survey()
    assert {item.id for item in found.belongings if item.kind == "disk"} == made
    assert len({node.id for node in found.nodes}) == len(digitalocean.get_nodes("r-pages", "fra1")) == 12
    wait_until(lambda: digitalocean.destroy_nodes("r-pages", "fra1").is_complete)
    assert volumes.listed() == set()


def test_a_volume_is_deleted_once_its_droplet_is_gone(digitalocean: LibcloudProvider, volumes: Volumes) -> None:
    (node,) = digitalocean.create_nodes(_order("digitalocean", "r-volume", "node-1"))
    attached, loose = volumes.create("attached", "r-volume"), volumes.create("loose", "r-volume")
    volumes.attach(attached, node.id)
    assert not digitalocean.destroy_nodes("r-volume", "fra1").is_complete
    assert volumes.listed() == {attached, loose}
    wait_until(lambda: digitalocean.destroy_nodes("r-volume", "fra1").is_complete)
    assert volumes.listed() == set()


def test_volumes_of_others_stay(digitalocean: LibcloudProvider, volumes: Volumes) -> None:
    theirs, later = volumes.create("theirs", "r-mine", "inst-other"), volumes.create("later", "r-later")
    wait_until(lambda: digitalocean.destroy_nodes("r-mine", "fra1").is_complete)
    assert volumes.listed() == {theirs, later}
    assert digitalocean.survey().belongings == (Belonging(later, "disk", "fra1", "r-later", "local/ann"),)


def _order(provider: str, reservation_id: str, *keys: str) -> NodeOrder:
    region, size = {"aws": (REGION, "t3.micro"), "digitalocean": ("fra1", "s-1vcpu-1gb")}[provider]
    return NodeOrder(
        installation=INSTALLATION,
        reservation_id=reservation_id,
        owner="local/ann",
        region=region,
        size=size,
        os="ubuntu-22.04",
        nodes=tuple(NodePlan(key) for key in keys),
        disk_gb=20,
        name="vm-1",
    )


def _tags(kind: str, reservation_id: str, installation: str = INSTALLATION) -> list[dict[str, Any]]:
    facts = {
        "clouddesk-installation": installation,
        "clouddesk-reservation": reservation_id,
        "clouddesk-owner": "local/ann",
    }
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in facts.items()]}]


def _address(ec2: Any, reservation_id: str, installation: str = INSTALLATION) -> str:
    tags = _tags("elastic-ip", reservation_id, installation)
    return str(ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"])


def _key(ec2: Any, reservation_id: str) -> str:
    made = ec2.create_key_pair(KeyName=f"key-of-{reservation_id}", TagSpecifications=_tags("key-pair", reservation_id))
    return str(made["KeyPairId"])


def _group(ec2: Any, reservation_id: str) -> str:
    tags = _tags("security-group", reservation_id)
    made = ec2.create_security_group(GroupName=f"group-of-{reservation_id}", Description="-", TagSpecifications=tags)
    return str(made["GroupId"])


def _disk(ec2: Any, reservation_id: str) -> str:
    tags = _tags("volume", reservation_id)
    return str(ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=5, TagSpecifications=tags)["VolumeId"])


def _existing(ec2: Any) -> set[str]:
    """Addresses, keys and groups, each by its own list and not by tags."""
    return {
        *(item["AllocationId"] for item in ec2.describe_addresses()["Addresses"]),
        *(item["KeyPairId"] for item in ec2.describe_key_pairs()["KeyPairs"]),
        *(item["GroupId"] for item in ec2.describe_security_groups()["SecurityGroups"]),
    }
