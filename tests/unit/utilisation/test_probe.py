"""The probe's reading of /proc, and what of its answers is believed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clouddesk.adapters import node_probe
from clouddesk.adapters.ssh_probe import sample_of
from tests.builders import NOW


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /proc of one's own."""
    monkeypatch.setattr(node_probe, "PROC", str(tmp_path))
    return tmp_path


def process(proc: Path, pid: int, title: str, *, parent: int = 1, ticks: int = 0) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "cmdline").write_text(title.replace(" ", "\0") if not title.startswith("sshd") else title + "\0\0")
    (folder / "stat").write_text(f"{pid} (a (b) c) S {parent} {'0 ' * 9}{ticks} 0 {'0 ' * 30}")


def test_sessions_are_those_that_have_logged_in_and_are_not_ones_own(
    proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getpid", lambda: 32)
    for pid, title, parent in (
        (10, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 1),
        (11, "sshd: unknown [priv]", 10),
        (12, "sshd: root [preauth]", 10),
        (13, "sshd: [accepted]", 10),
        (14, "sshd: debian [priv]", 10),
        (15, "sshd: debian@pts/0,pts/1", 14),
        (16, "sshd-session: ann@notty", 10),
        (17, "sshd: ann", 10),
        (30, "sshd: debian [priv]", 10),
        (31, "sshd: debian@notty", 30),
        (32, "python3 - node-1", 31),
        (40, "vim sshd: ann", 1),
    ):
        process(proc, pid, title, parent=parent)
    assert node_probe.logins() == 3, "a terminal, a command and a tunnel"


def test_only_notebook_kernels_count_as_such(proc: Path) -> None:
    process(proc, 10, "/opt/jupyter/bin/python -m ipykernel_launcher -f k.json", ticks=1234)
    process(proc, 11, "less ipykernel.log")
    assert node_probe.kernels() == {"10": 1234}


def test_the_processors_wait_for_disks_is_no_work(proc: Path) -> None:
    (proc / "stat").write_text("cpu  100 10 50 800 40 0 0 0 7 7\ncpu0 1 2 3\n")
    assert node_probe.machine_time() == (160.0, 1000.0)


def test_connections_of_others_are_clients_and_those_of_the_cluster_and_of_the_machine_itself_are_not(
    proc: Path,
) -> None:
    (proc / "net").mkdir()
    lines = [
        "sl local rem st",
        "0: 00000000:1538 00000000:0000 0A",  # PostgreSQL listens everywhere
        "1: 0500000A:1538 0700000A:C350 01",  # 10.0.0.7
        "2: 0500000A:1538 0800000A:C350 01",  # 10.0.0.8, another machine of the cluster
        "3: 0100007F:1538 0100007F:C351 01",  # itself
        "4: 0500000A:C352 0900000A:1538 01",  # out to somebody else's
        "5: 0500000A:18EB 0700000A:C353 01",  # Redis' port, on which nothing listens
        "6: 0500000A:1538 0700000A:C354 06",  # being closed
    ]
    (proc / "net" / "tcp").write_text("\n".join(lines))
    mapped = "0000000000000000FFFF00000500000A:1538 0000000000000000FFFF00000B00000A:C350 01"
    (proc / "net" / "tcp6").write_text(f"sl local rem st\n0: {mapped}\n")
    sockets = node_probe.open_sockets()
    assert set(sockets["listening"]) == {5432}
    assert node_probe.clients(sockets, ["10.0.0.8"]) == {"PostgreSQL": 2}, "10.0.0.7 and 10.0.0.11"


def test_a_machine_is_believed_as_far_as_it_makes_sense() -> None:
    told: dict[str, Any] = {
        "cpu_percent": 250,
        "memory_percent": -3,
        "gpu_percent": "90",
        "logins": 2,
        "input_age_seconds": 90,
        "jobs": {"spark": 2, "notebooks": 1, "<script>": 5, "yarn": float("nan")},
        "clients": {"PostgreSQL": 3, "*evil*": 1},
    }
    sample = sample_of(told, "node-1", NOW)
    assert (sample.cpu_percent, sample.memory_percent, sample.gpu_percent) == (100, 0, None)
    assert (sample.logins, sample.jobs) == (2, 6)
    assert sample.what == ("a notebook that computes", "2 Spark jobs", "3 PostgreSQL connections")
    assert sample.last_input_at == NOW - timedelta(seconds=90)
    nonsense = sample_of({"jobs": [], "clients": 3, "logins": True}, "node-1", NOW)
    assert (nonsense.logins, nonsense.is_seen) == (None, True)
