"""Talking to a real Rasa server through our channel: the protocol, `say`, `parse` and the console.

The model is a tiny one, trained here in seconds: this is about the way of the words, not about what they mean.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices
from clouddesk.model import notice as kinds
from clouddesk.model.actor import Person
from clouddesk.model.notice import Notice
from clouddesk.settings import PROJECT
from connectors.choices import Choices
from connectors.notices import Inbox
from connectors.protocol import PARSE_PATH, SECRET_HEADER, TEXT_LIMIT, WEBHOOK_PATH
from connectors.rasa import Button, Message, RasaClient, Reply, Unreachable
from tests.servers import free_port, redis_url  # noqa: F401 - a fixture

pytestmark = pytest.mark.integration

SECRET = "a-secret-between-us"
STARTS_WITHIN_SECONDS = 60.0

CONFIG = """\
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: KeywordIntentClassifier
policies:
  - name: RulePolicy
"""
DOMAIN = """\
version: "3.1"
intents: [greet, affirm, create_vm, broken]
actions: [action_nowhere]
responses:
  utter_greet:
    - text: "Hello *you*.\\n\\nSay what you need."
  utter_quote:
    - text: "Two machines, $0.12 an hour."
      buttons:
        - {title: "Yes, please", payload: "/affirm"}
        - {title: "No", payload: "/greet"}
  utter_affirm:
    - text: "On it."
"""
NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
- intent: affirm
  examples: |
    - go ahead
- intent: create_vm
  examples: |
    - two machines
- intent: broken
  examples: |
    - break it
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: affirm
  steps: [{intent: affirm}, {action: utter_affirm}]
- rule: create
  steps: [{intent: create_vm}, {action: utter_quote}]
- rule: broken
  steps: [{intent: broken}, {action: action_nowhere}]
"""


@dataclass
class Rasa:
    """Our Rasa server with the tiny model, as the supervisor would start it."""

    model: Path
    home: Path
    redis: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / "rasa.log").read_text()

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CLOUDDESK_HOME": str(self.home),
            "CLOUDDESK_REDIS_URL": self.redis,
            "CLOUDDESK_RASA_URL": self.url,
            "TZ": "UTC",
            "COLUMNS": "100",
        }

    def launch(self) -> None:
        command = [sys.executable, "-m", "connectors.rasa_server", "--port", str(self.port), "--model", str(self.model)]
        command += ["--actions-url", f"http://127.0.0.1:{free_port()}"]
        with (self.home / "rasa.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=log, stderr=log)

    def wait(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/status", timeout=5).ok:
                    return
            except requests.ConnectionError:  # noqa: PERF203 - one try is one attempt
                time.sleep(0.05)
        raise AssertionError(f"Rasa did not start:\n{self.log}")

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=20)

    def post(self, path: str, body: Any, *, secret: str | None = SECRET) -> requests.Response:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        return requests.post(self.url + path, json=body, headers=headers, timeout=30)

    def clouddesk(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "clouddesk", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=self.environment,
            timeout=60,
        )


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "nlu").mkdir()
    (folder / "config.yml").write_text(CONFIG)
    (folder / "domain.yml").write_text(DOMAIN)
    (folder / "nlu" / "data.yml").write_text(NLU)
    subprocess.run(
        [sys.executable, "-m", "connectors.train", "--project", str(folder), "--name", "tiny"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder / "models" / "tiny.tar.gz"


@pytest.fixture(scope="session")
def rasa(tiny_model: Path, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rasa]:  # noqa: F811
    home = tmp_path_factory.mktemp("home")
    (home / "secrets").mkdir()
    (home / "secrets" / "channel").write_text(SECRET)
    server = Rasa(tiny_model, home, redis_url)
    server.launch()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis[bytes]]:  # noqa: F811
    client = Redis.from_url(redis_url)
    yield client
    await client.close()


def message(user: str, text: str, message_id: str = "m1") -> dict[str, str]:
    return {
        "conversation": f"local:console:-:{user}",
        "text": text,
        "workspace_id": "local",
        "user_id": user,
        "timezone": "UTC",
        "message_id": message_id,
    }


def notice(user: str, kind: str, name: str = "vm-1", *, id: str | None = None) -> Notice:
    values = {
        "name": name,
        "reservation_id": "r-1",
        "nodes": "1",
        "provider": "aws",
        "region": "eu-central-1",
        "size": "t3.large",
        "addresses": "10.0.0.1",
        "hourly": "$0.12",
        "extension": "$0.24",
        "cost": "$0.00",
        "ends": "2030-01-01T12:00:00+00:00",
        "minutes_left": "30",
        "reason": "",
        "simulated": "yes",
    }
    now = datetime.now(timezone.utc)
    return Notice(id or f"{user}:{name}:{kind}", kind, "local", user, f"local:console:-:{user}", "r-1", now, values)


def later(seconds: float, redis_address: str, *notices: Notice) -> asyncio.Task[None]:
    async def send() -> None:
        await asyncio.sleep(seconds)
        client = Redis.from_url(redis_address)
        for item in notices:
            await RedisNotices(client).send(item)
        await client.close()

    return asyncio.create_task(send())


# --- The channel -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret", [None, "", "a-secret-between-them", SECRET + "x", "ünïcode".encode().decode("latin-1")]
)
@pytest.mark.parametrize("path", [WEBHOOK_PATH, PARSE_PATH])
def test_caller_without_the_secret_is_refused(rasa: Rasa, path: str, secret: str | None):
    answer = rasa.post(path, message("stranger", "hello"), secret=secret)
    assert answer.status_code == 401
    assert "replies" not in answer.json()


