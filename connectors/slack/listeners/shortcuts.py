"""Shortcuts: a message that somebody else wrote is asked for as one's own wish; the list; a new access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from connectors.slack.app import Services
from connectors.slack.events import Job, of_payload, of_words
from connectors.slack.text import incoming

ASK = "ask_clouddesk"
LIST = "list_resources"
CREDENTIALS = "add_credentials"
SSH_KEY = "add_ssh_key"


def register(app: AsyncApp, services: Services) -> None:
    async def keep(body: dict[str, Any], words: str, job_of: Callable[..., Job]) -> None:
        user_id = body["user"]["id"]
        channel = await services.messenger.direct(user_id)
        id = f"s-{body['trigger_id']}"
        await services.keep(job_of(words, id=id, workspace_id=services.workspace_id, user_id=user_id, channel=channel))

    @app.shortcut({"type": "message_action", "callback_id": ASK})
    async def asked(ack: AsyncAck, body: dict[str, Any]) -> None:
        await keep(body, incoming(str(body["message"].get("text") or "help"), services.bot_user_id), of_words)
        await ack()

    @app.shortcut({"type": "shortcut", "callback_id": LIST})
    async def listed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await keep(body, "/list_resources", of_payload)
        await ack()

    @app.shortcut({"type": "shortcut", "callback_id": CREDENTIALS})
    async def added(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        trigger, user_id = body["trigger_id"], body["user"]["id"]
        services.later(services.opened(services.modals.open_credentials(trigger, user_id), trigger, user_id))

    @app.shortcut({"type": "shortcut", "callback_id": SSH_KEY})
    async def key_added(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        trigger, user_id = body["trigger_id"], body["user"]["id"]
        services.later(services.opened(services.modals.open_ssh_keys(trigger, user_id), trigger, user_id))
