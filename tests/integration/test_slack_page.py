"""One chat on the simulated Slack's page, in a real browser, before an app of Slack's own framework."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.sandbox.slack.server import SlackServer

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (apt-get install chromium)"),
]
# Shown to a browser as it stands, this would run.
ATTACK = '<img src=x onerror="document.title=1"> & *bold* `code` <https://example.com|x>'


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(text), **more}


CONFIRM = {"title": plain("Sure?"), "text": plain("It is gone then."), "confirm": plain("Go"), "deny": plain("Keep")}
CARD: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Your quote")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*3 machines* for &lt;b&gt;\n```ssh debian@198.18.0.7```"}},
    {
        "type": "actions",
        "elements": [
            button("Yes", "yes", style="primary"),
            button("Keys", "keys"),
            button("No", "no", style="danger", confirm=CONFIRM),
        ],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "keys",
    "title": plain("Credentials"),
    "submit": plain("Check"),
    "blocks": [
        {
            "type": "input",
            "block_id": "provider",
            "label": plain("Provider"),
            "element": {
                "type": "static_select",
                "action_id": "value",
                "options": [{"text": plain(name), "value": name.lower()} for name in ("AWS", "Vultr")],
            },
        },
        {
            "type": "input",
            "block_id": "key",
            "label": plain("Key"),
            "element": {"type": "plain_text_input", "action_id": "value"},
        },
    ],
}
HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "header", "text": plain("Your reservations")}]}


def make_app(slack: SlackServer, submitted: list[dict[str, Any]]) -> AsyncApp:
    client = AsyncWebClient(token=slack.app.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.app.signing_secret)

    @app.event("message")
    async def said(event: dict[str, Any], say: AsyncSay) -> None:
        if event["channel_type"] == "im":
            await say(text="Your quote", blocks=CARD)

    @app.event("app_mention")
    async def mentioned(event: dict[str, Any], say: AsyncSay) -> None:
        await say(text="Here you are", thread_ts=event["ts"])

    @app.action("yes")
    async def agreed(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="It is *ordered*.")

    @app.action("keys")
    async def asked(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("keys")
    async def given(ack: AsyncAck, view: dict[str, Any]) -> None:
        submitted.append(view["state"]["values"])
        is_good = view["state"]["values"]["key"]["value"]["value"] == "good"
        await (ack() if is_good else ack(response_action="errors", errors={"key": "AWS refused this key."}))

    @app.command("/cloud")
    async def listed(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("Only for you")

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=HOME)

    return app


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def page(slack: SlackServer) -> AsyncIterator[Any]:
    async with playwright.async_playwright() as started:
        # The sandbox of the browser does not start for root, as whom tests run in containers.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened = await browser.new_page()
        opened.set_default_timeout(30_000)
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        asked: set[str] = set()
        opened.on("request", lambda request: asked.add(request.url))
        await opened.goto(slack.url)
        yield opened
        await browser.close()
        assert wrong == []
        assert {url for url in asked if not url.startswith((slack.url, "data:"))} == set()


async def test_a_whole_chat_in_a_browser(slack: SlackServer, page: Any) -> None:
    submitted: list[dict[str, Any]] = []
    handler = AsyncSocketModeHandler(make_app(slack, submitted), slack.app.app_token)
    await handler.connect_async()
    box = page.get_by_role("textbox", name="Message")

    # What people type is text.
    await box.fill(ATTACK)
    await box.press("Enter")
    message = page.locator(".message", has_text="<img src=x")
    await message.wait_for()
    assert await message.locator("img").count() == 0
    assert await message.locator("strong", has_text="bold").count() == 1
    assert await message.locator("a").get_attribute("href") == "https://example.com"

    # A card, its question first, and its answer.
    card = page.locator(".message", has_text="Your quote")
    assert await card.locator("pre").inner_text() == "ssh debian@198.18.0.7"
    assert await card.locator(".text strong").inner_text() == "3 machines"
    assert await card.get_by_text("for <b>").count() == 1
    await card.get_by_role("button", name="No").click()
    await page.get_by_role("button", name="Keep").click()
    assert [attempt.kind for attempt in slack.attempts].count("interactive") == 0

    # A modal: a field that is missing, an error at the field, then all is well.
    await card.get_by_role("button", name="Keys").click()
    modal = page.get_by_role("dialog", name="Credentials")
    await modal.get_by_label("Provider").select_option("Vultr")
    await modal.get_by_role("button", name="Check").click()
    await modal.get_by_text("Please complete this required field.").wait_for()
    assert submitted == []
    await modal.get_by_label("Key").fill("bad")
    await modal.get_by_role("button", name="Check").click()
    await modal.get_by_text("AWS refused this key.").wait_for()
    assert await modal.get_by_label("Provider").input_value() == "vultr"
    await modal.get_by_label("Key").fill("good")
    await modal.get_by_role("button", name="Check").click()
    await modal.wait_for(state="detached")
    assert submitted[-1]["provider"]["value"]["selected_option"]["value"] == "vultr"

    await card.get_by_role("button", name="Yes").click()
    await page.get_by_text("It is ordered.").wait_for()

    # A command's answer is for one person.
    await box.fill("/cloud list")
    await box.press("Enter")
    await page.locator(".message.ephemeral", has_text="Only for you").wait_for()
    await box.fill("/nothing")
    await box.press("Enter")
    await page.get_by_role("alert").get_by_text("/nothing is not a valid command").wait_for()

    await page.get_by_role("tab", name="Home").click()
    await page.get_by_role("heading", name="Your reservations").wait_for()

    # A mention in a channel is answered in its thread, and another person sees both.
    await page.get_by_role("button", name="general").click()
    await box.fill("@clouddesk hello")
    await box.press("Enter")
    await page.get_by_label("Who you are").select_option("Ben Carter")
    await page.get_by_role("button", name="general").click()
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread")
    await thread.get_by_text("Here you are").wait_for()
    await thread.get_by_role("textbox", name="Reply").fill("thank you")
    await thread.get_by_role("textbox", name="Reply").press("Enter")
    await thread.locator(".message", has_text="thank you").get_by_text("Ben Carter").wait_for()
    assert slack.messages("ben", "general")[-1].thread_ts == slack.messages("ben", "general")[0].ts
    assert await page.title() == "CloudDesk in Slack (simulated)"
    await handler.close_async()
