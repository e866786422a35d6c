"""From what was said to a request."""

from types import SimpleNamespace
from typing import Any

import pytest

from actions import request_fields, requests
from actions.turn import Turn
from clouddesk.model.actor import Actor
from clouddesk.model.request import CLUSTER, ResourceRequest


def turn(text: str = "", **entities: Any) -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # not asked here
        actor=Actor("local", "ann"),
        conversation="local:console:-:ann",
        text=text,
        intent="create_vm",
        entities=entities,
        message_id="m-1",
    )


def test_entities_become_fields_in_our_units() -> None:
    said = requests.said_in(turn(node_count=3, duration_minutes=90, provider=["aws", "digitalocean"], spot=True))

    assert said == {"count": 3, "duration_seconds": 5400, "providers": ["aws", "digitalocean"], "spot": True}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a vm called etl", "etl"),
        ('2 vms named "web-a" for 2 hours', "web-a"),
        ("get me a vm, call it Nightly", "nightly"),
        ("a vm with the name etl", "etl"),
        ("a vm, call it a day", None),
        ("a cluster called the big one", None),
        ("a vm", None),
        ('/create_vm{"x": "called etl"}', None),
    ],
)
def test_a_name_of_ones_own_is_heard(text: str, name: str | None) -> None:
    assert requests.said_in(turn(text)).get("name") == name


def test_a_minus_before_the_number_is_not_lost() -> None:
    assert requests.said_in(turn("I want -3 nodes", node_count=3))["count"] == -3
    assert requests.said_in(turn("a 3-node cluster", node_count=3))["count"] == 3


def test_a_size_by_name_replaces_measures_and_measures_replace_a_size() -> None:
    by_name = request_fields.merged({"kind": "vm", "memory_gb": 10240}, {"size_names": ["m5.xlarge"]})
    by_measure = request_fields.merged(by_name, {"memory_gb": 8})

    assert by_name == {"kind": "vm", "size_names": ["m5.xlarge"]}
    assert by_measure == {"kind": "vm", "memory_gb": 8}


def test_an_end_replaces_a_length_and_the_other_way_round() -> None:
    assert "duration_seconds" not in request_fields.merged({"duration_seconds": 60}, {"until": "until friday"})
    assert "until" not in request_fields.merged({"until": "until friday"}, {"duration_seconds": 60})


CLOUDS = SimpleNamespace(
    clouds=lambda: ("aws", "digitalocean"), providers=lambda: ("aws", "digitalocean", "docker"), blueprints=list
)


def refusing(text: str, request: dict[str, Any] | None = None, **entities: Any) -> Turn:
    said = turn(text, **entities)
    said.desk, said.request, said.intent = CLOUDS, request, "correct"  # type: ignore[assignment]  # what is asked of it
    return said


@pytest.mark.parametrize("text", ["not on aws", "no amazon please", "anything but aws", "not aws", "never amazon"])
def test_a_cloud_that_is_ruled_out_leaves_the_others(text: str) -> None:
    assert requests.stated_in(refusing(text))["providers"] == ["digitalocean"]


@pytest.mark.parametrize("text", ["no, digitalocean", "do it", "not do that"])
def test_what_rules_no_cloud_out_leaves_all(text: str) -> None:
    assert "providers" not in requests.stated_in(refusing(text))


def test_a_cloud_that_is_ruled_out_is_not_taken_even_if_it_was_read_as_wished() -> None:
    assert requests.stated_in(refusing("never aws", provider="aws"))["providers"] == ["digitalocean"]


def test_ruling_out_every_cloud_changes_nothing_and_says_so() -> None:
    said = refusing("neither aws nor digitalocean")

    assert requests.changes_in(said) == {}
    assert said.replies[0]["response"] == "utter_no_cloud_left"


def test_places_sizes_systems_and_gpus_can_be_ruled_out() -> None:
    before = {"kind": "vm", "region": "frankfurt", "gpu_count": 1, "excluded_regions": ["mumbai"]}

    change = requests.changes_in(refusing("not frankfurt, no gpu, not t3.medium and without ubuntu", before))

    assert change["excluded_regions"] == ["mumbai", "frankfurt"]
    assert (change["region"], change["gpu_count"], change["excluded_sizes"]) == (None, None, ["t3.medium"])
    assert change["os"] == "debian-12"


