"""Whoever it is shared with is let in by all of its machines, and by none any more when that is over."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.cost_lines import accounts as cost_accounts
from clouddesk.adapters.cost_lines import entry
from clouddesk.model import audit, notice
from clouddesk.model.actor import Person
from clouddesk.model.configuration import UNREACHABLE
from clouddesk.model.costs import CostAccount
from clouddesk.model.errors import WrongState
from clouddesk.model.order import ReservationOrder
from clouddesk.model.scaling import Scale
from clouddesk.model.share import MANAGE, USE, Share
from tests.workflows.conftest import Bench
from tests.workflows.machines import SOFTWARE, broken


def colleague(bench: Bench, name: str = "ben", keys: int = 1) -> Person:
    person = Person(bench.person.workspace_id, f"{bench.person.user_id}-{name}")
    for number in range(keys):
        bench.ssh_keys.give(person.user_id, f"laptop-{number}")
    return person


async def reserve(bench: Bench, **changes) -> ReservationOrder:
    return await bench.reserve_and_wait(configuration=SOFTWARE, **changes)


async def share(bench: Bench, order: ReservationOrder, person: Person, until: datetime | None = None) -> None:
    wish = f"share-{person.user_id}-{uuid.uuid4()}"
    await bench.engine.share(order.reservation_id, Share(person.user_id, USE, until), wish, by=bench.person.user_id)


async def unshare(bench: Bench, order: ReservationOrder, person: Person) -> None:
    wish = f"unshare-{person.user_id}-{uuid.uuid4()}"
    await bench.engine.unshare(order.reservation_id, person.user_id, wish, by=bench.person.user_id)


async def until(bench: Bench, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        await bench.pause()
    raise AssertionError(f"there are {bench.logins.people}")


async def test_a_colleague_is_let_in_by_all_machines_and_told_how_and_is_not_any_more_afterwards(bench: Bench):
    ben, cid, order = colleague(bench, keys=2), colleague(bench, "cid"), await reserve(bench)
    await share(bench, order, ben)
    await share(bench, order, cid)
    both = {ben.user_id: 2, cid.user_id: 1}
    await until(bench, lambda: bench.logins.people == {"node-0": both, "node-1": both})
    told = await bench.notice(notice.LET_IN, person=ben)
    assert (told.conversation, told.values["behind"]) == ("", "")
    assert "• node-0: `ssh " in told.values["logins"]
    assert told.values["doors"] == "Page: http://127.0.0.1:8080/lab?token={password}", "the secret is nowhere but shown"
    view = await bench.until(order, lambda view: len(view.let_in) == 2)
    assert view.let_in == (ben.user_id, cid.user_id)

    await unshare(bench, order, ben)
    left = {cid.user_id: 1}
    await until(bench, lambda: bench.logins.people == {"node-0": left, "node-1": left})
    # What ben knows is worth nothing any more, and the others are told where it is now.
    for person in (bench.person, cid):
        told = await bench.notice(notice.RELINKED, person=person)
        assert (told.values["person"], told.conversation) == (ben.user_id, "")
        assert told.values["doors"].endswith("{password}")
    assert [item.values["password"][0] for item in bench.configuration.secrets] == ["x", "y"]
    kinds = [item.kind for item in await bench.notices(ben)]
    assert kinds == [notice.SHARED, notice.LET_IN, notice.UNSHARED]
    trail = [item.action for item in await bench.engine.trail(order.reservation_id)]
    assert trail.count(audit.LOGINS) >= 2
    assert trail[-1] == audit.RELINKED


async def test_it_ends_by_itself_for_the_keys_too(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    await share(bench, order, ben, datetime.now(timezone.utc) + timedelta(seconds=2))
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    await until(bench, lambda: bench.logins.people == {"node-0": {}})
    await bench.notice(notice.RELINKED)


async def test_who_has_no_key_is_told_and_let_in_when_they_give_one(bench: Bench):
    ben, order = colleague(bench, keys=0), await reserve(bench, nodes=1)
    await share(bench, order, ben)
    await bench.notice(notice.KEYLESS, person=ben)
    assert (await bench.engine.get(order.reservation_id)).let_in == ()
    for count in (1, 2):
        bench.ssh_keys.give(ben.user_id, f"key-{count}")
        await bench.engine.keys_changed(order.reservation_id)
        await until(bench, lambda count=count: bench.logins.people == {"node-0": {ben.user_id: count}})
    bench.ssh_keys.keys[ben.user_id] = []
    await bench.engine.keys_changed(order.reservation_id)
    await until(bench, lambda: bench.logins.people == {"node-0": {}})
    kinds = [item.kind for item in await bench.notices(ben)]
    assert kinds == [notice.SHARED, notice.KEYLESS, notice.LET_IN]


async def test_bare_machines_that_are_real_are_reached_as_well_and_simulated_ones_are_not(bench: Bench):
    ben = colleague(bench)
    simulated = await bench.reserve_and_wait(nodes=1)
    assert not (await bench.engine.get(simulated.reservation_id)).is_reached
    bench.cloud.nodes.clear()
    order = await bench.reserve_and_wait(nodes=1, is_simulated=False, software=None)
    assert (await bench.engine.get(order.reservation_id)).is_reached
    bot = await bench.machine_secrets.bot_key(order.reservation_id)
    assert bot.public_key in bench.cloud.public_keys[-1]
    await share(bench, order, ben)
    assert (await bench.notice(notice.SHARED, person=ben)).values["keys"] == "coming"
    await bench.notice(notice.LET_IN, person=ben)
    assert bench.logins.people == {"node-0": {ben.user_id: 1}}
    await unshare(bench, order, ben)
    await until(bench, lambda: bench.logins.people == {"node-0": {}})


async def test_a_key_that_comes_while_keys_are_put_there_is_put_there_as_well(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    bench.logins.may_go_on.clear()
    await share(bench, order, ben)
    await until(bench, lambda: len(bench.logins.orders) == 1)
    bench.ssh_keys.give(ben.user_id, "late")
    await bench.engine.keys_changed(order.reservation_id)
    bench.logins.may_go_on.set()
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 2}})


async def test_machines_that_come_later_let_them_in_too(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    await share(bench, order, ben)
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    grown = Scale(2, 1, "node", hourly_price_usd=1.0, stopped_hourly_price_usd=1.0)
    await bench.engine.scale(order.reservation_id, grown, "grow")
    await until(bench, lambda: bench.logins.people == {key: {ben.user_id: 1} for key in ("node-0", "node-1")})


async def test_a_machine_that_does_not_answer_is_tried_again_and_the_owner_is_told_which(bench: Bench):
    ben, order = colleague(bench), await reserve(bench)
    await share(bench, order, ben)
    await until(bench, lambda: len(bench.logins.people) == 2)
    bench.logins.silent = {"node-1"}
    await unshare(bench, order, ben)
    told = await bench.notice(notice.NOT_LET_IN)
    assert told.values["which"] == "node-1"
    assert bench.logins.people == {"node-0": {}, "node-1": {ben.user_id: 1}}
    tries = len(bench.logins.orders)
    await until(bench, lambda: len(bench.logins.orders) > tries + 1)
    bench.logins.silent = set()
    await bench.notice(notice.LOGINS_MENDED)
    assert bench.logins.people == {"node-0": {}, "node-1": {}}
    await bench.notice(notice.RELINKED)
    assert (await bench.kinds()).count(notice.NOT_LET_IN) == 1, "told once, however often it was tried"


async def test_what_ends_while_it_is_off_is_seen_to_when_it_is_started(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    await share(bench, order, ben)
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    await unshare(bench, order, ben)
    orders = len(bench.logins.orders)
    await bench.engine.start_nodes(order.reservation_id)
    await until(bench, lambda: bench.logins.people == {"node-0": {}})
    assert len(bench.logins.orders) == orders + 1, "nothing was tried while it was off"


async def test_a_link_whose_secret_cannot_be_changed_yet_is_told_and_changed_when_it_can(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    await share(bench, order, ben)
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    bench.configuration.faults = [broken(UNREACHABLE)] * 3
    await unshare(bench, order, ben)
    assert (await bench.notice(notice.LINK_LATE)).values["step"] == "starting Redis"
    await bench.notice(notice.RELINKED)
    assert bench.configuration.secrets[-1].values == {"password": "y" * 32}, "made anew once"


async def test_a_stop_and_a_release_do_not_wait_for_keys(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    bench.logins.may_go_on.clear()
    await share(bench, order, ben)
    await until(bench, lambda: len(bench.logins.orders) == 1)
    await bench.engine.stop(order.reservation_id)
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.start_nodes(order.reservation_id)
    await until(bench, lambda: len(bench.logins.orders) == 2)
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)


async def test_machines_that_clouddesk_does_not_log_in_to_get_no_key_and_that_is_said(bench: Bench):
    ben, order = colleague(bench), await bench.reserve_and_wait()
    await share(bench, order, ben)
    assert (await bench.notice(notice.SHARED, person=ben)).values["keys"] == "simulated"
    await unshare(bench, order, ben)
    await bench.notice(notice.UNSHARED, person=ben)
    await asyncio.sleep(0.2)
    assert bench.logins.orders == []


async def test_logins_outlive_a_long_history(bench: Bench):
    ben = colleague(bench)
    bench.use_timing(history_events=60)
    order = await reserve(bench, nodes=1)
    await bench.engine.share(order.reservation_id, Share(ben.user_id, MANAGE), "one")
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    first, number = (await bench.handle(order).describe()).run_id, 0
    while (await bench.handle(order).describe()).run_id == first:
        number += 1
        await bench.engine.extend(order.reservation_id, 1, f"more-{number}")
    await unshare(bench, order, ben)
    await until(bench, lambda: bench.logins.people == {"node-0": {}})
    assert len(bench.logins.orders) == 2, "put there once and taken off once"


async def test_handed_over_its_new_owner_is_let_in_and_the_old_one_is_not_any_more(bench: Bench):
    ben, order = colleague(bench), bench.order(nodes=1, configuration=SOFTWARE)
    key = f"ssh-ed25519 AAAA{bench.person.user_id} desk"
    order = replace(order, nodes=replace(order.nodes, public_keys=(key,)))
    await bench.engine.start(order)
    before = await bench.until(order, lambda view: view.state == "running")
    assert before.has_owner_keys
    with pytest.raises(WrongState):
        await bench.engine.hand_over(order.reservation_id, ben.user_id, "etl", by=ben.user_id)
    await bench.engine.offer_handover(order.reservation_id, ben.user_id, by=bench.person.user_id)
    await bench.notice(notice.HANDOVER, person=ben)
    await bench.engine.hand_over(order.reservation_id, ben.user_id, "etl", by=ben.user_id)
    await until(bench, lambda: bench.logins.people == {"node-0": {ben.user_id: 1}})
    assert bench.logins.barred["node-0"] == (key.split()[1],)
    view = await bench.until(order, lambda view: view.let_in == (ben.user_id,))
    assert (view.owner, view.name, view.has_owner_keys) == (ben.user_id, "etl", False)
    assert (view.account_owner, [item.owner for item in view.earlier_owners]) == (before.owner, [before.owner])
    for person in (bench.person, ben):
        await bench.notice(notice.HANDED_OVER, person=person)
    assert (await bench.notice(notice.RELINKED, person=ben)).values["person"] == before.owner
    # Lists and names are each owner's own; what it cost before stays with whose it was then.
    assert [item.id for item in await bench.views.of_person(ben, only_live=True)] == [order.reservation_id]
    assert await bench.views.of_person(bench.person) == []
    assert [item.id for item in await bench.views.in_account_of(bench.person)] == [order.reservation_id]
    accounts = cost_accounts(json.dumps([json.loads(entry(view).text)]))
    assert [(item.owner, item.is_live) for item in accounts] == [(before.owner, False), (ben.user_id, True)]
    later = view.earlier_owners[0].until.timestamp() + 3600
    assert sum(item.total_at(later)[0] for item in accounts) == pytest.approx(CostAccount.of(view).total_at(later)[0])
    # Machines that come later never know the old owner's keys.
    grown = Scale(2, 1, "node", hourly_price_usd=1.0, stopped_hourly_price_usd=1.0)
    await bench.engine.scale(order.reservation_id, grown, "grow")
    await until(bench, lambda: bench.logins.people == {key: {ben.user_id: 1} for key in ("node-0", "node-1")})
    assert not any(key in keys for keys in bench.cloud.public_keys[1:])
    await bench.engine.release(order.reservation_id, by=ben.user_id)
    await bench.ended(order)
    assert await bench.views.in_account_of(bench.person) == []


async def test_what_a_leaver_left_is_taken_over_unasked_with_the_keys_of_the_new_owner(bench: Bench):
    rita, order = colleague(bench), bench.order(nodes=1, configuration=SOFTWARE)
    key = f"ssh-ed25519 AAAA{bench.person.user_id} desk"
    order = replace(order, nodes=replace(order.nodes, public_keys=(key,)))
    await bench.engine.start(order)
    before = await bench.until(order, lambda view: view.state == "running")
    with pytest.raises(WrongState):
        await bench.engine.hand_over(order.reservation_id, rita.user_id, "etl", by=rita.user_id, left="somebody else")
    await bench.engine.hand_over(order.reservation_id, rita.user_id, "etl", by=rita.user_id, left=before.owner)
    await until(bench, lambda: bench.logins.people == {"node-0": {rita.user_id: 1}})
    assert bench.logins.barred["node-0"] == (key.split()[1],)
    view = await bench.until(order, lambda view: view.let_in == (rita.user_id,))
    assert (view.owner, view.account_owner, view.has_owner_keys) == (rita.user_id, before.owner, False)
    (entry,) = [item for item in await bench.engine.trail(order.reservation_id) if item.action == audit.HANDED_OVER]
    assert (entry.by, entry.facts["before"], entry.facts["has_left"]) == (rita.user_id, before.owner, "yes")


async def test_who_does_not_want_it_leaves_it_as_it_was(bench: Bench):
    ben, order = colleague(bench), await reserve(bench, nodes=1)
    await bench.engine.offer_handover(order.reservation_id, ben.user_id, by=bench.person.user_id)
    await bench.engine.offer_handover(order.reservation_id, "", by=ben.user_id)
    assert (await bench.notice(notice.HANDOVER_DECLINED)).values["person"] == ben.user_id
    with pytest.raises(WrongState):
        await bench.engine.hand_over(order.reservation_id, ben.user_id, "etl", by=ben.user_id)
    assert (await bench.engine.get(order.reservation_id)).owner == bench.person.user_id


async def test_an_offer_is_made_once_more_taken_back_and_made_to_another(bench: Bench):
    ben, cid, order = colleague(bench, "ben"), colleague(bench, "cid"), await reserve(bench, nodes=1)
    id_, owner = order.reservation_id, bench.person.user_id
    ends = []
    for _ in range(2):
        await bench.engine.offer_handover(id_, ben.user_id, by=owner)
        ends.append((await bench.engine.get(id_)).offered_at)
    assert ends[1] > ends[0]
    await bench.engine.offer_handover(id_, cid.user_id, by=owner)
    assert (await bench.notice(notice.HANDOVER_WITHDRAWN, person=ben)).values["by"] == owner
    await bench.engine.offer_handover(id_, "", by=owner)
    await bench.notice(notice.HANDOVER_WITHDRAWN, person=cid)
    assert [item.kind for item in await bench.notices(ben)].count(notice.HANDOVER) == 2
    for person in (ben, cid):
        with pytest.raises(WrongState):
            await bench.engine.hand_over(id_, person.user_id, "etl", by=person.user_id)
    offers = [item.facts for item in await bench.engine.trail(id_) if item.action == audit.OFFERED]
    assert [(item["person"], item["what"]) for item in offers[-2:]] == [
        (cid.user_id, "offered"),
        (cid.user_id, "withdrawn"),
    ]


async def test_what_is_open_to_the_team_is_found_by_it_until_it_is_closed_or_ends(bench: Bench):
    order = await bench.reserve_and_wait()
    team = bench.person.workspace_id

    async def found() -> bool:
        return order.reservation_id in [item.id for item in await bench.views.for_team(team)]

    for is_open in (True, False, True):
        await bench.engine.open_to_team(order.reservation_id, is_open=is_open, by=bench.person.user_id)
        assert await found() is is_open
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert not await found()
