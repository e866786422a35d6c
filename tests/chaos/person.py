"""A person who does a plan's operations through the Desk, as the action server does, and asks again when in trouble."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.service import RPCError

from clouddesk.model.actor import LOCAL_WORKSPACE, Actor
from clouddesk.model.errors import CloudDeskError, Undecided
from clouddesk.model.request import VM, ResourceRequest
from clouddesk.model.reservation import (
    ARCHIVED,
    DECLINE,
    ENDED,
    GIVE_BACK,
    GO_ON,
    PARTIAL,
    RETRY,
    RUNNING,
    STOPPED,
    TAKE,
    Reservation,
)
from tests.chaos.ledger import DONE, IN_DOUBT, REFUSED, UNAVAILABLE, Attempt, Evidence
from tests.chaos.plan import (
    ARCHIVE,
    CHOOSE,
    EXPIRE,
    EXTEND,
    HOLD,
    LONG_LEASE_SECONDS,
    REBOOT,
    RELEASE,
    RESERVE,
    START,
    STOP,
    Operation,
    Plan,
)
from tests.chaos.world import World

T = TypeVar("T")

PATIENCE_SECONDS = 120.0
"""So long a person asks again while nobody answers."""
PAUSE_SECONDS = 0.5
_GLANCE = timedelta(seconds=2)
_AT_REST = (RUNNING, STOPPED, ARCHIVED)
# Of two answers to what was asked twice at once, the one that tells more.
_TELLING = (DONE, IN_DOUBT, REFUSED, UNAVAILABLE)


class Person:
    """Somebody fresh, with one reservation."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self.world = world
        self.plan: Plan = evidence.plan
        self.evidence = evidence
        self.actor = Actor(LOCAL_WORKSPACE, evidence.user)
        self.began = [asyncio.Event() for _ in evidence.plan.operations]

    async def live(self) -> None:
        """All operations of the plan, in order."""
        for number, operation in enumerate(self.plan.operations):
            await asyncio.sleep(operation.pause_seconds)
            if operation.is_patient and self._has_reserved:
                await self._until_at_rest()
            if operation.kind != RESERVE:
                self.began[number].set()
            if operation.kind == RESERVE or self._has_reserved:
                await self.do(operation)
            self.began[number].set()
        if self._has_reserved:
            await self._until_at_rest()

    async def do(self, operation: Operation) -> Attempt:
        """One operation; what came of it is written down."""
        attempt = Attempt(operation, time.time())
        self.evidence.attempts.append(attempt)
        try:
            await self._carry_out(operation, attempt)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody should get it as an answer
            attempt.outcome = IN_DOUBT
            self.evidence.defects.append(f"{operation.kind}: {type(error).__name__}: {error}")
        attempt.ended_at = time.time()
        return attempt

    def say_yes(self) -> None:
        """There is a quote, and now the person says yes: that is when reserving begins."""
        self.began[0].set()

    @property
    def _has_reserved(self) -> bool:
        return any(attempt.outcome == DONE for attempt in self.evidence.of(RESERVE))

    @property
    def _id(self) -> str:
        assert self.evidence.reservation_id is not None
        return self.evidence.reservation_id

    async def _carry_out(self, operation: Operation, attempt: Attempt) -> None:
        desk, actor, request_id = self.world.desk, self.actor, uuid.uuid4().hex
        if operation.kind == RESERVE:
            quote_id = await self._quote()
            self.evidence.reservation_id = "r-" + quote_id.removeprefix("q-")
            self.say_yes()
            where = f"{LOCAL_WORKSPACE}:console:-:{actor.user_id}"
            await self._ask(attempt, lambda: desk.reserve(actor, quote_id, conversation=where))
        elif operation.kind == EXTEND:
            await self._ask(
                attempt, lambda: desk.leases.extend(actor, self._id, operation.seconds, request_id=request_id)
            )
        elif operation.kind == STOP:
            await self._ask(attempt, lambda: desk.power.stop(actor, self._id, request_id=request_id))
        elif operation.kind == ARCHIVE:
            await self._ask(attempt, lambda: desk.power.archive(actor, self._id, request_id=request_id))
        elif operation.kind == START:
            await self._ask(attempt, lambda: desk.power.start(actor, self._id, request_id=request_id))
        elif operation.kind == REBOOT:
            await self._ask(attempt, lambda: desk.power.reboot(actor, self._id, request_id=request_id))
        elif operation.kind == HOLD:
            await self._ask(attempt, lambda: desk.leases.hold(actor, self._id))
        elif operation.kind == CHOOSE:
            await self._ask(attempt, lambda: desk.choose(actor, self._id, operation.answer, request_id=request_id))
        elif operation.kind == RELEASE:
            await self._ask(attempt, lambda: desk.release(actor, self._id))
        elif operation.kind == EXPIRE:
            attempt.outcome = DONE
            await asyncio.sleep(self.plan.lease_seconds)

    async def _quote(self) -> str:
        """A quote over the plan's machines; a lease shorter than people may ask for is written into it.

        Where there are none left, they may come from any cloud.
        """
        desk, actor, plan = self.world.desk, self.actor, self.plan
        request = ResourceRequest(
            kind=VM, count=plan.nodes, providers=(plan.provider,), duration_seconds=LONG_LEASE_SECONDS
        )
        await self._insist(lambda: desk.welcome(actor))
        quote = await self._insist(lambda: desk.quote(actor, request))
        assert quote.requirements is not None
        anywhere = replace(quote.requirements, providers=tuple(self.world.settings.sandbox))
        planned = replace(quote, lease_seconds=plan.lease_seconds, requirements=anywhere)
        await self._insist(lambda: desk.quotes.put(planned))
        return quote.id

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Ask until it is answered: nothing hangs on how often."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await call()
            except CloudDeskError as error:
                if not error.is_retryable or time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, attempt: Attempt, call: Callable[[], Awaitable[Reservation]]) -> None:
        """Ask once, or twice at the same moment."""
        times = 2 if attempt.operation.is_twice else 1
        asks = (self._ask_alone(attempt.operation, call) for _ in range(times))
        answers = await asyncio.gather(*asks)
        attempt.outcome, attempt.said, attempt.reservation = min(answers, key=lambda answer: _TELLING.index(answer[0]))

    async def _ask_alone(
        self, operation: Operation, call: Callable[[], Awaitable[Reservation]]
    ) -> tuple[str, str, dict[str, Any] | None]:
        until = time.monotonic() + PATIENCE_SECONDS
        is_in_doubt = was_unavailable = False
        while True:
            try:
                answer = await call()
            except Undecided as error:
                is_in_doubt, said = True, str(error)
            except CloudDeskError as error:
                said = f"{error.code}: {error}"
                if not error.is_retryable:
                    # What was asked before may have been done after all, and be the reason.
                    return (IN_DOUBT if is_in_doubt or was_unavailable else REFUSED), said, None
                if not is_in_doubt:
                    was_unavailable = True
                    await self.check_claim(operation, said)
            else:
                return DONE, "", {"id": answer.id, "state": answer.state, "expires_at": answer.expires_at}
            if operation.gives_up or time.monotonic() > until:
                return (IN_DOUBT if is_in_doubt else UNAVAILABLE), said, None
            await asyncio.sleep(PAUSE_SECONDS)

    async def check_claim(self, operation: Operation, said: str) -> None:
        """Somebody was told that nothing was changed: see whether that is so, where one can."""
        if operation.is_twice or not self.evidence.reservation_id:
            return
        handle, lie = self.world.temporal.get_workflow_handle(self._id), ""
        with suppress(RPCError):
            if operation.kind == RESERVE:
                await handle.describe(rpc_timeout=_GLANCE)
                lie = f"a reservation that exists was answered with {said!r}"
            elif operation.kind == RELEASE and self.plan.lease_seconds == LONG_LEASE_SECONDS:
                state = (await handle.query("view", rpc_timeout=_GLANCE))["state"]
                if state in ("releasing", "ended"):
                    lie = f"a release that was begun was answered with {said!r}"
        if lie and lie not in self.evidence.lies:
            self.evidence.lies.append(lie)

    async def _until_at_rest(self) -> None:
        """As people wait: until what they asked for is shown as done. Not for ever. A question is answered."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                known = await self.world.desk.reservation(self.actor, self._id)
            except CloudDeskError:
                pass
            else:
                if known.state == PARTIAL:
                    choice = self.plan.choice if known.can_go_on or self.plan.choice != GO_ON else RETRY
                    await self.do(Operation(CHOOSE, answer=choice))
                elif known.offered:
                    answer = DECLINE if self.plan.choice == GIVE_BACK else TAKE
                    await self.do(Operation(CHOOSE, answer=answer))
                elif known.state == ENDED or (known.state in _AT_REST and not self._is_rebooting):
                    return
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def _is_rebooting(self) -> bool:
        """A reboot is seen in its notice only."""
        reboots = [attempt for attempt in self.evidence.of(REBOOT) if attempt.outcome == DONE]
        told = [sighting.told for sighting in self.evidence.sightings]
        return len({one.id for one in told if one.kind in ("rebooted", "trouble")}) < len(reboots)
