"""Docker nodes on a real engine: machines that one gets into, that reach each other, and of which nothing is left."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from docker import APIClient

from clouddesk.model.errors import Invalid, QuotaExceeded, RequestRejected
from clouddesk.model.node import ERROR, RUNNING, STOPPED, Node, NodeImage, NodeOrder
from clouddesk.providers import LibcloudProvider, open_provider
from clouddesk.providers.docker_engine import connect
from tests.contract.conftest import wait_for
from tests.docker_engine import INSTALLATION, Engine, order

_numbers = itertools.count(1)
SSH = ("ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
       "-o", "BatchMode=yes", "-o", "ConnectTimeout=30")  # fmt: skip


@dataclass
class Bench:
    """The provider on the engine, with a reservation of its own and a key pair."""

    engine: Engine
    key: Path
    name: str = field(default_factory=lambda: f"r-{time.time_ns():x}-{next(_numbers)}")

    @property
    def provider(self) -> LibcloudProvider:
        return self.engine.open()

    @property
    def client(self) -> APIClient:
        return connect(self.engine.address)

    @property
    def public_key(self) -> str:
        return self.key.with_suffix(".pub").read_text()

    def make(self, *keys: str) -> list[Node]:
        """All nodes of the reservation, when these run, too."""
        self.provider.create_nodes(order(self.name, *keys, public_keys=(self.public_key,)))
        self.wait_for(RUNNING)
        return self.nodes()

    def wait_for(self, state: str) -> None:
        wait_for(lambda: {node.state for node in self.nodes()} == {state}, within_seconds=60)

    def nodes(self) -> list[Node]:
        return self.provider.get_nodes(self.name, "local")

    def run(self, node: Node, command: str) -> subprocess.CompletedProcess[str]:
        address = ["-i", str(self.key), "-p", str(node.ssh_port), f"{node.login}@{node.address}"]
        return subprocess.run([*SSH, *address, command], capture_output=True, text=True, check=False, timeout=30)

    def says(self, node: Node, command: str) -> str:
        """What the command says on the node, when one gets in."""
        self.wait_for(RUNNING)
        done = self.run(node, command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def archive(self, wanted: NodeOrder) -> NodeImage:
        """The image of its one node, which is ended."""
        self.provider.stop_nodes(self.name, "local")
        self.wait_for(STOPPED)
        (image,) = self.provider.keep_images(wanted)
        self.provider.end_nodes(self.name, "local", [node.id for node in self.nodes()])
        wait_for(lambda: self.nodes() == [], within_seconds=60)
        return image

    def end(self) -> None:
        wait_for(lambda: self.provider.destroy_nodes(self.name, "local").is_complete, within_seconds=60)

    def left(self) -> list[str]:
        """All of the reservation that the engine itself still knows."""
        label = {"label": f"clouddesk-reservation={self.name}"}
        found = [*self.client.containers(all=True, filters=label), *self.client.networks(filters=label)]
        found += self.client.images(all=True, filters=label)
        return [item["Id"] for item in found]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


@pytest.fixture
def bench(docker_engine: Engine, key: Path) -> Iterator[Bench]:
    bench = Bench(docker_engine, key)
    yield bench
    bench.end()


@pytest.fixture(scope="module")
def three(docker_engine: Engine, key: Path) -> Iterator[tuple[Bench, list[Node]]]:
    """Three nodes that several tests look at and none changes."""
    bench = Bench(docker_engine, key)
    yield bench, bench.make("controller", "worker-1", "worker-2")
    bench.end()


Three = tuple[Bench, list[Node]]


def test_the_person_logs_in_with_the_key_and_may_become_root(three: Three) -> None:
    bench, nodes = three
    assert [(node.key, node.state, node.address, node.login) for node in nodes] == [
        (key, RUNNING, "127.0.0.1", "debian") for key in ("controller", "worker-1", "worker-2")
    ]
    assert len({node.ssh_port for node in nodes}) == 3
    for node in nodes:
        assert bench.says(node, "hostname") == f"{bench.name}-{node.key}"
        assert bench.says(node, "sudo id -un") == "root"
        assert bench.says(node, "python3 -c 'print(6 * 7)'") == "42"


def test_a_key_that_is_not_in_the_order_does_not_get_in(three: Three, tmp_path: Path) -> None:
    bench, nodes = three
    bench.says(nodes[0], "true")
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    assert "Permission denied" in replace(bench, key=other).run(nodes[0], "true").stderr


def test_no_two_nodes_share_their_host_keys(three: Three) -> None:
    bench, nodes = three
    assert len({bench.says(node, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1] for node in nodes}) == 3


def test_nodes_reach_each_other_by_address_and_by_name(three: Three) -> None:
    bench, (controller, *workers) = three
    for worker in workers:
        bench.says(worker, "true")
        assert bench.says(controller, f"getent hosts {worker.key}").split()[0] == worker.private_address
        # sshd is what listens on every node.
        assert "SSH-2.0" in bench.says(controller, f"exec 3<>/dev/tcp/{worker.private_address}/22; head -1 <&3")


def test_a_node_has_the_cores_and_the_memory_of_its_size_and_no_more(three: Three) -> None:
    bench, nodes = three
    limits = bench.client.inspect_container(nodes[0].id)["HostConfig"]
    assert (limits["NanoCpus"], limits["Memory"], limits["MemorySwap"]) == (10**9, 1024**3, 1024**3)
    # What takes more than it has is ended, and the machine around it goes on.
    assert bench.run(nodes[0], "python3 -c 'b\"x\" * (2 * 1024 ** 3)'").returncode != 0
    assert bench.says(nodes[0], "true") == ""


def test_nothing_of_a_node_is_open_but_ssh_on_loopback(three: Three) -> None:
    bench, nodes = three
    for node in nodes:
        ports = bench.client.inspect_container(node.id)["NetworkSettings"]["Ports"]
        assert ports == {"22/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(node.ssh_port)}]}


def test_nodes_of_another_reservation_are_out_of_reach(three: Three, bench: Bench) -> None:
    _, nodes = three
    (stranger,) = bench.make("node-1")
    knock = "timeout 5 bash -c '</dev/tcp/{}/22' && echo in || echo out"
    addresses = (stranger.private_address, nodes[0].private_address)
    assert [bench.says(stranger, knock.format(address)) for address in addresses] == ["in", "out"]


def test_a_second_order_makes_what_is_missing_and_two_at_once_make_no_doubles(bench: Bench) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: bench.make("node-1", "node-2"), range(2)))
    first = bench.nodes()
    assert [node.key for node in first] == ["node-1", "node-2"]
    whole = bench.make("node-1", "node-2", "node-3")
    assert [node.id for node in whole[:2]] == [node.id for node in first]
    assert len(bench.left()) == 3 + 1, "three nodes and their network"


def test_a_container_that_was_made_and_never_started_is_made_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make("node-1")
    (before,) = bench.client.containers(all=True, filters={"label": f"clouddesk-reservation={bench.name}"})
    _leave_unstarted(bench, before)
    assert bench.nodes() == []
    monkeypatch.setattr("clouddesk.providers.docker._MADE_WITHIN_SECONDS", -1)
    (made,) = bench.make("node-1")
    assert made.state == RUNNING
    assert len(bench.left()) == 1 + 1


def test_a_container_that_was_never_started_is_cleared_with_the_rest(bench: Bench) -> None:
    bench.make("node-1")
    (before,) = bench.client.containers(all=True, filters={"label": f"clouddesk-reservation={bench.name}"})
    _leave_unstarted(bench, before)
    bench.end()
    assert bench.left() == []


def test_a_node_keeps_its_disk_its_addresses_and_its_port_while_it_is_off(bench: Bench) -> None:
    bench.make("node-1", "node-2")
    before = bench.nodes()
    bench.says(before[0], "echo kept >note; sync")
    for _ in range(2):
        bench.provider.stop_nodes(bench.name, "local")
    assert {node.state for node in bench.nodes()} == {STOPPED}
    # The other way round, so that addresses given by the order of starting would be swapped.
    bench.client.start(before[1].id)
    for _ in range(2):
        bench.provider.start_nodes(bench.name, "local")
    bench.wait_for(RUNNING)
    assert bench.nodes() == before
    assert bench.says(before[0], "cat note") == "kept"
    assert bench.says(before[0], "getent hosts node-2").split()[0] == before[1].private_address


def test_what_is_on_a_nodes_disk_survives_the_node_in_its_image_again_and_again(bench: Bench) -> None:
    wanted = order(bench.name, "node-1", public_keys=(bench.public_key,))
    (first,) = bench.make("node-1")
    keys = bench.says(first, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    bench.says(first, "echo one >note; sudo sh -c 'echo deep >/srv/note; echo passing >/run/note'")
    written = {"note": "one"}
    node, older = first, ""
    for again in ("two", "three"):
        image = bench.archive(wanted)
        assert (image.node_id, image.key) == (node.id, "node-1")
        assert image.id != older
        (node,) = bench.provider.create_nodes(replace(wanted, nodes=(replace(wanted.nodes[0], image=image.id),)))
        assert node.id != first.id
        bench.says(node, "true")
        assert {name: bench.says(node, f"cat {name}") for name in written} == written
        assert bench.says(node, "cat /srv/note; cat /etc/ssh/ssh_host_ed25519_key.pub") == f"deep\n{keys}"
        assert bench.run(node, "test -e /run/note").returncode == 1, "memory is no disk"
        assert bench.provider.delete_images(bench.name, "local") == ()
        assert bench.provider.get_images(bench.name, "local") == []
        bench.says(node, f"echo {again} >note-{again}; sync")
        written[f"note-{again}"], older = again, image.id
    bench.end()
    assert bench.left() == []


def test_a_node_comes_back_from_a_reboot_whoever_asks_for_it(bench: Bench) -> None:
    (node,) = bench.make("node-1")

    def started() -> str:
        return str(bench.client.inspect_container(node.id)["State"]["StartedAt"])

    bench.says(node, "true")
    first = started()
    bench.provider.reboot_nodes(bench.name, "local")
    second = started()
    assert second != first
    bench.says(node, "sudo systemctl reboot || true")
    wait_for(lambda: started() != second, within_seconds=30)
    bench.says(node, "true")
    assert [found.state for found in bench.nodes()] == [RUNNING]


def test_a_node_whose_init_fails_is_told_as_broken(bench: Bench) -> None:
    (node,) = bench.make("node-1")
    bench.client.update_container(node.id, restart_policy={"Name": "no"})
    bench.says(node, "sudo systemctl exit 3 || true")
    bench.wait_for(ERROR)


def test_user_data_is_carried_out_by_cloud_init(bench: Bench) -> None:
    user_data = "#cloud-config\nwrite_files:\n- {path: /srv/told, content: yes-indeed}\n"
    wanted = replace(order(bench.name, "node-1", public_keys=(bench.public_key,)), user_data=user_data)
    (node,) = bench.provider.create_nodes(wanted)
    wait_for(lambda: bench.run(node, "cat /srv/told").stdout == "yes-indeed", within_seconds=90)


def test_nothing_is_left_when_nodes_are_ended_and_ending_again_is_no_error(bench: Bench) -> None:
    bench.make("node-1", "node-2")
    found = bench.provider.survey()
    mine = [item for item in (*found.nodes, *found.belongings) if item.reservation_id == bench.name]
    assert len(mine) == 2 + 1
    assert {item.owner for item in mine} == {"local/ann"}
    bench.end()
    bench.end()
    assert bench.left() == []


def test_another_installations_nodes_and_other_containers_are_neither_seen_nor_touched(bench: Bench) -> None:
    foreign = bench.engine.open("inst-other")
    wanted = replace(order(bench.name, "node-1"), installation="inst-other")
    try:
        (theirs,) = foreign.create_nodes(wanted)
        (mine,) = bench.make("node-1")
        assert mine.id != theirs.id
        assert [node.id for node in bench.nodes()] == [mine.id]
        bench.end()
        assert [node.id for node in foreign.get_nodes(bench.name, "local")] == [theirs.id]
        assert bench.name not in {node.reservation_id for node in bench.provider.survey().nodes}
    finally:
        wait_for(lambda: foreign.destroy_nodes(bench.name, "local").is_complete, within_seconds=60)


def test_more_memory_than_the_machine_has_is_a_quota(bench: Bench) -> None:
    largest = max(bench.provider.list_offers(), key=lambda offer: offer.memory_gb)
    keys = [f"node-{number}" for number in range(1, 4)]
    with pytest.raises(QuotaExceeded, match="GB memory used by nodes"):
        bench.provider.create_nodes(order(bench.name, *keys, size=largest.size))
    assert bench.left() == []


def test_a_size_that_there_is_not_is_refused(bench: Bench) -> None:
    for size in ("t3.micro", "cpu-gb", "01cpu-1gb"):
        with pytest.raises(RequestRejected):
            bench.provider.create_nodes(order(bench.name, "node-1", size=size))


def test_what_is_offered_fits_the_machine_and_costs_nothing(docker_engine: Engine) -> None:
    facts = connect(docker_engine.address).info()
    offers = docker_engine.open().list_offers()
    assert offers
    assert all(offer.hourly_price_usd == 0.0 and offer.region == "local" for offer in offers)
    assert max(offer.vcpus for offer in offers) <= facts["NCPU"]
    assert max(offer.memory_gb for offer in offers) <= facts["MemTotal"] / 1024**3 + 1


def test_the_engine_itself_is_the_account(docker_engine: Engine) -> None:
    account = docker_engine.open().check_credentials()
    assert account.id == connect(docker_engine.address).info()["ID"]


def test_without_an_engine_nothing_is_opened() -> None:
    with pytest.raises(Invalid, match="No Docker engine"):
        open_provider("docker", {}, endpoint=None, installation=INSTALLATION)


def _leave_unstarted(bench: Bench, container: dict[str, object]) -> None:
    """What is left when somebody is cut off between making a container and starting it."""
    name = str(container["Names"][0])[1:]  # type: ignore[index]
    labels = dict(container["Labels"])  # type: ignore[call-overload]
    bench.client.remove_container(container["Id"], force=True)
    bench.client.create_container(bench.engine.image, name=name, labels=labels)
