"""What of Google Cloud needs no cloud: labels, names, requests for machines, quotas, meanings of errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.catalog import Regions
from clouddesk.catalog.bundled import bundled_prices
from clouddesk.model.errors import (
    CredentialsRejected,
    NoCapacity,
    ProviderDown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.model.node import GONE, STOPPING, NodeOrder, NodePlan
from clouddesk.providers import faults
from clouddesk.providers.cloud import INSTALLATION, OWNER, Image
from clouddesk.providers.gcp_answers import check
from clouddesk.providers.gcp_labels import filter_of, host_name, label, labels, read, unlabel
from clouddesk.providers.gcp_machine import Shape, node, request
from clouddesk.providers.gcp_quota import needs
from clouddesk.sandbox import gcp_catalog as sandbox

LABEL = re.compile(r"[a-z0-9_-]*")
NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
UBUNTU = Image("projects/ubuntu-os-cloud/global/images/ubuntu", "ubuntu-22.04", least_disk_gb=10)
A100 = {"guestAcceleratorType": "nvidia-tesla-a100", "guestAcceleratorCount": 2}
ROCKY = Image("projects/rocky-linux-cloud/global/images/rocky", "rocky-9", least_disk_gb=20)


def order(**changed: object) -> NodeOrder:
    facts: dict[str, object] = {
        "installation": "inst-1",
        "reservation_id": "r-1",
        "owner": "T1/U1",
        "region": "europe-west3",
        "size": "e2-small",
        "os": "ubuntu-22.04",
        "nodes": (NodePlan("worker-1", "worker"),),
        "disk_gb": 25,
        "name": "etl spark_1",
    }
    return NodeOrder(**{**facts, **changed})  # type: ignore[arg-type]


def body(image: Image = UBUNTU, *, has_gpus: bool = False, **changed: object) -> dict[str, Any]:
    asked = order(**changed)
    return request(asked, asked.nodes[0], image, zone="europe-west3-a", tag="tag", has_gpus=has_gpus)


@given(st.text())
def test_whatever_is_written_as_a_label_is_read_back(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    assert LABEL.fullmatch(label(text))
    assert unlabel(label(text)) == text


def test_the_usual_facts_stay_readable() -> None:
    assert [label(text) for text in ("r-0a1b", "worker-12", "local/ann", "T01AB/U9", "ubuntu-22.04")] == [
        "r-0a1b", "worker-12", "local_2fann", "_-t01ab_2fu9", "ubuntu-22_2e04",
    ]  # fmt: skip


@given(st.text(min_size=1, max_size=120).map(lambda text: text.encode("utf-8", "ignore").decode()))
def test_facts_longer_than_a_label_go_on_in_further_ones(owner: str) -> None:
    written = labels(order(owner=owner), NodePlan("n"), "debian-12")
    assert read(written, OWNER) == owner
    assert all(len(value) <= 63 and LABEL.fullmatch(value) for value in written.values())
    assert all(re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) for key in written)


def test_a_label_of_somebody_elses_is_read_as_it_is() -> None:
    assert read({OWNER: "data-team"}, OWNER) == "data-team"
    assert read({OWNER: "_ff_"}, OWNER) == "\N{REPLACEMENT CHARACTER}_"
    assert read({}, OWNER) == ""


def test_a_filter_holds_nothing_that_could_end_it() -> None:
    assert filter_of(INSTALLATION, 'x" OR "') == f'(labels.{INSTALLATION} = "x_22_20_-or_20_22")'


@given(name=st.text(max_size=80), key=st.text(min_size=1, max_size=20))
def test_every_name_is_one_that_google_takes(name: str, key: str) -> None:
    assert NAME.fullmatch(host_name(order(name=name), NodePlan(key)))


def test_two_reservations_of_one_name_have_machines_of_two_names() -> None:
    names = {
        host_name(order(), NodePlan("worker-1")),
        host_name(order(), NodePlan("worker-2")),
        host_name(order(reservation_id="r-2"), NodePlan("worker-1")),
        host_name(order(installation="inst-2"), NodePlan("worker-1")),
    }
    assert len(names) == 4
    assert all(name.startswith("etl-spark-1-worker-") for name in names)


def test_sizes_name_gpus_that_are_chosen_apart_and_others_do_not() -> None:
    assert Shape.parse("n1-standard-4+2xnvidia-tesla-t4") == Shape("n1-standard-4", 2, "nvidia-tesla-t4")
    zone = "https://www.googleapis.com/compute/v1/projects/p/zones/z-a"
    gpu = [{"acceleratorType": f"{zone}/acceleratorTypes/nvidia-tesla-t4", "acceleratorCount": 2}]
    with_gpu = {"machineType": f"{zone}/machineTypes/n1-standard-4", "guestAccelerators": gpu}
    assert Shape.of(with_gpu).name == "n1-standard-4+2xnvidia-tesla-t4"
    assert Shape.of({**with_gpu, "machineType": f"{zone}/machineTypes/a2-highgpu-1g"}).name == "a2-highgpu-1g"


@pytest.mark.parametrize(
    ("size", "disk"),
    [("e2-small", "pd-balanced"), ("c4-standard-4", "hyperdisk-balanced"), ("a3-ultragpu-8g", "hyperdisk-balanced"),
     ("a3-highgpu-8g", "pd-balanced")],
)  # fmt: skip
def test_machines_start_from_a_disk_that_their_family_takes(size: str, disk: str) -> None:
    assert body(size=size)["disks"][0]["initializeParams"]["diskType"] == f"zones/europe-west3-a/diskTypes/{disk}"


def test_disks_are_as_large_as_ordered_and_never_smaller_than_the_image() -> None:
    sizes = [body(image, disk_gb=gb)["disks"][0]["initializeParams"]["diskSizeGb"] for image, gb in
             ((UBUNTU, 25), (UBUNTU, 4), (ROCKY, 12))]  # fmt: skip
    assert sizes == ["25", "10", "20"]


def test_keys_are_for_the_systems_own_user_and_no_others_get_in() -> None:
    keys = ("ssh-ed25519 AAAA ann@desk", "ssh-rsa BBBB")
    found = {item["key"]: item["value"] for item in body(ROCKY, public_keys=keys)["metadata"]["items"]}
    assert found == {
        "ssh-keys": "rocky:ssh-ed25519 AAAA ann@desk\nrocky:ssh-rsa BBBB",
        "block-project-ssh-keys": "TRUE",
        "enable-oslogin": "FALSE",
    }


@pytest.mark.parametrize(
    ("image", "user_data", "key"),
    [
        (UBUNTU, "#cloud-config\n", "user-data"),
        (UBUNTU, "#!/bin/sh\n", "user-data"),
        (ROCKY, "#!/bin/sh\n", "startup-script"),
        (ROCKY, "#cloud-config\n", "user-data"),
    ],
)
def test_a_script_is_run_by_googles_agent_where_there_is_no_cloud_init(image: Image, user_data: str, key: str) -> None:
    items = body(image, user_data=user_data)["metadata"]["items"]
    assert {"key": key, "value": user_data} in items


def test_spot_machines_are_kept_when_google_wants_them_back() -> None:
    assert body(spot=True)["scheduling"] == {
        "provisioningModel": "SPOT",
        "instanceTerminationAction": "STOP",
        "automaticRestart": False,
        "onHostMaintenance": "TERMINATE",
    }
    assert body()["scheduling"]["onHostMaintenance"] == "MIGRATE"


def test_machines_with_gpus_are_not_moved_while_they_run() -> None:
    beside = body(size="n1-standard-4+1xnvidia-tesla-t4")
    assert beside["guestAccelerators"][0]["acceleratorCount"] == 1
    assert beside["scheduling"]["onHostMaintenance"] == "TERMINATE"
    assert body(size="g2-standard-4", has_gpus=True)["scheduling"]["onHostMaintenance"] == "TERMINATE"
    assert "guestAccelerators" not in body(size="g2-standard-4", has_gpus=True)


def test_machines_have_no_service_account() -> None:
    assert "serviceAccounts" not in body()


def test_a_machine_that_is_being_deleted_is_not_one_that_is_being_stopped() -> None:
    item = {"id": "7", "zone": "zones/europe-west3-a", "machineType": "x/e2-small", "status": "STOPPING"}
    assert node(item, ending=set()).state == STOPPING
    assert node(item, ending={"7"}).state == GONE


@pytest.mark.parametrize(
    ("size", "spot", "machine_type", "wanted"),
    [
        ("e2-small", False, {"guestCpus": 2}, {"CPUS": 6, "CPUS_ALL_REGIONS": 6, "SSD_TOTAL_GB": 75}),
        ("n2-standard-4", False, {"guestCpus": 4}, {"N2_CPUS": 12, "CPUS_ALL_REGIONS": 12, "SSD_TOTAL_GB": 75}),
        ("n2-standard-4", True, {"guestCpus": 4}, {"SSD_TOTAL_GB": 75}),
        ("c4-standard-4", False, {"guestCpus": 4}, {"C4_CPUS": 12, "CPUS_ALL_REGIONS": 12}),
        (
            "a2-highgpu-2g",
            False,
            {"guestCpus": 24, "accelerators": [A100]},
            {"A2_CPUS": 72, "CPUS_ALL_REGIONS": 72, "SSD_TOTAL_GB": 75, "NVIDIA_A100_GPUS": 6, "GPUS_ALL_REGIONS": 6},
        ),
    ],
)  # fmt: skip
def test_an_order_takes_of_the_quotas_what_google_counts(
    size: str, spot: bool, machine_type: dict[str, Any], wanted: dict[str, float]
) -> None:
    found = needs(order(size=size, spot=spot), Shape.parse(size), machine_type, 3)
    assert found == {"INSTANCES": 3, "IN_USE_ADDRESSES": 3, **wanted}


@pytest.mark.parametrize(
    ("status", "text", "fact"),
    [
        (401, "authError: Invalid Credentials", CredentialsRejected),
        (400, "invalid_grant: Invalid JWT Signature.", CredentialsRejected),
        (403, "forbidden: Required 'compute.instances.create' permission for 'projects/p'", CredentialsRejected),
        (403, "accessNotConfigured: Compute Engine API has not been used in project 1 before", CredentialsRejected),
        (403, "rateLimitExceeded: Rate Limit Exceeded", RateLimited),
        (400, "RESOURCE_OPERATION_RATE_EXCEEDED: Too frequent operations from the source resource.", RateLimited),
        (400, "invalid: Operation rate exceeded for resource 'projects/p/zones/z/disks/d'.", RateLimited),
        (403, "quotaExceeded: Quota 'CPUS' exceeded.  Limit: 24.0 in region europe-west3.", QuotaExceeded),
        (403, "QUOTA_EXCEEDED: Quota 'CPUS_ALL_REGIONS' exceeded.", QuotaExceeded),
        (503, "ZONE_RESOURCE_POOL_EXHAUSTED: does not have enough resources available", NoCapacity),
        (503, "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: (resource type:compute)", NoCapacity),
        (503, "backendError: Backend Error", ProviderDown),
        (400, "resourceNotReady: The resource is not ready", ProviderDown),
        (400, "invalid: Machine type with name 'x9.huge' does not exist", RequestRejected),
        (404, "notFound: The resource 'projects/p/global/networks/default' was not found", RequestRejected),
    ],
)
def test_googles_words_have_one_meaning(status: int, text: str, fact: type[ProviderError]) -> None:
    assert type(faults.translate("gcp", BaseHTTPError(status, text))) is fact


def test_what_went_wrong_in_an_operation_is_raised_when_it_is_done() -> None:
    check({"status": "DONE"})
    failed = {"httpErrorStatusCode": 503, "error": {"errors": [{"code": "STOCKOUT", "message": "none left"}]}}
    with pytest.raises(BaseHTTPError, match="STOCKOUT: none left") as caught:
        check(failed)
    assert caught.value.code == 503


def test_what_the_catalogue_offers_is_sold_by_the_simulated_cloud() -> None:
    assert set(Regions.load().names["gcp"]) == set(sandbox.REGIONS)
    for offer in bundled_prices("gcp"):
        sold = [found for zone in sandbox.REGIONS[offer.region] if (found := sandbox.machine_type(zone, offer.size))]
        assert sold, (offer.size, offer.region)
        assert (sold[0].vcpus, sold[0].gpus) == (offer.vcpus, offer.gpus)
        assert sold[0].memory_mb / 1024 == pytest.approx(offer.memory_gb, rel=0.01)
