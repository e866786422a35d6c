"""An app before the simulated Slack, as the contract tests of it need one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.sandbox.slack.server import SlackServer

ACK_SECONDS = 0.2
BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {"type": "button", "action_id": "say:1", "text": {"type": "plain_text", "text": "Yes"}, "value": "/affirm"}
        ],
    }
]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(title: str = "Keys", **more: Any) -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "value"}
    block = {"type": "input", "block_id": "key", "label": plain("Key"), "element": field}
    return {"type": "modal", "title": plain(title), "submit": plain("Save"), "blocks": [block], **more}


class Listening:
    """An app on Socket Mode: keeps what comes, acks at once, and may ack with more."""

    def __init__(self, slack: SlackServer, web_client: AsyncWebClient) -> None:
        self.requests: list[SocketModeRequest] = []
        self.answer: Callable[[SocketModeRequest], dict[str, Any] | None] = lambda request: None
        self.is_silent = False
        self.client = SocketModeClient(app_token=slack.app.app_token, web_client=web_client, ping_interval=0.5)
        self.client.socket_mode_request_listeners.append(self._take)

    async def _take(self, client: Any, request: SocketModeRequest) -> None:
        self.requests.append(request)
        if not self.is_silent:
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=self.answer(request))
            )

    @property
    def events(self) -> list[dict[str, Any]]:
        return [request.payload["event"] for request in self.requests if request.type == "events_api"]

    @property
    def event_ids(self) -> list[str]:
        return [request.payload["event_id"] for request in self.requests if request.type == "events_api"]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(ack_seconds=ACK_SECONDS, retry_seconds=(0.0, 0.05, 0.05)) as server:
        yield server


@pytest.fixture
def web_client(slack: SlackServer) -> AsyncWebClient:
    return AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url)


@pytest.fixture
async def listening(slack: SlackServer, web_client: AsyncWebClient) -> AsyncIterator[Listening]:
    app = Listening(slack, web_client)
    await app.client.connect()
    await slack.connected()
    yield app
    await app.client.close()


async def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    return dict(caught.value.response.data)
