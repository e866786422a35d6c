"""`python -m tests.workflows.record_histories VERSION`: whole histories of today's workflows, for later code to replay.

Run it when the workflow gets a new part, with the version that ships it. Files of older versions stay as they are:
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
from clouddesk.model.reservation import GO_ON, RETRY, ReservationOrder
from tests.servers import running_redis, running_temporal
from tests.workflows.conftest import Bench, open_bench

_WHERE = r'("(?:identity|stackTrace)": *|"name": *(?="\d+@))"(?:[^"\\]|\\.)*"'
FOLDER = Path(__file__).with_name("histories")


async def power(bench: Bench) -> ReservationOrder:
    """Extended, stopped, started, rebooted, held, released."""
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
    return order


async def partial(bench: Bench) -> ReservationOrder:
    """Two questions about machines that came up in part."""
    bench.cloud.broken_keys = {"node-1"}
    order = await bench.reserve(nodes=3)
    await bench.until(order, lambda view: view.state == "partial")
    await bench.engine.choose(order.reservation_id, RETRY, by="ann")
    await bench.until(order, lambda view: view.state == "partial" and view.revision > 3)
    await bench.engine.choose(order.reservation_id, GO_ON, by="ann")
    await bench.until(order, lambda view: view.state == "running")
    await bench.engine.release(order.reservation_id, by="ann")
    return order


async def unanswered(bench: Bench) -> ReservationOrder:
    """Nobody answers the question."""
    bench.use_timing(choice_seconds=0.5)
    bench.cloud.broken_keys = {"node-1"}
    return await bench.reserve(nodes=2)


async def credentials(bench: Bench) -> ReservationOrder:
    """Refused while machines are made and while they are given back."""
    bench.cloud.create_at_most = 1
    bench.cloud.faults["create_nodes"] = [ProviderDown("fake"), CredentialsRejected("fake")]
    order = await bench.reserve()
    await bench.notice("credentials")
    await bench.engine.credentials_renewed(order.reservation_id)
    bench.cloud.create_at_most = None
    await bench.until(order, lambda view: view.state == "running")
    bench.cloud.faults["destroy_nodes"] = [CredentialsRejected("fake")]
    await bench.engine.release(order.reservation_id, by="ann")
    return order


async def drift(bench: Bench) -> ReservationOrder:
    """A machine vanishes, and the lease ends."""
    order = await bench.reserve_and_wait(lease_seconds=4)
    bench.cloud.nodes.pop("node-1")
    await bench.handle(order).signal("look")
    await bench.notice("drift")
    return order


SCENES: tuple[Callable[[Bench], Awaitable[ReservationOrder]], ...] = (power, partial, unanswered, credentials, drift)


async def record(version: str) -> None:
    with (
        TemporaryDirectory() as redis_folder,
        TemporaryDirectory() as temporal_folder,
        running_redis(Path(redis_folder)) as redis_url,
        running_temporal(Path(temporal_folder)) as temporal_address,
    ):
        for scene in SCENES:
            async with asynccontextmanager(open_bench)(redis_url, temporal_address) as bench:
                await bench.start_worker()
                order = await scene(bench)
                await bench.ended(order, seconds=60)
                history = await bench.handle(order).fetch_history()
                # Where it was recorded is nobody's business.
                text = re.sub(_WHERE, r'\1"recorded"', history.to_json())
                (FOLDER / f"{version}-{scene.__name__}.json").write_text(text + "\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
