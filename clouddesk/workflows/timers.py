"""The Timers port over Temporal's schedules, which keep the time, also through a change to summer time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from clouddesk.language.localtime import zone_of
from clouddesk.model.errors import Unavailable
from clouddesk.model.timer import Timer, Weekly
from clouddesk.workflows.client import RETRIES
from clouddesk.workflows.clock_changes import OddDay, odd_days
from clouddesk.workflows.contracts import TASK_QUEUE
from clouddesk.workflows.timing import PATIENCE, TELLING, OnTime

T = TypeVar("T")

PATIENCE_SECONDS = 6.0
LOOK_SECONDS = 2.0
"""For reading: the details of a machine do without rather than wait."""
LATE_WEEKLY = timedelta(minutes=30)
"""What was missed by more, for example with the stack off overnight, is left out: the next time comes."""
LATE_ONCE = timedelta(days=7)
_EPOCH, _APART = datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(days=20 * 365)


class TemporalTimers:
    """Implements ``clouddesk.model.ports.Timers``: a schedule for each timer, with its id."""

    def __init__(self, client: Client, *, task_queue: str = TASK_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

    @classmethod
    async def connect(cls, address: str, *, namespace: str = "default") -> TemporalTimers:
        """Connects with the first call, so that it can be made before Temporal runs."""
        return cls(await Client.connect(address, namespace=namespace, lazy=True, retry_config=RETRIES))

    async def put(self, timer: Timer) -> None:
        """Have it ring from now on, in place of the timer with its id."""
        schedule = self._schedule(timer)

        async def update(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule)

        async def put() -> None:
            try:
                await self._client.create_schedule(timer.id, schedule)
            except ScheduleAlreadyRunningError:
                await self._client.get_schedule_handle(timer.id).update(update)

        await _answered(put())

    async def add(self, timer: Timer) -> bool:
        """As ``put``, unless there is a timer with its id that will ring yet: False then."""
        if await self.get([timer.id]):
            return False
        await self.put(timer)
        return True

    async def get(self, ids: Sequence[str]) -> list[Timer]:
        """Those that there are, and that will ring again, in the order of the ids."""
        found = await _answered(asyncio.gather(*(self._read(id_) for id_ in ids)), LOOK_SECONDS)
        return [timer for timer in found if timer is not None]

    async def holds(self, timer: Timer) -> bool:
        """Whether just this timer was neither removed nor replaced; it may have rung."""
        return await _answered(self._read(timer.id, is_over=True), LOOK_SECONDS) == timer

    async def remove(self, ids: Sequence[str]) -> None:
        """They do not ring any more; what is gone already is no error."""
        await _answered(asyncio.gather(*(self._remove(id_) for id_ in ids)))

    async def _read(self, id_: str, *, is_over: bool = False) -> Timer | None:
        """``is_over``: also one that will not ring again."""
        try:
            found = await self._client.get_schedule_handle(id_).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        action = found.schedule.action
        has_rung = found.schedule.state.limited_actions and not found.schedule.state.remaining_actions
        if (has_rung and not is_over) or not isinstance(action, ScheduleActionStartWorkflow):
            return None
        (timer,) = await self._client.data_converter.decode(action.args, [Timer])
        return timer if isinstance(timer, Timer) else None

    async def _remove(self, id_: str) -> None:
        try:
            await self._client.get_schedule_handle(id_).delete()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    def _schedule(self, timer: Timer) -> Schedule:
        is_once = timer.weekly is None
        return Schedule(
            action=ScheduleActionStartWorkflow(
                OnTime.run,
                timer,
                id=f"ring-{timer.id}",
                task_queue=self._task_queue,
                # What nobody could do in time must not be done in the middle of the day.
                execution_timeout=None if is_once else LATE_WEEKLY + PATIENCE + TELLING,
            ),
            spec=_spec(timer),
            policy=SchedulePolicy(
                overlap=ScheduleOverlapPolicy.SKIP, catchup_window=LATE_ONCE if is_once else LATE_WEEKLY
            ),
            state=ScheduleState(limited_actions=is_once, remaining_actions=1 if is_once else 0),
        )


def _spec(timer: Timer) -> ScheduleSpec:
    weekly = timer.weekly
    if weekly is not None:
        # Temporal's week begins with Sunday.
        days = [ScheduleRange((day + 1) % 7) for day in weekly.days]
        zone = zone_of(timer.timezone)
        calendar = ScheduleCalendarSpec(
            day_of_week=days, hour=[ScheduleRange(weekly.hour)], minute=[ScheduleRange(weekly.minute)]
        )
        odd = list(odd_days(weekly, zone, since=datetime.now(zone).date()))
        return ScheduleSpec(
            calendars=[calendar],
            intervals=[_moment(item) for item in odd],
            skip=[_skip(item, weekly) for item in odd if item.is_doubled],
            time_zone_name=zone.key,
        )
    if timer.at is None:
        raise ValueError(f"{timer.id} has no time")
    # One that is due by now rings at once.
    at = max(timer.at.astimezone(timezone.utc), datetime.now(timezone.utc) + timedelta(seconds=2))
    calendar = ScheduleCalendarSpec(
        year=[ScheduleRange(at.year)],
        month=[ScheduleRange(at.month)],
        day_of_month=[ScheduleRange(at.day)],
        hour=[ScheduleRange(at.hour)],
        minute=[ScheduleRange(at.minute)],
        second=[ScheduleRange(at.second)],
    )
    return ScheduleSpec(calendars=[calendar])


def _moment(odd: OddDay) -> ScheduleIntervalSpec:
    """One moment, and no other within the lifetime of a timer: calendars do not tell one 2:30 from the other.

    A second later than a time that comes twice: ``_skip`` is about both of them.
    """
    moment = odd.moment + timedelta(seconds=1 if odd.is_doubled else 0)
    return ScheduleIntervalSpec(every=_APART, offset=(moment - _EPOCH) % _APART)


def _skip(odd: OddDay, weekly: Weekly) -> ScheduleCalendarSpec:
    """Temporal takes the second of the two, or both, which differs with the zone."""
    return ScheduleCalendarSpec(
        year=[ScheduleRange(odd.day.year)],
        month=[ScheduleRange(odd.day.month)],
        day_of_month=[ScheduleRange(odd.day.day)],
        hour=[ScheduleRange(weekly.hour)],
        minute=[ScheduleRange(weekly.minute)],
    )


async def _answered(call: Awaitable[T], seconds: float = PATIENCE_SECONDS) -> T:
    try:
        return await asyncio.wait_for(call, seconds)
    except (RPCError, asyncio.TimeoutError, RuntimeError) as error:
        raise Unavailable("Temporal") from error
