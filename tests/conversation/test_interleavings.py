"""Requests and tasks in any order: nothing that was said of one ever gets into another, and nothing of it is lost.

Two people talk at random, in turns. After every message what is open, what waits, every price, what was bought and the
machines must be as in a ledger that is kept from what was said alone (``ledger.py``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from itertools import zip_longest
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from actions import questions
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from tests.conversation.ledger import CLUSTER, EXTEND, GIVE_BACK, PRICE, START, STOP, VM, Ledger, Machine, Said
from tests.conversation.stage import Reply, Stage, open_stage

Step = tuple[Any, ...]
MACHINES = ("ubuntu-1", "ubuntu-2", "ubuntu-3")
ENTITIES = {
    "machine": "resource_name",
    "software": "software",
    "provider": "provider",
    "os": "os",
    "memory_gb": "memory_gb",
}
WORDS = {
    "software": " of {}",
    "provider": " on {}",
    "os": " with {}",
    "count": " times {}",
    "hours": " for {} hours",
    "machine": " {}",
}
SEED, PLANS = 2, 48
"""The same plans in every run; they find each of the planted mistakes that README.md names."""
VERBS = {STOP: "stop", START: "start", EXTEND: "extend", GIVE_BACK: "kill"}

HOURS = st.integers(2, 40)
"""Few of them come twice, so that a lease tells whose it is."""
COUNTS = st.integers(2, 9)
PROVIDERS = st.sampled_from(["aws", "digitalocean"])
MANNERS = st.sampled_from(["", "also", "also", "actually"])
NAMES = st.sampled_from(MACHINES)
VMS = st.fixed_dictionaries(
    {}, optional={"hours": HOURS, "provider": PROVIDERS, "os": st.just("debian-12"), "count": COUNTS}
)
CLUSTERS = st.fixed_dictionaries(
    {},
    optional={
        "software": st.sampled_from(["spark", "kafka", "dask"]),
        "hours": HOURS,
        "provider": PROVIDERS,
        "count": COUNTS,
    },
)
WISHES: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("wish"), st.just(VM), VMS, MANNERS),
    st.tuples(st.just("wish"), st.just(CLUSTER), CLUSTERS, MANNERS),
)
TASKS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(
        st.just("task"), st.sampled_from([STOP, START, GIVE_BACK, GIVE_BACK]), st.fixed_dictionaries({"machine": NAMES})
    ),
    st.tuples(st.just("task"), st.just(EXTEND), st.fixed_dictionaries({}, optional={"machine": NAMES, "hours": HOURS})),
    st.tuples(st.just("task"), st.sampled_from([STOP, GIVE_BACK]), st.just({})),
)
ANSWERS: st.SearchStrategy[Step] = st.tuples(st.just("answer"), st.sampled_from(["spark", "ray"]), NAMES, HOURS)
ASIDES: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("price"), st.just({"count": 10}), st.just(True)),
    st.tuples(st.just("price"), st.just({"memory_gb": 16}), st.just(False)),
    st.sampled_from([("list",), ("help",), ("blub",), ("hours", 41)]),
)
ENDS: st.SearchStrategy[Step] = st.sampled_from(
    [
        ("yes",),
        ("yes",),
        ("yes",),
        ("take",),
        ("no",),
        ("cancel",),
        ("cancel",),
        ("everything",),
        ("press", 0),
        ("press", 1),
        ("change", 1),
        ("change", 1),
    ]
)
ALSO = st.one_of(
    st.tuples(st.just("wish"), st.just(VM), VMS, st.just("also")),
    st.tuples(st.just("wish"), st.just(CLUSTER), CLUSTERS, st.just("also")),
)
ACTUALLY = st.one_of(
    st.tuples(st.just("wish"), st.just(VM), VMS, st.just("actually")),
    st.tuples(st.just("wish"), st.just(CLUSTER), CLUSTERS, st.just("actually")),
)
EXTENSIONS = st.tuples(st.just("task"), st.just(EXTEND), st.fixed_dictionaries({}, optional={"hours": HOURS}))
GIVING_BACK = st.tuples(st.just("task"), st.just(GIVE_BACK), st.fixed_dictionaries({"machine": NAMES}))
EPISODES = st.one_of(
    st.tuples(WISHES, st.one_of(WISHES, TASKS, ANSWERS, ASIDES), st.one_of(TASKS, ASIDES, ENDS), ENDS),
    st.tuples(WISHES, ALSO, st.sampled_from([("press", 1), ("change", 1)]), st.one_of(ANSWERS, ENDS)),
    st.tuples(WISHES, st.one_of(ALSO, ACTUALLY), st.one_of(ACTUALLY, ENDS)),
    st.tuples(WISHES, EXTENSIONS, ANSWERS, st.one_of(ANSWERS, ENDS)),
    st.tuples(GIVING_BACK, GIVING_BACK, st.one_of(WISHES, TASKS), ENDS),
    st.tuples(st.just(("everything",)), TASKS, st.one_of(ANSWERS, TASKS)),
)
"""Any wish and what comes before it is settled; two wishes and a button of the first; changes of mind; a task that has
to ask while a wish waits; two of the same; a task alone."""
PLANS_OF_ONE = st.lists(EPISODES, min_size=2, max_size=3)
STEPS = PLANS_OF_ONE.map(lambda episodes: [step for episode in episodes for step in episode])


class Person:
    """Says the steps, and keeps the ledger of them."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.ledger = Ledger({machine: Machine() for machine in MACHINES})
        self.cards: list[str] = []

    async def say(self, text: str, **means: Any) -> None:
        """One message, after which all must be as in the ledger."""
        note(f"{self.name}: {text}")
        replies = await self.stage.say(self.name, text, means or None)
        assert any(reply["text"].strip() for reply in replies), f"an empty reply to {text!r}"
        for item in self.stage.reservations(self.name):
            if item.state == "provisioning":
                self.stage.world.engine.finish_provisioning(item.id)
        for quote_id in _cards_in(replies):
            if quote_id not in self.ledger.cards:
                self.ledger.shown(quote_id)
                self.cards.insert(0, quote_id)
        await self.check()

    async def do(self, step: Step) -> None:
        """One step of the plan, if it makes sense here."""
        what, *rest = step
        if hasattr(self, f"_{what}"):
            await getattr(self, f"_{what}")(*rest)

    async def finish(self) -> None:
        """Answer whatever is asked, until nothing is open."""
        while now := self.ledger.open:
            if now.asks == "yes":
                await self._yes()
            else:
                await self._answer("ray", "ubuntu-3" if self._is_there("ubuntu-3") else "", 41)
                if now is self.ledger.open and now.asks != "yes":
                    await self._no()

    async def check(self) -> None:
        """All as in the ledger."""
        tracker = await self.stage.agent.processor.tracker_store.retrieve(f"local:console:-:{self.name}")
        slots = tracker.current_slot_values()
        found = [_matter_in(slots, tracker.active_loop_name), *map(_matter_of, slots["parked"] or ())]
        noted = [(matter.topic, matter.said, matter.variation) for matter in self.ledger.matters]
        assert [item for item in found if item] == noted
        quotes = self.stage.world.quotes.quotes
        for quote_id, (_, then) in self.ledger.cards.items():
            assert _asked_with(quotes[quote_id]) == (then.kind, then.said)
        had, made = self._had_and_made()
        by_reservation = {f"r-{quote_id.removeprefix('q-')}": quote for quote_id, quote in quotes.items()}
        assert [_asked_with(by_reservation[item.id]) for item in made] == self.ledger.bought
        assert {item.name: _kept_of(item) for item in had} == {
            name: (machine.state, machine.hours) for name, machine in self.ledger.machines.items()
        }

    def _had_and_made(self) -> tuple[list[Any], list[Any]]:
        own = self.stage.reservations(self.name)
        return own[: len(MACHINES)], own[len(MACHINES) :]

    def _is_there(self, machine: str) -> bool:
        return self.ledger.machines[machine].state != "releasing"

    async def _wish(self, topic: str, said: Said, manner: str) -> None:
        self.ledger.wish(topic, said, manner)
        thing = "vm" if topic == VM else "cluster"
        await self.say(f"{manner} get me a {thing}{_words(said)}".strip(), intent=topic, **_entities(said, topic))

    async def _task(self, topic: str, said: Said) -> None:
        machines = [machine for machine in self.ledger.machines.values() if machine.state == "running"]
        if not self._is_there(said.get("machine", MACHINES[0])) or len(machines) < 2:
            return
        self.ledger.task(topic, said)
        await self.say(f"{VERBS[topic]}{_words(said, ' one')}", intent=topic, **_entities(said))

    async def _answer(self, software: str, machine: str, hours: int) -> None:
        now = self.ledger.open
        if now is None:
            return
        asks = now.asks
        facts = {"software": software, "machine": machine, "hours": hours, "yes": None}
        if now.asks == "yes":
            asks = "software" if now.kind == CLUSTER else "hours"
        value = facts[asks]
        if not value or (asks == "machine" and not self._is_there(str(value))):
            return
        self.ledger.answer({asks: value})
        await self.say(_words({asks: value}).strip(), intent="inform", **_entities({asks: value}))

    async def _hours(self, hours: int) -> None:
        if self.ledger.open is None:
            return
        self.ledger.answer({"hours": hours})
        await self.say(f"for {hours} hours", intent="inform", duration_minutes=60 * hours)

    async def _price(self, said: Said, is_of_the_open: bool) -> None:
        self.ledger.price(said, is_of_the_open=is_of_the_open)
        if is_of_the_open:
            await self.say("how much with ten of them?", intent=PRICE, node_count=said["count"])
        else:
            await self.say("what does a vm with 16 gigs cost?", intent=PRICE, memory_gb=said["memory_gb"])

    async def _yes(self) -> None:
        self.ledger.yes()
        await self.say("yes", intent="affirm")

    async def _take(self) -> None:
        if self.ledger.open and self.ledger.open.asks == "machine":
            # There "that" is the machine that was spoken of last.
            return
        self.ledger.take()
        await self.say("ok take that", intent="affirm")

    async def _no(self) -> None:
        self.ledger.no()
        await self.say("no", intent="deny")

    async def _cancel(self) -> None:
        self.ledger.no()
        await self.say("never mind", intent="cancel")

    async def _everything(self) -> None:
        self.ledger.forget_everything()
        await self.say("forget it all", intent="cancel")

    async def _press(self, age: int) -> None:
        if age < len(self.cards) and not self.ledger.is_stale(self.cards[age]):
            self.ledger.press_yes(self.cards[age])
            await self.say(f'/affirm{{"quote_id": "{self.cards[age]}"}}')

    async def _change(self, age: int) -> None:
        if age < len(self.cards) and self.ledger.is_newest(self.cards[age]):
            self.ledger.press_change(self.cards[age])
            await self.say(f'/correct{{"quote_id": "{self.cards[age]}"}}')

    async def _list(self) -> None:
        await self.say("what have I got", intent="list_resources")

    async def _help(self) -> None:
        await self.say("what is a blueprint?", intent="help")

    async def _blub(self) -> None:
        await self.say("blub", intent="nlu_fallback")


