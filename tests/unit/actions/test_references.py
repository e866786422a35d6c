"""What words say about a reservation besides its name, and which of several options an answer takes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions.picking import are_only_picks, picks, ruled_out
from actions.references import Cues, shortens
from clouddesk.matching import nearly_named_in
from tests.builders import NOW, a_reservation

WEB = a_reservation(
    id="r-1",
    name="web",
    kind="vm",
    software=None,
    region="us-east-1",
    size="t3.medium",
    vcpus=2,
    memory_gb=4,
    node_count=1,
    hourly_price_usd=0.04,
    created_at=NOW - timedelta(hours=1),
)
ETL = a_reservation(
    id="r-2",
    name="etl-1",
    region="us-east-1",
    size="t3.medium",
    node_count=4,
    hourly_price_usd=0.8,
    created_at=NOW - timedelta(hours=3),
)
OLD = replace(WEB, id="r-3", name="old", state="stopped", created_at=NOW - timedelta(days=1, hours=2), memory_gb=8)
ALL = [WEB, ETL, OLD]


def meant(text: str) -> list[str]:
    cues = Cues(text, NOW, "Europe/Berlin")
    return [item.name for item in cues.most(cues.fitting(ALL))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("stop the bigger one", ["etl-1"]),
        ("the most expensive one", ["etl-1"]),
        ("delete the stopped one", ["old"]),
        ("the vm that is off", ["old"]),
        ("the one i got yesterday", ["old"]),
        ("yesterday's box", ["old"]),
        ("the one i made 3 hours ago", ["etl-1"]),
        ("the one from tuesday", ["old"]),
        ("my oldest", ["old"]),
        ("the newest", ["web"]),
        ("the last two", ["web", "etl-1"]),
        ("my cluster", ["etl-1"]),
        ("the 4-node one", ["etl-1"]),
        ("the one with 4 machines", ["etl-1"]),
        ("the 16 gig one", ["etl-1"]),
        ("the running vm", ["web"]),
        ("the one from last week", []),
        ("keep it until friday", ["web", "etl-1", "old"]),
        ("extend the one from yesterday until friday", ["old"]),
        ("everything except my cluster", ["web", "etl-1", "old"]),
    ],
)
def test_a_description_leaves_those_of_which_it_holds(text: str, names: list[str]) -> None:
    assert meant(text) == names


@pytest.mark.parametrize(
    "text", ["all but etl-1", "everything except for the etl-1", "not etl-1", "don't stop etl-1, stop web"]
)
def test_a_name_that_is_ruled_out_is_not_meant(text: str) -> None:
    cues = Cues(text, NOW, "UTC")
    assert cues.refuses("etl-1")
    assert not cues.refuses("web")


@pytest.mark.parametrize(
    "text",
    [
        "all but etl-1 and web",
        "stop everything except etl-1, web",
        "all my vms without etl-1 or web",
        "all minus etl-1 and web",
    ],
)
def test_a_list_after_all_but_is_ruled_out_to_its_end(text: str) -> None:
    cues = Cues(text, NOW, "UTC")
    assert cues.refuses("etl-1")
    assert cues.refuses("web")
    assert not cues.refuses("old")


@pytest.mark.parametrize(
    ("text", "excepted"),
    [
        ("terminate everything except the databse", "the databse"),
        ("stop all of them but the biggest. now", "the biggest"),
        ("stop all but web, and start old", "web"),
        ("stop web, not etl-1", ""),
        ("stop them all", ""),
    ],
)
def test_what_is_left_out_of_all_is_told(text: str, excepted: str) -> None:
    assert Cues(text, NOW, "UTC").excepted == excepted


@pytest.mark.parametrize(
    ("text", "is_shorter"),
    [
        ("shorten web by an hour", True),
        ("one hour less", True),
        ("make it end earlier", True),
        ("extend it by an hour", False),
        ("cut off web", False),
    ],
)
def test_a_shorter_lease_is_told_from_a_longer_one(text: str, is_shorter: bool) -> None:
    assert shortens(text) is is_shorter


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("stop it", True),
        ("stop that", True),
        ("extend this one", True),
        ("the one that i made", False),
        ("stop the vm", False),
    ],
)
def test_it_is_told_from_other_uses_of_its_words(text: str, is_it: bool) -> None:
    assert Cues(text, NOW, "UTC").says_it is is_it


@pytest.mark.parametrize(
    ("text", "is_plural"),
    [
        ("reboot the aws ones", True),
        ("get rid of my vms", True),
        ("stop one more of my vms", False),
        ("stop the vm", False),
    ],
)
def test_a_plural_means_all_unless_it_says_some_of_them(text: str, is_plural: bool) -> None:
    assert Cues(text, NOW, "UTC").says_plural is is_plural


@pytest.mark.parametrize(
    ("text", "number"), [("both", 2), ("stop the two vms", 2), ("the 16 gb vms", None), ("all my boxes", None)]
)
def test_the_number_of_machines_is_told_from_their_size(text: str, number: int | None) -> None:
    assert Cues(text, NOW, "UTC").how_many == number


def test_of_three_sizes_the_smaller_ones_are_two() -> None:
    cues = Cues("stop the smaller ones", NOW, "UTC")
    assert [item.name for item in cues.most(ALL)] == ["web", "old"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reboot etl1", ["etl1"]),
        ("kill elt-1 now", ["elt-1"]),
        ("terminate wbserver", ["wbserver"]),
        ("extend etl-2", []),
        ("stop the server", []),
        ("reboot the west one", []),
    ],
)
def test_a_word_with_one_slip_is_nearly_a_name(text: str, words: list[str]) -> None:
    own = [WEB, ETL, replace(WEB, id="r-4", name="webserver")]
    assert nearly_named_in(text, own) == words


OPTIONS = [{"id": f"r-{number}", "name": name} for number, name in enumerate(("web", "etl-1", "old", "spark-1"), 1)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2", ["etl-1"]),
        ("the first one", ["web"]),
        ("the last one", ["spark-1"]),
        ("1 and 3", ["web", "old"]),
        ("1, 3", ["web", "old"]),
        ("the first and the third", ["web", "old"]),
        ("web and old please", ["web", "old"]),
        ("2-4", ["etl-1", "old", "spark-1"]),
        ("the first two", ["web", "etl-1"]),
        ("the last 3", ["etl-1", "old", "spark-1"]),
        ("all of them", ["web", "etl-1", "old", "spark-1"]),
        ("all but the second", ["web", "old", "spark-1"]),
        ("everything except web and old", ["etl-1", "spark-1"]),
        ("all besides the second", ["web", "old", "spark-1"]),
        ("all other than web", ["etl-1", "old", "spark-1"]),
        ("everything apart from web and old", ["etl-1", "spark-1"]),
        ("all excluding old", ["web", "etl-1", "spark-1"]),
        ("both", []),
        ("7", []),
        ("1 and 9", []),
        ("etl-1 and the last", ["etl-1", "spark-1"]),
        ("etl-1 and the purple one", []),
        ("the purple one", []),
        ("all but nothing", []),
    ],
)
def test_an_answer_takes_the_options_that_it_names(text: str, names: list[str]) -> None:
    assert [option["name"] for option in picks(OPTIONS, text)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("not web", ["web"]),
        ("no, not the second one", ["etl-1"]),
        ("anything but old", ["old"]),
        ("excluding old", ["old"]),
        ("anything apart from old", ["old"]),
        ("web, not old", []),
        ("not sure", []),
    ],
)
def test_what_an_answer_only_rules_out_is_not_taken(text: str, names: list[str]) -> None:
    assert [option["name"] for option in ruled_out(OPTIONS, text)] == names
    assert not set(names) & {option["name"] for option in picks(OPTIONS, text)}


def test_both_needs_two() -> None:
    assert picks(OPTIONS[:2], "both of them") == OPTIONS[:2]


def test_a_sentence_about_an_option_is_more_than_a_pick() -> None:
    assert are_only_picks(OPTIONS, "1 and 3")
    assert are_only_picks(OPTIONS, "all but web")
    assert not are_only_picks(OPTIONS, "details of etl-1")


@pytest.mark.parametrize(
    ("text", "says_all"),
    [
        ("terminate one of them", False),
        ("stop some of those", False),
        ("extend two of my vms", False),
        ("stop any of them", False),
        ("stop one of these and not the other", False),
        ("terminate every one of them", True),
        ("each one of those", True),
        ("all of them", True),
        ("get rid of them", True),
        ("stop both of them", True),
        ("kill them, all three of them", True),
    ],
)
def test_one_of_them_is_not_all_of_them(text: str, says_all: bool) -> None:
    assert Cues(text, NOW, "UTC").says_all is says_all
