"""What the clouds hold and no reservation knows, what was changed by hand, and what came up only in part: found on the
whole stack, told to its owner, and done as the owner answers.

Machines are planted and changed through the clouds' own APIs with the operator's key, past all of our code. All that
the tests need is prepared at once, since a sweep takes its time to look twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import boto3
import pytest
import requests
from temporalio.client import Client

from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, Actor
from clouddesk.model.notice import Notice
from clouddesk.model.orphan import SweepReport
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import ENDED, PARTIAL, RUNNING, STOPPED, Reservation
from clouddesk.settings import Settings
from clouddesk.workflows.client import TemporalReservations
from clouddesk.workflows.contracts import Timing
from connectors.conversation import Turn, open_conversation
from tests.integration import clouds
from tests.integration.conftest import RunningStack

pytestmark = pytest.mark.integration

T = TypeVar("T")

QUICK = Timing(missing_seconds=2.0)
"""Looks twice as ever, but sooner: the simulated clouds list without delay."""
REGION, DROPLET_REGION = "eu-west-1", "fra1"
OPERATOR = Actor(LOCAL_WORKSPACE, "operator", roles=(ADMIN,))
OTHER_INSTALLATION = "cd-somebody-else"


@dataclass(frozen=True)
class Found:
    """What there was before the sweep, and what it said."""

    planted: dict[str, str]
    """Machine id by whose it is."""
    changed: dict[str, Reservation]
    report: list[dict[str, Any]]
    """As `clouddesk sweep --json` printed it."""


@pytest.fixture(autouse=True)
def _healthy_clouds(stack: RunningStack) -> Iterator[None]:
    yield
    clouds.heal(stack.settings)


@pytest.fixture(scope="module")
def found(stack: RunningStack) -> Found:
    """Orphans of three people, machines of another installation, two reservations changed by hand; swept once."""
    return asyncio.run(prepare(stack))


async def prepare(stack: RunningStack) -> Found:
    settings = stack.settings
    planted = {
        "keeper": plant_instance(settings, settings.installation, "keeper", "r-0bad0001"),
        "adopter": plant_instance(settings, settings.installation, "adopter", "r-0bad0002"),
        "deleter": plant_droplet(settings, settings.installation, "deleter", "r-0bad0003"),
        "stranger": plant_instance(settings, OTHER_INSTALLATION, "keeper", "r-0bad0004"),
        "foreigner": plant_droplet(settings, OTHER_INSTALLATION, "deleter", "r-0bad0005"),
    }
    async with open_quick(stack) as desk:
        await asyncio.gather(*(desk.welcome(actor(name)) for name in ("keeper", "adopter", "deleter")))
        made = await asyncio.gather(reserve(desk, "victor", count=2), reserve(desk, "halina"))
        changed = dict(zip(("victor", "halina"), made, strict=True))
        by_hand(settings, changed)
        await until(lambda: is_so_by_now(settings, changed))
        return Found(planted, changed, await sweep_by_command(stack, desk))


def by_hand(settings: Settings, changed: dict[str, Reservation]) -> None:
    """One of Victor's two machines is terminated in Amazon's console, and Halina's only one stopped."""
    lost, halted = changed["victor"], changed["halina"]
    amazon(settings, lost.region).terminate_instances(InstanceIds=[lost.nodes[1].id])
    amazon(settings, halted.region).stop_instances(InstanceIds=[halted.nodes[0].id])


async def is_so_by_now(settings: Settings, changed: dict[str, Reservation]) -> bool:
    left = clouds.machines(settings, changed["victor"].id)
    return len(left) == 1 and set(clouds.machines(settings, changed["halina"].id).values()) == {"stopped"}


async def sweep_by_command(stack: RunningStack, desk: Desk) -> list[dict[str, Any]]:
    """What `clouddesk sweep --json` prints; it joins the sweep that is under way, which is a quick one."""
    printed = asyncio.create_task(asyncio.to_thread(stack.json, "sweep"))
    await desk.orphans.sweep(OPERATOR)
    return await printed


# --- what the sweep found


