"""Slack's own SDK and framework against the simulated Slack: Socket Mode and signed HTTP."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncSay
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.sandbox.slack.acting import NotPossible
from clouddesk.sandbox.slack.server import SlackServer
from tests.contract.slack_app import BUTTONS, Listening, listening, modal, slack, web_client

__all__ = ["listening", "slack", "web_client"]

# That a text is missing is what some of these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")


class TestSocketMode:
    async def test_a_mention_comes_as_message_and_as_app_mention(self, slack: SlackServer, listening: Listening):
        said = slack.say("ann", "general", "@clouddesk two machines <b>")
        await slack.delivered()
        assert sorted(event["type"] for event in listening.events) == ["app_mention", "message"]
        assert {event["text"] for event in listening.events} == {"<@U0CLOUDDESK> two machines &lt;b&gt;"}
        assert {event["ts"] for event in listening.events} == {said.ts}
        assert set(listening.event_ids) == set(said.events)
        assert all(attempt.is_acked for attempt in slack.attempts)

    async def test_a_direct_message_comes_once(self, slack: SlackServer, listening: Listening):
        slack.say("ann", "dm", "hello @clouddesk")
        await slack.delivered()
        assert [(event["type"], event["channel_type"]) for event in listening.events] == [("message", "im")]

    async def test_the_app_hears_only_what_is_said_where_it_is(self, slack: SlackServer, listening: Listening):
        assert slack.say("ann", "without-app", "@clouddesk hello").events == []
        with pytest.raises(NotPossible):
            slack.say("chitra", "data", "hello")
        with pytest.raises(NotPossible):
            slack.say("ben", "secret", "hello")

    async def test_edits_and_deletions_are_told_hidden_and_an_edited_mention_again(
        self, slack: SlackServer, listening: Listening
    ):
        said = slack.say("ann", "general", "@clouddesk one")
        await slack.delivered()
        slack.edit("ann", "general", said.ts, "@clouddesk two")
        slack.delete_message("ann", "general", said.ts)
        await slack.delivered()
        edited, again, deleted = listening.events[2:]
        assert (edited["subtype"], edited["message"]["text"]) == ("message_changed", "<@U0CLOUDDESK> two")
        assert edited["previous_message"]["text"] == "<@U0CLOUDDESK> one"
        assert (again["type"], again["ts"], again["edited"]["user"]) == ("app_mention", said.ts, "U0ANN")
        assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)

    async def test_the_apps_own_messages_come_back_to_it(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        await web_client.chat_postMessage(channel="C0GENERAL", text="mine")
        await slack.delivered()
        assert listening.events[0]["bot_id"] == slack.app.bot_id

    async def test_a_foreigners_message_names_the_other_team(self, slack: SlackServer, listening: Listening):
        slack.say("fay", "shared", "hello")
        await slack.delivered()
        assert listening.requests[0].payload["is_ext_shared_channel"]
        assert listening.events[0]["user_team"] == "T0ELSEWHERE"

    async def test_an_event_that_is_not_acked_comes_again_with_its_id(self, slack: SlackServer, listening: Listening):
        listening.is_silent = True
        slack.say("ann", "dm", "hello")
        await slack.delivered()
        assert len(listening.requests) == 4
        assert len(set(listening.event_ids)) == 1
        assert [request.retry_attempt for request in listening.requests] == [0, 1, 2, 3]
        assert listening.requests[1].retry_reason == "timeout"
        assert len(slack.delivery.undelivered) == 1

    async def test_a_lost_ack_brings_the_event_again(self, slack: SlackServer, listening: Listening):
        slack.fault("lose_ack")
        slack.say("ann", "dm", "hello")
        await slack.delivered()
        assert [request.retry_attempt for request in listening.requests] == [0, 1]

    async def test_an_event_can_come_twice_although_it_was_acked(self, slack: SlackServer, listening: Listening):
        slack.fault("repeat_event")
        slack.say("ann", "dm", "hello")
        await slack.until(lambda: len(listening.requests) == 2)
        assert len(set(listening.event_ids)) == 1

    async def test_each_envelope_goes_to_one_of_several_connections(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        second = Listening(slack, web_client)
        await second.client.connect()
        await slack.connected(2)
        for number in range(6):
            slack.say("ann", "dm", str(number))
        await slack.delivered()
        assert sorted(event["text"] for event in listening.events + second.events) == [str(n) for n in range(6)]
        assert slack.sockets.envelopes_per_connection() == [3, 3]
        await second.client.close()

    async def test_the_client_follows_a_disconnect(self, slack: SlackServer, listening: Listening):
        assert await slack.disconnect("warning") == 1
        assert slack.sockets.count == 1
        await slack.disconnect(close_after_seconds=0.05)
        await slack.connected()
        slack.say("ann", "dm", "still there?")
        await slack.until(lambda: any(event["text"] == "still there?" for event in listening.events))

    async def test_nothing_new_comes_over_a_connection_that_is_to_go(
        self, slack: SlackServer, web_client: AsyncWebClient
    ):
        opened = await web_client.apps_connections_open(app_token=slack.app.app_token)
        async with aiohttp.ClientSession() as session, session.ws_connect(opened["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            leaving = asyncio.create_task(slack.disconnect())
            assert (await socket.receive_json())["reason"] == "refresh_requested"
            slack.say("ann", "dm", "hello")
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            await leaving
        await slack.delivered()
        assert len(slack.delivery.undelivered) == 1

    async def test_a_dropped_connection_loses_nothing(self, slack: SlackServer, listening: Listening):
        slack.delivery.retry_seconds = (0.7, 0.7, 0.7)
        slack.fault("drop_socket")
        slack.say("ann", "dm", "hello")
        await slack.delivered(within_seconds=10)
        assert "hello" in [event["text"] for event in listening.events]
        assert not slack.delivery.undelivered

    async def test_without_a_connection_a_press_fails_and_says_so(self, slack: SlackServer, web_client: AsyncWebClient):
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="x", blocks=BUTTONS)
        pressed = await slack.press("ben", posted["ts"], "say:1", channel="general")
        assert (pressed.is_acked, pressed.error) == (False, "dispatch_failed")

    async def test_a_ticket_opens_one_connection(self, slack: SlackServer, web_client: AsyncWebClient):
        opened = await web_client.apps_connections_open(app_token=slack.app.app_token)
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(opened["url"]) as socket:
                hello = await socket.receive_json()
                assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(opened["url"])


class TestBolt:
    async def test_an_app_of_slacks_framework_works_before_it(self, slack: SlackServer, web_client: AsyncWebClient):
        app = AsyncApp(client=web_client, signing_secret=slack.app.signing_secret)

        @app.event("app_mention")
        async def mentioned(event: dict[str, Any], say: AsyncSay) -> None:
            await say(text="Shall I?", blocks=BUTTONS, thread_ts=event["ts"])

        @app.action("say:1")
        async def pressed(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal(callback_id="keys"))

        @app.view("keys")
        async def submitted(ack: AsyncAck, view: dict[str, Any]) -> None:
            is_good = view["state"]["values"]["key"]["value"]["value"] == "good"
            await (ack() if is_good else ack(response_action="errors", errors={"key": "AWS refused it"}))

        @app.event("message")
        async def ignored() -> None:
            """The mention comes as a message, too."""

        handler = AsyncSocketModeHandler(app, slack.app.app_token)
        await handler.connect_async()
        said = slack.say("ann", "general", "@clouddesk two machines")
        await slack.until(lambda: len(slack.messages("ann", "general", thread_ts=said.ts)) == 2)
        card = slack.messages("ann", "general", thread_ts=said.ts)[-1]
        assert (await slack.press("ben", card.ts, "say:1", channel="general")).is_acked
        await slack.until(lambda: bool(slack.modals("ben")))
        view = slack.modals("ben")[-1].id
        assert (await slack.submit("ben", view, {"key": "bad"})).errors == {"key": "AWS refused it"}
        assert (await slack.submit("ben", view, {"key": "good"})).outcome == "closed"
        await handler.close_async()


class TestSignedHttp:
    @pytest.fixture
    async def posts(self, slack: SlackServer) -> AsyncIterator[list[tuple[web.Request, str]]]:
        came: list[tuple[web.Request, str]] = []

        async def take(request: web.Request) -> web.Response:
            body = await request.text()
            came.append((request, body))
            if "url_verification" in body:
                return web.json_response({"challenge": json.loads(body)["challenge"]})
            if "fail" in body:
                return web.Response(status=500)
            return web.json_response({"text": "listed"}) if "command=" in body else web.Response()

        app = web.Application()
        app.router.add_post("/slack/events", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        slack.app.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        yield came
        await runner.cleanup()

    async def test_everything_is_signed(self, slack: SlackServer, posts: list[tuple[web.Request, str]]):
        assert await slack.delivery.challenge()
        slack.say("ann", "dm", "hello")
        await slack.delivered()
        await slack.slash("ann", "dm", "/cloud", "list")
        assert slack.messages("ann", "dm")[-1].text == "listed"
        verifier = SignatureVerifier(slack.app.signing_secret)
        assert len(posts) == 3
        for request, body in posts:
            assert verifier.is_valid_request(body, dict(request.headers))
        assert json.loads(posts[1][1])["event"]["text"] == "hello"
        assert dict(urllib.parse.parse_qsl(posts[2][1]))["command"] == "/cloud"

    async def test_what_failed_is_posted_again_with_a_number(
        self, slack: SlackServer, posts: list[tuple[web.Request, str]]
    ):
        slack.say("ann", "dm", "fail")
        await slack.delivered()
        numbers = [request.headers.get("X-Slack-Retry-Num") for request, _ in posts]
        assert numbers == [None, "1", "2", "3"]
        assert posts[1][0].headers["X-Slack-Retry-Reason"] == "http_error"

    async def test_interactions_are_posted_as_a_form(
        self, slack: SlackServer, web_client: AsyncWebClient, posts: list[tuple[web.Request, str]]
    ):
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="x", blocks=BUTTONS)
        await slack.press("ann", posted["ts"], "say:1", channel="general")
        payload = next(body for _, body in posts if body.startswith("payload="))
        assert json.loads(dict(urllib.parse.parse_qsl(payload))["payload"])["type"] == "block_actions"
