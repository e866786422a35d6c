"""The state of the simulated DigitalOcean, in SQLite: on disk before a change is acknowledged.

Nothing runs in the background: what a droplet is doing follows from the clock and from when it was told to.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.faults import Fate

NEW = "new"
ACTIVE = "active"
OFF = "off"

# Real numbers have nine digits as well.
_FIRST_DROPLET = 512_000_000
_FIRST_ACTION = 2_400_000_000
_FIRST_KEY = 43_000_000

_NONE = Fate()
_MOST_ACTIONS = 1000
_FAILING = "failing_actions"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS droplets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, region TEXT NOT NULL, facts TEXT NOT NULL,
  created_at REAL NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, changes_at REAL NOT NULL, gone_at REAL);
CREATE TABLE IF NOT EXISTS tags (name TEXT PRIMARY KEY COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS droplet_tags (
  tag TEXT NOT NULL COLLATE NOCASE, droplet INTEGER NOT NULL, PRIMARY KEY (tag, droplet));
CREATE INDEX IF NOT EXISTS tags_of_droplet ON droplet_tags (droplet);
CREATE TABLE IF NOT EXISTS actions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, droplet INTEGER NOT NULL, type TEXT NOT NULL, region TEXT NOT NULL,
  started_at REAL NOT NULL, completes_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, fingerprint TEXT NOT NULL UNIQUE, public_key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS volumes (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, size_gb INTEGER NOT NULL, created_at REAL NOT NULL,
  tags TEXT NOT NULL, droplet INTEGER, UNIQUE (region, name));
"""


@dataclass(frozen=True)
class Droplet:
    """One machine. ``facts``: what was ordered (size, image, features, network) and what became of it."""

    id: int
    name: str
    region: str
    facts: dict[str, Any]
    created_at: float
    before: str
    after: str
    changes_at: float
    gone_at: float | None
    tags: tuple[str, ...]

    @property
    def is_locked(self) -> bool:
        """Something is being done to it, and nothing else can be."""
        return time.time() < self.changes_at or self.gone_at is not None

    @property
    def status(self) -> str:
        return self.before if time.time() < self.changes_at else self.after

    @property
    def is_listed(self) -> bool:
        return time.time() >= float(self.facts.get("listed_at", 0.0))


@dataclass(frozen=True)
class Action:
    """Something done to a droplet."""

    id: int
    droplet: int
    type: str
    region: str
    started_at: float
    completes_at: float
    """Infinity: never."""
    is_failing: bool = False


@dataclass(frozen=True)
class SshKey:
    """A public key of the account."""

    id: int
    name: str
    fingerprint: str
    public_key: str


@dataclass(frozen=True)
class Volume:
    """A disk of its own. ``droplet``: the one that it is attached to."""

    id: str
    name: str
    region: str
    size_gb: int
    created_at: float
    tags: tuple[str, ...]
    droplet: int | None


