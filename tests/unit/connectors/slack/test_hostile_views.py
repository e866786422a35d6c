"""Whatever stands in names, accounts and quotes, Slack takes every view of ours and nothing in it is markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.language.durations import parse_duration
from clouddesk.language.localtime import Whereabouts
from clouddesk.limits import Limits
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.node import NodePlan
from clouddesk.model.offer import Offer
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import LIVE_STATES
from clouddesk.providers.table import PROVIDERS
from clouddesk.sandbox.slack.schema import HOME, MODAL
from clouddesk.sandbox.slack.views import check_view, is_too_large
from connectors.slack import views, words
from tests.builders import NOW, a_reservation, no_costs

LIMITS = Limits()
TEXTS = st.lists(
    st.sampled_from(["<!channel>", "<@U1>", "&", "<", ">", "|", "*", "`", "\n", " ", "é", "🚀", "x" * 900])
    | st.text(max_size=20),
    max_size=12,
).map("".join)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Nowhere/At all"])
MOMENTS = st.integers(-40 * 86_400, 40 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
USD = st.floats(0, 1e9)
RESERVATIONS = st.builds(
    a_reservation,
    id=st.uuids().map(lambda number: f"r-{number.hex[:10]}"),
    name=TEXTS,
    state=st.sampled_from(LIVE_STATES),
    size=TEXTS,
    region=TEXTS,
    node_count=st.integers(1, 10_000),
    hourly_price_usd=USD,
    accrued_usd=USD,
    created_at=MOMENTS,
    expires_at=MOMENTS,
)
ACCESSES = st.builds(CredentialInfo, st.sampled_from(sorted(PROVIDERS)), TEXTS, MOMENTS, MOMENTS, st.booleans())
REQUESTS = st.builds(
    ResourceRequest,
    vcpus=st.none() | st.integers(1, 10_000),
    memory_gb=st.none() | st.floats(0.5, 1e6),
    storage_gb=st.none() | st.floats(1, 1e6),
    providers=st.lists(st.sampled_from([*PROVIDERS, "gone"])).map(tuple),
    region=st.none() | TEXTS,
    until=st.none() | TEXTS,
    max_hourly_price_usd=st.none() | st.floats(1e-6, 1e9),
    gpu_types=st.lists(TEXTS.filter(str.strip), max_size=2).map(tuple),
    excluded_regions=st.lists(TEXTS, max_size=2).map(tuple),
    size_names=st.lists(TEXTS, max_size=2).map(tuple),
    spot=st.booleans(),
    name=st.none() | TEXTS,
)
MARKUP = re.compile(r"<(?!https?://)")
"""Links to the clouds' own pages are ours."""


def a_quote(request: ResourceRequest, words: str, size: float) -> Quote:
    """With ``words`` wherever a cloud's own names stand."""
    offer = Offer("aws", words, words, 4, size, 0.0, 0.192, "test", NOW)
    return Quote(
        id="q-1", workspace_id="T1", user_id="U1", request=request, defaults=(), offer=offer, runner_up=None,
        nodes=(NodePlan("node-0"),), os="ubuntu-22.04", disk_gb=size, lease_seconds=3600,
        machine_hourly_price_usd=0.2, hourly_price_usd=0.6, total_price_usd=4.8, runner_up_hourly_price_usd=None,
        created_at=NOW, expires_at=NOW, ends_at=NOW, name="vm-1", is_simulated=True,
    )  # fmt: skip


