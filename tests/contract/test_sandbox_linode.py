"""The simulated Linode: its answers as they are published, its refusals, and what survives a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from libcloud.compute.base import NodeImage
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from tests.contract import schemas
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.rest_api import PUBLIC_KEY, Api

ANSWERS, REQUESTS = schemas.load("linode")
ORDER = {
    "region": "eu-central",
    "type": "g6-nanode-1",
    "image": "linode/debian12",
    "root_pass": "a-long-Password-1",
    "tags": ["team:data"],
}


@pytest.fixture
def linode(servers: Callable[[str], Sandbox]) -> Sandbox:
    return servers("linode")


@pytest.fixture
def api(linode: Sandbox) -> Iterator[Api]:
    api = Api(linode, "/v4")
    yield api
    linode.clear_faults()
    for path in ("/linode/instances", "/volumes", "/networking/firewalls", "/vpcs"):
        for item in api.get(path)["data"]:
            api.ask("DELETE", f"{path}/{item['id']}")
        wait_for(lambda path=path: not api.get(path)["data"])  # type: ignore[misc]


def make(api: Api, label: str = "one", **order: object) -> Any:
    return api.post("/linode/instances", {**ORDER, "label": label, **order})


def status(api: Api, id_: int) -> str:
    return str(api.get(f"/linode/instances/{id_}")["status"])


@pytest.mark.parametrize("operation", ANSWERS)
def test_answers_are_as_linode_publishes_them(api: Api, operation: str) -> None:
    rules = {"inbound": [], "outbound": [], "inbound_policy": "DROP", "outbound_policy": "ACCEPT"}
    firewall = api.post("/networking/firewalls", {"label": "wall", "rules": rules})
    vpc = api.post(
        "/vpcs", {"label": "net", "region": "eu-central", "subnets": [{"label": "s", "ipv4": "10.0.0.0/24"}]}
    )
    interfaces = [{"purpose": "public"}, {"purpose": "vpc", "subnet_id": vpc["subnets"][0]["id"]}]
    make(api, firewall_id=firewall["id"], interfaces=interfaces)
    api.post("/volumes", {"label": "disk", "region": "eu-central", "size": 10})
    answer = api.get(operation.removeprefix("GET /v4"))
    for item in answer.get("data", [answer]):
        assert schemas.differences(item, ANSWERS[operation]) == []


def test_creating_takes_what_linode_publishes(api: Api) -> None:
    known = {path.partition(".")[0] for path in REQUESTS["POST /v4/linode/instances"]}
    assert known >= {*ORDER, "firewall_id", "interfaces", "metadata", "authorized_keys", "interface_generation"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"region": "mars-1"}, "region"),
        ({"type": "g6-giant-1"}, "type"),
        ({"image": "linode/templeos"}, "image"),
        ({"label": "-"}, "label"),
        ({"label": "one two"}, "label"),
        ({"tags": ["no"]}, "tags"),
        ({"tags": ["x" * 51]}, "tags"),
        ({"root_pass": "short"}, "root_pass"),
        ({"authorized_keys": ["not a key"]}, "authorized_keys"),
        ({"metadata": {"user_data": "no base64!"}}, "metadata.user_data"),
        ({"firewall_id": 7}, "firewall_id"),
        ({"interfaces": [{"purpose": "vpc", "subnet_id": 7}]}, "interfaces[0].subnet_id"),
        ({"type": "g2-gpu-rtx4000a1-s"}, "region"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_an_order_that_linode_would_refuse_is_refused(api: Api, changed: dict[str, object], field: str) -> None:
    answer = api.ask("POST", "/linode/instances", {**ORDER, "label": "refused", **changed})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_a_label_is_given_once(api: Api) -> None:
    make(api, "only")
    answer = api.ask("POST", "/linode/instances", {**ORDER, "label": "only"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "label")
    assert "must be unique" in answer.text


def test_lists_have_pages_and_filters(api: Api) -> None:
    for number in range(27):
        make(api, f"page-{number}", tags=["odd-one" if number % 2 else "even-one"])
    page = api.get("/linode/instances?page=2&page_size=25")
    assert (len(page["data"]), page["page"], page["pages"], page["results"]) == (2, 2, 2, 27)
    assert api.ask("GET", "/linode/instances?page_size=7").status_code == 400
    odd = api.get("/linode/instances", headers={"X-Filter": json.dumps({"tags": "odd-one"})})
    assert odd["results"] == 13
    assert api.ask("GET", "/linode/instances", headers={"X-Filter": '{"colour": "blue"}'}).status_code == 400
    assert api.ask("GET", "/linode/instances", headers={"X-Filter": "{"}).status_code == 400


def test_a_machine_is_busy_while_it_changes(api: Api) -> None:
    id_ = make(api)["id"]
    busy = api.ask("POST", f"/linode/instances/{id_}/shutdown")
    assert (busy.status_code, busy.json()["errors"][0]["reason"]) == (400, "Linode busy.")
    wait_for(lambda: status(api, id_) == "running")
    assert api.ask("POST", f"/linode/instances/{id_}/boot").status_code == 400
    api.post(f"/linode/instances/{id_}/shutdown")
    assert status(api, id_) == "shutting_down"
    wait_for(lambda: status(api, id_) == "offline")
    api.post(f"/linode/instances/{id_}/boot")
    wait_for(lambda: status(api, id_) == "running")
    api.ask("DELETE", f"/linode/instances/{id_}")
    assert status(api, id_) == "deleting"
    wait_for(lambda: api.ask("GET", f"/linode/instances/{id_}").status_code == 404)


def test_a_volume_belongs_to_one_machine_until_it_is_gone(api: Api) -> None:
    machine = make(api)["id"]
    volume = api.post("/volumes", {"label": "data", "region": "eu-central", "size": 20})["id"]
    assert api.ask("POST", f"/volumes/{volume}/attach", {"linode_id": 7}).status_code == 400
    assert api.post(f"/volumes/{volume}/attach", {"linode_id": machine})["linode_id"] == machine
    assert api.ask("DELETE", f"/volumes/{volume}").status_code == 400
    api.ask("DELETE", f"/linode/instances/{machine}")
    wait_for(lambda: api.get(f"/volumes/{volume}")["linode_id"] is None)


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "ACCEPT", "protocol": "TCP", "addresses": {"ipv4": ["0.0.0.0/0"]}},
        {"action": "ACCEPT", "protocol": "TCP", "ports": "0", "addresses": {"ipv4": ["0.0.0.0/0"]}},
        {"action": "ACCEPT", "protocol": "ICMP", "ports": "22", "addresses": {"ipv4": ["0.0.0.0/0"]}},
        {"action": "ACCEPT", "protocol": "TCP", "ports": "22", "addresses": {"ipv4": ["everywhere"]}},
        {"action": "ALLOW", "protocol": "TCP", "ports": "22", "addresses": {"ipv4": ["0.0.0.0/0"]}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api: Api, rule: dict[str, object]) -> None:
    rules = {"inbound": [rule], "inbound_policy": "DROP", "outbound_policy": "ACCEPT"}
    assert api.ask("POST", "/networking/firewalls", {"label": "wall", "rules": rules}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        ("unauthorized", 401, "Invalid Token"),
        ("quota", 400, "Account Limit reached. Please open a support ticket."),
        ("no_capacity", 400, "Insufficient capacity for the selected plan in this region."),
        ("rate_limit", 429, "Too Many Requests"),
        ("server_error", 500, "Internal Server Error"),
    ],
)
def test_a_fault_is_told_in_linodes_words_once(api: Api, linode: Sandbox, kind: str, code: int, reason: str) -> None:
    linode.fault(kind, match={"operation": "create", "region": "eu-central"})
    answer = api.ask("POST", "/linode/instances", {**ORDER, "label": "faulty"})
    assert (answer.status_code, answer.json()["errors"][0]["reason"]) == (code, reason)
    assert answer.headers.get("Retry-After") == ("1" if kind == "rate_limit" else None)
    assert make(api, "faulty")


def test_a_broken_machine_is_told_by_its_event_only(api: Api, linode: Sandbox) -> None:
    linode.fault("broken_node")
    id_ = make(api)["id"]
    wait_for(lambda: api.get("/account/events")["data"][0]["status"] == "failed")
    event = api.get("/account/events", headers={"X-Filter": json.dumps({"entity.id": id_})})["data"][0]
    assert (event["action"], event["entity"]["id"], status(api, id_)) == ("linode_create", id_, "provisioning")


def test_libclouds_own_driver_can_use_it(linode: Sandbox, api: Api) -> None:
    driver = get_driver(Provider.LINODE)(linode.credentials()["token"])
    driver.connection.host, driver.connection.port, driver.connection.secure = "127.0.0.1", linode.port, False
    driver.connection.connect()
    size = next(size for size in driver.list_sizes() if size.id == "g6-nanode-1")
    place = next(place for place in driver.list_locations() if place.id == "eu-central")
    image = NodeImage("linode/debian12", "Debian 12", driver)
    made = driver.create_node(place, "by-libcloud", size, image, root_pass="a-long-Password-1",
                              ex_authorized_keys=[PUBLIC_KEY])  # fmt: skip
    assert (size.price, size.ram) == (0.0075, 1024)
    assert [node.id for node in driver.list_nodes()] == [made.id]
    assert "linode/debian12" in {image.id for image in driver.list_images()}
    assert driver.destroy_node(made)


def test_an_address_that_there_is_not_is_told_to_who_has_a_token(api: Api, linode: Sandbox) -> None:
    assert api.ask("GET", "/nowhere").status_code == 404
    assert Api(linode, "/v4", "stranger").ask("GET", "/nowhere").status_code == 401


def test_everything_survives_being_killed(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.linode", tmp_path, boot_seconds=0.5)
    sandbox.start()
    try:
        api = Api(sandbox, "/v4")
        first, gone = make(api, "first"), make(api, "gone")
        api.ask("DELETE", f"/linode/instances/{gone['id']}")
        wait_for(lambda: status(api, first["id"]) == "running")
        wait_for(lambda: len(api.get("/linode/instances")["data"]) == 1)
        before = api.get("/linode/instances")["data"]
        sandbox.kill()
        sandbox.start()
        assert api.get("/linode/instances")["data"] == before
        assert make(api, "next")["id"] > gone["id"]
        assert sandbox.stop() == 0
    finally:
        sandbox.stop()
