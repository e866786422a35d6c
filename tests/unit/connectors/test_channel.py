"""The channel's own logic, without its web routes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from connectors import light_rasa

light_rasa.install()  # before the first import of Rasa, for the speed of the tests

from connectors.channel import NO_ANSWER, Answers, CloudDeskChannel, Incoming, answer  # noqa: E402
from connectors.rasa import Form, Reply  # noqa: E402

MESSAGE = Incoming("local:console:-:ann", "hello", "local", "ann", "Europe/Berlin", "m1")


def body(**changes: Any) -> dict[str, Any]:
    whole = {
        "conversation": "local:console:-:ann",
        "text": "hello",
        "workspace_id": "local",
        "user_id": "ann",
        "timezone": "UTC",
        "message_id": "m1",
    }
    return {**whole, **changes}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Handler:
    """Counts how often it acts."""

    def __init__(self) -> None:
        self.acted = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> list[dict[str, Any]]:
        self.acted += 1
        number = self.acted
        await self.may_end.wait()
        return [{"text": f"answer {number}", "buttons": []}]


def test_metadata_holds_who_speaks_and_where():
    assert Incoming.read(body()).metadata == {
        "workspace_id": "local",
        "user_id": "ann",
        "timezone": "UTC",
        "locale": "",
        "conversation": "local:console:-:ann",
    }
    assert Incoming.read(body(locale="en-GB")).metadata["locale"] == "en-GB"
    assert Incoming.read(body(locale=5)).metadata["locale"] == "", "what no connector of ours sends"


@pytest.mark.parametrize("field", ["conversation", "text", "workspace_id", "user_id", "timezone", "message_id"])
@pytest.mark.parametrize("value", ["", "  ", None, 5])
def test_message_without_a_field_is_refused_by_its_name(field: str, value: object):
    with pytest.raises(ValueError, match=f"{field} is missing"):
        Incoming.read(body(**{field: value}))


@pytest.mark.parametrize("conversation", ["local:console:-:bob", "other:console:-:ann", "ann"])
def test_nobody_speaks_in_the_conversation_of_another_person(conversation: str):
    with pytest.raises(ValueError, match="not one of this person"):
        Incoming.read(body(conversation=conversation))


def test_body_that_is_no_object_is_refused():
    with pytest.raises(ValueError, match="JSON object"):
        Incoming.read(["hello"])


def test_channel_without_a_secret_cannot_be_made():
    with pytest.raises(ValueError, match="secret"):
        CloudDeskChannel("")


async def test_the_same_message_id_acts_once_and_gets_the_same_answer():
    answers, handler = Answers(), Handler()
    first = await answers.once(MESSAGE, handler)
    assert await answers.once(MESSAGE, handler) == first
    assert handler.acted == 1


async def test_the_same_message_id_at_the_same_time_acts_once():
    answers, handler = Answers(), Handler()
    handler.may_end.clear()
    both = [asyncio.create_task(answers.once(MESSAGE, handler)) for _ in range(2)]
    await asyncio.sleep(0)
    handler.may_end.set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert handler.acted == 1


async def test_the_same_id_in_another_conversation_is_another_message():
    answers, handler = Answers(), Handler()
    await answers.once(MESSAGE, handler)
    await answers.once(replace(MESSAGE, conversation="local:console:-:bob"), handler)
    assert handler.acted == 2


async def test_a_message_is_worked_on_to_its_end_when_the_caller_goes_away():
    answers, handler = Answers(), Handler()
    handler.may_end.clear()
    caller = asyncio.create_task(answers.once(MESSAGE, handler))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    handler.may_end.set()
    assert (await answers.once(MESSAGE, handler))[0]["text"] == "answer 1"


async def test_an_old_answer_is_forgotten():
    clock = Clock()
    answers, handler = Answers(seconds=60, clock=clock), Handler()
    await answers.once(MESSAGE, handler)
    clock.now = 61
    await answers.once(MESSAGE, handler)
    assert handler.acted == 2


async def test_what_is_still_worked_on_is_not_forgotten():
    clock = Clock()
    answers, handler = Answers(seconds=60, clock=clock), Handler()
    handler.may_end.clear()
    first = asyncio.create_task(answers.once(MESSAGE, handler))
    await asyncio.sleep(0)
    clock.now = 61
    second = asyncio.create_task(answers.once(MESSAGE, handler))
    await asyncio.sleep(0)
    handler.may_end.set()
    await asyncio.gather(first, second)
    assert handler.acted == 1


async def test_no_more_answers_are_kept_than_allowed():
    answers, handler = Answers(most=2), Handler()
    for number in range(4):
        await answers.once(replace(MESSAGE, message_id=f"m{number}"), handler)
    await answers.once(replace(MESSAGE, message_id="m0"), handler)
    assert handler.acted == 5


async def test_an_error_inside_gives_a_sentence():
    async def fails(_message: Any) -> None:
        raise RuntimeError("broken")

    assert await answer(MESSAGE, fails) == [{"text": NO_ANSWER, "buttons": []}]


async def test_silence_inside_gives_a_sentence():
    async def says_nothing(_message: Any) -> None:
        return None

    assert await answer(MESSAGE, says_nothing) == [{"text": NO_ANSWER, "buttons": []}]


async def test_what_was_said_before_an_error_is_kept():
    async def half(message: Any) -> None:
        await message.output_channel.send_response(message.sender_id, {"text": "One.\n\nTwo."})
        raise RuntimeError("broken")

    assert await answer(MESSAGE, half) == [{"text": "One.\n\nTwo.", "buttons": []}]


async def test_buttons_come_with_title_and_payload():
    async def asks(message: Any) -> None:
        buttons = [{"title": "Yes", "payload": "/affirm"}, {"title": "5 nodes"}]
        await message.output_channel.send_response(message.sender_id, {"text": "Sure?", "buttons": buttons})

    assert await answer(MESSAGE, asks) == [
        {
            "text": "Sure?",
            "buttons": [{"title": "Yes", "payload": "/affirm"}, {"title": "5 nodes", "payload": "5 nodes"}],
        }
    ]


async def test_what_is_nobody_elses_business_is_marked():
    async def tells(message: Any) -> None:
        said = {"text": "account 12", "custom": {"private": True}}
        await message.output_channel.send_response(message.sender_id, said)

    assert await answer(MESSAGE, tells) == [{"text": "account 12", "buttons": [], "private": True}]


async def test_a_response_comes_with_its_name_its_small_print_and_what_is_said_where_there_are_forms():
    form = {"provider": "aws", "text": "Use the form."}

    async def tells(message: Any) -> None:
        custom = {"small": ["_(simulated)_"], "form": form, "else": "is not ours"}
        said = {"text": "Run it. _(simulated)_", "custom": custom, "utter_action": "utter_add_credentials"}
        await message.output_channel.send_response(message.sender_id, said)

    (said,) = await answer(MESSAGE, tells)
    assert said == {
        "text": "Run it. _(simulated)_",
        "buttons": [],
        "small": ["_(simulated)_"],
        "form": form,
        "response": "utter_add_credentials",
    }
    reply = Reply.read(said)
    assert (reply.small, reply.form, reply.response) == (
        ("_(simulated)_",),
        Form("Use the form.", "aws"),
        said["response"],
    )


async def test_lines_of_a_list_come_with_their_own_buttons():
    row = {"text": "• one", "buttons": [{"title": "Stop", "payload": "/stop_resource"}]}

    async def lists(message: Any) -> None:
        await message.output_channel.send_response(message.sender_id, {"text": "first"})
        said = {"text": "You have:\n• one", "custom": {"rows": [row]}}
        await message.output_channel.send_response(message.sender_id, said)

    assert await answer(MESSAGE, lists) == [
        {"text": "first", "buttons": []},
        {"text": "You have:\n• one", "buttons": [], "rows": [row]},
    ]
