"""The commands `say` and `parse`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices
from clouddesk.model import notice as kinds
from clouddesk.settings import PROJECT
from tests.integration.talk.conftest import Rasa, notice, say_and_notify

pytestmark = pytest.mark.integration


# --- say -------------------------------------------------------------------------------------------------------------


def test_say_prints_replies_and_takes_the_titles_of_buttons(rasa: Rasa):
    done = rasa.clouddesk("say", "--user", "sam", "two machines", "[Yes, please]", "two machines", "yes, please")
    assert done.returncode == 0, done.stderr
    card = "Two machines, $0.12 an hour.\n[Yes, please]  [No]\nOn it.\n"
    assert done.stdout == card + card


def test_buttons_are_remembered_from_one_say_to_the_next(rasa: Rasa):
    rasa.clouddesk("say", "--user", "sue", "two machines")
    assert rasa.clouddesk("say", "--user", "sue", "Yes, please").stdout == "On it.\n"


def test_say_json_prints_one_object_a_message(rasa: Rasa):
    done = rasa.clouddesk("say", "--user", "sam", "--json", "two machines", "hello")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(line) for line in lines] == [{"user", "text", "replies", "ms"}] * 2
    assert lines[0]["user"] == "sam"
    assert lines[0]["text"] == "two machines"
    assert lines[0]["replies"][0]["buttons"][0] == {"title": "Yes, please", "payload": "/affirm"}
    assert lines[1]["replies"] == [{"text": "Hello *you*.\n\nSay what you need.", "buttons": []}]
    assert lines[0]["ms"] > 0


def test_say_shows_no_secret_that_was_typed(rasa: Rasa):
    done = rasa.clouddesk("say", "--user", "sam", "--json", "my key is AKIAIOSFODNN7EXAMPLE")
    assert "AKIA" not in done.stdout + done.stderr + rasa.log
    assert json.loads(done.stdout)["text"] == "my key is [secret:aws]"


async def test_say_wait_prints_notices_until_one_concludes(rasa: Rasa, redis: Redis[bytes]):
    told = (notice("wendy", kind) for kind in (kinds.TROUBLE, kinds.READY, kinds.ENDED))
    lines = await say_and_notify(rasa, redis, "wendy", *told)
    assert [line.get("notice", {}).get("kind") for line in lines] == [None, "trouble", "ready"]
    assert set(lines[1]) == {"user", "notice", "text", "buttons"}
    assert "vm-1" in lines[2]["text"]


async def test_say_wait_ends_with_a_question_that_nothing_goes_on_without(rasa: Rasa, redis: Redis[bytes]):
    told = (notice("xena", kind) for kind in (kinds.MOVED, kinds.DEARER, kinds.READY))
    lines = await say_and_notify(rasa, redis, "xena", *told)
    assert [line.get("notice", {}).get("kind") for line in lines] == [None, "moved", "dearer"]


async def test_say_wait_leaves_out_what_came_before(rasa: Rasa, redis: Redis[bytes]):
    await RedisNotices(redis).send(notice("early", kinds.READY))
    done = await asyncio.to_thread(rasa.clouddesk, "say", "--user", "early", "--wait=1", "hello")
    assert done.returncode == 1
    assert "ready" not in done.stdout
    assert "nothing finished within 1 seconds" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("say",), 2, "TEXT"),
        (("say", " "), 2, "TEXT is empty"),
        (("say", "--wait=soon", "hello"), 2, "soon"),
        (("say", "--wait=0", "hello"), 2, "0"),
        (("say", "--user", "a:b", "hello"), 1, "cannot be a user"),
    ],
)
def test_wrong_use_of_say_is_told_in_a_sentence(rasa: Rasa, arguments: tuple[str, ...], code: int, sentence: str):
    done = rasa.clouddesk(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("say", "hello"), ("chat",)])
def test_without_a_stack_one_sentence_says_how_to_start_it(tmp_path: Path, command: tuple[str, ...]):
    environment = {**os.environ, "CLOUDDESK_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "clouddesk", *command], capture_output=True, text=True, cwd=PROJECT, env=environment
    )
    assert done.returncode == 1
    assert done.stderr == "clouddesk: CloudDesk is not running. Start it with `make chat` or `clouddesk up`.\n"


# --- parse -----------------------------------------------------------------------------------------------------------


def test_parse_prints_a_frame_a_line_in_order(rasa: Rasa):
    texts = [f"{words} {number}" for number in range(20) for words in ("hello", "two machines")]
    done = rasa.clouddesk("parse", stdin="\n".join(texts))
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frame["text"] for frame in frames] == texts
    assert {frame["intent"] for frame in frames} == {"greet", "create_vm"}
    assert set(frames[0]) == {"text", "intent", "confidence", "entities"}


def test_parse_keeps_lines_apart_and_survives_odd_input(rasa: Rasa):
    done = rasa.clouddesk("parse", stdin="hello\n\n" + "x" * 10_000 + "\nmy key is AKIAIOSFODNN7EXAMPLE\n")
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frame["text"][:30] for frame in frames] == ["hello", "", "x" * 30, "my key is [secret:aws]"]
    assert frames[1]["intent"] is None


def test_parse_answers_a_line_at_a_time(rasa: Rasa):
    process = subprocess.Popen(
        [sys.executable, "-m", "clouddesk", "parse"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env=rasa.environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for text in (b"hello\n", b"two machines\n"):
        process.stdin.write(text)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == text.decode().strip()
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_parse_ends_quietly_when_nobody_reads_on(rasa: Rasa):
    command = f"yes hello | head -500 | {sys.executable} -m clouddesk parse | head -1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=PROJECT, env=rasa.environment, timeout=60
    )
    assert json.loads(done.stdout)["intent"] == "greet"
    assert done.stderr == ""
