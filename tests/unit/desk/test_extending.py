"""How long a reservation can be kept: as its workflow counts, from when its machines ran."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.model.actor import Actor
from clouddesk.model.errors import LimitExceeded
from tests.builders import NOW, a_reservation
from tests.conversation.memory import MemoryDesk

ANN = Actor("local", "ann")
BOOT = timedelta(minutes=15)
DAY = 86400


@pytest.fixture
def world() -> MemoryDesk:
    return MemoryDesk()


def keep(world: MemoryDesk, lease: timedelta) -> str:
    """A reservation of this length, whose machines came up late; its id."""
    most = timedelta(seconds=world.desk.limits.max_lease_seconds)
    view = a_reservation(created_at=NOW, expires_at=NOW + BOOT + lease, longest_end=NOW + BOOT + most)
    world.views.items[view.id] = view
    return view.id


async def test_the_time_that_machines_took_to_come_up_is_no_part_of_the_lease(world: MemoryDesk) -> None:
    most = world.desk.limits.max_lease_seconds
    id_ = keep(world, timedelta(days=2))
    assert await world.desk.leases.extension_price_usd(ANN, id_, most - 2 * DAY) > 0
    with pytest.raises(LimitExceeded):
        await world.desk.leases.extension_price_usd(ANN, id_, most - DAY)


async def test_what_is_left_is_said_in_hours_when_it_is_less_than_two_days(world: MemoryDesk) -> None:
    id_ = keep(world, timedelta(seconds=world.desk.limits.max_lease_seconds) - timedelta(hours=20))
    with pytest.raises(LimitExceeded) as refusal:
        await world.desk.leases.extension_price_usd(ANN, id_, 2 * DAY)
    assert (refusal.value.what, refusal.value.asked, refusal.value.limit) == ("hours", 48, 20)
