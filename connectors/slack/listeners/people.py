"""Changes of people: who is deactivated has nothing more to say, and leaves machines behind."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from connectors.slack.app import Services


def register(app: AsyncApp, services: Services) -> None:
    @app.event("user_change")
    async def changed(event: dict[str, Any]) -> None:
        user = event.get("user") or {}
        if "id" in user:
            services.later(services.leavers.changed(str(user["id"]), is_deleted=bool(user.get("deleted"))))
