"""Which port each use gets: the one of the last start, else the well-known one, else any that is free."""

from __future__ import annotations

import socket
from collections.abc import Mapping


def choose(well_known: Mapping[str, int], remembered: Mapping[str, int], *, any_free: bool = False) -> dict[str, int]:
    """A free port for every use; no two uses get the same. ``any_free`` leaves the well-known ones to others."""
    chosen: dict[str, int] = {}
    for use, usual in well_known.items():
        wishes = [remembered.get(use), None if any_free else usual]
        taken = set(chosen.values())
        fitting = (port for port in wishes if isinstance(port, int) and port not in taken and is_free(port))
        chosen[use] = next(fitting, None) or _free_port(taken | set(well_known.values()))
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen there now (connections that are still closing do not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _free_port(not_these: set[int]) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in not_these:
            return port
