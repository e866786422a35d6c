"""Plays a conversation: a real Rasa model without its ML part, a real action server, the Desk in memory.

What a sentence means is given with it (``means``), so that these tests are about the dialogue alone; the same files are
played on the running stack with the sentences only (tests/integration).
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import os
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import structlog
import yaml
from sanic import Sanic

from actions import desk_access, questions, server
from actions.turn import FACTS
from clouddesk.model.actor import ADMIN, DEACTIVATED, LOCAL_WORKSPACE, MEMBER, Actor, Person
from clouddesk.model.idle_steps import ASK, advance, usual
from clouddesk.model.idleness import IDLE as IDLE_NOW
from clouddesk.model.idleness import Thresholds, Verdict
from clouddesk.model.notice import IDLE, Notice
from clouddesk.settings import PROJECT
from clouddesk.workflows.idling import facts_of
from clouddesk.workflows.notices import make_notice
from connectors import light_rasa
from tests.conversation.memory import MemoryDesk

Reply = dict[str, Any]

SECRET = "the stack's own"


def train(folder: Path) -> Path:
    """A model of the rules alone. Some seconds."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    config = yaml.safe_load((PROJECT / "config.yml").read_text())
    core = {**config, "pipeline": [{"name": "KeywordIntentClassifier"}]}
    (folder / "config.yml").write_text(yaml.safe_dump(core))
    light_rasa.install()
    light_rasa.hush()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    from rasa.model_training import train_core

    model = train_core(
        str(PROJECT / "domain.yml"), str(folder / "config.yml"), str(PROJECT / "nlu" / "rules.yml"), str(folder)
    )
    assert model, "RulePolicy rejects nlu/rules.yml with domain.yml; `rasa train core` says why"
    return Path(model)


