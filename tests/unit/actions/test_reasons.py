"""Why this one: the parts of its price, where that is from, and what others cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from actions import cards
from actions.reasons import reasons
from clouddesk.catalog import load_catalog
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.quoting import make_quote

ANN = Actor("local", "ann")


def quote(**facts: object) -> Quote:
    """Ann has access to AWS alone."""
    return make_quote(
        ANN,
        ResourceRequest(**{"vcpus": 2, "memory_gb": 4.0, "storage_gb": 20.0, "region": "virginia", **facts}),  # type: ignore[arg-type]
        blueprint=None,
        providers=("aws",),
        others=("aws", "digitalocean"),
        catalog=load_catalog(("aws", "digitalocean")),
        limits=Limits(),
        now=datetime(2026, 7, 1, tzinfo=timezone.utc),
        is_simulated=False,
    )


def test_the_price_is_told_in_its_parts_with_source_and_date() -> None:
    said = reasons(quote(size_names=("t3.medium",)))
    assert said.startswith(
        "By the hour it costs $0.0416 for the machine, $0.0022 for its disk and $0.005 for its public address "
        "(libcloud 3.9.1 price list, mended, 01 Mar 2025)."
    )


def test_other_clouds_are_named_with_whether_there_is_access() -> None:
    said = reasons(quote(region=None, count=2))
    assert "each costs" in said
    assert "DigitalOcean, where you have no access, would be $0.0714/h" in said


def test_the_quotes_card_says_what_it_would_cost_elsewhere() -> None:
    made = quote(region=None)
    assert "Elsewhere: DigitalOcean $0.0357/h (you have no access)" in cards.quote_card(made, ANN, None).text
    same = replace(made, runner_up=made.elsewhere[0].offer, runner_up_hourly_price_usd=0.0357)
    assert "Elsewhere" not in cards.quote_card(same, ANN, None).text, "the runner-up is not told twice"
