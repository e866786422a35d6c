"""Who may call the action server: a call names its person, so that only our Rasa server's are believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from sanic import Sanic

from actions import desk_access, server
from clouddesk.settings import SECRET_HEADER
from tests.conversation.memory import MemoryDesk
from tests.conversation.stage import free_port

SECRET = "the stack's own"
CALL: dict[str, Any] = {
    "next_action": "action_help",
    "sender_id": "local:console:-:ann",
    "domain": {},
    "tracker": {
        "sender_id": "local:console:-:ann",
        "slots": {},
        "events": [],
        "paused": False,
        "active_loop": {},
        "latest_action_name": None,
        "followup_action": None,
        "latest_message": {"text": "help", "metadata": {"workspace_id": "local", "user_id": "ann"}},
    },
}


@asynccontextmanager
async def action_server(secret: str | None) -> AsyncIterator[str]:
    Sanic.test_mode = True
    port = free_port()
    desk_access.the.use(MemoryDesk().desk)
    listening = await server.serve(port, secret=secret)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        desk_access.the.use(None)
        listening.close()
        await listening.wait_closed()


async def status(url: str, headers: dict[str, str] | None = None, *, path: str = "/webhook") -> int:
    async with aiohttp.ClientSession() as session:
        if path != "/webhook":
            async with session.get(url + path, headers=headers) as answer:
                return answer.status
        async with session.post(url + path, json=CALL, headers=headers) as answer:
            return answer.status


@pytest.mark.parametrize("given", [None, "", "another", SECRET + "x", SECRET[:-1], "sécret"])
async def test_a_call_without_the_right_secret_is_refused(given: str | None) -> None:
    async with action_server(SECRET) as url:
        assert await status(url, None if given is None else {SECRET_HEADER: given}) == 401


async def test_a_call_with_the_secret_is_answered() -> None:
    async with action_server(SECRET) as url:
        assert await status(url, {SECRET_HEADER: SECRET}) == 200


async def test_only_the_health_check_is_open() -> None:
    async with action_server(SECRET) as url:
        assert await status(url, path="/health") == 200
        assert await status(url, path="/actions") == 401
        assert await status(url, path="/health/../actions") == 401


async def test_a_server_that_was_opened_on_purpose_asks_for_no_secret() -> None:
    async with action_server(None) as url:
        assert await status(url) == 200


async def test_an_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        await server.serve(free_port(), secret="")