def test_the_command_lists_the_orphans_of_this_installation_and_no_others(found: Found) -> None:
    mine = {found.planted[name]: actor(name).user_id for name in ("keeper", "adopter", "deleter")}
    listed = {node["id"]: orphan for orphan in found.report for node in orphan["nodes"]}
    assert {id_: orphan["owner"] for id_, orphan in listed.items() if id_ in mine} == mine
    assert not {found.planted["stranger"], found.planted["foreigner"]} & set(listed)
    assert not {item["reservation_id"] for item in found.report} & {item.id for item in found.changed.values()}


def test_each_orphan_is_told_to_its_owner_once(stack: RunningStack, found: Found) -> None:
    async def told() -> list[list[str]]:
        async with open_desk(stack.settings) as desk:
            return [
                [item.values["things"] for item in await desk.latest_notices(actor(name)) if item.kind == "orphan"]
                for name in ("keeper", "adopter", "deleter")
            ]

    assert asyncio.run(told()) == [[found.planted[name]] for name in ("keeper", "adopter", "deleter")]


def test_a_kept_orphan_is_left_alone_and_not_told_again(stack: RunningStack, found: Found) -> None:
    async def keep() -> tuple[str, list[Notice], SweepReport]:
        async with open_quick(stack) as desk:
            said = await answer(stack, await notice(desk, "keeper", "orphan"), "Keep out")
            report = await desk.orphans.sweep(OPERATOR)
            return said, await desk.latest_notices(actor("keeper")), report

    said, notices, report = asyncio.run(keep())
    assert "keep out" in said
    assert [item.is_kept for item in report.orphans if item.owner == actor("keeper").user_id] == [True]
    assert [item.kind for item in notices] == ["orphan"]
    assert instance_state(stack.settings, found.planted["keeper"]) == "running"
    assert instance_state(stack.settings, found.planted["stranger"]) == "running"
    assert droplet_exists(stack.settings, found.planted["foreigner"])


def test_an_adopted_orphan_is_listed_again_and_can_be_given_back(stack: RunningStack, found: Found) -> None:
    async def adopt() -> tuple[str, list[Reservation], SweepReport]:
        async with open_quick(stack) as desk:
            said = await answer(stack, await notice(desk, "adopter", "orphan"), "Adopt")
            adopted = await desk.reservations(actor("adopter"))
            return said, adopted, await desk.orphans.sweep(OPERATOR)

    said, adopted, report = asyncio.run(adopt())
    assert "is a reservation again" in said
    assert [(item.id, item.state, [node.id for node in item.nodes]) for item in adopted] == [
        ("r-0bad0002", RUNNING, [found.planted["adopter"]])
    ]
    assert not [item for item in report.orphans if item.owner == actor("adopter").user_id]
    said = stack.run(
        "say", "--user", actor("adopter").user_id, "--wait=60", f"terminate {adopted[0].name}", "yes"
    ).stdout
    assert "gone" in said
    assert instance_state(stack.settings, found.planted["adopter"]) == "terminated"
    assert stack.json("reservations", "--user", actor("adopter").user_id) == []


def test_an_orphan_is_deleted_after_a_yes_and_its_owner_told_when_it_is_gone(stack: RunningStack, found: Found) -> None:
    async def delete() -> tuple[str, bool, str, Notice]:
        async with open_quick(stack) as desk:
            asked = await answer(stack, await notice(desk, "deleter", "orphan"), "Delete")
            was_there = droplet_exists(stack.settings, found.planted["deleter"])
            said = await tell(stack, "deleter", "yes")
            return asked, was_there, said, await notice(desk, "deleter", "orphan_settled")

    asked, was_there, said, settled = asyncio.run(delete())
    assert found.planted["deleter"] in asked
    assert was_there, "nothing is ended before the yes"
    assert "Deleting" in said
    assert found.planted["deleter"] in settled.values["things"]
    assert not droplet_exists(stack.settings, found.planted["deleter"])
    assert droplet_exists(stack.settings, found.planted["foreigner"])


