"""Keeps moto's machines on disk: what a caller has been told is there after the process was killed."""

from __future__ import annotations

import pickle
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import moto
from moto.ec2.models import ec2_backends

from clouddesk.model.errors import Invalid
from clouddesk.sandbox.aws_moto import forget_terminated
from clouddesk.sandbox.keys import write_atomically

_BEGIN_ANEW = "Remove it to begin with an empty simulated cloud."


class Ec2Store:
    """One file per region, replaced as a whole before a change is acknowledged.

    ``lock`` must be held while moto works. Requests that wait to be saved at the same moment share one save, so
    that fifty at once do not write fifty files. Machines that ended ``forget_seconds`` ago are forgotten.
    """

    def __init__(self, folder: Path, account: str, *, forget_seconds: float) -> None:
        self.lock = threading.RLock()
        self._folder = folder
        self._forget_seconds = forget_seconds
        self._regions = ec2_backends[account]
        self._made: defaultdict[str, int] = defaultdict(int)
        self._saved: defaultdict[str, int] = defaultdict(int)
        self._saving = threading.Lock()

    def load(self) -> None:
        """Bring back what was saved. Raises Invalid when it was saved by another version of moto."""
        for path in sorted(self._folder.glob("ec2-*.pickle")):
            region, backend = _read(path)
            dict.__setitem__(self._regions, region, backend)
        self.forget()

    def forget(self) -> None:
        """Drop machines that ended long ago, as Amazon's list does. The lock must be held once requests are served.

        A change of its own it is not: what a restart brings back is forgotten again.
        """
        for backend in list(self._regions.values()):
            forget_terminated(backend, after_seconds=self._forget_seconds)

    def changed(self, region: str) -> None:
        """Note, while the lock is held, that something in the region is different now."""
        self._made[region] += 1

    def is_new(self, region: str) -> bool:
        """Whether moto has made this region (its networks and images have ids) and it was never saved."""
        # moto's own ``in`` is true of regions that could be made.
        return region in list(self._regions) and not self._path(region).exists()

    def save(self, region: str) -> None:
        """Return when every change noted before this call is on disk. The lock must not be held."""
        wanted = self._made[region]
        with self._saving:
            if self._saved[region] >= wanted:
                return
            with self.lock:
                current = self._made[region]
                backend = self._regions[region]
                frozen = pickle.dumps(backend)
            content = pickle.dumps({"moto": moto.__version__, "region": region, "backend": frozen})
            write_atomically(self._path(region), content)
            self._saved[region] = current

    def reset(self) -> None:
        """Forget what is on disk: moto was told to begin anew."""
        with self._saving:
            for path in self._folder.glob("ec2-*.pickle"):
                path.unlink()

    def _path(self, region: str) -> Path:
        return self._folder / f"ec2-{region}.pickle"


def _read(path: Path) -> tuple[str, Any]:
    """Region and backend. The file is our own, in a folder that only its owner can write."""
    try:
        saved: dict[str, Any] = pickle.loads(path.read_bytes())  # noqa: S301
        version = saved["moto"]
        if version == moto.__version__:
            return saved["region"], pickle.loads(saved["backend"])  # noqa: S301
    except (pickle.UnpicklingError, EOFError, KeyError, AttributeError, ImportError) as problem:
        raise Invalid(f"{path} cannot be read ({problem}). {_BEGIN_ANEW}") from problem
    raise Invalid(f"{path} was written with moto {version}, this is {moto.__version__}. {_BEGIN_ANEW}")
