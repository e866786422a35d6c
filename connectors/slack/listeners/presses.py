"""Buttons: what one stands for is said by whoever pressed it, or opens a form."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from connectors.slack import cards
from connectors.slack.app import Services
from connectors.slack.events import Job, of_press


def register(app: AsyncApp, services: Services) -> None:
    @app.action(re.compile(r"^say:"))
    async def pressed(ack: AsyncAck, body: dict[str, Any]) -> None:
        payload = chosen(body["actions"][0])
        direct = "" if body.get("channel") else await services.messenger.direct(body["user"]["id"])
        job = of_press(body, payload, workspace_id=services.workspace_id, channel=direct)
        if form := services.modals.of_payload(payload, body):
            services.later(_open(form, job))
        else:
            await services.keep(job)
            message = body.get("message") or {}
            card = cards.answered(message.get("text", ""), message.get("blocks", ()), body["actions"][0]["action_id"])
            # Somebody else's press answers nothing for the person whom the card asks.
            if card is not None and job.message and job.card_of == job.user_id:
                services.later(services.messenger.edit(job.channel, job.message, card))
        await ack()

    async def _open(form: Awaitable[bool], job: Job) -> None:
        if not await form:
            await services.keep(job)  # the dialogue says what is in the way

    @app.action(re.compile(r"^(?!say:|form:)"))
    async def other(ack: AsyncAck) -> None:
        await ack()  # a link, which Slack's client opens itself


def chosen(action: dict[str, Any]) -> str:
    """What a button, or an entry of a menu, stands for."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
