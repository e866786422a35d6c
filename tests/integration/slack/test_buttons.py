"""A button says its payload for whoever pressed it, with that person's own identity and for their eyes."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from clouddesk.adapters.colleagues import RedisColleagues
from clouddesk.model.actor import UNKNOWN, Person
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import Message as Posted
from connectors.rasa import Message, RasaClient, Reply, Unreachable
from connectors.slack import modals
from tests.integration.slack.conftest import said, until
from tests.integration.slack.dialogue import Dialogue, reply

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("gateway")]

YES = '/affirm{"quote_id": "q-1"}'


@pytest.fixture
def dialogue(dialogue: Dialogue) -> Dialogue:
    dialogue.replies["a vm"] = [reply("A vm for $1. Shall I get it?", Yes=YES, No="/deny")]
    dialogue.replies[YES] = [reply("On it.")]
    return dialogue


async def card(slack: SlackServer, user: str, channel: str) -> Posted:
    """The bot's newest message, which has buttons."""
    await until(lambda: bool(said(slack, user, channel)))
    return [one for one in slack.messages(user, channel) if one.user == slack.app.bot_user_id][-1]


async def test_a_press_is_the_pressers_next_message_in_the_same_conversation(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    slack.say("ann", "dm", "a vm")
    quote = await card(slack, "ann", "dm")
    outcome = await slack.press("ann", quote.ts, "say:0")
    assert outcome.is_acked
    await until(lambda: said(slack, "ann")[-1] == "On it.")
    asked, pressed = dialogue.heard
    assert pressed["text"] == YES
    assert pressed["conversation"] == asked["conversation"]


async def test_an_answered_card_says_what_was_chosen_and_has_no_buttons_any_more(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    slack.say("ann", "data", "@clouddesk a vm")
    quote = await card(slack, "ann", "data")
    await slack.press("ben", quote.ts, "say:1", channel="data")
    await until(lambda: "/deny" in dialogue.texts)
    await slack.press("ann", quote.ts, "say:0", channel="data")
    await until(lambda: [block["type"] for block in shown(slack, quote).blocks] == ["section", "context"])
    assert shown(slack, quote).blocks[-1]["elements"][0]["text"] == "You chose *Yes*."
    assert shown(slack, quote).text == quote.text


def shown(slack: SlackServer, posted: Posted, channel: str = "data") -> Posted:
    """As it is now."""
    return next(one for one in slack.messages("ann", channel) if one.ts == posted.ts)


async def test_a_stranger_presses_with_their_own_name_and_hears_the_answer_alone(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    asked = slack.say("ann", "data", "@clouddesk a vm")
    quote = await card(slack, "ann", "data")
    await slack.press("ben", quote.ts, "say:0", channel="data")
    await until(lambda: "On it." in said(slack, "ben", "data"))
    assert "On it." not in said(slack, "ann", "data")
    pressed = dialogue.heard[-1]
    assert pressed["user_id"] == slack.workspace.user("ben").id
    assert pressed["conversation"] == f"{slack.workspace.team_id}:{asked.channel}:{asked.ts}:{pressed['user_id']}"


async def test_guests_press_in_vain(slack: SlackServer, dialogue: Dialogue) -> None:
    slack.say("ann", "general", "@clouddesk a vm")
    quote = await card(slack, "ann", "general")
    await slack.press("gus", quote.ts, "say:0", channel="general")
    await until(lambda: "guests" in said(slack, "gus", "general")[-1])
    assert dialogue.texts == ["a vm"]


async def test_buttons_under_the_answer_to_a_command_answer_the_same_person_alone(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    await slack.slash("ann", "without-app", "/cloud", "a vm")
    quote = await card(slack, "ann", "without-app")
    await slack.press("ann", quote.ts, "say:0", channel="without-app")
    await until(lambda: said(slack, "ann", "without-app")[-1] == "On it.")
    assert said(slack, "ben", "without-app") == []
    assert dialogue.heard[0]["conversation"] == dialogue.heard[1]["conversation"]


async def test_a_card_that_one_person_alone_sees_loses_its_buttons_too(slack: SlackServer, dialogue: Dialogue) -> None:
    await slack.slash("ann", "without-app", "/cloud", "a vm")
    quote = await card(slack, "ann", "without-app")
    await slack.press("ann", quote.ts, "say:0", channel="without-app")
    await until(
        lambda: [block["type"] for block in shown(slack, quote, "without-app").blocks] == ["section", "context"]
    )
    assert shown(slack, quote, "without-app").blocks[-1]["elements"][0]["text"] == "You chose *Yes*."
    assert shown(slack, quote, "without-app").text == quote.text
    assert len(said(slack, "ann", "without-app")) == 2


async def test_a_command_in_the_direct_conversation_goes_on_with_it(slack: SlackServer, dialogue: Dialogue) -> None:
    slack.say("ann", "dm", "a vm")
    await until(lambda: bool(said(slack, "ann")))
    await slack.slash("ann", "dm", "/cloud", "yes")
    await until(lambda: said(slack, "ann")[-1] == "I heard: yes")
    assert dialogue.heard[0]["conversation"] == dialogue.heard[1]["conversation"]


async def test_a_message_of_a_colleague_is_asked_for_by_shortcut_in_ones_own_name(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    wish = slack.say("ben", "data", "we need a 3-node spark cluster")
    outcome = await slack.shortcut("ann", "ask_clouddesk", channel="data", message_ts=wish.ts)
    assert outcome.is_acked
    await until(lambda: said(slack, "ann") == ["I heard: we need a 3-node spark cluster"])
    assert dialogue.heard[0]["user_id"] == slack.workspace.user("ann").id
    assert said(slack, "ann", "data") == []


async def test_presses_one_after_the_other_are_done_in_their_order_and_the_first_is_what_the_card_says(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    slack.say("ann", "data", "@clouddesk a vm")
    quote = await card(slack, "ann", "data")
    dialogue.may_answer.clear()
    for number in (0, 1, 0):
        await slack.press("ann", quote.ts, f"say:{number}", channel="data")
    dialogue.may_answer.set()
    await until(lambda: len(said(slack, "ann", "data")) == 4)
    assert dialogue.texts[1:] == [YES, "/deny", YES]
    await until(lambda: shown(slack, quote).blocks[-1]["type"] == "context")
    assert shown(slack, quote).blocks[-1]["elements"][0]["text"] == "You chose *Yes*."


async def test_a_card_keeps_its_buttons_when_the_press_was_not_heard(
    slack: SlackServer, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(_client: RasaClient, _message: Message) -> list[Reply]:
        raise Unreachable(was_heard=False)

    slack.say("ann", "data", "@clouddesk a vm")
    quote = await card(slack, "ann", "data")
    monkeypatch.setattr(RasaClient, "send", unreachable)
    await slack.press("ann", quote.ts, "say:0", channel="data")
    await until(lambda: "nothing was done" in said(slack, "ann", "data")[-1])
    assert shown(slack, quote).blocks[-1]["type"] == "actions"


async def test_a_press_on_a_card_that_was_replied_to_stays_in_the_direct_conversation(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    slack.say("ann", "dm", "a vm")
    quote = await card(slack, "ann", "dm")
    slack.say("ann", "dm", "what is spot?", thread_ts=quote.ts)
    await until(lambda: len(dialogue.heard) == 2)
    await slack.press("ann", quote.ts, "say:0")
    await until(lambda: len(dialogue.heard) == 3)
    asked, aside, pressed = dialogue.heard
    assert pressed["conversation"] == asked["conversation"] != aside["conversation"]


async def test_what_the_dialogue_calls_private_is_not_said_in_a_channel(slack: SlackServer, dialogue: Dialogue) -> None:
    access = "AWS: account ann@example.com"
    dialogue.replies["my access"] = [{**reply(access), "private": True}]
    slack.say("ann", "data", "@clouddesk my access")
    await until(lambda: said(slack, "ann") == [access])
    await until(lambda: bool(said(slack, "ben", "data")))
    assert all(access not in text for text in said(slack, "ben", "data"))


async def test_a_form_that_slack_does_not_show_is_told(
    slack: SlackServer, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modals, "TRIGGER_SECONDS", 0.1)
    dialogue.replies["my keys"] = [reply("Use the form.", Add='/add_credentials{"provider": "aws"}')]
    slack.say("ann", "dm", "my keys")
    asks = await card(slack, "ann", "dm")
    slack.fault("server_error", count=None, operation="views.open")
    await slack.press("ann", asks.ts, "say:0")
    await until(lambda: "did not show you the form" in said(slack, "ann")[-1])


async def test_whom_a_button_names_is_looked_up_when_it_is_pressed_however_old_it_is(
    slack: SlackServer, dialogue: Dialogue, redis: Redis
) -> None:
    ben = Person(slack.workspace.team_id, slack.workspace.user("ben").id)
    share = f'/share_resource{{"resource_name": "r-0000000a", "person": "{ben.user_id}"}}'
    dialogue.replies["a vm"] = [reply("ben asks for etl.", Share=share)]
    slack.say("ann", "dm", "a vm")
    asked, colleagues = await card(slack, "ann", "dm"), RedisColleagues(redis)
    assert await colleagues.refusal(ben) == UNKNOWN, "nobody has looked them up"
    await slack.press("ann", asked.ts, "say:0")
    await until(lambda: dialogue.texts[-1] == share)
    assert await colleagues.refusal(ben) is None
