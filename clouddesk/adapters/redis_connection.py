"""A connection to Redis that can be cancelled at any moment."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

_timeout: Any = connection.async_timeout  # type: ignore[attr-defined]  # asyncio's own, from Python 3.11 on


class Cancellable(connection.AbstractConnection):
    """As redis-py's, but a task that is cancelled in it ends.

    Before each command redis-py 4 looks for unread data by a read with a time-out of 0, which takes somebody else's
    cancellation for its own; and it writes under ``asyncio.wait_for``, which before Python 3.12 loses a cancellation
    that comes together with the result. Either way what should have ended would go on for ever.
    """

    def __init__(self, *, socket_timeout: float, **options: Any) -> None:
        self._seconds = socket_timeout
        super().__init__(**options)

    async def can_read_destructive(self) -> bool:
        """Whether there is something unread; without waiting."""
        reader = self._reader  # type: ignore[attr-defined]  # the stubs leave it out
        if reader is None or reader.at_eof():
            raise RedisConnectionError("Redis closed the connection")
        return bool(reader._buffer)

    async def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        """Write, within the time-out."""
        try:
            async with _timeout(self._seconds):
                await super().send_packed_command(*arguments, **options)
        except asyncio.TimeoutError:
            raise RedisTimeoutError("Timeout writing to socket") from None

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read, within the time-out."""
        try:
            async with _timeout(self._seconds):
                return await super().read_response(*arguments, **options)
        except asyncio.TimeoutError:
            raise RedisTimeoutError("Timeout reading from socket") from None


class CancellableConnection(Cancellable, connection.Connection):
    """Over TCP: redis://."""


class CancellableTlsConnection(Cancellable, connection.SSLConnection):
    """Over TLS: rediss://."""


class CancellableSocketConnection(Cancellable, connection.UnixDomainSocketConnection):
    """Over a socket of this machine: unix://."""


CONNECTIONS = {"rediss": CancellableTlsConnection, "unix": CancellableSocketConnection}
"""By the scheme of the address; redis-py picks its own class for these, whatever it is told."""
