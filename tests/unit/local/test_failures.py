"""What a person reads when the stack does not start."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from clouddesk.local import failures
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home
from clouddesk.local.processes import PROCESSES
from clouddesk.local.run_file import note_pids, read, write
from clouddesk.local.supervision import Watched

REDIS = next(process for process in PROCESSES if process.name == "redis")
DEAD = Watched(name="redis", state="BACKOFF", pid=None, started_at=1, description="Exited too quickly (see log)")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.logs.mkdir()
    return made


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Can't open the append-only file: No space left on device", "is full"),
        ("Could not create server TCP listening socket: bind: Address already in use", "another port is chosen"),
        ("ModuleNotFoundError: No module named 'moto'", "delete .venv"),
        ("something odd", "ended while it was starting. `clouddesk doctor`"),
    ],
)
def test_last_words_of_a_process_give_the_mend(home: Home, said: str, sentence: str) -> None:
    home.log("redis").write_text(f"an older start\n{said}\n")

    error = failures.died(REDIS, home, DEAD, log_start=len("an older start\n"))

    assert sentence in str(error)
    assert str(error).startswith("redis ")
    assert error.tail == f"  {said}"


def test_full_disk_is_named_also_when_the_process_says_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Usage(1 << 30, 1 << 30, 0))

    assert "is full" in str(failures.died(REDIS, home, DEAD, log_start=0))
    with pytest.raises(StackError, match=r"0 MB free.*Free some space"):
        failures.check_room(home.root / "not" / "yet" / "there", 500)


def test_missing_and_forbidden_programs_are_named(tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    process = type(REDIS)(**{**vars(REDIS), "program": lambda: program})

    with pytest.raises(StackError, match=r"redis-server, is missing\. Delete \.venv"):
        failures.check_programs([process])
    program.touch(mode=0o644)
    with pytest.raises(StackError, match="may not be executed"):
        failures.check_programs([process])


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"processes": 3}', "\x00\x00"])
def test_run_file_that_is_missing_or_damaged_means_start_anew(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)

    assert read(path) is None
    note_pids(path, {"redis": 1})
    assert read(path) is None


def test_pids_in_the_run_file_follow_the_processes(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write(path, {"processes": {"redis": {"pid": None, "port": 1}}})

    note_pids(path, {"redis": 7, "unknown": 8})

    assert read(path) == {"processes": {"redis": {"pid": 7, "port": 1}}}
