"""What Amazon's meters see of the simulated machines: when each ran, its disks, its tags. Kept when moto forgets them.

Nothing here knows what CloudDesk counts: lives are read off moto after each change.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from moto.ec2.models import EC2Backend

from clouddesk.sandbox.documents import Documents

_LIVES = "lives"
_RUNNING, _ENDED = "running", "terminated"


@dataclass
class Life:
    """One machine's. Times are seconds since 1970."""

    id: str
    region: str
    size: str
    begun_at: float
    is_spot: bool = False
    ended_at: float | None = None
    runs: list[list[float | None]] = field(default_factory=list)
    """From when to when it ran; None: it still does."""
    tags: dict[str, str] = field(default_factory=dict)
    disks: list[dict[str, Any]] = field(default_factory=list)
    """Each with ``gb`` and ``tags``."""


class Lives:
    """All machines that there ever were. The caller holds moto's lock."""

    def __init__(self, path: Path) -> None:
        self._documents = Documents(path)
        self._known = {item["id"]: Life(**item) for item in self._documents.all(_LIVES)}

    def all(self) -> list[Life]:
        return list(self._known.values())

    def look(self, backend: EC2Backend, region: str) -> None:
        """Note what is different since the last look."""
        changed = [life for instance in backend.all_instances() if (life := self._read(backend, region, instance))]
        with self._documents.atomic():
            for life in changed:
                self._documents.put(_LIVES, life.id, asdict(life))

    def _read(self, backend: EC2Backend, region: str, instance: Any) -> Life | None:
        """None when nothing is different."""
        life = self._known.get(instance.id)
        before = None if life is None else asdict(life)
        now = time.time()
        if life is None:
            begun = instance.launch_time.timestamp()
            life = Life(instance.id, region, instance.instance_type, begun, instance.lifecycle == "spot")
            life.disks = _disks(backend, instance)
            self._known[instance.id] = life
        goal, since = instance._state.goal_since
        if life.ended_at is None:
            life.tags = {tag["key"]: tag["value"] for tag in instance.get_tags()} or life.tags
        is_open = bool(life.runs) and life.runs[-1][1] is None
        if goal == _RUNNING and not is_open and life.ended_at is None and math.isfinite(since):
            # From when it has started: the time before is free.
            life.runs.append([since, None])
        if goal != _RUNNING and is_open:
            # A machine that was ended before it had started never ran.
            begin = life.runs[-1][0] or 0.0
            life.runs[-1][1] = max(begin, now)
            if begin >= now:
                del life.runs[-1]
        if goal == _ENDED and life.ended_at is None:
            life.ended_at = now
        return life if asdict(life) != before else None


def _disks(backend: EC2Backend, instance: Any) -> list[dict[str, Any]]:
    found = []
    for device in instance.block_device_mapping.values():
        volume = backend.volumes.get(device.volume_id)
        if volume is not None:
            found.append({"gb": float(volume.size), "tags": dict(backend.tags.get(volume.id, {}))})
    return found
