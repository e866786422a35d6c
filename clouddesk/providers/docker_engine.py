"""The Docker engine of one's own machine: how it is reached, and its errors as libcloud has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.errors import APIError, DockerException
from libcloud.common.exceptions import BaseHTTPError

TIMEOUT_SECONDS = 60
"""Stopping a machine takes until its services have ended."""
_LOOK_SECONDS = 3
_SOCKETS = (Path("/var/run/docker.sock"), Path.home() / ".docker/run/docker.sock")


def connect(address: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> APIClient:
    """A client of the engine at an address ("unix:///var/run/docker.sock"), in the newest language both speak.

    Not to be shared between threads. Raises ConnectionError.
    """
    with engine_errors():
        return APIClient(base_url=address, version="auto", timeout=timeout_seconds)


def find_engine(told: str = "") -> str:
    """The address of an engine that answers: the one that was told, else at the usual sockets; "" when none does."""
    for address in [told] if told else [f"unix://{path}" for path in _SOCKETS if path.exists()]:
        try:
            connect(address, timeout_seconds=_LOOK_SECONDS).close()
        except OSError:
            continue
        return address
    return ""


@contextmanager
def engine_errors() -> Iterator[None]:
    """What the engine refuses becomes libcloud's error with its status; no answer at all a ConnectionError."""
    try:
        yield
    except APIError as error:
        raise BaseHTTPError(error.status_code or 500, explanation(error)) from error
    except DockerException as error:
        raise ConnectionError(str(error)) from error


def explanation(error: APIError) -> str:
    """The engine's own words."""
    words: Any = error.explanation
    return str(words or error)
