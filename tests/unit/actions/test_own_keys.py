"""What is said about one's own SSH keys, and what only speaks of keys."""

from __future__ import annotations

import pytest

from actions import own_keys
from actions.own_keys import ADD, HOW, NOT_ONES_OWN, REMOVE, SHOW, SHOW_ALL, About
from actions.turn import Turn
from clouddesk.model.actor import Actor
from tests.conversation.memory import MemoryDesk

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIELvjIVn0yZSxd+T0kmMKMJ6wUsetLe6IrjYpsJlmZby ann@test"


def about(text: str, *, intent: str = "out_of_scope") -> About | None:
    turn = Turn(
        desk=MemoryDesk().desk,
        actor=Actor("local", "ann"),
        conversation="c",
        text=text,
        intent=intent,
        entities={},
        message_id="m",
    )
    return own_keys.find(turn)


@pytest.mark.parametrize(
    ("text", "what", "which"),
    [
        (KEY, ADD, ""),
        (f"my ssh key is {KEY}", ADD, ""),
        ("my ssh keys", SHOW, ""),
        ("Which SSH keys do I have?", SHOW, ""),
        ("show the list of my ssh keys please", SHOW, ""),
        ("remove my ssh key", REMOVE, ""),
        ("remove ssh key 1", REMOVE, "1"),
        ("please remove my second ssh key", REMOVE, "2"),
        ("delete ssh key bo@laptop please", REMOVE, "bo@laptop"),
        (f"remove this key: {KEY}", REMOVE, ""),
        (f"add my ssh key as laptop: {KEY}", ADD, ""),
        ("show my keys", SHOW_ALL, ""),
        ("remove the laptop key", REMOVE, "laptop"),
        ("please delete my old laptop key", REMOVE, "old laptop"),
        ("forget the key called laptop", REMOVE, "laptop"),
        ("drop the second key", REMOVE, "2"),
        ("add my ssh key", HOW, ""),
        ("how do I add my ssh key?", HOW, ""),
        ("I want to add an ssh key", HOW, ""),
        (f"put bo's ssh key {KEY} on rocky-2", NOT_ONES_OWN, ""),
    ],
)
def test_it_is_about_ones_own_keys(text, what, which):
    found = about(text)
    assert found is not None
    assert (found.what, found.which) == (what, which)


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("add my ssh key as laptop: ", "laptop"),
        ("this key is called old laptop, ", "old laptop"),
        ("use this as my ssh key: ", ""),
        ("my ssh key is ", ""),
    ],
)
def test_a_key_has_the_name_that_is_said_before_it(before, name):
    assert about(before + KEY) == About(ADD, name=name)


@pytest.mark.parametrize(
    "text",
    [
        "did you forget my ssh key?",
        "don't remove my ssh key",
        "how do I remove my ssh key?",
        "2 ubuntu vms with 8 GB with my ssh key",
        "yes please, with my ssh key",
        "put bo's ssh key on rocky-2",
        "stop vm-1 and remove my ssh key",
        "ssh to ubuntu-1, how?",
        "remove my aws access key",
        "delete the api key",
        "remove bo's key",
        "remove the key from etl",
        "remove my digitalocean credentials",
    ],
)
def test_it_only_speaks_of_keys(text):
    assert about(text) is None


def test_a_key_that_comes_with_a_share_is_nobodys_own():
    assert about(f"share rocky-2 with bo, {KEY}", intent="share_resource") == About(NOT_ONES_OWN)
