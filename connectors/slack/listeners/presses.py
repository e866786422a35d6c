"""Buttons: what one stands for is said by whoever pressed it, or opens a form."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable
from dataclasses import asdict
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
        message = body.get("message") or {}
        card = cards.answered(message.get("text", ""), message.get("blocks", ()), body["actions"][0]["action_id"])
        kept = json.dumps(asdict(card)) if card else ""
        job = of_press(body, payload, workspace_id=services.workspace_id, channel=direct, answered=kept)
        if form := services.modals.of_payload(payload, body):
            services.later(_open(form, body["trigger_id"], job))
        else:
            await services.keep(job)
        await ack()

    async def _open(form: Awaitable[bool], trigger: str, job: Job) -> None:
        if not await services.opened(form, trigger, job.user_id):
            await services.keep(job)  # the dialogue says what is in the way

    @app.action(re.compile(r"^(?!say:|form:)"))
    async def other(ack: AsyncAck) -> None:
        await ack()  # a link, which Slack's client opens itself


def chosen(action: dict[str, Any]) -> str:
    """What a button, or an entry of a menu, stands for."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
