"""`python -m tests.workflows.record_histories VERSION [SCENE …]`: histories of workflows, for later code to replay.

Run it when a workflow gets a new part, with the version that ships it and the scenes that play that part (all of them
without names), and before the next change. Files of older versions stay as they are:
machines may be running under such a history, and whatever code comes must still be able to go on with it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from clouddesk.model.errors import CredentialsRejected, NoCapacity, ProviderDown, RateLimited, RequestRejected, Unsure
from clouddesk.model.node import Opening
from clouddesk.model.reservation import DECLINE, GO_ON, RETRY, TAKE
from clouddesk.model.scaling import Scale
from clouddesk.model.share import USE, Share
from clouddesk.workflows.sweep import SWEEP_ID
from tests.servers import running_redis, running_temporal
from tests.workflows.conftest import Bench, open_bench
from tests.workflows.elsewhere import nowhere_left
from tests.workflows.machines import SOFTWARE, broken
from tests.workflows.strays import Everybody, abandon, adopted, begin_sweeping, found, look_while_it_is_stopped

_WHERE = r'("(?:identity|stackTrace)": *|"name": *(?="\d+@))"(?:[^"\\]|\\.)*"'
FOLDER = Path(__file__).with_name("histories")
SWEEP_FOLDER = FOLDER / "sweep"

PORT = Opening(8080, 8080, "203.0.113.7/32")
Scene = Callable[[Bench], Awaitable[str]]
"""Plays until the workflow whose id it returns has ended, or will end by itself; "ID@RUN" for a run of before."""


# --- Reservations -----------------------------------------------------------------------------------------------------


async def power(bench: Bench) -> str:
    """Extended, stopped, started, rebooted, held, released."""
    await bench.start_worker()
    order = await bench.reserve_and_wait()
    id_ = order.reservation_id
    await bench.engine.extend(id_, 60, "request-1", by="ann")
    await bench.engine.stop(id_, by="ann")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.start_nodes(id_, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.reboot(id_, by="ann")
    await bench.notice("rebooted")
    await bench.engine.hold(id_, by="ann")
    await bench.engine.release(id_, by="ann")
    return id_


async def partial(bench: Bench) -> str:
    """Two questions about machines that came up in part."""
    await bench.start_worker()
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > 3)
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def unanswered(bench: Bench) -> str:
    """Nobody answers the question."""
    await bench.start_worker()
    bench.use_timing(choice_seconds=0.5)
    bench.cloud.broken_keys = {"node-1"}
    return (await bench.reserve(nodes=2)).reservation_id


async def credentials(bench: Bench) -> str:
    """Refused while machines are made and while they are given back."""
    await bench.start_worker()
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [ProviderDown("fake"), CredentialsRejected("fake")]
    order = await bench.reserve()
    await bench.notice("credentials")
    await bench.engine.credentials_renewed(order.reservation_id)
    bench.cloud.create_at_most = None
    await bench.until(order, lambda view: view.state == "running")
    bench.cloud.faults["destroy_nodes"] = [CredentialsRejected("fake")]
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def drift(bench: Bench) -> str:
    """A machine vanishes, and the lease ends."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(lease_seconds=4)
    bench.cloud.nodes.pop("node-1")
    await bench.handle(order).signal("look")
    await bench.notice("drift")
    return order.reservation_id


