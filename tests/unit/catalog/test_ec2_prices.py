"""EC2's mended prices against prices that AWS publishes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clouddesk.catalog.ec2 import BundledEc2, mend
from clouddesk.model.offer import ARM64, X86_64, Offer

# On demand, Linux, shared tenancy, USD an hour, from AWS's public price pages. What has a comment is wrong or missing
# in the raw data.
PUBLISHED = {
    ("t3.nano", "us-east-1"): 0.0052,
    ("t3.micro", "us-east-1"): 0.0104,
    ("t3.small", "us-east-1"): 0.0208,  # raw: dedicated tenancy
    ("t3.medium", "us-east-1"): 0.0416,  # raw: 0
    ("t3.large", "us-east-1"): 0.0832,  # raw: dedicated tenancy
    ("t3.micro", "eu-central-1"): 0.012,  # raw: 0
    ("t3.medium", "eu-central-1"): 0.048,
    ("t2.micro", "us-east-1"): 0.0116,
    ("t2.medium", "us-east-1"): 0.0464,
    ("t4g.micro", "us-east-1"): 0.0084,
    ("m5.large", "us-east-1"): 0.096,
    ("m5.xlarge", "us-east-1"): 0.192,  # raw: 0
    ("m5.16xlarge", "us-east-1"): 3.072,  # raw: dedicated tenancy
    ("m5.large", "eu-central-1"): 0.115,
    ("m5.large", "ap-northeast-1"): 0.124,
    ("m4.2xlarge", "eu-central-1"): 0.48,  # raw: dedicated tenancy
    ("m6i.xlarge", "us-east-1"): 0.192,  # raw: dedicated tenancy
    ("m6g.medium", "us-east-1"): 0.0385,  # raw: 0
    ("m7i.large", "us-east-1"): 0.1008,
    ("c5.large", "eu-central-1"): 0.097,
    ("c6i.4xlarge", "us-east-1"): 0.68,  # raw: dedicated tenancy
    ("c7g.large", "us-east-1"): 0.0725,  # raw: dedicated tenancy
    ("r5.large", "us-east-1"): 0.126,  # raw: dedicated tenancy
    ("r5.xlarge", "us-east-1"): 0.252,  # raw: 0
    ("g4dn.xlarge", "us-east-1"): 0.526,
    ("g5.12xlarge", "us-east-1"): 5.672,  # raw: 0
    ("p3.8xlarge", "us-east-1"): 12.24,  # raw: 0
}


@pytest.fixture(scope="module")
def bundled() -> BundledEc2:
    return BundledEc2.load()


@pytest.fixture(scope="module")
def offers(bundled: BundledEc2) -> dict[tuple[str, str], Offer]:
    return {(offer.size, offer.region): offer for offer in bundled.offers}


@pytest.mark.parametrize("machine", PUBLISHED, ids="-".join)
def test_price_is_the_published_one(offers: dict[tuple[str, str], Offer], machine: tuple[str, str]) -> None:
    assert offers[machine].hourly_price_usd == pytest.approx(PUBLISHED[machine], rel=0.005)


def test_no_price_is_zero_and_hardly_any_is_unknown(bundled: BundledEc2) -> None:
    known = [offer.hourly_price_usd for offer in bundled.offers if offer.hourly_price_usd is not None]
    assert min(known) > 0.001
    assert len(known) > 0.99 * len(bundled.offers)


def test_offers_say_where_and_when_their_price_is_from(bundled: BundledEc2) -> None:
    assert {(offer.source, offer.as_of.date()) for offer in bundled.offers} == {
        ("libcloud 3.9.1 price list", date(2025, 3, 1))
    }


def test_architecture_and_accelerator_follow_the_family(offers: dict[tuple[str, str], Offer]) -> None:
    assert {offers[size, "us-east-1"].architecture for size in ("t4g.micro", "m6g.large", "a1.large")} == {ARM64}
    assert {offers[size, "us-east-1"].architecture for size in ("t3.micro", "g4dn.xlarge")} == {X86_64}
    g4dn = offers["g4dn.12xlarge", "us-east-1"]
    assert (g4dn.gpus, g4dn.gpu_type) == (4, "t4")
    assert all(offer.gpu_type for offer in offers.values() if offer.gpus)


def test_old_and_special_sizes_are_only_by_name(bundled: BundledEc2) -> None:
    assert {"m3.medium", "t1.micro", "hpc7a.12xlarge", "u7in-32tb.224xlarge"} <= bundled.only_by_name
    assert not {"t2.micro", "t3.micro", "m5.large", "g4dn.xlarge"} & bundled.only_by_name


def test_second_load_from_the_cache_is_the_same(tmp_path: Path, bundled: BundledEc2) -> None:
    assert BundledEc2.load(tmp_path / "cache") == bundled
    assert BundledEc2.load(tmp_path / "cache") == bundled


def test_a_spoilt_cache_is_read_anew(tmp_path: Path, bundled: BundledEc2) -> None:
    BundledEc2.load(tmp_path)
    for file in tmp_path.iterdir():
        file.write_text("m3.medium\n[{")
    assert BundledEc2.load(tmp_path) == bundled


def test_mending_fills_holes_and_takes_surcharges_off_but_leaves_rounding() -> None:
    raw = {"x1.small": {"r": 0.0}, "x1.large": {"r": 0.0442}, "x1.medium": {"r": 0.0201}, "x1.xlarge": {"r": 0.08}}
    factors: dict[str, float | None] = {"x1.small": 1, "x1.medium": 2, "x1.large": 4, "x1.xlarge": 8}
    assert mend(raw, factors) == {
        "x1.small": {"r": 0.01},
        "x1.medium": {"r": 0.0201},
        "x1.large": {"r": 0.04},
        "x1.xlarge": {"r": 0.08},
    }


def test_without_a_factor_a_price_stays_and_a_hole_is_unknown() -> None:
    assert mend({"y1.a": {"r": 1.5, "s": 0.0}}, {"y1.a": None}) == {"y1.a": {"r": 1.5}}
