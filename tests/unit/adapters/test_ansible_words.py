"""What people read while software is put on their machines, and when that fails."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import yaml

from clouddesk.adapters.ansible_words import VERBS, Progress, cause_of
from clouddesk.model.configuration import (
    DISK_FULL,
    MIRROR_DOWN,
    NO_SUCH_VERSION,
    STEP_FAILED,
    UNREACHABLE,
    UNSUPPORTED_OS,
    WRONG_CHECKSUM,
)
from clouddesk.settings import PROJECT


def begun(task: str, *nodes: str) -> Progress:
    progress = Progress()
    progress.take("playbook_on_task_start", {"task": task})
    for node in nodes:
        progress.take("runner_on_start", {"host": node})
    return progress


@pytest.mark.parametrize(
    ("task", "nodes", "words"),
    [
        ("Install Java", ("a", "b", "c"), "installing Java on 3 nodes"),
        ("Install Java", ("a",), "installing Java on 1 node"),
        ("Start the workers", ("a", "b"), "starting the workers"),
        ("Set up Spark", ("a", "b"), "setting up Spark on 2 nodes"),
        ("Ponder", ("a",), "ponder"),
        ("Install Java", (), "installing Java"),
    ],
)
def test_a_task_is_told_as_what_is_being_done(task, nodes, words):
    assert begun(task, *nodes).step == words


def test_nodes_that_a_step_leaves_out_are_not_counted():
    progress = begun("Set up Spark", "a", "b", "c")
    progress.take("runner_on_skipped", {"host": "c"})
    assert progress.step == "setting up Spark on 2 nodes"


def test_a_new_task_counts_its_nodes_anew():
    progress = begun("Set up Spark", "a", "b", "c")
    progress.take("playbook_on_task_start", {"task": "Install Java"})
    progress.take("runner_on_start", {"host": "a"})
    assert progress.step == "installing Java on 1 node"


def test_passing_on_what_was_found_is_no_step():
    progress = begun("Check Java", "a")
    progress.take("playbook_on_task_start", {"task": "Tell what was found"})
    assert progress.step == "checking Java"


def test_nothing_is_told_before_anything_has_begun():
    assert Progress().step == ""


def test_changes_and_what_the_check_found_are_kept():
    progress = begun("Install Java", "a", "b")
    progress.take("runner_on_ok", {"host": "a", "res": {"changed": True}})
    progress.take("runner_on_ok", {"host": "b", "res": {"changed": False}})
    progress.take("playbook_on_stats", {"artifact_data": {"clouddesk_found": ["pi is 3.14"]}})
    assert (progress.changes, progress.found) == (1, ("pi is 3.14",))


def test_a_failure_tells_step_nodes_and_last_lines():
    progress = begun("Install Java", "a", "b")
    for node in ("b", "a"):
        result = {"msg": "non-zero return code", "stdout": "one\ntwo\n", "stderr": "\nthree"}
        progress.take("runner_on_failed", {"host": node, "task": "Install Java", "res": result})
    failure = progress.failure()
    assert (failure.cause, failure.step) == (STEP_FAILED, "installing Java on 2 nodes")
    assert (failure.nodes, failure.lines) == (("a", "b"), ("one", "two", "three"))


def test_a_failure_in_a_list_tells_of_the_item_that_failed():
    progress = begun("Copy files", "a")
    items = [{"failed": False, "msg": "fine"}, {"failed": True, "msg": "No space left on device"}]
    result = {"msg": "One or more items failed", "results": items}
    progress.take("runner_on_failed", {"host": "a", "task": "Copy files", "res": result})
    assert (progress.failure().cause, progress.failure().lines) == (DISK_FULL, ("No space left on device",))


def test_a_failure_that_was_to_be_ignored_is_none():
    progress = begun("Check", "a")
    progress.take("runner_on_failed", {"host": "a", "ignore_errors": True, "res": {"msg": "no"}})
    assert progress.failure(("ansible gave up",)).lines == ("ansible gave up",)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("runner_on_unreachable", {"host": "b", "res": {"msg": "Connection timed out"}}),
        ("runner_on_failed", {"host": "b", "task_action": "wait_for_connection", "res": {"msg": "timed out"}}),
    ],
)
def test_a_node_that_does_not_answer_is_told_as_such(kind, data):
    progress = begun("Wait for the machines", "a", "b")
    progress.take(kind, data)
    failure = progress.failure()
    assert (failure.cause, failure.nodes, failure.may_help_to_retry) == (UNREACHABLE, ("b",), True)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", DISK_FULL),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", DISK_FULL),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", WRONG_CHECKSUM),
        ("The checksum for /opt/x.tar.gz did not match 85b4; it was aaaa.", WRONG_CHECKSUM),
        ("E: Failed to fetch http://m/x.deb  Temporary failure resolving 'm'", MIRROR_DOWN),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError: Connection refused'\n"
            "ERROR: Could not find a version that satisfies the requirement pyspark==4.0.5 (from versions: none)",
            MIRROR_DOWN,
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement ray==99 (from versions: 2.0)",
            NO_SUCH_VERSION,
        ),
        ("No package matching 'openjdk-99' is available", NO_SUCH_VERSION),
        ("Request failed: HTTP Error 404: Not Found", NO_SUCH_VERSION),
        ("Ubuntu 18.04 is not supported: take Debian 12, Ubuntu 22.04, Rocky Linux 9 or later.", UNSUPPORTED_OS),
        ("Spark worked on 1 of 2 workers: worker-1.", STEP_FAILED),
    ],
)
def test_known_causes_are_told_apart(text, cause):
    assert cause_of(text) == cause


def test_every_task_of_ours_begins_with_a_verb_that_people_can_be_told():
    roles = PROJECT / "blueprints" / "roles"
    names = [task["name"] for path in sorted(roles.glob("*/tasks/*.yml")) for task in yaml.safe_load(path.read_text())]
    assert len(names) > 50
    assert {name.split()[0] for name in names} <= VERBS, names


def test_no_task_of_ours_puts_a_secret_on_a_command_line():
    """Command lines are seen by everybody on the machine, and stand in the log."""
    for path in (PROJECT / "blueprints" / "roles").glob("*/tasks/*.yml"):
        for task in yaml.safe_load(path.read_text()):
            for module in ("ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.script"):
                words = task.get(module, {})
                told = (
                    {key: value for key, value in words.items() if key != "stdin"} if isinstance(words, dict) else words
                )
                # Kafka's is a cluster's name, which everybody may know.
                assert not re.search(r"clouddesk_secrets\[(?!'kafka_cluster')", str(told)), f"{path}: {task['name']}"


def test_no_line_of_a_template_runs_into_the_next():
    """Ansible drops the line's end after a closing tag, which joins a line that ends with one to that which follows."""
    for path in (PROJECT / "blueprints" / "roles").glob("*/templates/*.j2"):
        lines = [*path.read_text().splitlines(), ""]
        for line, after in pairwise(lines):
            is_joined = line.endswith("%}") and not line.startswith("{%")
            assert not is_joined or not after, f"{path}: {line}"
