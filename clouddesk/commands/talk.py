"""Commands that talk: chat, say, parse."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import click

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.model.errors import CloudDeskError, Invalid
from connectors.protocol import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clouddesk.settings import Settings
    from connectors.conversation import Conversation, Shown

WAIT_SECONDS = 120.0
IN_FLIGHT = 8
"""Sentences that `parse` has on their way at a time: keeps the server busy while we read and print."""

Parse = Callable[[str], Awaitable[dict[str, Any]]]


class SayCommand(click.Command):
    """Lets `--wait` stand alone: what follows it is a TEXT, never its value, which is only given as `--wait=60`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        options = [f"--wait={WAIT_SECONDS:g}" if arg == "--wait" else arg for arg in args[:end]]
        # "-3 vms" is something people say, not an option; a key ("-----BEGIN …") would be shown in the refusal.
        options = [f" {arg}" if re.match(r"-\d|-----", arg) else arg for arg in options]
        return super().parse_args(ctx, options + args[end:])


class StillWaiting(CloudDeskError):
    """Nothing came to an end within the time."""

    code = "still_waiting"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"nothing finished within {seconds:g} seconds; it may still go on. "
            "`clouddesk reservations` shows how it stands."
        )


@click.command()
@click.option("--user", help="Who speaks. Default: your login name.")
def chat(user: str | None) -> None:
    """Talk to CloudDesk; notices appear while nobody types. Without a terminal: one message a line."""
    from connectors.console import run_console
    from connectors.conversation import login_name

    log.configure(process="chat", level=logging.WARNING)
    with _pipe_may_close():
        run_console(settings_module.load(), user or login_name())


@click.command(cls=SayCommand)
@click.option("--user", help="Who speaks. Default: your login name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="[=SECONDS]",
    help=f"Then wait until what was asked for is done, at most so long (default {WAIT_SECONDS:g}).",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
def say(user: str | None, as_json: bool, wait_seconds: float | None, texts: tuple[str, ...]) -> None:
    """Say each TEXT as one message and print the replies. A button's number or title works as text, too."""
    from connectors.conversation import login_name

    if not all(text.strip() for text in texts):
        raise click.UsageError("a TEXT is empty")
    log.configure(process="say", level=logging.WARNING)
    with _pipe_may_close():
        asyncio.run(
            _say(settings_module.load(), user or login_name(), texts, as_json=as_json, wait_seconds=wait_seconds)
        )


@click.command()
def parse() -> None:
    """Understand each line of standard input: one JSON object a line with intent, confidence and entities."""
    log.configure(process="parse", level=logging.WARNING)
    with _pipe_may_close():
        asyncio.run(_parse(settings_module.load()))


async def _say(
    settings: Settings, user: str, texts: tuple[str, ...], *, as_json: bool, wait_seconds: float | None
) -> None:
    from connectors.conversation import open_conversation

    async with open_conversation(settings, user) as conversation:
        after = ""
        for index, text in enumerate(texts, start=1):
            if wait_seconds is not None and index == len(texts):
                # Taken before the message that is waited for, so that no quick notice is missed.
                after = await conversation.notices.end(conversation.person)
            turn = await conversation.say(text)
            if as_json:
                replies = [shown.reply.as_json() for shown in turn.answers]
                _line({"user": user, "text": turn.text, "replies": replies, "ms": round(turn.milliseconds, 1)})
            else:
                _plain(turn.answers)
        if wait_seconds is not None:
            await _wait(conversation, after, wait_seconds, as_json=as_json)


async def _wait(conversation: Conversation, after: str, seconds: float, *, as_json: bool) -> None:
    """Print notices until one concludes, or asks. Raises StillWaiting when none does in time."""
    from connectors.notices import QUESTIONS, concludes

    until = time.monotonic() + seconds
    # A chat that is opened later shows these again only when there is something before them that it has not shown.
    is_up_to_date = await conversation.inbox.position() == after
    while (left := until - time.monotonic()) > 0:
        for place, notice in await conversation.inbox.unread(after=after, wait_seconds=left):
            after = place
            shown = await conversation.show(notice)
            if as_json:
                fields = dataclasses.asdict(notice) | {"created_at": notice.created_at.isoformat()}
                _line({"user": notice.user_id, "notice": fields, **shown.reply.as_json()})
            else:
                _plain([shown])
            if is_up_to_date:
                await conversation.inbox.shown(place)
            if concludes(notice) or notice.kind in QUESTIONS:
                return
    raise StillWaiting(seconds)


async def _parse(settings: Settings) -> None:
    """Keeps several sentences on their way; prints each as soon as it and all before it are understood."""
    from connectors.lines import read_lines

    frames: asyncio.Queue[asyncio.Task[dict[str, Any]] | None] = asyncio.Queue(IN_FLIGHT)
    under_way: set[asyncio.Task[Any]] = set()

    async def send(understand: Parse) -> None:
        async for line in read_lines():
            frame = asyncio.create_task(_frame(line, understand))
            under_way.add(frame)
            frame.add_done_callback(under_way.discard)
            await frames.put(frame)
        await frames.put(None)

    async with _open_parser(settings) as understand:
        sender = asyncio.create_task(send(understand))
        try:
            while (frame := await frames.get()) is not None:
                _line(await frame)
        finally:  # when a sentence failed or nobody reads on, the rest is not worth its way
            rest = [sender, *under_way]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)


@asynccontextmanager
async def _open_parser(settings: Settings) -> AsyncIterator[Parse]:
    """The running stack's understanding; without one, the newest model in this process."""
    from connectors.conversation import open_client

    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(open_client(settings))
        except Invalid:
            understand = _load_parser()
        else:
            understand = client.parse
        yield understand


def _load_parser() -> Parse:
    from connectors.rasa_server import load_agent, newest_model

    agent = load_agent(newest_model(settings_module.PROJECT / "models"))

    async def understand(text: str) -> dict[str, Any]:
        result: dict[str, Any] = await agent.parse_message(text[:TEXT_LIMIT])
        return result

    return understand


async def _frame(text: str, understand: Parse) -> dict[str, Any]:
    """One line's frame; its text is the line itself, or without the secret that was in it."""
    from clouddesk.language.parse_result import to_frame
    from connectors.conversation import without_secrets

    harmless, prepared = without_secrets(text)
    frame = to_frame(await understand(prepared)) if prepared else to_frame({})
    return {**frame, "text": harmless}


def _plain(answers: list[Shown]) -> None:
    from connectors.render import plain

    for shown in answers:
        _write(plain(shown))


def _line(item: dict[str, Any]) -> None:
    _write(json.dumps(item, ensure_ascii=False))


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _pipe_may_close() -> Iterator[None]:
    """`clouddesk parse | head -1` ends without a stack trace."""
    try:
        yield
    except BrokenPipeError:
        # What Python would still flush at its end has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
