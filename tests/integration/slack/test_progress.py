"""One message tells how far machines are, edited as they come up, and says the end whatever was held up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices, RedisReservationViews
from clouddesk.desk import Desk
from clouddesk.model import node as nodes
from clouddesk.model.actor import Actor
from clouddesk.model.errors import NotFound
from clouddesk.model.node import Node
from clouddesk.model.notice import CREDENTIALS, READY
from clouddesk.model.notice import PARTIAL as IN_PART
from clouddesk.model.reservation import PARTIAL, PROVISIONING, RUNNING, Reservation
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import Message
from connectors.slack import progress
from tests.builders import a_reservation
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.test_notices import notice

pytestmark = pytest.mark.integration


class Views:
    """A Desk whose reservations are the views in Redis, as they are written by whoever looks after them."""

    def __init__(self, redis: Redis) -> None:
        self.views = RedisReservationViews(redis)
        self.seen: list[str] = []
        """The states that whoever follows a reservation has read."""

    async def reservations(self, actor: Actor) -> list[Reservation]:
        return await self.views.of_person(actor.person, only_live=True)

    async def reservation(self, _actor: Actor, reservation_id: str) -> Reservation:
        found = await self.views.get(reservation_id)
        if found is None:
            raise NotFound(reservation_id)
        self.seen.append(found.state)
        return found


@pytest.fixture
def views(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> RedisReservationViews:
    monkeypatch.setattr(progress, "LOOK_SECONDS", 0.05)
    return RedisReservationViews(redis)


def five_machines(slack: SlackServer, **changes: Any) -> Reservation:
    """Ann's, ordered in her direct messages; the notices' helper knows it as number 1."""
    person = slack.workspace.user("ann").id
    given = {"node_count": 5, **changes}
    return a_reservation(
        id="r-1",
        workspace_id=slack.workspace.team_id,
        owner=person,
        state=PROVISIONING,
        conversation=notice(slack, "ann").conversation,
        revision=1,
        **given,
    )


def up(count: int) -> tuple[Node, ...]:
    return tuple(Node(f"i-{i}", f"w-{i}", "worker", nodes.RUNNING, "aws", "eu-1", "t3.small") for i in range(count))


def followed(slack: SlackServer) -> Message:
    """The one message about spark-1's progress."""
    (found,) = [one for one in slack.messages("ann", "dm") if one.text.startswith("*spark-1* ")]
    return found


def says(slack: SlackServer, words: str) -> Callable[[], bool]:
    def look() -> bool:
        return any(one.text == f"*spark-1* {words}" for one in slack.messages("ann", "dm"))

    return look


async def test_the_message_counts_the_machines_that_are_up(
    slack: SlackServer, redis: Redis, views: RedisReservationViews, start: StartGateway
) -> None:
    await start(desk=cast(Desk, Views(redis)))
    item = five_machines(slack)
    await views.put(item)
    slack.say("ann", "dm", "yes")
    await until(says(slack, "is coming up: 0 of 5 machines up"))
    for count in (1, 3):
        await views.put_nodes_up(item.id, count)
        await until(says(slack, f"is coming up: {count} of 5 machines up"))

    await views.put(replace(item, state=RUNNING, nodes=up(5), revision=2))
    await RedisNotices(redis).send(notice(slack, "ann", kind=READY))
    await until(says(slack, "is running"))
    counts = [text.split(": ")[-1] for one in followed(slack).earlier if "machines up" in (text := one["text"])]
    assert counts == [f"{count} of 5 machines up" for count in (0, 1, 3)]


async def test_an_edit_that_slack_held_up_is_not_what_stays(
    slack: SlackServer, redis: Redis, views: RedisReservationViews, start: StartGateway
) -> None:
    await start(desk=cast(Desk, Views(redis)))
    item = five_machines(slack)
    await views.put(item)
    slack.say("ann", "dm", "yes")
    await until(says(slack, "is coming up: 0 of 5 machines up"))
    slack.fault("rate_limit", operation="chat.update", retry_after=1)
    await views.put_nodes_up(item.id, 3)
    await until(lambda: any(call.method == "chat.update" for call in slack.calls))
    await views.put(replace(item, state=RUNNING, nodes=up(5), revision=2))
    await until(says(slack, "is running"))


async def test_what_is_tried_again_is_shown_as_coming_up_at_once(
    slack: SlackServer, redis: Redis, views: RedisReservationViews, start: StartGateway
) -> None:
    desk = Views(redis)
    await start(desk=cast(Desk, desk))
    item = five_machines(slack)
    await views.put(item)
    slack.say("ann", "dm", "yes")
    await until(says(slack, "is coming up: 0 of 5 machines up"))
    await views.put(replace(item, state=PARTIAL, nodes=up(4), revision=2))
    await until(lambda: PARTIAL in desk.seen)
    told = notice(slack, "ann", kind=IN_PART)
    values = told.values | {"up": "4", "missing": "1", "reason": "no_capacity", "can_go_on": "yes"}
    values |= {"choose_by": told.created_at.isoformat(), "up_hourly": "$1"}
    await RedisNotices(redis).send(replace(told, values=values))
    await until(says(slack, "came up only in part"))

    await views.put(replace(item, nodes=up(4), revision=3))
    slack.say("ann", "dm", "try again")
    await until(says(slack, "is coming up: 4 of 5 machines up"))
    followed(slack)


async def test_a_gateway_that_is_started_again_goes_on_following(
    slack: SlackServer, redis: Redis, views: RedisReservationViews, start: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TAKE_UP_SECONDS", 0.05)
    monkeypatch.setattr(progress, "_HELD_SECONDS", 1)
    gateway = await start(desk=cast(Desk, Views(redis)))
    item = five_machines(slack)
    await views.put(item)
    slack.say("ann", "dm", "yes")
    await until(says(slack, "is coming up: 0 of 5 machines up"))
    await gateway.aclose()
    await views.put_nodes_up(item.id, 2)
    await start(desk=cast(Desk, Views(redis)))
    await until(says(slack, "is coming up: 2 of 5 machines up"))


async def test_a_notice_in_the_middle_does_not_end_it(
    slack: SlackServer, redis: Redis, views: RedisReservationViews, start: StartGateway
) -> None:
    await start(desk=cast(Desk, Views(redis)))
    item = five_machines(slack, node_count=1)
    await views.put(item)
    slack.say("ann", "dm", "yes")
    await until(says(slack, "is coming up: 0 of 1 machines up"))
    await RedisNotices(redis).send(notice(slack, "ann", kind=CREDENTIALS))
    await until(lambda: any("spark-1" not in text for text in said(slack, "ann")))
    await views.put(replace(item, state=RUNNING, nodes=up(1), revision=2))
    await until(says(slack, "is running"))
