"""Putting software on machines: Ansible with the reservation's own key, as an activity that can be cut off anywhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog
from temporalio import activity

from clouddesk.model.configuration import (
    TIMED_OUT,
    ConfigurationOrder,
    ConfigurationSecrets,
    Configured,
    ConfigureFailed,
    Target,
)
from clouddesk.model.errors import Unavailable
from clouddesk.model.node import Node
from clouddesk.model.ports import Configuration
from clouddesk.model.stores import MachineSecrets, ReservationViews
from clouddesk.workflows.contracts import CONFIGURE, FORGET, Configuring, Outcome
from clouddesk.workflows.working import beating, failing

log = structlog.get_logger()

MOST_TRIES = 3
"""Of what may mend itself: a mirror that is down, a machine that does not answer."""
AT_A_TIME = 4
"""Configurations in one worker; each takes processes and memory of its own."""
SHOWN_WITHIN_SECONDS = 1.0
ITS_TURN = "waiting for its turn"
LOG_DAYS = 30
"""So long a log is kept after it was written to."""


class Forgetful(Protocol):
    """Keeps something of reservations."""

    async def forget(self, reservation_id: str) -> None:
        """Delete all of it; what is gone already is no error."""
        ...


class ConfigureActivities:
    """What they need of the world is handed in."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        machine_secrets: MachineSecrets,
        traces: Sequence[Forgetful] = (),
        views: ReservationViews,
        mirrors: Mapping[str, str],
        logs: Path,
    ) -> None:
        """``logs``: the folder in which each reservation has its whole log; ``traces``: what else goes with it."""
        self._configuration = configuration
        self._machine_secrets = machine_secrets
        self._traces = traces
        self._views = views
        self._mirrors = mirrors
        self._logs = logs
        self._room = asyncio.Semaphore(AT_A_TIME)

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.configure, self.forget]

    @activity.defn(name=CONFIGURE)
    async def configure(self, work: Configuring) -> Outcome:
        """Software that cannot be set up is an outcome, not an error. Safe to repeat: what is done is not done again.

        When it is cancelled, it ends only after everything that was started has ended.
        """
        async with beating(), failing(work.reservation_id), _Steps(self._views, work.reservation_id) as steps:
            until = time.monotonic() + _seconds_left(work)
            if self._room.locked():
                steps.tell(ITS_TURN)
            async with self._room:
                if time.monotonic() >= until:
                    return Outcome(cause=TIMED_OUT, step=ITS_TURN)
                return await self._configure(work, until, steps.tell)

    @activity.defn(name=FORGET)
    async def forget(self, reservation_id: str) -> None:
        """Delete the secrets and traces of machines that are gone, and the logs of those that are gone for long."""
        async with failing(reservation_id, is_final=False):
            await self._machine_secrets.forget(reservation_id)
            for trace in self._traces:
                await trace.forget(reservation_id)
            _delete_old_logs(self._logs)

    async def _configure(self, work: Configuring, until: float, on_step: Callable[[str], None]) -> Outcome:
        key = await self._machine_secrets.bot_key(work.reservation_id)
        values = await self._machine_secrets.software_secrets(work.reservation_id, work.software.secrets)
        secrets = ConfigurationSecrets(key.private_key, values)
        for tries_left in range(MOST_TRIES - 1, -1, -1):
            order = replace(self._order(work), limit_seconds=max(1.0, until - time.monotonic()))
            outcome, may_mend = await self._try(order, secrets, on_step)
            if not (may_mend and tries_left and time.monotonic() + work.pause_seconds < until):
                break
            await asyncio.sleep(work.pause_seconds)
        return outcome

    async def _try(
        self, order: ConfigurationOrder, secrets: ConfigurationSecrets, on_step: Callable[[str], None]
    ) -> tuple[Outcome, bool]:
        """How it went, and whether what is wrong may mend itself."""
        try:
            done = await self._configured(order, secrets, on_step)
        except ConfigureFailed as error:
            log.warning(
                "configure.failed",
                reservation_id=order.reservation_id,
                cause=error.cause,
                step=error.step,
                nodes=error.nodes,
            )
            failed = Outcome(cause=error.cause, step=error.step, nodes=error.nodes, lines=error.lines)
            return failed, error.may_help_to_retry
        return Outcome(found=done.found, host_keys=dict(done.host_keys)), False

    async def _configured(
        self, order: ConfigurationOrder, secrets: ConfigurationSecrets, on_step: Callable[[str], None]
    ) -> Configured:
        """Machines that have their software alone are told of no others. Raises ConfigureFailed."""
        room = asyncio.Semaphore(AT_A_TIME)

        async def configure(part: ConfigurationOrder) -> Configured:
            async with room:
                log_path = self._logs / f"{part.reservation_id}.log"
                return await self._configuration.configure(part, secrets, log_path=log_path, on_step=on_step)

        if not order.is_alone:
            return await configure(order)
        if order.leaving:
            # No other machine knows of those that leave.
            return Configured.together(())
        parts = [configure(replace(order, targets=(target,))) for target in order.targets]
        # All of them end before this does, so that nothing is done on a machine any more when a try is over.
        ended = await asyncio.gather(*parts, return_exceptions=True)
        return Configured.together([_unless_raised(outcome) for outcome in ended])

    def _order(self, work: Configuring) -> ConfigurationOrder:
        software = work.software
        return ConfigurationOrder(
            reservation_id=work.reservation_id,
            ansible_roles=software.ansible_roles,
            targets=tuple(target_of(node, work.host_keys.get(node.key, ())) for node in work.nodes),
            versions=software.versions,
            downloads=software.downloads,
            variables=software.variables,
            mirrors=self._mirrors,
            is_alone=software.is_alone,
            leaving=work.leaving,
        )