@pytest.mark.parametrize(
    ("name", "reason", "states"),
    [("victor", "vanished", ["gone", "running"]), ("halina", "stopped_outside", ["stopped"])],
)
def test_what_was_done_by_hand_is_told_and_taken_over(
    stack: RunningStack, found: Found, name: str, reason: str, states: list[str]
) -> None:
    async def look() -> tuple[Notice, Reservation]:
        async with open_quick(stack) as desk:
            told = await notice(desk, name, "drift")
            return told, await desk.reservation(actor(name), found.changed[name].id)

    told, seen = asyncio.run(look())
    assert (told.reservation_id, told.values["reason"]) == (found.changed[name].id, reason)
    assert sorted(node.state for node in seen.nodes) == states
    assert seen.state == (STOPPED if states == ["stopped"] else RUNNING)
    assert seen.current_hourly_price_usd < found.changed[name].hourly_price_usd, "what is gone or off costs less"


# --- what came up only in part, and a lease that is held


def test_what_came_up_only_in_part_becomes_what_its_owner_answers(stack: RunningStack) -> None:
    """One of three droplets is refused each; the three people answer otherwise."""

    async def one(desk: Desk, name: str, region: str, title: str, state: str) -> tuple[str, Reservation]:
        clouds.fault(
            stack.settings, "digitalocean", kind="no_capacity", match={"operation": "create", "region": region}
        )
        made = await reserve(desk, name, provider="digitalocean", region=region, count=3, state=PARTIAL)
        asked = await notice(desk, name, "partial")
        assert (asked.values["up"], asked.values["missing"]) == ("2", "1")
        said = await answer(stack, asked, title)
        return said, await settled(desk, made, state)

    async def all_of_them() -> list[tuple[str, Reservation]]:
        async with open_quick(stack) as desk:
            answered = (
                one(desk, "rita", "ams3", "Retry 1", RUNNING),
                one(desk, "gordon", "nyc3", "Go on with 2", RUNNING),
                one(desk, "gina", "sfo3", "Give all back", ENDED),
            )
            return list(await asyncio.gather(*answered))

    (retried, rita), (went_on, gordon), (gave_back, gina) = asyncio.run(all_of_them())
    assert "Trying again" in retried
    assert (rita.node_count, len(clouds.machines(stack.settings, rita.id))) == (3, 3)
    assert "goes on with 2" in went_on
    assert (gordon.node_count, len(clouds.machines(stack.settings, gordon.id))) == (2, 2)
    assert "Giving back" in gave_back
    assert (gina.reason, clouds.machines(stack.settings, gina.id)) == ("released", {})


def test_a_hold_is_asked_once_more_and_keeps_it_as_long_as_is_allowed(stack: RunningStack) -> None:
    async def hold() -> tuple[str, Reservation, str, Reservation]:
        async with open_quick(stack) as desk:
            made = await reserve(desk, "hugo")
            asked = await tell(stack, "hugo", f'/decide{{"reservation_id": "{made.id}", "decision": "hold"}}')
            before = await desk.reservation(actor("hugo"), made.id)
            said = await tell(stack, "hugo", "yes")
            return asked, before, said, await desk.reservation(actor("hugo"), made.id)

    asked, before, said, held = asyncio.run(hold())
    assert before.name in asked
    assert not before.is_held, "nothing is held before the yes"
    assert "Held" in said
    assert held.is_held
    lease = held.expires_at - held.created_at
    assert 0 <= lease.total_seconds() - stack.settings.limits.max_lease_seconds < 60, "begun when its machine ran"


# --- people and clouds


def actor(name: str) -> Actor:
    return Actor(LOCAL_WORKSPACE, f"sweep-{name}")


@asynccontextmanager
async def open_quick(stack: RunningStack) -> AsyncIterator[Desk]:
    """The Desk, whose sweeps and reservations look sooner once more."""
    settings = stack.settings
    temporal = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    async with open_desk(settings) as desk:
        yield replace(desk, engine=TemporalReservations(temporal, timing=QUICK))


