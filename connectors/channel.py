"""The Rasa input channel through which our connectors speak: it knows its callers by a shared secret.

    POST …/webhook  {"conversation", "text", "workspace_id", "user_id", "timezone", "message_id"} and, where it is
                    known, "locale"
                    → {"replies": [{"text", "buttons": [{"title", "payload"}]}]}; beside these two
                      "response": its name in domain.yml;
                      "rows": [{"text", "buttons"}]: a list's lines, with buttons of their own;
                      "private": true for what is nobody else's business;
                      "small": lines that are only worth small print;
                      "form": {"text", "provider"}: what is said where keys can be put into a form;
                      "examples": sentences of the text that can be said as they are;
                      "chart": {"title", "subtitle", "bars": [{"label", "detail", "value", "price", "has_access"}]}: a
                      picture beside the text;
                      "costs": the report that it tells of, for who wants it as a file
    POST …/parse    {"text"} → Rasa's parse result

Both want the header ``X-CloudDesk-Channel-Secret``. A message id that was answered in the last minutes is answered the
same again and acts only once, so that a connector may send again when it cannot know whether it was heard.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from clouddesk import settings
from connectors.protocol import NAME, SECRET_HEADER, TEXT_LIMIT, TOO_LONG

NO_ANSWER = (
    "Sorry, something went wrong on my side, and I don't know whether that was done. Look with “what have I got?” "
    "before you say it again; if it happens again, `clouddesk status` shows what is down."
)
REMEMBERED_SECONDS = 600.0
REMEMBERED_MESSAGES = 5_000

_CARRIED = ("rows", "private", "secrets_of", "small", "form", "examples", "chart", "costs")
"""What a response of ours may carry in Rasa's ``custom``."""

_log = structlog.get_logger()

Replies = list[dict[str, Any]]
OnMessage = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Incoming:
    """One message as a connector sends it."""

    conversation: str
    text: str
    workspace_id: str
    user_id: str
    timezone: str
    message_id: str
    locale: str = ""

    @classmethod
    def read(cls, body: object) -> Incoming:
        """Raises ValueError, naming the field, when the body is not a whole message of one person."""
        if not isinstance(body, Mapping):
            raise ValueError("the body must be a JSON object")
        values: dict[str, str] = {}
        for name in ("conversation", "text", "workspace_id", "user_id", "timezone", "message_id"):
            value = body.get(name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"{name} is missing")
            values[name] = value
        locale = body.get("locale")
        message = cls(**values, locale=locale if isinstance(locale, str) else "")
        # A conversation belongs to one person: nobody's words can reach somebody else's form.
        parts = message.conversation.split(":")
        if parts[0] != message.workspace_id or parts[-1] != message.user_id:
            raise ValueError("conversation is not one of this person")
        return message

    @property
    def metadata(self) -> dict[str, str]:
        """What actions read the actor from."""
        return {
            "workspace_id": self.workspace_id,
            "user_id": self.user_id,
            "timezone": self.timezone,
            "locale": self.locale,
            "conversation": self.conversation,
        }


class Collector(CollectingOutputChannel):  # type: ignore[misc]  # Rasa has no types
    """Collects what the dialogue says to one message; a text stays whole (Rasa's own cuts it at blank lines)."""

    @classmethod
    def name(cls) -> str:
        return NAME

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        await self._persist_message(self._message(recipient_id, text=text.strip()))

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        more = message.pop("custom", None) or {}
        await super().send_response(recipient_id, message)
        more = {name: more[name] for name in _CARRIED if more.get(name)}
        if response := message.get("utter_action"):
            more["response"] = response
        if self.messages:
            self.messages[-1].update(more)

    @property
    def replies(self) -> Replies:
        return [_reply(message) for message in self.messages if message.get("text") or message.get("buttons")]


