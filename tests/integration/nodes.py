"""Nodes on a Docker engine as the person sees them who has them, and as the engine does."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import hvac
from hvac.exceptions import InvalidPath

from clouddesk.providers.docker_engine import connect
from connectors.conversation import open_conversation
from tests.docker_engine import Engine
from tests.integration.conftest import RunningStack, eventually
from tests.integration.test_main_job import reservations, said, say

_SSH = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
_OPENS_WITHIN_SECONDS = 60
_COMPUTES_WITHIN_SECONDS = 180


def own_key(stack: RunningStack, user: str, folder: Path) -> Path:
    """A new key pair, of which CloudDesk knows the public half; returns the path of the private one."""
    key = folder / f"{user}_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stack.run("keys", "add", "--user", user, f"{key}.pub")
    return key


def containers(engine: Engine, made: dict[str, Any]) -> list[dict[str, Any]]:
    """The reservation's, whatever their state."""
    return list(connect(engine.address).containers(all=True, filters=_of(made)))


def networks(engine: Engine, made: dict[str, Any]) -> list[dict[str, Any]]:
    return list(connect(engine.address).networks(filters=_of(made)))


def mounts(engine: Engine, made: dict[str, Any]) -> list[dict[str, Any]]:
    """What of the engine's machine the reservation's containers have: volumes that could be left behind."""
    client = connect(engine.address)
    return [mount for item in containers(engine, made) for mount in client.inspect_container(item["Id"])["Mounts"]]


def kill(engine: Engine, made: dict[str, Any], node: str) -> None:
    """As a machine loses its power."""
    (found,) = (item for item in containers(engine, made) if item["Labels"]["clouddesk-node"] == node)
    connect(engine.address).kill(found["Id"])


def wait_for(stack: RunningStack, user: str) -> tuple[dict[str, Any], str]:
    """Say yes and wait until it is ready: the reservation, and what was told."""
    answers = stack.json("say", "--user", user, "--wait=900", "yes", timeout_seconds=960)
    assert answers[-1]["notice"]["kind"] == "ready", said(answers)
    (made,) = reservations(stack, user)
    return made, said(answers)


def end(stack: RunningStack, engine: Engine, user: str, made: dict[str, Any]) -> None:
    """Release it, and look whether anything is left."""
    assert mounts(engine, made) == [], "without volumes none can be left"
    say(stack, user, f"release {made['name']}")
    assert say(stack, user, "yes", wait=120)[-1]["notice"]["kind"] == "ended"
    assert containers(engine, made) == []
    assert networks(engine, made) == []
    eventually(lambda: kept_in_vault(stack, made) == set())


def kept_in_vault(stack: RunningStack, made: dict[str, Any]) -> set[str]:
    """What is kept of the reservation, in any version."""
    login = json.loads((stack.home / "secrets" / "vault-worker.json").read_text())
    client = hvac.Client(url=stack.settings.vault_addr)
    client.auth.approle.login(role_id=login["role_id"], secret_id=login["secret_id"])
    try:
        found = client.secrets.kv.v2.list_secrets(path=f"reservations/{made['id']}", mount_point="clouddesk")
    except InvalidPath:
        return set()
    return set(found["data"]["keys"])


def doors(told: str) -> dict[str, tuple[str, str, str]]:
    """Login, address and port of each node, by its key, from the answer to "how do I log in?"."""
    found = re.findall(r"• (\S+): `ssh (\w+)@(127\.0\.0\.1) -p (\d+)`", told)
    return {node: (login, address, port) for node, login, address, port in found}