async def reserve(
    desk: Desk,
    name: str,
    *,
    provider: str = "aws",
    region: str | None = None,
    count: int = 1,
    state: str = RUNNING,
) -> Reservation:
    await desk.welcome(actor(name))
    quote = await desk.quote(actor(name), ResourceRequest(providers=(provider,), region=region, count=count))
    made = await desk.reserve(actor(name), quote.id, conversation=f"{LOCAL_WORKSPACE}:console:-:{actor(name).user_id}")
    return await settled(desk, made, state)


async def settled(desk: Desk, made: Reservation, state: str) -> Reservation:
    """The reservation, once it is so."""
    owner = Actor(made.workspace_id, made.owner)

    async def look() -> Reservation | None:
        item = await desk.reservation(owner, made.id)
        return item if item.state == state else None

    return await until(look)


async def notice(desk: Desk, name: str, kind: str) -> Notice:
    """The person's latest notice of that kind, once it has come."""

    async def look() -> Notice | None:
        found = [item for item in await desk.latest_notices(actor(name)) if item.kind == kind]
        return found[0] if found else None

    return await until(look)


async def until(look: Callable[[], Awaitable[T | None]], *, seconds: float = 30.0) -> T:
    """The first true value."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < deadline, "it did not come so in time"
        await asyncio.sleep(0.1)
    return found


async def answer(stack: RunningStack, told: Notice, title: str) -> str:
    """What is said to the notice's button of that title, typed in the terminal as `clouddesk chat` has it."""
    async with open_conversation(stack.settings, told.user_id) as conversation:
        shown = await conversation.show(told)
        assert title in [button.title for _, button in shown.buttons]
        return joined(await conversation.say(title))


async def tell(stack: RunningStack, name: str, text: str) -> str:
    async with open_conversation(stack.settings, actor(name).user_id) as conversation:
        return joined(await conversation.say(text))


def joined(turn: Turn) -> str:
    return " ".join(shown.reply.text for shown in turn.answers)


def plant_instance(settings: Settings, installation: str, name: str, reservation_id: str) -> str:
    """A machine in Amazon's cloud, as one of ours that lost its reservation."""
    tags = tags_of(installation, name, reservation_id)
    ec2 = amazon(settings, REGION)
    image = ec2.describe_images(Owners=["136693071363"])["Images"][0]
    made = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="t3.micro" if image["Architecture"] == "x86_64" else "t4g.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    return str(made["Instances"][0]["InstanceId"])


def plant_droplet(settings: Settings, installation: str, name: str, reservation_id: str) -> str:
    """A machine in DigitalOcean's cloud, as one of ours that lost its reservation."""
    tags = tags_of(installation, name, reservation_id)
    tags["clouddesk-owner"] = tags["clouddesk-owner"].replace("/", ":")
    answer = requests.post(
        f"{settings.sandbox['digitalocean']}/v2/droplets",
        json={
            "name": "left-over",
            "region": DROPLET_REGION,
            "size": "s-1vcpu-1gb",
            "image": "debian-12-x64",
            "tags": [f"{key}:{value}" for key, value in tags.items()],
        },
        headers=clouds.DIGITALOCEAN_OPERATOR,
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["droplet"]["id"])


def tags_of(installation: str, name: str, reservation_id: str) -> dict[str, str]:
    return {
        "clouddesk-installation": installation,
        "clouddesk-reservation": reservation_id,
        "clouddesk-owner": str(actor(name).person),
        "clouddesk-node": "node-1",
        "clouddesk-role": "node",
    }


def amazon(settings: Settings, region: str) -> Any:
    return boto3.client("ec2", region_name=region, endpoint_url=settings.sandbox["aws"], **clouds.AWS_OPERATOR)


def instance_state(settings: Settings, id_: str) -> str:
    (found,) = amazon(settings, REGION).describe_instances(InstanceIds=[id_])["Reservations"]
    return str(found["Instances"][0]["State"]["Name"])


def droplet_exists(settings: Settings, id_: str) -> bool:
    address = f"{settings.sandbox['digitalocean']}/v2/droplets/{id_}"
    return requests.get(address, headers=clouds.DIGITALOCEAN_OPERATOR, timeout=10).status_code == 200
