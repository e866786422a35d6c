"""How a cluster's software is reached, with and without what gets in."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.model import doors
from clouddesk.model.blueprint import Client, Link
from clouddesk.model.node import Node
from clouddesk.model.reservation import Reservation
from tests.builders import a_reservation

LINKS = (
    Link("JupyterLab", "controller", 8888, "/lab?token={notebook_token}"),
    Link("Dashboard", "controller", 8080),
    Link("Worker's page", "worker", 8081, "/status"),
)
SECRETS = {"notebook_token": "made-up-token", "password": "made-up-password"}


def a_node(key: str, role: str, number: int, **facts: Any) -> Node:
    node = Node(
        f"i-{key}", key, role, "running", "aws", "eu-central-1", "small", f"192.0.2.{number}", f"10.0.0.{number}"
    )
    return Node(**{**vars(node), **facts})


def a_cluster(**changes: object) -> Reservation:
    nodes = (
        a_node("controller", "controller", 1, login="ubuntu"),
        a_node("worker-1", "worker", 2, login="debian", ssh_port=22004),
        a_node("worker-2", "worker", 3),
    )
    return a_reservation(**{"nodes": nodes, "links": LINKS, **changes})


def test_one_tunnel_for_each_machine_that_has_something_to_open():
    assert doors.tunnels(a_cluster()) == (
        "ssh -N -L 8888:10.0.0.1:8888 -L 8080:10.0.0.1:8080 ubuntu@192.0.2.1",
        "ssh -N -L 8081:10.0.0.2:8081 debian@192.0.2.2 -p 22004",
    )


def test_no_tunnel_to_a_machine_without_an_address():
    node = a_node("controller", "controller", 1, address=None)
    assert doors.tunnels(a_cluster(nodes=(node,))) == ()


def test_a_machine_that_has_no_private_address_is_its_own_end_of_the_tunnel():
    node = a_node("controller", "controller", 1, private_address=None)
    assert "-L 8888:127.0.0.1:8888" in doors.tunnels(a_cluster(nodes=(node,)))[0]


def test_links_hold_no_secret_unless_it_is_given():
    assert doors.links(a_cluster()) == (
        "JupyterLab: http://127.0.0.1:8888/lab",
        "Dashboard: http://127.0.0.1:8080/",
        "Worker's page: http://127.0.0.1:8081/status",
    )
    assert doors.links(a_cluster(), SECRETS)[0] == "JupyterLab: http://127.0.0.1:8888/lab?token=made-up-token"
    assert doors.links(a_cluster(), {})[0].endswith("/lab?token={notebook_token}"), "the name stands for it"


@pytest.mark.parametrize(("path", "shown"), [("/of/{password}/page", "/of"), ("/?a=1&b={password}", "/?a=1")])
def test_a_secret_inside_an_address_leaves_what_is_before_it(path: str, shown: str):
    item = a_cluster(links=(Link("Page", "controller", 8080, path),))
    assert doors.links(item) == (f"Page: http://127.0.0.1:8080{shown}",)


def test_examples_name_the_first_machine_of_a_part_and_keep_the_names_of_secrets():
    clients = (Client("From a machine", "redis-cli -h {worker} -a {password}"),)
    item = a_cluster(clients=clients)
    assert doors.clients(item) == ("From a machine:\n```\nredis-cli -h 10.0.0.2 -a {password}\n```",)
    assert "-a made-up-password" in doors.clients(item, SECRETS)[0]
