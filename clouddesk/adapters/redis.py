"""Redis: the views that people read, open quotes, notices and live prices. Everything here can be lost and rebuilt."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import sha256

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.cost_lines import entry
from clouddesk.adapters.redis_connection import CONNECTIONS, CancellableConnection
from clouddesk.adapters.redis_scripts import CLAIM_NAME, PUT_VIEW
from clouddesk.model.actor import Person
from clouddesk.model.errors import Unavailable
from clouddesk.model.notice import Notice
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import CONFIGURING, PROVISIONING, SCALING, STARTING, Reservation

_log = structlog.get_logger()

PREFIX = "clouddesk"

NAME_HELD_SECONDS = 3600
"""A claimed name that no reservation took is free again after this."""
NOTICE_REMEMBERED_SECONDS = 30 * 86400
NOTICES_KEPT = 1000
ALL_NOTICES_KEPT = 20_000
"""What a connector for everybody finds again when it was away."""
HABITS_KEPT_SECONDS = 180 * 86400
BLOCK_SECONDS = 2.0
"""The longest single wait for notices; shorter than the socket's time-out, so that a dead server is noticed."""
SOCKET_SECONDS = 5.0


def open_redis(url: str) -> Redis[bytes]:
    """A client with a pool; connects when it is first used, and bridges the moment in which Redis restarts.

    Every call of ours may be repeated: what it writes is the same the second time.
    """
    redis: Redis[bytes] = Redis.from_url(
        url,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 5),
        retry_on_error=[BusyLoadingError, RedisConnectionError],
    )
    redis.connection_pool.connection_class = CONNECTIONS.get(url.partition(":")[0], CancellableConnection)
    return redis


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Redis' own errors become Unavailable."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable("Redis") from error


class RedisQuotes:
    """Quotes that wait for a yes; Redis forgets each at its end."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def put(self, quote: Quote) -> None:
        """Keep until ``expires_at``."""
        seconds = int((quote.expires_at - datetime.now(timezone.utc)).total_seconds())
        async with answering():
            await self._redis.set(_key("quote", quote.id), to_json(quote), ex=max(1, seconds))

    async def get(self, quote_id: str) -> Quote | None:
        """None when it is unknown or past its end."""
        async with answering():
            text = await self._redis.get(_key("quote", quote_id))
        return from_json(Quote, text) if text else None


_TEAM = "*"
"""Stands for everybody of a workspace; nobody's id."""
_VIEW = ["json", "nodes_up", "step"]
"""What is read of a reservation's hash."""


