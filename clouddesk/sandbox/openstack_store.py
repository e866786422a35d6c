"""The simulated OpenStack's state, with the application credentials that Keystone knows."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

from clouddesk.sandbox import rest
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.keys import Keys


class Store(Documents):
    """Documents of all services."""

    def __init__(self, path: Path, keys: Keys) -> None:
        super().__init__(path)
        self.keys = keys


Ask = rest.Ask[Store]


def instant(seconds: float | None = None) -> str:
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