class Answers:
    """Answers by conversation and message id: one message acts once however often it comes."""

    def __init__(
        self,
        *,
        seconds: float = REMEMBERED_SECONDS,
        most: int = REMEMBERED_MESSAGES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._tasks: OrderedDict[tuple[str, str], tuple[float, asyncio.Task[Replies]]] = OrderedDict()

    async def once(self, message: Incoming, handle: Callable[[], Awaitable[Replies]]) -> Replies:
        """``handle``'s result, now or from the first time. It runs to its end even when the caller goes away."""
        self._forget()
        key = (message.conversation, message.message_id)
        if key not in self._tasks:
            self._tasks[key] = (self._clock(), asyncio.ensure_future(_as_coroutine(handle)))
        return await asyncio.shield(self._tasks[key][1])

    def _forget(self) -> None:
        """Drop what is old or too much, but never what is still being worked on."""
        now = self._clock()
        while self._tasks:
            began, task = next(iter(self._tasks.values()))
            is_due = now - began > self._seconds or len(self._tasks) > self._most
            if not (is_due and task.done()):
                return
            self._tasks.popitem(last=False)


class Uninterrupted:
    """The same without a memory, for an agent that knows by itself what has been answered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Replies]] = set()

    async def once(self, _message: Incoming, handle: Callable[[], Awaitable[Replies]]) -> Replies:
        """``handle``'s result. It runs to its end even when the caller goes away."""
        task = asyncio.ensure_future(_as_coroutine(handle))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)


class CloudDeskChannel(InputChannel):  # type: ignore[misc]  # Rasa has no types
    """The only channel of a CloudDesk Rasa server."""

    def __init__(self, secret: str, *, answers: Answers | Uninterrupted | None = None) -> None:
        if not secret:
            raise ValueError("the channel needs a secret")
        self._secret = secret.encode()
        self._answers = answers or Answers()

    @classmethod
    def name(cls) -> str:
        return NAME

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> CloudDeskChannel:
        """For `rasa run`: the secret of the stack whose home the settings name."""
        return cls((credentials or {}).get("secret") or settings.load().secret("channel"))

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        routes = Blueprint(NAME)

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            if not self._is_known(request):
                return _refusal(401, "the channel secret is missing or wrong")
            try:
                message = Incoming.read(request.json)
            except ValueError as error:
                return _refusal(400, str(error))
            if len(message.text) > TEXT_LIMIT:
                return response.json({"replies": [{"text": TOO_LONG, "buttons": []}]}, status=413)
            return response.json(
                {"replies": await self._answers.once(message, lambda: answer(message, on_new_message))}
            )

        @routes.post("/parse")
        async def parse(request: Request) -> HTTPResponse:
            if not self._is_known(request):
                return _refusal(401, "the channel secret is missing or wrong")
            text = request.json.get("text") if isinstance(request.json, dict) else None
            if not isinstance(text, str):
                return _refusal(400, "text is missing")
            if len(text) > TEXT_LIMIT:
                return _refusal(413, TOO_LONG)
            return response.json(await request.app.ctx.agent.parse_message(text))

        return routes

    def _is_known(self, request: Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "")
        return hmac.compare_digest(given.encode(errors="surrogateescape"), self._secret)


async def answer(message: Incoming, on_new_message: OnMessage) -> Replies:
    """What the dialogue says to a message; a sentence of apology when it fails or has nothing to say."""
    collector = Collector()
    began = time.monotonic()
    try:
        await on_new_message(
            UserMessage(
                message.text,
                collector,
                message.conversation,
                input_channel=NAME,
                message_id=message.message_id,
                metadata=message.metadata,
            )
        )
    except Exception:  # noqa: BLE001 - whatever broke, the person gets an answer and the log the cause
        _log.exception("message.failed", conversation=message.conversation)
    replies = collector.replies
    if not replies:
        _log.warning("message.unanswered", conversation=message.conversation)
        replies = [{"text": NO_ANSWER, "buttons": []}]
    _log.info("message.answered", conversation=message.conversation, ms=round((time.monotonic() - began) * 1000))
    return replies


async def _as_coroutine(handle: Callable[[], Awaitable[Replies]]) -> Replies:
    return await handle()


def _reply(message: Mapping[str, Any]) -> dict[str, Any]:
    reply = {"text": message.get("text") or "", "buttons": _buttons(message)}
    reply |= {name: message[name] for name in (*_CARRIED, "response") if message.get(name)}
    rows = [{"text": row["text"], "buttons": _buttons(row)} for row in message.get("rows") or []]
    return {**reply, "rows": rows} if rows else reply


def _buttons(item: Mapping[str, Any]) -> list[dict[str, str]]:
    return [_button(button) for button in item.get("buttons") or []]


def _button(item: Mapping[str, Any]) -> dict[str, str]:
    title = str(item.get("title") or "")
    return {"title": title, "payload": str(item.get("payload") or title)}


def _refusal(status: int, why: str) -> HTTPResponse:
    return response.json({"error": why}, status=status)
