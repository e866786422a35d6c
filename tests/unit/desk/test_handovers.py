"""Offers of a machine to another owner: how long they stand, how they are made again, and how they are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clouddesk.model import audit, notice
from clouddesk.model.actor import ADMIN, DEACTIVATED, MEMBER, Actor
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.handover import STANDS_FOR, HandoverIsOver, NotOffered, offer_ends, offered_to
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.share import MANAGE, Share
from clouddesk.model.timer import EVERY_DAY, STOP, Weekly
from clouddesk.timers import Switch
from tests.conversation.memory import MemoryDesk

ANN, BEN, CID = (Actor("local", name) for name in ("ann", "ben", "cid"))
ROOT = Actor("local", "root", roles=(ADMIN, MEMBER))
TEN_DAYS = 864_000


@pytest.fixture
async def world() -> MemoryDesk:
    made = MemoryDesk()
    for actor in (ANN, BEN, CID, ROOT):
        await made.accounts.welcome(actor.person)
    return made


async def running(world: MemoryDesk, seconds: int = TEN_DAYS) -> Reservation:
    quote = await world.desk.quote(ANN, ResourceRequest(duration_seconds=seconds, name="etl"))
    made = await world.desk.reserve(ANN, quote.id, conversation="c")
    world.engine.finish_provisioning(made.id)
    return world.views.items[made.id]


def told(world: MemoryDesk, kind: str) -> list[str]:
    return [item.user_id for item in world.notices.sent if item.kind == kind]


def offers(world: MemoryDesk) -> list[tuple[str, str, str]]:
    """What the trail says of them: by whom, to whom, and what."""
    found = [entry for entry in world.engine.written if entry.action == audit.OFFERED]
    return [(entry.by, entry.facts["person"], entry.facts["what"]) for entry in found]


async def test_an_offer_stands_for_three_days_and_says_so(world: MemoryDesk) -> None:
    item = await running(world)
    offered = await world.desk.handovers.offer(ANN, item.id, "ben")
    ends = world.clock() + timedelta(days=3)
    assert offer_ends(offered) == offer_ends(world.views.items[item.id]) == ends
    (asked,) = (one for one in world.notices.sent if one.kind == notice.HANDOVER)
    assert asked.values["stands"] == ends.isoformat()
    world.clock.forward(hours=72)
    for answer in (world.desk.handovers.accept, world.desk.handovers.decline):
        with pytest.raises(HandoverIsOver) as refused:
            await answer(BEN, item.id)
        assert (refused.value.name, refused.value.owner) == (item.name, "ann")
    assert world.views.items[item.id].owner == "ann"


async def test_an_offer_never_outlives_the_lease(world: MemoryDesk) -> None:
    item = await running(world, seconds=7200)
    offered = await world.desk.handovers.offer(ANN, item.id, "ben")
    assert offer_ends(offered) == item.expires_at
    await world.desk.leases.extend(ANN, item.id, 3600, request_id="one")
    assert offer_ends(world.views.items[item.id]) == item.expires_at + timedelta(hours=1)


async def test_an_offer_of_a_version_that_kept_no_time_stands_as_long_as_its_lease(world: MemoryDesk) -> None:
    item = await running(world)
    world.views.items[item.id] = old = replace(item, offered_to="ben")
    world.clock.forward(hours=100)
    assert offered_to(old, world.clock()) == "ben"
    assert (await world.desk.handovers.accept(BEN, item.id)).owner == "ben"


async def test_the_same_offer_once_more_begins_anew_also_after_its_end(world: MemoryDesk) -> None:
    item = await running(world)
    for hours in (48, 48, 73):
        await world.desk.handovers.offer(ANN, item.id, "ben")
        world.clock.forward(hours=hours)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    assert (await world.desk.handovers.accept(BEN, item.id)).owner == "ben"
    assert told(world, notice.HANDOVER) == ["ben"] * 4
    assert len({one.id for one in world.notices.sent}) == len(world.notices.sent), "each is delivered"
    assert told(world, notice.HANDOVER_WITHDRAWN) == []


async def test_what_is_taken_back_cannot_be_accepted_and_the_trail_tells_it_from_a_no(world: MemoryDesk) -> None:
    item = await running(world)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    await world.desk.handovers.withdraw(ANN, item.id)
    assert told(world, notice.HANDOVER_WITHDRAWN) == ["ben"]
    with pytest.raises(NotFound):
        await world.desk.handovers.accept(BEN, item.id)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    await world.desk.handovers.decline(BEN, item.id)
    assert told(world, notice.HANDOVER_DECLINED) == ["ann"]
    asked = ("ann", "ben", "offered")
    assert offers(world) == [asked, ("ann", "ben", "withdrawn"), asked, ("ben", "ben", "declined")]


async def test_there_is_nothing_to_take_back_without_an_offer_after_its_end_and_once_it_is_accepted(
    world: MemoryDesk,
) -> None:
    item = await running(world)
    with pytest.raises(NotOffered):
        await world.desk.handovers.withdraw(ANN, item.id)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    world.clock.forward(hours=72)
    with pytest.raises(NotOffered):
        await world.desk.handovers.withdraw(ANN, item.id)
    assert told(world, notice.HANDOVER_WITHDRAWN) == []


async def test_who_was_a_moment_too_late_does_not_hear_that_it_was_taken_back(
    world: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await running(world)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    offer = world.engine.offer_handover

    async def after_the_yes(*args: str, **more: str) -> None:
        await world.engine.hand_over(item.id, "ben", "etl", by="ben")
        await offer(*args, **more)

    monkeypatch.setattr(world.engine, "offer_handover", after_the_yes)
    with pytest.raises(NotOffered):
        await world.desk.handovers.withdraw(ANN, item.id)
    assert world.views.items[item.id].owner == "ben"


async def test_an_admin_takes_an_offer_back_and_its_owner_hears_of_it(world: MemoryDesk) -> None:
    item = await running(world)
    await world.desk.shares.share(ANN, item.id, Share("cid", MANAGE), request_id="one")
    await world.desk.handovers.offer(ANN, item.id, "ben")
    with pytest.raises(Denied):
        await world.desk.handovers.withdraw(CID, item.id)
    await world.desk.handovers.withdraw(ROOT, item.id)
    assert told(world, notice.HANDOVER_WITHDRAWN) == ["ben", "ann"]
    of_ann = world.notices.sent[-1]
    assert (of_ann.values["by"], of_ann.values["person"]) == ("root", "ben")


async def test_of_somebody_who_has_left_only_whom_it_was_offered_to_hears_of_it(world: MemoryDesk) -> None:
    item = await running(world)
    world.colleagues.refused["ann"] = DEACTIVATED
    await world.desk.handovers.offer(ROOT, item.id, "ben")
    await world.desk.handovers.withdraw(ROOT, item.id)
    assert told(world, notice.HANDOVER_WITHDRAWN) == ["ben"]


async def test_who_is_not_asked_any_more_is_told_when_somebody_else_is_or_an_admin_takes_it(world: MemoryDesk) -> None:
    item = await running(world)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    await world.desk.handovers.offer(ANN, item.id, "cid")
    assert (told(world, notice.HANDOVER_WITHDRAWN), told(world, notice.HANDOVER)) == (["ben"], ["ben", "cid"])
    assert offers(world)[1:] == [("ann", "ben", "withdrawn"), ("ann", "cid", "offered")]
    world.colleagues.refused["ann"] = DEACTIVATED
    await world.desk.handovers.take_over(ROOT, item.id)
    assert told(world, notice.HANDOVER_WITHDRAWN) == ["ben", "cid"]


async def test_of_an_offer_that_was_over_nobody_is_told_that_it_is_taken_back(world: MemoryDesk) -> None:
    item = await running(world)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    world.clock.forward(hours=STANDS_FOR.total_seconds() / 3600)
    await world.desk.handovers.offer(ANN, item.id, "cid")
    assert told(world, notice.HANDOVER_WITHDRAWN) == []


async def test_what_one_is_asked_to_take_over_is_found_however_long_ago_that_was_told(world: MemoryDesk) -> None:
    item = await running(world)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    assert [one.id for one in await world.desk.handovers.offered(BEN)] == [item.id]
    assert await world.desk.handovers.offered(Actor("other", "ben")) == []
    await world.desk.handovers.accept(BEN, item.id)
    assert await world.desk.handovers.offered(BEN) == []


async def test_times_by_the_clock_are_left_as_they_were_set(world: MemoryDesk) -> None:
    """They count as the new owner's when they ring: nothing is to be written, and so nothing to be lost, in between."""
    item = await running(world)
    nightly = Switch(STOP, Weekly(EVERY_DAY, 19))
    await world.desk.timers.schedule(ANN, item.id, [nightly], conversation="c")
    before = dict(world.timers.items)
    await world.desk.handovers.offer(ANN, item.id, "ben")
    await world.desk.handovers.accept(BEN, item.id)
    assert world.timers.items == before
    (timer,) = await world.desk.timers.schedule(BEN, item.id, [nightly], conversation="c")
    assert (timer.by, timer.owners_before) == ("ben", 1)
    reminder = await world.desk.timers.remind(BEN, reservation_id=item.id, before_end_seconds=60, conversation="c")
    assert reminder.owners_before == 1
