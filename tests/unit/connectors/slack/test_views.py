"""Forms and App Home: Slack takes them, they come back as they went out, and nothing secret is in them."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.language.localtime import Whereabouts
from clouddesk.language.money import money
from clouddesk.limits import Limits
from clouddesk.model.costs import CostAccount, report
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.freeze import Freeze
from clouddesk.model.meter import Reading
from clouddesk.model.node import NodePlan
from clouddesk.model.offer import Offer
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import LIVE_STATES, STOPPED
from clouddesk.providers.table import PROVIDERS
from clouddesk.sandbox.slack.schema import HOME, MODAL
from clouddesk.sandbox.slack.views import check_view
from clouddesk.team_view import Running
from connectors.slack import views
from tests.builders import NOW, a_reservation, no_costs

LIMITS = Limits()
CREDENTIAL = CredentialInfo("aws", "arn:aws:iam::123456789012:user/ann", NOW, NOW)


def a_quote(**said: Any) -> Quote:
    """Three machines for eight hours."""
    offer = Offer("aws", "us-east-1", "m5.xlarge", 4, 16.0, 0.0, 0.192, "test", NOW)
    return Quote(
        id="q-1", workspace_id="T1", user_id="U1", request=ResourceRequest(**said), defaults=(), offer=offer,
        runner_up=None,
        nodes=tuple(NodePlan(f"node-{number}") for number in range(3)), os="ubuntu-22.04", disk_gb=20.0,
        lease_seconds=8 * 3600, machine_hourly_price_usd=0.2, hourly_price_usd=0.6, total_price_usd=4.8,
        runner_up_hourly_price_usd=None, created_at=NOW, expires_at=NOW, ends_at=NOW, name="vm-1", is_simulated=True,
    )  # fmt: skip


def submitted(view: dict[str, Any], **said: Any) -> dict[str, Any]:
    """The view as Slack sends it back: what was shown, except for what was ``said``."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element, name = block["element"], block["block_id"]
            answer = {key.replace("initial_", ""): content for key, content in element.items() if "initial_" in key}
            if "options" in answer:
                answer["selected_options"] = answer.pop("options")
            if "option" in answer:
                answer["selected_option"] = answer.pop("option")
            values[name] = {element["action_id"]: {"type": element["type"], **answer, **said.get(name, {})}}
    return {**copy.deepcopy(view), "id": "V1", "hash": "h", "state": {"values": values}}


def option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


def texts(view: Any) -> str:
    return json.dumps(view, ensure_ascii=False)


def test_app_home_shows_admins_what_the_team_runs_and_everybody_a_freeze():
    items = [Running(a_reservation(owner="U0BEN", name="kiln")), Running(a_reservation(name="etl"))]
    freeze = Freeze("T1", "U0ANN", NOW, NOW + timedelta(days=2), "the <audit>")
    mine = {"now": NOW, "reader": Whereabouts()}
    page = views.home([], [], no_costs(), team=items, freeze=freeze, **mine)
    shown = texts(page)
    assert "6 machines* of 2 people" in shown
    assert "kiln" in shown
    assert "the &lt;audit&gt;" in shown
    assert "What the team runs" not in texts(views.home([], [], no_costs(), **mine))
    assert "Nothing runs now" in texts(views.home([], [], no_costs(), team=[], **mine))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_each_clouds_form_asks_for_its_fields_and_says_where_they_are_made(provider: str) -> None:
    view = views.credentials(provider)
    assert check_view(view, MODAL) == []
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    assert inputs == [field.name for field in PROVIDERS[provider].credential_fields]
    assert PROVIDERS[provider].access_url in texts(view)