class RedisReservationViews:
    """The view of reservations that people read.

    One index is of all, and each person has three: of their own, of what is shared with them by when that ends, and of
    what is offered to them by when that was.
    """

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def put(self, reservation: Reservation) -> None:
        """Write, unless a newer revision is there already; atomic."""
        costs = entry(reservation)
        keys = [
            _key("reservation", reservation.id),
            _key("reservations", str(reservation.person)),
            _key("reservations"),
            _key("names", str(reservation.person)),
            _key("live", str(reservation.person)),
            _key("live"),
            _key(costs.live_key),
            _key(costs.ended_key),
        ]
        args: list[str | float] = [
            reservation.revision,
            to_json(reservation),
            reservation.created_at.timestamp(),
            reservation.id,
            reservation.name,
            int(reservation.is_live),
            costs.text,
            costs.ended_field,
            costs.kept_until,
        ]
        for share in reservation.shares:
            keys.append(_shared(Person(reservation.workspace_id, share.user_id)))
            args.append(share.until.timestamp() if share.until else "+inf")
        if reservation.is_for_team and reservation.is_live:
            keys.append(_shared(Person(reservation.workspace_id, _TEAM)))
            args.append("+inf")
        if reservation.offered_to and reservation.is_live:
            keys.append(_offered(Person(reservation.workspace_id, reservation.offered_to)))
            args.append((reservation.offered_at or reservation.created_at).timestamp())
        async with answering():
            await self._redis.eval(PUT_VIEW, len(keys), *keys, *args)  # type: ignore[no-untyped-call]
            if not reservation.is_live:
                for tenure in reservation.earlier_owners:
                    person = Person(reservation.workspace_id, tenure.owner)
                    await self._redis.zrem(_key("live", str(person)), reservation.id)

    async def put_nodes_up(self, reservation_id: str, count: int) -> None:
        """Beside the view, so that it neither needs a revision nor can bring back an older view."""
        async with answering():
            await self._redis.hset(_key("reservation", reservation_id), "nodes_up", count)

    async def put_step(self, reservation_id: str, step: str) -> None:
        """Beside the view, as ``put_nodes_up``."""
        async with answering():
            await self._redis.hset(_key("reservation", reservation_id), "step", step)

    async def get(self, reservation_id: str) -> Reservation | None:
        """None when there is no such view."""
        async with answering():
            kept = await self._redis.hmget(_key("reservation", reservation_id), _VIEW)
        return _view(*kept)

    async def of_person(self, person: Person, *, only_live: bool = False) -> list[Reservation]:
        """Newest first; those that ended too, unless told otherwise."""
        listed = await self._listed(_key("live" if only_live else "reservations", str(person)))
        # One that was handed over stays in the index of whom it came from.
        return [view for view in listed if view.person == person]

    async def in_account_of(self, person: Person) -> list[Reservation]:
        """Live ones that are somebody else's by now, and run with the person's access to a cloud."""
        listed = await self._listed(_key("live", str(person)))
        return [view for view in listed if view.account_owner == person.user_id != view.owner and view.is_live]

    async def seen_by(self, person: Person, *, now: datetime, only_live: bool = False) -> list[Reservation]:
        """The person's own, newest first, then what is shared with them now, newest first."""
        async with answering():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.zrevrange(_key("live" if only_live else "reservations", str(person)), 0, -1)
            pipeline.zrangebyscore(_shared(person), f"({now.timestamp()}", "+inf")
            own, shared = await pipeline.execute()
        found = await self.many([_text(id_) for id_ in (*own, *shared)])
        mine = [view for view in found if view.person == person]
        others = [view for view in found if view.workspace_id == person.workspace_id and view.person != person]
        others = [view for view in others if view.share_of(person.user_id, now)]
        return [*mine, *sorted(others, key=lambda view: view.created_at, reverse=True)]

    async def offered_to(self, person: Person) -> list[Reservation]:
        """Live ones that they were asked to take over and have not answered, the latest offer first."""
        listed = await self._listed(_offered(person))
        return [view for view in listed if Person(view.workspace_id, view.offered_to) == person and view.is_live]

    async def for_team(self, workspace_id: str) -> list[Reservation]:
        """Those of the workspace that their owners opened to the team, newest first."""
        found = await self._listed(_shared(Person(workspace_id, _TEAM)))
        live = [view for view in found if view.is_for_team and view.is_live and view.workspace_id == workspace_id]
        return sorted(live, key=lambda view: view.created_at, reverse=True)

    async def all(self, *, only_live: bool = False) -> list[Reservation]:
        """Everybody's, newest first; those that ended too, unless told otherwise."""
        return await self._listed(_key("live" if only_live else "reservations"))

    async def live_ids(self) -> list[str]:
        """Everybody's that live, newest first."""
        async with answering():
            return [_text(id_) for id_ in await self._redis.zrevrange(_key("live"), 0, -1)]

    async def many(self, reservation_ids: Sequence[str]) -> list[Reservation]:
        """Those of them that there are, in this order."""
        async with answering():
            pipeline = self._redis.pipeline(transaction=False)
            for reservation_id in reservation_ids:
                pipeline.hmget(_key("reservation", reservation_id), _VIEW)
            found = [_view(*kept) for kept in await pipeline.execute()] if reservation_ids else []
        return [view for view in found if view]

    async def claim_name(self, person: Person, stem: str, reservation_id: str, *, is_exact: bool = False) -> str:
        """``<stem>-1``, ``<stem>-2`` …: the first that none of the person's reservations has; atomic.

        ``is_exact``: the stem itself when it is free.

        The same reservation gets the same name again. A claim that no reservation follows ends by itself.
        """
        now = time.time()
        keys = (_key("names", str(person)), _key("name", reservation_id))
        held = (now + NAME_HELD_SECONDS, int(NAME_HELD_SECONDS * 1000))
        async with answering():
            name = await self._redis.eval(  # type: ignore[no-untyped-call]
                CLAIM_NAME, len(keys), *keys, stem, now, *held, int(is_exact)
            )
        return _text(name)

    async def _listed(self, index: str) -> list[Reservation]:
        async with answering():
            ids = await self._redis.zrevrange(index, 0, -1)
        return await self.many([_text(id_) for id_ in ids])


def _view(text: bytes | None, nodes_up: bytes | None, step: bytes | None) -> Reservation | None:
    if text is None:
        return None
    view = from_json(Reservation, text)
    up = int(nodes_up) if nodes_up is not None and view.state == PROVISIONING else None
    is_under_way = view.state in (CONFIGURING, STARTING, SCALING) and not view.is_asked_about_software
    return replace(view, nodes_up=up, step=_text(step) if step and is_under_way else "")


