"""The simulated OpenStack: its answers as they are published, its refusals, and what survives a kill."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from tests.contract import schemas
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.openstack_api import REGION, Api, api, openstack

__all__ = ["api", "openstack"]

ANSWERS, REQUESTS = schemas.load("openstack")
OPTIONAL = schemas.load_optional("openstack")
RULE = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
        "remote_ip_prefix": "0.0.0.0/0"}  # fmt: skip


def check(operation: str, item: dict[str, Any]) -> None:
    """As it is published; keys that clouds and people choose (networks, metadata, further facts) are left out."""
    shown = {**item}
    if "addresses" in shown:
        shown["addresses"] = [entry for entries in item["addresses"].values() for entry in entries]
    for name in {"metadata", "extra_specs"} & shown.keys():
        shown[name] = {}
    if "flavor" in shown:
        shown["flavor"] = {**item["flavor"], "extra_specs": {}}
    if operation.endswith("servers") or "/servers/" in operation:
        shown["security_groups"] = [group["name"] for group in item["security_groups"]]
    more = {path: kind for path, kind in OPTIONAL.get(operation, {}).items() if path.partition(".")[0] in shown}
    assert schemas.differences(shown, {**ANSWERS[operation], **more}) == [], operation


def refused(answer: requests.Response) -> tuple[int, str]:
    """The status and OpenStack's words for the reason."""
    (told,) = answer.json().values()
    return answer.status_code, str(told["message"])


def port(api: Api, **facts: object) -> Any:
    return api.make("network/ports", "port", network_id=api.network(), **facts)


def test_answers_are_as_openstacks_own_code_publishes_them(api: Api, openstack: Sandbox) -> None:
    check("POST /identity/auth/tokens", api.told)
    group = api.make("network/security-groups", "security_group", name="wall", description="of one")
    check("POST /network/security-group-rules", api.make(
        "network/security-group-rules", "security_group_rule", security_group_id=group["id"], **RULE
    ))  # fmt: skip
    own = port(api, security_groups=[group["id"]])
    address = {"floating_network_id": api.network("public"), "port_id": own["id"]}
    api.make("network/floatingips", "floatingip", **address)
    api.make("volume/volumes", "volume", size=1)
    order = api.order(networks=[{"port": own["id"]}], metadata={"a": "b"})
    made = api.make("compute/servers", "server", **order)
    check("POST /compute/servers", made)
    openstack.fault("broken_node")
    api.make("compute/servers", "server", **api.order(name="broken"))
    states: set[str] = set()

    def see() -> bool:
        for item in api.get("compute/servers/detail")["servers"]:
            check("GET /compute/servers/detail", item)
            states.add(item["status"])
        return {"BUILD", "ACTIVE", "ERROR"} <= states

    wait_for(see)
    check("GET /compute/servers/detail", api.server(made["id"]))
    api.ask("POST", f"compute/servers/{made['id']}/action", {"os-stop": None})
    wait_for(lambda: see() and "SHUTOFF" in states)
    for operation in ANSWERS.keys() - {"GET /compute/servers/detail", "GET /compute/limits"}:
        method, _, path = operation.partition(" /")
        if method != "GET":
            continue
        items = api.get(path)[path.removesuffix("/detail").rpartition("/")[2].replace("-", "_")]
        assert items, operation
        for item in items:
            check(operation, item)
    check("GET /compute/limits", api.get("compute/limits")["limits"])
    check("GET /compute/flavors/detail", api.get("compute/flavors/2")["flavor"])


def test_orders_hold_only_what_openstack_takes() -> None:
    known = {path.partition(".")[0] for path in REQUESTS["POST /compute/servers"]}
    taken = {"name", "flavorRef", "imageRef", "networks", "tags", "user_data", "block_device_mapping_v2", "metadata"}
    assert taken <= known
    assert {*RULE, "security_group_id"} <= set(REQUESTS["POST /network/security-group-rules"])


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": " padded "}, 400),
        ({"colour": "red"}, 400),
        ({"flavorRef": "x9"}, 400),
        ({"imageRef": "no-image"}, 400),
        ({"imageRef": None}, 400),
        ({"networks": []}, 400),
        ({"networks": [{"port": "no-port"}]}, 400),
        ({"networks": [{"name": "private"}]}, 400),
        ({"tags": ["a/b"]}, 400),
        ({"tags": ["a,b"]}, 400),
        ({"tags": ["x" * 61]}, 400),
        ({"tags": [f"t{number}" for number in range(51)]}, 400),
        ({"user_data": "no base64!"}, 400),
        ({"user_data": base64.b64encode(b"x" * 60_000).decode()}, 400),
        ({"flavorRef": "1"}, 400),
        ({"flavorRef": "8"}, 403),
        ({"block_device_mapping_v2": [{"boot_index": 0, "size": 1}]}, 400),
        ({"block_device_mapping_v2": [{"boot_index": 0, "uuid": "no-image", "source_type": "image"}]}, 400),
    ],
)
def test_orders_that_make_no_machine_are_refused(
    api: Api, openstack: Sandbox, changed: dict[str, object], status: int
) -> None:
    answer = api.ask("POST", "compute/servers", {"server": api.order(**changed)})
    assert refused(answer)[0] == status
    assert openstack.machines() == []


