"""Plays a conversation of ``tests/conversation`` on the running stack: real words, real workflows, simulated clouds.

Nothing is given with a sentence: the model has to understand it. Between two turns people wait for what they have
begun, so that a conversation is the same however fast this machine is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import requests
from temporalio.client import Client

from actions.request_fields import to_request
from clouddesk.adapters.redis import RedisNotices, open_redis
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import LOCAL_WORKSPACE, Actor, Person
from clouddesk.model.offer import Requirements
from clouddesk.model.reservation import (
    ARCHIVED,
    ARCHIVING,
    ENDED,
    PROVISIONING,
    RELEASING,
    RUNNING,
    SCALING,
    STARTING,
    STOPPED,
    STOPPING,
    Reservation,
)
from clouddesk.settings import Settings
from clouddesk.workflows.notices import make_notice
from connectors.conversation import open_client
from connectors.notices import Wording
from connectors.rasa import Message, RasaClient, Reply
from tests.conversation.files import SOMEBODY, TERMINAL, Turn, payload
from tests.integration import clouds
from tests.integration.conftest import RunningStack, eventually

TIMEZONE = "Europe/Berlin"
SETTLES_WITHIN_SECONDS = 90.0
PAUSE_SECONDS = 0.2
SETTLED = {
    **{PROVISIONING: RUNNING, STARTING: RUNNING, SCALING: RUNNING},
    **{STOPPING: STOPPED, ARCHIVING: ARCHIVED, RELEASING: ENDED},
}
"""What becomes of a state in which something is under way."""
POWER = {RUNNING: {"running", "active"}, STOPPED: {"stopped", "off"}}
"""What the clouds call the machines of a settled reservation."""
LEASE_SLACK_HOURS = 0.1
"""A lease begins when its machines run, and not with the yes."""
BROKEN = "broke on my side"
"""What the dialogue says to a defect of ours; nothing here makes one on purpose."""


@dataclass
class Played:
    """What happened."""

    people: dict[str, Actor]
    transcript: list[str] = field(default_factory=list)
    reservations: dict[str, list[Reservation]] = field(default_factory=dict)
    """By person, oldest first."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Theatre:
    """The running stack, with what is needed to look behind the scene."""

    stack: RunningStack
    desk: Desk
    client: RasaClient
    notices: RedisNotices
    temporal: Client
    wording: Wording = field(default_factory=Wording)

    async def play(self, number: int, conversation: dict[str, Any]) -> Played:
        """The conversation with people who have never been here; never raises what is the conversation's fault."""
        named = {
            SOMEBODY,
            *conversation.get("have", {}),
            *(turn.get("person", SOMEBODY) for turn in conversation["turns"]),
        }
        played = Played({name: Actor(LOCAL_WORKSPACE, f"{name}-{number}", timezone=TIMEZONE) for name in sorted(named)})
        try:
            try:
                await self._have(played, conversation.get("have", {}))
                await _Conversation(self, played).play(conversation["turns"])
            finally:
                played.reservations = await self.settled(played)
        except Exception as error:  # noqa: BLE001 - one conversation's failure is not the others'
            played.problems.append(f"{type(error).__name__}: {error}")
        return played

    async def settled(self, played: Played) -> dict[str, list[Reservation]]:
        """Everybody's reservations, once nothing is under way with any of them."""
        until = time.monotonic() + SETTLES_WITHIN_SECONDS
        while True:
            found = {
                name: (await self.desk.reservations(actor, include_ended=True))[::-1]
                for name, actor in played.people.items()
            }
            busy = [item for own in found.values() for item in own if not await self._is_settled(item)]
            if not busy:
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"still under way: {[(item.name, item.state) for item in busy]}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def give_back(self, played: Played) -> None:
        """End all that these people have."""
        try:
            for name, own in played.reservations.items():
                for item in own:
                    if item.state != ENDED:
                        if item.is_protected:
                            await self.desk.protection.unprotect(played.people[name], item.id)
                        await self.desk.release(played.people[name], item.id)
            played.reservations = await self.settled(played)
        except Exception as error:  # noqa: BLE001 - one conversation's failure is not the others'
            played.problems.append(f"given back: {type(error).__name__}: {error}")

    async def _is_settled(self, reservation: Reservation) -> bool:
        if reservation.state == ENDED:
            return True
        if reservation.state in SETTLED:
            return False
        # A reboot is seen in its workflow only.
        told = await self.temporal.get_workflow_handle(reservation.id).describe()
        return not (told.raw_description.pending_activities or told.raw_description.HasField("pending_workflow_task"))

    async def _have(self, played: Played, wanted: dict[str, list[dict[str, Any]]]) -> None:
        """What people have already; each one's in turn, for their names, and all come up at the same time."""
        to_stop: list[tuple[Actor, str]] = []
        for name, descriptions in wanted.items():
            actor = played.people[name]
            await self.desk.welcome(actor)
            for description in descriptions:
                facts = {key: value for key, value in description.items() if key != "state"}
                quote = await self.desk.quote(actor, to_request({"kind": "vm", **facts}))
                made = await self.desk.reserve(actor, quote.id, conversation=conversation_id(actor))
                if description.get("state") == STOPPED:
                    to_stop.append((actor, made.id))
        await self.settled(played)
        for actor, reservation_id in to_stop:
            await self.desk.power.stop(actor, reservation_id)


