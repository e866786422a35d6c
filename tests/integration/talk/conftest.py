"""A real Rasa server behind our channel, with a tiny model trained in seconds.

What is tested with it is the way of the words, not what they mean.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices
from clouddesk.model.notice import Notice
from clouddesk.settings import PROJECT
from connectors.protocol import SECRET_HEADER
from tests.servers import free_port, redis_url

__all__ = ["redis_url"]

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
def rasa(tiny_model: Path, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rasa]:
    home = tmp_path_factory.mktemp("home")
    (home / "secrets").mkdir()
    (home / "secrets" / "channel").write_text(SECRET)
    server = Rasa(tiny_model, home, redis_url)
    server.launch()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis[bytes]]:
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


async def say_and_notify(rasa: Rasa, redis: Redis[bytes], user: str, *notices: Notice) -> list[dict[str, Any]]:
    """What ``say --wait`` prints when these notices come right after its reply."""
    command = [sys.executable, "-m", "clouddesk", "say", "--user", user, "--json", "--wait", "hello"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=PROJECT, env=rasa.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    reply = await asyncio.wait_for(process.stdout.readline(), timeout=60)
    for item in notices:
        await RedisNotices(redis).send(item)
    rest, errors = await asyncio.wait_for(process.communicate(), timeout=60)
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in (reply + rest).decode().splitlines()]
