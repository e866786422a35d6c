"""The simulated DigitalOcean's state: it follows the clock, and is on disk at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from clouddesk.sandbox.digitalocean_store import ACTIVE, NEW, OFF, Droplet, Store

FACTS = {"size": "s-1vcpu-1gb", "image": "debian-12-x64", "features": [], "ssh_keys": []}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state.sqlite")


def add(store: Store, name: str = "one", tags: tuple[str, ...] = (), boot_seconds: float = 0.0) -> Droplet:
    return store.add_droplet(name=name, region="fra1", facts=FACTS, tags=tags, boot_seconds=boot_seconds)[0]


def test_droplet_is_new_and_locked_until_it_has_booted(store: Store) -> None:
    droplet = add(store, boot_seconds=0.05)
    assert (droplet.status, droplet.is_locked) == (NEW, True)
    time.sleep(0.06)
    assert (droplet.status, droplet.is_locked) == (ACTIVE, False)


def test_change_ends_in_its_status_at_its_time(store: Store) -> None:
    action = store.change(add(store), "shutdown", after=OFF, seconds=0.05)
    (droplet,) = store.droplets()
    assert droplet.status == ACTIVE
    time.sleep(0.06)
    assert droplet.status == OFF
    assert store.action(action.id) == action


def test_destroyed_droplet_is_listed_a_little_longer_and_its_number_never_used_again(store: Store) -> None:
    droplet = add(store)
    store.destroy(droplet, seconds=0.05)
    assert [one.is_locked for one in store.droplets()] == [True]
    time.sleep(0.06)
    assert store.droplets() == []
    assert add(store).id > droplet.id


def test_tags_are_found_whatever_their_capitals(store: Store) -> None:
    droplet = add(store, tags=("Team:Data",))
    add(store, "other")
    assert [one.id for one in store.droplets(tag="team:data")] == [droplet.id]
    store.tag(["TEAM:DATA"], [droplet.id])
    assert store.tags() == ["Team:Data"]
    store.untag("team:data", [droplet.id])
    assert store.droplets(tag="Team:Data") == []


def test_nothing_of_a_failed_change_stays(store: Store) -> None:
    def fail_half_way() -> None:
        with store.atomic():
            add(store, tags=("half",))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert (store.droplets(), store.tags(), store.actions()) == ([], [], [])


def test_everything_is_there_for_the_next_process(store: Store, tmp_path: Path) -> None:
    droplet = add(store, tags=("kept",))
    key = store.add_key("desk", "aa:bb", "ssh-ed25519 AAAA")
    again = Store(tmp_path / "state.sqlite")
    assert again.droplets() == [store.droplet(droplet.id)]
    assert (again.keys(), again.tags()) == ([key], ["kept"])
    assert again.add_key("desk", "aa:bb", "ssh-ed25519 AAAA") is None
