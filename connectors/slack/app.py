"""The Bolt app: listeners and what they need, put together; the same for the socket and for HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from connectors.slack import answers, cards
from connectors.slack.events import Job
from connectors.slack.home import Home
from connectors.slack.leavers import Leavers
from connectors.slack.messenger import Messenger
from connectors.slack.modals import Modals
from connectors.slack.order import Lanes

KEEP_SECONDS = 2.0
"""Slack waits 3 seconds; what Redis did not take by then is not acknowledged, so Slack sends it again."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Services:
    """What listeners call."""

    workspace_id: str
    bot_user_id: str
    lanes: Lanes
    messenger: Messenger
    modals: Modals
    home: Home
    leavers: Leavers
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def keep(self, job: Job | None) -> None:
        """Write the job down, so that it is not lost when Slack has heard that we have it."""
        if job is not None:
            await asyncio.wait_for(self.lanes.add(job), KEEP_SECONDS)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do this after Slack has been answered: forms and App Home, which are lost when we die and asked for again."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def opened(self, form: Awaitable[bool], trigger: str, user_id: str) -> bool:
        """Whether there was a form to open. Says so to the person when Slack did not show it."""
        try:
            return await form
        except Exception as error:  # noqa: BLE001 - whatever it was, the person sees nothing and has to hear of it
            _log.warning("slack.form_not_opened", error=type(error).__name__, exc_info=True)
        (post,) = cards.of_reply(answers.FORM_NOT_OPENED)
        await self.messenger.post(await self.messenger.direct(user_id), post, key=f"form-{trigger}")
        return True

    async def close(self, *, within_seconds: float) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_seconds)


def make_app(*, client: AsyncWebClient, signing_secret: str, services: Services) -> AsyncApp:
    """The app. ``signing_secret`` may be empty where only the socket is used."""
    from connectors.slack import listeners

    async def authorize(**_request: object) -> AuthorizeResult:
        # Known since the start. Bolt would ask Slack, before the listener and so before the job is written down, and
        # acknowledges what came when Slack then answers with a fault.
        return AuthorizeResult(
            enterprise_id=None,
            team_id=services.workspace_id,
            bot_user_id=services.bot_user_id,
            bot_token=client.token,
        )

    app = AsyncApp(
        # Without the token, which Bolt would ask about itself.
        client=AsyncWebClient(
            base_url=client.base_url, session=client.session, retry_handlers=list(client.retry_handlers)
        ),
        authorize=authorize,
        signing_secret=signing_secret or "unused",
        # An acknowledgement means that the job is written down: listeners do no more than that.
        process_before_response=True,
        logger=_quiet_logger(),
    )
    listeners.register(app, services)
    app.error(_tell)
    return app


async def _tell(error: Exception, request: AsyncBoltRequest, response: BoltResponse | None) -> BoltResponse:
    """What breaks before a job is written down: not acknowledged, and logged without what was said."""
    body = request.body
    kind = (body.get("event") or {}).get("type") or body.get("type") or body.get("command")
    _log.error("slack.not_kept", kind=kind, error=type(error).__name__)
    return response or BoltResponse(status=500)


async def _logged(work: Coroutine[Any, Any, Any]) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001 - nobody waits for it
        _log.exception("slack.form_failed")


def _quiet_logger() -> logging.Logger:
    """Bolt and the SDK log bodies at DEBUG, and a pasted key would be in them: never below WARNING."""
    logger = logging.getLogger("clouddesk.slack")
    logger.setLevel(logging.WARNING)
    return logger
