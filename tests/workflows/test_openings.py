"""What machines that run let in: the cloud is told first, then it is shown; what the cloud refuses stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clouddesk.model.errors import (
    CredentialsRejected,
    NoFirewall,
    ProviderDown,
    PutBack,
    RateLimited,
    RequestRejected,
    Undecided,
    Unsure,
    WrongState,
)
from clouddesk.model.node import SSH, Opening
from clouddesk.model.scaling import Scale
from clouddesk.workflows import openings
from tests.workflows.conftest import Bench

MINE, YOURS = Opening(8080, 8080, "203.0.113.7/32"), Opening(443, 443, "198.51.100.0/24")


async def test_it_is_changed_in_the_cloud_shown_and_kept_for_machines_that_come(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH, MINE)
    await bench.until(order, lambda view: view.openings == (MINE,))
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.count("let_in") == 1, "the same twice is once"
    count = len(order.nodes.nodes)
    await bench.engine.scale(order.reservation_id, Scale(count + 1, count, "node", 1.0, 1.0), "grow", by="ann")
    await bench.notice("scaled")
    assert bench.cloud.ordered[-1].openings == (SSH, MINE)
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.let_in(order.reservation_id, (), before=(MINE,), by="ann")
    assert bench.cloud.openings == (SSH,)
    entries = [item for item in await bench.engine.trail(order.reservation_id) if item.action == "opened"]
    assert [(item.by, item.facts) for item in entries] == [
        ("ann", {"openings": "8080-8080:203.0.113.7/32"}),
        ("ann", {}),
    ]


async def test_what_goes_by_other_openings_than_there_are_or_comes_too_late_is_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    with pytest.raises(WrongState):
        await bench.engine.let_in(order.reservation_id, (YOURS,), before=(), by="ann")
    await bench.engine.release(order.reservation_id)
    with pytest.raises(WrongState):
        await bench.engine.let_in(order.reservation_id, (YOURS,), before=(MINE,), by="ann")
    await bench.ended(order)
    assert bench.cloud.openings == (SSH, MINE)


async def test_what_the_cloud_refuses_is_told_and_stays_as_it_was(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.faults["let_in"] = [CredentialsRejected("fake")]
    with pytest.raises(CredentialsRejected):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert (await bench.engine.get(order.reservation_id)).openings == ()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH, MINE)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change is tried for a second, and whoever asked for it waits for its outcome."""
    monkeypatch.setattr(openings, "TIME_LIMIT", timedelta(seconds=1))
    monkeypatch.setattr(openings, "ANSWERED_WITHIN", timedelta(seconds=30))


async def test_a_change_whose_answer_is_lost_is_put_back_and_said_so(bench: Bench, brief: None):
    order = await bench.reserve_and_wait()
    await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    # Too long to be waited for, so there is no second attempt.
    bench.cloud.lost = [RateLimited("fake", retry_after_seconds=30.0)]
    with pytest.raises(PutBack):
        await bench.engine.let_in(order.reservation_id, (MINE, YOURS), before=(MINE,), by="ann")
    assert bench.cloud.openings == (SSH, MINE)
    view = await bench.engine.get(order.reservation_id)
    assert (view.openings, view.unsure_openings) == ((MINE,), ())
    entries = [item for item in await bench.engine.trail(order.reservation_id) if item.action == "opened"]
    assert entries[-1].facts == {"openings": "8080-8080:203.0.113.7/32", "is_put_back": "true"}


async def test_what_cannot_be_put_back_is_shown_as_unsure_until_it_is(bench: Bench, brief: None):
    order = await bench.reserve_and_wait()
    bench.cloud.lost = [ProviderDown("fake")]
    bench.cloud.broken["let_in"] = ProviderDown("fake")
    bench.cloud.faults["let_in"] = [None]  # only the first attempt gets through, and its answer is lost
    with pytest.raises(Unsure):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH, MINE)
    await bench.until(order, lambda view: (view.openings, view.unsure_openings) == ((), (MINE,)))
    assert (await bench.notice("openings_unsure")).values["which"] == "port 8080 to 203.0.113.7/32"
    del bench.cloud.broken["let_in"]
    await bench.until(order, lambda view: not view.unsure_openings)
    assert bench.cloud.openings == (SSH,)
    assert (await bench.notice("openings_mended")).values["openings"] == "nothing"


async def test_a_new_wish_settles_what_is_unsure(bench: Bench, brief: None):
    bench.use_timing(first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0)
    order = await bench.reserve_and_wait()
    bench.cloud.lost = [ProviderDown("fake")]
    bench.cloud.broken["let_in"] = ProviderDown("fake")
    bench.cloud.faults["let_in"] = [None]
    with pytest.raises(Unsure):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    del bench.cloud.broken["let_in"]
    await bench.engine.let_in(order.reservation_id, (), before=(), by="ann")
    assert bench.cloud.openings == (SSH,), "the same as is believed is told to the cloud all the same"
    assert (await bench.engine.get(order.reservation_id)).unsure_openings == ()


async def test_a_cloud_that_is_down_before_anything_was_sent_leaves_no_doubt(bench: Bench, brief: None):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["get_nodes"] = ProviderDown("fake")
    with pytest.raises(ProviderDown):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.count("let_in") == 0
    assert (await bench.engine.get(order.reservation_id)).unsure_openings == ()


async def test_a_refusal_in_the_middle_is_put_back_and_one_before_it_needs_nothing(bench: Bench, brief: None):
    order = await bench.reserve_and_wait()
    bench.cloud.lost = [RequestRejected("fake")]
    with pytest.raises(RequestRejected):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.openings == (SSH,)
    asked = bench.cloud.count("let_in")
    bench.cloud.refused_refs = {order.credential_ref}
    with pytest.raises(CredentialsRejected):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert bench.cloud.count("let_in") == asked
    bench.cloud.refused_refs = set()
    bench.cloud.broken["let_in"] = NoFirewall("fake")
    with pytest.raises(NoFirewall):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert (await bench.engine.get(order.reservation_id)).unsure_openings == ()


async def test_an_outcome_that_nobody_waits_for_any_more_comes_as_a_notice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(openings, "TIME_LIMIT", timedelta(seconds=4))
    monkeypatch.setattr(openings, "ANSWERED_WITHIN", timedelta(seconds=1))
    order = await bench.reserve_and_wait()
    bench.engine._patience_seconds = 2.0
    bench.cloud.lost = [ProviderDown("fake")] * 100
    with pytest.raises(Undecided):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    await bench.notice("openings_unsure")
    bench.cloud.lost = []
    await bench.notice("openings_mended")
    assert bench.cloud.openings == (SSH,)
    bench.cloud.broken["get_nodes"] = ProviderDown("fake")
    with pytest.raises(Undecided):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    assert (await bench.notice("not_opened")).values["openings"] == "nothing"


async def test_machines_whose_openings_are_unsure_are_given_back_as_all_are(bench: Bench, brief: None):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["let_in"] = ProviderDown("fake")
    with pytest.raises(Unsure):
        await bench.engine.let_in(order.reservation_id, (MINE,), before=(), by="ann")
    await bench.engine.release(order.reservation_id)
    assert (await bench.ended(order)).unsure_openings == ()
