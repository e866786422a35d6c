"""What a team allows and takes: limits of one request and of leases, and what is meant where a person says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from clouddesk.model.idleness import Thresholds


@dataclass(frozen=True)
class Limits:
    """What one request may ask for, and how leases run."""

    max_nodes: int = 100
    default_lease_seconds: int = 8 * 3600
    max_lease_seconds: int = 30 * 86400
    quote_seconds: int = 15 * 60
    warning_seconds: tuple[int, ...] = (2 * 86400, 2 * 3600, 30 * 60)
    fallbacks: int = 3
    """So many next offers are tried when a cloud has none of the machines left; 0: none."""
    failover_dearer_percent: int = 10
    """One of those that costs more than this above what was said yes to needs another yes; 0: whatever is dearer."""
    idle_cpu_percent: int = 5
    """Machines whose processors do less than this, with nobody and no job there, are unused (docs/idle.md)."""
    idle_ask_seconds: int = 3 * 3600
    """Unused for so long, it is asked about; 0: never, and nothing is ever stopped for it."""
    idle_stop_seconds: int = 2 * 3600
    """So long after an unanswered question it is stopped; 0: it is only asked."""
    idle_release_seconds: int = 7 * 86400
    """Stopped as unused for so long, it is asked whether to give it back; 0: never."""
    long_lease_seconds: int = 7 * 86400
    long_unused_seconds: int = 4 * 86400
    """Of leases longer than the first it is asked once, when nobody was seen there for the second; 0: of none."""
    idle_archive_seconds: int = 2 * 86400
    """So long after that question, unanswered, it is archived where that saves money; 0: it is only asked."""

    def idle_thresholds(self, *, minutes_between_looks: int = 5) -> Thresholds:
        """When machines count as unused here, and what follows; a look or two may be missed."""
        return Thresholds(
            cpu_percent=self.idle_cpu_percent,
            ask_seconds=self.idle_ask_seconds,
            stop_seconds=self.idle_stop_seconds,
            release_seconds=self.idle_release_seconds,
            long_lease_seconds=self.long_lease_seconds,
            long_unused_seconds=self.long_unused_seconds,
            archive_seconds=self.idle_archive_seconds,
            gap_seconds=max(Thresholds.gap_seconds, minutes_between_looks * 60 * 3),
        )


@dataclass(frozen=True)
class TeamDefaults:
    """What this team takes when a person neither says it nor used it before; None leaves it to the product."""

    os: str | None = None
    region: str | None = None
    software: str | None = None
    """What a cluster is for when the person does not care."""
