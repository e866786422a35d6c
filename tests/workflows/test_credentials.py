"""Credentials that are revoked while machines depend on them: new ones are asked for, and nothing is forgotten."""

from __future__ import annotations

from clouddesk.model.errors import CredentialsMissing, CredentialsRejected, ProviderDown
from tests.workflows.conftest import Bench

REFUSED = CredentialsRejected("fake")


def patient(bench: Bench, **changes: float) -> None:
    """Refused credentials are not tried again by themselves within the test."""
    bench.use_timing(first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0, **changes)


async def test_provisioning_goes_on_with_new_credentials(bench: Bench):
    patient(bench, choice_seconds=60.0)
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [REFUSED]
    order = await bench.reserve(nodes=3)
    notice = await bench.notice("credentials")
    assert notice.values["reason"] == "credentials_rejected"
    assert bench.cloud.made == 1
    bench.cloud.create_at_most = None
    await bench.engine.credentials_renewed(order.reservation_id)
    await bench.until(order, lambda view: view.state == "running")
    assert bench.cloud.made == 3
    assert await bench.kinds(at_least=2) == ["credentials", "ready"]


async def test_provisioning_that_nobody_gives_credentials_for_ends(bench: Bench):
    bench.use_timing(choice_seconds=1.0)
    bench.cloud.faults["create_nodes"] = [ProviderDown("fake"), *[REFUSED] * 50]
    order = await bench.reserve()
    view = await bench.ended(order)
    assert view.reason == "credentials_rejected"
    assert not bench.cloud.nodes


async def test_a_teardown_waits_for_new_credentials_and_its_owner_is_asked_for_each(bench: Bench):
    patient(bench, trouble_after_seconds=60.0)
    order = await bench.reserve_and_wait()
    bench.cloud.broken["destroy_nodes"] = REFUSED
    await bench.engine.release(order.reservation_id)
    await bench.notice("credentials")
    assert (await bench.views.get(order.reservation_id)).state == "releasing"
    assert len(bench.cloud.nodes) == 2
    await bench.engine.credentials_renewed(order.reservation_id)
    await bench.until_asked("destroy_nodes", 2)
    del bench.cloud.broken["destroy_nodes"]
    await bench.engine.credentials_renewed(order.reservation_id)
    await bench.ended(order)
    assert not bench.cloud.nodes
    assert await bench.kinds() == ["ready", "credentials", "credentials", "ended"], "the new ones were refused once"


async def test_a_teardown_tries_refused_credentials_again_by_itself(bench: Bench):
    bench.use_timing(trouble_after_seconds=60.0)
    order = await bench.reserve_and_wait()
    bench.cloud.faults["destroy_nodes"] = [REFUSED, REFUSED, CredentialsMissing("fake")]
    await bench.engine.release(order.reservation_id)
    await bench.ended(order)
    assert await bench.kinds() == ["ready", "credentials", "ended"]


async def test_admins_are_told_of_a_teardown_that_takes_long(bench: Bench):
    order = await bench.reserve_and_wait()
    bench.cloud.broken["destroy_nodes"] = REFUSED
    await bench.engine.release(order.reservation_id)
    told = await bench.admin_notice("trouble")
    assert (told.values["name"], told.values["owner"]) == (order.name, bench.person.user_id)
    assert (await bench.notice("trouble")).values["reason"] == "credentials_rejected"
    del bench.cloud.broken["destroy_nodes"]
    await bench.ended(order)


async def test_what_runs_is_not_touched_when_its_credentials_are_refused(bench: Bench):
    order = await bench.reserve_and_wait()
    await bench.handle(order).signal("credentials_refused", "credentials_rejected")
    await bench.notice("credentials")
    await bench.handle(order).signal("credentials_refused", "credentials_rejected")
    await bench.engine.credentials_renewed(order.reservation_id)
    await bench.until_asked("get_nodes", 1)
    await bench.handle(order).signal("credentials_refused", "credentials_rejected")
    for _ in range(100):
        kinds = await bench.kinds()
        if kinds.count("credentials") == 2:
            break
        await bench.pause()
    assert kinds == ["ready", "credentials", "credentials"], "once for each time that they were refused"
    assert (await bench.views.get(order.reservation_id)).state == "running"


async def test_a_teardown_that_takes_for_ever_leaves_long_histories_behind(bench: Bench):
    pauses = {"first_credential_retry_seconds": 0.1, "last_credential_retry_seconds": 0.1}
    bench.use_timing(history_events=60, trouble_after_seconds=60.0, **pauses)
    order = await bench.reserve_and_wait()
    first = (await bench.handle(order).describe()).run_id
    bench.cloud.broken["destroy_nodes"] = REFUSED
    await bench.engine.release(order.reservation_id)
    for _ in range(200):
        if (await bench.handle(order).describe()).run_id != first:
            break
        await bench.pause()
    assert (await bench.handle(order).describe()).run_id != first
    assert (await bench.engine.get(order.reservation_id)).state == "releasing"
    del bench.cloud.broken["destroy_nodes"]
    await bench.ended(order)
    assert await bench.kinds() == ["ready", "credentials", "ended"]
    assert not bench.cloud.nodes
