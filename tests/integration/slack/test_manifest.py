"""Installed as its manifest says, the app may do all that it does."""

from __future__ import annotations

import json

import pytest

from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.settings import PROJECT
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue, reply

pytestmark = pytest.mark.integration

MANIFEST = json.loads((PROJECT / "connectors" / "slack" / "manifest.json").read_text(encoding="utf-8"))


async def test_the_manifests_scopes_and_events_are_enough(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    slack.workspace.app.install(MANIFEST)
    dialogue.replies["a vm"] = [reply("A vm for $1. Shall I get it?", Yes="/affirm")]
    dialogue.replies["where is it?"] = [reply("At 203.0.113.7")]
    await start()

    slack.say("ann", "dm", "a vm")
    await until(lambda: said(slack, "ann"))
    quote = slack.messages("ann", "dm")[-1]
    await slack.press("ann", quote.ts, "say:0")
    await until(lambda: said(slack, "ann")[-1] == "I heard: /affirm")

    asked = slack.say("ben", "general", "@clouddesk a vm")
    await until(lambda: said(slack, "ben", "general", thread_ts=asked.ts))
    slack.say("ben", "general", "@clouddesk where is it?")
    await until(lambda: any("203.0.113.7" in text for text in said(slack, "ben")))

    await slack.slash("ann", "without-app", "/cloud", "a vm")
    await until(lambda: said(slack, "ann", "without-app"))
    await slack.shortcut("ann", "ask_clouddesk", channel="general", message_ts=asked.ts)
    await slack.shortcut("ann", "list_resources")
    await until(lambda: said(slack, "ann")[-1] == "I heard: /list_resources")
    slack.open_home("gus")
    await until(lambda: slack.home("gus") is not None)

    assert [(call.method, call.answer) for call in slack.calls if call.answer != "ok"] == []