def test_no_other_door_of_rasa_is_open(rasa: Rasa):
    for path in ("/webhooks/rest/webhook", "/conversations/local:console:-:ann/tracker", "/model/parse", "/domain"):
        assert requests.get(rasa.url + path, timeout=5).status_code == 404
        assert rasa.post(path, {}).status_code == 404


def test_server_listens_on_loopback_only(rasa: Rasa):
    assert rasa.process is not None
    listening = [
        item.laddr.ip for item in psutil.Process(rasa.process.pid).net_connections() if item.status == "LISTEN"
    ]
    assert set(listening) == {"127.0.0.1"}


def test_message_is_answered_with_texts_and_buttons(rasa: Rasa):
    assert rasa.post(WEBHOOK_PATH, message("ann", "two machines")).json() == {
        "replies": [
            {
                "text": "Two machines, $0.12 an hour.",
                "buttons": [{"title": "Yes, please", "payload": "/affirm"}, {"title": "No", "payload": "/greet"}],
            }
        ]
    }


def test_doubled_message_acts_once_and_is_answered_the_same(rasa: Rasa):
    first = rasa.post(WEBHOOK_PATH, message("twice", "hello", "same")).json()
    again = rasa.post(WEBHOOK_PATH, message("twice", "go ahead", "same")).json()
    assert again == first
    other = rasa.post(WEBHOOK_PATH, message("twice", "go ahead", "another")).json()
    assert other["replies"][0]["text"] == "On it."


def test_incomplete_message_is_refused_with_the_reason(rasa: Rasa):
    answer = rasa.post(WEBHOOK_PATH, {"text": "hello"})
    assert (answer.status_code, answer.json()) == (400, {"error": "conversation is missing"})
    answer = requests.post(rasa.url + WEBHOOK_PATH, data="{", headers={SECRET_HEADER: SECRET}, timeout=5)
    assert answer.status_code == 400


def test_message_that_is_too_long_is_answered_with_a_sentence(rasa: Rasa):
    answer = rasa.post(WEBHOOK_PATH, message("ann", "x" * (TEXT_LIMIT + 1), "long"))
    assert answer.status_code == 413
    assert "too long" in answer.json()["replies"][0]["text"]


def test_failing_action_is_answered_with_a_sentence(rasa: Rasa):
    replies = rasa.post(WEBHOOK_PATH, message("unlucky", "break it")).json()["replies"]
    assert len(replies) == 1
    assert "something went wrong" in replies[0]["text"]


