"""How machines are logged in to: by hand, by `clouddesk ssh`, by a piece of ~/.ssh/config."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from clouddesk.commands.ssh import node_of, ssh_command
from clouddesk.model import doors
from clouddesk.model.blueprint import Link
from clouddesk.model.errors import Invalid
from clouddesk.model.node import Node
from clouddesk.model.request import CLUSTER, VM
from clouddesk.model.reservation import Reservation
from tests.builders import a_reservation

FILE = Path("/home/ann/.clouddesk/known_hosts")
KEY = "ssh-ed25519 AAAA1"


def a_node(number: int, *, port: int = 22) -> Node:
    node = Node(f"i-{number}", f"node-{number}", "node", "running", "aws", "r", "s", login="debian", ssh_port=port)
    return replace(node, address=f"198.51.100.{number}", private_address=f"10.0.0.{number}")


def two_notebooks(**changes: object) -> Reservation:
    facts = {
        "name": "lab",
        "kind": VM,
        "nodes": (a_node(1), a_node(2, port=22004)),
        "links": (Link("JupyterLab", "node", 8888),),
        "host_keys": {"node-1": (KEY,)},
    }
    return a_reservation(**{**facts, **changes})


def test_machines_that_have_a_page_each_have_a_tunnel_each_and_a_cluster_has_one():
    assert doors.tunnels(two_notebooks()) == (
        "ssh -N -L 8888:10.0.0.1:8888 debian@198.51.100.1",
        "ssh -N -L 8888:10.0.0.2:8888 debian@198.51.100.2 -p 22004",
    )
    assert len(doors.tunnels(two_notebooks(kind=CLUSTER))) == 1


def test_a_known_key_is_demanded_and_an_unknown_one_is_taken_once():
    item = two_notebooks()
    pinned, first_contact = (ssh_command(item, node, FILE) for node in item.nodes)
    assert "StrictHostKeyChecking=yes" in pinned
    assert "StrictHostKeyChecking=accept-new" in first_contact
    assert {f"UserKnownHostsFile={FILE}", f"HostKeyAlias=clouddesk-{item.id}-node-1"} <= set(pinned)
    assert first_contact[-4:] == ["-p", "22004", "--", "debian@198.51.100.2"]
    assert doors.known_hosts(item) == (f"clouddesk-{item.id}-node-1 {KEY}",)


def test_a_command_and_a_tunnel_go_where_they_are_wanted():
    item = two_notebooks()
    assert ssh_command(item, item.nodes[0], FILE, command=("df", "-h"))[-4:] == [
        *("--", "debian@198.51.100.1", "df", "-h"),
    ]
    tunnel = ssh_command(item, item.nodes[0], FILE, is_tunnel=True)
    assert tunnel[-5:] == ["-L", "8888:10.0.0.1:8888", "-N", "--", "debian@198.51.100.1"]
    both = ssh_command(item, item.nodes[0], FILE, command=("top",), is_tunnel=True)
    assert "-N" not in both
    with pytest.raises(Invalid, match="no page"):
        ssh_command(two_notebooks(links=()), item.nodes[0], FILE, is_tunnel=True)


def test_ssh_itself_reads_the_piece_of_its_configuration(tmp_path: Path) -> None:
    item = two_notebooks()
    path = tmp_path / "config"
    path.write_text(doors.ssh_config(item, known_hosts_file=str(tmp_path / "the hosts")))

    def read(host: str) -> set[str]:
        done = subprocess.run(["ssh", "-F", path, "-G", host], capture_output=True, text=True, check=True)
        return set(done.stdout.splitlines())

    assert {"hostname 198.51.100.1", "user debian", "port 22", "stricthostkeychecking true"} <= read("lab")
    assert read("lab") - {"host lab"} == read("lab-node-1") - {"host lab-node-1"}
    assert {
        "port 22004",
        "stricthostkeychecking accept-new",
        f"hostkeyalias clouddesk-{item.id}-node-2",
        f"userknownhostsfile {tmp_path}/the hosts",
    } <= read("lab-node-2")
    assert any("8888" in line for line in read("lab") if line.startswith("localforward"))


def test_one_machine_alone_goes_by_its_reservations_name():
    assert doors.ssh_config(two_notebooks(nodes=(a_node(1),))).splitlines()[0] == "Host lab"


def test_a_tunnel_goes_to_the_machine_that_has_something_to_open():
    nodes = (replace(a_node(1), role="controller"), a_node(2))
    item = two_notebooks(kind=CLUSTER, nodes=nodes, is_simulated=False)
    assert [node_of(item, None).key, node_of(item, None, has_pages=True).key] == ["node-1", "node-2"]
    assert node_of(item, "node-2").key == "node-2"


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"is_simulated": True}, None, "simulated"),
        ({"nodes": (), "state": "provisioning"}, None, "provisioning"),
        ({"nodes": (replace(a_node(1), address=None),), "state": "stopped"}, None, "stopped"),
        ({}, "worker-7", "There are: node-1, node-2"),
    ],
)
def test_where_nothing_can_be_logged_in_to_it_is_said_why(
    changes: dict[str, object], key: str | None, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        node_of(two_notebooks(**{"is_simulated": False, **changes}), key)
