"""The simulated OpenStack's state, with the application credentials that Keystone knows."""

from __future__ import annotations

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
