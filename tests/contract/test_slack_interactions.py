"""Slack's own SDK against the simulated Slack: buttons, commands, modals, App Home."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.sandbox.slack.acting import NotPossible
from clouddesk.sandbox.slack.server import SlackServer
from tests.contract.slack_app import BUTTONS, Listening, listening, modal, plain, refusal, slack, web_client

__all__ = ["listening", "slack", "web_client"]

# That a text is missing is what some of these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")


class TestInteractions:
    async def test_a_press_tells_who_where_and_what(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        first = slack.say("ann", "general", "hello")
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="x", blocks=BUTTONS, thread_ts=first.ts)
        assert (await slack.press("ben", posted["ts"], "say:1", channel="general")).is_acked
        payload = next(request.payload for request in listening.requests if request.type == "interactive")
        assert (payload["type"], payload["user"]["id"], payload["channel"]["id"]) == (
            "block_actions",
            "U0BEN",
            "C0GENERAL",
        )
        assert payload["actions"][0]["value"] == "/affirm"
        assert payload["container"]["thread_ts"] == first.ts
        assert payload["message"]["ts"] == posted["ts"]
        with pytest.raises(NotPossible, match="there are: say:1"):
            await slack.press("ben", posted["ts"], "say:2", channel="general")
        with pytest.raises(NotPossible):
            await slack.press("chitra", posted["ts"], "say:1", channel="data")

    async def test_what_was_chosen_in_a_menu_is_told_with_the_next_press(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        options = [{"text": plain(value.title()), "value": value} for value in ("aws", "vultr")]
        menu = {"type": "static_select", "action_id": "menu", "options": options}
        blocks = [{"type": "actions", "block_id": "b", "elements": [menu, BUTTONS[0]["elements"][0]]}]  # type: ignore[index]
        posted = await web_client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
        await slack.press("ben", posted["ts"], "menu", channel="general", value="vultr")
        assert listening.requests[-1].payload["actions"][0]["selected_option"]["value"] == "vultr"
        await slack.press("ben", posted["ts"], "say:1", channel="general")
        state = listening.requests[-1].payload["state"]["values"]
        assert state["b"]["menu"]["selected_option"]["value"] == "vultr"
        await slack.press("ann", posted["ts"], "say:1", channel="general")
        assert listening.requests[-1].payload["state"]["values"]["b"]["menu"]["selected_option"] is None

    async def test_a_press_on_an_ephemeral_message_comes_without_the_message(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        sent = await web_client.chat_postEphemeral(channel="C0GENERAL", user="U0ANN", text="x", blocks=BUTTONS)
        with pytest.raises(NotPossible):
            await slack.press("ben", sent["message_ts"], "say:1", channel="general")
        pressed = await slack.press("ann", sent["message_ts"], "say:1", channel="general")
        payload = listening.requests[-1].payload
        assert payload["container"]["is_ephemeral"]
        assert "message" not in payload
        async with aiohttp.ClientSession() as session:
            await session.post(pressed.response_url, json={"replace_original": True, "text": "done"})
            assert [one.text for one in slack.messages("ann", "general")] == ["done"]
            await session.post(pressed.response_url, json={"delete_original": True})
        assert slack.messages("ann", "general") == []

    async def test_a_response_url_can_be_used_five_times(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        outcome = await slack.slash("ann", "general", "/cloud", "list")
        async with aiohttp.ClientSession() as session:
            statuses = []
            for number in range(6):
                async with session.post(outcome.response_url, json={"text": str(number)}) as answer:
                    statuses.append(answer.status)
        assert statuses == [200] * 5 + [404]
        assert [one.ephemeral_to for one in slack.messages("ann", "general")] == ["U0ANN"] * 5

    async def test_a_response_url_lives_for_half_an_hour(self, slack: SlackServer, listening: Listening):
        outcome = await slack.slash("ann", "general", "/cloud", "list")
        now = slack.store.now()
        slack.store.now = lambda: now + 1_801
        late = {"text": "late"}
        async with aiohttp.ClientSession() as session, session.post(outcome.response_url, json=late) as answer:
            assert (answer.status, (await answer.json())["error"]) == (404, "expired_url")
        assert slack.messages("ann", "general") == []

    async def test_a_command_is_answered_to_the_person_alone(self, slack: SlackServer, listening: Listening):
        listening.answer = lambda request: {"text": f"you said {request.payload['text']}"}
        await slack.slash("ann", "general", "/cloud", "list <all>")
        assert [one.text for one in slack.messages("ann", "general")] == ["you said list &lt;all&gt;"]
        assert slack.messages("ben", "general") == []
        payload = listening.requests[0].payload
        assert (payload["command"], payload["channel_name"], payload["user_id"]) == ("/cloud", "general", "U0ANN")
        with pytest.raises(NotPossible, match="not a valid command"):
            await slack.slash("ann", "general", "/other", "")

    async def test_a_command_that_is_not_acked_in_time_fails_before_the_person(
        self, slack: SlackServer, listening: Listening
    ):
        listening.is_silent = True
        outcome = await slack.slash("ann", "dm", "/cloud", "list")
        assert outcome.error == "operation_timeout"
        assert "operation_timeout" in slack.messages("ann", "dm")[-1].text

    async def test_shortcuts_global_and_of_a_message(self, slack: SlackServer, listening: Listening):
        said = slack.say("ann", "general", "hello")
        assert (await slack.shortcut("ann", "new")).is_acked
        await slack.shortcut("ann", "about", channel="general", message_ts=said.ts)
        shortcut, of_message = [one.payload for one in listening.requests if one.type == "interactive"]
        assert (shortcut["type"], shortcut["callback_id"]) == ("shortcut", "new")
        assert (of_message["type"], of_message["message"]["text"]) == ("message_action", "hello")

    async def test_other_events_can_be_sent_when_the_app_subscribed(self, slack: SlackServer, listening: Listening):
        assert slack.inject({"type": "user_change", "user": {"id": "U0ANN"}})
        assert slack.inject({"type": "channel_rename"}) == []
        await slack.delivered()
        assert [event["type"] for event in listening.events] == ["user_change"]


class TestViews:
    async def opened(self, slack: SlackServer, web_client: AsyncWebClient, **more: Any) -> str:
        outcome = await slack.slash("ann", "dm", "/cloud", "keys")
        answer = await web_client.views_open(trigger_id=outcome.trigger_id, view=modal(**more))
        return str(answer["view"]["id"])

    async def test_a_trigger_opens_one_modal(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        outcome = await slack.slash("ann", "dm", "/cloud", "keys")
        await web_client.views_open(trigger_id=outcome.trigger_id, view=modal())
        again = await refusal(web_client.views_open(trigger_id=outcome.trigger_id, view=modal()))
        assert again["error"] == "exchanged_trigger_id"
        unknown = await refusal(web_client.views_open(trigger_id="1.2.abc", view=modal()))
        assert unknown["error"] == "invalid_trigger_id"

    async def test_a_late_trigger_is_refused(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        outcome = await slack.slash("ann", "dm", "/cloud", "keys")
        now = slack.store.now()
        slack.store.now = lambda: now + 3.5
        late = await refusal(web_client.views_open(trigger_id=outcome.trigger_id, view=modal()))
        assert late["error"] == "expired_trigger_id"

    async def test_a_wrong_view_is_refused_with_the_place(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        outcome = await slack.slash("ann", "dm", "/cloud", "keys")
        refused = await refusal(web_client.views_open(trigger_id=outcome.trigger_id, view=modal("t" * 25)))
        assert refused["error"] == "invalid_arguments"
        assert refused["response_metadata"]["messages"] == [
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
        ]

    async def test_errors_stand_at_the_fields_until_all_is_well(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        asked = await slack.submit("ann", view, {"key": ""})
        assert (asked.outcome, set(asked.errors)) == ("incomplete", {"key"})
        listening.answer = lambda request: {"response_action": "errors", "errors": {"key": "AWS refused it"}}
        refused = await slack.submit("ann", view, {"key": "wrong"})
        assert (refused.outcome, refused.errors) == ("errors", {"key": "AWS refused it"})
        assert slack.modals("ann")[-1].errors == {"key": "AWS refused it"}
        listening.answer = lambda request: None
        assert (await slack.submit("ann", view, {"key": "right"})).outcome == "closed"
        assert slack.modals("ann") == []
        assert (await refusal(web_client.views_update(view_id=view, view=modal())))["error"] == "not_found"
        payload = listening.requests[-1].payload
        assert payload["view"]["state"]["values"]["key"]["value"] == {"type": "plain_text_input", "value": "right"}

    async def test_errors_for_a_field_that_is_not_there_are_trouble(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        listening.answer = lambda request: {"response_action": "errors", "errors": {"nothing": "wrong"}}
        failed = await slack.submit("ann", view, {"key": "x"})
        assert failed.outcome == "failed"
        assert "nothing" in failed.problem

    async def test_a_submission_can_change_the_modal_push_another_or_clear_all(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        loading = {"type": "modal", "title": plain("Wait"), "blocks": [{"type": "divider"}]}
        listening.answer = lambda request: {"response_action": "update", "view": loading}
        assert (await slack.submit("ann", view, {"key": "x"})).outcome == "updated"
        assert slack.modals("ann")[-1].content["title"]["text"] == "Wait"
        await web_client.views_update(view_id=view, view=modal("Again"))
        listening.answer = lambda request: {"response_action": "push", "view": modal("Second")}
        pushed = await slack.submit("ann", view, {"key": "x"})
        assert pushed.outcome == "pushed"
        assert [one.content["title"]["text"] for one in slack.modals("ann")] == ["Again", "Second"]
        listening.answer = lambda request: {"response_action": "clear"}
        assert pushed.view is not None
        assert (await slack.submit("ann", pushed.view.id, {"key": "x"})).outcome == "closed"
        assert slack.modals("ann") == []

    async def test_an_invalid_view_in_an_answer_is_trouble(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        listening.answer = lambda request: {"response_action": "update", "view": modal("t" * 25)}
        failed = await slack.submit("ann", view, {"key": "x"})
        assert (failed.outcome, "25 characters" in failed.problem) == ("failed", True)

    async def test_a_submission_that_is_not_acked_in_time_is_trouble(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        listening.is_silent = True
        failed = await slack.submit("ann", view, {"key": "x"})
        assert (failed.outcome, failed.problem) == ("failed", "operation_timeout")

    async def test_an_old_hash_does_not_overwrite_a_newer_view(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        view = await self.opened(slack, web_client)
        old = slack.modals("ann")[-1].hash
        await web_client.views_update(view_id=view, view=modal("New"), hash=old)
        stale = await refusal(web_client.views_update(view_id=view, view=modal("Old"), hash=old))
        assert stale["error"] == "hash_conflict"
        assert (await refusal(web_client.views_update(view_id="V0", view=modal())))["error"] == "not_found"

    async def test_three_modals_lie_on_top_of_each_other_and_no_fourth(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        await self.opened(slack, web_client)
        button = {"type": "section", "text": plain("x"), "accessory": BUTTONS[0]["elements"][0]}  # type: ignore[index]
        for expected in (None, None, "push_limit_reached"):
            top = slack.modals("ann")[-1]
            await web_client.views_update(view_id=top.id, view=modal(blocks=[button]))
            pressed = await slack.press("ann", None, "say:1", view_id=top.id)
            call = web_client.views_push(trigger_id=pressed.trigger_id, view=modal())
            if expected is None:
                await call
            else:
                assert (await refusal(call))["error"] == expected

    async def test_closing_is_told_when_the_view_asks_for_it(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        await slack.close_view("ann", await self.opened(slack, web_client))
        assert listening.requests[-1].type == "slash_commands"
        await slack.close_view("ann", await self.opened(slack, web_client, notify_on_close=True))
        assert listening.requests[-1].payload["type"] == "view_closed"
        assert slack.modals("ann") == []

    async def test_every_person_has_their_own_home(
        self, slack: SlackServer, listening: Listening, web_client: AsyncWebClient
    ):
        slack.open_home("ann")
        await slack.delivered()
        assert listening.events[0]["type"] == "app_home_opened"
        home = {"type": "home", "blocks": BUTTONS}
        published = await web_client.views_publish(user_id="U0ANN", view=home)
        await web_client.views_publish(user_id="U0ANN", view=home, hash=published["view"]["hash"])
        stale = await refusal(web_client.views_publish(user_id="U0ANN", view=home, hash=published["view"]["hash"]))
        assert stale["error"] == "hash_conflict"
        assert slack.home("ben") is None
        view = slack.home("ann")
        assert view is not None
        await slack.press("ann", None, "say:1", view_id=view.id)
        payload = listening.requests[-1].payload
        assert (payload["container"]["type"], payload["view"]["type"]) == ("view", "home")
        assert "channel" not in payload
        wrong = await refusal(web_client.views_publish(user_id="U0ANN", view=modal()))
        assert wrong["error"] == "invalid_arguments"
