"""The weekly digest on a real Temporal: what the ledger holds is told once, and its schedule follows the settings."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest
from temporalio.service import RPCError
from temporalio.worker import Worker

from clouddesk.adapters.costs import RedisCosts
from clouddesk.adapters.team_channels import RedisTeamChannels
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.meter import Reading
from clouddesk.model.team_channel import TeamChannel
from clouddesk.workflows.digest import DIGEST_ID, Digest, DigestOrder
from clouddesk.workflows.digesting import DigestActivities
from clouddesk.workflows.registration import schedule_digest
from tests.builders import a_reservation
from tests.workflows.conftest import Bench

NOW = datetime.now(timezone.utc)
LAST_WEEK = NOW - timedelta(days=7)


async def test_a_week_is_told_once_however_often_it_is_looked_at(idle_bench: Bench) -> None:
    bench = idle_bench
    workspace, user = f"T{uuid.uuid4().hex[:8]}", bench.person.user_id
    readings = (Reading(LAST_WEEK, 0.0), Reading(LAST_WEEK + timedelta(minutes=1), 12.5))
    over = {
        "state": "ended",
        "ended_at": LAST_WEEK + timedelta(minutes=1),
        "accrued_at": LAST_WEEK,
        "accrued_usd": 12.5,
    }
    view = a_reservation(id=f"r-{user}", workspace_id=workspace, owner=user, readings=readings, **over)
    await bench.views.put(view)

    class OneAccount:
        async def everybody(self) -> list[tuple[object, CredentialInfo]]:
            return [(view.person, CredentialInfo("aws", "account", NOW, NOW))]

    async def admins_of(_workspace_id: str) -> list[str]:
        return [f"{user}-boss"]

    channels = RedisTeamChannels(bench.redis)
    await channels.put(workspace, TeamChannel("C1", f"{user}-boss"))
    digesting = DigestActivities(
        channels=channels,
        credentials=OneAccount(),  # type: ignore[arg-type]  # persons are Persons
        ledger=RedisCosts(bench.redis),
        notices=bench.notices_port,
        admins_of=admins_of,
    )
    async with Worker(bench.client, task_queue=bench.queue, workflows=[Digest], activities=digesting.all):
        for number in range(2):
            order, id_ = DigestOrder("UTC"), f"digest-{bench.queue}-{number}"
            assert await bench.client.execute_workflow(Digest.run, order, id=id_, task_queue=bench.queue) == 3
    told = await bench.notices_port.latest(view.person, limit=10)
    assert [(item.kind, item.values["cost"]) for item in told] == [("digest", "$12.50")]
    told = await bench.notices_port.latest(Person(workspace, f"{user}-boss"), limit=10)
    assert sorted(item.kind for item in told) == ["digest", "team_digest"]
    await channels.put(workspace, None)
    assert await channels.get(workspace) is None


async def test_the_schedule_is_on_mondays_at_nine_there_and_goes_when_it_is_switched_off(idle_bench: Bench) -> None:
    client = idle_bench.client
    for zone in ("UTC", "Asia/Tokyo"):
        await schedule_digest(client, zone, task_queue=idle_bench.queue)
    handle = client.get_schedule_handle(DIGEST_ID)
    (first, second, *_) = (await handle.describe()).info.next_action_times
    assert (first.astimezone(timezone.utc).weekday(), first.astimezone(timezone.utc).hour) == (0, 0)
    assert second - first == timedelta(days=7)
    for _ in range(2):
        await schedule_digest(client, "")
    with pytest.raises(RPCError):
        await handle.describe()
