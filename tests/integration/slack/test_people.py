"""Who somebody is: asked once for all gateways, refused by kind, and with the same roles in every process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from clouddesk.admins import Admins
from clouddesk.model.actor import ADMIN
from clouddesk.sandbox.slack.server import SlackServer
from connectors.slack.messenger import Messenger, open_client
from connectors.slack.people import BOT, DEACTIVATED, FOREIGN, GUEST, People

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
    team, ben = slack.workspace.team_id, slack.workspace.user("ben").id
    gateway = people(slack, redis, messenger, f"{team}/{ben}", group=GROUP)
    roles = {}
    for name in ("ann", "ben", "chitra"):
        roles[name] = (await gateway.actor(await gateway.get(slack.workspace.user(name).id))).roles
    assert {name: ADMIN in found for name, found in roles.items()} == {"ann": True, "ben": True, "chitra": False}
    assert asked(slack, "usergroups.users.list") == 1
    elsewhere = Admins(redis, [f"{team}/{ben}"])
    assert await elsewhere.of_workspace(team) == sorted([ben, slack.workspace.user("ann").id])
    for name, found in roles.items():
        person = (await gateway.get(slack.workspace.user(name).id)).person
        assert (await elsewhere.actor(person)).roles == found


async def test_who_leaves_the_group_is_an_admin_no_longer(
    slack: SlackServer, redis: Redis, messenger: Messenger
) -> None:
    gateway = people(slack, redis, messenger, group=GROUP)
    ann = await gateway.get(slack.workspace.user("ann").id)
    assert ADMIN in (await gateway.actor(ann)).roles
    slack.workspace.groups[GROUP] = []
    await redis.delete(*await redis.keys("*admins-fresh*"))
    assert ADMIN not in (await gateway.actor(ann)).roles
