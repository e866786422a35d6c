"""The manifest asks Slack for what the gateway listens to and calls: no less, no more."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

import pytest
from slack_bolt.async_app import AsyncApp

from clouddesk.settings import PROJECT
from connectors.slack import listeners
from connectors.slack.app import Services

FOLDER = PROJECT / "connectors" / "slack"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
FEATURES, SETTINGS = MANIFEST["features"], MANIFEST["settings"]
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])

OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "app_home_opened": None,
    "user_change": "users:read",
}
"""What Slack asks of an app for each event."""
OF_METHOD = {
    "auth.test": None,
    "apps.connections.open": None,  # with the token of the app, not of the bot
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "im:history",
    "conversations.list": "im:read",
    "conversations.open": "im:write",
    "conversations.replies": "im:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "usergroups.users.list": "usergroups:read",
    "users.conversations": "channels:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.update": None,
}
"""And for each method; of conversations only direct ones are read."""
DOWNLOADED = {"files:read"}
"""By a plain GET of a file's address, which is no method."""
ON_WISH = {"usergroups:read", "channels:read"}
"""Left out: for admins by user group, and for mentions that came while no gateway ran; docs/slack.md describes both."""


class Recorder:
    """Stands where the app does, and notes what listeners ask for."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Any]] = defaultdict(list)

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], Any]]:
        def listen(what: Any) -> Callable[[Any], Any]:
            self.heard[kind].append(what)
            return lambda listener: listener

        return listen


@pytest.fixture(scope="module")
def heard() -> dict[str, list[Any]]:
    recorder = Recorder()
    listeners.register(cast(AsyncApp, recorder), cast(Services, None))
    return recorder.heard


def test_every_event_that_is_listened_to_is_asked_for_and_none_else(heard: dict[str, list[Any]]) -> None:
    asked = {name.partition(".")[0] for name in SETTINGS["event_subscriptions"]["bot_events"]}
    assert asked == {event for event in heard["event"] if isinstance(event, str)}


def test_every_command_and_shortcut_has_a_listener_and_every_listener_is_in_the_menus(
    heard: dict[str, list[Any]],
) -> None:
    assert [one["command"] for one in FEATURES["slash_commands"]] == heard["command"]
    kinds = {"message": "message_action", "global": "shortcut"}
    shown = [{"type": kinds[one["type"]], "callback_id": one["callback_id"]} for one in FEATURES["shortcuts"]]
    assert sorted(shown, key=str) == sorted(heard["shortcut"], key=str)


def test_buttons_forms_and_app_home_are_switched_on(heard: dict[str, list[Any]]) -> None:
    assert heard["action"]
    assert heard["view"]
    assert SETTINGS["interactivity"]["is_enabled"]
    assert SETTINGS["socket_mode_enabled"]
    home = FEATURES["app_home"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, True)
    assert not home["messages_tab_read_only_enabled"], "people write there"


def test_the_scopes_are_those_of_the_events_and_of_the_methods_that_are_called() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    called = set(
        re.findall(r'"((?:api|apps|auth|chat|conversations|files|team|usergroups|users|views)\.[\w.]+)"', code)
    )
    assert called == set(OF_METHOD), "a new method may need a scope, one that went may have been the last of its own"
    needed = {OF_METHOD[name] for name in called} | {
        OF_EVENT[name] for name in SETTINGS["event_subscriptions"]["bot_events"]
    }
    assert {scope for scope in needed if scope} - ON_WISH == SCOPES - {"commands"} - DOWNLOADED
    assert "commands" in SCOPES, "for /cloud and the shortcuts"


def test_every_scope_is_explained() -> None:
    guide = (PROJECT / "docs" / "slack.md").read_text(encoding="utf-8")
    assert {scope for scope in SCOPES | ON_WISH if f"`{scope}`" not in guide} == set()


def test_slack_takes_the_texts() -> None:
    about = MANIFEST["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4_000
    assert re.fullmatch("#[0-9a-f]{6}", about["background_color"])
    for shortcut in FEATURES["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in FEATURES["slash_commands"]:
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000
