"""Docker nodes without an engine: what its words mean, and how things are named."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from itertools import islice

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.providers import get_driver

from clouddesk.model.errors import NoCapacity, ProviderDown, ProviderError, QuotaExceeded, RequestRejected
from clouddesk.model.node import ERROR, GONE, PENDING, RUNNING, STOPPED, NodeOrder, NodePlan
from clouddesk.providers import PROVIDERS, docker, docker_network
from clouddesk.providers.cloud import Image
from clouddesk.providers.docker_driver import DockerDriver
from clouddesk.providers.docker_image import NodeImage
from clouddesk.providers.faults import translate

ORDER = NodeOrder(
    installation="inst-1",
    reservation_id="r-1",
    owner="local/ann",
    region="local",
    size="2cpu-2gb",
    os="debian-12",
    nodes=(NodePlan("worker-1"),),
    disk_gb=20,
    name="spark",
    public_keys=("ssh-ed25519 AAAA ann\n",),
)


@pytest.mark.parametrize(
    ("state", "status", "means"),
    [
        ("running", "Up 2 minutes", RUNNING),
        ("exited", "Exited (0) 3 seconds ago", STOPPED),
        ("exited", "Exited (137) 2 days ago", STOPPED),
        ("exited", "Exited (255) 3 seconds ago", ERROR),
        ("restarting", "Restarting (133) 1 second ago", PENDING),
        ("restarting", "Restarting (255) 1 second ago", ERROR),
        ("created", "Created", PENDING),
        ("removing", "Removal In Progress", GONE),
        ("dead", "Dead", ERROR),
        ("paused", "Up 2 minutes (Paused)", ERROR),
    ],
)
def test_an_engines_words_for_a_container_mean_a_nodes_state(state: str, status: str, means: str) -> None:
    assert docker._state(state, status, 1) == means


def test_a_node_that_lets_nobody_in_yet_is_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    for lets_in, means in ((False, PENDING), (True, RUNNING)):
        monkeypatch.setattr(docker, "_lets_in", lambda _port, lets_in=lets_in: lets_in)
        assert docker._state("running", "Up Less than a second", 22001) == means
        assert docker._state("running", "Up 12 seconds", 22001) == means
        assert docker._state("running", "Up About a minute", 22001) == RUNNING


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (500, "Bind for 127.0.0.1:22001 failed: port is already allocated", ProviderDown),
        (403, "Pool overlaps with other one on this address space", ProviderDown),
        (404, "could not find an available, non-overlapping IPv4 address pool among the defaults", QuotaExceeded),
        (500, "mkdir /var/lib/docker/overlay2: no space left on device", NoCapacity),
        (503, "spark-worker-1 is being made.", ProviderDown),
        (400, "Range of CPUs is from 0.01 to 2.00", RequestRejected),
        (400, "debian:bookworm could not be fetched", RequestRejected),
    ],
)
def test_an_engines_refusals_are_told_apart(status: int, words: str, error: type[ProviderError]) -> None:
    assert type(translate("docker", BaseHTTPError(status, words))) is error


def test_a_node_is_named_the_same_for_the_same_order_and_never_as_another() -> None:
    (plan,) = ORDER.nodes
    name = docker._container_name(ORDER, plan)
    assert name.startswith("spark-worker-1-")
    assert name == docker._container_name(replace(ORDER, public_keys=()), plan)
    others = [replace(ORDER, reservation_id="r-2"), replace(ORDER, installation="inst-2")]
    assert len({name, *(docker._container_name(other, plan) for other in others)}) == 3
    assert docker._container_name(replace(ORDER, name="§!"), NodePlan("ä/../b"))[0].isalnum()


def test_a_node_gets_the_orders_keys_and_user_data_only_when_there_is_some() -> None:
    keys = "/home/debian/.ssh/authorized_keys"
    assert docker._files(ORDER, "debian") == {keys: ("ssh-ed25519 AAAA ann\n", 0o600, 1000)}
    more = docker._files(replace(ORDER, user_data="#cloud-config\n"), "debian")
    assert {path.rpartition("/")[2] for path in more} == {"authorized_keys", "user-data", "meta-data"}


def test_addresses_leave_out_the_gateway_and_those_that_nodes_have() -> None:
    subnet = IPv4Network("172.20.0.0/16")
    assert list(islice(docker_network.free_addresses(subnet, ["172.20.0.3"]), 2)) == ["172.20.0.2", "172.20.0.4"]


def test_the_driver_is_registered_with_libcloud() -> None:
    assert get_driver("docker") is DockerDriver


def test_another_recipe_is_another_image() -> None:
    images = PROVIDERS["docker"].images
    tags = {NodeImage(system, query).tag for system, query in images.items()}
    assert len(tags) == len(images)
    assert NodeImage("debian-12", images["debian-12"]).tag != NodeImage("debian-12", images["debian-13"]).tag


def test_a_network_with_too_few_addresses_is_a_limit_and_leaves_no_node_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = docker.DockerCloud({}, endpoint="unix:///nowhere", installation="inst-1", pause=lambda _: None)
    network = docker_network.Network("n-1", IPv4Network("172.30.0.0/30"))
    monkeypatch.setattr(docker_network, "ensure", lambda *_: network)
    monkeypatch.setattr(docker, "_is_free", lambda _: True)
    monkeypatch.setattr(docker.DockerCloud, "_driver", lambda _: EmptyEngine())
    order = replace(ORDER, nodes=tuple(NodePlan(f"worker-{number}") for number in range(1, 5)))
    with pytest.raises(QuotaExceeded):
        cloud.launch(order, list(order.nodes), Image("image", "debian-12"))


class EmptyEngine:
    """Makes nothing."""

    connection = None

    def list_nodes(self) -> list[object]:
        return []