def conversation_id(actor: Actor, where: str = TERMINAL) -> str:
    return f"{actor.workspace_id}:{where}:{actor.user_id}"


class _Conversation:
    """One conversation while it is played."""

    def __init__(self, theatre: Theatre, played: Played) -> None:
        self._theatre = theatre
        self._played = played
        self._last: dict[str, list[Reply]] = {}
        self._kept: dict[str, list[Reply]] = {}
        self._message_id = ""
        self._number = 0

    async def play(self, turns: list[Turn]) -> None:
        for turn in turns:
            if not turn.get("is_repeated"):
                await self._theatre.settled(self._played)
            if "restart" in turn:
                restart_rasa(self._theatre.stack)
            elif "notice" in turn:
                await self._notify(turn)
            elif "gone" not in turn:  # what was given back is gone by now: see above
                await self._say(turn)

    async def _notify(self, turn: Turn) -> None:
        """As the workflow does it, before its time."""
        theatre, name = self._theatre, turn.get("person", SOMEBODY)
        own = await theatre.desk.reservations(self._played.people[name])
        item = next(item for item in own if item.name == turn["about"])
        self._number += 1
        notice = make_notice(item, turn["notice"], theatre.desk.clock(), key=f"now-{self._number}")
        await theatre.notices.send(notice)
        reply = theatre.wording.render(notice, timezone_name=TIMEZONE)
        self._kept["notice"] = [reply]
        self._write(name, "is told", [reply])

    async def _say(self, turn: Turn) -> None:
        name = turn.get("person", SOMEBODY)
        actor = self._played.people[name]
        said = str(turn.get("say") or f"[{turn['press']}]")
        text = said
        if "press" in turn:
            shown = self._kept[turn["of"]] if "of" in turn else self._last[name]
            text = payload([reply.as_json() for reply in shown], turn["press"])
        if not turn.get("is_repeated"):
            self._message_id = uuid.uuid4().hex
        replies = await self._theatre.client.send(
            Message(
                Person(actor.workspace_id, actor.user_id),
                conversation_id(actor, turn.get("where", TERMINAL)),
                text,
                TIMEZONE,
                id=self._message_id,
            )
        )
        self._write(name, said, replies)
        self._last[name] = replies
        if "keep" in turn:
            self._kept[turn["keep"]] = replies
        if not replies or not all(reply.text.strip() for reply in replies):
            self._played.problems.append(f"an empty reply to {said!r}")
        if any(BROKEN in reply.text for reply in replies):
            self._played.problems.append(f"a defect shows in the reply to {said!r}")

    def _write(self, name: str, said: str, replies: list[Reply]) -> None:
        self._played.transcript.append(f"{name}: {said}")
        for reply in replies:
            self._played.transcript.append("    " + reply.text.replace("\n", "\n    "))
            if reply.buttons:
                self._played.transcript.append("    " + " ".join(f"[{button.title}]" for button in reply.buttons))


