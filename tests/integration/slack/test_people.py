"""Who somebody is: asked once for all gateways, refused by kind, and with the same roles in every process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from clouddesk.admins import Admins
from clouddesk.model.actor import ADMIN
from clouddesk.sandbox.slack.server import SlackServer
from connectors.slack.messenger import Messenger, open_client
from connectors.slack.people import BOT, DEACTIVATED, FOREIGN, GUEST, People
from tests.integration.slack.conftest import until

pytestmark = pytest.mark.integration

GROUP = "S0CLOUDADMINS"


@pytest.fixture
async def messenger(slack: SlackServer, redis: Redis) -> AsyncIterator[Messenger]:
    async with open_client(slack.app.bot_token, slack.api_url) as client:
        yield Messenger(client, redis, prefix="test")


def people(slack: SlackServer, redis: Redis, messenger: Messenger, *listed: str, group: str = "") -> People:
    team = slack.workspace.team_id
    return People(messenger, redis, Admins(redis, listed), workspace_id=team, group=group, prefix="test")


def asked(slack: SlackServer, method: str) -> int:
    return sum(call.method == method for call in slack.calls)


async def test_slack_is_asked_once_for_all_gateways(slack: SlackServer, redis: Redis, messenger: Messenger) -> None:
    chitra = slack.workspace.user("chitra").id
    for gateway in (people(slack, redis, messenger), people(slack, redis, messenger)):
        known = await gateway.get(chitra)
        assert (known.timezone, known.locale, known.refused) == ("Asia/Kolkata", "en-GB", None)
    assert asked(slack, "users.info") == 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ann", None),
        ("ben", None),
        ("gus", GUEST),
        ("single", GUEST),
        ("dora", DEACTIVATED),
        ("fay", FOREIGN),
        ("otherbot", BOT),
        ("slackbot", BOT),
    ],
)
async def test_only_members_of_the_workspace_may_speak_to_us(
    slack: SlackServer, redis: Redis, messenger: Messenger, name: str, why: str | None
) -> None:
    assert (await people(slack, redis, messenger).get(slack.workspace.user(name).id)).refused == why


async def test_somebody_whom_slack_does_not_know_is_a_stranger(
    slack: SlackServer, redis: Redis, messenger: Messenger
) -> None:
    assert (await people(slack, redis, messenger).get("U0NOBODY")).refused == FOREIGN


async def test_admins_are_those_of_the_settings_and_those_of_the_group_for_every_process(
    slack: SlackServer, redis: Redis, messenger: Messenger
) -> None:
    team, ann, ben = slack.workspace.team_id, *(slack.workspace.user(name).id for name in ("ann", "ben"))
    gateway = people(slack, redis, messenger, f"{team}/{ben}", group=GROUP)
    elsewhere = Admins(redis, [f"{team}/{ben}"])
    async with keeping(gateway):
        await until_admins(elsewhere, team, ann, ben)
    roles = {}
    for name in ("ann", "ben", "chitra"):
        known = await gateway.get(slack.workspace.user(name).id)
        roles[name] = (await gateway.actor(known)).roles
        assert (await elsewhere.actor(known.person)).roles == roles[name]
    assert {name: ADMIN in found for name, found in roles.items()} == {"ann": True, "ben": True, "chitra": False}


async def test_the_group_is_looked_up_again_though_nobody_speaks(
    slack: SlackServer, redis: Redis, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.slack.people.ADMINS_SECONDS", 0.05)
    team, admins = slack.workspace.team_id, Admins(redis, [])
    async with keeping(people(slack, redis, messenger, group=GROUP)):
        await until_admins(admins, team, slack.workspace.user("ann").id)
        slack.workspace.groups[GROUP] = [slack.workspace.user("ben").id]
        await until_admins(admins, team, slack.workspace.user("ben").id)


async def test_a_group_that_is_gone_leaves_its_last_members_and_refuses_nobody(
    slack: SlackServer, redis: Redis, messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.slack.people.ADMINS_SECONDS", 0.05)
    gateway = people(slack, redis, messenger, group=GROUP)
    ann = await gateway.get(slack.workspace.user("ann").id)
    with capture_logs() as logs:
        async with keeping(gateway):
            await until_admins(Admins(redis, []), slack.workspace.team_id, ann.person.user_id)
            before = asked(slack, "usergroups.users.list")
            del slack.workspace.groups[GROUP]
            await until(lambda: asked(slack, "usergroups.users.list") >= before + 3)
    assert ADMIN in (await gateway.actor(ann)).roles
    (told,) = [entry for entry in logs if entry["event"] == "slack.admins_unknown"]
    assert (told["error"], told["group"]) == ("no_such_subteam", GROUP)
    assert "slack_admin_group" in told["hint"]


@asynccontextmanager
async def keeping(gateway: People) -> AsyncIterator[None]:
    """The gateway looks the group up, as it does beside its work."""
    task = asyncio.create_task(gateway.keep_admins())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_admins(admins: Admins, team: str, *user_ids: str) -> None:
    """Wait until these are the admins for every process."""
    found: list[str] = []
    for _ in range(500):
        found = await admins.of_workspace(team)
        if found == sorted(user_ids):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the admins are {found}")