def _words(said: Said, otherwise: str = "") -> str:
    return "".join(WORDS[key].format(value) for key, value in said.items()) or otherwise


def _entities(said: Said, topic: str = "") -> dict[str, Any]:
    entities: dict[str, Any] = {ENTITIES[key]: value for key, value in said.items() if key in ENTITIES}
    if "hours" in said:
        entities["duration_minutes"] = 60 * said["hours"]
    if "count" in said:
        entities["vm_count" if topic == VM else "node_count"] = said["count"]
    return entities


def _cards_in(replies: list[Reply]) -> list[str]:
    """The quotes that a button of these replies buys."""
    buttons = [button["payload"] for reply in replies for button in reply["buttons"]]
    return [
        json.loads(text.removeprefix("/affirm"))["quote_id"] for text in buttons if text.startswith('/affirm{"quote')
    ]


def _matter_in(slots: dict[str, Any], form: str | None) -> tuple[str, Said, Said] | None:
    question = slots["open_question"]
    if form:
        return _matter_of({"form": form.removesuffix("_form"), "facts": slots, "request": slots["request"]})
    return _matter_of({"question": question, "request": slots["request"]}) if questions.is_open(question) else None


def _matter_of(entry: dict[str, Any]) -> tuple[str, Said, Said]:
    """What is open or parked, with the change whose price was asked, in the ledger's words."""
    question, request = entry.get("question"), entry["request"]
    if question and question["kind"] == "confirm_release":
        [machine] = question["names"]
        return GIVE_BACK, {"machine": machine}, {}
    if request is not None:
        is_price = question is not None and question["kind"] == "confirm_price"
        variation = _said_in(ResourceRequest(**(question or {}).get("variation", {})))
        return PRICE if is_price else f"create_{request['kind']}", _said_in(ResourceRequest(**request)), variation
    facts, said = entry["facts"], {}
    if facts.get("reservation"):
        [chosen] = facts["reservation"]
        said["machine"] = chosen["name"]
    if facts.get("duration"):
        said["hours"] = facts["duration"] // 3600
    return entry["form"], said, {}


