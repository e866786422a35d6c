"""What is remembered of machines that nobody uses: what was asked, what people answered, and what they wish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class IdleWish:
    """What a person wants of one reservation, other than usual; None: as usual."""

    ask_seconds: int | None = None
    stop_seconds: int | None = None
    """0: it is never stopped by itself."""

    def after(self, before: IdleWish) -> IdleWish:
        """With what was wished before and is not changed by it; who wants it as usual wants all of it so."""
        if self == IdleWish():
            return self
        return IdleWish(
            before.ask_seconds if self.ask_seconds is None else self.ask_seconds,
            before.stop_seconds if self.stop_seconds is None else self.stop_seconds,
        )


@dataclass(frozen=True)
class IdleState:
    """What a reservation's workflow remembers of it; people read it in the view."""

    wish: IdleWish = IdleWish()
    kept_until: datetime | None = None
    """Somebody answered, or said before, that it is needed: until then nothing is asked, and it is not stopped."""
    is_protected: bool = False
    """A job runs until then: its schedule does not stop it either."""
    counts_from: datetime | None = None
    """It was started, extended or given a new wish then: being unused before does not count."""
    since: datetime | None = None
    """It is asked about: unused since then."""
    asked_at: datetime | None = None
    """A question is open."""
    stop_at: datetime | None = None
    """It is stopped then if nobody answers; None: it is not."""
    archive_at: datetime | None = None
    """It is archived then if nobody answers; None: it is not."""
    is_announced: bool = False
    """That it is stopped, or archived, was said once more."""
    asked: int = 0
    """How many questions were left without an answer one after the other."""
    withdrawals: int = 0
    withdrawn_at: datetime | None = None
    stopped_at: datetime | None = None
    """It was stopped because nobody used it."""
    rest_seconds: int = 0
    """Off for so long, it is asked whether to give it back; 0: never."""
    archive_seconds: int = 0
    """So long after that question it is archived, where that saves money; 0: never by itself."""
    offer_at: datetime | None = None
    """When the next of these steps is due."""
    long_asked_at: datetime | None = None
    """When it was last asked whether its long lease is still needed (``model/long_leases.py``)."""
    is_long_asked: bool = False
    """That question is open."""
    requests: tuple[str, ...] = ()
    """The latest wishes: one that comes again changes nothing."""

    @property
    def is_asked(self) -> bool:
        """Whether any question is open."""
        return self.asked_at is not None or self.is_long_asked

    def is_kept(self, now: datetime) -> bool:
        return self.kept_until is not None and now < self.kept_until

    def is_protected_at(self, now: datetime) -> bool:
        """Whether nothing at all stops it by itself."""
        return self.is_protected and self.is_kept(now)


def answered(state: IdleState) -> IdleState:
    """No question is open any more."""
    return replace(
        state,
        since=None,
        asked_at=None,
        stop_at=None,
        archive_at=None,
        is_announced=False,
        asked=0,
        is_long_asked=False,
    )


def kept(state: IdleState, until: datetime, *, is_protected: bool) -> IdleState:
    """Somebody needs it until then."""
    offer_at = max(until, state.offer_at) if state.offer_at is not None else None
    return replace(answered(state), kept_until=until, is_protected=is_protected, offer_at=offer_at)


def with_wish(state: IdleState, wish: IdleWish, now: datetime) -> IdleState:
    """Somebody wants it other than usual; what was asked before is no question any more."""
    known = rested(answered(state), now) if state.archive_at else answered(state)
    counts_from = _latest(state.counts_from, state.asked_at and now)
    return replace(known, wish=wish.after(state.wish), counts_from=counts_from)


def shown_alive(state: IdleState, now: datetime) -> IdleState:
    """Somebody did something with it: being unused is counted from now on."""
    return replace(rested(answered(state), now) if state.archive_at else answered(state), counts_from=now)


def rested(state: IdleState, now: datetime) -> IdleState:
    """Off as unused: the whole time goes by before it is asked about again."""
    return replace(state, offer_at=now + timedelta(seconds=state.rest_seconds) if state.rest_seconds else None)


def switched(state: IdleState, now: datetime) -> IdleState:
    """Somebody, or its schedule, switched it: it is not off as unused any more."""
    return replace(shown_alive(state, now), stopped_at=None, offer_at=None)


def _latest(first: datetime | None, second: datetime | None) -> datetime | None:
    found = [item for item in (first, second) if item is not None]
    return max(found) if found else None
