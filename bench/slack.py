"""The Slack gateway before the simulated Slack, on a stack of its own: acknowledgements, the way to an answer, faults.

Whether something was lost, doubled or misdirected is counted by the keys that our posts carry: each names the message
that it answers.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import psutil
import uvloop

from bench import slack_secrets
from bench.figures import Figure, against, percentile
from bench.stack import running_stack
from clouddesk.model.actor import Person
from clouddesk.sandbox.slack.acting import Said
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import Message
from clouddesk.settings import PROJECT, Settings
from connectors.conversation import open_client
from connectors.rasa import Message as Turn
from connectors.slack.messenger import EVENT_TYPE

GATEWAYS = 2
CROWD = 200
A_MINUTE = 500
PASTE_EVERY = 250
"""Every so many messages a key is pasted into one."""
MINUTES = 5.0
TURNS = 60
TEXT = "what would a vm with 4 GB cost for a day?"
TURN_TEXTS = {"small_talk": "thank you", "request": "a vm with 2 cores and 4 gb on aws for 1 hour"}
"""The first is the shortest turn there is; the second is what people come for."""
SETTLE_SECONDS = 120.0
FAULT_SECONDS = 5.0
WARM_UP_SECONDS = 30.0
"""After which memory is measured for the first time."""


def figures() -> Iterator[Figure]:
    """On a stack of its own."""
    with running_stack() as settings:
        # Slack is in this process, and its part of the way counts too: a loop as quick as the gateway's.
        loop = uvloop.new_event_loop()
        try:
            yield from loop.run_until_complete(_measure(settings, minutes=MINUTES))
        finally:
            loop.close()


async def _measure(settings: Settings, *, minutes: float) -> list[Figure]:
    async with SlackServer() as slack:
        _write_secrets(settings, slack)
        async with _Gateways(settings, slack) as gateways:
            found = await _first_answer(settings, slack)
            found += await _crowd(slack)
            secrets = await slack_secrets.entered(settings, slack)
            found += await _under_fire(slack, gateways, minutes, secrets)
            found.append(Figure("slack.secrets_found", await slack_secrets.left(settings, slack, secrets), ""))
    return found


async def _first_answer(settings: Settings, slack: SlackServer) -> list[Figure]:
    """From a message to its answer, against the same message to Rasa, each in turn with the other."""
    found = []
    async with open_client(settings) as client:
        for kind, text in TURN_TEXTS.items():
            user = slack.workspace.add_user(kind)
            person, conversation = Person(slack.workspace.team_id, user.id), f"{slack.workspace.team_id}:D0:-:{user.id}"
            by_slack: list[float] = []
            bare: list[float] = []
            for _ in range(TURNS):
                began = time.perf_counter()
                said = slack.say(user.name, "dm", text)
                await slack.until(partial(_is_answered, slack, said), within_seconds=60)
                by_slack.append((time.perf_counter() - began) * 1000)
                began = time.perf_counter()
                await client.send(Turn(person, conversation, text))
                bare.append((time.perf_counter() - began) * 1000)
            found.append(against(f"slack.first_answer.{kind}.p50", median(by_slack[5:]), "ms", median(bare[5:])))
    return found


async def _crowd(slack: SlackServer) -> list[Figure]:
    """All of them speak at once."""
    users = [slack.workspace.add_user(f"crowd{number}").name for number in range(CROWD)]
    before = len(slack.attempts)
    began = time.perf_counter()
    said = [slack.say(user, "dm", TEXT) for user in users]
    await slack.delivered(within_seconds=60)
    await _until(lambda: {_id_of(one) for one in said} <= _answers(slack).keys(), SETTLE_SECONDS)
    seconds = time.perf_counter() - began
    acks = [attempt.seconds * 1000 for attempt in slack.attempts[before:]]
    return [
        Figure("slack.crowd.ack.p99", round(percentile(acks, 0.99), 1), "ms"),
        Figure("slack.crowd.all_answered", round(seconds, 2), "s"),
    ]


async def _under_fire(slack: SlackServer, gateways: _Gateways, minutes: float, secrets: dict[str, str]) -> list[Figure]:
    """Messages without pause while everything goes wrong that can. Keys that are pasted are put into ``secrets``."""
    rng = random.Random(7)
    users = [slack.workspace.add_user(f"fire{number}").name for number in range(50)]
    for user in users[:10]:
        slack.workspace.find_channel("data").members.add(slack.workspace.user(user).id)  # type: ignore[union-attr]
    before = len(slack.attempts)
    said: list[Said] = []
    first_memory = 0.0
    breaking = asyncio.create_task(_break(slack, gateways, rng))
    began = time.perf_counter()
    count = int(A_MINUTE * minutes)
    for number in range(count):
        in_channel = number % 10 == 0
        user = users[number // 10 % 10] if in_channel else rng.choice(users)
        place, text = ("data", f"@clouddesk {TEXT}") if in_channel else ("dm", TEXT)
        if number % PASTE_EVERY == 1:
            key = slack_secrets.pasted()
            secrets |= {f"pasted {number} {field}": secret for field, secret in key.items()}
            text = f"my keys are {' '.join(key.values())} for aws"
        said.append(slack.say(user, place, text))
        if not first_memory and time.perf_counter() - began > min(WARM_UP_SECONDS, minutes * 20):
            first_memory = gateways.memory_mb()
        await asyncio.sleep(max(0.0, began + (number + 1) * 60 / A_MINUTE - time.perf_counter()))
    last_memory = gateways.memory_mb()
    breaking.cancel()
    await asyncio.gather(breaking, return_exceptions=True)
    slack.faults.clear()
    await slack.delivered(within_seconds=400)
    wanted = {_id_of(one): one for one in said}
    await _until(lambda: wanted.keys() <= _answers(slack).keys(), SETTLE_SECONDS, must=False)
    await asyncio.sleep(5)
    answers = _answers(slack)
    apologies = sum(any(_is_apology(message) for _, message in answers.get(one, [])) for one in wanted)
    acks = [attempt.seconds * 1000 for attempt in slack.attempts[before:] if attempt.is_acked]
    doubled = sum(count > 1 for one in wanted for count in Counter(key for key, _ in answers.get(one, [])).values())
    misdirected = sum(
        message.channel != asked.channel for one, asked in wanted.items() for _, message in answers.get(one, [])
    )
    return [
        Figure("slack.fire.messages", count, ""),
        Figure("slack.fire.ack.p99", round(percentile(acks, 0.99), 1), "ms"),
        Figure("slack.fire.lost", sum(one not in answers for one in wanted), ""),
        Figure("slack.fire.apologies", apologies, ""),
        Figure("slack.fire.doubled", doubled, ""),
        Figure("slack.fire.misdirected", misdirected, ""),
        against("slack.fire.memory", last_memory, "MB", first_memory),
    ]


async def _break(slack: SlackServer, gateways: _Gateways, rng: random.Random) -> None:
    """One trouble after the other, and now and then a gateway is killed."""
    for number in range(10_000):
        await asyncio.sleep(FAULT_SECONDS)
        if number % 12 == 5:
            # While it starts, Slack does not tell it who it is.
            slack.fault("server_error", count=2, operation="auth.test")
        kind = rng.choice(["rate_limit", "server_error", "drop_after_accept", "down", "slow"])
        slack.fault(kind, count=2, operation=rng.choice(["chat.postMessage", "*"]), **_more(kind))
        slack.fault(rng.choice(["repeat_event", "lose_ack", "drop_socket"]))
        if number % 6 == 3:
            await slack.disconnect()
        if number % 12 == 5:
            gateways.kill_one(rng)


def _more(kind: str) -> dict[str, Any]:
    return {"rate_limit": {"retry_after": 1}, "slow": {"seconds": 2}}.get(kind, {})


def _answers(slack: SlackServer, channel: str | None = None) -> dict[str, list[tuple[str, Message]]]:
    """Our posts by the job that they answer, each with its key; of one channel or of all."""
    found: dict[str, list[tuple[str, Message]]] = {}
    channels = [slack.store.messages.get(channel, {})] if channel else slack.store.messages.values()
    for message in (one for messages in channels for one in messages.values()):
        metadata = message.metadata or {}
        if metadata.get("event_type") == EVENT_TYPE:
            key = metadata["event_payload"]["id"]
            found.setdefault(key.rpartition(":")[0], []).append((key, message))
    return found


def _is_answered(slack: SlackServer, said: Said) -> bool:
    return _id_of(said) in _answers(slack, said.channel)


def _is_apology(message: Message) -> bool:
    """Whether it says that nothing was done, or that nobody knows: an answer, but not to the wish."""
    return message.text.startswith("Sorry, ")


def _id_of(said: Said) -> str:
    """Of the job that the message becomes (``connectors.slack.events``)."""
    return f"{said.channel}-{said.ts}"


async def _until(reached: Callable[[], bool], seconds: float, *, pause: float = 0.1, must: bool = True) -> None:
    end = time.perf_counter() + seconds
    while not reached():
        if time.perf_counter() > end:
            if must:
                raise SystemExit("bench: the gateway does not answer. Look into its log.")
            return
        await asyncio.sleep(pause)


def _write_secrets(settings: Settings, slack: SlackServer) -> None:
    for name, secret in {"bot": slack.app.bot_token, "app": slack.app.app_token}.items():
        (settings.secrets_dir / f"slack-{name}-token").write_text(secret)


class _Gateways:
    """Gateway processes; one that was killed is started again. The first is never killed: its memory is looked at."""

    def __init__(self, settings: Settings, slack: SlackServer) -> None:
        self._settings = settings
        self._slack = slack
        self._processes: list[subprocess.Popen[bytes]] = []

    async def __aenter__(self) -> _Gateways:
        self._processes = [self._start() for _ in range(GATEWAYS)]
        await self._slack.connected(GATEWAYS, within_seconds=60)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=30)

    def kill_one(self, rng: random.Random) -> None:
        number = rng.randrange(1, len(self._processes))
        os.kill(self._processes[number].pid, signal.SIGKILL)
        self._processes[number].wait()
        self._processes[number] = self._start()

    def memory_mb(self) -> float:
        """Of the one that runs from beginning to end."""
        return psutil.Process(self._processes[0].pid).memory_info().rss / 2**20

    def _start(self) -> subprocess.Popen[bytes]:
        log = (self._settings.home / "slack.log").open("ab")
        environment = {
            **os.environ,
            "CLOUDDESK_HOME": str(self._settings.home),
            "CLOUDDESK_SLACK_API_URL": self._slack.api_url,
        }
        command = [sys.executable, "-m", "connectors.slack.gateway", "--health-port", str(_free_port())]
        return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