def test_a_volume_to_start_from_must_hold_the_image(api: Api) -> None:
    image = api.order()["imageRef"]
    device = {"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "volume"}

    def order(**more: object) -> requests.Response:
        body = api.order(imageRef=None, flavorRef="8", block_device_mapping_v2=[{**device, **more}])
        return requests.Response() if body is None else api.ask("POST", "compute/servers", {"server": body})

    assert refused(order(volume_size=1))[0] == 400
    assert refused(order())[0] == 400
    made = order(volume_size=16)
    assert made.status_code == 202
    assert api.server(made.json()["server"]["id"])["image"] == ""


def test_a_port_is_one_machines(api: Api) -> None:
    order = api.order()
    api.make("compute/servers", "server", **order)
    assert refused(api.ask("POST", "compute/servers", {"server": order}))[0] == 409


@pytest.mark.parametrize(
    ("path", "key", "facts", "status"),
    [
        ("ports", "port", {"network_id": "none"}, 404),
        ("ports", "port", {"network_id": "private", "security_groups": ["none"]}, 404),
        ("ports", "port", {"network_id": "public"}, 403),
        ("ports", "port", {"network_id": "private", "colour": "red"}, 400),
        ("ports", "port", {"network_id": "private", "description": "x" * 256}, 400),
        ("floatingips", "floatingip", {"floating_network_id": "private"}, 400),
        ("floatingips", "floatingip", {"floating_network_id": "public", "port_id": "none"}, 404),
        ("security-groups", "security_group", {"name": "x" * 256}, 400),
        ("security-group-rules", "security_group_rule", {**RULE, "security_group_id": "none"}, 404),
    ],
)
def test_what_neutron_would_refuse_is_refused(
    api: Api, path: str, key: str, facts: dict[str, object], status: int
) -> None:
    known = {name: api.network(name) for name in ("private", "public")}
    body = {name: known.get(str(value), value) for name, value in facts.items()}
    assert refused(api.ask("POST", f"network/{path}", {key: body}))[0] == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"direction": "sideways"}, 400),
        ({"ethertype": "IPv6"}, 400),
        ({"port_range_min": 80}, 400),
        ({"port_range_min": 0}, 400),
        ({"port_range_max": 70_000}, 400),
        ({"protocol": None}, 400),
        ({"remote_ip_prefix": "everywhere"}, 400),
        ({}, 409),
    ],
)
def test_rules_that_make_no_sense_or_are_there_already_are_refused(
    api: Api, changed: dict[str, object], status: int
) -> None:
    group = api.make("network/security-groups", "security_group", name="wall")["id"]
    path, key = "network/security-group-rules", "security_group_rule"
    api.make(path, key, security_group_id=group, **RULE)
    assert refused(api.ask("POST", path, {key: {"security_group_id": group, **RULE, **changed}}))[0] == status


def test_a_group_that_a_port_is_behind_cannot_be_deleted(api: Api) -> None:
    group = api.make("network/security-groups", "security_group", name="wall")["id"]
    own = port(api, security_groups=[group])["id"]
    assert refused(api.ask("DELETE", f"network/security-groups/{group}"))[0] == 409
    assert api.ask("DELETE", f"network/ports/{own}").status_code == 204
    assert api.ask("DELETE", f"network/security-groups/{group}").status_code == 204
    assert refused(api.ask("DELETE", f"network/security-groups/{group}"))[0] == 404


def test_a_machine_goes_through_its_states(api: Api) -> None:
    id_ = str(api.make("compute/servers", "server", **api.order())["id"])
    found = api.server(id_)
    assert (found["status"], found["addresses"]) == ("BUILD", {})
    assert refused(api.ask("POST", f"compute/servers/{id_}/action", {"os-stop": None})) == (
        409,
        f"Cannot 'stop' instance {id_} while it is in vm_state building",
    )
    wait_for(lambda: api.server(id_)["status"] == "ACTIVE")
    assert api.server(id_)["addresses"]["private"][0]["OS-EXT-IPS:type"] == "fixed"
    act(api, id_, {"os-stop": None})
    assert api.server(id_)["OS-EXT-STS:task_state"] == "powering-off"
    wait_for(lambda: api.server(id_)["status"] == "SHUTOFF")
    assert api.ask("POST", f"compute/servers/{id_}/action", {"os-stop": None}).status_code == 409
    act(api, id_, {"os-start": None})
    wait_for(lambda: api.server(id_)["status"] == "ACTIVE")
    act(api, id_, {"reboot": {"type": "SOFT"}})
    assert api.server(id_)["status"] == "REBOOT"
    assert api.ask("POST", f"compute/servers/{id_}/action", {"reboot": {"type": "GENTLE"}}).status_code == 400
    assert api.ask("DELETE", f"compute/servers/{id_}").status_code == 204
    assert api.server(id_)["OS-EXT-STS:task_state"] == "deleting"
    wait_for(lambda: api.ask("GET", f"compute/servers/{id_}").status_code == 404)


