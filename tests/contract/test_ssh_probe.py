"""What machines do, asked over SSH: on real nodes, with real sessions and real work."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from clouddesk.adapters import node_probe
from clouddesk.adapters.ssh_probe import SshProbe, sample_of
from clouddesk.language.localtime import utc_now
from clouddesk.model.configuration import BotKey
from clouddesk.model.reservation import RUNNING
from clouddesk.model.utilisation import Sample
from tests.builders import NOW, a_reservation
from tests.contract.conftest import wait_for
from tests.contract.test_provider_docker import SSH, Bench, bench, key

__all__ = ["bench", "key"]


@dataclass
class Keys:
    """CloudDesk's own key of one reservation, and what machines answered with."""

    private_key: str
    public_key: str
    met: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_known: bool = True

    async def known_bot_key(self, reservation_id: str) -> BotKey | None:
        return BotKey(self.private_key, self.public_key) if self.is_known else None

    async def read(self, reservation_id: str) -> Mapping[str, tuple[str, ...]]:
        return self.met

    async def put(self, reservation_id: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.met |= keys


async def test_sessions_work_and_connections_are_seen_and_ones_own_look_is_not(bench: Bench) -> None:
    nodes = bench.make("controller", "worker-1")
    first, second = nodes
    bench.says(first, "true")
    keys = Keys(bench.key.read_text(), bench.public_key.strip())
    probe = SshProbe(keys, keys, utc_now)
    item = a_reservation(id=bench.name, state=RUNNING, nodes=tuple(nodes), node_count=2)

    async def look() -> dict[str, Sample]:
        return {sample.node: sample for sample in await probe.look(item)}

    quiet = await look()
    assert {node: (sample.logins, sample.jobs) for node, sample in quiet.items()} == {
        "controller": (0, 0),
        "worker-1": (0, 0),
    }
    assert all(sample.cpu_percent is not None and sample.memory_percent for sample in quiet.values())
    assert set(keys.met) == {node.id for node in nodes}, "the keys of the first contact are kept"
    assert (await look())["controller"].logins == 0, "an earlier look is no login"

    kernel = "python3 -c 'while True: pass' -m ipykernel_launcher"
    server = "import socket; s = socket.create_server(('', 6379)); s.accept()[0].recv(1)"
    connect = f"import socket, time; c = socket.create_connection(('{first.private_address}', 6379)); time.sleep(600)"
    with (
        session(bench, "-N", node=first),
        session(bench, f"timeout 300 nice {kernel}", node=first),
        session(bench, f'timeout 300 python3 -c "{server}"', node=first),
        session(bench, f'until timeout 300 python3 -c "{connect}" 2>/dev/null; do sleep 1; done', node=second),
    ):
        # Local port 6379, established.
        wait_for(lambda: bench.run(first, "grep -q ':18EB .* 01 ' /proc/net/tcp").returncode == 0, within_seconds=60)
        computing: tuple[str, ...] = ()
        for _ in range(10):
            # On a machine that is busy with other things it may get little of the processor at first.
            busy = await look()
            computing = busy["controller"].what
            if computing:
                break
    assert busy["controller"].logins == 3
    assert busy["worker-1"].logins == 1
    assert computing == ("a notebook that computes",), "another machine of the cluster is no client"
    assert (busy["controller"].cpu_percent or 0) > (busy["worker-1"].cpu_percent or 0)


async def test_a_machine_with_another_key_than_before_and_one_that_is_gone_are_silent(bench: Bench) -> None:
    (node,) = bench.make("node-1")
    bench.says(node, "true")
    keys = Keys(bench.key.read_text(), bench.public_key.strip())
    gone = replace(node, key="node-2", ssh_port=1)
    item = a_reservation(id=bench.name, state=RUNNING, nodes=(node, gone), node_count=2)
    probe = SshProbe(keys, keys, utc_now)

    assert [sample.node for sample in await probe.look(item)] == ["node-1"]
    wrong = " ".join(bench.public_key.split()[:2])
    assert list(keys.met) == [node.id], "another machine may have the key of the node some day"
    keys.met = {"node-1": (wrong,), "earlier": (wrong,)}
    assert [sample.node for sample in await probe.look(item)] == ["node-1"]
    assert await probe.look(replace(item, host_keys={"node-1": (wrong,)})) == []
    keys.is_known = False
    assert await probe.look(item) == [], "machines that do not know our key are not asked"


PAGES: dict[str, Any] = {
    "/api/v1/applications": [{"id": "app-1"}],
    "/api/v1/applications/app-1/jobs?status=running": [{"jobId": 1}, {"jobId": 2}],
    "/json/": {"activeapps": [{"id": "app-1"}, {"id": "app-2"}]},
    "/ws/v1/cluster/metrics": {"clusterMetrics": {"appsRunning": 2, "appsPending": 1}},
    "/json/counts.json": {"processing": 7},
    "/api/jobs/": [{"status": "RUNNING"}, {"status": "SUCCEEDED"}],
    "/jobs/overview": {"jobs": [{"state": "RUNNING"}, {"state": "FINISHED"}]},
}


@pytest.mark.parametrize(
    ("count", "port", "expected"),
    [
        (node_probe.spark_jobs, 4040, 2),
        (node_probe.spark_jobs, 8080, 2),
        (node_probe.yarn_jobs, 8088, 3),
        (node_probe.dask_tasks, 8787, 7),
        (node_probe.ray_jobs, 8265, 1),
        (node_probe.flink_jobs, 8081, 1),
    ],
)
def test_what_software_has_in_hand_is_counted_from_its_own_page(count: Any, port: int, expected: int) -> None:
    with pages(port) as address:
        assert count({"listening": {port: address}}) == expected
        assert count({"listening": {}}) == 0


def test_a_page_of_something_else_on_the_same_port_counts_nothing() -> None:
    with pages(8787, answers={}) as address:
        assert node_probe.dask_tasks({"listening": {8787: address}}) == 0


@pytest.mark.parametrize(
    "fault",
    [{"status": 401}, {"status": 500}, {"seconds": node_probe.ANSWER_SECONDS + 1}, {"padding": node_probe.MOST_BYTES}],
    ids=lambda fault: next(iter(fault)),
)
def test_a_page_that_does_not_say_leaves_unknown_whether_there_are_jobs(fault: dict[str, Any]) -> None:
    with pages(8265, **fault) as address:
        counts, silent = node_probe.jobs_of({"listening": {8265: address}})
    assert silent == ["ray"]
    assert sample_of({"jobs": counts, "silent": silent}, "node-1", NOW).jobs is None
    assert sample_of({"jobs": {"spark": 1}, "silent": silent}, "node-1", NOW).jobs == 1


@contextmanager
def pages(
    port: int, answers: Mapping[str, Any] = PAGES, *, status: int = 200, seconds: float = 0, padding: int = 0
) -> Iterator[str]:
    """The address at which these pages are served; one of the loopback's many, on which the port is free."""
    address = f"127.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}.7"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            time.sleep(seconds)
            with suppress(ConnectionError):
                self.send_response(status if found is not None else 404)
                self.end_headers()
                self.wfile.write(json.dumps(found).encode() + b" " * padding if found is not None else b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((address, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield address
        server.shutdown()


@contextmanager
def session(bench: Bench, command: str, *, node: Any) -> Iterator[None]:
    """Somebody who is logged in, for as long as this lasts; -N is a mere tunnel."""
    flags = ["-i", str(bench.key), "-p", str(node.ssh_port), f"{node.login}@{node.address}"]
    process = subprocess.Popen([*SSH, *flags, command] if command != "-N" else [*SSH, "-N", *flags])
    try:
        yield
    finally:
        process.kill()
        process.wait()
