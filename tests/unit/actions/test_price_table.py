"""A price comparison as people read it."""

from __future__ import annotations

from actions import price_table
from clouddesk.catalog.memory import load_catalog
from clouddesk.model.comparison import PriceLine
from tests.unit.desk.test_comparing import WEEK, compared

CLOUDS = load_catalog().clouds()


def best_of(lines: tuple[PriceLine, ...]) -> PriceLine | None:
    return next((line for line in lines if line.fits and line.has_access), None)


def test_the_table_fits_sixty_columns_and_its_prices_stand_below_each_other() -> None:
    for wish in ({"vcpus": 8, "memory_gb": 32}, {"gpu_types": ("a100",), "spot": True}, {"storage_gb": 2000.0}):
        head, *rows = price_table.table(compared(**wish)).splitlines()[1:-1]
        assert max(map(len, [head, *rows])) <= 60
        ends = {len(row) for row in rows if "$" in row and not row.startswith(" ")}
        assert ends == {len(head)}


def test_every_cloud_has_its_price_for_an_hour_and_for_the_whole_length_of_all_machines() -> None:
    found = compared(providers=("aws", "digitalocean"), count=3, duration_seconds=WEEK)
    text = price_table.table(found)
    assert "7 days" in text
    for line in found.lines:
        assert f"${line.total_price_usd:.2f}" in text
        assert line.offer.size in text


def test_what_the_person_can_have_what_not_and_the_age_of_prices_are_said() -> None:
    found = compared(vcpus=8, memory_gb=32, own=("digitalocean",))
    card = price_table.card(found, best_of(found.lines), ("aws", "digitalocean"))
    assert "Cheapest for you: *1 × s-8vcpu-32gb-amd* on DigitalOcean" in card.text
    assert "DigitalOcean ○" not in card.text
    assert "AWS ○" in card.text
    assert "“add my aws key”" in card.text
    assert "Azure's of Jan 2021" in card.text
    assert all(line in card.text for line in card.small)


def test_a_price_is_rounded_alike_wherever_it_stands() -> None:
    found = compared(gpu_types=("a100",), providers=("aws", "vultr"))
    best = next(line for line in found.lines if line.offer.provider == "aws")
    text = price_table.card(found, best, CLOUDS).text
    shown = text.split("*")[3].removesuffix("/h")
    assert shown.startswith("$21.9")
    assert text.count(shown) == 2


def test_a_cloud_without_a_spot_price_is_told_from_one_with() -> None:
    found = compared(providers=("vultr",), spot=True)
    card = price_table.card(found, None, CLOUDS)
    assert "spot/h" in card.text
    assert "I know no spot price on Vultr" in card.text


def test_the_nearest_stand_apart_with_what_they_lack_and_have_no_bar() -> None:
    found = compared(gpu_types=("a100",))
    text = price_table.table(found)
    assert text.index("AWS") < text.index("Nearest, where nothing fits") < text.index("Linode")
    assert text.count("not A100") == 2
    chart = price_table.chart(found)
    assert chart is not None
    assert [bar["label"] for bar in chart["bars"]] == ["Vultr", "Google Cloud", "Azure", "AWS"]


def test_bars_are_of_the_length_that_was_said_else_of_an_hour_and_never_one_alone() -> None:
    said, unsaid = compared(vcpus=2, duration_seconds=WEEK), compared(vcpus=2)
    charts = [price_table.chart(item) for item in (said, unsaid)]
    assert [chart and chart["title"] for chart in charts] == ["Price for 7 days", "Price per hour"]
    assert charts[0] is not None
    assert charts[0]["bars"][0]["value"] == said.lines[0].total_price_usd
    assert price_table.chart(compared(size_names=("p4d.24xlarge",), providers=("aws",))) is None
