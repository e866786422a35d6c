"""Whether anybody uses machines, judged by what they were seen doing. On doubt nothing is idle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clouddesk.model.utilisation import Sample

BUSY, IDLE, UNKNOWN = "busy", "idle", "unknown"

LOGINS, JOBS, GPU, CPU = "logins", "jobs", "gpu", "cpu"
"""What shows that machines are in use; and, where it could not be learned, what is not known."""
UNSEEN = "unseen"
"""Not all of the machines were looked at lately."""

JUST_NOW = timedelta(minutes=3)
"""Nothing is certain by an older look than this: somebody may have come since."""
CORES = 0.5
"""From this on a processor is at work, however many cores it has: one thread on 64 of them is under 2 %."""


@dataclass(frozen=True)
class Thresholds:
    """When machines count as unused, and what follows."""

    cpu_percent: float = 5.0
    """A machine whose processors do less does nothing but run its system and its software."""
    gpu_percent: float = 2.0
    ask_seconds: int = 3 * 3600
    """Unused for so long, their owner is asked; 0: never."""
    stop_seconds: int = 2 * 3600
    """So long after an unanswered question they are stopped; 0: never, it is only asked."""
    release_seconds: int = 7 * 86400
    """Stopped as unused for so long, it is asked whether to give them back; 0: never."""
    gap_seconds: int = 20 * 60
    """Two looks at a machine may be so far apart; what is further apart says nothing of the time between."""

    @property
    def gap(self) -> timedelta:
        return timedelta(seconds=self.gap_seconds)

    def cpu_percent_of(self, vcpus: int) -> float:
        """For a machine with so many cores."""
        return min(self.cpu_percent, 100.0 * CORES / max(1, vcpus))


@dataclass(frozen=True)
class Verdict:
    """The verdict on all machines of a reservation together."""

    state: str
    since: datetime | None = None
    """IDLE: nobody has used any of them since then, as far as was seen."""
    sure_since: datetime | None = None
    """IDLE: the same by the samples alone in which everything was learned."""
    cpu_percent: float = 0.0
    """IDLE: the most that a machine's processors did since."""
    signs: tuple[str, ...] = ()
    """BUSY: what shows it. UNKNOWN: (UNSEEN,)."""
    unlearned: tuple[str, ...] = ()
    """IDLE: what was not learned at all times since."""

    def is_sure(self, seconds: float, now: datetime) -> bool:
        """Whether it is certain that nobody used them for so long."""
        return self.sure_since is not None and now - self.sure_since >= timedelta(seconds=seconds)


@dataclass(frozen=True)
class _Quiet:
    """Of one node: since when it is unused."""

    since: datetime
    sure_since: datetime | None
    samples: tuple[Sample, ...]


def judge(
    samples: Iterable[Sample], nodes: Sequence[str], thresholds: Thresholds, now: datetime, *, vcpus: int
) -> Verdict:
    """What the samples say of these nodes, by their keys. One that is in use keeps all of them; so does one unseen."""
    by_node: dict[str, list[Sample]] = {key: [] for key in nodes}
    for sample in samples:
        if sample.is_seen and sample.node in by_node and sample.at <= now:
            by_node[sample.node].append(sample)
    limit = thresholds.cpu_percent_of(vcpus)
    seen = [sorted(own, key=lambda item: item.at) for own in by_node.values()]
    latest = [own[-1] for own in seen if own and now - own[-1].at <= thresholds.gap]
    signs = {sign for sample in latest for sign in _signs(sample, limit, thresholds.gpu_percent)}
    if signs:
        return Verdict(BUSY, signs=tuple(sorted(signs)))
    if not seen or len(latest) < len(seen):
        return Verdict(UNKNOWN, signs=(UNSEEN,))
    quiet = [_quiet(own, limit, thresholds, now) for own in seen]
    spans = [sample for item in quiet for sample in item.samples]
    sure = [item.sure_since for item in quiet if item.sure_since is not None]
    return Verdict(
        IDLE,
        since=max(item.since for item in quiet),
        sure_since=max(sure) if len(sure) == len(quiet) else None,
        cpu_percent=max((sample.cpu_percent or 0.0 for sample in spans), default=0.0),
        unlearned=tuple(sorted({name for item in quiet for name in _unlearned(item.samples)})),
    )


def _quiet(own: Sequence[Sample], limit: float, thresholds: Thresholds, now: datetime) -> _Quiet:
    """``own``: a node's samples, oldest first, the last of them fresh and without a sign of use."""
    used = next((item.at for item in reversed(own) if _signs(item, limit, thresholds.gpu_percent)), None)
    typed = max((item.last_input_at for item in own if item.last_input_at is not None), default=None)
    since = _unbroken(own, used, typed, thresholds.gap)
    assert since is not None
    has_gpu = any(item.gpu_percent is not None for item in own)
    complete = [item for item in own if _is_complete(item, has_gpu=has_gpu) or item.at == used]
    is_current = bool(complete) and complete[-1] is own[-1] and now - own[-1].at <= JUST_NOW
    span = tuple(item for item in own if item.at > since) or (own[-1],)
    return _Quiet(since, _unbroken(complete, used, typed, thresholds.gap) if is_current else None, span)


def _unbroken(own: Sequence[Sample], used: datetime | None, typed: datetime | None, gap: timedelta) -> datetime | None:
    """Since when there is no use, no input and no gap, going back from the last."""
    if not own:
        return None
    begin = own[-1].at
    for item in reversed(own):
        if begin - item.at > gap:
            break
        begin = item.at
        if item.at == used:
            break
    return max(begin, typed) if typed is not None else begin


def _signs(sample: Sample, cpu_percent: float, gpu_percent: float) -> list[str]:
    found = []
    if sample.logins:
        found.append(LOGINS)
    if sample.jobs:
        found.append(JOBS)
    if sample.gpu_percent is not None and sample.gpu_percent >= gpu_percent:
        found.append(GPU)
    if sample.cpu_percent is not None and sample.cpu_percent >= cpu_percent:
        found.append(CPU)
    return found


def _is_complete(sample: Sample, *, has_gpu: bool) -> bool:
    """A machine that once told of GPUs and does not now may be busy on them."""
    is_known = None not in (sample.cpu_percent, sample.logins, sample.jobs)
    return is_known and not (has_gpu and sample.gpu_percent is None)


def _unlearned(samples: Sequence[Sample]) -> list[str]:
    names = {LOGINS: "logins", JOBS: "jobs", CPU: "cpu_percent"}
    return [sign for sign, field in names.items() if any(getattr(item, field) is None for item in samples)]