def test_what_was_typed_comes_back_by_name_and_is_in_no_view_that_follows() -> None:
    typed = {"access_key_id": {"value": " AKIAABCDEFGHIJKLMNOP\n"}, "secret_access_key": {"value": "s3cr3t/s3cr3t"}}
    form = submitted(views.credentials("aws"), **typed)
    assert views.typed(form) == {"access_key_id": "AKIAABCDEFGHIJKLMNOP", "secret_access_key": "s3cr3t/s3cr3t"}
    assert views.missing(form) == {}
    assert views.provider_of(form) == "aws"
    for view in (
        views.checking("aws"),
        views.credentials("aws", problem="AWS does not accept this."),
        views.added(CREDENTIAL),
    ):
        assert check_view(view, MODAL) == []
        assert "s3cr3t" not in texts(view)
        assert "initial_value" not in texts(view)


def test_an_empty_field_is_told_at_the_field() -> None:
    form = submitted(views.credentials("aws"), access_key_id={"value": "AKIA"}, secret_access_key={"value": "  "})
    assert list(views.missing(form)) == ["secret_access_key"]


def test_which_cloud_is_chosen_among_those_there_are() -> None:
    view = views.choose_provider(["aws", "digitalocean"])
    assert check_view(view, MODAL) == []
    chosen = {"provider": {"selected_option": option("digitalocean")}}
    assert views.chosen_provider(submitted(view, **chosen)) == "digitalocean"


def test_a_request_that_comes_back_as_it_was_changes_nothing() -> None:
    view = views.change(a_quote(), place={"channel": "C1", "thread": "1.2"})
    assert check_view(view, MODAL) == []
    form = submitted(view)
    assert views.changes(form) == {}
    assert views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS) == {}
    assert views.change_of(form) == (a_quote().id, {"channel": "C1", "thread": "1.2"})


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ({"node_count": {"value": "7"}}, {"node_count": 7}),
        ({"memory_gb": {"value": "24.5"}}, {"memory_gb": 24.5}),
        ({"duration": {"value": "for 2 days"}}, {"duration_minutes": 2880}),
        ({"duration": {"value": "until friday 5pm"}}, {"until": "until friday 5pm"}),
        ({"region": {"value": " frankfurt "}}, {"region": "frankfurt"}),
        ({"region": {"value": None}}, {"region": "anywhere"}),
        ({"max_price_per_hour": {"value": "0.5"}}, {"max_price_per_hour": 0.5}),
        ({"provider": {"selected_options": [option("aws")]}}, {"provider": ["aws"]}),
        ({"os": {"selected_option": option("debian-12")}}, {"os": "debian-12"}),
        ({"vcpus": {"value": "16"}, "gpu_count": {"value": "1"}}, {"vcpus": 16, "gpu_count": 1}),
        ({"gpu_type": {"value": "Tesla V100, t4"}}, {"gpu_type": ["v100", "t4"]}),
        ({"spot": {"selected_options": [option("spot")]}}, {"spot": True}),
        ({"resource_name": {"value": "etl"}}, {"resource_name": "etl"}),
    ],
)
def test_only_what_was_changed_comes_back(said: dict[str, Any], change: dict[str, Any]) -> None:
    form = submitted(views.change(a_quote()), **said)
    assert views.changes(form) == change
    assert views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS) == {}


SAID = {
    "gpu_count": 1,
    "gpu_types": ("v100",),
    "max_hourly_price_usd": 2.5,
    "spot": True,
    "name": "etl",
    "region": "frankfurt",
    "excluded_regions": ("mumbai", "oregon"),
    "size_names": ("m5.xlarge",),
    "providers": ("aws",),
    "storage_gb": 100.0,
    "until": "until friday 5pm",
}