class Stage:
    """Rasa with our actions; every person has a conversation of their own."""

    def __init__(self, agent: Any, load: Any = None, endpoint: Any = None) -> None:
        self.load = load
        self.endpoint = endpoint
        self.world = MemoryDesk()
        self.meaning: dict[str, Any] = {}
        self.sent = 0
        self._take(agent)
        desk_access.the.use(self.world.desk)
        desk_access.the.admins = self  # type: ignore[assignment]  # the part of Admins that is asked for

    async def actor(self, person: Person, *, timezone: str, locale: str) -> Actor:
        """Who speaks: "root" is an admin."""
        roles = (MEMBER, ADMIN) if person.user_id in self.world.admins else (MEMBER,)
        return Actor(person.workspace_id, person.user_id, roles=roles, timezone=timezone, locale=locale)

    def _take(self, agent: Any) -> None:
        self.agent = agent
        agent.processor.parse_message, self._parse = self._scripted, agent.processor.parse_message
        responses = agent.processor.nlg.responses
        # Of several wordings one is taken by chance; a test that knows one of them would pass by chance, too.
        agent.processor.nlg.responses = {name: wordings[:1] for name, wordings in responses.items()}

    async def restart(self) -> None:
        """Rasa anew; only what its tracker store kept is left."""
        kept = self.agent.processor.tracker_store
        self._take(await self.load())
        self.agent.processor.tracker_store = kept

    def break_off(self, place: int) -> None:
        """The call of the action server at this place from now on breaks off: it is done, and its answer is lost."""
        request, left = self.endpoint.request, itertools.count(place, -1)

        async def breaking(*args: Any, **options: Any) -> Any:
            answer = await request(*args, **options)
            if next(left) > 1:
                return answer
            self.endpoint.request = request
            raise aiohttp.ServerDisconnectedError

        self.endpoint.request = breaking

    async def say(
        self,
        person: str,
        text: str,
        means: dict[str, Any] | None = None,
        *,
        where: str = "console:-",
        is_repeated: bool = False,
    ) -> list[Reply]:
        """Send one message; ``means`` holds intent and entities (a button's payload needs none).

        ``where`` is a channel and a thread; ``is_repeated``: the message before, delivered once more.
        """
        from rasa.core.channels.channel import UserMessage

        from connectors.channel import Collector

        self.meaning = means or {}
        self.sent += not is_repeated
        conversation = f"local:{where}:{person}"
        output = Collector()
        await self.agent.handle_message(
            UserMessage(
                text,
                output,
                conversation,
                input_channel="clouddesk",
                message_id=f"m-{self.sent}",
                metadata={
                    "workspace_id": "local",
                    "user_id": person,
                    "timezone": "Europe/Berlin",
                    "conversation": conversation,
                },
            )
        )
        await self._check_what_is_open(conversation)
        return list(output.replies)

    async def have(self, person: str, request: dict[str, Any]) -> None:
        """A reservation of the person's that runs already."""
        from actions.request_fields import to_request

        actor = Actor("local", person, timezone="Europe/Berlin")
        await self.world.accounts.welcome(actor.person)
        state = request.pop("state", "running")
        has_no_images = request.pop("no_images", False)
        quote = await self.world.desk.quote(actor, to_request({"kind": "vm", **request}))
        made = await self.world.desk.reserve(actor, quote.id, conversation=f"local:console:-:{person}")
        if state == "dearer":
            self.world.engine.offer_next(made.id)
        elif state != "provisioning":
            self.world.engine.finish_provisioning(made.id)
        if state == "partial":
            self.world.engine.lose_one(made.id)
        if state == "stopped":
            await self.world.engine.stop(made.id)
        if has_no_images:
            item = self.world.views.items[made.id]
            self.world.views.items[made.id] = replace(item, archived_hourly_price_usd=None)

    async def notify(self, person: str, name: str, kind: str) -> Notice:
        """A notice about the person's reservation of this name, as its workflow sends it."""
        item = next(item for item in self.reservations(person) if item.name == name)
        facts = self._leave_unused(item.id) if kind == IDLE else {}
        notice = make_notice(item, kind, self.world.clock(), key=f"{len(self.world.notices.sent)}", **facts)
        await self.world.notices.send(notice)
        return notice

    def _leave_unused(self, reservation_id: str) -> dict[str, Any]:
        """Nobody has used it for four hours, and its workflow asks."""
        now, item = self.world.clock(), self.world.views.items[reservation_id]
        verdict = Verdict(IDLE_NOW, now - timedelta(hours=4), now - timedelta(hours=4), cpu_percent=1.0)
        blueprints = self.world.desk.blueprints_by_name
        thresholds = usual(item, Thresholds(), blueprints)
        step, idling = advance(item, verdict, thresholds, now)
        assert step == ASK, step
        self.world.views.items[reservation_id] = replace(item, idling=idling)
        return facts_of(item, idling, verdict, thresholds, now)

    async def leave(self, person: str) -> None:
        """The person is not of the workspace any more."""
        self.world.colleagues.refused[person] = DEACTIVATED
        await self.world.desk.leavers.left(Actor(LOCAL_WORKSPACE, "", roles=(MEMBER, ADMIN)), person)

    def told(self, person: str, kind: str) -> Notice:
        """The last notice of this kind that the person got."""
        found = [item for item in self.world.notices.sent if (item.user_id, item.kind) == (person, kind)]
        assert found, f"{person} got no notice {kind}"
        return found[-1]

    def start_clock(self) -> None:
        """An hour after everything that was there already began."""
        self.world.clock.forward(hours=1)

    def reservations(self, person: str) -> list[Any]:
        """What the person has, oldest first, ended ones too."""
        return [item for item in self.world.views.items.values() if item.owner == person]

    async def _check_what_is_open(self, conversation: str) -> None:
        """Holds after every message: a form or a confirmation, never both; without a form nothing of one is left."""
        tracker = await self.agent.processor.tracker_store.retrieve(conversation)
        form = tracker.active_loop_name
        assert not (form and questions.is_open(tracker.get_slot("open_question"))), f"a confirmation beside {form}"
        left = [name for name in (*FACTS, "requested_slot") if tracker.get_slot(name) is not None]
        assert form or not left, f"left of a form that is closed: {left}"
        is_open = bool(form) or questions.is_open(tracker.get_slot("open_question"))
        waiting = [name for name in ("parked", "request") if tracker.get_slot(name)]
        assert is_open or not waiting, f"left with nothing open: {waiting}"

    async def _scripted(self, message: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not self.meaning:
            parsed: dict[str, Any] = await self._parse(message, *args, **kwargs)
            return parsed
        entities = []
        for name, value in self.meaning.items():
            if name not in ("intent", "likeliest", "confidence"):
                values = value if isinstance(value, list) else [value]
                entities += [{"entity": name, "value": item, "start": 0, "end": 0} for item in values]
        sure = self.meaning.get("confidence", 1.0)
        ranking = [{"name": name, "confidence": 0.2} for name in self.meaning.get("likeliest", ())]
        return {
            "text": message.text,
            "intent": {"name": self.meaning["intent"], "confidence": sure},
            "intent_ranking": [{"name": self.meaning["intent"], "confidence": sure}, *ranking],
            "entities": entities,
        }

    def close(self) -> None:
        self.agent.processor.parse_message = self._parse
        desk_access.the.use(None)
        desk_access.the.admins = None


@asynccontextmanager
async def open_stage(model: Path) -> Any:
    """A fresh stage with the trained model."""
    light_rasa.install()
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints
    from rasa.shared.core.domain import Domain

    from connectors import rasa_patches
    from connectors.action_endpoint import action_endpoint

    rasa_patches.apply()
    # Sanic refuses a second app of the same name in one process otherwise.
    Sanic.test_mode = True
    port = free_port()
    listening = await server.serve(port, secret=SECRET)
    endpoint = action_endpoint(f"http://127.0.0.1:{port}", SECRET)

    async def load() -> Any:
        with patch.object(Domain, "from_directory", read_domain):
            return await load_agent(model_path=str(model), endpoints=AvailableEndpoints(action=endpoint))

    stage = Stage(await load(), load, endpoint)
    try:
        yield stage
    finally:
        stage.close()
        await endpoint.close()
        for connection in tuple(listening.connections):
            # Its task would be destroyed with the loop, and complain of it, as soon as the test ends.
            connection.abort()
        await asyncio.sleep(0)
        listening.close()
        await listening.wait_closed()


def read_domain(folder: str) -> Any:
    """The domain in a model's folder. Rasa would read it, four times over, for every stage: longer than most play."""
    return domain_of((Path(folder) / "domain.yml").read_text())


@functools.cache
def domain_of(text: str) -> Any:
    """Stages share it: policies look things up in it, and change nothing."""
    from rasa.shared.core.domain import Domain

    return Domain.from_yaml(text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
