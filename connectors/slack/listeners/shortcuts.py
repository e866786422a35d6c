"""Shortcuts: a message that somebody else wrote is asked for as one's own wish; the list; a new access."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from connectors.slack.app import Services
from connectors.slack.events import of_words
from connectors.slack.text import incoming

ASK = "ask_clouddesk"
LIST = "list_resources"
CREDENTIALS = "add_credentials"


def register(app: AsyncApp, services: Services) -> None:
    async def keep(body: dict[str, Any], words: str) -> None:
        user_id = body["user"]["id"]
        channel = await services.messenger.direct(user_id)
        await services.keep(
            of_words(
                words,
                id=f"s-{body['trigger_id']}",
                workspace_id=services.workspace_id,
                user_id=user_id,
                channel=channel,
            )
        )

    @app.shortcut({"type": "message_action", "callback_id": ASK})
    async def asked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await keep(body, incoming(str(body["message"].get("text") or "help"), services.bot_user_id))
        await ack()

    @app.shortcut({"type": "shortcut", "callback_id": LIST})
    async def listed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await keep(body, "/list_resources")
        await ack()

    @app.shortcut({"type": "shortcut", "callback_id": CREDENTIALS})
    async def added(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        services.later(services.modals.open_credentials(body["trigger_id"], body["user"]["id"]))
