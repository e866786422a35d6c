"""Forms that were filled in. What is typed into one is in no job: it goes to the Desk, or becomes a change."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from connectors.slack.app import Services
from connectors.slack.change_view import CHANGE
from connectors.slack.credentials_view import CHOOSE, CREDENTIALS
from connectors.slack.events import of_payload
from connectors.slack.keys_view import KEYS
from connectors.slack.modals import Change
from connectors.slack.share_view import SHARE


def register(app: AsyncApp, services: Services) -> None:
    @app.view(CHOOSE)
    async def chosen(ack: AsyncAck, view: dict[str, Any]) -> None:
        await ack(**services.modals.provider_chosen(view))

    @app.view(CREDENTIALS)
    async def given(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any]) -> None:
        answer, rest = await services.modals.credentials_given(body["user"]["id"], view)
        await ack(**answer)
        services.later(_see_through(rest, body["user"]["id"]))

    async def _see_through(rest: Awaitable[None] | None, user_id: str) -> None:
        if rest is not None:
            await rest
        await services.home.refresh(user_id)

    @app.view(KEYS)
    async def keys(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any]) -> None:
        await ack(**await services.modals.ssh_keys_given(body["user"]["id"], view))
        services.later(services.home.refresh(body["user"]["id"]))

    @app.view(CHANGE)
    async def change(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any]) -> None:
        user_id = body["user"]["id"]
        answer, made = await services.modals.change_given(user_id, view)
        await _say(made, view, user_id)
        await ack(**answer)

    @app.view(SHARE)
    async def share(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any]) -> None:
        user_id = body["user"]["id"]
        answer, made = await services.modals.share_given(user_id, view)
        await _say(made, view, user_id)
        await ack(**answer)

    async def _say(made: Change | None, view: dict[str, Any], user_id: str) -> None:
        if made is not None:
            await services.keep(
                of_payload(
                    made.words,
                    id=f"f-{view['id']}-{view['hash']}",
                    workspace_id=services.workspace_id,
                    user_id=user_id,
                    channel=made.place.get("channel") or await services.messenger.direct(user_id),
                    thread=made.place.get("thread", ""),
                    before=made.before,
                    otherwise=made.otherwise,
                )
            )
