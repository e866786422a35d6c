"""The simulated DigitalOcean, asked as DigitalOcean is asked."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from libcloud.common.types import InvalidCredsError
from libcloud.compute.types import NodeState

from tests.contract.conftest import Sandbox, wait_for
from tests.contract.digitalocean_api import OPERATOR, ORDER, PUBLIC_KEY, Api, api, libcloud

__all__ = ["api"]


# --- who may ask


@pytest.mark.parametrize("token", ["", "wrong", "dop_v1_" + "0" * 64])
def test_wrong_token_is_refused_as_digitalocean_does(sandbox_digitalocean: Sandbox, token: str) -> None:
    answer = Api(sandbox_digitalocean, token).ask("GET", "/account")
    assert answer.status_code == 401
    assert answer.json() == {"id": "unauthorized", "message": "Unable to authenticate you"}
    with pytest.raises(InvalidCredsError):
        libcloud(sandbox_digitalocean, token or "none").list_nodes()


def test_owners_token_works_and_stays_the_same(sandbox_digitalocean: Sandbox) -> None:
    token = sandbox_digitalocean.credentials("local/ann")["token"]
    assert sandbox_digitalocean.credentials("local/ann")["token"] == token
    account = Api(sandbox_digitalocean, token).get("/account")["account"]
    assert account["status"] == "active"
    assert account["email"] == "local.ann@sandbox.example"
    assert libcloud(sandbox_digitalocean, token).ex_account_info()["uuid"] == account["uuid"]


def test_every_answer_has_a_request_id_and_the_rate_limit(api: Api) -> None:
    first, second = api.ask("GET", "/account").headers, api.ask("GET", "/nothing").headers
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert int(first["ratelimit-remaining"]) > int(second["ratelimit-remaining"])
    assert first["ratelimit-limit"] == "5000"


# --- what there is


def test_libcloud_reads_sizes_with_prices_regions_and_images(sandbox_digitalocean: Sandbox) -> None:
    driver = libcloud(sandbox_digitalocean)
    sizes = {size.id: size for size in driver.list_sizes()}
    assert sizes["s-2vcpu-4gb"].price == 0.03571
    assert sizes["s-2vcpu-4gb"].extra["price_monthly"] == 24
    assert (sizes["g-8vcpu-32gb"].ram, sizes["g-8vcpu-32gb"].disk) == (32768, 100)
    assert len(sizes) > 100
    assert {"fra1", "nyc3", "sgp1"} <= {location.id for location in driver.list_locations()}
    slugs = {image.extra["slug"] for image in driver.list_images()}
    assert {"ubuntu-20-04-x64", "ubuntu-22-04-x64", "ubuntu-24-04-x64", "debian-13-x64", "rockylinux-9-x64"} <= slugs
    assert {"debian-11-x64", "debian-12-x64", "rockylinux-8-x64", "centos-stream-9-x64"} <= slugs


def test_sizes_with_gpus_say_which(api: Api) -> None:
    sizes = {size["slug"]: size for size in api.get("/sizes?per_page=200")["sizes"]}
    assert sizes["gpu-h100x8-640gb"]["gpu_info"]["count"] == 8
    assert sizes["gpu-h100x1-80gb"]["price_hourly"] == 3.39
    assert all(size["price_hourly"] > 0 and size["regions"] for size in sizes.values())


def test_regions_that_are_closed_are_listed_as_such(api: Api, sandbox_digitalocean: Sandbox) -> None:
    closed = [region["slug"] for region in api.get("/regions")["regions"] if not region["available"]]
    assert closed
    assert api.ask("POST", "/droplets", {"name": "x", **ORDER, "region": closed[0]}).status_code == 422
    assert closed[0] not in {location.id for location in libcloud(sandbox_digitalocean).list_locations()}


# --- a droplet's life


def test_a_droplet_boots_stops_starts_and_goes_in_its_time(api: Api) -> None:
    droplet = api.create()
    number = droplet["id"]
    assert droplet["status"] == "new"
    assert droplet["networks"]["v4"] == []
    assert api.act(number, "power_off").json()["message"] == "Droplet already has a pending event."
    wait_for(lambda: api.status(number) == "active")
    networks = {one["type"]: one["ip_address"] for one in api.get(f"/droplets/{number}")["droplet"]["networks"]["v4"]}
    assert networks["public"].startswith("198.19.")
    assert networks["private"].startswith("10.")

    action = api.act(number, "shutdown").json()["action"]
    assert action["status"] == "in-progress"
    assert api.status(number) == "active"
    wait_for(lambda: api.get(f"/actions/{action['id']}")["action"]["status"] == "completed")
    assert api.status(number) == "off"
    assert api.act(number, "reboot").status_code == 422

    assert api.act(number, "power_on").status_code == 201
    assert api.status(number) == "off"
    wait_for(lambda: api.status(number) == "active")
    assert api.act(number, "power_on").json()["message"] == "Droplet is already powered on."
    assert api.act(number, "reboot").json()["action"]["type"] == "reboot"
    api.wait_until_free(number)
    kinds = [one["type"] for one in api.get(f"/droplets/{number}/actions")["actions"]]
    assert kinds == ["reboot", "power_on", "shutdown", "create"]

    assert api.ask("DELETE", f"/droplets/{number}").status_code == 204
    wait_for(lambda: api.ask("GET", f"/droplets/{number}").status_code == 404)
    assert api.ask("DELETE", f"/droplets/{number}").status_code == 404


def test_libcloud_makes_lists_stops_and_ends_a_tagged_droplet(api: Api, sandbox_digitalocean: Sandbox) -> None:
    driver = libcloud(sandbox_digitalocean)
    image = next(image for image in driver.list_images() if image.extra["slug"] == "ubuntu-24-04-x64")
    size = next(size for size in driver.list_sizes() if size.id == "s-1vcpu-1gb")
    region = next(region for region in driver.list_locations() if region.id == "fra1")
    attributes = {"tags": ["clouddesk-reservation:r-1", "clouddesk-node:worker-1"]}
    node = driver.create_node("lib-1", size, image, region, ex_create_attr=attributes)
    assert node.state == NodeState.PENDING
    wait_for(lambda: driver.ex_get_node_details(node.id).state == NodeState.RUNNING)
    (listed,) = [one for one in driver.list_nodes() if one.name == "lib-1"]
    assert (listed.name, sorted(listed.extra["tags"])) == ("lib-1", sorted(attributes["tags"]))
    assert listed.public_ips
    assert listed.private_ips
    assert driver.ex_shutdown_node(node)
    wait_for(lambda: driver.ex_get_node_details(node.id).state == NodeState.STOPPED)
    api.wait_until_free(node.id)
    assert driver.ex_power_on_node(node)
    assert driver.destroy_node(node)
    wait_for(lambda: node.id not in [one.id for one in driver.list_nodes()])
    assert driver.list_volumes() == []


def test_droplets_are_listed_acted_on_and_deleted_by_tag(api: Api) -> None:
    mine = [api.create(f"mine-{number}", tags=["clouddesk-reservation:r-1"])["id"] for number in range(3)]
    other = api.create("other", tags=["clouddesk-reservation:r-2"])["id"]
    listed = api.get("/droplets?tag_name=clouddesk-reservation:r-1")
    assert [one["id"] for one in listed["droplets"]] == mine
    assert listed["meta"]["total"] == 3
    for number in (*mine, other):
        api.wait_until_free(number)
    stopped = api.ask("POST", "/droplets/actions?tag_name=clouddesk-reservation:r-1", {"type": "power_off"})
    assert [one["resource_id"] for one in stopped.json()["actions"]] == mine
    wait_for(lambda: all(api.status(number) == "off" for number in mine))
    assert api.ask("DELETE", "/droplets?tag_name=clouddesk-reservation:r-1").status_code == 204
    wait_for(lambda: api.get("/droplets?tag_name=clouddesk-reservation:r-1")["droplets"] == [])
    assert api.status(other) == "active"


def test_several_droplets_come_from_one_order_of_at_most_ten(api: Api) -> None:
    names = [f"many-{number}" for number in range(10)]
    answer = api.ask("POST", "/droplets", {**ORDER, "names": names})
    assert answer.status_code == 202
    assert [one["name"] for one in answer.json()["droplets"]] == names
    assert len(answer.json()["links"]["actions"]) == 10
    assert api.ask("POST", "/droplets", {**ORDER, "names": [*names, "x"]}).status_code == 422


def test_fifty_orders_at_once_are_quick_and_get_addresses_of_their_own(api: Api, sandbox_digitalocean: Sandbox) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda number: api.create(f"fifty-{number}"), range(50)))
    assert time.monotonic() - begun < 5

    def many() -> list[dict[str, object]]:
        return [one for one in sandbox_digitalocean.machines() if str(one["name"]).startswith("fifty-")]

    wait_for(lambda: all(one["state"] == "active" for one in many()))
    machines = many()
    assert len({one["address"] for one in machines}) == len({one["private_address"] for one in machines}) == 50


def test_lists_come_in_pages_with_links(api: Api, sandbox_digitalocean: Sandbox) -> None:
    # What another test has deleted must not leave the list between two pages.
    wait_for(lambda: not sandbox_digitalocean.machines())
    for first in range(0, 30, 10):
        api.ask("POST", "/droplets", {**ORDER, "names": [f"n-{first + number}" for number in range(10)], "tags": ["p"]})
    first_page = api.get("/droplets?tag_name=p")
    assert (len(first_page["droplets"]), first_page["meta"]["total"]) == (20, 30)
    assert set(first_page["links"]["pages"]) == {"next", "last"}
    following = requests.get(
        first_page["links"]["pages"]["next"], headers={"Authorization": f"Bearer {OPERATOR}"}, timeout=10
    ).json()
    assert [one["name"] for one in following["droplets"]] == [f"n-{number}" for number in range(20, 30)]
    assert set(following["links"]["pages"]) == {"first", "prev"}
    listed = libcloud(sandbox_digitalocean, per_page=7).list_nodes()
    assert len([node for node in listed if node.name.startswith("n-")]) == 30
    assert "pages" not in api.get("/droplets?per_page=200")["links"]


# --- orders that make no sense


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "s-900vcpu"}, "You specified an invalid size for Droplet creation."),
        ({"region": "mars1"}, "You specified an invalid region for Droplet creation."),
        ({"image": "windows-95"}, "You specified an invalid image for Droplet creation."),
        ({"size": "gpu-h100x1-80gb"}, "Size is not available in this region."),
        ({"name": "a_b c"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        ({"name": ""}, "Name can't be blank"),
        ({"ssh_keys": [1]}, "1 are invalid key identifiers for Droplet creation."),
        ({"tags": ["no spaces"]}, "Tags may only contain letters, numbers, colons, dashes and underscores."),
    ],
)
def test_order_that_makes_no_sense_is_refused(api: Api, change: dict[str, object], message: str) -> None:
    answer = api.ask("POST", "/droplets", {"name": "x", **ORDER, **change})
    assert answer.status_code == 422
    assert answer.json() == {"id": "unprocessable_entity", "message": message}


def test_droplets_over_the_accounts_limit_are_refused_and_none_is_made(api: Api) -> None:
    limit = api.get("/account")["account"]["droplet_limit"]
    wait_for(lambda: api.get("/droplets")["droplets"] == [])
    for first in range(0, limit - 5, 10):
        names = [f"l-{first + number}" for number in range(min(10, limit - 5 - first))]
        assert api.ask("POST", "/droplets", {**ORDER, "names": names}).status_code == 202
    answer = api.ask("POST", "/droplets", {**ORDER, "names": [f"o-{number}" for number in range(6)]})
    assert answer.status_code == 422
    assert "exceed your droplet limit" in answer.json()["message"]
    assert api.get("/droplets?per_page=1")["meta"]["total"] == limit - 5


def test_what_does_not_exist_is_not_found(api: Api) -> None:
    for path in ("/droplets/1", "/actions/1", "/images/none", "/tags/none", "/account/keys/1", "/nothing/at/all"):
        answer = api.ask("GET", path)
        assert (answer.status_code, answer.json()["id"]) == (404, "not_found")


# --- keys and tags


def test_ssh_keys_are_kept_once_and_used_by_droplets(api: Api, sandbox_digitalocean: Sandbox) -> None:
    made = api.ask("POST", "/account/keys", {"name": "desk", "public_key": PUBLIC_KEY})
    assert made.status_code == 201
    key = made.json()["ssh_key"]
    again = api.ask("POST", "/account/keys", {"name": "desk", "public_key": PUBLIC_KEY})
    assert again.json()["message"] == "SSH Key is already in use on your account"
    assert api.create(ssh_keys=[key["id"]])
    assert api.create(ssh_keys=[key["fingerprint"]])
    assert libcloud(sandbox_digitalocean).get_key_pair("desk").fingerprint == key["fingerprint"]
    assert api.ask("DELETE", f"/account/keys/{key['id']}").status_code == 204
    assert api.get("/account/keys")["ssh_keys"] == []


def test_tags_are_put_on_and_taken_off(api: Api) -> None:
    number = api.create()["id"]
    resources = {"resources": [{"resource_id": str(number), "resource_type": "droplet"}]}
    assert api.ask("POST", "/tags", {"name": "late"}).status_code == 201
    assert api.ask("POST", "/tags/late/resources", resources).status_code == 204
    assert api.get("/tags/late")["tag"]["resources"]["droplets"]["count"] == 1
    assert api.get(f"/droplets/{number}")["droplet"]["tags"] == ["late"]
    assert api.ask("DELETE", "/tags/late/resources", resources).status_code == 204
    assert api.get("/droplets?tag_name=late")["droplets"] == []
    assert api.ask("DELETE", "/tags/late").status_code == 204