def test_parse_gives_rasas_result(rasa: Rasa):
    result = rasa.post(PARSE_PATH, {"text": "two machines"}).json()
    assert result["intent"]["name"] == "create_vm"
    assert rasa.post(PARSE_PATH, {"words": 1}).status_code == 400


def test_conversations_are_kept_in_redis_under_our_prefix(rasa: Rasa, redis_url: str):  # noqa: F811
    import redis

    rasa.post(WEBHOOK_PATH, message("kept", "hello"))
    with redis.Redis.from_url(redis_url) as client:
        assert client.exists("clouddesk:tracker:local:console:-:kept")
        assert not [key for key in client.scan_iter() if not key.startswith(b"clouddesk:")]


def test_each_turn_is_stored_once_and_only_the_last_ones_are_kept(rasa: Rasa, redis_url: str):  # noqa: F811
    import redis

    for number in range(4):
        rasa.post(WEBHOOK_PATH, message("long", "hello", f"m{number}"))
    with redis.Redis.from_url(redis_url) as client:
        stored = json.loads(client.get("clouddesk:tracker:local:console:-:long") or "{}")
    assert stored["messages"] == 4
    assert [event["message_id"] for event in stored["events"] if event["event"] == "user"] == ["m2", "m3"]


def test_what_people_say_is_not_logged(rasa: Rasa):
    rasa.post(WEBHOOK_PATH, message("quiet", "hello zebra crossing"))
    assert "zebra" not in rasa.log
    assert "message.answered" in rasa.log


def test_server_runs_without_tensorflow(rasa: Rasa):
    assert rasa.process is not None
    maps = Path(f"/proc/{rasa.process.pid}/maps")
    if not maps.exists():
        pytest.skip("only Linux shows what a process has loaded")
    assert "libtensorflow" not in maps.read_text()


async def test_message_waits_while_rasa_restarts_and_acts_once(tiny_model: Path, rasa: Rasa, tmp_path: Path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "channel").write_text(SECRET)
    other = Rasa(tiny_model, tmp_path, rasa.redis)
    ann = Person("local", "patient")
    async with RasaClient(other.url, SECRET, patience_seconds=30) as client:
        other.launch()
        replies = await client.send(Message(ann, "local:console:-:patient", "hello"))
    assert replies == [Reply("Hello *you*.\n\nSay what you need.")]
    assert await asyncio.to_thread(other.stop) == 0


async def test_message_goes_to_the_next_server_when_its_own_does_not_answer(rasa: Rasa):
    away = f"http://127.0.0.1:{free_port()}"
    async with RasaClient([away, rasa.url], SECRET, patience_seconds=5) as client:
        assert await client.is_ready()
        for number in range(4):  # some of them would have gone to the one that is away
            user = f"moved-{number}"
            replies = await client.send(Message(Person("local", user), f"local:console:-:{user}", "hello"))
            assert replies == [Reply("Hello *you*.\n\nSay what you need.")]


async def test_message_to_a_server_that_stays_away_is_said_not_to_be_processed():
    async with RasaClient(f"http://127.0.0.1:{free_port()}", SECRET, patience_seconds=0.5) as client:
        with pytest.raises(Unreachable, match=r"your message was not processed.*clouddesk status"):
            await client.send(Message(Person("local", "ann"), "local:console:-:ann", "hello"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda server: server.__dict__.update(model=server.home / "none"), "There is no trained model"),
        (lambda server: server.__dict__.update(redis=f"redis://127.0.0.1:{free_port()}/0"), "Redis at 127.0.0.1"),
        (lambda server: (server.home / "secrets" / "channel").unlink(), "is missing. Start the stack"),
    ],
    ids=["no model", "no redis", "no secret"],
)
def test_server_that_cannot_start_says_why_in_a_sentence(
    rasa: Rasa, tmp_path: Path, spoil: Callable[[Rasa], object], sentence: str
):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "channel").write_text(SECRET)
    other = Rasa(rasa.model, tmp_path, rasa.redis)
    spoil(other)
    other.launch()
    assert other.process is not None
    assert other.process.wait(timeout=30) == 1
    assert sentence in other.log
    assert "Traceback" not in other.log


