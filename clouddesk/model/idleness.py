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
BLIND = timedelta(hours=2)
"""For so long nothing may have been seen within a time that counts for a question; never within one that is certain."""
MOMENT_LOOKS = 2
MOMENTS_APART = timedelta(hours=6)
"""Systems update themselves: processors at work in so few looks, so seldom, with nobody and no job there, are no use
of anybody's to ask about. Nothing is stopped until long after it all the same."""
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
    long_lease_seconds: int = 7 * 86400
    """Of leases that are longer than this, it is asked once whether they are still needed; 0: of none."""
    long_unused_seconds: int = 4 * 86400
    """When nobody was seen there for so long, and that was not asked about."""
    archive_seconds: int = 2 * 86400
    """So long after that question, unanswered, they are archived where that saves money; 0: never by itself."""
    gap_seconds: int = 20 * 60
    """Two looks at a machine may be so far apart; what is further apart says nothing of the time between."""

    @property
    def gap(self) -> timedelta:
        return timedelta(seconds=self.gap_seconds)

    @property
    def blind(self) -> timedelta:
        """So far apart two looks may be within a time that counts for a question."""
        return max(BLIND, self.gap)

    def cpu_percent_of(self, vcpus: int) -> float:
        """For a machine with so many cores."""
        return min(self.cpu_percent, 100.0 * CORES / max(1, vcpus))


@dataclass(frozen=True)
class Verdict:
    """The verdict on all machines of a reservation together."""

    state: str
    since: datetime | None = None
    """IDLE: nobody has used any of them since then, as far as was seen, but for moments: enough for a question."""
    sure_since: datetime | None = None
    """IDLE: the same by looks without a gap in which everything was learned, and without any moment: for a stop."""
    cpu_percent: float = 0.0
    """IDLE: the most that a machine's processors did since, but for moments."""
    signs: tuple[str, ...] = ()
    """BUSY: what shows it. UNKNOWN: (UNSEEN,), or (CPU,) when it may be no more than a moment."""
    unlearned: tuple[str, ...] = ()
    """IDLE: what was not learned at all times since."""

    def is_sure(self, seconds: float, now: datetime) -> bool:
        """Whether it is certain that nobody used them for so long."""
        return self.sure_since is not None and now - self.sure_since >= timedelta(seconds=seconds)


def judge(
    samples: Iterable[Sample], nodes: Sequence[str], thresholds: Thresholds, now: datetime, *, vcpus: int
) -> Verdict:
    """What the samples say of these nodes, by their keys. One that is in use keeps all of them; so does one unseen."""
    fresh = _fresh(samples, nodes, thresholds, now, vcpus)
    if signs := {sign for look in fresh if not look.is_passing for sign in look.signs[-1]}:
        return Verdict(BUSY, signs=tuple(sorted(signs)))
    if not nodes or len(fresh) < len(nodes):
        return Verdict(UNKNOWN, signs=(UNSEEN,))
    if any(look.is_passing for look in fresh):
        return Verdict(UNKNOWN, signs=(CPU,))
    since = max(_unbroken(look.samples, look.used, look.typed, thresholds.blind) for look in fresh)
    sure = [_sure_since(look, thresholds.gap, now) for look in fresh]
    spans = [[item for item in look.samples if item.at > since] or [look.samples[-1]] for look in fresh]
    return Verdict(
        IDLE,
        since=since,
        sure_since=None if None in sure else max(moment for moment in sure if moment is not None),
        cpu_percent=_usual_cpu([item for span in spans for item in span]),
        unlearned=tuple(sorted({name for span in spans for name in _unlearned(span)})),
    )


def is_enough(
    samples: Iterable[Sample],
    nodes: Sequence[str],
    thresholds: Thresholds,
    now: datetime,
    *,
    vcpus: int,
    begin: datetime,
    matters_from: datetime,
) -> bool:
    """Whether what was seen before ``begin`` changes nothing in the verdict on these samples, which are all since then.

    But for this: a use before ``matters_from`` may be another one, an idle time may be as little certain as more
    samples make it, and its other facts may differ. ``begin`` is no later than ``thresholds.gap`` ago.
    """
    fresh = _fresh(samples, nodes, thresholds, now, vcpus)
    is_quiet = len(fresh) == len(nodes) and not any(look.signs[-1] for look in fresh)
    if is_quiet and matters_from < now and matters_from - begin < thresholds.blind:
        return False
    return not any(look.is_doubtful(matters_from if is_quiet else now) for look in fresh)


