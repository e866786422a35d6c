"""What samples say of a period: in use or idle, how busy, in steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import utilisation_words
from clouddesk.model.actor import Actor
from clouddesk.model.node import GONE, RUNNING, Node
from clouddesk.model.utilisation import Sample, Use
from clouddesk.model.utilisation_report import UtilisationReport, is_in_use, report
from tests.builders import NOW, a_reservation

ANN = Actor("local", "ann", timezone="Europe/Berlin", locale="en-GB")
BEGIN = NOW - timedelta(hours=24)


def node(key: str, state: str = RUNNING) -> Node:
    return Node(key, key, "node", state, "aws", "eu-central-1", "m5.xlarge", "10.0.0.1")


ETL = a_reservation(name="etl", nodes=(node("node-1"), node("node-2")), node_count=2, created_at=BEGIN)


def told(samples: list[Sample], **changes: object) -> UtilisationReport:
    return report(replace(ETL, **changes), samples, BEGIN, NOW, NOW, steps=24)


def seen(
    use: Use, *, hours_ago: float, until: float = 0.0, nodes: tuple[str, ...] = ("node-1", "node-2")
) -> list[Sample]:
    """Every five minutes, so long ago until so long ago."""
    minutes = range(int(hours_ago * 60), int(until * 60) - 1, -5)
    return [use.sample(key, NOW - timedelta(minutes=minute)) for minute in minutes for key in nodes]


@pytest.mark.parametrize(
    ("use", "vcpus", "expected"),
    [
        (Use(4.9), 4, False),
        (Use(5.0), 4, True),
        (Use(1.0), 64, True),  # a thread at work on 64 cores
        (Use(0.5), 64, False),
        (Use(0.5, logins=1), 4, True),
        (Use(0.5, jobs=1), 4, True),
        (Use(0.5, gpu_percent=30.0), 4, True),
        (Use(None, logins=None, jobs=None), 4, False),
    ],
)
def test_a_login_a_job_or_load_is_use(use: Use, vcpus: int, expected: bool) -> None:
    assert is_in_use(use.sample("n", NOW), vcpus) is expected


def test_idle_counts_from_the_last_use_of_any_machine_or_from_the_last_that_was_typed() -> None:
    quiet = seen(Use(2.0), hours_ago=3)
    busy = seen(Use(80.0, logins=1), hours_ago=5, until=3.25, nodes=("node-2",))
    found = told(sorted([*busy, *quiet], key=lambda sample: sample.at))
    assert found.is_in_use is False
    assert found.idle_since == NOW - timedelta(hours=3.25)
    typed = NOW - timedelta(hours=2)
    assert told([*busy, *seen(Use(2.0, last_input_at=typed), hours_ago=3)]).idle_since == typed
    assert told(quiet).idle_since == NOW - timedelta(hours=3), "before that nobody knows"


def test_nobody_knows_while_a_machine_is_unseen_and_one_in_use_is_enough() -> None:
    assert told([]).is_in_use is None
    assert told(seen(Use(2.0), hours_ago=3, until=0.5)).is_in_use is None, "that is too long ago"
    assert told(seen(Use(2.0), hours_ago=1, nodes=("node-1",))).is_in_use is None
    assert told(seen(Use(90.0), hours_ago=1, nodes=("node-1",))).is_in_use is True
    gone = (node("node-1"), node("node-2", GONE))
    assert told(seen(Use(2.0), hours_ago=1, nodes=("node-1",)), nodes=gone).is_in_use is False
    assert told(seen(Use(2.0), hours_ago=1), state="stopped").is_in_use is None


def test_a_curve_has_a_step_for_each_hour_with_gaps_where_nothing_was_seen() -> None:
    found = told([*seen(Use(80.0), hours_ago=5, until=4.25), *seen(Use(2.0), hours_ago=1.9)])
    known = [(step.cpu_percent, step.is_used) for step in found.steps]
    assert len(known) == 24
    assert known[:19] == [(None, False)] * 19
    assert known[19:] == [(80.0, True), (None, False), (None, False), (2.0, False), (2.0, False)]
    assert found.most_cpu_percent == 80.0
    assert (found.used_seconds, found.seen_seconds) == (10 * 300, 10 * 300 + 23 * 300)


def test_what_only_the_cloud_measured_is_said_to_be_that_and_claims_no_logins() -> None:
    found = told(seen(Use(2.0, logins=None, jobs=None), hours_ago=2))
    text = utilisation_words.card(found, ANN, "today").text
    assert "*etl* is idle: CPU 2 % for 2 hours." in text
    assert "Only the cloud's own measurement is known" in text
    assert "no logins" not in text


def test_words_and_curve_of_a_busy_machine_with_gpus() -> None:
    use = Use(40.0, 55.0, 90.0, logins=1, jobs=2, what=("2 Spark jobs",))
    found = told(seen(use, hours_ago=2))
    text = utilisation_words.card(found, ANN, "the last 24 hours").text
    assert "*etl* is in use: 2 logins, 2 Spark jobs, CPU 40 %, GPU 90 % and memory 55 %." in text
    assert "CPU 40 % on average, 40 % at most; GPU 90 %" in text
    chart = utilisation_words.chart(found, ANN, "the last 24 hours")
    assert chart is not None
    assert chart["curve"]["marks"] == [[0, "13:00"], [6, "19:00"], [12, "01:00"], [18, "07:00"]]
    assert (
        chart["curve"]["values"].count(40.0) == len([value for value in chart["curve"]["more"] if value == 90.0]) == 2
    )
    assert utilisation_words.chart(told([]), ANN, "today") is None


def test_a_machine_that_is_silent_is_named() -> None:
    found = told(seen(Use(2.0), hours_ago=1, nodes=("node-1",)))
    assert "node-2 did not answer lately" in utilisation_words.now_line(found)