# --- say -------------------------------------------------------------------------------------------------------------


def test_say_prints_replies_and_takes_numbers_and_titles(rasa: Rasa):
    done = rasa.clouddesk("say", "--user", "sam", "two machines", "1", "two machines", "yes, please")
    assert done.returncode == 0, done.stderr
    card = "Two machines, $0.12 an hour.\n[1] Yes, please  [2] No\nOn it.\n"
    assert done.stdout == card + card


def test_buttons_are_remembered_from_one_say_to_the_next(rasa: Rasa):
    rasa.clouddesk("say", "--user", "sue", "two machines")
    assert rasa.clouddesk("say", "--user", "sue", "1").stdout == "On it.\n"


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


async def test_say_wait_prints_notices_until_one_concludes(rasa: Rasa):
    sent = later(
        2.0, rasa.redis, notice("wendy", kinds.TROUBLE), notice("wendy", kinds.READY), notice("wendy", kinds.ENDED)
    )
    done = await asyncio.to_thread(rasa.clouddesk, "say", "--user", "wendy", "--json", "--wait", "hello")
    await sent
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("notice", {}).get("kind") for line in lines] == [None, "trouble", "ready"]
    assert set(lines[1]) == {"user", "notice", "text", "buttons"}
    assert "vm-1" in lines[2]["text"]


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


# --- The console -----------------------------------------------------------------------------------------------------


async def test_chat_without_a_terminal_answers_line_by_line_and_ends(rasa: Rasa, redis: Redis[bytes]):
    await RedisNotices(redis).send(notice("piper", kinds.READY, "missed-1"))
    talk = "two machines\n\n1\n"
    done = await asyncio.to_thread(rasa.clouddesk, "chat", "--user", "piper", stdin=talk)
    assert done.returncode == 0, done.stderr
    assert "missed-1" in done.stdout
    assert done.stdout.endswith("Two machines, $0.12 an hour.\n[1] Yes, please  [2] No\nOn it.\n")
    again = await asyncio.to_thread(rasa.clouddesk, "chat", "--user", "piper", stdin="hello\n")
    assert "missed-1" not in again.stdout


class Terminal:
    """`clouddesk chat` in a pseudo terminal."""

    def __init__(self, rasa: Rasa, user: str) -> None:
        self.master, follower = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clouddesk", "chat", "--user", user],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=PROJECT,
            env={**rasa.environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            start_new_session=True,
        )
        os.close(follower)
        self.screen = ""

    def expect(self, words: str, *, within_seconds: float = 20.0) -> None:
        deadline = time.monotonic() + within_seconds
        while words not in self.screen:
            assert time.monotonic() < deadline, f"{words!r} did not appear in:\n{self.screen}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    read = os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    read = ""
                self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", read)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def close(self) -> int:
        code = self.process.wait(timeout=20)
        os.close(self.master)
        return code


async def test_chat_in_a_terminal_shows_replies_and_notices_while_nobody_types(rasa: Rasa, redis: Redis[bytes]):
    await RedisNotices(redis).send(notice("tess", kinds.READY, "before-1"))
    terminal = Terminal(rasa, "tess")
    try:
        await asyncio.to_thread(terminal.expect, "Hi tess!")
        await asyncio.to_thread(terminal.expect, "before-1")
        await asyncio.sleep(0.5)
        terminal.type("two machines\r")
        await asyncio.to_thread(terminal.expect, "[1] Yes, please  [2] No")
        terminal.type("1\r")
        await asyncio.to_thread(terminal.expect, "On it.")
        await RedisNotices(redis).send(notice("tess", kinds.EXPIRING, "while-1"))
        await asyncio.to_thread(terminal.expect, "while-1")
        await asyncio.sleep(0.5)  # as a person would: a key in the very moment of printing is the terminal's, not ours
        terminal.type("\x04")
        await asyncio.to_thread(terminal.expect, "Bye!")
    finally:
        if terminal.process.poll() is None:
            terminal.type("\x04")
    assert await asyncio.to_thread(terminal.close) == 0
    assert "Traceback" not in terminal.screen