class _Steps:
    """Tells people what is being done. It never fails the work, and does not hold it up.

    Not by way of the workflow: its history would grow for something that is gone in a minute.
    """

    def __init__(self, views: ReservationViews, reservation_id: str) -> None:
        self._views = views
        self._reservation_id = reservation_id
        self._news: asyncio.Queue[str | None] = asyncio.Queue()
        """None is the last."""
        self._telling: asyncio.Task[None] | None = None

    def tell(self, step: str) -> None:
        self._news.put_nowait(step)

    async def __aenter__(self) -> _Steps:
        # What an earlier try has told is over.
        self.tell("")
        self._telling = asyncio.create_task(self._keep_telling())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._telling:
            # Not cancelled: before Python 3.12 wait_for swallows a cancellation that comes as it ends, and the task
            # would wait for news for ever.
            self._news.put_nowait(None)
            await self._telling
        # What is done next in the same state has steps of its own, or none.
        await self._put("")

    async def _keep_telling(self) -> None:
        while (step := await self._news.get()) is not None:
            if self._news.empty():
                await self._put(step)

    async def _put(self, step: str) -> None:
        with suppress(Unavailable, asyncio.TimeoutError):
            await asyncio.wait_for(self._views.put_step(self._reservation_id, step), SHOWN_WITHIN_SECONDS)


def _delete_old_logs(folder: Path) -> None:
    oldest = time.time() - LOG_DAYS * 86400
    for path in folder.glob("*.log"):
        # Another worker may be at it, too; and what cannot be deleted is no reason to keep secrets.
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _unless_raised(outcome: Configured | BaseException) -> Configured:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _seconds_left(work: Configuring) -> float:
    """The time is counted from when the work was first given out: retries and waiting for a turn do not lengthen it."""
    info = activity.info()
    return work.limit_seconds - (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()


def target_of(node: Node, host_keys: tuple[str, ...]) -> Target:
    """The node as it is reached by SSH."""
    address = node.address or ""
    return Target(
        key=node.key,
        role=node.role,
        address=address,
        private_address=node.private_address or address,
        port=node.ssh_port,
        login=node.login,
        host_keys=host_keys,
    )
