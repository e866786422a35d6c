"""The embedded stack: it comes back from anything, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import psutil
import pytest
import redis

from clouddesk.local import leftovers, temporal
from clouddesk.local.home import Home
from clouddesk.local.processes import PROCESSES
from clouddesk.settings import PROJECT
from tests.integration.conftest import RunningStack, environment, eventually

pytestmark = pytest.mark.integration

SERVERS = ("--only", "redis", "--only", "vault", "--only", "temporal")


def vault_as(stack: RunningStack, role: str) -> hvac.Client:
    client = hvac.Client(url=stack.settings.vault_addr)
    client.auth.approle.login(**json.loads(stack.settings.secret(f"vault-{role}.json")))
    return client


def test_status_shows_every_process_ready(stack: RunningStack) -> None:
    status = stack.status()

    assert list(status) == [process.name for process in PROCESSES]
    for name, one in status.items():
        assert one["state"] == "ready", name
        assert psutil.pid_exists(one["pid"])
        assert one["port"] > 0
        assert one["memory_mb"] > 1
        assert Path(one["log"]).is_file()


def test_every_process_would_be_found_without_its_supervisor(stack: RunningStack) -> None:
    found = {process.pid for process in leftovers.find(Home(stack.home))}

    assert {one["pid"] for one in stack.status().values()} < found


def test_run_file_tells_addresses_and_pids_and_no_secret(stack: RunningStack) -> None:
    text = (stack.home / "run.json").read_text()
    run = json.loads(text)

    assert {name: run["processes"][name]["pid"] for name in run["processes"]} == {
        name: one["pid"] for name, one in stack.status().items()
    }
    assert run["installation"].startswith("cd-")
    for secret in ("channel", "vault-worker.json", "vault-setup.json"):
        assert stack.settings.secret(secret) not in text


def test_secrets_are_readable_by_their_owner_only(stack: RunningStack) -> None:
    assert stat.S_IMODE((stack.home / "secrets").stat().st_mode) == 0o700
    for path in (stack.home / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_vault_roles_may_do_no_more_than_they_need(stack: RunningStack) -> None:
    desk, worker = vault_as(stack, "desk"), vault_as(stack, "worker")
    where = {"path": "people/local/policy-test/aws", "mount_point": "clouddesk"}

    desk.secrets.kv.v2.create_or_update_secret(secret={"token": "s3cret"}, **where)
    desk.secrets.kv.v2.update_metadata(custom_metadata={"account": "1"}, **where)
    with pytest.raises(hvac.exceptions.Forbidden):
        desk.secrets.kv.v2.read_secret_version(raise_on_deleted_version=True, **where)
    answer = worker.secrets.kv.v2.read_secret_version(raise_on_deleted_version=True, **where)
    assert answer["data"]["data"] == {"token": "s3cret"}
    with pytest.raises(hvac.exceptions.Forbidden):
        worker.secrets.kv.v2.create_or_update_secret(secret={"token": "other"}, **where)
    with pytest.raises(hvac.exceptions.Forbidden):
        worker.secrets.kv.v2.delete_metadata_and_all_versions(**where)
    desk.secrets.kv.v2.delete_metadata_and_all_versions(**where)


def test_temporal_keeps_what_has_ended_for_a_month(stack: RunningStack) -> None:
    address = f"http://127.0.0.1:{json.loads((stack.home / 'state.json').read_text())['ports']['temporal-http']}"

    assert temporal.is_ready(address), "with another retention it would count as not ready"
    assert temporal.RETENTION.days == 30


def test_no_root_token_is_kept(stack: RunningStack) -> None:
    for path in (stack.home / "secrets").iterdir():
        assert b"root_token" not in path.read_bytes(), path


def test_servers_listen_on_loopback_only(stack: RunningStack) -> None:
    for name, one in stack.status().items():
        process = psutil.Process(one["pid"])
        for member in (process, *process.children(recursive=True)):
            for connection in member.net_connections(kind="inet"):
                if connection.status == psutil.CONN_LISTEN:
                    assert connection.laddr.ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1"), (name, connection)


def test_second_up_uses_the_running_stack(stack: RunningStack) -> None:
    before = stack.status()

    done = stack.up()

    assert "is running" in done.stderr
    assert {name: one["pid"] for name, one in stack.status().items()} == {
        name: one["pid"] for name, one in before.items()
    }


def test_doctor_finds_nothing_wrong(stack: RunningStack) -> None:
    findings = stack.json("doctor")

    assert {one["subject"] for one in findings} >= {"Python", "disk", "memory", "secrets", "model", "rasa", "worker"}
    assert all(one["is_well"] for one in findings)


@pytest.mark.parametrize("name", [process.name for process in PROCESSES])
def test_killed_process_is_restarted(stack: RunningStack, name: str) -> None:
    before = stack.wait_until_ready()[name]

    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: stack.status()[name]["pid"] not in (None, before["pid"]))
    after = stack.wait_until_ready()[name]

    eventually(lambda: stack.status()[name]["restarts"] == before["restarts"] + 1)
    eventually(lambda: json.loads((stack.home / "run.json").read_text())["processes"][name]["pid"] == after["pid"])


# From here on each test starts servers of its own: fewer of them, so that it is quick.


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningStack]:
    """A home of its own in which nothing runs yet; whatever the test leaves is ended."""
    running = RunningStack(home=tmp_path / "home", model=Path())
    yield running
    leftovers.end(Home(running.home))


def start_servers(own: RunningStack) -> None:
    own.run("up", "--detach", "--free-ports", *SERVERS)


def test_state_survives_down_and_up(own: RunningStack) -> None:
    start_servers(own)
    remember_something(own)
    before = own.settings
    own.down()
    assert not leftovers.find(Home(own.home))
    assert not (own.home / "run.json").exists()

    start_servers(own)

    assert own.settings == before, "the ports and the installation's id stay the same"
    assert_remembered(own)


def test_state_survives_the_kill_of_everything_at_once(own: RunningStack) -> None:
    start_servers(own)
    remember_something(own)
    time.sleep(1.5)  # Redis writes its file once a second
    for process in leftovers.find(Home(own.home)):
        process.kill()
    eventually(lambda: not leftovers.find(Home(own.home)))
    assert (own.home / "run.json").exists(), "as after a power cut"

    start_servers(own)

    assert_remembered(own)


def test_killed_supervisor_leaves_nothing_that_down_does_not_find(own: RunningStack) -> None:
    start_servers(own)
    supervisor = json.loads((own.home / "run.json").read_text())["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(supervisor))

    own.down()

    assert not leftovers.find(Home(own.home))


def test_up_after_a_killed_supervisor_ends_the_leftovers_and_starts_anew(own: RunningStack) -> None:
    start_servers(own)
    remember_something(own)
    supervisor = json.loads((own.home / "run.json").read_text())["supervisor"]["pid"]
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: not psutil.pid_exists(supervisor))

    start_servers(own)

    assert_remembered(own)
    own.down()
    assert not leftovers.find(Home(own.home))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_a_foreground_up_leaves_no_process(own: RunningStack, number: signal.Signals) -> None:
    with foreground(own, "up", "--free-ports", *SERVERS) as process:
        eventually(lambda: (own.home / "run.json").exists() and own.status()["temporal"]["state"] == "ready")
        process.send_signal(number)
        process.wait(timeout=60)

    assert not leftovers.find(Home(own.home))
    assert not (own.home / "run.json").exists()


def test_ctrl_c_during_the_start_leaves_no_process(own: RunningStack) -> None:
    with foreground(own, "up", "--free-ports", *SERVERS) as process:
        eventually(lambda: leftovers.find(Home(own.home)), pause_seconds=0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1

    assert not leftovers.find(Home(own.home))


def test_foreground_up_ends_when_somebody_else_stops_the_stack(own: RunningStack) -> None:
    with foreground(own, "up", "--free-ports", *SERVERS) as process:
        eventually(lambda: (own.home / "run.json").exists() and own.status()["temporal"]["state"] == "ready")
        own.down()
        assert process.wait(timeout=60) == 0


def test_two_ups_at_once_start_one_stack(own: RunningStack) -> None:
    with (
        foreground(own, "up", "--detach", "--free-ports", *SERVERS) as first,
        foreground(own, "up", "--detach", "--free-ports", *SERVERS) as second,
    ):
        assert first.wait(timeout=90) == 0
        assert second.wait(timeout=90) == 0

    assert len([one for one in leftovers.find(Home(own.home)) if "supervisord" in " ".join(one.cmdline())]) == 1


def test_busy_port_is_left_to_who_has_it(own: RunningStack) -> None:
    start_servers(own)
    port = own.status()["redis"]["port"]
    own.down()
    with socket.create_server(("127.0.0.1", port)):
        start_servers(own)
        assert own.status()["redis"]["port"] != port
        assert own.status()["redis"]["state"] == "ready"


def test_process_that_dies_at_the_start_is_named_with_its_last_words_and_all_is_stopped(own: RunningStack) -> None:
    start_servers(own)
    own.down()
    seal = own.home / "secrets" / "vault-seal.key"
    seal.write_bytes(b"too short")

    done = own.run("up", "--detach", *SERVERS, check=False)

    assert done.returncode == 1
    assert "clouddesk: vault ended while it was starting." in done.stderr
    assert "Last lines of" in done.stderr
    assert "Traceback" not in done.stderr
    assert not leftovers.find(Home(own.home))


def test_lost_seal_is_named_before_anything_starts(own: RunningStack) -> None:
    start_servers(own)
    own.down()
    (own.home / "secrets" / "vault-seal.key").unlink()

    done = own.run("up", "--detach", *SERVERS, check=False)

    assert done.returncode == 1
    assert "vault-seal.key is missing" in done.stderr
    assert "Put it back" in done.stderr


def test_broken_model_is_one_sentence(own: RunningStack, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00 cut off")

    done = own.run("up", "--detach", "--model", str(broken), check=False)

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "cannot be read" in done.stderr
    assert not leftovers.find(Home(own.home))


def test_unreadable_run_file_is_written_again(own: RunningStack) -> None:
    start_servers(own)
    (own.home / "run.json").write_text('{"processes": {"red')

    start_servers(own)

    assert own.settings.redis_url.endswith(f":{own.status()['redis']['port']}/0")


def test_vault_set_up_goes_on_after_a_crash_in_its_middle(own: RunningStack) -> None:
    start_servers(own)
    own.down()
    (own.home / "secrets" / "vault-worker.json").unlink()

    start_servers(own)

    assert vault_as(own, "worker").is_authenticated()
    assert b"root_token" not in (own.home / "secrets" / "vault-setup.json").read_bytes()


def test_long_home_has_its_socket_elsewhere(tmp_path: Path) -> None:
    own = RunningStack(home=tmp_path / ("long-" * 20) / "home", model=Path())
    try:
        own.run("up", "--detach", "--free-ports", "--only", "redis")
        assert own.status()["redis"]["state"] == "ready"
    finally:
        own.down()
    assert not Home(own.home).socket().parent.exists()


def test_status_and_down_without_a_stack(own: RunningStack) -> None:
    status = own.run("status", check=False)
    down = own.run("down")

    assert status.returncode == 1
    assert "not running" in status.stdout
    assert "not running" in down.stderr


@contextlib.contextmanager
def foreground(own: RunningStack, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "clouddesk", *arguments],
        cwd=PROJECT,
        env=environment(own.home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def remember_something(own: RunningStack) -> None:
    """One thing in each server."""
    with redis.Redis.from_url(own.settings.redis_url) as client:
        client.set("clouddesk:test", "kept")
    vault_as(own, "desk").secrets.kv.v2.create_or_update_secret(
        path="people/local/ann/aws", mount_point="clouddesk", secret={"token": "kept"}
    )
    workflow = {"workflowType": {"name": "Kept"}, "taskQueue": {"name": "nobody-listens"}}
    temporal_http(own, "/api/v1/namespaces/default/workflows/kept-1", workflow)


def assert_remembered(own: RunningStack) -> None:
    with redis.Redis.from_url(own.settings.redis_url) as client:
        assert client.get("clouddesk:test") == b"kept"
    answer = vault_as(own, "worker").secrets.kv.v2.read_secret_version(
        path="people/local/ann/aws", mount_point="clouddesk", raise_on_deleted_version=True
    )
    assert answer["data"]["data"] == {"token": "kept"}
    found = temporal_http(own, "/api/v1/namespaces/default/workflows/kept-1")
    assert found["workflowExecutionInfo"]["type"]["name"] == "Kept"


def temporal_http(own: RunningStack, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
    """Temporal's own HTTP API: POST with a body, GET without."""
    port = json.loads((own.home / "state.json").read_text())["ports"]["temporal-http"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))