# KEYS: mark of the notice, stream of the person, stream of all.
# ARGV: JSON, most kept of the person, seconds that the mark is kept, most kept of all
_SEND = """
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[3]) then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'json', ARGV[1])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'json', ARGV[1])
return 1
"""


class RedisNotices:
    """A stream of notices for each person, and one of all: ordered, capped, each notice id once."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def send(self, notice: Notice) -> None:
        """Append; the same notice id twice is kept once; atomic."""
        person = Person(notice.workspace_id, notice.user_id)
        keys = [_key("notice", notice.id), _key("notices", str(person)), _key("notices")]
        args = [to_json(notice), NOTICES_KEPT, NOTICE_REMEMBERED_SECONDS, ALL_NOTICES_KEPT]
        async with answering():
            await self._redis.eval(_SEND, len(keys), *keys, *args)  # type: ignore[no-untyped-call]

    async def end(self, person: Person) -> str:
        """The position after the last notice: where to read on from, without missing one between two reads."""
        async with answering():
            last = await self._redis.xrevrange(_key("notices", str(person)), count=1)
        return _text(last[0][0]) if last else "0"

    async def latest(self, person: Person, *, limit: int) -> list[Notice]:
        """The last notices, newest first."""
        async with answering():
            found = await self._redis.xrevrange(_key("notices", str(person)), count=limit)
        return [from_json(Notice, values[b"json"]) for _, values in found]

    async def read(self, person: Person, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        """Notices later than ``after`` ("0" from the start, "$" from now), with their positions.

        Returns as soon as there is one; [] after ``wait_seconds``.
        """
        position = await self.end(person) if after == "$" else after
        return await self._read(_key("notices", str(person)), position, wait_seconds)

    async def read_all(self, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        """Everybody's notices later than ``after`` ("0" from the start), with their positions."""
        return await self._read(_key("notices"), after, wait_seconds)

    async def _read(self, stream: str, position: str, wait_seconds: float) -> list[tuple[str, Notice]]:
        until = time.monotonic() + wait_seconds
        while True:
            left = until - time.monotonic()
            block = max(1, int(min(left, BLOCK_SECONDS) * 1000)) if left > 0 else None
            async with answering():
                found = await self._redis.xread({stream: position}, block=block)
            if found:
                if read := list(_readable(found[0][1])):
                    return read
                position = _text(found[0][1][-1][0])
                continue
            if left <= 0:
                return []


class RedisHabits:
    """What each person used last: a hash each, one field for each thing that it was for."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def put(self, person: Person, request: ResourceRequest, keys: Sequence[str]) -> None:
        """Replace what is under the keys; kept for half a year after the last."""
        place = _key("habits", str(person))
        async with answering():
            await self._redis.hset(place, mapping=dict.fromkeys(keys, to_json(request)))
            await self._redis.expire(place, HABITS_KEPT_SECONDS)

    async def get(self, person: Person, keys: Sequence[str]) -> list[ResourceRequest | None]:
        """None for what there is nothing of."""
        async with answering():
            found = await self._redis.hmget(_key("habits", str(person)), list(keys))
        return [from_json(ResourceRequest, text) if text else None for text in found]


class RedisOffers:
    """Each provider's live offers, as the catalogue wrote them."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def put(self, provider: str, text: str) -> None:
        """Replace the provider's offers."""
        version = sha256(text.encode()).hexdigest()[:16]
        async with answering():
            await self._redis.mset({_key("offers", provider): text, _key("offers-version", provider): version})

    async def get(self, provider: str) -> str | None:
        """None when they were never fetched."""
        async with answering():
            text = await self._redis.get(_key("offers", provider))
        return _text(text) if text else None

    async def versions(self, providers: Sequence[str]) -> dict[str, str]:
        """A word for each list there is, which changes with it: who has that one need not read the list again."""
        if not providers:
            return {}
        async with answering():
            found = await self._redis.mget([_key("offers-version", name) for name in providers])
        return {name: _text(word) for name, word in zip(providers, found, strict=True) if word}


def _shared(person: Person) -> str:
    return _key("shared", str(person))


def _offered(person: Person) -> str:
    return _key("offered", str(person))


def _key(*parts: str) -> str:
    return ":".join((PREFIX, *parts))


def _readable(entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> Iterator[tuple[str, Notice]]:
    """With their positions; one that another version wrote must not hold up those behind it."""
    for place, values in entries:
        try:
            yield _text(place), from_json(Notice, values[b"json"])
        except (ValueError, TypeError, KeyError):  # noqa: PERF203 - the others are to be read
            _log.exception("notice.unreadable", position=_text(place))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