async def test_ctrl_c_ends_the_chat(rasa: Rasa):
    terminal = Terminal(rasa, "carl")
    await asyncio.to_thread(terminal.expect, "Ctrl-D ends the chat")
    await asyncio.to_thread(terminal.expect, "▸")
    terminal.type("\x03")
    await asyncio.to_thread(terminal.expect, "Bye!")
    assert await asyncio.to_thread(terminal.close) == 0


async def test_ctrl_c_ends_the_chat_before_its_prompt_is_there(rasa: Rasa):
    terminal = Terminal(rasa, "cora")
    await asyncio.to_thread(terminal.expect, "Ctrl-D ends the chat")
    terminal.process.send_signal(signal.SIGINT)  # what the terminal makes of the key until the prompt takes it over
    await asyncio.to_thread(terminal.expect, "Bye!")
    assert await asyncio.to_thread(terminal.close) == 0
    assert "Traceback" not in terminal.screen


# --- What the console keeps in Redis ---------------------------------------------------------------------------------


async def test_inbox_begins_where_it_ended(redis: Redis[bytes]):
    notices, person = RedisNotices(redis), Person("local", "ingrid")
    await notices.send(notice("ingrid", kinds.READY, "vm-1"))
    first = Inbox(notices, redis, person, connector="console").follow(wait_seconds=0)
    assert (await anext(first)).values["name"] == "vm-1"
    await notices.send(notice("ingrid", kinds.READY, "vm-2"))
    assert (await anext(first)).values["name"] == "vm-2"
    await first.aclose()
    # vm-2 was given out, but never confirmed by asking for the next: better twice than never.
    second = Inbox(notices, redis, person, connector="console").follow(wait_seconds=0)
    assert (await anext(second)).values["name"] == "vm-2"
    await second.aclose()


async def test_notice_that_is_in_the_stream_twice_is_shown_once(redis: Redis[bytes]):
    notices, person = RedisNotices(redis), Person("local", "dora")
    for _ in range(2):
        await notices.send(notice("dora", kinds.READY, "vm-1", id="same"))
        await redis.delete("clouddesk:notice:same")  # as after the mark's time is over
    await notices.send(notice("dora", kinds.READY, "vm-2"))
    inbox = Inbox(notices, redis, person, connector="console")
    assert [item.values["name"] for _, item in await inbox.unread(after="0")] == ["vm-1", "vm-2"]


async def test_number_never_presses_a_button_of_a_notice(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:nora")
    await choices.of_replies([Reply("How many?")])
    labelled = await choices.of_notice([Button("Extend", "/extend"), Button("Release", "/release")])
    assert [mark for mark, _ in labelled] == ["a", "b"]
    assert await choices.resolve("2") is None
    assert await choices.resolve("b") == "/release"
    assert await choices.resolve("Extend") == "/extend"


async def test_reply_replaces_the_numbers_and_leaves_the_letters(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:rita")
    await choices.of_notice([Button("Stop", "/stop")])
    await choices.of_replies(
        [Reply("?", (Button("Yes", "/affirm"), Button("No", "/deny"))), Reply("!", (Button("Go", "/go"),))]
    )
    assert [await choices.resolve(text) for text in ("1", "[2]", "3.", "YES", "a")] == [
        "/affirm",
        "/deny",
        "/go",
        "/affirm",
        "/stop",
    ]
    await choices.of_replies([Reply("Done.")])
    assert [await choices.resolve(text) for text in ("1", "yes", "a")] == [None, None, "/stop"]


async def test_letters_go_round(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:otto")
    for number in range(27):
        labelled = await choices.of_notice([Button(f"Do {number}", f"/do{number}")])
    assert labelled[0][0] == "a"
    assert await choices.resolve("a") == "/do26"
    assert await choices.resolve("b") == "/do1"