async def asked_again(bench: Bench) -> str:
    """A retry that the cloud refuses is asked about again; going on while it refuses more begins with what runs."""
    await bench.start_worker()
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3)
    first = await bench.until(order, lambda view: view.state == "partial")
    bench.cloud.faults["create_nodes"] = [RequestRejected("fake")]
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > first.revision + 1)
    bench.cloud.faults["create_nodes"] = [RequestRejected("fake")]
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def failed_stop(bench: Bench) -> str:
    """A stop fails in part, and what came of it is looked at."""
    await bench.start_worker()
    order = await bench.reserve_and_wait()
    bench.cloud.nodes.pop("node-1")
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.notice("drift")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def adoption(bench: Bench) -> str:
    """Adopted machines are stopped while the cloud is still asked about them for the first time."""
    await bench.start_worker()
    order, nodes = await adopted(bench)
    is_asked = look_while_it_is_stopped(bench)
    await bench.engine.adopt(order, nodes, by="ann")
    await asyncio.to_thread(is_asked.wait, 10)
    await bench.engine.stop(order.reservation_id, by="ann")
    await bench.notice("stopped")
    for _ in range(200):
        if (await bench.kinds())[-1] == "ready":
            break
        await bench.pause()
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def failover(bench: Bench) -> str:
    """Elsewhere after the cloud had none left, and at a third one with a yes to what is dearer."""
    await bench.start_worker()
    order = await nowhere_left(bench)
    await bench.notice("dearer")
    await bench.engine.choose(order.reservation_id, TAKE, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.handle(order).signal("clear_behind")
    await bench.until_asked("destroy_nodes", 4)
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def declined(bench: Bench) -> str:
    """Nobody wants what is dearer."""
    await bench.start_worker()
    order = await nowhere_left(bench)
    await bench.notice("dearer")
    await bench.engine.choose(order.reservation_id, DECLINE, by="ann")
    return order.reservation_id


async def configured(bench: Bench) -> str:
    """Software that is set up at the second try, and a release."""
    await bench.start_worker()
    bench.configuration.faults = [broken()]
    order = await bench.reserve(configuration=SOFTWARE)
    await bench.until(order, lambda view: view.is_asked_about_software)
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def scaled(bench: Bench) -> str:
    """Machines come, are ended again because they cannot be set up, and leave; a release while more come."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    id_ = order.reservation_id

    async def scale(before: int, count: int) -> None:
        await bench.engine.scale(id_, Scale(count, before, "node", 1.0, 0.1), f"request-{before}-{count}", by="ann")

    await scale(2, 4)
    await bench.until(order, lambda view: view.state == "running" and view.node_count == 4)
    bench.configuration.faults = [broken()]
    await scale(4, 5)
    await bench.notice("not_scaled")
    await bench.until(order, lambda view: view.state == "running")
    await scale(4, 3)
    await bench.until(order, lambda view: view.state == "running" and view.node_count == 3)
    bench.cloud.boot_seconds = 30.0
    await scale(3, 6)
    await bench.until_made(8)
    await bench.engine.release(id_, by="ann")
    return id_


async def restarted(bench: Bench) -> str:
    """Software that is set up again after a start, and one time cannot be."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    for kind in ("started", "unproven"):
        await bench.engine.stop(order.reservation_id, by="ann")
        await bench.until(order, lambda view: view.state == "stopped")
        bench.configuration.faults = [broken()] if kind == "unproven" else []
        await bench.engine.start_nodes(order.reservation_id, by="ann")
        await bench.notice(kind)
    await bench.engine.release(order.reservation_id, by="ann")
    return order.reservation_id


async def shared(bench: Bench) -> str:
    """Colleagues' keys are put on its machines and taken off, the link is changed, and it gets another owner."""
    await bench.start_worker()
    bench.ssh_keys.give("ben")
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    id_ = order.reservation_id
    await bench.engine.share(id_, Share("ben", USE), "one", by="ann")
    await bench.until(order, lambda view: view.let_in == ("ben",))
    bench.logins.silent = {"node-1"}
    await bench.engine.unshare(id_, "ben", "two", by="ann")
    await bench.notice("not_let_in")
    bench.logins.silent = set()
    await bench.notice("relinked")
    await bench.engine.open_to_team(id_, is_open=True, by="ann")
    await bench.engine.offer_handover(id_, "ben", by="ann")
    await bench.engine.hand_over(id_, "ben", "etl", by="ben")
    await bench.until(order, lambda view: view.let_in == ("ben",))
    await bench.engine.stop(id_, by="ben")
    await bench.until(order, lambda view: view.state == "stopped")
    await bench.engine.release(id_, by="ben")
    return id_


async def offered(bench: Bench) -> str:
    """Offered to a colleague, once more, to another who declines, taken back, and accepted."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    id_ = order.reservation_id
    for to, by in (("ben", "ann"), ("ben", "ann"), ("carla", "ann"), ("", "carla"), ("ben", "ann"), ("", "ann")):
        await bench.engine.offer_handover(id_, to, by=by)
    await bench.engine.offer_handover(id_, "ben", by="ann")
    await bench.engine.hand_over(id_, "ben", "etl", by="ben")
    await bench.engine.release(id_, by="ben")
    return id_


async def archived(bench: Bench) -> str:
    """Images fail, then are kept; a start without capacity, and one that works; a release while images are made."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(configuration=SOFTWARE)
    id_ = order.reservation_id
    bench.cloud.broken_images = ["node-1"] * 3
    await bench.engine.archive(id_, by="ann")
    await bench.notice("not_archived")
    await bench.engine.archive(id_, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [NoCapacity("fake")]
    await bench.engine.start_nodes(id_, by="ann")
    await bench.notice("not_started")
    bench.cloud.create_at_most = None
    await bench.engine.start_nodes(id_, by="ann")
    await bench.until(order, lambda view: view.state == "running" and not view.images)
    bench.cloud.image_seconds = 30.0
    await bench.engine.archive(id_, by="ann")
    await bench.until_asked("keep_images", 5)
    await bench.engine.release(id_, by="ann")
    return id_


async def put_back(bench: Bench) -> str:
    """A change of what is let in that breaks off, cannot be put back at once, and then is."""
    await bench.start_worker()
    order = await bench.reserve_and_wait()
    id_ = order.reservation_id
    bench.cloud.refused_refs = {order.credential_ref}
    with suppress(CredentialsRejected):
        await bench.engine.let_in(id_, (PORT,), before=(), by="ann")
    bench.cloud.refused_refs = set()
    # Too long to be waited for, so there is no second attempt.
    bench.cloud.lost = [RateLimited("fake", retry_after_seconds=600.0)] * 2
    with suppress(Unsure):
        await bench.engine.let_in(id_, (PORT,), before=(), by="ann")
    await bench.notice("openings_mended")
    await bench.engine.let_in(id_, (PORT,), before=(), by="ann")
    await bench.engine.release(id_, by="ann")
    return id_


async def images_deleted(bench: Bench) -> str:
    """Somebody deletes one image, which a look finds; then another, which a start finds; nothing can be started."""
    await bench.start_worker()
    order = await bench.reserve_and_wait(nodes=3)
    id_ = order.reservation_id
    await bench.engine.archive(id_, by="ann")
    await bench.until(order, lambda view: view.state == "archived")
    del bench.cloud.images["node-1"]
    await bench.handle(order).signal("look")
    await bench.until(order, lambda view: len(view.kept_images) == 2)
    bench.cloud.images.clear()
    await bench.engine.start_nodes(id_, by="ann")
    await bench.until(order, lambda view: view.has_lost_images)
    await bench.engine.release(id_, by="ann")
    return id_


async def begun_anew(bench: Bench) -> str:
    """The last run of a teardown that has become long."""
    return (await lasting(bench)).partition("@")[0]


async def lasting(bench: Bench) -> str:
    """The run of a teardown that has become long, up to where a fresh one begins."""
    await bench.start_worker()
    pauses = {"first_credential_retry_seconds": 0.1, "last_credential_retry_seconds": 0.1}
    bench.use_timing(history_events=60, trouble_after_seconds=60.0, **pauses)
    order = await bench.reserve_and_wait()
    first = (await bench.handle(order).describe()).run_id
    bench.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
    await bench.engine.release(order.reservation_id, by="ann")
    for _ in range(200):
        if (await bench.handle(order).describe()).run_id != first:
            break
        await bench.pause()
    del bench.cloud.broken["destroy_nodes"]
    return f"{order.reservation_id}@{first}"


SCENES: tuple[Scene, ...] = (
    *(power, partial, unanswered, credentials, drift),
    *(asked_again, failed_stop, adoption, lasting, begun_anew, failover, declined, configured),
    *(scaled, restarted, shared, offered, archived, put_back, images_deleted),
)


# --- The sweep, and deletions, which may go on for as long as a key is refused ----------------------------------------


async def sweep(bench: Bench) -> str:
    """Machines that nobody looks after are found."""
    await begin_sweeping(bench)
    await abandon(bench)
    await found(bench)
    return SWEEP_ID


async def clear(bench: Bench) -> str:
    """Deleted at once."""
    await begin_sweeping(bench)
    await abandon(bench)
    orphan = await found(bench)
    await bench.engine.clear(orphan, by="ann")
    return orphan.reservation_id


async def refused(bench: Bench) -> str:
    """Deleted after the key was refused, its owner asked, people told that it takes long, and a new key given."""
    await begin_sweeping(bench)
    await abandon(bench)
    bench.use_timing(trouble_after_seconds=1.5, first_credential_retry_seconds=0.1, last_credential_retry_seconds=60.0)
    orphan = await found(bench)
    bench.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
    await bench.engine.clear(orphan, by="ann")
    await bench.notice("trouble")
    del bench.cloud.broken["destroy_nodes"]
    await bench.engine.credentials_renewed(orphan.reservation_id)
    return orphan.reservation_id


async def silent(bench: Bench) -> str:
    """A cloud that does not answer is not asked with the next key."""
    await begin_sweeping(bench, bench.person, bench.admin)
    bench.cloud.broken["survey"] = ProviderDown("fake")
    await bench.engine.sweep()
    return SWEEP_ID


async def colleague(bench: Bench) -> str:
    """Deleted with the owner's new key after a colleague's was refused."""
    access = Everybody(bench.admin)
    await begin_sweeping(bench, access=access)
    bench.use_timing(first_credential_retry_seconds=60.0, last_credential_retry_seconds=60.0)
    await abandon(bench)
    orphan = await found(bench)
    bench.cloud.refused_refs = {orphan.credential_ref}
    await bench.engine.clear(orphan, by="ann")
    await bench.admin_notice("credentials")
    access.people = (bench.admin, bench.person)
    await bench.engine.credentials_renewed(orphan.reservation_id)
    return orphan.reservation_id


SWEEP_SCENES: tuple[Scene, ...] = (sweep, clear, refused, silent, colleague)


async def record(version: str, names: Sequence[str] = ()) -> None:
    with (
        TemporaryDirectory() as redis_folder,
        TemporaryDirectory() as temporal_folder,
        running_redis(Path(redis_folder)) as redis_url,
        running_temporal(Path(temporal_folder)) as temporal_address,
    ):
        for folder, scenes in ((FOLDER, SCENES), (SWEEP_FOLDER, SWEEP_SCENES)):
            for scene in scenes:
                if names and scene.__name__ not in names:
                    continue
                async with asynccontextmanager(open_bench)(redis_url, temporal_address) as bench:
                    id_, _, run_id = (await scene(bench)).partition("@")
                    handle = bench.client.get_workflow_handle(id_, run_id=run_id or None)
                    await asyncio.wait_for(handle.result(), 60)
                    history = await handle.fetch_history()
                # Where it was recorded is nobody's business.
                text = re.sub(_WHERE, r'\1"recorded"', history.to_json())
                (folder / f"{version}-{scene.__name__}.json").write_text(text + "\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1], sys.argv[2:]))
