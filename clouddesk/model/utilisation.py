"""Utilisation: what machines were seen doing, as samples over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT = timedelta(days=14)
"""So long samples are kept."""


@dataclass(frozen=True)
class Sample:
    """What one machine was seen doing in the time since the sample before it. None: this could not be learned."""

    node: str
    """The node's key."""
    at: datetime
    cpu_percent: float | None = None
    """Of all of its cores together, 0 to 100."""
    memory_percent: float | None = None
    gpu_percent: float | None = None
    """Of all of its GPUs together."""
    logins: int | None = None
    """SSH sessions that people have open; CloudDesk's own do not count."""
    jobs: int | None = None
    """What its software has in hand: Spark, YARN, Dask and Ray jobs, notebook kernels that compute, connections."""
    last_input_at: datetime | None = None
    """When somebody last typed something there."""
    what: tuple[str, ...] = ()
    """What ``jobs`` are, in people's words: "a Spark application", "2 notebooks"."""

    @property
    def is_seen(self) -> bool:
        """Whether anything at all was learned."""
        return (self.cpu_percent, self.gpu_percent, self.logins, self.jobs) != (None, None, None, None)


@dataclass(frozen=True)
class Use:
    """What a machine does, without saying which one and when."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    gpu_percent: float | None = None
    logins: int | None = 0
    jobs: int | None = 0
    last_input_at: datetime | None = None
    what: tuple[str, ...] = ()

    def sample(self, node: str, at: datetime) -> Sample:
        """Seen there and then."""
        return Sample(
            node=node,
            at=at,
            cpu_percent=self.cpu_percent,
            memory_percent=self.memory_percent,
            gpu_percent=self.gpu_percent,
            logins=self.logins,
            jobs=self.jobs,
            last_input_at=self.last_input_at,
            what=self.what,
        )
