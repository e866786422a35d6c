"""What is said: direct messages and mentions; all other events are heard and left alone."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp

from connectors.slack.app import Services
from connectors.slack.events import of_message


def register(app: AsyncApp, services: Services) -> None:
    @app.event("message")
    @app.event("app_mention")
    async def said(event: dict[str, Any]) -> None:
        await services.keep(of_message(event, workspace_id=services.workspace_id, bot_user_id=services.bot_user_id))

    @app.event(re.compile(r"^(?!message$|app_mention$|app_home_opened$|user_change$)"))
    async def other() -> None:
        pass
