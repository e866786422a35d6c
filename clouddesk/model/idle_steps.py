"""What becomes of machines that nobody uses: asked about, stopped, at last archived. Pure; no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from clouddesk.model.blueprint import Blueprint
from clouddesk.model.idleness import BUSY, IDLE, Thresholds, Verdict
from clouddesk.model.idling import IdleState, IdleWish, answered, rested
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation

NOTHING, ASK, WITHDRAW, ANNOUNCE, STOP, OFFER = "nothing", "ask", "withdraw", "announce", "stop", "offer"
"""Steps: ask about it, take the question back, say that it is about to be stopped, stop it, offer to give it back."""
ANNOUNCE_ARCHIVE, ARCHIVE = "announce_archive", "archive"
"""Of machines that are off: say that they are about to be archived, archive them."""

ANNOUNCE_SECONDS = 30 * 60
"""So long before it is stopped, it is said once more; at most half of the time for an answer."""
ANNOUNCE_ARCHIVE_SECONDS = 86400
"""The same before it is archived."""
LATE = timedelta(minutes=30)
"""What could not be done for longer than this after it was to be is announced anew first."""
ASK_AGAIN_SECONDS = 86400
"""Of machines that are not stopped by themselves: after the second question twice as long, and so on."""
LONGEST_PAUSE_SECONDS = 7 * 86400
_MOST_WITHDRAWALS = 4
_WITHDRAWAL_COUNTS = timedelta(days=1)


def usual(item: Reservation, thresholds: Thresholds, blueprints: Mapping[str, Blueprint]) -> Thresholds:
    """The team's thresholds with what the reservation's software needs; of several the most careful of each."""
    rules = [blueprints[name].idle for name in item.all_software if name in blueprints]
    percents = [rule.cpu_percent for rule in rules if rule.cpu_percent is not None]
    waits = [rule.ask_seconds for rule in rules if rule.ask_seconds is not None]
    is_only_asked = any(rule.is_only_asked for rule in rules)
    return replace(
        thresholds,
        # A team that asks nobody is not overruled.
        ask_seconds=max(waits) if waits and thresholds.ask_seconds else thresholds.ask_seconds,
        cpu_percent=max(percents, default=thresholds.cpu_percent),
        stop_seconds=0 if is_only_asked else thresholds.stop_seconds,
    )


def wished(thresholds: Thresholds, wish: IdleWish) -> Thresholds:
    """The thresholds with what the person wants instead. What is never stopped by itself stays so."""
    ask = thresholds.ask_seconds if wish.ask_seconds is None else wish.ask_seconds
    stop = thresholds.stop_seconds
    if wish.stop_seconds is not None and stop:
        stop = wish.stop_seconds
    return replace(thresholds, ask_seconds=ask, stop_seconds=stop)


def saves_by_stopping(item: Reservation) -> bool:
    """Whether its cloud bills less for machines that are off."""
    return item.stopped_hourly_price_usd < item.hourly_price_usd


def saves_by_archiving(item: Reservation) -> bool:
    """Whether images of its disks cost less than its machines that are off."""
    archived = item.archived_hourly_price_usd
    return archived is not None and archived < item.stopped_hourly_price_usd


def advance(item: Reservation, verdict: Verdict | None, thresholds: Thresholds, now: datetime) -> tuple[str, IdleState]:
    """The step that is due, and what is remembered once it is taken. With NOTHING nothing is changed.

    ``verdict`` is of just now, None for machines that are off; ``thresholds`` are the usual ones of its software.
    """
    state = item.idling
    limits = wished(thresholds, state.wish)
    if item.is_protected:
        limits = replace(limits, stop_seconds=0)
    if _is_left_alone(item, now):
        return NOTHING, state
    if item.state == STOPPED:
        return _of_stopped(item, limits, now)
    if item.state != RUNNING or verdict is None:
        return NOTHING, state
    if verdict.state == BUSY:
        return _taken_back(state, now) if state.asked_at else (NOTHING, state)
    if verdict.state != IDLE or verdict.since is None:
        # Nobody knows: a question stays open, and nothing is stopped.
        return NOTHING, state
    since = max(verdict.since, state.counts_from or verdict.since)
    if state.asked_at is not None and since > state.asked_at:
        return _taken_back(state, now)
    if state.asked_at is None:
        return _asked(item, verdict, since, limits, now)
    if state.stop_at is None and _may_stop(item, verdict, limits, now):
        # It was in doubt when it was asked, and is not any more.
        return ANNOUNCE, replace(state, is_announced=True, stop_at=now + timedelta(seconds=limits.stop_seconds))
    if state.stop_at is None:
        is_due = now - state.asked_at >= _pause(state.asked)
        return _asked(item, verdict, since, limits, now) if is_due else (NOTHING, state)
    return _towards_stop(state, verdict, limits, now)


def matters_from(item: Reservation, thresholds: Thresholds, now: datetime) -> datetime | None:
    """Of machines that run: whether they were used before this makes no other step due. None: nothing seen makes any.

    ``now``: it only matters whether they are in use just now.
    """
    state = item.idling
    if _is_left_alone(item, now):
        return None
    asked_from = now - _wait(state, wished(thresholds, state.wish), now)
    if state.asked_at is not None:
        return min(state.asked_at, asked_from)
    # Until then it is too soon for a question, whatever was before it began to count.
    return now if state.counts_from is not None and state.counts_from > asked_from else asked_from


def _is_left_alone(item: Reservation, now: datetime) -> bool:
    return item.is_held or item.idling.is_kept(now) or item.is_mixed


def _asked(
    item: Reservation, verdict: Verdict, since: datetime, limits: Thresholds, now: datetime
) -> tuple[str, IdleState]:
    state = item.idling
    if not limits.ask_seconds or now - since < _wait(state, limits, now):
        return NOTHING, state
    stops = _may_stop(item, verdict, limits, now)
    return ASK, replace(
        state,
        since=since,
        asked_at=now,
        asked=state.asked + 1,
        stop_at=now + timedelta(seconds=limits.stop_seconds) if stops else None,
        is_announced=False,
        is_protected=False,
        kept_until=None,
    )


def _wait(state: IdleState, limits: Thresholds, now: datetime) -> timedelta:
    """Unused for so long, it is asked about."""
    wait = limits.ask_seconds
    if state.withdrawn_at is not None and now - state.withdrawn_at < _WITHDRAWAL_COUNTS:
        # Used again and again for a moment: it is asked less and less.
        wait *= int(2 ** max(0, state.withdrawals - 1))
    return timedelta(seconds=wait)


def _may_stop(item: Reservation, verdict: Verdict, limits: Thresholds, now: datetime) -> bool:
    is_sure = verdict.is_sure(limits.ask_seconds, now)
    return bool(limits.stop_seconds) and is_sure and saves_by_stopping(item)


def _towards_stop(state: IdleState, verdict: Verdict, limits: Thresholds, now: datetime) -> tuple[str, IdleState]:
    assert state.stop_at is not None
    lead = timedelta(seconds=min(ANNOUNCE_SECONDS, limits.stop_seconds / 2))
    if not limits.stop_seconds or not verdict.is_sure(limits.ask_seconds, now) or now < state.stop_at - lead:
        return NOTHING, state
    if not state.is_announced or now > state.stop_at + LATE:
        # Whoever reads it has the whole time that it speaks of.
        return ANNOUNCE, replace(state, is_announced=True, stop_at=max(state.stop_at, now + lead))
    if now < state.stop_at:
        return NOTHING, state
    stopped = replace(
        answered(state),
        stopped_at=now,
        counts_from=now,
        rest_seconds=limits.release_seconds,
        archive_seconds=limits.archive_seconds,
    )
    return STOP, rested(stopped, now)


def _of_stopped(item: Reservation, limits: Thresholds, now: datetime) -> tuple[str, IdleState]:
    state = item.idling
    if state.stopped_at is None or state.offer_at is None or now < state.offer_at:
        return NOTHING, state
    if state.archive_at is not None and _may_archive(item, limits, now):
        return _towards_archive(state, now)
    asked = replace(state, asked_at=now, asked=state.asked + 1, kept_until=None, is_protected=False, is_announced=False)
    if not _may_archive(item, limits, now + timedelta(seconds=state.archive_seconds)):
        return OFFER, rested(replace(asked, archive_at=None), now)
    archive_at = now + timedelta(seconds=state.archive_seconds)
    return OFFER, replace(asked, archive_at=archive_at, offer_at=archive_at - _lead(state))


def _may_archive(item: Reservation, limits: Thresholds, at: datetime) -> bool:
    """Whether it is archived by itself then. Whoever never wants it stopped by itself wants even less of this."""
    is_wished = bool(item.idling.archive_seconds and limits.stop_seconds)
    return is_wished and saves_by_archiving(item) and at < item.expires_at


def _towards_archive(state: IdleState, now: datetime) -> tuple[str, IdleState]:
    assert state.archive_at is not None
    if not state.is_announced or now > state.archive_at + LATE:
        # Whoever reads it has the whole time that it speaks of.
        archive_at = max(state.archive_at, now + _lead(state))
        return ANNOUNCE_ARCHIVE, replace(state, is_announced=True, archive_at=archive_at, offer_at=archive_at)
    # What comes of it is told; where it cannot be done, the next question comes in its time.
    return ARCHIVE, rested(answered(state), now)


def _lead(state: IdleState) -> timedelta:
    return timedelta(seconds=min(ANNOUNCE_ARCHIVE_SECONDS, state.archive_seconds / 2))


def _taken_back(state: IdleState, now: datetime) -> tuple[str, IdleState]:
    is_soon = state.withdrawn_at is not None and now - state.withdrawn_at < _WITHDRAWAL_COUNTS
    count = min(_MOST_WITHDRAWALS, (state.withdrawals if is_soon else 0) + 1)
    return WITHDRAW, replace(answered(state), withdrawals=count, withdrawn_at=now)


def _pause(asked: int) -> timedelta:
    return timedelta(seconds=min(LONGEST_PAUSE_SECONDS, ASK_AGAIN_SECONDS * 2 ** min(10, max(0, asked - 1))))
