"""The chat in a terminal: a prompt, replies, and notices that appear while nobody types."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from functools import partial

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_or_none, run_in_terminal
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from redis.exceptions import RedisError
from rich.console import Console

from clouddesk.model.errors import CloudDeskError
from clouddesk.settings import Settings
from connectors import render
from connectors.conversation import Conversation, open_conversation
from connectors.lines import read_lines

_PROMPT = HTML("<ansicyan><b>you ▸ </b></ansicyan>")
_PAUSE_SECONDS = 2.0
_LOOK_SECONDS = 1.0


def run_console(settings: Settings, user: str) -> None:
    """Chat until Ctrl-C, Ctrl-D or the end of the input; blocks.

    When standard input is no terminal, each line is one message and replies are plain lines.
    Raises Invalid when no stack runs.
    """
    if sys.stdin.isatty() and sys.stdout.isatty():
        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(_chat(settings, user))
    else:
        asyncio.run(_script(settings, user))


async def _chat(settings: Settings, user: str) -> None:
    console = Console(file=sys.stdout)
    _cancel_on_sigint()
    async with open_conversation(settings, user) as conversation:
        # Kept in memory only: what people type may hold secrets.
        session: PromptSession[str] = PromptSession(_PROMPT, history=InMemoryHistory())
        render.greet(console, user, is_simulated=bool(settings.sandbox))
        with patch_stdout(raw=True):  # for what others may write; our own goes around it, at once and in order
            followers = [
                asyncio.create_task(_show_notices(conversation, console)),
                asyncio.create_task(_show_progress(conversation, session)),
            ]
            try:
                with suppress(asyncio.CancelledError):
                    await _talk(session, conversation, console)
            finally:
                for follower in followers:
                    follower.cancel()
                # A client in the middle of connecting may swallow the cancellation: the farewell does not wait for it.
                await asyncio.wait(followers, timeout=_PAUSE_SECONDS)
        console.print(render.styled(render.FAREWELL), highlight=False)


def _cancel_on_sigint() -> None:
    """Ctrl-C is a key while the prompt reads, and a signal before that and while an answer is awaited.

    As Python's own KeyboardInterrupt it would come up wherever the loop happens to be, and end it without a word.
    """
    chat = asyncio.current_task()
    if chat is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, chat.cancel)


async def _talk(session: PromptSession[str], conversation: Conversation, console: Console) -> None:
    while True:
        try:
            typed = await session.prompt_async()
        except (EOFError, KeyboardInterrupt):
            return
        finally:
            _cancel_on_sigint()  # the prompt has put its own handler in the place of ours, and taken it away
        if not typed.strip():
            continue
        try:
            turn = await conversation.say(typed)
        except CloudDeskError as error:
            console.print(f"  {error}\n", style="red", highlight=False, markup=False)
            continue
        for shown in turn.answers:
            render.show(console, shown)


async def _show_notices(conversation: Conversation, console: Console) -> None:
    """What came while no chat was open, then what comes. Goes on after Redis was away."""
    while True:
        with suppress(RedisError, CloudDeskError):
            async for notice in conversation.inbox.follow():
                shown = await conversation.show(notice)
                app = get_app_or_none()
                if app is not None and app.is_running:
                    # Takes the prompt and what is typed so far away, prints, and draws them again below.
                    await run_in_terminal(partial(render.show, console, shown))
                else:
                    render.show(console, shown)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _show_progress(conversation: Conversation, session: PromptSession[str]) -> None:
    """What is being done, at the foot of the screen for as long as something is."""
    while True:
        with suppress(RedisError, CloudDeskError):
            line = render.under_way(await conversation.under_way()) or None
            if line != session.bottom_toolbar:
                session.bottom_toolbar = line
                session.app.invalidate()
        await asyncio.sleep(_LOOK_SECONDS)


async def _script(settings: Settings, user: str) -> None:
    """Lines in, plain lines out; ends at the end of the input, after the last reply."""
    async with open_conversation(settings, user) as conversation:
        await _print_unread(conversation)
        async for line in read_lines():
            if not line.strip():
                continue
            turn = await conversation.say(line)
            for shown in turn.answers:
                _print(render.plain(shown))
            await _print_unread(conversation)


async def _print_unread(conversation: Conversation) -> None:
    for place, notice in await conversation.inbox.unread(after=await conversation.inbox.position()):
        _print(render.plain(await conversation.show(notice)))
        await conversation.inbox.shown(place)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
