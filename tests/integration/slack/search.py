"""Where a secret could have been left: all that the stack and Slack keep, and how it could be written there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from redis.asyncio import Redis
from temporalio.client import Client

from clouddesk.adapters.redis import open_redis
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import Settings

PIECE = 12
"""Whoever keeps a part of a secret keeps it; a database's pages cut it as well."""
_CLOUDS = "data/sandbox-"
"""What the simulated clouds keep: they know the keys that they issued, as clouds do."""


async def everything(settings: Settings, slack: SlackServer) -> dict[str, bytes]:
    """What is kept now, by place."""
    return {
        "Redis": await _redis(settings.redis_url),
        "Temporal's histories": await _temporal(settings.temporal_address),
        "Slack, received": slack.received_text().encode(),
        "Slack, stored": _slack(slack),
        **{f"file {path.relative_to(settings.home)}": _content(path) for path in _files(settings.home)},
    }


def found(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Each place that holds (a piece of) a secret, with the name of the secret; never the secret."""
    return [
        f"{place}: {name}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(piece in content for piece in set(_pieces(secret)))
    ]


def _pieces(secret: str) -> Iterator[bytes]:
    for written in _ways(secret.encode()):
        last = max(1, len(written) - PIECE + 1)
        yield from (written[start : start + PIECE] for start in {*range(0, last, PIECE), last - 1})


def _ways(secret: bytes) -> Iterable[bytes]:
    """As it is, as JSON, in an address, and in base64 wherever in a text it may begin."""
    yield secret
    yield json.dumps(secret.decode())[1:-1].replace("/", "\\/").encode()
    yield quote(secret, safe="").encode()
    for shift in range(3):
        # What stands before and behind it is in the first and last signs too.
        coded = base64.b64encode(bytes(shift) + secret).rstrip(b"=")
        yield coded[4 if shift else 0 : -2]


async def _redis(url: str) -> bytes:
    """Keys and values as their types are read: a dump of them would be compressed."""
    redis = open_redis(url)
    try:
        assert set(await redis.info("keyspace")) <= {"db0"}, "all that is ours lies in one database"
        return repr([(key, await _value(redis, key)) async for key in redis.scan_iter()]).encode()
    finally:
        await redis.close()


async def _value(redis: Redis[bytes], key: bytes) -> object:
    kind = (await redis.type(key)).decode()  # type: ignore[no-untyped-call]
    if kind == "string":
        return await redis.get(key)
    if kind == "hash":
        return await redis.hgetall(key)
    if kind == "list":
        return await redis.lrange(key, 0, -1)
    if kind == "set":
        return await redis.smembers(key)
    if kind == "zset":
        return await redis.zrange(key, 0, -1, withscores=True)
    if kind == "stream":
        return await redis.xrange(key)
    assert kind == "none", f"{key!r} is a {kind}, which nobody here reads"
    return None  # gone meanwhile


async def _temporal(address: str) -> bytes:
    client = await Client.connect(address)
    content = b""
    async for listed in client.list_workflows():
        history = await client.get_workflow_handle(listed.id, run_id=listed.run_id).fetch_history()
        content += listed.raw_info.SerializeToString()
        content += b"".join(event.SerializeToString() for event in history.events)
    return content


def _slack(slack: SlackServer) -> bytes:
    """What people and the app see there now. What was deleted only the tests remember."""
    store = slack.store
    return repr([store.messages, store.ephemeral, store.views, store.files, store.response_urls]).encode()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # a server's own temporary file


def _files(home: Path) -> Iterator[Path]:
    """Logs, Redis' log of all commands ever given, Temporal's database, and whatever else lies there."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not str(path.relative_to(home)).startswith(_CLOUDS):
            yield path
