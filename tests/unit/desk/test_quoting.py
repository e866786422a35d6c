"""From a request to a quote."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clouddesk.adapters.blueprints import find_blueprint, load_blueprints
from clouddesk.catalog import load_catalog
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.errors import Invalid, LimitExceeded, NothingFits, UnknownSoftware
from clouddesk.model.offer import Offer
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.quoting import LEAST_STORAGE_GB, make_quote
from clouddesk.settings import PROJECT
from tests.unit.desk.conftest import NOW, ListCatalog, offer

BLUEPRINTS = load_blueprints(PROJECT / "blueprints")
BOTH = ("aws", "digitalocean")


def quote(
    catalog: ListCatalog,
    *,
    providers: tuple[str, ...] = BOTH,
    others: tuple[str, ...] = (),
    timezone: str = "UTC",
    **facts: object,
) -> Quote:
    request = ResourceRequest(**facts)  # type: ignore[arg-type]
    blueprint = find_blueprint(BLUEPRINTS, request.software[0]) if request.kind == CLUSTER else None
    return make_quote(
        Actor("local", "ann", timezone=timezone),
        request,
        blueprint=blueprint,
        providers=providers,
        catalog=catalog,
        limits=Limits(max_nodes=50),
        now=NOW,
        is_simulated=True,
        others=others,
    )


def test_nothing_said_takes_defaults_and_names_them(catalog):
    made = quote(catalog)
    assert (made.offer.size, made.lease_seconds, len(made.nodes)) == ("s-2vcpu-4gb", 8 * 3600, 1)
    assert set(made.defaults) == {"count", "size", "storage", "os", "duration"}


def test_a_spark_cluster_takes_its_blueprints_shape_and_roles(catalog):
    made = quote(catalog, kind=CLUSTER, software=("spark",), count=3)
    assert [node.key for node in made.nodes] == ["controller", "worker-1", "worker-2"]
    assert made.offer.memory_gb >= 16
    assert made.name == "spark"


def test_the_total_is_machines_and_disks_times_the_lease(catalog):
    made = quote(
        catalog, providers=("aws",), count=2, storage_gb=100.0, size_names=("t3.medium",), duration_seconds=7200
    )
    disk = 100 * 0.08 / 730
    assert made.machine_hourly_price_usd == pytest.approx(0.0416 + disk)
    assert made.total_price_usd == pytest.approx(2 * 2 * (0.0416 + disk))


def test_the_runner_up_is_from_another_provider_where_there_is_one(catalog):
    made = quote(catalog, vcpus=2, memory_gb=4.0)
    assert (made.offer.provider, made.runner_up.provider) == ("digitalocean", "aws")


def test_what_it_would_cost_elsewhere_is_told_also_of_clouds_without_access(catalog):
    made = quote(catalog, providers=("aws",), others=("aws", "digitalocean"), vcpus=2, memory_gb=4.0, count=3)
    assert made.offer.provider == "aws"
    assert [(item.offer.size, item.has_access) for item in made.elsewhere] == [("s-2vcpu-4gb", False)]
    assert made.elsewhere[0].hourly_price_usd == pytest.approx(3 * 0.03571)
    assert quote(catalog, others=("aws",)).elsewhere[0].has_access


def test_a_cloud_that_lacks_the_place_the_system_or_the_machine_is_no_elsewhere(catalog):
    both = {"providers": ("aws",), "others": ("digitalocean", "nobody")}
    assert quote(catalog, os="amazon-linux", **both).elsewhere == ()
    assert quote(catalog, memory_gb=500.0, **both).elsewhere == ()
    known = load_catalog(("aws", "digitalocean"))
    assert quote(known, region="cape town", **both).elsewhere == ()


def test_a_public_address_is_in_the_price():
    known = load_catalog(("aws",))
    made = quote(known, providers=("aws",), size_names=("t3.medium",), region="us-east-1", storage_gb=20.0, count=2)
    assert made.hourly_price_usd == pytest.approx(2 * (0.0416 + 0.005 + 20 * 0.08 / 730))


def test_a_system_without_its_version_becomes_the_one_that_is_meant(catalog):
    assert quote(catalog, os="debian").os == "debian-12"


def test_a_cloud_without_the_system_is_left_out(catalog):
    assert quote(catalog, os="amazon-linux").offer.provider == "aws"
    with pytest.raises(Invalid, match="amazon-linux"):
        quote(catalog, os="amazon-linux", providers=("digitalocean",))


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        ("mumbai", "aws"),
        ("ap-south-1", "aws"),
        ("dublin", "aws"),
        ("oregon", "aws"),
        ("nyc1", "digitalocean"),
        ("new york", "digitalocean"),
        ("bangalore", "digitalocean"),
        ("lon", "aws"),
    ],
)
def test_a_place_that_only_one_of_the_clouds_has_is_known(said, provider):
    catalog = load_catalog(("aws",))
    catalog.replace("aws", [_offer_in("aws", name) for name in ("ap-south-1", "eu-west-1", "us-west-2", "eu-west-2")])
    catalog.replace("digitalocean", [_offer_in("digitalocean", name) for name in ("nyc1", "blr1")])
    assert quote(catalog, region=said).offer.provider == provider


def test_cores_alone_keep_a_memory_that_suits_them(catalog):
    made = quote(catalog, vcpus=2)
    assert (made.offer.memory_gb, "memory" in made.defaults) == (4, True)
    assert quote(catalog, vcpus=4).offer.memory_gb == 16
    assert "memory" not in quote(catalog, vcpus=2, memory_gb=1.0).defaults


def test_the_memory_that_suits_the_cores_is_never_what_cannot_be_had(catalog):
    made = quote(catalog, vcpus=2, max_hourly_price_usd=0.02)
    assert (made.offer.size, "memory" in made.defaults) == ("t3.micro", False)


def test_the_nearest_offer_costs_what_the_whole_request_costs_and_says_what_it_gives_up(catalog):
    with pytest.raises(NothingFits) as caught:
        quote(catalog, count=4, memory_gb=1000.0, storage_gb=40960.0, providers=("aws",), max_hourly_price_usd=2.0)
    near = next(item for item in caught.value.nearest if item.offer.size == "r5.24xlarge")
    assert near.disk_gb == 16384
    assert near.hourly_price_usd == pytest.approx(4 * (6.048 + 16384 * 0.08 / 730))
    assert near.gives_up == {"memory_gb": 1000.0, "storage_gb": 40960.0, "max_hourly_price_usd": 2.0}


def test_the_nearest_offer_says_when_it_is_elsewhere():
    catalog = load_catalog(("aws",))
    catalog.replace("aws", [_offer_in("aws", "us-east-1")])
    catalog.replace("digitalocean", [])
    with pytest.raises(NothingFits) as caught:
        quote(catalog, region="london")
    assert [item.gives_up for item in caught.value.nearest] == [{"region": "london"}]


def test_an_a100_of_80_gb_is_an_a100():
    catalog = load_catalog(("azure",))
    made = quote(catalog, providers=("azure",), gpu_types=("a100",), storage_gb=100.0)
    assert (made.offer.gpus, made.offer.gpu_type) == (1, "a100-80gb")
    with pytest.raises(NothingFits) as caught:
        quote(catalog, providers=("azure",), gpu_types=("a100",), gpu_count=8, memory_gb=5000.0)
    assert not any("gpu_types" in item.gives_up for item in caught.value.nearest)


def _offer_in(provider: str, region: str) -> Offer:
    return replace(offer(provider, "some.size", 2, 4, 0.05, disk_gb=80), region=region)


def test_an_unknown_price_never_wins(catalog):
    with pytest.raises(NothingFits) as caught:
        quote(catalog, memory_gb=1500.0)
    assert caught.value.nearest


def test_one_named_measure_does_not_raise_the_others(catalog):
    assert quote(catalog, providers=("aws",), memory_gb=1.0, storage_gb=8.0).offer.size == "t3.micro"


@pytest.mark.parametrize("count", [0, -3])
def test_no_machines_or_fewer_is_refused(catalog, count):
    with pytest.raises(Invalid, match="at least 1"):
        quote(catalog, count=count)


def test_more_machines_than_the_limit_says_the_limit(catalog):
    with pytest.raises(LimitExceeded) as caught:
        quote(catalog, count=1000)
    assert caught.value.limit == 50


def test_a_cluster_too_small_for_its_blueprint_is_refused(catalog):
    with pytest.raises(Invalid, match="at least 2"):
        quote(catalog, kind=CLUSTER, software=("spark",), count=1)


def test_a_lease_longer_than_allowed_says_the_limit(catalog):
    with pytest.raises(LimitExceeded, match="hours"):
        quote(catalog, duration_seconds=365 * 86400)


def test_an_end_in_words_is_meant_in_the_persons_zone(catalog):
    made = quote(catalog, until="until friday 5pm", timezone="Europe/Berlin")
    # Friday 17:00 in Berlin (winter time) is 16:00 UTC, two days and four hours after Wednesday noon.
    assert made.lease_seconds == timedelta(days=2, hours=4).total_seconds()


def test_an_end_that_nobody_understands_is_asked_again(catalog):
    with pytest.raises(Invalid, match="cows come home"):
        quote(catalog, until="until the cows come home")


def test_a_price_cap_is_for_the_whole_request(catalog):
    assert quote(catalog, count=2, vcpus=2, memory_gb=4.0, max_hourly_price_usd=0.08).hourly_price_usd <= 0.08
    with pytest.raises(NothingFits):
        quote(catalog, count=2, vcpus=2, memory_gb=4.0, max_hourly_price_usd=0.05)


def test_an_end_said_as_a_time_is_kept_to_the_second(catalog):
    made = quote(catalog, until="until friday 5pm", timezone="Europe/Berlin")
    assert (made.ends_at.minute, made.ends_at.second, made.ends_at.microsecond) == (0, 0, 0)


def test_a_disk_is_never_smaller_than_the_images(catalog):
    assert quote(catalog, providers=("aws",), storage_gb=5.0).disk_gb == LEAST_STORAGE_GB


@pytest.mark.parametrize("storage_gb", [0.0, -5.0])
def test_no_disk_makes_no_sense(catalog, storage_gb):
    with pytest.raises(Invalid, match="storage_gb"):
        quote(catalog, storage_gb=storage_gb)


def test_a_said_name_is_taken_and_a_wrong_one_refused(catalog):
    assert quote(catalog, name="ETL-night").name == "etl-night"
    with pytest.raises(Invalid, match="cannot be a name"):
        quote(catalog, name="my box!")


def test_the_reservation_of_a_quote_is_always_the_same(catalog):
    made = quote(catalog)
    assert made.reservation_id == "r-" + made.id[2:]


def test_unknown_software_lists_what_there_is():
    with pytest.raises(UnknownSoftware) as caught:
        find_blueprint(BLUEPRINTS, "minecraft")
    assert "spark" in caught.value.known


def test_a_wrong_blueprint_names_its_file_and_field(tmp_path: Path):
    (tmp_path / "odd.yml").write_text("title: Odd\nroles: [{name: node}]\n")
    with pytest.raises(Invalid, match=r"odd\.yml: machine is missing"):
        load_blueprints(tmp_path)
