"""The bundled price lists against prices published elsewhere than where they are from."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from clouddesk.catalog.bundled import bundled_prices, bundled_providers
from clouddesk.model.offer import ARM64, X86_64, Offer
from tests.unit.catalog.published import PUBLISHED

MOST_RELATIVE_ERROR = 0.005
PROVIDERS = ("aws", "azure", "digitalocean", "gcp", "linode", "vultr")


@pytest.fixture(scope="module")
def offers() -> dict[str, dict[tuple[str, str], Offer]]:
    """By provider, then by size and region."""
    return {
        provider: {(offer.size, offer.region): offer for offer in bundled_prices(provider)}
        for provider in bundled_providers()
    }


@pytest.mark.parametrize(("provider", "machine"), [(name, item) for name, list_ in PUBLISHED.items() for item in list_])
def test_price_is_the_published_one(
    offers: dict[str, dict[tuple[str, str], Offer]], provider: str, machine: tuple[str, str]
) -> None:
    expected = PUBLISHED[provider][machine]
    # What is published with four digits after the point says no more than that.
    assert offers[provider][machine].hourly_price_usd == pytest.approx(expected, rel=MOST_RELATIVE_ERROR, abs=0.0000501)


def test_there_is_a_list_of_each_provider_and_a_sample_of_each_is_checked() -> None:
    assert set(bundled_providers()) == set(PUBLISHED) == set(PROVIDERS)
    assert sum(len(list_) for list_ in PUBLISHED.values()) >= 110


def test_no_price_is_zero_or_unknown_and_each_says_where_and_when_it_is_from(
    offers: dict[str, dict[tuple[str, str], Offer]],
) -> None:
    now = datetime.now(timezone.utc)
    for list_ in offers.values():
        assert len(list_) > 1000
        for offer in list_.values():
            assert offer.hourly_price_usd is not None
            assert offer.hourly_price_usd > 0.001
            assert offer.source
            assert datetime(2020, 1, 1, tzinfo=timezone.utc) < offer.as_of < now


def test_no_machine_is_in_two_lists_of_a_provider(offers: dict[str, dict[tuple[str, str], Offer]]) -> None:
    for provider, list_ in offers.items():
        assert len(bundled_prices(provider)) == len(list_)


def test_sizes_are_what_they_are_called(offers: dict[str, dict[tuple[str, str], Offer]]) -> None:
    has = {
        ("aws", "m5.xlarge", "us-east-1"): (4, 16, 0, None),
        ("aws", "g4dn.12xlarge", "us-east-1"): (48, 192, 4, "t4"),
        ("azure", "Standard_D4s_v3", "westeurope"): (4, 16, 0, None),
        ("azure", "Standard_NC24ads_A100_v4", "eastus"): (24, 220, 1, "a100-80gb"),
        ("gcp", "n2-highmem-8", "europe-west3"): (8, 64, 0, None),
        ("gcp", "e2-small", "us-central1"): (2, 2, 0, None),
        ("gcp", "g2-standard-24", "us-central1"): (24, 96, 2, "l4"),
        ("digitalocean", "s-2vcpu-4gb", "fra1"): (2, 4, 0, None),
        ("digitalocean", "gpu-h100x8-640gb", "nyc2"): (160, 1920, 8, "h100"),
    }
    for (provider, size, region), facts in has.items():
        offer = offers[provider][size, region]
        assert (offer.vcpus, offer.memory_gb, offer.gpus, offer.gpu_type) == facts


def test_an_accelerators_kind_is_known_wherever_there_is_one(offers: dict[str, dict[tuple[str, str], Offer]]) -> None:
    kinds = {offer.gpu_type for list_ in offers.values() for offer in list_.values() if offer.gpus}
    assert None not in kinds
    assert {"t4", "l4", "a100", "h100", "v100", "l40s"} <= kinds


def test_disk_and_address_are_priced_as_the_cloud_sells_them(offers: dict[str, dict[tuple[str, str], Offer]]) -> None:
    aws, azure = offers["aws"]["t3.micro", "us-east-1"], offers["azure"]["Standard_B2s", "eastus"]
    gcp, droplet = offers["gcp"]["e2-medium", "us-central1"], offers["digitalocean"]["s-1vcpu-1gb", "nyc1"]
    assert aws.machine_hourly_price_usd(100) == pytest.approx(0.0104 + 0.005 + 100 * 0.08 / 730)
    assert azure.machine_hourly_price_usd(100) == pytest.approx(0.0416 + 0.005 + 128 * 0.075 / 730)
    assert gcp.machine_hourly_price_usd(100) == pytest.approx(0.033503 + 0.005 + 100 * 0.1 / 730, rel=1e-4)
    assert droplet.machine_hourly_price_usd(20) == 0.00893
    assert droplet.machine_hourly_price_usd(100) is None


def test_a_stopped_machine_costs_its_disk_and_where_it_stays_its_address(
    offers: dict[str, dict[tuple[str, str], Offer]],
) -> None:
    aws, azure = offers["aws"]["t3.micro", "us-east-1"], offers["azure"]["Standard_B2s", "eastus"]
    assert aws.stopped_hourly_price_usd(100) == pytest.approx(100 * 0.08 / 730)
    assert azure.stopped_hourly_price_usd(100) == pytest.approx(0.005 + 128 * 0.075 / 730)
    assert offers["digitalocean"]["s-1vcpu-1gb", "nyc1"].stopped_hourly_price_usd(20) == 0


def test_architecture_follows_the_family(offers: dict[str, dict[tuple[str, str], Offer]]) -> None:
    aws = offers["aws"]
    assert {aws[size, "us-east-1"].architecture for size in ("t4g.micro", "m6g.large", "a1.large")} == {ARM64}
    assert {aws[size, "us-east-1"].architecture for size in ("t3.micro", "g4dn.xlarge")} == {X86_64}


@pytest.mark.parametrize(
    ("provider", "special", "usual"),
    [
        ("aws", {"m3.medium", "t1.micro", "hpc7a.12xlarge"}, {"t2.micro", "t3.micro", "m5.large", "g4dn.xlarge"}),
        ("azure", {"Standard_M64s", "Standard_DC2s_v2"}, {"Standard_B2s", "Standard_D4s_v3"}),
    ],
)
def test_old_and_special_sizes_are_only_by_name(provider: str, special: set[str], usual: set[str]) -> None:
    table = bundled_prices(provider)
    marked = {table.sizes[code] for code in table.columns["size"][table.columns["is_special"]]}
    assert special <= marked
    assert not usual & marked


def test_only_the_regions_that_are_asked_for_are_read() -> None:
    table = bundled_prices("gcp", ("europe-west3", "mars-north1"))
    assert {region for _, region in table.places} == {"europe-west3"}
    assert list(bundled_prices("nobody")) == []
