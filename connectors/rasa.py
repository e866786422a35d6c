"""The client of the Rasa channel: one message in, replies out; it waits while Rasa restarts."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import aiohttp

from clouddesk.model.actor import Person
from clouddesk.model.errors import CloudDeskError, Unavailable
from connectors.charts import Chart
from connectors.protocol import PARSE_PATH, SECRET_HEADER, STATUS_PATH, TEXT_LIMIT, TOO_LONG, WEBHOOK_PATH

PATIENCE_SECONDS = 20.0
"""How long to try while nobody answers: Rasa comes back in about ten seconds."""
ANSWER_SECONDS = 120.0
_PAUSE_SECONDS = 0.3
NO_SECRETS = "What stands in {braces} I can't look up right now. Give it a minute and ask again."


@dataclass(frozen=True)
class Button:
    """A choice under a reply; pressing it sends ``payload`` as the person's next message."""

    title: str
    payload: str


@dataclass(frozen=True)
class Row:
    """A line of a list, with what can be done with that one thing."""

    text: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Form:
    """What is said where keys can be put into a form: ``text``, and whose keys the form takes (any cloud's when "")."""

    text: str
    provider: str = ""


@dataclass(frozen=True)
class Reply:
    """One thing the dialogue said.

    ``rows`` are the lines of ``text`` that have buttons of their own, word for word, for where those can be shown.
    ``is_private``: nobody else is to read it.
    ``small``: lines of ``text``, or what ends them, word for word, that are only worth small print.
    ``form``: what to say instead where there are forms.
    ``examples``: sentences of ``text`` that can be said as they are.
    ``response``: its name in domain.yml, where it has one.
    ``chart``: a picture beside the text, where pictures can be shown.
    ``secrets_of``: the reservation whose secrets' names stand in the text, until they are put in.
    ``costs``: the report that it tells of (a ``CostWish`` as JSON), for who wants it as a file.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    rows: tuple[Row, ...] = ()
    is_private: bool = False
    small: tuple[str, ...] = ()
    form: Form | None = None
    examples: tuple[str, ...] = ()
    response: str = ""
    chart: Chart | None = None
    secrets_of: str = ""
    costs: str = ""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Reply:
        rows = tuple(Row(row["text"], _buttons(row["buttons"])) for row in body.get("rows", ()))
        form = body.get("form")
        return cls(
            body["text"],
            _buttons(body["buttons"]),
            rows,
            bool(body.get("private")),
            tuple(body.get("small", ())),
            Form(form["text"], form.get("provider") or "") if form else None,
            tuple(body.get("examples", ())),
            body.get("response") or "",
            Chart.read(body["chart"]) if body.get("chart") else None,
            body.get("secrets_of") or "",
            body.get("costs") or "",
        )

    def with_secrets(self, secrets: Mapping[str, str]) -> Reply:
        """The same with the secrets in place of their names."""
        text = self.text
        for name, value in secrets.items():
            text = text.replace(f"{{{name}}}", value)
        return replace(self, text=text, secrets_of="")

    def as_json(self) -> dict[str, Any]:
        return {"text": self.text, "buttons": [{"title": item.title, "payload": item.payload} for item in self.buttons]}


def _buttons(items: Iterable[Mapping[str, str]]) -> tuple[Button, ...]:
    return tuple(Button(item["title"], item["payload"]) for item in items)


@dataclass(frozen=True)
class Message:
    """What a person says, already free of secrets (``clouddesk.language.prepare``)."""

    person: Person
    conversation: str
    text: str
    timezone: str = "UTC"
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    locale: str = ""


SecretsOf = Callable[[Person, str], Awaitable[Mapping[str, str]]]
"""What gets a person into their reservation's software, by name."""


class Unreachable(Unavailable):
    """Rasa does not answer. ``was_heard`` is None when that cannot be known."""

    def __init__(self, *, was_heard: bool | None) -> None:
        super().__init__("Rasa")
        self.was_heard = was_heard
        if was_heard is False:
            fate = "your message was not processed"
        else:
            fate = "I don't know whether your last message was heard: look before you repeat it"
        self.args = (
            f"I can't be reached right now; {fate}. Try again in a moment; `clouddesk status` shows what is down.",
        )