def _said_in(request: ResourceRequest, filled: tuple[str, ...] = ()) -> Said:
    """Every field that was said, and not filled in."""
    said = {
        "software": request.software[0] if request.software else None,
        "provider": request.providers[0] if request.providers else None,
        "os": request.os if "os" not in filled else None,
        "count": request.count,
        "memory_gb": request.memory_gb,
        "hours": request.duration_seconds // 3600
        if request.duration_seconds and "duration_seconds" not in filled
        else None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _asked_with(quote: Quote) -> tuple[str, Said]:
    return f"create_{quote.request.kind}", _said_in(quote.request, (*quote.habits, *quote.team))


def _kept_of(item: Any) -> tuple[str, float]:
    return item.state, (item.expires_at - item.created_at).total_seconds() / 3600


async def converse(stage: Stage, number: int, plans: tuple[list[Step], list[Step]]) -> None:
    people = [Person(stage, f"{name}-{number}") for name in ("ann", "bob")]
    for person in people:
        for _ in MACHINES:
            await stage.have(person.name, {})
    for steps in zip_longest(*plans):
        for person, step in zip(people, steps, strict=True):
            if step is not None:
                await person.do(step)
    for person in people:
        await person.finish()


def test_what_was_said_of_one_thing_never_gets_into_another_nor_is_lost(model: Path) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    numbers = iter(range(10_000))

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return loop.run_until_complete(work)

    opening = open_stage(model)
    stage = run(opening.__aenter__())

    @seed(SEED)
    @settings(max_examples=PLANS, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.tuples(STEPS, STEPS))
    def holds(plans: tuple[list[Step], list[Step]]) -> None:
        run(converse(stage, next(numbers), plans))

    try:
        holds()
    finally:
        run(opening.__aexit__(None, None, None))
        loop.close()
