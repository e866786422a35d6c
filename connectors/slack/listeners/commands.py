"""``/cloud …``: anything that could be said to us as a message."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from connectors.slack.app import Services
from connectors.slack.events import of_command


def register(app: AsyncApp, services: Services) -> None:
    @app.command("/cloud")
    async def commanded(ack: AsyncAck, body: dict[str, Any]) -> None:
        await services.keep(of_command(body, workspace_id=services.workspace_id))
        await ack()
