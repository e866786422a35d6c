"""Who may use a simulated cloud: one key per owner, kept in a file, and the operator's key that always works."""

from __future__ import annotations

import json
import os
import secrets
import string
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

Key = Mapping[str, str]
"""The fields of a credential as the cloud's form names them."""

OPERATOR = "operator"
_AWS_ID = string.ascii_uppercase + "234567"
_AWS_SECRET = string.ascii_letters + string.digits + "+/"


class Keys:
    """Keys by owner. ``identify`` names the field by which a request says which key it uses."""

    def __init__(self, path: Path, *, identify: str, operator: Key, make: Callable[[], Key]) -> None:
        self._path = path
        self._identify = identify
        self._make = make
        self._lock = threading.Lock()
        self._by_owner: dict[str, Key] = json.loads(path.read_text()) if path.exists() else {}
        self._by_owner[OPERATOR] = operator
        self._owners = {key[identify]: owner for owner, key in self._by_owner.items()}

    def issue(self, owner: str) -> Key:
        """The owner's key; made at the first question, the same one ever after."""
        with self._lock:
            if owner not in self._by_owner:
                key = self._make()
                self._by_owner[owner] = key
                self._owners[key[self._identify]] = owner
                self._save()
            return self._by_owner[owner]

    def find(self, identifier: str) -> tuple[str, Key] | None:
        """Owner and key, by the field that identifies it."""
        owner = self._owners.get(identifier)
        return None if owner is None else (owner, self._by_owner[owner])

    def _save(self) -> None:
        given = {owner: dict(key) for owner, key in self._by_owner.items() if owner != OPERATOR}
        write_atomically(self._path, json.dumps(given, indent=1).encode())


def make_aws_key() -> Key:
    """A key pair in the shape of Amazon's."""
    return {
        "access_key_id": "AKIA" + "".join(secrets.choice(_AWS_ID) for _ in range(16)),
        "secret_access_key": "".join(secrets.choice(_AWS_SECRET) for _ in range(40)),
    }


def make_digitalocean_key() -> Key:
    """A personal access token in the shape of DigitalOcean's."""
    return {"token": "dop_v1_" + secrets.token_hex(32)}


def write_atomically(path: Path, content: bytes) -> None:
    """Whoever reads the file finds the old content or the new, never a half, whatever dies meanwhile."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
