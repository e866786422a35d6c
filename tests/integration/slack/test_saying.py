"""What is said to the bot is answered once, where it was said, in order; what nobody said to it is left alone."""

from __future__ import annotations

import asyncio

import pytest

from clouddesk.sandbox.slack.server import SlackServer
from tests.integration.slack.conftest import said, until
from tests.integration.slack.dialogue import Dialogue, reply

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("gateway")]


async def test_a_direct_message_is_answered_with_the_persons_own_time_zone(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    slack.say("ben", "dm", "a vm for 2 hours")
    await until(lambda: said(slack, "ben") == ["I heard: a vm for 2 hours"])
    (heard,) = dialogue.heard
    assert (heard["timezone"], heard["locale"]) == ("America/New_York", "en-US")
    assert heard["workspace_id"] == slack.workspace.team_id
    assert heard["conversation"].endswith(heard["user_id"])


async def test_a_mention_is_answered_once_in_its_thread_though_it_comes_as_two_events(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    asked = slack.say("ann", "data", "@clouddesk what have I got?")
    assert len(asked.events) == 2
    await until(lambda: bool(said(slack, "ben", "data")))
    await slack.delivered()
    await asyncio.sleep(0.2)
    assert said(slack, "ben", "data", thread_ts=asked.ts) == ["I heard: what have I got?"]
    assert dialogue.texts == ["what have I got?"]


async def test_a_channel_without_a_mention_is_none_of_our_business(slack: SlackServer, dialogue: Dialogue) -> None:
    slack.say("ann", "data", "spin up a 3-node spark cluster")
    await slack.delivered()
    await asyncio.sleep(0.2)
    assert dialogue.heard == []


async def test_a_doubled_event_and_a_lost_ack_act_once(slack: SlackServer, dialogue: Dialogue) -> None:
    slack.fault("repeat_event", count=2)
    slack.fault("lose_ack")
    slack.say("ann", "dm", "a vm")
    await slack.delivered()
    await until(lambda: bool(said(slack, "ann")))
    await asyncio.sleep(0.3)
    assert len(slack.attempts) >= 3
    assert dialogue.texts == ["a vm"]
    assert said(slack, "ann") == ["I heard: a vm"]


async def test_messages_of_one_conversation_are_answered_in_their_order(slack: SlackServer, dialogue: Dialogue) -> None:
    dialogue.seconds = 0.02
    wishes = [f"wish {number}" for number in range(10)]
    for wish in wishes:
        slack.say("ann", "dm", wish)
    await until(lambda: len(said(slack, "ann")) == 10)
    assert dialogue.texts == wishes
    assert said(slack, "ann") == [f"I heard: {wish}" for wish in wishes]


async def test_a_slow_conversation_holds_up_no_other(slack: SlackServer, dialogue: Dialogue) -> None:
    dialogue.may_answer.clear()
    for user in ("ann", "ben", "chitra"):
        slack.say(user, "dm", "hi")
    await until(lambda: dialogue.asked == 3)
    dialogue.may_answer.set()
    await until(lambda: all(said(slack, user) for user in ("ann", "ben", "chitra")))


async def test_two_people_in_one_thread_have_conversations_of_their_own(slack: SlackServer, dialogue: Dialogue) -> None:
    asked = slack.say("ann", "data", "@clouddesk a vm")
    slack.say("ben", "data", "@clouddesk a cluster", thread_ts=asked.ts)
    await until(lambda: len(said(slack, "ann", "data", thread_ts=asked.ts)) == 2)
    conversations = {message["user_id"]: message["conversation"] for message in dialogue.heard}
    assert len(set(conversations.values())) == 2
    assert all(asked.ts in conversation for conversation in conversations.values())


async def test_edits_deletions_and_other_bots_are_harmless(slack: SlackServer, dialogue: Dialogue) -> None:
    first = slack.say("ann", "dm", "a vm")
    await until(lambda: bool(said(slack, "ann")))
    slack.edit("ann", "dm", first.ts, "two vms")
    slack.delete_message("ann", "dm", first.ts)
    slack.say("otherbot", "general", "@clouddesk a vm")
    slack.say("ann", "data", "has joined", subtype="channel_join")
    slack.inject({"type": "user_change", "user": {"id": "U0ANN"}})
    await slack.delivered()
    await asyncio.sleep(0.2)
    assert dialogue.texts == ["a vm"]
    assert not slack.delivery.undelivered


async def test_what_people_type_reaches_nobody_else(slack: SlackServer) -> None:
    slack.say("ann", "data", "@clouddesk wake <!channel> & me")
    await until(lambda: bool(said(slack, "ann", "data")))
    assert not any(message.broadcasts for message in slack.messages("ann", "data") if message.bot_id)
    slack.say("ann", "dm", "see https://example.com/x")
    await until(lambda: bool(said(slack, "ann")))
    assert not any(message.unfurled for message in slack.messages("ann", "dm") if message.bot_id)


@pytest.mark.parametrize(("user", "channel", "why"), [("gus", "general", "guest"), ("fay", "shared", "another")])
async def test_guests_and_strangers_are_refused_with_the_reason_and_alone(
    slack: SlackServer, dialogue: Dialogue, user: str, channel: str, why: str
) -> None:
    slack.say(user, channel, "@clouddesk a vm")
    await until(lambda: bool(said(slack, user, channel)))
    assert why in said(slack, user, channel)[0]
    assert said(slack, "ann", channel) == []
    assert dialogue.heard == []


async def test_what_gets_into_a_machine_goes_to_direct_messages_and_the_channel_hears_so(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    dialogue.replies["where is it?"] = [reply("*vm-1*: ssh ubuntu@198.51.100.7"), reply("Anything else?")]
    asked = slack.say("ann", "data", "@clouddesk where is it?")
    await until(lambda: len(said(slack, "ann", "data", thread_ts=asked.ts)) == 2)
    assert "198.51.100.7" not in "".join(said(slack, "ann", "data"))
    assert "direct message" in said(slack, "ann", "data")[-1]
    await until(lambda: bool(said(slack, "ann")))
    assert "198.51.100.7" in said(slack, "ann")[0]


async def test_a_command_is_answered_for_the_person_alone_even_where_the_bot_is_not(
    slack: SlackServer, dialogue: Dialogue
) -> None:
    outcome = await slack.slash("ann", "without-app", "/cloud", "what have I got?")
    assert outcome.is_acked
    await until(lambda: bool(said(slack, "ann", "without-app")))
    assert said(slack, "ben", "without-app") == []
    assert dialogue.texts == ["what have I got?"]


async def test_a_dialogue_that_does_not_answer_is_said(slack: SlackServer, dialogue: Dialogue) -> None:
    dialogue.replies["broken"] = [{"text": 1}]
    slack.say("ann", "dm", "broken")
    await until(lambda: bool(said(slack, "ann")))
    assert "logged" in said(slack, "ann")[0]
    slack.say("ann", "dm", "a vm")
    await until(lambda: "I heard: a vm" in said(slack, "ann"))