class RasaClient:
    """Speaks the channel's protocol. Use as an async context; sends may run at the same time.

    Any of the servers can answer any message. A conversation keeps to one of them, so that its messages stay in order
    on their way, and goes to the next when that one does not answer.
    """

    def __init__(
        self,
        urls: str | Sequence[str],
        secret: str,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        secrets_of: SecretsOf | None = None,
    ) -> None:
        """``secrets_of``: for replies in which names stand for secrets, which the dialogue never knows."""
        self._urls = [url.rstrip("/") for url in ((urls,) if isinstance(urls, str) else urls)]
        self._secret = secret
        self._patience_seconds = patience_seconds
        self._secrets_of = secrets_of
        self._parses = itertools.count()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> RasaClient:
        self._session = aiohttp.ClientSession(
            headers={SECRET_HEADER: self._secret},
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=5),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, message: Message) -> list[Reply]:
        """The dialogue's replies, at least one. The same message sent twice acts once. Raises Unreachable."""
        if len(message.text) > TEXT_LIMIT:
            return [Reply(TOO_LONG)]
        body = await self._post(
            zlib.crc32(message.conversation.encode()),
            WEBHOOK_PATH,
            {
                "conversation": message.conversation,
                "text": message.text,
                "workspace_id": message.person.workspace_id,
                "user_id": message.person.user_id,
                "timezone": message.timezone,
                "locale": message.locale,
                "message_id": message.id,
            },
        )
        return [await self.revealed(Reply.read(item), message.person) for item in body["replies"]]

    async def revealed(self, reply: Reply, person: Person) -> Reply:
        """The reply with the secrets whose names stand in it, as far as the person may know them."""
        if not reply.secrets_of or self._secrets_of is None:
            return reply
        try:
            return reply.with_secrets(await self._secrets_of(person, reply.secrets_of))
        except CloudDeskError:
            return replace(reply, text=f"{reply.text}\n{NO_SECRETS}")

    async def parse(self, text: str) -> dict[str, Any]:
        """Rasa's parse result. Only the first ``TEXT_LIMIT`` characters are read. Raises Unreachable."""
        return await self._post(next(self._parses), PARSE_PATH, {"text": text[:TEXT_LIMIT]})

    async def is_ready(self) -> bool:
        """Whether any server answers now and has its model."""
        for url in self._urls:
            try:
                async with self._open().get(url + STATUS_PATH, timeout=aiohttp.ClientTimeout(total=5)) as response:
                    if response.status == 200:
                        return True
            except (aiohttp.ClientError, asyncio.TimeoutError):  # noqa: PERF203 - the next may answer
                continue
        return False

    async def _post(self, place: int, path: str, body: dict[str, str]) -> dict[str, Any]:
        """Tries again, with the next server, while nobody answers; they know a repeated message by its id."""
        until = time.monotonic() + self._patience_seconds
        was_heard: bool | None = False
        for turn in itertools.count(place):
            url = self._urls[turn % len(self._urls)]
            try:
                async with self._open().post(url + path, json=body) as response:
                    if response.status in (200, 413):
                        answer: dict[str, Any] = await response.json()
                        return answer
                    if response.status == 401:
                        raise Unavailable("Rasa (it has another channel secret; `clouddesk down`, then `clouddesk up`)")
                    if response.status < 500:
                        raise ValueError(f"Rasa refused the message: {response.status} {await response.text()}")
                    was_heard = None
            except aiohttp.ClientConnectorError:
                pass
            except (aiohttp.ClientError, asyncio.TimeoutError):
                was_heard = None  # the connection broke after we had begun to speak
            if time.monotonic() >= until:
                break
            if (turn - place + 1) % len(self._urls) == 0:
                await asyncio.sleep(_PAUSE_SECONDS)
        raise Unreachable(was_heard=was_heard)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("RasaClient is used outside of its context")
        return self._session
