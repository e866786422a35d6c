"""Requests and tasks in any order: nothing that was said of one ever gets into another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversation.stage import Stage, open_stage

HOUR = timedelta(hours=1)
SAYINGS: dict[str, dict[str, Any]] = {
    "spark on aws for 2 days": {
        "intent": "create_cluster",
        "software": "spark",
        "provider": "aws",
        "duration_minutes": 2880,
    },
    "get me a debian vm for 3 hours": {"intent": "create_vm", "os": "debian-12", "duration_minutes": 180},
    "get me a cluster": {"intent": "create_cluster"},
    "stop ubuntu-1": {"intent": "stop_resource", "resource_name": "ubuntu-1"},
    "start ubuntu-1": {"intent": "start_resource", "resource_name": "ubuntu-1"},
    "stop one": {"intent": "stop_resource"},
    "extend ubuntu-2": {"intent": "extend_reservation", "resource_name": "ubuntu-2"},
    "kill ubuntu-1": {"intent": "terminate_resource", "resource_name": "ubuntu-1"},
    "what have I got": {"intent": "list_resources"},
    "how much with ten": {"intent": "quote_price", "node_count": 10},
    "what is a blueprint?": {"intent": "help"},
    "yes": {"intent": "affirm"},
    "no": {"intent": "deny"},
    "never mind": {"intent": "cancel"},
    "forget it all": {"intent": "cancel"},
    "blub": {"intent": "nlu_fallback"},
}
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "create_cluster_form": ("ray", {"intent": "inform", "software": "ray"}),
    "extend_reservation_form": ("5 hours", {"intent": "inform", "duration_minutes": 300}),
    "stop_resource_form": ("ubuntu-2", {"intent": "inform", "resource_name": "ubuntu-2"}),
}
"""By the form that asks; said only then, as elsewhere they would change what is open."""
ANSWER = "(the answer to what a form asks)"
ASKED_FOR = {
    ("cluster", "spark", "aws", "ubuntu-22.04", 48 * HOUR),
    ("cluster", "ray", "digitalocean", "ubuntu-22.04", 8 * HOUR),
    ("vm", None, "digitalocean", "debian-12", 3 * HOUR),
}


EPISODES = st.tuples(
    st.sampled_from([*SAYINGS][:3]),
    st.lists(st.sampled_from([*SAYINGS, ANSWER, ANSWER]), max_size=2),
    st.sampled_from([ANSWER, "yes", "no", "never mind"]),
).map(lambda parts: [parts[0], *parts[1], parts[2]])
"""A wish, what comes in between, and perhaps an end."""


async def converse(stage: Stage, person: str, steps: list[str]) -> None:
    await stage.have(person, {})
    await stage.have(person, {})
    for step in steps:
        if step == ANSWER:
            tracker = await stage.agent.processor.tracker_store.retrieve(f"local:console:-:{person}")
            text, means = ANSWERS.get(tracker.active_loop_name if tracker else None, ("hi", {"intent": "greet"}))
        else:
            text, means = step, SAYINGS[step]
        replies = await stage.say(person, text, means)
        assert any(reply["text"].strip() for reply in replies), f"an empty reply to {text!r}"


def check(stage: Stage, person: str) -> None:
    # A price was asked for everything that was open at any time.
    _, _, *quotes = [quote for quote in stage.world.quotes.quotes.values() if quote.user_id == person]
    for quote in quotes:
        lease = timedelta(seconds=quote.lease_seconds)
        facts = (quote.request.kind, quote.software, quote.offer.provider, quote.os, lease)
        assert facts in ASKED_FOR, f"nobody asked for {facts}"
        assert len(quote.nodes) == (1 if quote.request.kind == "vm" else 3)
    first, second, *made = stage.reservations(person)
    assert {item.id for item in made} <= {quote.reservation_id for quote in quotes}
    assert first.expires_at - first.created_at == 8 * HOUR
    assert (second.expires_at - second.created_at - 8 * HOUR) % (5 * HOUR) == timedelta()


def test_no_interleaving_mixes_what_was_said(model: Path) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    people = iter(range(10_000))

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return loop.run_until_complete(work)

    opening = open_stage(model)
    stage = run(opening.__aenter__())

    @settings(max_examples=12, deadline=None)
    @given(st.lists(EPISODES, min_size=2, max_size=4))
    def holds(episodes: list[list[str]]) -> None:
        steps = [step for episode in episodes for step in episode]
        person = f"person-{next(people)}"
        run(converse(stage, person, steps))
        check(stage, person)

    try:
        holds()
    finally:
        run(opening.__aexit__(None, None, None))
        loop.close()
