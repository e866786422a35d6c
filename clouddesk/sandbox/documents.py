"""The state of a simulated cloud as JSON documents in SQLite: on disk before a change is acknowledged."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  made INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL,
  UNIQUE (kind, id));
CREATE TABLE IF NOT EXISTS numbers (kind TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""


class Documents:
    """Documents by kind ("instances") and id. All methods are atomic and may be called from many threads.

    A document that was read is the caller's own: a change counts once it is put back.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All that is done inside happens at once or not at all; nobody else changes anything meanwhile."""
        with self._lock:
            if self._database.in_transaction:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def put(self, kind: str, id: object, document: Document) -> None:
        """Add it, or replace what has that id, which keeps its place in the order."""
        with self.atomic():
            self._database.execute(
                "INSERT INTO documents (kind, id, content) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET content = excluded.content",
                (kind, str(id), json.dumps(document)),
            )

    def get(self, kind: str, id: object) -> Document | None:
        with self._lock:
            row = self._database.execute(
                "SELECT content FROM documents WHERE kind = ? AND id = ?", (kind, str(id))
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def all(self, kind: str) -> list[Document]:
        """In the order of their making, newest last."""
        with self._lock:
            rows = self._database.execute(
                "SELECT content FROM documents WHERE kind = ? ORDER BY made", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def remove(self, kind: str, id: object) -> bool:
        """False when there was none."""
        with self.atomic():
            row = self._database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, str(id)))
            return row.rowcount > 0

    def number(self, kind: str, first: int = 1) -> int:
        """The kind's next number, never the same again."""
        with self.atomic():
            row = self._database.execute(
                "INSERT INTO numbers (kind, last) VALUES (?, ?)"
                " ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
                (kind, first),
            ).fetchone()
            return int(row[0])
