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
        """None when nothing is different: this is asked of every machine at each change of one."""
        life, is_different = self._known.get(instance.id), False
        if life is None:
            begun, is_spot = instance.launch_time.timestamp(), instance.lifecycle == "spot"
            life, is_different = Life(instance.id, region, instance.instance_type, begun, is_spot), True
            life.disks = _disks(backend, instance)
            self._known[instance.id] = life
        if life.ended_at is not None:
            return None
        tags = backend.tags.get(instance.id, {})
        if tags and tags != life.tags:
            life.tags, is_different = dict(tags), True
        goal, since = instance._state.goal_since
        return life if _note(life, goal, since) or is_different else None


def _note(life: Life, goal: str, since: float) -> bool:
    """Whether it runs, or does not any more, otherwise than before. The time until it has started is free."""
    is_open = bool(life.runs) and life.runs[-1][1] is None
    if goal == _RUNNING:
        if is_open or not math.isfinite(since):
            return False
        life.runs.append([since, None])
        return True
    now = time.time()
    if is_open and (life.runs[-1][0] or 0.0) >= now:
        del life.runs[-1]  # stopped or ended before it had started
    elif is_open:
        life.runs[-1][1] = now
    if goal == _ENDED:
        life.ended_at = now
    return is_open or goal == _ENDED


def _disks(backend: EC2Backend, instance: Any) -> list[dict[str, Any]]:
    found = []
    for device in instance.block_device_mapping.values():
        volume = backend.volumes.get(device.volume_id)
        if volume is not None:
            found.append({"gb": float(volume.size), "tags": dict(backend.tags.get(volume.id, {}))})
    return found