def act(api: Api, id_: str, body: dict[str, object]) -> None:
    assert api.ask("POST", f"compute/servers/{id_}/action", body).status_code == 202


def test_a_machine_that_is_deleted_leaves_its_port_and_address(api: Api) -> None:
    own = port(api)["id"]
    address = {"floating_network_id": api.network("public"), "port_id": own}
    api.make("network/floatingips", "floatingip", **address)
    id_ = api.started(networks=[{"port": own}])
    assert {entry["OS-EXT-IPS:type"] for entry in api.server(id_)["addresses"]["private"]} == {"fixed", "floating"}
    api.ask("DELETE", f"compute/servers/{id_}")
    wait_for(lambda: api.ask("GET", f"compute/servers/{id_}").status_code == 404)
    (left,) = api.get("network/ports")["ports"]
    assert (left["id"], left["device_id"]) == (own, "")
    api.ask("DELETE", f"network/ports/{own}")
    assert api.get("network/floatingips")["floatingips"][0]["port_id"] is None


def test_lists_come_in_pages_after_a_marker(api: Api) -> None:
    ids = {port(api, name=f"p{number}")["id"] for number in range(5)}
    first = api.get("network/ports", limit=2)
    assert first["ports_links"][0]["rel"] == "next"
    rest = api.get("network/ports", limit=4, marker=first["ports"][-1]["id"])
    assert {item["id"] for item in (*first["ports"], *rest["ports"])} == ids
    assert "ports_links" not in rest
    images = api.get("image/images", limit=3)
    assert images["next"].startswith("/v2/images?")
    assert len(images["images"]) == 3
    assert api.ask("GET", "network/ports", limit="many").status_code == 400
    assert api.ask("GET", "network/ports", marker="nowhere").status_code == 400


def test_servers_are_found_by_all_of_their_tags(api: Api) -> None:
    for number in range(2):
        api.make("compute/servers", "server", **api.order(name=f"m{number}", tags=["team:data", f"n:{number}"]))
    found = api.get("compute/servers/detail", tags="team:data,n:1")["servers"]
    assert [item["name"] for item in found] == ["m1"]
    assert [item["name"] for item in api.get("compute/servers/detail")["servers"]] == ["m1", "m0"], "newest first"


def test_regions_are_apart(api: Api) -> None:
    api.make("compute/servers", "server", **api.order())
    assert api.get("compute/servers/detail", region="Sto2")["servers"] == []
    assert {endpoint["region"] for item in api.told["catalog"] for endpoint in item["endpoints"]} == {REGION, "Sto2"}


def test_without_a_token_nothing_is_told(api: Api, openstack: Sandbox) -> None:
    url = f"{api.address('compute')}/servers/detail"
    for headers in ({}, {"X-Auth-Token": "gAAAAAnobody"}, {"X-Auth-Token": api.key["application_credential_secret"]}):
        assert requests.get(url, headers=headers, timeout=10).status_code == 401
    wrong = {**api.key, "application_credential_secret": "nobody"}
    assert Api.identify(wrong).status_code == 401
    assert Api.identify(api.key, scope={"project": {"id": "x"}}).status_code == 401
    shown = requests.get(
        f"{openstack.url}/identity/v3/auth/tokens",
        headers={"X-Auth-Token": api.token, "X-Subject-Token": "gAAAAAnobody"},
        timeout=10,
    )
    assert shown.status_code == 404


def test_a_microversion_that_there_is_not_is_refused(api: Api) -> None:
    url = f"{api.address('compute')}/servers/detail"
    for version in ("compute 2.1", "compute 9.9", "latest", ""):
        headers = {"X-Auth-Token": api.token, "OpenStack-API-Version": version}
        assert requests.get(url, headers=headers, timeout=10).status_code == 406


def test_two_people_are_in_one_project(api: Api, openstack: Sandbox) -> None:
    bob = Api(openstack, "local/bob")
    id_ = str(api.make("compute/servers", "server", **api.order())["id"])
    assert bob.server(id_)["user_id"] != bob.told["user"]["id"]
    assert bob.told["project"] == api.told["project"]


def test_tokens_and_machines_survive_a_kill(api: Api, openstack: Sandbox) -> None:
    id_ = api.started()
    openstack.kill()
    openstack.start()
    assert api.server(id_)["status"] == "ACTIVE"


def test_volumes_are_listed_and_deleted(api: Api) -> None:
    made = api.make("volume/volumes", "volume", size=5, description="of one")
    assert [item["id"] for item in api.get("volume/volumes/detail")["volumes"]] == [made["id"]]
    for body in ({"size": 0}, {"size": "5"}, {"size": 5, "colour": "red"}):
        assert refused(api.ask("POST", "volume/volumes", {"volume": body}))[0] == 400
    assert api.ask("DELETE", f"volume/volumes/{made['id']}").status_code == 202
    assert refused(api.ask("DELETE", f"volume/volumes/{made['id']}"))[0] == 404
