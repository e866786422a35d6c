"""Utilisation: what machines were seen doing, as samples over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
