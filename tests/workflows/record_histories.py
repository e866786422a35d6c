"""`python -m tests.workflows.record_histories VERSION`: whole histories of today's workflows, for later code to replay.

Run it when a workflow gets a new part, with the version that ships it. Files of older versions stay as they are:
machines may be running under such a history, and whatever code comes must still be able to go on with it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clouddesk.model.errors import CredentialsRejected, ProviderDown
from clouddesk.model.reservation import GO_ON, RETRY
from clouddesk.workflows.sweep import SWEEP_ID
from tests.servers import running_redis, running_temporal
from tests.workflows.conftest import Bench, open_bench
from tests.workflows.strays import abandon, begin_sweeping, found

_WHERE = r'("(?:identity|stackTrace)": *|"name": *(?="\d+@))"(?:[^"\\]|\\.)*"'
FOLDER = Path(__file__).with_name("histories")
SWEEP_FOLDER = FOLDER / "sweep"

Scene = Callable[[Bench], Awaitable[str]]
"""Plays until the workflow whose id it returns has ended, or will end by itself."""


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


SCENES: tuple[Scene, ...] = (power, partial, unanswered, credentials, drift)


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


SWEEP_SCENES: tuple[Scene, ...] = (sweep, clear, refused)


async def record(version: str) -> None:
    with (
        TemporaryDirectory() as redis_folder,
        TemporaryDirectory() as temporal_folder,
        running_redis(Path(redis_folder)) as redis_url,
        running_temporal(Path(temporal_folder)) as temporal_address,
    ):
        for folder, scenes in ((FOLDER, SCENES), (SWEEP_FOLDER, SWEEP_SCENES)):
            for scene in scenes:
                async with asynccontextmanager(open_bench)(redis_url, temporal_address) as bench:
                    handle = bench.client.get_workflow_handle(await scene(bench))
                    await asyncio.wait_for(handle.result(), 60)
                    history = await handle.fetch_history()
                # Where it was recorded is nobody's business.
                text = re.sub(_WHERE, r'\1"recorded"', history.to_json())
                (folder / f"{version}-{scene.__name__}.json").write_text(text + "\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
