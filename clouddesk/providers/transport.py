"""How all drivers reach their clouds: connections that jobs share, and no faster than an account may ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from requests.adapters import HTTPAdapter

from clouddesk.model.errors import RateLimited
from clouddesk.providers.cloud import TIMEOUT_SECONDS, Endpoint
from clouddesk.providers.spec import ProviderSpec

LONGEST_WAIT_SECONDS = 30.0
"""Who would have to wait longer for a token is told so, and the workflow waits without holding a thread."""
_CONNECTIONS, _HOSTS = 64, 64

_Driver = TypeVar("_Driver", bound="TokenDriver")

Pause = Callable[[str], None]
"""Called before each request, with the region where a cloud counts by region; returns when it may be made."""


class RateLimit(Protocol):
    """A token bucket for each account."""

    def take(self, bucket: str, *, per_second: float, burst: int, longest_wait_seconds: float) -> float:
        """Take a token; returns the seconds until it may be used. If those are more than the longest, none is taken."""
        ...


def unlimited(_region: str) -> None:
    """A Pause that is none."""


def pausing(spec: ProviderSpec, account: str, limit: RateLimit) -> Pause:
    """Waits for the account's tokens. Raises RateLimited instead of waiting long."""
    name = f"{spec.name}:{sha256(account.encode()).hexdigest()}"

    def pause(region: str) -> None:
        bucket = f"{name}:{region}" if region else name
        wait_seconds = limit.take(
            bucket,
            per_second=spec.requests_per_second,
            burst=spec.request_burst,
            longest_wait_seconds=LONGEST_WAIT_SECONDS,
        )
        if wait_seconds > LONGEST_WAIT_SECONDS:
            raise RateLimited(spec.name, "more requests than the account may make", retry_after_seconds=wait_seconds)
        if wait_seconds > 0:
            time.sleep(wait_seconds)

    return pause


class PoliteConnection:
    """Goes before a libcloud connection class; its driver has a ``pause`` and a ``counted_region``."""

    driver: Any
    connection: Any

    def connect(self, *arguments: Any, **more: Any) -> None:
        """Connections are kept and given to whoever needs one next: a driver lives for one job, a handshake is slow."""
        super().connect(*arguments, **more)  # type: ignore[misc]
        for scheme in ("https://", "http://"):
            self.connection.session.mount(scheme, _POOL)

    def request(self, *arguments: Any, **more: Any) -> Any:
        self.driver.pause(self.driver.counted_region)
        return super().request(*arguments, **more)  # type: ignore[misc]


class TokenDriver:
    """Goes before a libcloud driver class whose constructor takes a token, but neither an address nor a time-out."""

    pause: Pause
    connection: Any

    @classmethod
    def open(cls: type[_Driver], token: str, endpoint: Endpoint | None, pause: Pause) -> _Driver:
        """What the constructor does not take is set afterwards."""
        driver = cls(token)  # type: ignore[call-arg]  # libcloud's own
        driver.pause = pause
        driver.connection.timeout = TIMEOUT_SECONDS
        if endpoint:
            driver.connection.host, driver.connection.port = endpoint.host, endpoint.port
            driver.connection.secure = endpoint.is_secure
        driver.connection.connect()
        return driver


# Sessions, with their headers and cookies, stay apart: only the connections are shared. Safe for threads.
_POOL = HTTPAdapter(pool_connections=_HOSTS, pool_maxsize=_CONNECTIONS)
