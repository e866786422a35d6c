"""What surrounds the work of an activity: heartbeats, and failures as Temporal keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from clouddesk.model.errors import CloudDeskError
from clouddesk.workflows.contracts import CloudAccount
from clouddesk.workflows.failures import as_failure

log = structlog.get_logger()

BEAT_SECONDS = 1.0


@asynccontextmanager
async def beating() -> AsyncIterator[Callable[[str], None]]:
    """Heartbeats while the work goes on: they tell that this worker lives, and bring the news of a cancellation.

    Gives a function that notes how far the work is, for the next attempt to read.
    """
    notes: list[str] = []

    def note(text: str) -> None:
        notes[:] = [text]
        activity.heartbeat(*notes)

    async def beat() -> None:
        while True:
            activity.heartbeat(*notes)
            await asyncio.sleep(BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield note
    finally:
        beating.cancel()


@asynccontextmanager
async def failing(
    reservation_id: str, account: CloudAccount | None = None, *, is_final: bool = True
) -> AsyncIterator[None]:
    """Our errors become failures that Temporal keeps: retryable or not. ``is_final`` False: always retryable."""
    try:
        yield
    except CloudDeskError as error:
        failure = as_failure(error, is_final=is_final)
        log.warning(
            "activity.failed",
            activity=activity.info().activity_type,
            attempt=activity.info().attempt,
            reservation_id=reservation_id,
            provider=account.provider if account else None,
            code=error.code,
            vendor_text=getattr(error, "vendor_text", ""),
        )
        raise failure from None
    except ApplicationError:
        raise
    except Exception as error:
        # Somebody else's words could hold anything; history gets the kind of the error only.
        log.exception("activity.broke", activity=activity.info().activity_type, reservation_id=reservation_id)
        raise ApplicationError(type(error).__name__, type="unexpected") from None
