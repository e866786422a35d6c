"""The console: `chat`, and what it keeps in Redis."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.redis import RedisNotices, RedisReservationViews
from clouddesk.model import notice as kinds
from clouddesk.model.actor import Person
from clouddesk.model.reservation import CONFIGURING
from clouddesk.settings import PROJECT
from connectors.choices import Choices
from connectors.notices import Inbox
from connectors.rasa import Button, Reply
from tests.builders import a_reservation
from tests.integration.talk.conftest import Rasa, notice

pytestmark = pytest.mark.integration


WHERE_IS_THE_CURSOR = "\x1b[6n"


# --- The console -----------------------------------------------------------------------------------------------------


async def test_chat_without_a_terminal_answers_line_by_line_and_ends(rasa: Rasa, redis: Redis[bytes]):
    await RedisNotices(redis).send(notice("piper", kinds.READY, "missed-1"))
    talk = "two machines\n\nyes, please\n"
    done = await asyncio.to_thread(rasa.clouddesk, "chat", "--user", "piper", stdin=talk)
    assert done.returncode == 0, done.stderr
    assert "missed-1" in done.stdout
    assert done.stdout.endswith("Two machines, $0.12 an hour.\n[Yes, please]  [No]\nOn it.\n")
    again = await asyncio.to_thread(rasa.clouddesk, "chat", "--user", "piper", stdin="hello\n")
    assert "missed-1" not in again.stdout


class Terminal:
    """`clouddesk chat` in a pseudo terminal, which tells where the cursor is: without that there is no foot."""

    def __init__(self, rasa: Rasa, user: str) -> None:
        self.master, follower = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clouddesk", "chat", "--user", user],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=PROJECT,
            env={**rasa.environment, "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(follower)
        self.screen = ""

    def expect(self, words: str, *, within_seconds: float = 20.0) -> None:
        deadline = time.monotonic() + within_seconds
        while words not in self.screen:
            assert time.monotonic() < deadline, f"{words!r} did not appear in:\n{self.screen}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    read = os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other end is closed
                    read = ""
                if WHERE_IS_THE_CURSOR in read:
                    os.write(self.master, b"\x1b[1;1R")
                self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", read)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def close(self) -> int:
        code = self.process.wait(timeout=20)
        os.close(self.master)
        return code


async def test_chat_in_a_terminal_shows_replies_notices_and_progress_while_nobody_types(
    rasa: Rasa, redis: Redis[bytes]
):
    await RedisNotices(redis).send(notice("tess", kinds.READY, "before-1"))
    views, under_way = RedisReservationViews(redis), a_reservation(owner="tess", name="redis-1", state=CONFIGURING)
    await views.put(under_way)
    terminal = Terminal(rasa, "tess")
    try:
        await asyncio.to_thread(terminal.expect, "Hi tess!")
        await asyncio.to_thread(terminal.expect, "before-1")
        await asyncio.to_thread(terminal.expect, "redis-1 gets its software")
        await views.put_step(under_way.id, "installing Redis on 3 nodes")
        await asyncio.to_thread(terminal.expect, "installing Redis on 3 nodes")
        await asyncio.sleep(0.5)
        terminal.type("two machines\r")
        await asyncio.to_thread(terminal.expect, "[Yes, please]  [No]")
        terminal.type("yes, please\r")
        await asyncio.to_thread(terminal.expect, "On it.")
        await RedisNotices(redis).send(notice("tess", kinds.EXPIRING, "while-1"))
        await asyncio.to_thread(terminal.expect, "while-1")
        await asyncio.sleep(0.5)  # as a person would: a key in the very moment of printing is the terminal's, not ours
        terminal.type("\x04")
        await asyncio.to_thread(terminal.expect, "Bye!")
    finally:
        if terminal.process.poll() is None:
            terminal.type("\x04")
    assert await asyncio.to_thread(terminal.close) == 0
    assert "Traceback" not in terminal.screen


async def test_ctrl_c_ends_the_chat(rasa: Rasa):
    terminal = Terminal(rasa, "carl")
    await asyncio.to_thread(terminal.expect, "Ctrl-D ends the chat")
    await asyncio.to_thread(terminal.expect, "▸")
    terminal.type("\x03")
    await asyncio.to_thread(terminal.expect, "Bye!")
    assert await asyncio.to_thread(terminal.close) == 0


async def test_ctrl_c_ends_the_chat_before_its_prompt_is_there(rasa: Rasa):
    terminal = Terminal(rasa, "cora")
    await asyncio.to_thread(terminal.expect, "Ctrl-D ends the chat")
    terminal.process.send_signal(signal.SIGINT)  # what the terminal makes of the key until the prompt takes it over
    await asyncio.to_thread(terminal.expect, "Bye!")
    assert await asyncio.to_thread(terminal.close) == 0
    assert "Traceback" not in terminal.screen


# --- What the console keeps in Redis ---------------------------------------------------------------------------------


async def test_inbox_begins_where_it_ended(redis: Redis[bytes]):
    notices, person = RedisNotices(redis), Person("local", "ingrid")
    await notices.send(notice("ingrid", kinds.READY, "vm-1"))
    first = Inbox(notices, redis, person, connector="console").follow(wait_seconds=0)
    assert (await anext(first)).values["name"] == "vm-1"
    await notices.send(notice("ingrid", kinds.READY, "vm-2"))
    assert (await anext(first)).values["name"] == "vm-2"
    await first.aclose()
    # vm-2 was given out, but never confirmed by asking for the next: better twice than never.
    second = Inbox(notices, redis, person, connector="console").follow(wait_seconds=0)
    assert (await anext(second)).values["name"] == "vm-2"
    await second.aclose()


async def test_notice_that_is_in_the_stream_twice_is_shown_once(redis: Redis[bytes]):
    notices, person = RedisNotices(redis), Person("local", "dora")
    for _ in range(2):
        await notices.send(notice("dora", kinds.READY, "vm-1", id="same"))
        await redis.delete("clouddesk:notice:same")  # as after the mark's time is over
    await notices.send(notice("dora", kinds.READY, "vm-2"))
    inbox = Inbox(notices, redis, person, connector="console")
    assert [item.values["name"] for _, item in await inbox.unread(after="0")] == ["vm-1", "vm-2"]


async def test_number_never_presses_a_button_of_a_notice(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:nora")
    await choices.of_replies([Reply("How many?")])
    labelled = await choices.of_notice([Button("Extend", "/extend"), Button("Release", "/release")])
    assert [mark for mark, _ in labelled] == ["a", "b"]
    assert await choices.resolve("2") is None
    assert await choices.resolve("b") == "/release"
    assert await choices.resolve("Extend") == "/extend"


async def test_reply_replaces_the_titles_and_leaves_the_letters(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:rita")
    await choices.of_notice([Button("Stop", "/stop")])
    await choices.of_replies(
        [Reply("?", (Button("Yes", "/affirm"), Button("No", "/deny"))), Reply("!", (Button("Go", "/go"),))]
    )
    assert [await choices.resolve(text) for text in ("yes", "[No]", "Go.", "1", "a")] == [
        "/affirm",
        "/deny",
        "/go",
        None,
        "/stop",
    ]
    await choices.of_replies([Reply("Done.")])
    assert [await choices.resolve(text) for text in ("yes", "go", "a")] == [None, None, "/stop"]


async def test_letters_go_round(redis: Redis[bytes]):
    choices = Choices(redis, "local:console:-:otto")
    for number in range(27):
        labelled = await choices.of_notice([Button(f"Do {number}", f"/do{number}")])
    assert labelled[0][0] == "a"
    assert await choices.resolve("a") == "/do26"
    assert await choices.resolve("b") == "/do1"
