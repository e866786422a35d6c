"""The simulated Google Cloud answers and refuses as the documented one does."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import pytest
import requests

from clouddesk.sandbox.gcp_schema import METHODS, problems
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.gcp_api import IMAGE, ZONE, Api, api, order

__all__ = ["api"]

ZONES = f"/zones/{ZONE}"
RULE = {"name": "web", "network": "global/networks/default", "allowed": [{"IPProtocol": "tcp", "ports": ["80"]}]}


def refused(answer: requests.Response) -> tuple[int, str]:
    """The status and Google's word for the reason."""
    return answer.status_code, str(answer.json()["error"]["errors"][0]["reason"])


def boot_disk(**asked: str) -> list[dict[str, object]]:
    return [{"boot": True, "initializeParams": asked}]


class Checked(Api):
    """Holds each answer against Google's own description of the API: see ``gcp_schema.json`` for where it is from."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.seen: set[str] = set()
        super().__init__(sandbox)

    def ask(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        answer = super().ask(method, path, body, **query)
        assert answer.ok, answer.text
        fitting = [
            (one.path.count("{"), name)
            for name, one in METHODS.items()
            if one.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one.path), f"projects/{path}")
        ]
        name = min(fitting)[1]
        assert list(problems(answer.json(), METHODS[name].response)) == [], name
        self.seen.add(name)
        return answer


def test_every_answer_is_as_google_describes_it(sandbox_gcp: Sandbox) -> None:
    api = Checked(sandbox_gcp)
    for path in ("", "/regions", "/regions/europe-west3", "/zones", ZONES, f"{ZONES}/machineTypes"):
        api.get(path)
    api.get(f"{ZONES}/machineTypes/g2-standard-4".replace(ZONE, "europe-west4-a"))
    api.get("/aggregated/machineTypes", filter='name = "e2-small"')
    api.get("/zones/europe-west3-b/acceleratorTypes/nvidia-tesla-t4")
    image = api.ask("GET", "debian-cloud/global/images/family/debian-12").json()
    api.ask("GET", f"debian-cloud/global/images/{image['name']}")

    machine = {**order("tour"), "labels": {"a": "b"}, "tags": {"items": ["t"]}, "metadata": {"items": []}}
    gpu = {"acceleratorType": "zones/europe-west3-b/acceleratorTypes/nvidia-tesla-t4", "acceleratorCount": 1}
    with_gpu: dict[str, Any] = {
        **order("tour-gpu"),
        "machineType": "zones/europe-west3-b/machineTypes/n1-standard-1",
        "guestAccelerators": [gpu],
        "scheduling": {"onHostMaintenance": "TERMINATE"},
    }
    begun = api.mine("POST", f"{ZONES}/instances", machine, requestId=str(uuid.uuid4())).json()
    api.mine("POST", "/zones/europe-west3-b/instances", with_gpu)
    api.get(f"{ZONES}/operations/{begun['name']}")
    api.mine("POST", f"{ZONES}/operations/{begun['name']}/wait")
    api.get(f"{ZONES}/instances")
    api.get("/aggregated/instances")
    api.get("/aggregated/disks")
    found = api.get(f"{ZONES}/instances/tour")
    labels = {"labels": {"c": "d"}, "labelFingerprint": found["labelFingerprint"]}
    api.done(api.mine("POST", f"{ZONES}/instances/tour/setLabels", labels))
    wait_for(lambda: api.status("tour") == "RUNNING")
    api.done(api.mine("POST", f"{ZONES}/instances/tour/reset"))
    api.done(api.mine("POST", f"{ZONES}/instances/tour/stop"))
    api.get(f"{ZONES}/instances/tour")
    kept = {"name": "tour-image", "sourceDisk": f"zones/{ZONE}/disks/tour", "labels": {"a": "b"}}
    begun = api.mine("POST", "/global/images", kept).json()
    api.get("/global/images")
    api.done(api.mine("GET", f"/global/operations/{begun['name']}"))
    api.get("/global/images/tour-image")
    api.mine("DELETE", "/global/images/tour-image")
    api.get("/global/images/tour-image")
    api.mine("POST", f"{ZONES}/instances/tour/start")
    api.get("/aggregated/operations")

    api.done(api.mine("POST", f"{ZONES}/disks", {"name": "tour-data", "sizeGb": "10"}))
    api.get(f"{ZONES}/disks/tour-data")
    api.mine("DELETE", f"{ZONES}/disks/tour-data")
    begun = api.mine("POST", "/global/firewalls", {**RULE, "name": "tour-web"}).json()
    api.get(f"/global/operations/{begun['name']}")
    api.mine("POST", f"/global/operations/{begun['name']}/wait")
    api.mine("PATCH", "/global/firewalls/tour-web", {"sourceRanges": ["10.0.0.0/8"]})
    api.get("/global/firewalls")
    assert api.get("/global/firewalls/tour-web")["allowed"] == RULE["allowed"]
    api.mine("DELETE", "/global/firewalls/tour-web")
    api.mine("DELETE", f"{ZONES}/instances/tour")
    api.mine("DELETE", "/zones/europe-west3-b/instances/tour-gpu")
    assert api.seen == set(METHODS), "all that is simulated must have been asked"


def test_errors_have_googles_shape(api: Api) -> None:
    answer = api.mine("GET", f"{ZONES}/instances/nobody")
    assert answer.json() == {
        "error": {
            "code": 404,
            "message": f"The resource 'projects/{api.project}/zones/{ZONE}/instances/nobody' was not found",
            "errors": [
                {
                    "message": f"The resource 'projects/{api.project}/zones/{ZONE}/instances/nobody' was not found",
                    "domain": "global",
                    "reason": "notFound",
                }
            ],
            "status": "NOT_FOUND",
        }
    }


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "nobody@x.iam.gserviceaccount.com"}, "invalid_grant"),
        ({"aud": "https://oauth2.googleapis.com/token"}, "invalid_grant"),
        ({"exp": int(time.time()) - 60}, "invalid_grant"),
        ({"exp": int(time.time()) + 90_000}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "invalid_scope"),
    ],
)
def test_no_token_is_given_for_a_wrong_assertion(api: Api, claims: dict[str, object], error: str) -> None:
    answer = api.exchange(**claims)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_what_is_not_signed_by_the_account_is_worth_nothing(api: Api, sandbox_gcp: Sandbox) -> None:
    answer = requests.post(f"{sandbox_gcp.url}/token", data={"grant_type": "password"}, timeout=10)
    assert answer.json()["error"] == "unsupported_grant_type"
    url = f"{sandbox_gcp.url}/compute/v1/projects/{api.project}"
    for token in ("", "Bearer ya29.c.nothing", f"Bearer {api.key['private_key_id']}"):
        assert refused(requests.get(url, headers={"Authorization": token}, timeout=10)) == (401, "authError")


def test_all_are_in_one_project_and_others_are_out_of_reach_but_for_public_images(
    api: Api, sandbox_gcp: Sandbox
) -> None:
    bob = Api(sandbox_gcp, "local/bob")
    assert (bob.project, bob.key["client_email"] != api.key["client_email"]) == (api.project, True)
    assert refused(api.ask("GET", "somebody-elses")) == (403, "forbidden")
    assert refused(api.ask("GET", "ubuntu-os-cloud/zones/x/instances")) == (403, "forbidden")
    assert (
        api.ask("GET", "ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-arm64").json()["architecture"] == "ARM64"
    )


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        ({"colour": "red"}, 400, "badRequest"),
        ({"labels": {"a": 1}}, 400, "badRequest"),
        ({"name": "Capital"}, 400, "invalid"),
        ({"name": "-dash"}, 400, "invalid"),
        ({"name": "x" * 64}, 400, "invalid"),
        ({"labels": {"clouddesk-owner": "T1/U1"}}, 400, "invalid"),
        ({"labels": {"owner": "x" * 64}}, 400, "invalid"),
        ({"labels": {"Owner": "x"}}, 400, "invalid"),
        ({"tags": {"items": ["a_b"]}}, 400, "invalid"),
        ({"machineType": f"zones/{ZONE}/machineTypes/x9-huge"}, 400, "invalid"),
        ({"machineType": "zones/europe-west3-b/machineTypes/e2-small"}, 400, "invalid"),
        ({"machineType": f"zones/{ZONE}/machineTypes/a2-highgpu-1g"}, 400, "invalid"),
        ({"machineType": f"zones/{ZONE}/machineTypes/c4a-standard-1"}, 400, "invalid"),
        ({"machineType": f"zones/{ZONE}/machineTypes/c4-standard-2"}, 400, "badRequest"),
        ({"networkInterfaces": []}, 400, "invalid"),
        ({"networkInterfaces": [{"network": "global/networks/other"}]}, 400, "invalid"),
        ({"metadata": {"items": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}}, 400, "invalid"),
        ({"metadata": {"items": [{"key": "user-data", "value": "x" * 300_000}]}}, 400, "invalid"),
        ({"disks": []}, 400, "invalid"),
        ({"disks": boot_disk(sourceImage="projects/x/global/images/y")}, 404, "notFound"),
        ({"disks": boot_disk(sourceImage=IMAGE, diskSizeGb="5")}, 400, "invalid"),
        ({"scheduling": {"provisioningModel": "CHEAP"}}, 400, "badRequest"),
        ({"scheduling": {"provisioningModel": "SPOT", "automaticRestart": True}}, 400, "invalid"),
        ({"scheduling": {"instanceTerminationAction": "STOP"}}, 400, "invalid"),
        ({"guestAccelerators": [{"acceleratorType": "x", "acceleratorCount": 1}]}, 400, "badRequest"),
    ],
)
def test_orders_that_make_no_machine_are_refused(
    api: Api, sandbox_gcp: Sandbox, changed: dict[str, object], status: int, reason: str
) -> None:
    assert refused(api.insert("one", **changed)) == (status, reason)
    assert not [item for item in sandbox_gcp.machines() if item["name"] == "one"]


def test_a_zone_that_is_none_and_a_parameter_that_is_none_are_refused(api: Api) -> None:
    assert refused(api.mine("POST", "/zones/europe-west3-z/instances", order("one"))) == (404, "notFound")
    assert refused(api.mine("GET", f"{ZONES}/instances", colour="red")) == (400, "badRequest")
    assert refused(api.mine("GET", f"{ZONES}/instances", maxResults="501")) == (400, "invalid")
    assert refused(api.mine("GET", f"{ZONES}/instances", filter="labels.a ~ b")) == (400, "invalid")
    assert api.mine("GET", "/nothing").status_code == 404


def test_a_name_is_given_once_in_a_zone(api: Api) -> None:
    api.done(api.insert("one"))
    assert refused(api.insert("one")) == (409, "alreadyExists")
    elsewhere = {**order("one"), "machineType": "zones/europe-west3-b/machineTypes/e2-small"}
    api.done(api.mine("POST", "/zones/europe-west3-b/instances", elsewhere))


def test_a_machine_goes_through_its_states(api: Api) -> None:
    api.insert("states")
    assert api.status("states") == "STAGING"
    assert refused(api.mine("POST", f"{ZONES}/instances/states/reset")) == (400, "resourceNotReady")
    wait_for(lambda: api.status("states") == "RUNNING")
    assert api.done(api.mine("POST", f"{ZONES}/instances/states/start"))["status"] == "DONE"
    api.mine("POST", f"{ZONES}/instances/states/stop")
    assert api.status("states") == "STOPPING"
    assert refused(api.mine("POST", f"{ZONES}/instances/states/start")) == (400, "resourceNotReady")
    wait_for(lambda: api.status("states") == "TERMINATED")
    assert "natIP" not in api.get(f"{ZONES}/instances/states")["networkInterfaces"][0]["accessConfigs"][0]
    api.mine("POST", f"{ZONES}/instances/states/start")
    wait_for(lambda: api.status("states") == "RUNNING")
    api.mine("DELETE", f"{ZONES}/instances/states")
    assert api.status("states") == "STOPPING"
    assert refused(api.mine("DELETE", f"{ZONES}/instances/states")) == (400, "resourceNotReady")
    wait_for(lambda: api.mine("GET", f"{ZONES}/instances/states").status_code == 404)
    assert api.mine("GET", f"{ZONES}/disks/states").status_code == 404


def test_a_disk_outlives_its_machine_unless_it_is_to_end_with_it(api: Api) -> None:
    api.insert("keeper", disks=boot_disk(sourceImage=IMAGE))
    assert refused(api.mine("DELETE", f"{ZONES}/disks/keeper")) == (400, "resourceInUseByAnotherResource")
    api.done(api.mine("DELETE", f"{ZONES}/instances/keeper"))
    assert "users" not in api.get(f"{ZONES}/disks/keeper")
    assert api.done(api.mine("DELETE", f"{ZONES}/disks/keeper"))["status"] == "DONE"


@pytest.mark.parametrize(
    ("kind", "code", "status"), [("no_capacity", "ZONE_RESOURCE_POOL_EXHAUSTED", 503), ("quota", "QUOTA_EXCEEDED", 403)]
)
def test_what_cannot_be_made_is_told_by_the_operation(
    api: Api, sandbox_gcp: Sandbox, kind: str, code: str, status: int
) -> None:
    sandbox_gcp.fault(kind)
    operation = api.done(api.insert("one"))
    assert (operation["error"]["errors"][0]["code"], operation["httpErrorStatusCode"]) == (code, status)
    assert list(problems(operation, "Operation")) == []
    assert api.mine("GET", f"{ZONES}/instances/one").status_code == 404


def test_lists_are_filtered_and_come_in_pages(api: Api) -> None:
    for number in range(3):
        api.insert(f"page-{number}", labels={"team": f"t{number % 2}"})
    listed = api.get(f"{ZONES}/instances", filter='(labels.team = "t0") AND (status != "TERMINATED")')
    assert [item["name"] for item in listed["items"]] == ["page-0", "page-2"]
    listed = api.get("/aggregated/instances", filter="name eq page-.*", maxResults="2")
    rest = api.get("/aggregated/instances", filter="name eq page-.*", maxResults="2", pageToken=listed["nextPageToken"])
    found = [page["items"][f"zones/{ZONE}"]["instances"] for page in (listed, rest)]
    assert [[item["name"] for item in page] for page in found] == [["page-0", "page-1"], ["page-2"]]
    assert "nextPageToken" not in rest
    assert rest["items"]["zones/us-central1-a"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    assert "items" not in api.get(f"{ZONES}/instances", filter='(labels.team = "t7")')


@pytest.mark.parametrize(
    "changed",
    [
        {"allowed": []},
        {"denied": [{"IPProtocol": "all"}]},
        {"priority": 70_000},
        {"sourceRanges": ["10.0.0.1/8"]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["90-80"]}]},
        {"allowed": [{"IPProtocol": "icmp", "ports": ["1"]}]},
        {"targetTags": ["Not a tag"]},
        {"network": "global/networks/other"},
    ],
)
def test_rules_that_make_no_firewall_are_refused(api: Api, changed: dict[str, object]) -> None:
    assert refused(api.mine("POST", "/global/firewalls", {**RULE, **changed})) == (400, "invalid")


def test_the_networks_own_rules_let_in_ssh_from_everywhere(api: Api) -> None:
    found = {item["name"]: item for item in api.get("/global/firewalls")["items"]}
    assert found["default-allow-ssh"]["sourceRanges"] == ["0.0.0.0/0"]
    assert found["default-allow-internal"]["priority"] == 65_534


def test_keys_and_machines_survive_the_server(api: Api, sandbox_gcp: Sandbox) -> None:
    api.done(api.insert("stays"))
    sandbox_gcp.kill()
    sandbox_gcp.start()
    assert Api(sandbox_gcp).project == api.project
    assert api.status("stays") in ("STAGING", "RUNNING"), "and so do tokens"