def rendered(part: Any) -> Iterator[str]:
    """The texts that Slack reads as markup."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        for content in part.values():
            yield from rendered(content)
    elif isinstance(part, list):
        for content in part:
            yield from rendered(content)


def fits(view: dict[str, Any], kind: str) -> None:
    assert check_view(view, kind) == []
    assert not is_too_large(view)
    for text in rendered(view):
        assert not MARKUP.search(text)


@given(st.lists(RESERVATIONS, max_size=8), st.lists(ACCESSES, max_size=3), ZONES)
@settings(max_examples=25, deadline=None)
def test_home_fits(reservations: list[Any], accesses: list[CredentialInfo], zone: str) -> None:
    view = views.home(reservations, accesses, no_costs(), now=NOW, reader=Whereabouts(zone))
    fits(view, HOME)
    ids = [
        element["action_id"] for block in view["blocks"] for element in block.get("elements", ()) if "value" in element
    ]
    assert all(name.startswith("say:") for name in ids), "the gateway hears these alone"


def test_home_fits_with_three_hundred_reservations_of_the_longest_texts() -> None:
    item = a_reservation(name="<" * 900, size="&" * 900, region=">" * 900)
    many = [replace(item, id=f"r-{number}") for number in range(300)]
    access = CredentialInfo("aws", "<!channel>" * 300, NOW, NOW, is_simulated=True)
    fits(
        views.home(many, [access, replace(access, provider="digitalocean")], no_costs(), now=NOW, reader=Whereabouts()),
        HOME,
    )


@given(TEXTS.filter(str.strip), st.sampled_from(sorted(PROVIDERS)), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_forms_for_access_fit(text: str, provider: str, is_simulated: bool) -> None:
    fits(views.added(CredentialInfo(provider, text, NOW, NOW, is_simulated)), MODAL)
    fits(views.credentials(provider, problem=text), MODAL)
    fits(views.told(text), MODAL)
    fits(views.refused_home(text), HOME)


@given(REQUESTS, TEXTS, st.floats(0.5, 1e6))
@settings(max_examples=25, deadline=None)
def test_the_form_for_a_change_fits_and_comes_back_unchanged(request: ResourceRequest, text: str, size: float) -> None:
    view = views.change(a_quote(request, text, size), place={"channel": "C1", "thread": "1.2"})
    fits(view, MODAL)
    for block in view["blocks"]:
        element = block.get("element", {})
        if element.get("type") == "number_input" and "initial_value" in element:
            least = float(element.get("min_value", 0))
            most = float(element.get("max_value", "inf"))
            assert least <= float(element["initial_value"]) <= most, "Slack would not let the form go"
            assert element["is_decimal_allowed"] or "." not in element["initial_value"]
    assert views.changes(_returned(view)) == {}


@given(st.integers(60, 400 * 86_400))
def test_a_time_that_is_shown_can_be_said(seconds: int) -> None:
    assert parse_duration(words.span(seconds)) == round(seconds / 60)


@pytest.mark.parametrize(
    "said", ["5", "2 days, please", "1 000 years", "soon", "0 hours", "-2 days", "friday and 5 GB"]
)
def test_what_is_only_half_a_time_is_asked_for_again(said: str) -> None:
    form = _returned(views.change(a_quote(ResourceRequest(), "us-east-1", 16.0)))
    form["state"]["values"]["duration"]["value"]["value"] = said
    assert list(views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS)) == ["duration"]


@pytest.mark.parametrize("said", ["2 days", "for 8 hours", "until friday 5pm", "Tomorrow 17:00", "end of the month"])
def test_times_and_ends_are_taken(said: str) -> None:
    form = _returned(views.change(a_quote(ResourceRequest(), "us-east-1", 16.0)))
    form["state"]["values"]["duration"]["value"]["value"] = said
    assert views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS) == {}
    assert views.changes(form)


def test_no_field_for_a_secret_is_filled_in() -> None:
    for provider in PROVIDERS:
        assert "initial" not in json.dumps(views.credentials(provider))


def _returned(view: dict[str, Any]) -> dict[str, Any]:
    """As Slack sends it back when nothing was touched."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            state = {
                "value": element.get("initial_value"),
                "selected_option": element.get("initial_option"),
                "selected_options": element.get("initial_options", []),
            }
            values[block["block_id"]] = {element["action_id"]: state}
    return {**view, "state": {"values": values}}
