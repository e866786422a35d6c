"""The main job on the whole stack: said with `clouddesk say`, checked by asking the clouds what exists."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.integration import clouds
from tests.integration.conftest import RunningStack, eventually

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _healthy_clouds(stack: RunningStack) -> Iterator[None]:
    yield
    clouds.heal(stack.settings)


def say(stack: RunningStack, user: str, *texts: str, wait: int | None = None) -> list[dict[str, Any]]:
    options = [f"--wait={wait}"] if wait else []
    return stack.json("say", "--user", user, *options, *texts)


def said(answers: list[dict[str, Any]]) -> str:
    """Everything that was answered, as one text."""
    parts = [
        item["text"] if "notice" in item else " ".join(reply["text"] for reply in item["replies"]) for item in answers
    ]
    return "\n".join(parts)


def reservations(stack: RunningStack, user: str) -> list[dict[str, Any]]:
    return stack.json("reservations", "--user", user)


def get(stack: RunningStack, user: str, *wish: str) -> dict[str, Any]:
    """Say what is wished, say yes, wait until it is ready; returns the one reservation there is."""
    answers = say(stack, user, *wish, "yes", wait=60)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (reservation,) = reservations(stack, user)
    return reservation


def test_a_spark_cluster_from_the_wish_to_its_end(stack: RunningStack) -> None:
    answers = say(stack, "ada", "spin up a 3-node spark cluster for 8 hours")
    assert re.search(r"\$\d", said(answers)), "a price is quoted"
    assert "simulated" in said(answers).lower()
    assert reservations(stack, "ada") == [], "nothing is bought before the yes"

    answers = say(stack, "ada", "yes", wait=60)
    assert answers[-1]["notice"]["kind"] == "ready"
    (spark,) = reservations(stack, "ada")
    assert (spark["state"], len(spark["nodes"]), spark["software"]) == ("running", 3, "spark")
    assert {node["role"] for node in spark["nodes"]} == {"controller", "worker"}
    found = clouds.machines(stack.settings, spark["id"])
    assert set(found) == {node["id"] for node in spark["nodes"]}
    assert set(found.values()) <= {"running", "active"}

    before = datetime.fromisoformat(spark["expires_at"])
    say(stack, "ada", f"extend {spark['name']} by 2 hours")
    (extended,) = reservations(stack, "ada")
    assert (datetime.fromisoformat(extended["expires_at"]) - before).total_seconds() == 7200

    listed = said(say(stack, "ada", "what have I got running?"))
    assert spark["name"] in listed
    say(stack, "ada", f"terminate {spark['name']}")
    assert len(clouds.machines(stack.settings, spark["id"])) == 3, "nothing is ended before the yes"
    answers = say(stack, "ada", "yes", wait=60)
    assert answers[-1]["notice"]["kind"] == "ended"
    assert clouds.machines(stack.settings, spark["id"]) == {}
    assert reservations(stack, "ada") == []


def test_machines_on_aws_carry_the_four_tags_and_power_follows_the_words(stack: RunningStack) -> None:
    made = get(stack, "bea", "two ubuntu vms on aws in frankfurt for 3 hours")
    assert (made["provider"], made["region"], len(made["nodes"])) == ("aws", "eu-central-1", 2)
    mine = [
        {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        for instance in clouds.all_instances(stack.settings, "eu-central-1")
    ]
    tagged = [tags for tags in mine if tags.get("clouddesk-reservation") == made["id"]]
    assert {tags["clouddesk-node"] for tags in tagged} == {"node-1", "node-2"}
    assert {tags["clouddesk-owner"] for tags in tagged} == {"local/bea"}
    assert all(tags["clouddesk-installation"] for tags in tagged)

    assert say(stack, "bea", f"stop {made['name']}", wait=60)[-1]["notice"]["kind"] == "stopped"
    assert set(clouds.machines(stack.settings, made["id"]).values()) == {"stopped"}
    assert say(stack, "bea", f"start {made['name']}", wait=60)[-1]["notice"]["kind"] == "started"
    assert set(clouds.machines(stack.settings, made["id"]).values()) == {"running"}
    assert say(stack, "bea", f"reboot {made['name']}", wait=60)[-1]["notice"]["kind"] == "rebooted"


def test_yes_said_twice_gets_one_set_of_machines(stack: RunningStack) -> None:
    say(stack, "cy", "a small debian vm on digitalocean for 2 hours")
    say(stack, "cy", "yes", "yes", wait=60)
    (made,) = reservations(stack, "cy")
    assert len(clouds.machines(stack.settings, made["id"])) == 1


def test_somebody_elses_machine_is_refused_like_one_that_does_not_exist(stack: RunningStack) -> None:
    made = get(stack, "dora", "one vm with 2 GB for 2 hours")
    foreign = said(say(stack, "eve", "hi", f"terminate {made['id']}", "yes"))
    missing = said(say(stack, "eve", "terminate r-0badc0de", "yes"))
    assert foreign.count(made["id"]) <= 1
    assert made["name"] not in foreign
    assert missing.replace("r-0badc0de", "X") in foreign.replace(made["id"], "X")
    assert len(clouds.machines(stack.settings, made["id"])) == 1


def test_two_people_at_once_do_not_meet(stack: RunningStack) -> None:
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(get, stack, "fay", "2 vms on aws for 2 hours")
        two = pool.submit(get, stack, "gus", "3 vms on digitalocean for 4 hours")
    assert (one.result()["provider"], len(one.result()["nodes"])) == ("aws", 2)
    assert (two.result()["provider"], len(two.result()["nodes"])) == ("digitalocean", 3)


@pytest.mark.parametrize("name", ["rasa", "actions"])
def test_a_server_killed_in_mid_conversation_loses_nothing(stack: RunningStack, name: str) -> None:
    user = f"hal-{name}"
    say(stack, user, "a vm with 4 GB for 2 hours")
    os.kill(stack.status()[name]["pid"], signal.SIGKILL)
    stack.wait_until_ready()
    answers = say(stack, user, "yes", wait=60)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, user)
    assert len(clouds.machines(stack.settings, made["id"])) == 1


def test_a_cloud_that_is_down_for_a_moment_delays_and_loses_nothing(stack: RunningStack) -> None:
    say(stack, "ivy", "2 vms on digitalocean for 2 hours")
    clouds.fault(stack.settings, "digitalocean", kind="down", count=3)
    answers = say(stack, "ivy", "yes", wait=90)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, "ivy")
    assert len(clouds.machines(stack.settings, made["id"])) == 2


def test_no_capacity_is_said_and_leaves_nothing(stack: RunningStack) -> None:
    say(stack, "jo", "2 vms like t3.medium on aws in us-east-1 for 2 hours")
    clouds.fault(stack.settings, "aws", kind="no_capacity", count=50)
    answers = say(stack, "jo", "yes", wait=90)
    assert answers[-1]["notice"]["kind"] == "failed", said(answers)
    assert reservations(stack, "jo") == []
    everything = stack.json("reservations", "--all")
    (failed,) = [item for item in everything if item["owner"] == "jo"]
    assert (failed["state"], failed["reason"]) == ("ended", "no_capacity")
    assert clouds.machines(stack.settings, failed["id"]) == {}


def test_a_lost_answer_to_a_create_doubles_nothing(stack: RunningStack) -> None:
    say(stack, "kim", "2 vms on digitalocean for 2 hours")
    clouds.fault(stack.settings, "digitalocean", kind="drop_after_accept", count=1, match={"operation": "create"})
    answers = say(stack, "kim", "yes", wait=90)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, "kim")
    assert len(clouds.machines(stack.settings, made["id"])) == 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("spin up a spark cluster with 0 nodes", "at least"),
        ("give me 1000 vms for an hour", "is 100 machines"),
        ("a vm with 10 TB of RAM", "nearest"),
        ("a vm in atlantis for 2 hours", "atlantis"),
    ],
)
def test_an_impossible_wish_gets_a_sentence_that_helps(stack: RunningStack, text: str, hint: str) -> None:
    answers = say(stack, "lea", "forget it", text)
    assert hint in said(answers).lower(), said(answers)
    say(stack, "lea", "yes")
    assert reservations(stack, "lea") == []


def test_wrong_credentials_are_refused_and_not_stored(stack: RunningStack) -> None:
    say(stack, "mo", "hi")
    wrong = stack.run("credentials", "add", "aws", "--user", "mo", input="AKIAWRONGWRONGWRONG0\nnope\n", check=False)
    assert wrong.returncode == 1
    assert "does not accept" in wrong.stderr
    assert "nope" not in wrong.stderr + wrong.stdout
    removed = stack.run("credentials", "remove", "aws", "--user", "mo")
    assert "Removed" in removed.stdout
    assert [item["provider"] for item in stack.json("credentials", "list", "--user", "mo")] == ["digitalocean"]
    right = stack.run(
        "credentials", "add", "aws", "--user", "mo", input="AKIASANDBOXOPERATOR0\nsandbox-operator-secret-key\n"
    )
    assert "Stored" in right.stdout


def test_a_pasted_key_is_kept_nowhere(stack: RunningStack) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"
    answers = say(stack, "nan", f"here are my aws keys AKIAIOSFODNN7ZZZZZZZ {secret}")
    assert secret not in str(answers)
    assert "clouddesk credentials add aws" in said(answers)
    found = [
        path
        for path in stack.home.rglob("*")
        if path.is_file() and (secret.encode() in path.read_bytes() or b"AKIAIOSFODNN7ZZZZZZZ" in path.read_bytes())
    ]
    assert found == []


def test_offers_are_cheapest_first_over_both_providers(stack: RunningStack) -> None:
    say(stack, "ola", "hi")
    offers = stack.json("offers", "--vcpus", "2", "--memory", "4", "--limit", "40")
    prices = [offer["hourly_price_with_disk_usd"] for offer in offers]
    assert prices == sorted(prices)
    assert all(price > 0 for price in prices)
    assert all(offer["vcpus"] >= 2 and offer["memory_gb"] >= 4 for offer in offers)
    both = {
        offer["provider"]
        for provider in ("aws", "digitalocean")
        for offer in stack.json("offers", "--provider", provider)
    }
    assert both == {"aws", "digitalocean"}


def test_the_end_of_a_lease_ends_the_machines_and_says_so(stack: RunningStack) -> None:
    made = get(stack, "pat", "a vm with 1 GB for 1 minute")
    ended = eventually(
        lambda: [
            item
            for item in stack.json("reservations", "--all")
            if item["id"] == made["id"] and item["state"] == "ended"
        ],
        timeout_seconds=120,
        pause_seconds=5,
    )
    assert ended[0]["reason"] == "expired"
    assert clouds.machines(stack.settings, made["id"]) == {}
