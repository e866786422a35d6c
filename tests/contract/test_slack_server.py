"""Slack's own SDK against the simulated Slack: the Web API, its faults, its control, its command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import requests
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT
from tests.contract.slack_app import BUTTONS, Listening, listening, refusal, slack, web_client

__all__ = ["listening", "slack", "web_client"]

# That a text is missing is what some of these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")


class TestWebApi:
    async def test_the_token_is_checked(self, slack: SlackServer):
        nobody, wrong = AsyncWebClient(base_url=slack.api_url), AsyncWebClient(token="xoxb-no", base_url=slack.api_url)
        assert (await refusal(nobody.auth_test()))["error"] == "not_authed"
        assert (await refusal(wrong.auth_test()))["error"] == "invalid_auth"
        app_level = AsyncWebClient(token=slack.app.app_token, base_url=slack.api_url)
        assert (await refusal(app_level.users_info(user="U0ANN")))["error"] == "not_allowed_token_type"

    async def test_a_bot_token_opens_no_connections(self, slack: SlackServer, web_client: AsyncWebClient):
        refused = await refusal(web_client.apps_connections_open(app_token=slack.app.bot_token))
        assert refused["error"] == "not_allowed_token_type"

    async def test_a_missing_scope_is_named(self, slack: SlackServer, web_client: AsyncWebClient):
        slack.app.scopes = ("chat:write",)
        refused = await refusal(web_client.users_info(user="U0ANN"))
        assert (refused["error"], refused["needed"], refused["provided"]) == (
            "missing_scope",
            "users:read",
            "chat:write",
        )
        assert (await refusal(web_client.conversations_history(channel="C0GENERAL")))["error"] == "missing_scope"

    async def test_an_unknown_method_is_refused(self, web_client: AsyncWebClient):
        assert (await refusal(web_client.api_call("chat.shout")))["error"] == "unknown_method"

    async def test_forms_and_json_are_understood(self, slack: SlackServer):
        blocks = json.dumps(BUTTONS)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.app.bot_token}"}) as session:
            for body in (
                {"data": {"channel": "C0GENERAL", "blocks": blocks}},
                {"json": {"channel": "C0GENERAL", "blocks": BUTTONS}},
            ):
                async with session.post(f"{slack.api_url}chat.postMessage", **body) as answer:  # type: ignore[arg-type]
                    assert (await answer.json())["ok"]
            for broken in ("{", "[]"):
                async with session.post(
                    f"{slack.api_url}chat.postMessage", data=broken, headers={"Content-Type": "application/json"}
                ) as answer:
                    assert (await answer.json())["error"] in ("invalid_json", "json_not_object")

    @pytest.mark.parametrize(
        ("message", "error"),
        [
            ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
            ({"channel": "C0WITHOUTAPP", "text": "x"}, "not_in_channel"),
            ({"channel": "C0GENERAL"}, "no_text"),
            ({"channel": "C0GENERAL", "text": "  "}, "no_text"),
            ({"channel": "C0GENERAL", "text": "x" * 40_001}, "msg_too_long"),
            ({"channel": "C0GENERAL", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
            ({"channel": "C0GENERAL", "blocks": "[{"}, "invalid_blocks_format"),
            ({"channel": "C0GENERAL", "blocks": '["a"]'}, "invalid_blocks_format"),
            ({"channel": "C0GENERAL", "blocks": [{"type": "section"}]}, "invalid_blocks"),
            (
                {
                    "channel": "C0GENERAL",
                    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_700}}] * 5,
                },
                "msg_blocks_too_long",
            ),
            ({"channel": "U0DORA", "text": "x"}, "user_disabled"),
        ],
    )
    async def test_messages_that_slack_refuses(self, slack: SlackServer, web_client: AsyncWebClient, message, error):
        slack.workspace.channels["C0WITHOUTAPP"] = slack.workspace.add_channel("wo", id="C0WITHOUTAPP")
        assert (await refusal(web_client.chat_postMessage(**message)))["error"] == error
        assert not slack.delivery.attempts

    async def test_wrong_blocks_are_refused_with_the_place(self, web_client: AsyncWebClient):
        blocks = [{"type": "divider"}, {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]
        refused = await refusal(web_client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks))
        assert refused["error"] == "invalid_blocks"
        assert refused["response_metadata"]["messages"] == [
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
        ]

    async def test_a_message_is_posted_changed_and_deleted(self, slack: SlackServer, web_client: AsyncWebClient):
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="one", blocks=BUTTONS)
        await web_client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="two")
        seen = slack.messages("ben", "general")[-1]
        assert (seen.text, seen.blocks, seen.earlier[0]["text"]) == ("two", [], "one")
        await web_client.chat_update(channel="C0GENERAL", ts=posted["ts"], blocks=BUTTONS)
        assert (seen.text, seen.blocks[0]["block_id"]) == ("two", "b")
        long = await refusal(web_client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="x" * 4_001))
        assert long["error"] == "msg_too_long"
        await web_client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
        gone = await refusal(web_client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="three"))
        assert gone["error"] == "message_not_found"
        assert slack.messages("ben", "general") == []

    async def test_other_peoples_messages_cannot_be_changed(self, slack: SlackServer, web_client: AsyncWebClient):
        said = slack.say("ann", "general", "mine")
        changed = await refusal(web_client.chat_update(channel=said.channel, ts=said.ts, text="x"))
        deleted = await refusal(web_client.chat_delete(channel=said.channel, ts=said.ts))
        assert (changed["error"], deleted["error"]) == ("cant_update_message", "cant_delete_message")

    async def test_ephemeral_messages_are_for_one_person_and_cannot_be_updated(
        self, slack: SlackServer, web_client: AsyncWebClient
    ):
        sent = await web_client.chat_postEphemeral(channel="C0GENERAL", user="U0ANN", text="only you")
        assert [one.text for one in slack.messages("ann", "general")] == ["only you"]
        assert slack.messages("ben", "general") == []
        assert (await web_client.conversations_history(channel="C0GENERAL"))["messages"] == []
        refused = await refusal(web_client.chat_update(channel="C0GENERAL", ts=sent["message_ts"], text="x"))
        assert refused["error"] == "message_not_found"
        outside = await refusal(web_client.chat_postEphemeral(channel="C0DATA", user="U0CHITRA", text="x"))
        assert outside["error"] == "user_not_in_channel"

    async def test_direct_messages_are_opened_once(self, slack: SlackServer, web_client: AsyncWebClient):
        opened = await web_client.conversations_open(users="U0ANN")
        again = await web_client.conversations_open(users=["U0ANN"])
        assert opened["channel"]["id"] == again["channel"]["id"]
        assert again["already_open"]
        by_user = await web_client.chat_postMessage(channel="U0ANN", text="hello")
        assert by_user["channel"] == opened["channel"]["id"]
        assert slack.messages("ann", "dm")[-1].text == "hello"
        assert (await refusal(web_client.conversations_open(users="U0NOBODY")))["error"] == "user_not_found"

    async def test_threads_and_history_come_in_pages(self, slack: SlackServer, web_client: AsyncWebClient):
        first = slack.say("ann", "general", "one")
        await web_client.chat_postMessage(channel="C0GENERAL", text="in the thread", thread_ts=first.ts)
        slack.say("ben", "general", "two")
        page = await web_client.conversations_history(channel="C0GENERAL", limit=1)
        assert ([one["text"] for one in page["messages"]], page["has_more"]) == (["two"], True)
        cursor = page["response_metadata"]["next_cursor"]
        rest = await web_client.conversations_history(channel="C0GENERAL", limit=1, cursor=cursor)
        assert (rest["messages"][0]["text"], rest["messages"][0]["reply_count"]) == ("one", 1)
        newer = await web_client.conversations_history(channel="C0GENERAL", oldest=first.ts)
        assert [one["text"] for one in newer["messages"]] == ["two"]
        thread = await web_client.conversations_replies(channel="C0GENERAL", ts=first.ts)
        assert [one["text"] for one in thread["messages"]] == ["one", "in the thread"]
        link = await web_client.chat_getPermalink(channel="C0GENERAL", message_ts=first.ts)
        assert link["permalink"].endswith(f"/C0GENERAL/p{first.ts.replace('.', '')}")

    async def test_people_groups_and_team_are_told(self, web_client: AsyncWebClient):
        ann = (await web_client.users_info(user="U0ANN", include_locale=True))["user"]
        assert (ann["tz"], ann["locale"], ann["is_admin"]) == ("Europe/Berlin", "de-DE", True)
        everybody = [user async for page in await web_client.users_list(limit=3) for user in page["members"]]
        assert {"U0ANN", "U0GUS", "U0DORA", "U0FAY", "U0OTHERBOT"} <= {user["id"] for user in everybody}
        assert (await web_client.usergroups_users_list(usergroup="S0CLOUDADMINS"))["users"] == ["U0ANN"]
        assert (await web_client.team_info())["team"]["id"] == "T0CLOUDDESK"
        channel = (await web_client.conversations_info(channel="C0SHARED"))["channel"]
        assert channel["is_ext_shared"]

    async def test_channels_are_listed_as_far_as_the_app_sees_them(self, web_client: AsyncWebClient):
        await web_client.conversations_open(users="U0ANN")
        public = await web_client.conversations_list()
        assert [one["name"] for one in public["channels"]] == ["general", "data", "without-app", "shared"]
        mine = await web_client.users_conversations(types="private_channel,im,public_channel")
        names = [one.get("name") or one["user"] for one in mine["channels"]]
        assert names == ["general", "data", "secret", "shared", "U0ANN"]
        assert (await web_client.conversations_members(channel="C0SHARED"))["members"][0] == "U0ANN"
        assert (await refusal(web_client.conversations_list(types="rooms")))["error"] == "invalid_types"

    async def test_a_private_channel_without_the_app_is_not_there_for_it(
        self, slack: SlackServer, web_client: AsyncWebClient
    ):
        hidden = slack.workspace.add_channel("hidden", "group", members=("ann",)).id
        for call in (
            web_client.conversations_info(channel=hidden),
            web_client.chat_postMessage(channel=hidden, text="x"),
        ):
            assert (await refusal(call))["error"] == "channel_not_found"

    async def test_metadata_is_told_to_who_asks_for_it(self, slack: SlackServer, web_client: AsyncWebClient):
        metadata = {"event_type": "clouddesk_post", "event_payload": {"id": "7"}}
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="x", metadata=metadata)
        await web_client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="y")
        quiet = await web_client.conversations_history(channel="C0GENERAL")
        assert "metadata" not in quiet["messages"][0]
        told = await web_client.conversations_history(channel="C0GENERAL", include_all_metadata=True)
        assert told["messages"][0]["metadata"] == metadata
        wrong = web_client.chat_postMessage(channel="C0GENERAL", text="x", metadata={"id": "7"})
        assert (await refusal(wrong))["error"] == "invalid_metadata_schema"

    async def test_reactions_are_added_once(self, slack: SlackServer, web_client: AsyncWebClient):
        said = slack.say("ann", "general", "hello")
        await web_client.reactions_add(channel=said.channel, timestamp=said.ts, name="eyes")
        again = await refusal(web_client.reactions_add(channel=said.channel, timestamp=said.ts, name="eyes"))
        assert again["error"] == "already_reacted"
        assert slack.messages("ann", "general")[-1].reactions == {"eyes": ["U0CLOUDDESK"]}

    async def test_a_file_is_uploaded_and_shared(self, slack: SlackServer, web_client: AsyncWebClient):
        await web_client.files_upload_v2(
            channel="C0GENERAL", content="a,b\n1,2\n", filename="list.csv", initial_comment="the list"
        )
        message = slack.messages("ann", "general")[-1]
        assert (message.text, message.files[0]["name"]) == ("the list", "list.csv")
        assert "a,b\n1,2" in slack.received_text()

    async def test_messages_faster_than_slack_allows_are_refused(self, slack: SlackServer, web_client: AsyncWebClient):
        slack.api.posts_per_second = 1.0
        for _ in range(4):
            await web_client.chat_postMessage(channel="C0GENERAL", text="x")
        assert (await refusal(web_client.chat_postMessage(channel="C0GENERAL", text="x")))["error"] == "ratelimited"
        await web_client.chat_postMessage(channel="C0DATA", text="another channel")

    async def test_all_that_was_received_is_kept_as_text(self, slack: SlackServer, web_client: AsyncWebClient):
        await web_client.chat_postMessage(channel="C0GENERAL", text="a very special word")
        assert "a very special word" in slack.received_text()


class TestFaults:
    async def test_a_rate_limit_says_how_long_and_the_sdk_can_wait(self, slack: SlackServer):
        slack.fault("rate_limit", operation="chat.*", retry_after=7)
        client = AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0GENERAL", text="x")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "7"
        await client.auth_test()
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        slack.fault("rate_limit", operation="chat.*", retry_after=1)
        assert (await client.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]

    async def test_an_answer_that_is_lost_was_done_nevertheless(self, slack: SlackServer):
        slack.fault("drop_after_accept")
        client = AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url, retry_handlers=[])
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel="C0GENERAL", text="x")
        assert len(slack.messages("ann", "general")) == 1

    async def test_errors_slowness_and_revoked_tokens(self, slack: SlackServer, web_client: AsyncWebClient):
        slack.fault("server_error")
        with pytest.raises(SlackApiError):
            await web_client.auth_test()
        slack.fault("unauthorized")
        assert (await refusal(web_client.auth_test()))["error"] == "token_revoked"
        slack.fault("slow", seconds=5)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(web_client.auth_test(), 0.1)
        await web_client.auth_test()

    async def test_after_an_outage_all_goes_on(self, slack: SlackServer, listening: Listening):
        slack.outage()
        client = AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url, retry_handlers=[])
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel="C0GENERAL", text="x")
        slack.recover()
        await client.chat_postMessage(channel="C0GENERAL", text="x")
        await slack.connected(within_seconds=10)


class TestControl:
    async def test_people_act_over_http(self, slack: SlackServer):
        async with aiohttp.ClientSession(f"{slack.url}") as session:
            body = {"user": "ann", "channel": "general", "text": "hello"}
            async with session.post("/_sandbox/do/say", json=body) as answer:
                assert (await answer.json())["result"]["channel"] == "C0GENERAL"
            async with session.get("/_sandbox/messages?user=ann&channel=general") as answer:
                assert (await answer.json())["messages"][0]["text"] == "hello"
            async with session.post("/_sandbox/do/say", json=body | {"channel": "nowhere"}) as answer:
                assert (answer.status, (await answer.json())["error"]) == (400, "ann sees no channel nowhere")
            async with session.post("/_sandbox/faults", json={"kind": "rate_limit", "count": 2}) as answer:
                assert answer.status == 201
            async with session.post("/_sandbox/faults", json={"kind": "nonsense"}) as answer:
                assert answer.status == 400

    @pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
    async def test_other_sites_pages_are_refused(self, slack: SlackServer, headers: dict[str, str]):
        body = {"user": "ann", "channel": "general", "text": "hello"}
        async with aiohttp.ClientSession() as session:
            for path in ("/_sandbox/do/say", "/_sandbox/faults"):
                async with session.post(f"{slack.url}{path}", json=body, headers=headers) as answer:
                    assert answer.status == 403
        assert slack.messages("ann", "general") == []


class TestCommand:
    def start(self, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
        code = "from clouddesk.commands.slack import slack_sim; slack_sim()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=PROJECT,
            env={**os.environ, "CLOUDDESK_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_it_says_where_to_chat_and_ends_when_told(self, tmp_path: Path):
        process = self.start(tmp_path, "--alone", "--port", "0")
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        page = requests.get(url, timeout=5)
        assert "<title>CloudDesk in Slack (simulated)</title>" in page.text
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert requests.get(f"{url}page/%2e%2e%2fserver.py", timeout=5).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0

    def test_a_port_that_is_taken_is_said(self, tmp_path: Path):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            process = self.start(tmp_path, "--alone", "--port", str(taken.getsockname()[1]))
            _, said = process.communicate(timeout=20)
        assert (process.returncode, "Choose another one" in said) == (1, True)

    def test_without_the_stack_it_says_what_to_do(self, tmp_path: Path):
        process = self.start(tmp_path)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "clouddesk up --detach" in said
