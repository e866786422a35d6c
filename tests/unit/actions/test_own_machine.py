"""Who wants nodes on their own machine says so in several ways; who only speaks of it does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actions import own_machine


def meant(text: str, *providers: str, is_button: bool = False) -> bool:
    desk = SimpleNamespace(providers=lambda: providers or ("aws", "docker"))
    turn = SimpleNamespace(desk=desk, text=text, is_button=is_button)
    found = own_machine.meant(turn)  # type: ignore[arg-type]  # what is asked of a Turn
    assert found in ({}, {"providers": ["docker"]})
    return bool(found)


@pytest.mark.parametrize(
    "text",
    [
        "3 vms on my laptop",
        "a spark cluster on my own machine please",
        "two nodes locally",
        "Boxes locally, for an hour",
        "a vm on this computer",
        "one on localhost",
        "it's too slow there, run it on my laptop",
        "on my laptop",
    ],
)
def test_ones_own_machine_is_meant(text: str) -> None:
    assert meant(text)
    assert not meant(text, "aws", "digitalocean"), "where no engine is offered, it cannot be"
    assert not meant(text, is_button=True)


@pytest.mark.parametrize(
    "text",
    [
        "an 8 core box, my build takes 40 min locally",
        "it works on my machine",
        "install docker on my box",
        "a vm with docker",
        "a machine like my laptop",
        "my spark job is too slow on my laptop, get me a vm with 4 cores",
        "this doesn't fit on my laptop, i need something with 64 gigs",
        "my code crashes on my computer with 16 gb, give me 64",
        "a vm like the one on my pc",
        "not on my laptop please",
    ],
)
def test_ones_own_machine_is_only_spoken_of(text: str) -> None:
    assert not meant(text)