def run(key: Path, door: tuple[str, str, str], command: str) -> str:
    """What the command prints on the node. Fails the test when the command does."""
    login, address, port = door
    done = subprocess.run(
        ["ssh", *_flags(key), "-p", port, f"{login}@{address}", command],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def is_refused(key: Path, door: tuple[str, str, str]) -> bool:
    """Whether the node answers and does not take the key."""
    login, address, port = door
    done = subprocess.run(
        ["ssh", *_flags(key), "-o", "IdentitiesOnly=yes", "-p", port, f"{login}@{address}", "true"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return "Permission denied" in done.stderr


@contextmanager
def logged_in(key: Path, door: tuple[str, str, str]) -> Iterator[None]:
    """Somebody who is on the node for as long as this lasts, and does nothing there."""
    login, address, port = door
    process = subprocess.Popen(["ssh", *_flags(key), "-p", port, f"{login}@{address}", "sleep 600"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def tunnel(key: Path, told: str) -> Iterator[dict[str, str]]:
    """The first tunnel of the answer, open: where each of its ports is found here.

    As it was told, but with ports that are free here: somebody else may have theirs open.
    """
    (command, *_) = re.findall(r"`(ssh -N [^`]+)`", told)
    here = {port: _free_port() for port in re.findall(r"-L (\d+):", command)}
    for port, free in here.items():
        command = command.replace(f"-L {port}:", f"-L {free}:", 1)
    words = command.split()
    process = subprocess.Popen([words[0], *_flags(key), *words[1:]], stdin=subprocess.DEVNULL)
    try:
        for free in here.values():
            _wait_until_open(int(free), process)
        yield {port: f"127.0.0.1:{free}" for port, free in here.items()}
    finally:
        process.terminate()
        process.wait(timeout=10)


async def notebook_status(server: str, token: str) -> int:
    """The HTTP status with which JupyterLab answers; 0 when it does not."""
    try:
        async with aiohttp.ClientSession() as session, session.get(_api(server, "status", token)) as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


async def computed_in_notebook(server: str, token: str, code: str) -> str:
    """What the code prints in a notebook's kernel, as a browser runs it."""
    timeout = aiohttp.ClientTimeout(total=_COMPUTES_WITHIN_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        async with session.post(_api(server, "kernels", token), json={}) as answer:
            kernel = (await answer.json())["id"]
        try:
            return await _executed(session, _api(server, f"kernels/{kernel}/channels", token), code)
        finally:
            await session.delete(_api(server, f"kernels/{kernel}", token))


async def _executed(session: aiohttp.ClientSession, channels: str, code: str) -> str:
    """Raises AssertionError with what the kernel says when the code fails."""
    question = {
        "header": {
            "msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "", "date": "", "version": "5.3",
            "msg_type": "execute_request",
        },
        "parent_header": {}, "metadata": {}, "buffers": [], "channel": "shell",
        "content": {"code": code, "silent": False, "store_history": False, "allow_stdin": False},
    }  # fmt: skip
    printed = []
    async with session.ws_connect(channels) as socket_:
        await socket_.send_json(question)
        async for frame in socket_:
            message = json.loads(frame.data)
            if message["parent_header"].get("msg_id") != question["header"]["msg_id"]:
                continue
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])
            elif message["msg_type"] == "execute_reply":
                assert message["content"]["status"] == "ok", message["content"]
            elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
    return "".join(printed)


def _api(server: str, path: str, token: str) -> str:
    return f"http://{server}/api/{path}?token={token}"


def _of(made: dict[str, Any]) -> dict[str, str]:
    return {"label": f"clouddesk-reservation={made['id']}"}


def _flags(key: Path) -> list[str]:
    return [*(part for option in _SSH for part in ("-o", option)), "-i", str(key)]


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _OPENS_WITHIN_SECONDS
    while True:
        assert process.poll() is None, "ssh has ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "ssh opened no port"
            time.sleep(0.1)
        else:
            return


def latest(stack: RunningStack, user: str) -> list[str]:
    """What was told last, as it is read, newest first."""

    async def read() -> list[str]:
        async with open_conversation(stack.settings, user) as conversation:
            notices = await conversation.notices.latest(conversation.person, limit=3)
            return [(await conversation.show(notice)).reply.text for notice in notices]

    return asyncio.run(read())
