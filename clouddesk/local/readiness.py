"""One question to a server: do you answer? On loopback, with short time-outs, and never through a proxy."""

from __future__ import annotations

import contextlib
import http
import http.client
import json
import socket
import urllib.error
import urllib.request

OK = int(http.HTTPStatus.OK)
_TIMEOUT_SECONDS = 2.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http_status(url: str) -> int | None:
    """The status code; None when nobody answers."""
    try:
        with _OPENER.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            return error.code
    except (OSError, http.client.HTTPException):
        return None


def told(url: str) -> dict[str, object]:
    """What the server says of itself, well or not; {} when nobody answers in JSON."""
    try:
        with _OPENER.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            body = error.read()
    except (OSError, http.client.HTTPException):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def fetch(url: str, change: object = None) -> bytes:
    """The body of an answer, to a ``change`` that is sent as JSON. Raises OSError when there is none, or a no."""
    body = None if change is None else json.dumps(change).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own servers
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return bytes(answer.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error


def http_ok(url: str) -> bool:
    return http_status(url) == OK


def redis_answers(port: int) -> bool:
    """True once Redis has loaded its file: until then it answers a PING with LOADING."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
