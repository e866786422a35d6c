"""Access tokens that a key is exchanged for: kept in the process's memory, never on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Any

SPARE_SECONDS = 300
"""A token is not used so shortly before its end."""
YOUNG_SECONDS = 60
"""One that is refused though it is as new as that will not be better when exchanged again."""


@dataclass(frozen=True)
class Token:
    """What a cloud gave."""

    text: str = field(repr=False)
    since: float
    ends_at: float
    facts: Any = field(default=None, repr=False)
    """What the cloud told with it."""


class Tokens:
    """The token of one account. Safe for threads; those that need one at the same moment may exchange one each."""

    def __init__(self, account: object, exchange: Callable[[], Token]) -> None:
        """``account``: all that a token depends on; a driver lives for one job, and the next finds its token by it."""
        self._name = sha256(repr(account).encode()).hexdigest()
        self._exchange = exchange

    @property
    def access_token(self) -> str:
        """One that is still good for some minutes; exchanged when there is none. Raises the vendor's errors."""
        return self.token.text

    @property
    def token(self) -> Token:
        """The same, with all that the cloud told."""
        kept = _KEPT.get(self._name)
        if kept is None or kept.ends_at - time.time() < SPARE_SECONDS:
            kept = self._exchange()
            _KEPT.put(self._name, kept)
        return kept

    def forget(self) -> bool:
        """The cloud refused the token. True when a new one may be better."""
        kept = _KEPT.take(self._name)
        return kept is not None and time.time() - kept.since >= YOUNG_SECONDS


class _Kept:
    """The process's tokens."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._lock = Lock()

    def get(self, name: str) -> Token | None:
        with self._lock:
            return self._tokens.get(name)

    def put(self, name: str, token: Token) -> None:
        with self._lock:
            now = time.time()
            self._tokens = {key: kept for key, kept in self._tokens.items() if kept.ends_at > now}
            self._tokens[name] = token

    def take(self, name: str) -> Token | None:
        with self._lock:
            return self._tokens.pop(name, None)


_KEPT = _Kept()
