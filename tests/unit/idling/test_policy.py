"""Whether machines count as unused: never on doubt, and never while one of them is in use."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.model.idleness import BLIND, BUSY, IDLE, UNKNOWN, Thresholds, judge
from clouddesk.model.utilisation import Sample, Use

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=timezone.utc)
ROUND = timedelta(minutes=5)
LIMITS = Thresholds()
QUIET = Use(cpu_percent=1.0)
AT_WORK = {
    "a login": Use(cpu_percent=1.0, logins=1),
    "a job": Use(cpu_percent=1.0, jobs=1),
    "a GPU": Use(cpu_percent=1.0, gpu_percent=30.0),
    "a processor with somebody there": Use(cpu_percent=40.0, logins=1),
    "a processor and jobs that are not told of": Use(cpu_percent=40.0, jobs=None),
}


def series(use: Use, rounds: int, *, node: str = "a", until: datetime = NOW) -> list[Sample]:
    return [use.sample(node, until - step * ROUND) for step in range(rounds - 1, -1, -1)]


def test_quiet_machines_are_idle_since_they_were_first_seen_so():
    verdict = judge(series(QUIET, 37), ["a"], LIMITS, NOW, vcpus=2)
    assert (verdict.state, verdict.since, verdict.sure_since) == (IDLE, NOW - 3 * timedelta(hours=1), verdict.since)
    assert verdict.is_sure(3 * 3600, NOW)
    assert not verdict.is_sure(3 * 3600 + 1, NOW)


@pytest.mark.parametrize("why", AT_WORK)
def test_what_is_in_use_is_busy_whatever_was_before(why: str):
    samples = [*series(QUIET, 100, until=NOW - ROUND), AT_WORK[why].sample("a", NOW)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).state == BUSY


@pytest.mark.parametrize("why", AT_WORK)
def test_idle_time_begins_after_the_last_use(why: str):
    samples = [AT_WORK[why].sample("a", NOW - 10 * ROUND), *series(QUIET, 10)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).since == NOW - 10 * ROUND


def test_one_busy_machine_keeps_the_whole_cluster_and_one_unseen_too():
    quiet = [*series(QUIET, 50, node="a"), *series(QUIET, 50, node="b")]
    assert judge(quiet, ["a", "b"], LIMITS, NOW, vcpus=2).state == IDLE
    busy = [*quiet, AT_WORK["a job"].sample("c", NOW)]
    assert judge(busy, ["a", "b", "c"], LIMITS, NOW, vcpus=2).state == BUSY
    assert judge(quiet, ["a", "b", "c"], LIMITS, NOW, vcpus=2).state == UNKNOWN
    late = [*quiet, *series(QUIET, 50, node="c", until=NOW - timedelta(minutes=25))]
    assert judge(late, ["a", "b", "c"], LIMITS, NOW, vcpus=2).state == UNKNOWN


def test_a_time_in_which_nothing_was_seen_counts_for_nothing():
    samples = [*series(QUIET, 50, until=NOW - timedelta(hours=4)), *series(QUIET, 12)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).since == NOW - 11 * ROUND


def test_an_hour_unseen_within_quiet_ones_is_enough_to_ask_and_not_to_be_certain():
    samples = [*series(QUIET, 50, until=NOW - timedelta(hours=2)), *series(QUIET, 12)]
    verdict = judge(samples, ["a"], LIMITS, NOW, vcpus=2)
    assert verdict.since == NOW - timedelta(hours=2) - 49 * ROUND
    assert verdict.sure_since == NOW - 11 * ROUND


def test_processors_alone_at_work_for_a_moment_are_doubted_first_and_are_use_from_the_third_look_on():
    at_work = Use(cpu_percent=40.0)
    before = series(QUIET, 50, until=NOW - 3 * ROUND)
    for looks, state in ((1, UNKNOWN), (2, UNKNOWN), (3, BUSY)):
        samples = [*before, *series(at_work, looks, until=NOW + (looks - 3) * ROUND)]
        assert judge(samples, ["a"], LIMITS, NOW + (looks - 3) * ROUND, vcpus=2).state == state
    moment = [*before, at_work.sample("a", NOW - 2 * ROUND), *series(QUIET, 2)]
    verdict = judge(moment, ["a"], LIMITS, NOW, vcpus=2)
    assert verdict.since == NOW - 52 * ROUND, "it goes on being unused"
    assert verdict.sure_since == NOW - 2 * ROUND, "and is not certain to be"
    assert verdict.cpu_percent == 1.0


def test_moments_that_come_every_few_hours_are_somebodys_work():
    at_work = Use(cpu_percent=40.0)
    samples = [item for item in series(QUIET, 100) if item.at not in (NOW - 20 * ROUND, NOW - 60 * ROUND)]
    samples += [at_work.sample("a", NOW - 20 * ROUND), at_work.sample("a", NOW - 60 * ROUND)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).since == NOW - 20 * ROUND


def test_one_thread_on_many_cores_is_work():
    """1.6 % of 64 cores is one of them."""
    assert judge(series(Use(cpu_percent=1.6), 50), ["a"], LIMITS, NOW, vcpus=64).state == BUSY
    assert judge(series(Use(cpu_percent=1.6), 50), ["a"], LIMITS, NOW, vcpus=4).state == IDLE


def test_somebody_who_typed_between_two_looks_was_there():
    typed = NOW - timedelta(minutes=2)
    samples = [*series(QUIET, 50, until=NOW - ROUND), Use(cpu_percent=1.0, last_input_at=typed).sample("a", NOW)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).since == typed


@pytest.mark.parametrize("missing", ["logins", "jobs", "cpu_percent"])
def test_what_could_not_be_learned_makes_it_uncertain(missing: str):
    unsure = Use(**{"cpu_percent": 1.0, "logins": 0, "jobs": 0, missing: None})
    verdict = judge(series(unsure, 50), ["a"], LIMITS, NOW, vcpus=2)
    assert (verdict.state, verdict.sure_since) == (IDLE, None)
    assert verdict.unlearned == ("cpu" if missing == "cpu_percent" else missing,)
    healed = [*series(unsure, 2, until=NOW - 20 * ROUND), *series(QUIET, 20)]
    assert judge(healed, ["a"], LIMITS, NOW, vcpus=2).sure_since == NOW - 19 * ROUND


def test_a_gpu_that_is_not_told_of_any_more_is_a_doubt():
    samples = [Use(cpu_percent=1.0, gpu_percent=0.0).sample("a", NOW - 50 * ROUND), *series(QUIET, 50)]
    assert judge(samples, ["a"], LIMITS, NOW, vcpus=2).sure_since is None


def test_nothing_is_certain_by_a_look_of_some_minutes_ago():
    verdict = judge(series(QUIET, 50), ["a"], LIMITS, NOW + 2 * ROUND, vcpus=2)
    assert (verdict.state, verdict.sure_since) == (IDLE, None)


uses = st.builds(
    Use,
    cpu_percent=st.none() | st.floats(0, 100),
    gpu_percent=st.none() | st.floats(0, 100),
    logins=st.none() | st.integers(0, 2),
    jobs=st.none() | st.integers(0, 2),
)
seen = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400), uses), max_size=60)


@settings(max_examples=300, deadline=None)
@given(seen, st.integers(1, 96))
def test_what_is_called_idle_was_seen_throughout_and_showed_no_use(found: list[tuple[str, int, Use]], vcpus: int):
    samples = [use.sample(node, NOW - timedelta(minutes=minutes)) for node, minutes, use in found]
    nodes = sorted({node for node, _, _ in found} | {"a"})
    verdict = judge(samples, nodes, LIMITS, NOW, vcpus=vcpus)
    if verdict.state != IDLE:
        return
    assert verdict.since is not None
    for node in nodes:
        own = sorted((item for item in samples if item.node == node and item.is_seen), key=lambda item: item.at)
        after = [item for item in own if item.at > verdict.since]
        moments = [verdict.since, *(item.at for item in after), NOW]
        assert all(later - earlier <= BLIND for earlier, later in itertools.pairwise(moments))
        if verdict.sure_since is not None:
            strict = [verdict.sure_since, *(item.at for item in own if item.at > verdict.sure_since), NOW]
            assert all(later - earlier <= LIMITS.gap for earlier, later in itertools.pairwise(strict))
        assert not any(item.logins or item.jobs for item in after)
        at_work = [item for item in after if (item.cpu_percent or 0) >= LIMITS.cpu_percent_of(vcpus)]
        assert all((item.logins, item.jobs) == (0, 0) for item in at_work), "at work with nobody there"
        sure = [item for item in at_work if verdict.sure_since is not None and item.at > verdict.sure_since]
        assert not sure, "certain with work in it"
        assert all((item.gpu_percent or 0) < LIMITS.gpu_percent for item in after)
    assert verdict.sure_since is None or verdict.sure_since >= verdict.since


@settings(max_examples=200, deadline=None)
@given(seen, st.sampled_from(sorted(AT_WORK)), st.sampled_from("abc"))
def test_no_history_hides_a_use_of_just_now(found: list[tuple[str, int, Use]], why: str, node: str):
    samples = [use.sample(item, NOW - timedelta(minutes=minutes + 1)) for item, minutes, use in found]
    verdict = judge([*samples, AT_WORK[why].sample(node, NOW)], ["a", "b", "c"], LIMITS, NOW, vcpus=2)
    assert verdict.state == BUSY
