"""What the simulated clouds that speak REST are made of: states by the clock, documents, the fate of machines."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from clouddesk.sandbox import timed
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.faults import Fate, Faults
from clouddesk.sandbox.timed import Timed


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timed, "time", clock)
    return clock


def born(fate: Fate | None = None) -> Timed:
    return Timed.born(fate or Fate(), pending="new", running="up", broken="failed", boot_seconds=3)


def test_a_machine_starts_changes_and_ends_by_the_clock(clock: Clock) -> None:
    life = born()
    assert (life.state, life.is_changing) == ("new", True)
    clock.now += 3
    assert (life.state, life.is_changing) == ("up", False)
    life = life.changed("down", seconds=1, meanwhile="going down")
    assert life.state == "going down"
    clock.now += 1
    assert life.state == "down"
    life = life.ending(seconds=2, meanwhile="leaving")
    assert (life.state, life.is_ending, life.is_gone, life.is_listed) == ("leaving", True, False, True)
    clock.now += 1
    assert life.ending(seconds=2) == life, "a second deletion does not make it longer"
    clock.now += 1
    assert (life.is_gone, life.is_listed) == (True, False)


def test_faults_decide_what_becomes_of_a_machine(clock: Clock) -> None:
    broken, stuck, late = born(Fate(is_broken=True)), born(Fate(is_stuck=True)), born(Fate(listed_after_seconds=2))
    assert [life.state for life in (broken, stuck, late)] == ["new"] * 3
    assert [life.is_listed for life in (broken, stuck, late)] == [True, True, False]
    clock.now += 1_000_000
    assert [life.state for life in (broken, stuck, late)] == ["failed", "new", "up"]
    assert late.is_listed
    assert stuck.ending(seconds=0).is_gone


def test_a_life_survives_being_written(clock: Clock) -> None:
    stuck = born(Fate(is_stuck=True))
    again = Timed.of(json.loads(json.dumps(stuck.as_dict())))
    assert again == stuck
    assert again.changes_at == math.inf


def test_documents_keep_their_order_and_are_the_readers_own(tmp_path: Path) -> None:
    store = Documents(tmp_path / "cloud.sqlite")
    for number in (3, 1, 2):
        store.put("machines", number, {"id": number})
    store.put("machines", 3, {"id": 3, "name": "new"})
    store.put("disks", 3, {"id": "disk"})
    read = store.get("machines", 3)
    assert read == {"id": 3, "name": "new"}
    read["name"] = "mine only"
    assert [item["id"] for item in store.all("machines")] == [3, 1, 2]
    assert store.get("machines", 3) == {"id": 3, "name": "new"}
    assert (store.remove("machines", 3), store.remove("machines", 3)) == (True, False)
    assert [item["id"] for item in Documents(tmp_path / "cloud.sqlite").all("machines")] == [1, 2]


def test_documents_change_together_or_not_at_all(tmp_path: Path) -> None:
    store = Documents(tmp_path / "cloud.sqlite")

    def fail() -> None:
        with store.atomic():
            store.put("machines", 1, {"id": 1})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.all("machines") == []


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    store = Documents(tmp_path / "cloud.sqlite")
    assert [store.number("machines", 500), store.number("machines", 500), store.number("disks")] == [500, 501, 1]
    assert Documents(tmp_path / "cloud.sqlite").number("machines", 500) == 502


def test_the_fate_of_machines_is_spent_by_what_makes_them_only() -> None:
    faults = Faults()
    faults.add({"kind": "late_listing", "seconds": 3, "count": None})
    faults.add({"kind": "broken_node"})
    assert faults.take(("instances.create", "create"), "fra") is None, "the request itself is answered as ever"
    assert faults.fate(("instances.list", "list"), "") == Fate()
    assert faults.fate(("instances.create", "create"), "fra") == Fate(listed_after_seconds=3.0, is_broken=True)
    assert faults.fate(("instances.create", "create"), "fra") == Fate(listed_after_seconds=3.0)
    faults.add({"kind": "stuck_node", "match": {"region": "nyc"}})
    assert not faults.fate(("instances.create", "create"), "fra").is_stuck
    assert faults.fate(("instances.create", "create"), "nyc").is_stuck