class Store(Documents):
    """All methods are atomic and may be called from many threads. Firewalls are documents."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._database.executescript(_SCHEMA)
        for table, first in (("droplets", _FIRST_DROPLET), ("actions", _FIRST_ACTION), ("keys", _FIRST_KEY)):
            known = self._database.execute("SELECT 1 FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
            if known is None:
                self._database.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, first))

    # --- droplets

    def add_droplet(
        self,
        *,
        name: str,
        region: str,
        facts: dict[str, Any],
        tags: Iterable[str],
        boot_seconds: float,
        fate: Fate = _NONE,
    ) -> tuple[Droplet, Action]:
        """A broken one stays new, and its action is what tells that."""
        now = time.time()
        seconds = math.inf if fate.is_stuck else boot_seconds
        facts = {**facts, "listed_at": now + fate.listed_after_seconds, "is_broken": fate.is_broken}
        after = NEW if fate.is_broken else ACTIVE
        with self.atomic():
            row = self._database.execute(
                "INSERT INTO droplets (name, region, facts, created_at, before, after, changes_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (name, region, json.dumps(facts), now, NEW, after, now + seconds),
            )
            number = int(row.lastrowid or 0)
            self.tag(tags, [number])
            action = self._add_action(number, "create", region, seconds)
            droplet = self.droplet(number)
        assert droplet is not None
        return droplet, action

    def droplet(self, number: int) -> Droplet | None:
        return next(iter(self._droplets("AND d.id = ?", (number,))), None)

    def droplets(self, *, tag: str | None = None, name: str | None = None) -> list[Droplet]:
        """In the order of their making, newest last."""
        where, values = "", []
        if tag is not None:
            where += " AND EXISTS (SELECT 1 FROM droplet_tags t WHERE t.droplet = d.id AND t.tag = ?)"
            values.append(tag)
        if name is not None:
            where += " AND d.name = ? COLLATE NOCASE"
            values.append(name)
        return self._droplets(where, tuple(values))

    def every_droplet(self) -> list[Droplet]:
        """Those that are gone as well."""
        return self._droplets("", (), is_gone_too=True)

    def change(self, droplet: Droplet, type: str, *, after: str, seconds: float, is_failing: bool = False) -> Action:
        """Begin something that ends in the status ``after``. ``is_failing``: the action tells that it failed."""
        with self.atomic():
            self._database.execute(
                "UPDATE droplets SET before = ?, after = ?, changes_at = ? WHERE id = ?",
                (droplet.status, after, time.time() + seconds, droplet.id),
            )
            action = self._add_action(droplet.id, type, droplet.region, seconds)
            if is_failing:
                self.put(_FAILING, action.id, {})
            return replace(action, is_failing=is_failing)

    def rename(self, droplet: Droplet, name: str) -> Action:
        with self.atomic():
            self._database.execute("UPDATE droplets SET name = ? WHERE id = ?", (name, droplet.id))
            return self._add_action(droplet.id, "rename", droplet.region, 0)

    def destroy(self, droplet: Droplet, *, seconds: float) -> None:
        """It is still listed for that long."""
        with self.atomic():
            self._database.execute(
                "UPDATE droplets SET gone_at = ? WHERE id = ? AND gone_at IS NULL", (time.time() + seconds, droplet.id)
            )
            self._add_action(droplet.id, "destroy", droplet.region, seconds)

    def _droplets(self, where: str, values: tuple[Any, ...], *, is_gone_too: bool = False) -> list[Droplet]:
        # ``where`` is one of the texts above, never a caller's words.
        query = (
            "SELECT d.id, d.name, d.region, d.facts, d.created_at, d.before, d.after, d.changes_at, d.gone_at,"  # noqa: S608
            " (SELECT json_group_array(t.tag) FROM droplet_tags t WHERE t.droplet = d.id)"
            f" FROM droplets d WHERE (d.gone_at IS NULL OR d.gone_at > ?) {where} ORDER BY d.id"
        )
        with self._lock:
            rows = self._database.execute(query, (0.0 if is_gone_too else time.time(), *values)).fetchall()
        return [
            Droplet(
                number, name, region, json.loads(facts), created_at, before, after, changes_at, gone_at, _names(tags)
            )
            for number, name, region, facts, created_at, before, after, changes_at, gone_at, tags in rows
        ]

    # --- actions

    def actions(self, *, droplet: int | None = None) -> list[Action]:
        """The newest thousand, newest first."""
        return self._actions("WHERE a.droplet = ?", (droplet,)) if droplet is not None else self._actions("", ())

    def action(self, number: int) -> Action | None:
        return next(iter(self._actions("WHERE a.id = ?", (number,))), None)

    def _actions(self, where: str, values: tuple[int, ...]) -> list[Action]:
        # ``where`` is one of the texts above, never a caller's words.
        query = (
            "SELECT a.id, a.droplet, a.type, a.region, a.started_at, a.completes_at,"  # noqa: S608
            " (a.type = 'create' AND coalesce(json_extract(d.facts, '$.is_broken'), 0))"
            f" OR EXISTS (SELECT 1 FROM documents f WHERE f.kind = '{_FAILING}' AND f.id = CAST(a.id AS TEXT))"
            f" FROM actions a LEFT JOIN droplets d ON d.id = a.droplet {where} ORDER BY a.id DESC LIMIT {_MOST_ACTIONS}"
        )
        with self._lock:
            rows = self._database.execute(query, values).fetchall()
        return [
            Action(id_, number, type_, region, started_at, completes_at, bool(is_failing))
            for id_, number, type_, region, started_at, completes_at, is_failing in rows
        ]

    def _add_action(self, droplet: int, type: str, region: str, seconds: float) -> Action:
        now = time.time()
        row = self._database.execute(
            "INSERT INTO actions (droplet, type, region, started_at, completes_at) VALUES (?, ?, ?, ?, ?)",
            (droplet, type, region, now, now + seconds),
        )
        return Action(int(row.lastrowid or 0), droplet, type, region, now, now + seconds)

    # --- tags

    def add_tag(self, tag: str) -> None:
        with self.atomic():
            self._database.execute("INSERT OR IGNORE INTO tags (name) VALUES (?)", (tag,))

    def tag(self, tags: Iterable[str], droplets: Iterable[int]) -> None:
        """A tag that is new is made."""
        with self.atomic():
            numbers = list(droplets)
            for tag in tags:
                self.add_tag(tag)
                self._database.executemany(
                    "INSERT OR IGNORE INTO droplet_tags (tag, droplet) SELECT name, ? FROM tags WHERE name = ?",
                    [(number, tag) for number in numbers],
                )

    def untag(self, tag: str, droplets: Iterable[int]) -> None:
        with self.atomic():
            self._database.executemany(
                "DELETE FROM droplet_tags WHERE tag = ? AND droplet = ?", [(tag, number) for number in droplets]
            )

    def remove_tag(self, tag: str) -> bool:
        with self.atomic():
            self._database.execute("DELETE FROM droplet_tags WHERE tag = ?", (tag,))
            return self._database.execute("DELETE FROM tags WHERE name = ?", (tag,)).rowcount > 0

    def tags(self) -> list[str]:
        with self._lock:
            return [row[0] for row in self._database.execute("SELECT name FROM tags ORDER BY name")]

    # --- ssh keys

    def add_key(self, name: str, fingerprint: str, public_key: str) -> SshKey | None:
        """None when the account has that key already."""
        with self.atomic():
            if self.key(fingerprint) is not None:
                return None
            row = self._database.execute(
                "INSERT INTO keys (name, fingerprint, public_key) VALUES (?, ?, ?)", (name, fingerprint, public_key)
            )
            return SshKey(int(row.lastrowid or 0), name, fingerprint, public_key)

    def keys(self) -> list[SshKey]:
        with self._lock:
            return [SshKey(*row) for row in self._database.execute("SELECT * FROM keys ORDER BY id")]

    def key(self, wanted: object) -> SshKey | None:
        """By number or fingerprint."""
        return next((key for key in self.keys() if str(wanted) in (str(key.id), key.fingerprint)), None)

    def remove_key(self, key: SshKey) -> None:
        with self.atomic():
            self._database.execute("DELETE FROM keys WHERE id = ?", (key.id,))

    # --- volumes

    def add_volume(self, *, name: str, region: str, size_gb: int, tags: Iterable[str]) -> Volume | None:
        """None when there is one with that name in the region."""
        made = Volume(str(uuid.uuid4()), name, region, size_gb, time.time(), tuple(tags), None)
        values = (made.id, name, region, size_gb, made.created_at, json.dumps(made.tags))
        with self.atomic():
            row = self._database.execute("INSERT OR IGNORE INTO volumes VALUES (?, ?, ?, ?, ?, ?, NULL)", values)
            return made if row.rowcount else None

    def volumes(self, *, region: str | None = None, name: str | None = None) -> list[Volume]:
        """In the order of their making. A droplet that is gone has given its volumes free."""
        query = (
            "SELECT v.id, v.name, v.region, v.size_gb, v.created_at, v.tags, d.id FROM volumes v LEFT JOIN droplets d"
            " ON d.id = v.droplet AND (d.gone_at IS NULL OR d.gone_at > ?)"
            " WHERE v.region = coalesce(?, v.region) AND v.name = coalesce(?, v.name) ORDER BY v.created_at"
        )
        with self._lock:
            rows = self._database.execute(query, (time.time(), region, name)).fetchall()
        return [
            Volume(id_, name, region, size_gb, created_at, _names(tags), droplet)
            for id_, name, region, size_gb, created_at, tags, droplet in rows
        ]

    def volume(self, wanted: str) -> Volume | None:
        return next((volume for volume in self.volumes() if volume.id == wanted), None)

    def attach(self, volume: Volume, droplet: Droplet) -> Action:
        return self._attach(volume, droplet.id, "attach_volume", droplet)

    def detach(self, volume: Volume, droplet: Droplet) -> Action:
        return self._attach(volume, None, "detach_volume", droplet)

    def _attach(self, volume: Volume, number: int | None, type: str, droplet: Droplet) -> Action:
        with self.atomic():
            self._database.execute("UPDATE volumes SET droplet = ? WHERE id = ?", (number, volume.id))
            return self._add_action(droplet.id, type, volume.region, 0)

    def remove_volume(self, volume: Volume) -> None:
        with self.atomic():
            self._database.execute("DELETE FROM volumes WHERE id = ?", (volume.id,))


def _names(tags: str) -> tuple[str, ...]:
    return tuple(json.loads(tags))
