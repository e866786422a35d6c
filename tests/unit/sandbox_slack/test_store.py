"""What the simulated Slack remembers, and for how long."""

import pytest

from clouddesk.sandbox.slack.acting import Acting
from clouddesk.sandbox.slack.delivery import Delivery, signature
from clouddesk.sandbox.slack.events import Events
from clouddesk.sandbox.slack.faults import SlackFaults
from clouddesk.sandbox.slack.inputs import initial, state_of
from clouddesk.sandbox.slack.people import (
    DEACTIVATED,
    FOREIGN,
    GUEST,
    SINGLE_CHANNEL_GUEST,
    Shortcut,
    usual_workspace,
)
from clouddesk.sandbox.slack.sockets import Sockets
from clouddesk.sandbox.slack.store import Message, Store


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(usual_workspace(), now=clock)


@pytest.fixture
def acting(store: Store) -> Acting:
    faults = SlackFaults()
    delivery = Delivery(store, faults, Sockets(store, faults))
    return Acting(store, delivery, Events(store, delivery))


def test_a_trigger_is_used_once_and_within_three_seconds(store: Store, clock: Clock):
    first, second = store.new_trigger("U0ANN"), store.new_trigger("U0BEN")
    assert store.use_trigger(first) == ("U0ANN", "")
    assert store.use_trigger(first) == (None, "exchanged_trigger_id")
    clock.time += 3.1
    assert store.use_trigger(second) == (None, "expired_trigger_id")
    assert store.use_trigger("made-up") == (None, "invalid_trigger_id")


def test_time_stamps_are_never_the_same(store: Store):
    stamps = [store.new_ts() for _ in range(100)]
    assert sorted(set(stamps)) == stamps


def test_ephemeral_messages_are_seen_by_one_person(store: Store):
    channel = store.workspace.find_channel("general")
    assert channel is not None
    store.add(Message(store.new_ts(), channel.id, "U0CLOUDDESK", "for ann", ephemeral_to="U0ANN"))
    assert [message.text for message in store.visible("U0ANN", channel)] == ["for ann"]
    assert store.visible("U0BEN", channel) == []
    assert store.history(channel.id) == []


def test_who_is_not_in_a_channel_sees_nothing_of_it(store: Store):
    channel = store.workspace.find_channel("secret")
    assert channel is not None
    store.add(Message(store.new_ts(), channel.id, "U0ANN", "psst"))
    assert store.visible("U0BEN", channel) == []


def test_broadcasts_are_found_in_text_and_blocks():
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "hi <!here>"}}
    plain = {"type": "section", "text": {"type": "plain_text", "text": "hi <!everyone>"}}
    message = Message("1.0", "C0GENERAL", "U0CLOUDDESK", "<!channel> &lt;!here&gt;", blocks=[section, plain])
    assert message.broadcasts == ["<!channel>", "<!here>"]


def test_links_are_unfurled_unless_told_not_to():
    message = Message("1.0", "C0GENERAL", "U0CLOUDDESK", "see <https://example.com|this>")
    assert message.unfurled == ["https://example.com"]
    message.unfurl_media = False
    assert message.unfurled == []


def test_people_of_every_kind_are_told_apart(store: Store):
    users = {user.name: user.as_dict() for user in store.workspace.users.values()}
    kinds = {user.name: user.kind for user in store.workspace.users.values()}
    assert kinds["gus"] == GUEST
    assert (users["gus"]["is_restricted"], users["gus"]["is_ultra_restricted"]) == (True, False)
    assert kinds["single"] == SINGLE_CHANNEL_GUEST
    assert users["single"]["is_ultra_restricted"]
    assert kinds["dora"] == DEACTIVATED
    assert users["dora"]["deleted"]
    assert kinds["fay"] == FOREIGN
    assert users["fay"]["team_id"] != store.workspace.team_id
    assert users["otherbot"]["is_bot"]
    assert users["ann"]["is_admin"]
    assert users["ann"]["tz"] == "Europe/Berlin"
    assert store.workspace.user("ann").as_dict(with_locale=True)["locale"] == "de-DE"


def test_an_app_is_installed_as_its_manifest_says(store: Store):
    store.workspace.app.install(
        {
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "features": {
                "slash_commands": [{"command": "/cloud"}],
                "shortcuts": [{"name": "Ask", "type": "message", "callback_id": "ask"}],
            },
            "settings": {"event_subscriptions": {"bot_events": ["app_mention"]}},
        }
    )
    app = store.workspace.app
    assert (app.scopes, app.events, app.commands) == (("chat:write",), ("app_mention",), ("/cloud",))
    assert app.shortcuts == (Shortcut("ask", "Ask", is_of_message=True),)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("@channel look", "<!channel> look"),
        ("@clouddesk get me", "<@U0CLOUDDESK> get me"),
        ("in #general", "in <#C0GENERAL|general>"),
        ("see https://example.com/x", "see <https://example.com/x>"),
        ("<@U0ANN> hi", "<@U0ANN> hi"),
        ("ann@example.com", "<mailto:ann@example.com|ann@example.com>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_what_people_type_is_sent_as_slacks_client_does(acting: Acting, typed, sent):
    assert acting.typed(typed) == sent


def test_the_signature_is_slacks():
    # The example of Slack's documentation, "Verifying requests from Slack".
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == expected


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        ({"type": "plain_text_input"}, "x", {"value": "x"}),
        ({"type": "plain_text_input"}, "", {"value": None}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "multi_users_select"}, ["U1", "U2"], {"selected_users": ["U1", "U2"]}),
        ({"type": "datepicker"}, "2026-01-02", {"selected_date": "2026-01-02"}),
        ({"type": "static_select", "options": []}, None, {"selected_option": None}),
    ],
)
def test_what_was_entered_is_told_in_slacks_form(element, value, state):
    assert state_of(element, value) == {"type": element["type"], **state}


def test_a_choice_is_told_with_its_text_and_an_unknown_one_is_an_error():
    option = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
    element = {"type": "static_select", "options": [option], "initial_option": option}
    assert state_of(element, "1")["selected_option"] == option
    assert initial(element) == "1"
    with pytest.raises(ValueError, match="there is no option 2"):
        state_of(element, "2")
