"""`python -m tests.workflows.record_sweeps VERSION`: histories of today's sweep and deletions, to be replayed later.

As ``record_histories`` does for reservations; a deletion may go on for as long as a key is refused.
"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clouddesk.model.errors import CredentialsRejected
from clouddesk.workflows.sweep import SWEEP_ID
from tests.servers import running_redis, running_temporal
from tests.workflows.conftest import Bench, open_bench
from tests.workflows.record_histories import _WHERE as WHERE
from tests.workflows.record_histories import FOLDER
from tests.workflows.strays import abandon, begin_sweeping, found

SWEEP_FOLDER = FOLDER / "sweep"


async def clear(bench: Bench) -> str:
    """Deleted at once."""
    orphan = await found(bench)
    await bench.engine.clear(orphan, by="ann")
    return orphan.reservation_id


async def refused(bench: Bench) -> str:
    """Deleted after the key was refused, its owner asked, people told that it takes long, and a new key given."""
    bench.use_timing(trouble_after_seconds=1.5, first_credential_retry_seconds=0.1, last_credential_retry_seconds=60.0)
    orphan = await found(bench)
    bench.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
    await bench.engine.clear(orphan, by="ann")
    await bench.notice("trouble")
    del bench.cloud.broken["destroy_nodes"]
    await bench.engine.credentials_renewed(orphan.reservation_id)
    return orphan.reservation_id


async def record(version: str) -> None:
    with (
        TemporaryDirectory() as redis_folder,
        TemporaryDirectory() as temporal_folder,
        running_redis(Path(redis_folder)) as redis_url,
        running_temporal(Path(temporal_folder)) as temporal_address,
    ):
        for scene in (clear, refused):
            async with asynccontextmanager(open_bench)(redis_url, temporal_address) as bench:
                await begin_sweeping(bench)
                await abandon(bench)
                workflow_id = await scene(bench)
                await bench.client.get_workflow_handle(workflow_id).result()
                await _keep(bench, workflow_id, f"{version}-{scene.__name__}")
                await _keep(bench, SWEEP_ID, f"{version}-sweep")


async def _keep(bench: Bench, workflow_id: str, name: str) -> None:
    history = await bench.client.get_workflow_handle(workflow_id).fetch_history()
    text = re.sub(WHERE, r'\1"recorded"', history.to_json())
    (SWEEP_FOLDER / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
