"""The simulated Vultr: its answers as they are published, its refusals, and what survives a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from tests.contract import schemas
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.rest_api import PUBLIC_KEY, Api

ANSWERS, REQUESTS = schemas.load("vultr")
ORDER = {"region": "fra", "plan": "vc2-1c-1gb", "os_id": 2136, "tags": ["team:data"]}
ANYWHERE = NO_ADDRESS = "0.0.0.0"  # noqa: S104 - as Vultr writes both
RULE = {"ip_type": "v4", "protocol": "tcp", "port": "22", "subnet": ANYWHERE, "subnet_size": 0}
# In its public documentation, and newer than the description that we compare with.
NEWER = frozenset({
    "v6_network", "v6_main_ip", "v6_network_size", "user_scheme", "hourly_cost", "deploy_ondemand",
    "deploy_preemptible", "gpu_type", "gpu_vram_gb", "block_type", "compressed_size",
})  # fmt: skip


@pytest.fixture
def vultr(servers: Callable[[str], Sandbox]) -> Sandbox:
    return servers("vultr")


@pytest.fixture
def api(vultr: Sandbox) -> Iterator[Api]:
    api = Api(vultr, "/v2")
    yield api
    vultr.clear_faults()
    for machine in vultr.machines():
        wait_for(lambda id_=machine["id"]: api.ask("DELETE", f"/instances/{id_}").status_code in (204, 404))
    for path, key in (("/blocks", "blocks"), ("/firewalls", "firewall_groups"), ("/vpcs", "vpcs"),
                      ("/ssh-keys", "ssh_keys")):  # fmt: skip
        for item in api.get(path)[key]:
            assert api.ask("DELETE", f"{path}/{item['id']}").status_code == 204
    for item in api.get("/snapshots")["snapshots"]:
        # One that was deleted before may go at any moment.
        assert api.ask("DELETE", f"/snapshots/{item['id']}").status_code in (204, 404)


def make(api: Api, label: str = "one", **order: object) -> Any:
    return api.post("/instances", {**ORDER, "label": label, **order})["instance"]


def made(api: Api, label: str = "one", **order: object) -> str:
    """A machine that runs."""
    id_ = str(make(api, label, **order)["id"])
    wait_for(lambda: words(api, id_) == ("active", "running", "ok"))
    return id_


def snapshot(api: Api, machine: str, description: str) -> str:
    return str(api.post("/snapshots", {"instance_id": machine, "description": description})["snapshot"]["id"])


def complete(api: Api, id_: str) -> Any:
    wait_for(lambda: api.get(f"/snapshots/{id_}")["snapshot"]["status"] == "complete")
    return api.get(f"/snapshots/{id_}")["snapshot"]


def words(api: Api, id_: str) -> tuple[str, str, str]:
    found = api.get(f"/instances/{id_}")["instance"]
    return found["status"], found["power_status"], found["server_status"]


@pytest.mark.parametrize("operation", ANSWERS)
def test_answers_are_as_vultr_publishes_them(api: Api, operation: str) -> None:
    group = api.post("/firewalls", {"description": "wall"})["firewall_group"]["id"]
    api.post(f"/firewalls/{group}/rules", RULE)
    vpc = api.post("/vpcs", {"region": "fra", "description": "net"})["vpc"]["id"]
    key = api.post("/ssh-keys", {"name": "ann", "ssh_key": PUBLIC_KEY})["ssh_key"]["id"]
    api.post("/blocks", {"region": "fra", "size_gb": 10, "label": "disk"})
    snapshot(api, made(api, firewall_group_id=group, attach_vpc=[vpc], sshkey_id=[key]), "source")
    answer = api.get(operation.removeprefix("GET /v2").replace("{id}", group))
    (content,) = [value for name, value in answer.items() if name != "meta"]
    # The description says that prices are whole, but the cheapest plan costs 2.50; and a password is told once.
    fields = {**ANSWERS[operation], "monthly_cost": "number"} if "plans" in operation else dict(ANSWERS[operation])
    fields.pop("default_password", None)
    for item in content if isinstance(content, list) else [content]:
        assert schemas.differences(item, fields, newer=NEWER) == []


def test_creating_takes_what_vultr_publishes(api: Api) -> None:
    known = REQUESTS["POST /v2/instances"]
    assert {*ORDER, "firewall_group_id", "attach_vpc", "sshkey_id", "user_data", "hostname", "label"} <= set(known)
    assert set(RULE) <= set(REQUESTS["POST /v2/firewalls/{id}/rules"])


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "mars"},
        {"plan": "vc2-900c"},
        {"os_id": 7},
        {"os_id": 159},
        {"plan": "vc2-1c-1gb-sc1"},
        {"hostname": "no spaces"},
        {"firewall_group_id": "7"},
        {"attach_vpc": ["7"]},
        {"sshkey_id": ["7"]},
        {"user_data": "no base64!"},
        {"tags": "team"},
        {"colour": "blue"},
    ],
)
def test_an_order_that_vultr_would_refuse_is_refused(api: Api, changed: dict[str, object]) -> None:
    answer = api.ask("POST", "/instances", {**ORDER, **changed})
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert answer.json()["error"]


def test_lists_go_on_at_their_cursor(api: Api) -> None:
    for number in range(5):
        make(api, f"page-{number}", tags=[f"tag-{number % 2}"])
    first = api.get("/instances?per_page=3")
    links = first["meta"]["links"]
    assert (len(first["instances"]), first["meta"]["total"], links["prev"]) == (3, 5, "")
    second = api.get(f"/instances?per_page=3&cursor={links['next']}")
    assert (len(second["instances"]), second["meta"]["links"]["next"]) == (2, "")
    assert len(api.get("/instances?tag=tag-1")["instances"]) == 2
    assert api.ask("GET", "/instances?per_page=0").status_code == 400
    assert api.ask("GET", "/instances?cursor=nowhere").status_code == 400


def test_a_machine_says_in_three_words_what_it_does(api: Api) -> None:
    id_ = make(api)["id"]
    assert words(api, id_) == ("pending", "running", "none")
    assert api.get(f"/instances/{id_}")["instance"]["main_ip"] == NO_ADDRESS
    assert api.ask("POST", f"/instances/{id_}/halt").json()["error"] == "Server is currently locked"
    wait_for(lambda: words(api, id_) == ("active", "running", "installingbooting"))
    wait_for(lambda: words(api, id_) == ("active", "running", "ok"))
    for _ in range(2):
        assert api.ask("POST", f"/instances/{id_}/halt").status_code == 204
    wait_for(lambda: words(api, id_) == ("active", "stopped", "ok"))
    api.ask("POST", f"/instances/{id_}/start")
    wait_for(lambda: words(api, id_)[1] == "running")
    assert api.ask("DELETE", f"/instances/{id_}").status_code == 204
    assert api.ask("GET", f"/instances/{id_}").status_code == 404


def test_a_snapshot_is_pending_first_and_its_machine_is_locked_meanwhile(api: Api) -> None:
    machine = made(api)
    id_ = snapshot(api, machine, "before the upgrade")
    first = api.get(f"/snapshots/{id_}")["snapshot"]
    assert (first["status"], first["size"], first["description"]) == ("pending", 0, "before the upgrade")
    assert words(api, machine) == ("active", "running", "locked")
    for method, path, body in (("POST", f"/instances/{machine}/halt", None), ("DELETE", f"/instances/{machine}", None),
                               ("POST", "/snapshots", {"instance_id": machine})):  # fmt: skip
        answer = api.ask(method, path, body)
        assert answer.status_code in (400, 500)
        assert answer.json()["error"].endswith("Server is currently locked")
    assert complete(api, id_)["size"] == 25 * 1024**3
    assert words(api, machine) == ("active", "running", "ok")
    assert api.get("/snapshots?description=before%20the%20upgrade")["snapshots"] == [complete(api, id_)]
    assert api.ask("DELETE", f"/instances/{machine}").status_code == 204
    assert complete(api, id_)["os_id"] == ORDER["os_id"], "it outlives its machine"


def test_machines_are_made_from_a_snapshot_that_is_complete_and_has_room_until_it_is_gone(api: Api) -> None:
    id_ = snapshot(api, made(api), "source")
    source = {name: value for name, value in ORDER.items() if name != "os_id"} | {"snapshot_id": id_}
    assert api.ask("POST", "/instances", source).json()["error"] == "Invalid snapshot_id."
    complete(api, id_)
    assert api.post("/instances", {**source, "region": "ewr"})["instance"]["os_id"] == ORDER["os_id"]
    for changed in ({"plan": "vc2-1c-0.5gb"}, {"os_id": 2136}, {"snapshot_id": "7"}):
        assert api.ask("POST", "/instances", {**source, "region": "ewr", **changed}).status_code == 400
    assert api.ask("DELETE", f"/snapshots/{id_}").status_code == 204
    assert api.get(f"/snapshots/{id_}")["snapshot"]["status"] == "deleted"
    assert api.ask("POST", "/instances", source).status_code == 400
    wait_for(lambda: api.ask("GET", f"/snapshots/{id_}").status_code == 404)
    assert api.ask("DELETE", f"/snapshots/{id_}").status_code == 404


def test_a_snapshot_that_is_to_fail_is_deleted_by_itself(api: Api, vultr: Sandbox) -> None:
    machine = made(api)
    vultr.fault("broken_node", match={"operation": "keep"})
    id_ = snapshot(api, machine, "broken")
    wait_for(lambda: api.ask("GET", f"/snapshots/{id_}").status_code == 404)
    assert complete(api, snapshot(api, machine, "again"))


@pytest.mark.parametrize("body", [{}, {"instance_id": "7"}, {"instance_id": "7", "name": "x"}])
def test_a_snapshot_is_of_a_machine(api: Api, body: dict[str, str]) -> None:
    assert api.ask("POST", "/snapshots", body).status_code == 400


def test_a_network_that_is_used_stays(api: Api) -> None:
    vpc = api.post("/vpcs", {"region": "fra"})["vpc"]["id"]
    id_ = make(api, attach_vpc=[vpc])["id"]
    assert api.get(f"/instances/{id_}/vpcs")["vpcs"][0]["id"] == vpc
    assert api.ask("DELETE", f"/vpcs/{vpc}").status_code == 400
    api.ask("DELETE", f"/instances/{id_}")
    assert api.ask("DELETE", f"/vpcs/{vpc}").status_code == 204


def test_block_storage_belongs_to_one_machine_until_it_is_gone(api: Api) -> None:
    id_, block = make(api)["id"], api.post("/blocks", {"region": "fra", "size_gb": 10})["block"]["id"]
    assert api.ask("POST", f"/blocks/{block}/attach", {"instance_id": "7"}).status_code == 400
    api.post(f"/blocks/{block}/attach", {"instance_id": id_})
    assert api.ask("DELETE", f"/blocks/{block}").status_code == 400
    api.ask("DELETE", f"/instances/{id_}")
    assert api.get(f"/blocks/{block}")["block"]["attached_to_instance"] == ""


@pytest.mark.parametrize(
    "changed", [{"port": "0"}, {"port": "9:"}, {"subnet": "mars"}, {"ip_type": "v6"}, {"protocol": "any"}, {}]
)
def test_a_rule_that_makes_no_sense_or_is_there_already_is_refused(api: Api, changed: dict[str, object]) -> None:
    group = api.post("/firewalls", {"description": "wall"})["firewall_group"]["id"]
    api.post(f"/firewalls/{group}/rules", RULE)
    assert api.ask("POST", f"/firewalls/{group}/rules", {**RULE, **changed}).status_code == 400
    assert len(api.get(f"/firewalls/{group}/rules")["firewall_rules"]) == 1


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("unauthorized", 401, "Invalid API token."),
        ("quota", 400, "You have reached the maximum number of active virtual machines for this account."),
        ("no_capacity", 400, "The selected plan is not available in the selected region."),
        ("rate_limit", 429, "Rate limit exceeded"),
        ("server_error", 500, "Internal Server Error"),
    ],
)
def test_a_fault_is_told_in_vultrs_words_once(api: Api, vultr: Sandbox, kind: str, code: int, said: str) -> None:
    vultr.fault(kind, match={"operation": "create", "region": "fra"})
    answer = api.ask("POST", "/instances", ORDER)
    assert answer.status_code == code
    assert answer.json()["error"].startswith(said)
    assert answer.headers.get("Retry-After") == ("1" if kind == "rate_limit" else None)
    assert make(api)


def test_libclouds_own_driver_can_use_it(vultr: Sandbox, api: Api) -> None:
    driver = get_driver(Provider.VULTR)(vultr.credentials()["token"])
    driver.connection.host, driver.connection.port, driver.connection.secure = "127.0.0.1", vultr.port, False
    driver.connection.connect()
    size = next(size for size in driver.list_sizes(ex_list_bare_metals=False) if size.id == "vc2-1c-1gb")
    place = next(place for place in driver.list_locations() if place.id == "fra")
    image = next(image for image in driver.list_images() if image.name.startswith("Debian 12"))
    key = driver.import_key_pair_from_string("ann", PUBLIC_KEY)
    made = driver.create_node("by-libcloud", size, place, image, ex_ssh_key_ids=[key.extra["id"]], ex_userdata="x")
    assert [node.id for node in driver.list_nodes(ex_list_bare_metals=False)] == [made.id]
    assert driver.destroy_node(made)


def test_an_address_that_there_is_not_is_told_to_who_has_a_token(api: Api, vultr: Sandbox) -> None:
    assert api.ask("GET", "/nowhere").status_code == 404
    assert Api(vultr, "/v2", "stranger").ask("GET", "/nowhere").status_code == 401


def test_everything_survives_being_killed(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.vultr", tmp_path, boot_seconds=0.5)
    sandbox.start()
    try:
        api = Api(sandbox, "/v2")
        first, gone = make(api, "first")["id"], make(api, "gone")["id"]
        api.ask("DELETE", f"/instances/{gone}")
        wait_for(lambda: words(api, first) == ("active", "running", "ok"))
        kept = complete(api, snapshot(api, first, "kept"))
        before = api.get("/instances")["instances"]
        assert len(before) == 1
        sandbox.kill()
        sandbox.start()
        assert api.get("/instances")["instances"] == before
        assert api.get("/snapshots")["snapshots"] == [kept]
        assert sandbox.stop() == 0
    finally:
        sandbox.stop()
