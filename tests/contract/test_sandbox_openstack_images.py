"""Images that people make of their servers at the simulated OpenStack, as Nova and Glance document them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract import schemas
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.openstack_api import REGION, Api, api, openstack

__all__ = ["api", "openstack"]

ANSWERS, _ = schemas.load("openstack")
CEPH = "Sto2"


def ask(api: Api, server: str, **facts: object) -> requests.Response:
    answer: requests.Response = api.ask("POST", f"compute/servers/{server}/action", {"createImage": facts})
    return answer


def begun(api: Api, server: str, name: str = "one", **facts: object) -> str:
    answer = ask(api, server, name=name, **facts)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["image_id"])


def done(api: Api, server: str, name: str = "one") -> str:
    id_ = begun(api, server, name)
    wait_for(lambda: api.get(f"image/images/{id_}")["status"] == "active")
    wait_for(lambda: task(api, server) is None)
    return id_


def task(api: Api, server: str) -> object:
    return api.server(server)["OS-EXT-STS:task_state"]


def rename(api: Api, id_: str, change: object, *, media: str = "v2.1-json-patch") -> requests.Response:
    headers = {"X-Auth-Token": api.token, "Content-Type": f"application/openstack-images-{media}"}
    return requests.patch(f"{api.address('image')}/images/{id_}", json=change, headers=headers, timeout=20)


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["message"])


def test_an_image_is_queued_saved_and_active_while_nothing_else_can_be_done(api: Api) -> None:
    server = api.started()
    id_ = begun(api, server, "one: of a server", metadata={"purpose": "test"})
    seen = [api.get(f"image/images/{id_}")]
    assert (seen[0]["status"], seen[0]["size"], seen[0]["visibility"]) == ("queued", None, "private")
    assert task(api, server) == "image_uploading"
    busy = api.ask("POST", f"compute/servers/{server}/action", {"os-stop": None})
    assert busy.status_code == 409
    assert "while it is in task_state image_uploading" in busy.text
    assert ask(api, server, name="two").status_code == 409

    def see() -> bool:
        seen.append(api.get(f"image/images/{id_}"))
        return bool(seen[-1]["status"] == "active")

    wait_for(see)
    assert task(api, server) == "image_uploading", "Nova is done a moment later"
    assert {item["status"] for item in seen} == {"queued", "saving", "active"}
    made = seen[-1]
    more = set(made) - set(ANSWERS["GET /image/images"])
    assert schemas.differences({name: made[name] for name in set(made) - more}, ANSWERS["GET /image/images"]) == []
    assert more >= {"instance_uuid", "image_type", "base_image_ref", "user_id"}
    assert (made["instance_uuid"], made["min_disk"], made["purpose"]) == (server, 20, "test")
    assert (made["os_distro"], made["name"]) == ("debian", "one: of a server"), "with what its own image tells"
    assert api.own_images() == [made]
    assert made not in api.get("image/images", visibility="public")["images"]
    assert api.get("image/images", purpose="test")["images"] == [made]
    wait_for(lambda: task(api, server) is None)


def test_servers_are_made_from_an_image_where_it_is_and_until_it_is_gone(api: Api) -> None:
    server = api.started()
    id_ = begun(api, server)
    order = api.order(imageRef=id_)
    early = api.ask("POST", "compute/servers", {"server": order})
    assert (early.status_code, "is not active" in early.text) == (400, True)
    wait_for(lambda: api.get(f"image/images/{id_}")["status"] == "active")
    assert "disk is too small" in api.ask("POST", "compute/servers", {"server": {**order, "flavorRef": "1"}}).text
    made = api.make("compute/servers", "server", **order)
    assert api.server(made["id"])["image"]["id"] == id_
    assert api.ask("GET", f"image/images/{id_}", region=CEPH).status_code == 404
    wait_for(lambda: task(api, server) is None)
    assert api.ask("DELETE", f"image/images/{id_}").status_code == 204, "whatever was made from it"
    assert refused(api.ask("DELETE", f"image/images/{id_}"))[0] == 404
    assert api.ask("POST", "compute/servers", {"server": api.order(imageRef=id_)}).status_code == 400


def test_in_ceph_an_image_in_use_stays(api: Api) -> None:
    network = next(item for item in api.get("network/networks", region=CEPH)["networks"] if item["name"] == "private")

    def started(**changed: object) -> str:
        port = api.ask("POST", "network/ports", {"port": {"network_id": network["id"]}}, region=CEPH).json()["port"]
        order = api.order(networks=[{"port": port["id"]}], **changed)
        made = api.ask("POST", "compute/servers", {"server": order}, region=CEPH).json()["server"]["id"]
        wait_for(lambda: api.get(f"compute/servers/{made}", region=CEPH)["server"]["status"] == "ACTIVE")
        return str(made)

    first = started()
    body = {"createImage": {"name": "one"}}
    id_ = api.ask("POST", f"compute/servers/{first}/action", body, region=CEPH).json()["image_id"]
    wait_for(lambda: api.get(f"image/images/{id_}", region=CEPH)["status"] == "active")
    second = started(imageRef=id_)
    status, said = refused(api.ask("DELETE", f"image/images/{id_}", region=CEPH))
    assert (status, "because it is in use" in said) == (409, True)
    api.ask("DELETE", f"compute/servers/{first}", region=CEPH)
    api.ask("DELETE", f"compute/servers/{second}", region=CEPH)
    wait_for(lambda: api.ask("DELETE", f"image/images/{id_}", region=CEPH).status_code in (204, 404))
    wait_for(lambda: api.get("compute/servers/detail", region=CEPH)["servers"] == [])
    for port in api.get("network/ports", region=CEPH)["ports"]:
        api.ask("DELETE", f"network/ports/{port['id']}", region=CEPH)


def test_an_image_ends_with_its_server_until_nova_is_done(api: Api) -> None:
    server = api.started()
    id_ = begun(api, server)
    wait_for(lambda: api.get(f"image/images/{id_}")["status"] == "active")
    assert task(api, server) == "image_uploading"
    api.ask("DELETE", f"compute/servers/{server}")
    assert api.own_images() == []


def test_an_image_that_is_to_fail_vanishes(api: Api, openstack: Sandbox) -> None:
    server = api.started()
    openstack.fault("broken_node", match={"operation": "keep"})
    id_ = begun(api, server)
    assert api.get(f"image/images/{id_}")["status"] == "queued"
    wait_for(lambda: api.own_images() == [])
    wait_for(lambda: task(api, server) is None)
    assert api.server(server)["status"] == "ACTIVE"


def test_an_image_can_be_listed_late_and_written_for_ever(api: Api, openstack: Sandbox) -> None:
    server = api.started()
    openstack.fault("late_listing", seconds=1, match={"operation": "keep"})
    openstack.fault("stuck_node", match={"operation": "keep"})
    id_ = begun(api, server)
    assert api.own_images() == []
    wait_for(lambda: [item["id"] for item in api.own_images()] == [id_])
    assert (api.own_images()[0]["status"], task(api, server)) == ("saving", "image_uploading")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"name": ""},
        {"name": " padded "},
        {"name": "x" * 256},
        {"name": "one", "colour": "red"},
        {"name": "one", "metadata": {"a": "x" * 256}},
        {"name": "one", "metadata": {f"m{number}": "" for number in range(129)}},
    ],
)
def test_orders_that_make_no_image_are_refused(api: Api, facts: dict[str, Any]) -> None:
    assert ask(api, api.started(), **facts).status_code == 400
    assert api.own_images() == []


def test_of_a_server_that_is_being_made_or_on_a_volume_there_is_no_image(api: Api) -> None:
    image = api.order()["imageRef"]
    device = {"boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "volume", "volume_size": 16}
    id_ = str(api.make("compute/servers", "server", **api.order(imageRef=None, block_device_mapping_v2=[device]))["id"])
    assert ask(api, id_, name="early").status_code == 409
    wait_for(lambda: api.server(id_)["status"] == "ACTIVE")
    assert ask(api, id_, name="of a volume").status_code == 400


def test_images_are_renamed_by_patches(api: Api) -> None:
    id_ = done(api, api.started())
    change = {"op": "replace", "path": "/name", "value": "two"}
    assert rename(api, id_, [change]).json()["name"] == "two"
    assert api.get(f"image/images/{id_}")["name"] == "two"
    assert rename(api, id_, change).status_code == 400
    assert rename(api, id_, [{**change, "path": "/status"}]).status_code == 400
    assert rename(api, id_, [{**change, "value": "x" * 256}]).status_code == 400
    assert rename(api, id_, [change], media="v1").status_code == 415
    assert rename(api, "no-image", [change]).status_code == 404


def test_the_clouds_own_images_are_nobodys_to_change(api: Api) -> None:
    id_ = api.order()["imageRef"]
    assert refused(api.ask("DELETE", f"image/images/{id_}"))[0] == 403
    assert rename(api, id_, [{"op": "replace", "path": "/name", "value": "mine"}]).status_code == 403


def test_images_outlive_their_servers_and_a_kill(tmp_path: Path) -> None:
    sandbox = Sandbox("clouddesk.sandbox.openstack", tmp_path, boot_seconds=0.2)
    sandbox.start()
    api = Api(sandbox)
    server = api.started()
    id_ = done(api, server)
    api.ask("DELETE", f"compute/servers/{server}")
    before = api.own_images()
    assert [item["id"] for item in before] == [id_]
    sandbox.kill()
    sandbox.start()
    assert api.own_images() == before
    assert api.get(f"image/images/{id_}", region=REGION) == before[0]
    sandbox.stop()
