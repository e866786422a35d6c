"""App Home: drawn anew whenever somebody opens it."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from connectors.slack.app import Services


def register(app: AsyncApp, services: Services) -> None:
    @app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            services.later(services.home.open(event["user"]))