@dataclass(frozen=True)
class _Look:
    """Of one node."""

    samples: Sequence[Sample]
    """Oldest first."""
    signs: Sequence[Sequence[str]]
    short: Sequence[Sequence[int]]
    """Places of samples, by runs, that may be a moment in which its system was at work by itself, and nobody else."""
    passing: frozenset[int]
    """Places of those that are, as none of the others is near."""

    @property
    def is_passing(self) -> bool:
        """Now; it may also be the beginning of work."""
        return len(self.samples) - 1 in self.passing

    def is_doubtful(self, since: datetime) -> bool:
        """Whether samples before these could tell more of a moment that is later, or is now."""
        last = len(self.samples) - 1
        # What these samples begin with may be the rest of something longer; all that comes after it is here as a whole.
        rest = len(self.short[0]) if self.short and self.short[0][0] == 0 else 0
        whole = self.samples[rest].at if rest <= last else None
        return any(
            whole is None or self.samples[run[0]].at - whole < MOMENTS_APART
            for run in self.short
            if run[-1] == last or self.samples[run[-1]].at > since
        )

    @property
    def used(self) -> datetime | None:
        """When it was used last, but for moments."""
        places = range(len(self.samples) - 1, -1, -1)
        return next((self.samples[i].at for i in places if self.signs[i] and i not in self.passing), None)

    @property
    def used_at_all(self) -> datetime | None:
        return next((self.samples[i].at for i in range(len(self.samples) - 1, -1, -1) if self.signs[i]), None)

    @property
    def typed(self) -> datetime | None:
        return max((item.last_input_at for item in self.samples if item.last_input_at is not None), default=None)


def _fresh(
    samples: Iterable[Sample], nodes: Sequence[str], thresholds: Thresholds, now: datetime, vcpus: int
) -> list[_Look]:
    """Of the nodes that were looked at lately."""
    by_node: dict[str, list[Sample]] = {key: [] for key in nodes}
    for sample in samples:
        own = by_node.get(sample.node)
        if own is not None and sample.at <= now and sample.is_seen:
            own.append(sample)
    seen = [_look(own, thresholds, vcpus) for own in by_node.values() if own]
    return [look for look in seen if now - look.samples[-1].at <= thresholds.gap]


def _look(own: list[Sample], thresholds: Thresholds, vcpus: int) -> _Look:
    own.sort(key=lambda item: item.at)
    signs = [signs_of_use(item, thresholds, vcpus) for item in own]
    short = _short(own, signs)
    return _Look(own, signs, short, _passing(own, short))


def _short(own: Sequence[Sample], signs: Sequence[Sequence[str]]) -> list[list[int]]:
    """Where processors alone were at work for a moment, with nobody and no job there."""
    runs: list[list[int]] = []
    for place, found in enumerate(signs):
        if found and runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        elif found:
            runs.append([place])
    return [
        run
        for run in runs
        if len(run) <= MOMENT_LOOKS
        and all(list(signs[place]) == [CPU] and own[place].logins == 0 and own[place].jobs == 0 for place in run)
    ]


def _passing(own: Sequence[Sample], short: Sequence[Sequence[int]]) -> frozenset[int]:
    """Those that did not come again for hours."""
    alone = [
        run
        for run in short
        if not any(other is not run and abs(own[other[0]].at - own[run[0]].at) < MOMENTS_APART for other in short)
    ]
    return frozenset(place for run in alone for place in run)


def _sure_since(look: _Look, gap: timedelta, now: datetime) -> datetime | None:
    """By the samples in which all was learned, moments counted as use; None when the last was not, or is not new."""
    own, used = look.samples, look.used_at_all
    has_gpu = any(item.gpu_percent is not None for item in own)
    complete = [item for item in own if _is_complete(item, has_gpu=has_gpu) or item.at == used]
    is_current = bool(complete) and complete[-1] is own[-1] and now - own[-1].at <= JUST_NOW
    return _unbroken(complete, used, look.typed, gap) if is_current else None


def _usual_cpu(samples: Sequence[Sample]) -> float:
    """The most that is not just of a moment: what one in twenty is not above."""
    found = sorted(item.cpu_percent for item in samples if item.cpu_percent is not None)
    return found[int((len(found) - 1) * 0.95)] if found else 0.0


def _unbroken(own: Sequence[Sample], used: datetime | None, typed: datetime | None, gap: timedelta) -> datetime:
    """Since when there is no use, no input and no gap, going back from the last."""
    begin = own[-1].at
    for item in reversed(own):
        if begin - item.at > gap:
            break
        begin = item.at
        if item.at == used:
            break
    return max(begin, typed) if typed is not None else begin


def signs_of_use(sample: Sample, thresholds: Thresholds, vcpus: int) -> Sequence[str]:
    """What shows that a machine with so many cores is in use; () when nothing does."""
    is_on_gpu = sample.gpu_percent is not None and sample.gpu_percent >= thresholds.gpu_percent
    is_on_cpu = sample.cpu_percent is not None and sample.cpu_percent >= thresholds.cpu_percent_of(vcpus)
    if not (sample.logins or sample.jobs or is_on_gpu or is_on_cpu):
        return ()
    shown = {LOGINS: sample.logins, JOBS: sample.jobs, GPU: is_on_gpu, CPU: is_on_cpu}
    return [sign for sign, is_shown in shown.items() if is_shown]


def _is_complete(sample: Sample, *, has_gpu: bool) -> bool:
    """A machine that once told of GPUs and does not now may be busy on them."""
    is_known = sample.cpu_percent is not None and sample.logins is not None and sample.jobs is not None
    return is_known and not (has_gpu and sample.gpu_percent is None)


def _unlearned(samples: Sequence[Sample]) -> set[str]:
    found = set()
    for item in samples:
        if item.logins is None:
            found.add(LOGINS)
        if item.jobs is None:
            found.add(JOBS)
        if item.cpu_percent is None:
            found.add(CPU)
    return found
