"""The simulated Slack as one server on loopback, and what tests do with it.

async with SlackServer() as slack:
    client = AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url)
    slack.say("ann", "dm", "hello")
    await slack.until(lambda: slack.messages("ann", "dm")[-1].user == slack.app.bot_user_id)
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from aiohttp import web

from clouddesk.sandbox.slack.acting import Acting, Outcome, Said
from clouddesk.sandbox.slack.api import BODY_AT_MOST, Api, Called
from clouddesk.sandbox.slack.control import Control, guarded
from clouddesk.sandbox.slack.delivery import ACK_SECONDS, RETRY_SECONDS, Delivered, Delivery
from clouddesk.sandbox.slack.events import Events
from clouddesk.sandbox.slack.faults import SlackFaults
from clouddesk.sandbox.slack.interacting import Interacting, Submitted
from clouddesk.sandbox.slack.people import App, Workspace, usual_workspace
from clouddesk.sandbox.slack.sockets import Sockets
from clouddesk.sandbox.slack.store import Message, Store, View

HOST = "127.0.0.1"


class SlackServer:
    """One workspace with one installed app. Everything is in memory and gone with it.

    People and channels are named by id or name; ``dm`` is the DM of the person with the app.
    """

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        port: int = 0,
        ack_seconds: float = ACK_SECONDS,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self.workspace = workspace or usual_workspace()
        self.store = Store(self.workspace)
        self.faults = SlackFaults()
        self.sockets = Sockets(self.store, self.faults)
        self.delivery = Delivery(
            self.store, self.faults, self.sockets, ack_seconds=ack_seconds, retry_seconds=retry_seconds
        )
        self.events = Events(self.store, self.delivery)
        self.acting = Acting(self.store, self.delivery, self.events)
        self.interacting = Interacting(self.acting)
        self.api = Api(self.store, self.events, self.sockets, self.faults)
        self._port = port
        self._runner: web.AppRunner | None = None

    # Life

    async def start(self) -> None:
        """Listen. Raises OSError when the port cannot be had."""
        app = web.Application(client_max_size=BODY_AT_MOST, middlewares=[guarded])
        app.router.add_route("*", "/api/{method}", self.api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/actions/{team}/{token}", self.api.respond)
        app.router.add_post("/upload/v1/{file}", self.api.upload)
        app.router.add_get("/files-pri/{file}/{name}", self.api.download)
        app.router.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.api.base_url = self.acting.base_url = self.url

    async def stop(self) -> None:
        await self.delivery.close()
        self.sockets.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> SlackServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def app(self) -> App:
        return self.workspace.app

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def api_url(self) -> str:
        """What the SDK's clients want as ``base_url``."""
        return f"{self.url}/api/"

    # What people do

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None, **more: Any) -> Said:
        """See Acting.say; ``more``: subtype, files."""
        return self.acting.say(user, channel, text, thread_ts=thread_ts, **more)

    def set_status(self, user: str, text: str = "", emoji: str = "", expiration: int = 0) -> None:
        self.acting.set_status(user, text, emoji, expiration)

    def deactivate(self, user: str) -> list[str]:
        return self.acting.deactivate(user)

    def edit(self, user: str, channel: str, ts: str, text: str) -> list[str]:
        return self.acting.edit(user, channel, ts, text)

    def delete_message(self, user: str, channel: str, ts: str) -> list[str]:
        return self.acting.delete_message(user, channel, ts)

    async def slash(self, user: str, channel: str, command: str, text: str = "") -> Outcome:
        return await self.acting.slash(user, channel, command, text)

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, message_ts: str | None = None
    ) -> Outcome:
        return await self.acting.shortcut(user, callback_id, channel=channel, message_ts=message_ts)

    def open_home(self, user: str, tab: str = "home") -> list[str]:
        return self.acting.open_home(user, tab)

    async def press(
        self, user: str, message_ts: str | None, action_id: str, *, channel: str = "dm", **more: Any
    ) -> Outcome:
        """See Interacting.press; ``more``: view_id, block_id, value."""
        return await self.interacting.press(user, message_ts, action_id, channel=channel, **more)

    def fill(self, user: str, view_id: str, values: dict[str, Any]) -> None:
        self.interacting.fill(user, view_id, values)

    async def submit(self, user: str, view_id: str, values: dict[str, Any] | None = None) -> Submitted:
        return await self.interacting.submit(user, view_id, values)

    async def close_view(self, user: str, view_id: str, *, is_cleared: bool = False) -> None:
        await self.interacting.close_view(user, view_id, is_cleared=is_cleared)

    def inject(self, event: dict[str, Any]) -> list[str]:
        """Any other event that the app subscribed to, as it stands; its event id in a list."""
        return self.events.send(event)

    # What went wrong on purpose

    def fault(self, kind: str, *, count: int | None = 1, operation: str = "*", **more: Any) -> None:
        """See faults.SlackFaults.add."""
        self.faults.add(kind, count=count, operation=operation, **more)

    async def disconnect(self, reason: str = "refresh_requested", *, close_after_seconds: float = 0.2) -> int:
        return await self.sockets.disconnect(reason, close_after_seconds=close_after_seconds)

    def drop_sockets(self) -> int:
        return self.sockets.drop()

    def outage(self) -> None:
        """Slack is gone altogether, until ``recover``: no calls, no connections."""
        self.faults.add("down", count=None)
        self.sockets.drop()

    def recover(self) -> None:
        """No faults any more."""
        self.faults.clear()

    # What was seen

    def channel_id(self, user: str, channel: str) -> str:
        return self.acting.place(self.workspace.user(user), channel).id

    def messages(self, user: str, channel: str, *, thread_ts: str | None = None) -> list[Message]:
        """What this person sees there, oldest first; with ``thread_ts`` only that thread and its first message."""
        who = self.workspace.user(user)
        seen = self.store.visible(who.id, self.acting.place(who, channel))
        if thread_ts is None:
            return seen
        return [one for one in seen if thread_ts in (one.thread_ts, one.ts)]

    def modals(self, user: str) -> list[View]:
        """The modals that this person has open, the top one last."""
        return self.store.open_modals(self.workspace.user(user).id)

    def home(self, user: str) -> View | None:
        return self.store.home(self.workspace.user(user).id)

    @property
    def calls(self) -> list[Called]:
        """Every call of the Web API, in order."""
        return list(self.api.calls)

    @property
    def attempts(self) -> list[Delivered]:
        """Every attempt to deliver something to the app, with the time until its ack."""
        return list(self.delivery.attempts)

    def received_text(self) -> str:
        """Everything that this server ever received from the app, as text."""
        return "\n".join(self.store.received)

    # Waiting

    async def until(self, reached: Callable[[], bool], *, within_seconds: float = 5.0) -> None:
        """Wait until it is so. Raises AssertionError when that takes too long."""
        if not await self.store.until(reached, within_seconds):
            raise AssertionError("it took too long")

    async def connected(self, count: int = 1, *, within_seconds: float = 5.0) -> None:
        """Wait until the app has so many connections."""
        await self.until(lambda: self.sockets.count >= count, within_seconds=within_seconds)

    async def delivered(self, *, within_seconds: float = 10.0) -> None:
        """Wait until no event is on its way."""
        await self.until(lambda: self.delivery.is_idle, within_seconds=within_seconds)
