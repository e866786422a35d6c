"""Which reservation do these words mean?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.matching import match_reservations


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("spark-2", ["spark-2"]),
        ("R-665B0FD5", ["spark-1"]),
        ("spark", ["spark-1", "spark-2"]),
        ("sprak-2", ["spark-2"]),
        ("etl-nigthly", ["etl-nightly"]),
        ("nightly", ["etl-nightly"]),
        ("spark-3", []),
        ("payroll", []),
        (None, ["spark-1", "spark-2", "etl-nightly"]),
    ],
)
def test_names_ids_parts_and_typos(three_reservations, words, names):
    assert [item.name for item in match_reservations(three_reservations, words)] == names


def test_attributes_narrow_down(three_reservations):
    by_software = match_reservations(three_reservations, None, software=["spark"])
    by_region = match_reservations(three_reservations, None, region="frankfurt")
    by_provider = match_reservations(three_reservations, None, provider=["digitalocean"])
    assert [item.name for item in by_software] == ["spark-1", "spark-2"]
    assert [item.name for item in by_region] == ["spark-1", "etl-nightly"]
    assert match_reservations(three_reservations, None, region="narnia") == []
    assert [item.name for item in by_provider] == ["etl-nightly"]


def test_a_machine_is_known_by_all_that_it_is_for(three_reservations):
    item = replace(three_reservations[2], kind="vm", software="redis", more_software=("postgres",))
    for word in ("redis", "postgres"):
        assert match_reservations([item], None, software=[word]) == [item]
        assert match_reservations([item], word) == [item]
    assert match_reservations([item], None, software=["spark"]) == []


def test_a_region_that_no_list_has_is_known_by_its_name(three_reservations):
    own = replace(three_reservations[0], provider="openstack", region="RegionOne")
    assert match_reservations([own, *three_reservations[1:]], None, region="regionone") == [own]