def restart_rasa(stack: RunningStack) -> None:
    """Kill it for real. How long a message waits for it is for other tests: this machine may be slow."""
    pid = stack.status()["rasa"]["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: stack.status()["rasa"]["pid"] not in (pid, None), timeout_seconds=120)
    stack.wait_until_ready()


@asynccontextmanager
async def open_theatre(stack: RunningStack) -> AsyncIterator[Theatre]:
    settings = stack.settings
    temporal = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    redis = open_redis(settings.redis_url)
    try:
        async with open_desk(settings) as desk, open_client(settings) as client:
            # The bundled prices are read now, not while conversations wait for their answers.
            desk.catalog.cheapest(Requirements(), limit=1)
            yield Theatre(stack, desk, client, RedisNotices(redis), temporal)
    finally:
        await redis.close()


def differences(played: Played, expected: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """How the reservation list differs from what the conversation's file says (None: it says nothing)."""
    own = played.reservations.get(SOMEBODY, [])
    if expected is None:
        return []
    if len(own) != len(expected):
        return [f"{len(expected)} reservations expected, there are {[(item.name, item.state) for item in own]}"]
    found = []
    for item, facts in zip(own, expected, strict=True):
        for fact, value in facts.items():
            is_, wanted = _fact(item, fact), value
            if fact == "state":
                wanted = SETTLED.get(value, value)
            elif fact == "owner":
                wanted = played.people[value].user_id
            if is_ != wanted and not (fact == "lease_hours" and abs(is_ - wanted) < LEASE_SLACK_HOURS):
                found.append(f"{item.name}: {fact} is {is_}, expected {wanted}")
    return found


def _fact(item: Reservation, name: str) -> Any:
    if name == "lease_hours":
        return (item.expires_at - item.created_at).total_seconds() / 3600
    return getattr(item, name)


@dataclass(frozen=True)
class Machine:
    """What a cloud says of one machine."""

    id: str
    state: str
    reservation_id: str
    owner: str


def disagreements(played: Played, listed: Sequence[Machine]) -> list[str]:
    """Where the clouds have other machines of these people than their reservations say."""
    found = []
    expected: set[str] = set()
    for item in (item for own in played.reservations.values() for item in own):
        its = [machine for machine in listed if machine.reservation_id == item.id]
        expected |= {machine.id for machine in its}
        count = 0 if item.state in (ENDED, ARCHIVED) else item.node_count
        if len(its) != count:
            found.append(f"{item.name} is {item.state}: {count} machines expected, the clouds have {len(its)}")
        found += [
            f"{item.name} is {item.state}, its machine {machine.id} is {machine.state}"
            for machine in its
            if machine.state not in POWER.get(item.state, ())
        ]
    owners = {_flat(str(actor.person)) for actor in played.people.values()}
    found += [
        f"{machine.id} of {machine.owner} belongs to no reservation of theirs"
        for machine in listed
        if _flat(machine.owner) in owners and machine.id not in expected
    ]
    return found


def machines(settings: Settings) -> list[Machine]:
    """All that both clouds list now, by their own APIs."""
    return [*_instances(settings), *_droplets(settings)]


def _flat(owner: str) -> str:
    """As a droplet's tag can hold it."""
    return owner.replace("/", "_")


def _instances(settings: Settings) -> Iterator[Machine]:
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=settings.sandbox["aws"], **clouds.AWS_OPERATOR)
    for region in ec2.describe_regions()["Regions"]:
        for instance in clouds.all_instances(settings, region["RegionName"]):
            tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
            yield Machine(
                instance["InstanceId"],
                instance["State"]["Name"],
                tags.get("clouddesk-reservation", ""),
                tags.get("clouddesk-owner", ""),
            )


def _droplets(settings: Settings) -> Iterator[Machine]:
    address = f"{settings.sandbox['digitalocean']}/v2/droplets?per_page=200"
    while address:
        answer = requests.get(address, headers=clouds.DIGITALOCEAN_OPERATOR, timeout=30)
        answer.raise_for_status()
        body = answer.json()
        for droplet in body["droplets"]:
            tags = dict(tag.partition(":")[::2] for tag in droplet["tags"])
            yield Machine(
                str(droplet["id"]),
                droplet["status"],
                tags.get("clouddesk-reservation", ""),
                tags.get("clouddesk-owner", ""),
            )
        address = body.get("links", {}).get("pages", {}).get("next", "")