def test_all_that_was_said_is_in_the_form() -> None:
    view = views.change(a_quote(**SAID))
    assert check_view(view, MODAL) == []
    shown = texts([block for block in view["blocks"] if block["type"] == "input"])
    for said in ("v100", '"2.5"', "etl", "frankfurt", "mumbai, oregon", "m5.xlarge", '"100"', "until friday 5pm"):
        assert said in shown
    assert views.changes(submitted(view)) == {}


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ({"gpu_count": {"value": "0"}}, {"gpu_count": 0}),
        ({"gpu_type": {"value": None}}, {"gpu_type": ""}),
        ({"max_price_per_hour": {"value": None}}, {"max_price_per_hour": 0}),
        ({"spot": {"selected_options": []}}, {"spot": False}),
        ({"resource_name": {"value": None}}, {"resource_name": ""}),
        ({"size_name": {"value": None}}, {"size_name": ""}),
        ({"not_in": {"value": None}}, {"region": ["not "]}),
        ({"not_in": {"value": "Oregon"}}, {"region": ["not oregon"]}),
        ({"not_in": {"value": "oregon"}, "region": {"value": "paris"}}, {"region": ["paris", "not oregon"]}),
        ({"provider": {"selected_options": [option(name) for name in PROVIDERS]}}, {"provider": ""}),
    ],
)
def test_what_was_emptied_is_said_to_be_dropped(said: dict[str, Any], change: dict[str, Any]) -> None:
    form = submitted(views.change(a_quote(**SAID)), **said)
    assert views.changes(form) == change
    assert views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS) == {}


def test_the_form_can_be_said_as_a_wish_of_its_own() -> None:
    changed = {"memory_gb": {"value": "32"}, "os": {"selected_option": option("debian-12")}}
    form = submitted(views.change(a_quote(count=3)), **changed)
    assert views.wish(form) == '/create_vm{"memory_gb": 32, "os": "debian-12", "vm_count": 3}'
    emptied = {"gpu_count": {"value": "0"}, "gpu_type": {"value": None}, "spot": {"selected_options": []}}
    form = submitted(views.change(a_quote(**SAID)), **emptied, max_price_per_hour={"value": None})
    facts = json.loads(views.wish(form).removeprefix("/create_vm"))
    assert facts == {
        "storage_gb": 100,
        "provider": ["aws"],
        "region": ["frankfurt", "not mumbai", "not oregon"],
        "size_name": ["m5.xlarge"],
        "until": "until friday 5pm",
        "resource_name": "etl",
    }


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("vcpus", "lots", "no number"),
        ("vcpus", "2.5", "no number"),
        ("node_count", "0", "At least 1"),
        ("node_count", "101", "At most 100"),
        ("memory_gb", "0.1", "At least 0.5"),
        ("storage_gb", "20000", "At most 16384"),
        ("gpu_count", "-1", "At least 0"),
        ("gpu_count", "", "fill this in"),
        ("max_price_per_hour", "0", "More than 0"),
        ("duration", "until the deadline", "can't tell"),
        ("duration", "", "can't tell"),
        ("duration", "0 hours", "at least 1 minute"),
        ("duration", "31 days", "at most 30 days"),
        ("duration", "until 1 june", "at most 30 days"),
        ("gpu_type", "v100, banana", "banana"),
        ("resource_name", "my vm!", "letters"),
        ("resource_name", "x" * 41, "at most 40"),
    ],
)
def test_what_cannot_be_meant_is_told_at_its_field_with_what_can(name: str, said: str, why: str) -> None:
    form = submitted(views.change(a_quote()), **{name: {"value": said}})
    found = views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS)
    assert list(found) == [name]
    assert why in found[name]


def test_the_clouds_to_choose_from_are_those_that_there_are_however_many() -> None:
    for count in (2, 10, 11, 60):
        view = views.change(a_quote(), providers=[f"cloud-{number}" for number in range(count)])
        assert check_view(view, MODAL) == []
        chosen = submitted(view, provider={"selected_options": [option("cloud-1")]})
        assert views.changes(submitted(view)) == {}
        assert views.changes(chosen) == {"provider": ["cloud-1"]}


def test_no_gpus_of_a_certain_kind_make_no_sense() -> None:
    form = submitted(views.change(a_quote(**SAID)), gpu_count={"value": "0"}, gpu_type={"value": "t4"})
    assert list(views.problems(form, now=NOW, timezone_name="UTC", limits=LIMITS)) == ["gpu_type"]


