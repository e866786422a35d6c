"""Which port each use gets. A port that is taken is played by ``is_free``: unit tests open no socket."""

from __future__ import annotations

import itertools

import pytest

from clouddesk.local import ports

USUAL = {"redis": 6379, "vault": 8200}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    taken: set[int] = set()
    free = itertools.count(50_000)
    monkeypatch.setattr(ports, "is_free", lambda port: port not in taken)
    monkeypatch.setattr(ports, "_free_port", lambda _not_these: next(free))
    return taken


@pytest.mark.usefixtures("busy")
def test_usual_ports_are_taken_when_free() -> None:
    assert ports.choose(USUAL, {}) == USUAL


def test_busy_port_gives_way_to_a_free_one(busy: set[int]) -> None:
    busy.add(6379)

    assert ports.choose(USUAL, {}) == {"redis": 50_000, "vault": 8200}


@pytest.mark.usefixtures("busy")
def test_ports_of_the_last_start_are_kept() -> None:
    assert ports.choose(USUAL, {"redis": 41_000}) == {"redis": 41_000, "vault": 8200}


def test_usual_port_comes_back_when_the_remembered_one_is_busy(busy: set[int]) -> None:
    busy.add(41_000)

    assert ports.choose(USUAL, {"redis": 41_000})["redis"] == 6379


@pytest.mark.usefixtures("busy")
def test_usual_ports_can_be_left_to_others() -> None:
    assert not set(ports.choose(USUAL, {}, any_free=True).values()) & set(USUAL.values())


@pytest.mark.usefixtures("busy")
def test_no_two_uses_share_a_port() -> None:
    chosen = ports.choose(USUAL, {"redis": 8200, "vault": 8200})

    assert len(set(chosen.values())) == 2
