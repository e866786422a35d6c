"""What Linode's and Vultr's price lists become."""

from __future__ import annotations

from typing import Any

import pytest

from clouddesk.providers import linode_offers, vultr, vultr_offers

REGIONS = [
    {"id": "us-ord", "status": "ok", "site_type": "core", "capabilities": ["Linodes", "GPU Linodes"]},
    {"id": "id-cgk", "status": "ok", "site_type": "core", "capabilities": ["Linodes", "Premium Plans"]},
    {"id": "us-old", "status": "outage", "site_type": "core", "capabilities": ["Linodes"]},
    {"id": "us-edge", "status": "ok", "site_type": "distributed", "capabilities": ["Linodes"]},
]


def type_(id_: str = "g6-standard-1", class_: str = "standard", **changed: object) -> dict[str, Any]:
    return {
        "id": id_, "class": class_, "vcpus": 1, "memory": 2048, "disk": 51200, "gpus": 0,
        "price": {"hourly": 0.018, "monthly": 12.0},
        "region_prices": [{"id": "id-cgk", "hourly": 0.022, "monthly": 14.4}],
        **changed,
    }  # fmt: skip


def plan(id_: str = "vc2-1c-2gb", **changed: object) -> dict[str, Any]:
    return {
        "id": id_, "vcpu_count": 1, "ram": 2048, "disk": 55, "disk_count": 1, "monthly_cost": 10, "hourly_cost": 0.015,
        "type": "vc2", "locations": ["fra", "ewr"], **changed,
    }  # fmt: skip


def linode(*types: dict[str, Any], sold_out: tuple[str, str] = ("", "")) -> dict[tuple[str, str], float | None]:
    told = [{"region": sold_out[0], "plan": sold_out[1], "available": False}]
    found = linode_offers.offers(types=types, regions=REGIONS, availability=told)
    return {(offer.size, offer.region): offer.hourly_price_usd for offer in found}


def test_a_regions_own_price_counts_and_regions_that_are_none_are_left_out() -> None:
    assert linode(type_()) == {("g6-standard-1", "us-ord"): 0.018, ("g6-standard-1", "id-cgk"): 0.022}


def test_what_is_sold_out_or_needs_what_a_region_lacks_is_not_offered() -> None:
    assert list(linode(type_(), sold_out=("us-ord", "g6-standard-1"))) == [("g6-standard-1", "id-cgk")]
    assert list(linode(type_("g7-premium-2", "premium"))) == [("g7-premium-2", "id-cgk")]
    assert list(linode(type_("g2-gpu-rtx4000a1-s", "gpu", gpus=1))) == [("g2-gpu-rtx4000a1-s", "us-ord")]
    assert linode(type_("g1-metal-b1", "metal"), type_("g1-accelerated-netint", "accelerated")) == {}


@pytest.mark.parametrize("price", [{"hourly": None, "monthly": None}, {"hourly": 0, "monthly": 0}])
def test_a_price_that_is_not_told_is_none(price: dict[str, float | None]) -> None:
    assert set(linode(type_(price=price, region_prices=[])).values()) == {None}


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        ("g1-gpu-rtx6000-1", "rtx6000"),
        ("g2-gpu-rtx4000a2-hs", "rtx4000"),
        ("g3-gpu-rtxpro6000-blackwell-1", "rtxpro6000"),
    ],
)
def test_a_card_is_named_by_its_type(size: str, kind: str) -> None:
    (offer,) = linode_offers.offers(types=[type_(size, "gpu", gpus=2)], regions=REGIONS, availability=[])
    assert (offer.gpu_type, offer.gpus) == (kind, 2)


def test_a_plan_is_offered_where_it_is_sold() -> None:
    found = vultr_offers.offers([plan()])
    assert [(offer.region, offer.hourly_price_usd) for offer in found] == [("fra", 0.015), ("ewr", 0.015)]
    assert {(offer.vcpus, offer.memory_gb, offer.disk_gb) for offer in found} == {(1, 2.0, 55.0)}


def test_an_hour_that_is_not_told_is_a_part_of_vultrs_month() -> None:
    untold = plan()
    del untold["hourly_cost"]
    assert vultr_offers.offers([untold])[0].hourly_price_usd == pytest.approx(10 / 672)
    assert {offer.hourly_price_usd for offer in vultr_offers.offers([plan(hourly_cost=0, monthly_cost=0)])} == {None}


@pytest.mark.parametrize(
    "changed",
    [
        {"locations": []},
        {"deploy_ondemand": False},
        {"disk": 0},
        {"id_": "vc2-1c-0.5gb-v6"},
        {"gpu_type": "NVIDIA_A100", "gpu_vram_gb": 40},
        {"gpu_type": "NVIDIA_Z9", "gpu_vram_gb": 900},
    ],
)
def test_what_is_no_whole_machine_is_not_offered(changed: dict[str, Any]) -> None:
    assert vultr_offers.offers([plan(**changed)]) == []


@pytest.mark.parametrize(
    ("name", "memory", "kind", "count"), [("NVIDIA_A100", 320, "a100", 4), ("NVIDIA_A16", 128, "a16", 8)]
)
def test_cards_are_counted_by_their_memory(name: str, memory: int, kind: str, count: int) -> None:
    offer = vultr_offers.offers([plan(gpu_type=name, gpu_vram_gb=memory)])[0]
    assert (offer.gpu_type, offer.gpus) == (kind, count)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("pending", "running", "none"), "pending"),
        (("active", "running", "none"), "pending"),
        (("active", "running", "installingbooting"), "pending"),
        (("active", "running", "ok"), "running"),
        (("active", "running", "locked"), "running"),
        (("active", "stopped", "ok"), "stopped"),
        (("resizing", "running", "ok"), "pending"),
        (("suspended", "stopped", "locked"), "error"),
        (("something new", "running", "ok"), "error"),
    ],
)
def test_vultrs_three_words_are_one_state(words: tuple[str, str, str], state: str) -> None:
    names = ("status", "power_status", "server_status")
    assert vultr._state(dict(zip(names, words, strict=True))) == state
