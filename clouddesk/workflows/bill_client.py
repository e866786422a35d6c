"""The Bills port over Temporal: starts the workflow, and waits no longer than people do."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import structlog
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from clouddesk.adapters.codec import to_json
from clouddesk.model.bill import BillQuestion, BillReport
from clouddesk.model.errors import Unavailable
from clouddesk.workflows.bills import CompareBills
from clouddesk.workflows.client import RETRIES
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.failures import failure_code

log = structlog.get_logger()

PATIENCE_SECONDS = 3.0
"""So long a conversation waits for the answer itself."""
LONGEST_SECONDS = 300.0


class TemporalBills:
    """Implements ``clouddesk.model.ports.Bills``."""

    def __init__(
        self, client: Client, *, task_queue: str = TASK_QUEUE, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._patience_seconds = patience_seconds

    @classmethod
    async def connect(cls, address: str, *, namespace: str = "default") -> TemporalBills:
        """Connects with the first call, so that it can be made before Temporal runs."""
        return cls(await Client.connect(address, namespace=namespace, lazy=True, retry_config=RETRIES))

    async def compare(self, question: BillQuestion, *, conversation: str = "") -> BillReport | None:
        """The same question of the same person while it is being answered is the same work."""
        seconds = self._patience_seconds if conversation else LONGEST_SECONDS
        try:
            handle = await asyncio.wait_for(self._start(question), LONGEST_SECONDS if not conversation else 6.0)
            try:
                return await asyncio.wait_for(handle.result(), seconds)
            except asyncio.TimeoutError:
                if not conversation:
                    raise
            return None if await self._has_told(handle, conversation) else await handle.result()
        except WorkflowFailureError as error:
            log.warning("bills.failed", code=failure_code(error))
            raise Unavailable("the worker") from error
        except (RPCError, asyncio.TimeoutError, RuntimeError) as error:
            raise Unavailable("Temporal") from error

    async def _start(self, question: BillQuestion) -> WorkflowHandle[CompareBills, BillReport]:
        key = sha256(to_json(question).encode()).hexdigest()[:16]
        return await self._client.start_workflow(
            CompareBills.run,
            question,
            id=f"bills-{key}",
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def _has_told(self, handle: WorkflowHandle[CompareBills, BillReport], conversation: str) -> bool:
        """Leave word where the answer goes; False when it is there by now."""
        try:
            await handle.signal(CompareBills.tell, conversation)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
