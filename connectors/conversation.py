"""One person's conversation in the terminal: what `say` and the console share."""

from __future__ import annotations

import getpass
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import available_timezones

from redis.asyncio import Redis
from redis.exceptions import RedisError

from clouddesk.adapters.redis import RedisNotices, RedisReservationViews, open_redis
from clouddesk.language.prepare import prepare
from clouddesk.language.secrets import redact
from clouddesk.model.actor import LOCAL_WORKSPACE, Actor, Person
from clouddesk.model.errors import Invalid, Unavailable
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import CONFIGURING, PROVISIONING, SCALING, STARTING, Reservation
from clouddesk.settings import Settings
from connectors.choices import Choices
from connectors.notices import Inbox, Wording
from connectors.rasa import Button, Message, RasaClient, Reply

CHANNEL = "console"
NOT_RUNNING = "CloudDesk is not running. Start it with `make chat` or `clouddesk up`."

_MOST_LETTERS = 64
# Names are part of addresses: the vault takes no others in a path.
_USER = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@+-]{{0,{_MOST_LETTERS - 1}}}")

LabelledButtons = list[tuple[str, Button]]


@dataclass(frozen=True)
class Shown:
    """A reply or notice with what to type for each of its buttons."""

    reply: Reply
    buttons: LabelledButtons
    notice: Notice | None = None


@dataclass(frozen=True)
class Turn:
    """One message and what was said to it. ``text`` is as typed, or without the secret that was in it."""

    text: str
    answers: list[Shown]
    milliseconds: float


class Conversation:
    """What one person says and is told on the terminal."""

    def __init__(
        self, *, client: RasaClient, redis: Redis[bytes], person: Person, timezone: str, wording: Wording
    ) -> None:
        self.person = person
        self.timezone = timezone
        self.id = f"{person.workspace_id}:{CHANNEL}:-:{person.user_id}"
        self.notices = RedisNotices(redis)
        self.inbox = Inbox(self.notices, redis, person, connector=CHANNEL)
        self._client = client
        self._views = RedisReservationViews(redis)
        self._choices = Choices(redis, self.id)
        self._wording = wording

    async def say(self, typed: str) -> Turn:
        """Send what was typed, or what the button stands for that it names. Raises Unreachable or Unavailable."""
        began = time.monotonic()
        try:
            payload = await self._choices.resolve(typed)
            harmless, to_send = (typed, payload) if payload else without_secrets(typed)
            replies = await self._client.send(Message(self.person, self.id, to_send, self.timezone))
            labelled = await self._choices.of_replies(replies)
        except RedisError as error:
            raise Unavailable("Redis") from error
        answers = [Shown(reply, buttons) for reply, buttons in zip(replies, labelled, strict=True)]
        return Turn(harmless, answers, (time.monotonic() - began) * 1000)

    async def under_way(self) -> list[Reservation]:
        """The person's own that are waited for: machines come up, or get their software."""
        found = await self._views.of_person(self.person, only_live=True)
        return [item for item in found if item.state in (PROVISIONING, CONFIGURING, STARTING, SCALING)]

    async def show(self, notice: Notice) -> Shown:
        """A notice as the person reads it."""
        reply = await self._client.revealed(self._wording.render(notice, timezone_name=self.timezone), self.person)
        return Shown(reply, await self._choices.of_notice(reply.buttons), notice)


@asynccontextmanager
async def open_conversation(settings: Settings, user: str) -> AsyncIterator[Conversation]:
    """A conversation with the running stack. Raises Invalid, with what to do, for a bad name or when no stack runs."""
    person = local_person(user)
    async with open_client(settings) as client:
        redis = open_redis(settings.redis_url)
        try:
            yield Conversation(client=client, redis=redis, person=person, timezone=system_timezone(), wording=Wording())
        except RedisError as error:
            raise Unavailable("Redis") from error
        finally:
            await redis.close()


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[RasaClient]:
    """A client of the running stack's Rasa server. Raises Invalid when no stack runs."""
    if not (settings.secrets_dir / "channel").exists():
        raise Invalid(NOT_RUNNING)
    urls, secret = settings.rasa_urls or settings.rasa_url, settings.secret("channel")
    async with RasaClient(urls, secret, secrets_of=partial(_secrets_of, settings)) as client:
        # While a stack runs, a silent server is one that restarts; without one there is nothing to wait for.
        if not settings.run_file.exists() and not await client.is_ready():
            raise Invalid(NOT_RUNNING)
        yield client


async def _secrets_of(settings: Settings, person: Person, reservation_id: str) -> Mapping[str, str]:
    # Asked for so rarely that a chat need not wait at its start for what a Desk brings along.
    from clouddesk.assembly import open_desk

    async with open_desk(settings, vault_role="gateway") as desk:
        return await desk.secrets_of(Actor(person.workspace_id, person.user_id), reservation_id)


def local_person(user: str) -> Person:
    """The person of that name on this machine. Raises Invalid for a name that cannot be part of an id."""
    if not _USER.fullmatch(user):
        raise Invalid(
            f"{user!r} cannot be a user: a name begins with a letter (A to Z) or a digit, then letters, digits and "
            ". _ @ + - may follow, at most 64 in all. `--user NAME` takes another one."
        )
    return Person(LOCAL_WORKSPACE, user)


def login_name() -> str:
    """Who sits at this terminal, as a name that can be a user ("_bob" is bob)."""
    nameless = f"uid{os.getuid()}"
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return nameless
    return re.sub(r"[^A-Za-z0-9._@+-]", "-", name).lstrip("._@+-")[:_MOST_LETTERS] or nameless


def system_timezone(etc: Path = Path("/etc")) -> str:
    """This machine's IANA zone; UTC when it names none."""
    zones = available_timezones()
    link = os.path.realpath(etc / "localtime")
    named = etc / "timezone"
    candidates = (
        os.environ.get("TZ", "").lstrip(":"),
        link.partition("/zoneinfo/")[2],
        named.read_text().strip() if named.is_file() else "",
    )
    return next((name for name in candidates if name in zones), "UTC")


def without_secrets(typed: str) -> tuple[str, str]:
    """What may be shown of a typed message, and what may be sent on. A payload ("/intent{…}") keeps its form."""
    if typed.lstrip().startswith("/"):
        harmless, _ = redact(typed.strip())
        return harmless, harmless
    prepared = prepare(typed)
    return prepared.text if prepared.secrets else typed, prepared.text or typed.strip()
