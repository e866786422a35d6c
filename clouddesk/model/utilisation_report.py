"""What a reservation's machines did in a period, made of samples: in steps for a curve, and in a few numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clouddesk.model.idleness import Thresholds, signs_of_use
from clouddesk.model.reservation import RUNNING, Reservation
from clouddesk.model.utilisation import Sample

USUAL = Thresholds()
FRESH = USUAL.gap
"""What was seen longer ago says nothing of now."""
_SLOT = timedelta(minutes=5)
"""So finely time in use is counted."""


@dataclass(frozen=True)
class Step:
    """A part of the period: means over all machines, None where nothing was seen."""

    begin: datetime
    cpu_percent: float | None = None
    gpu_percent: float | None = None
    is_used: bool = False


@dataclass(frozen=True)
class UtilisationReport:
    """``since`` and ``until``: the period; ``now``: when it was made."""

    reservation: Reservation
    since: datetime
    until: datetime
    now: datetime
    steps: tuple[Step, ...] = ()
    latest: tuple[Sample, ...] = ()
    """Of each machine, what was seen of it last, as long as that is fresh."""
    seen_since: datetime | None = None
    """The first sample of the period."""
    used_at: datetime | None = None
    """When use was seen last in the period."""
    seen_seconds: float = 0.0
    used_seconds: float = 0.0
    cpu_percent: float | None = None
    """The mean of all machines."""
    most_cpu_percent: float | None = None
    """The highest of a machine."""
    gpu_percent: float | None = None

    @property
    def is_in_use(self) -> bool | None:
        """None when nobody knows: not all of the machines that run were looked at lately."""
        if self.reservation.state != RUNNING:
            return None
        if any(is_in_use(sample, self.reservation.vcpus) for sample in self.latest):
            return True
        return False if self.latest and len(self.latest) >= len(self.reservation.living_nodes) else None

    @property
    def idle_since(self) -> datetime | None:
        """When nobody used it any more, as far back as the period goes; None unless it is idle now."""
        if self.is_in_use is not False:
            return None
        typed = [sample.last_input_at for sample in self.latest if sample.last_input_at is not None]
        known = [moment for moment in (self.used_at or self.seen_since, *typed) if moment is not None]
        return max(known, default=None)

    @property
    def logins(self) -> int:
        """SSH sessions that are open now."""
        return sum(sample.logins or 0 for sample in self.latest)

    @property
    def what(self) -> tuple[str, ...]:
        """What is under way now, in people's words."""
        return tuple(dict.fromkeys(words for sample in self.latest for words in sample.what))

    @property
    def cpu_percent_now(self) -> float | None:
        return _mean(sample.cpu_percent for sample in self.latest)

    @property
    def memory_percent_now(self) -> float | None:
        return _mean(sample.memory_percent for sample in self.latest)

    @property
    def gpu_percent_now(self) -> float | None:
        return _mean(sample.gpu_percent for sample in self.latest)


def is_in_use(sample: Sample, vcpus: int) -> bool:
    """Somebody is logged in there, or something runs."""
    return bool(signs_of_use(sample, USUAL, vcpus))


def report(
    item: Reservation, samples: Sequence[Sample], since: datetime, until: datetime, now: datetime, *, steps: int
) -> UtilisationReport:
    """``samples``: oldest first. The curve has ``steps`` equal parts."""
    seen = [sample for sample in samples if sample.is_seen and since <= sample.at <= until]
    used = [sample.at for sample in seen if is_in_use(sample, item.vcpus)]
    newest = {sample.node: sample for sample in samples if sample.is_seen and now - sample.at <= FRESH}
    living = {node.key for node in item.living_nodes}
    slots = {_slot(sample.at) for sample in seen}
    return UtilisationReport(
        reservation=item,
        since=since,
        until=until,
        now=now,
        steps=_steps(item, seen, since, until, steps),
        latest=tuple(newest[key] for key in sorted(newest) if key in living),
        seen_since=seen[0].at if seen else None,
        used_at=used[-1] if used else None,
        seen_seconds=len(slots) * _SLOT.total_seconds(),
        used_seconds=len({_slot(at) for at in used}) * _SLOT.total_seconds(),
        cpu_percent=_mean(sample.cpu_percent for sample in seen),
        most_cpu_percent=max((sample.cpu_percent for sample in seen if sample.cpu_percent is not None), default=None),
        gpu_percent=_mean(sample.gpu_percent for sample in seen),
    )


def _steps(item: Reservation, seen: Sequence[Sample], since: datetime, until: datetime, count: int) -> tuple[Step, ...]:
    length = (until - since) / count
    parts: dict[int, list[Sample]] = defaultdict(list)
    for sample in seen:
        parts[min(count - 1, int((sample.at - since) / length))].append(sample)
    return tuple(
        Step(
            since + length * number,
            _mean(sample.cpu_percent for sample in parts[number]),
            _mean(sample.gpu_percent for sample in parts[number]),
            any(is_in_use(sample, item.vcpus) for sample in parts[number]),
        )
        for number in range(count)
    )


def _slot(moment: datetime) -> int:
    return int(moment.timestamp() // _SLOT.total_seconds())


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