def test_a_cluster_has_at_least_the_machines_of_its_roles_and_the_limits_are_those_of_the_settings() -> None:
    view = views.change(a_quote(), limits=Limits(max_nodes=9, max_lease_seconds=86400), least_nodes=3)
    assert "3 to 9" in texts(view)
    assert "at most 1 day" in texts(view)


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_anything_can_be_typed_as_a_time(said: str) -> None:
    form = submitted(views.change(a_quote()), duration={"value": said})
    views.problems(form, now=NOW, timezone_name="Europe/Berlin", limits=LIMITS)
    assert set(views.changes(form)) <= {"until", "duration_minutes"}


def test_home_shows_machines_money_and_access() -> None:
    running = a_reservation(name="spark-1", expires_at=NOW + timedelta(hours=5))
    stopped = a_reservation(id="r-2", name="vm-1", state=STOPPED, expires_at=NOW + timedelta(days=2, minutes=7))
    view = views.home([running, stopped], [CREDENTIAL], no_costs(), now=NOW, reader=Whereabouts("Europe/Berlin"))
    assert check_view(view, HOME) == []
    shown = texts(view)
    for said in ("*spark-1* is running", "5 hours left", "2 days left", "so far", "arn:aws:iam::123456789012:user/ann"):
        assert said in shown
    titles = [
        item["text"]["text"] for block in view["blocks"] if block["type"] == "actions" for item in block["elements"]
    ]
    assert titles == [
        "Extend 2 hours",
        "Stop",
        "Release",
        "Share",
        "Start",
        "Extend 2 hours",
        "Release",
        "Share",
        "Renew",
        "Remove",
        "Add access",
        "Add SSH key",
    ]


def test_an_empty_home_gives_examples_to_press() -> None:
    view = views.home([], [], no_costs(), now=NOW, reader=Whereabouts())
    assert check_view(view, HOME) == []
    assert "a vm with 8 GB for a day" in texts(view)
    assert "Nothing spent" in texts(view)


def test_home_shows_the_month_as_the_reports_of_costs_count_it() -> None:
    began, until = NOW.replace(day=1, hour=0), NOW.replace(day=1, hour=0, month=NOW.month + 1)
    readings = (Reading(began - timedelta(hours=10), 0.0), Reading(NOW - timedelta(hours=1), 41.5, 3.5))
    running = a_reservation(readings=readings, accrued_at=NOW, accrued_usd=42.1, expires_at=NOW + timedelta(hours=5))
    costs = report([CostAccount.of(running)], began, until, NOW, earlier_since=began - timedelta(days=28))
    shown = texts(views.home([running], [], costs, now=NOW, reader=Whereabouts()))
    for said in (f"*{money(costs.total_usd)}* so far in March", "by 31 March", "February: $", "Saved by stopping: $"):
        assert said in shown
    assert costs.total_usd < 42.1, "what it cost in February is left out"


def test_home_tells_what_of_the_budget_is_left() -> None:
    view = views.home([], [], no_costs(), now=NOW, reader=Whereabouts(), budget=["$200.00 a month: *$50.00 left*"])
    assert check_view(view, HOME) == []
    assert "Your budget: $200.00 a month: *$50.00 left*" in texts(view)


def test_home_stays_within_slacks_blocks_however_much_there_is() -> None:
    many = [a_reservation(id=f"r-{number}", name=f"vm-{number}") for number in range(200)]
    view = views.home(many, [CREDENTIAL] * 30, no_costs(), now=NOW, reader=Whereabouts())
    assert check_view(view, HOME) == []
    assert "180 more" in texts(view)
    assert "Add access" in texts(view), "the end of the page is not cut off"


@pytest.mark.parametrize("state", LIVE_STATES)
def test_home_shows_a_reservation_in_every_state(state: str) -> None:
    view = views.home([a_reservation(state=state)], [], no_costs(), now=NOW, reader=Whereabouts())
    assert check_view(view, HOME) == []


def test_home_says_why_there_is_nothing() -> None:
    for view in (views.home_down(), views.refused_home("Sorry, guests <!channel> can't.")):
        assert check_view(view, HOME) == []
        assert "<!channel>" not in texts(view)
    assert check_view(views.told("Sorry."), MODAL) == []