def test_what_is_of_each_machine_stays_when_the_kind_changes() -> None:
    before = {"kind": "vm", "count": 2, "memory_gb": 16, "providers": ["aws"], "name": "etl"}

    changed = request_fields.merged(before, {"kind": "cluster", "software": ["spark"]})

    assert changed == {"kind": "cluster", "software": ["spark"], "memory_gb": 16, "providers": ["aws"]}


def test_a_request_survives_the_slot() -> None:
    request = ResourceRequest(kind=CLUSTER, software=("spark",), count=3, memory_gb=16, providers=("aws",))

    assert request_fields.to_request(request_fields.to_fields(request)) == request


def test_a_button_says_the_same_as_the_request() -> None:
    said = {"kind": "cluster", "software": ["spark"], "count": 3, "duration_seconds": 3600, "spot": True}
    entities = request_fields.to_entities(said)

    assert requests.said_in(turn(**entities)) == {key: value for key, value in said.items() if key != "kind"}


def test_a_change_is_said_in_words() -> None:
    words = request_fields.change_words({"count": 5, "providers": ["aws"], "memory_gb": 16, "duration_seconds": 172800})

    assert words == "5 machines, on AWS, 16 GB memory, for 2 days"
    assert request_fields.change_words({"count": 1, "duration_seconds": 3600}) == "1 machine, for 1 hour"


@pytest.mark.parametrize(
    ("text", "entities", "said"),
    [
        ("vm called x2", {"vm_count": 2}, {"name": "x2"}),
        ("vm called a2", {"gpu_type": "a2", "gpu_count": 1}, {"name": "a2"}),
        ("vm named spark", {"software": "spark"}, {"name": "spark"}),
        ("vm called rocky", {}, {"name": "rocky"}),
    ],
)
def test_a_name_is_no_fact_about_the_machine(text: str, entities: dict[str, Any], said: dict[str, Any]) -> None:
    assert requests.said_in(turn(text, **entities)) == said


def test_a_sum_for_all_of_the_time_becomes_a_price_of_an_hour() -> None:
    said = requests.said_in(turn("at most 12 dollars in total for a day", max_price_per_hour=12, duration_minutes=1440))
    until = requests.said_in(turn("at most 12 dollars in total until friday", max_price_per_hour=12, until="friday"))

    assert said["max_hourly_price_usd"] == 0.5
    assert "max_hourly_price_usd" not in until


FORM_BEFORE = {
    "kind": "vm",
    "gpu_count": 1,
    "gpu_types": ["v100"],
    "max_hourly_price_usd": 2.0,
    "providers": ["aws"],
    "spot": True,
    "name": "etl",
    "excluded_regions": ["mumbai", "oregon"],
    "memory_gb": 64,
}


@pytest.mark.parametrize(
    ("entities", "change"),
    [
        ({"gpu_count": 0}, {"gpu_count": None, "gpu_types": None}),
        ({"gpu_type": ""}, {"gpu_types": None}),
        ({"max_price_per_hour": 0}, {"max_hourly_price_usd": None}),
        ({"provider": ""}, {"providers": None}),
        ({"spot": False}, {"spot": None}),
        ({"resource_name": ""}, {"name": None}),
        ({"region": "not mumbai"}, {"excluded_regions": ["mumbai"]}),
        ({"region": "not "}, {"excluded_regions": None}),
        ({"region": ["frankfurt", "not paris"]}, {"region": "frankfurt", "excluded_regions": ["paris"]}),
        ({"region": "frankfurt"}, {"region": "frankfurt"}),
    ],
)
def test_what_a_form_came_back_without_is_dropped_from_the_request(
    entities: dict[str, Any], change: dict[str, Any]
) -> None:
    form = turn("/correct{}", **entities)
    form.desk, form.request = CLOUDS, FORM_BEFORE  # type: ignore[assignment]  # what is asked of it

    assert requests.changes_in(form) == change
    after = request_fields.merged(FORM_BEFORE, change)
    assert not any(value is None for value in after.values())
    assert request_fields.change_words(change), "the answer says what has changed"


def test_gpus_that_came_with_a_size_by_name_go_with_it() -> None:
    form = turn("/correct{}", gpu_count=0)
    form.desk, form.request = CLOUDS, {"kind": "vm", "size_names": ["p3.2xlarge"]}  # type: ignore[assignment]

    assert requests.changes_in(form) == {"size_names": None}


def test_zero_that_somebody_typed_is_nonsense_to_be_told_of() -> None:
    assert requests.said_in(turn("a vm with 0 gpus", gpu_count=0))["gpu_count"] == 0
