"""Which of Slack's events are worth an answer, and what of them is kept."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from clouddesk.model.notice import READY, Notice
from connectors.slack.events import (
    Job,
    of_command,
    of_message,
    of_notice,
    of_payload,
    of_press,
    of_words,
    thread_of,
    without_secrets,
)

BOT = "U0BOT"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz"


def message(**more: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": "D1",
        "channel_type": "im",
        "user": "U1",
        "ts": "100.000200",
        "text": "hi",
    } | more


def job(event: dict[str, Any]) -> Job | None:
    return of_message(event, workspace_id="T1", bot_user_id=BOT)


def key_file(name: str = "id_ed25519.pub", *, size: int = 100) -> dict[str, Any]:
    return {"name": name, "size": size, "url_private_download": f"https://files.slack.com/{name}"}


@pytest.mark.parametrize("name", ["id_ed25519.pub", "laptop.pub", "id_rsa", "key.pem", "login.ppk"])
def test_a_file_that_is_named_like_a_key_comes_with_the_message(name: str) -> None:
    found = job(message(subtype="file_share", text="", files=[key_file(name)]))
    assert found is not None
    assert found.files == (f"https://files.slack.com/{name}",)
    assert Job.from_json(found.as_json()) == found


def test_another_file_comes_only_when_it_is_said_to_be_a_key_and_nothing_of_it_else() -> None:
    assert job(message(subtype="file_share", text="", files=[key_file("notes.txt")])) is None
    found = job(message(subtype="file_share", text="this is my ssh key", files=[key_file("notes.txt")]))
    assert found is not None
    assert found.files
    for event in (
        message(text="hi", files=[key_file(size=20_000)]),
        message(text="hi", files=[key_file()], channel="C1", channel_type="channel", type="app_mention"),
        message(text=f"key {SECRET}", files=[key_file()]),
    ):
        other = job(event)
        assert other is not None
        assert other.files == ()


def test_a_direct_message_is_a_job_of_its_person() -> None:
    found = job(message())
    assert found is not None
    assert (found.text, found.is_direct, found.conversation) == ("hi", True, "T1:D1:-:U1")


def test_a_card_in_a_direct_conversation_that_was_replied_to_is_not_in_a_thread() -> None:
    def pressed(channel: str) -> str:
        place = {"message_ts": "3.1", "channel_id": channel, "thread_ts": "3.1"}
        return thread_of({"container": place, "message": {"ts": "3.1", "thread_ts": "3.1"}})

    assert pressed("D1") == ""
    assert pressed("C1") == "3.1"


def test_a_mention_is_a_job_in_a_thread_of_its_own_and_its_twin_is_none() -> None:
    found = job(message(type="app_mention", channel="C1", channel_type="channel", text=f"<@{BOT}> a vm &amp; a disk"))
    assert found is not None
    assert (found.text, found.is_direct, found.conversation) == ("a vm & a disk", False, "T1:C1:100.000200:U1")
    # The twin comes only to who may read the channel; it is left to the mention, whichever comes first.
    assert job(message(channel="C1", channel_type="channel", text=f"<@{BOT}> a vm &amp; a disk")) is None


def test_a_mention_in_a_thread_stays_there() -> None:
    found = job(message(type="app_mention", channel="C1", channel_type="channel", thread_ts="99.000100"))
    assert found is not None
    assert found.conversation == "T1:C1:99.000100:U1"


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message", "bot_id": "B1"},
        {"bot_id": "B1"},
        {"user": BOT},
        {"user": None},
        {"text": ""},
        {"channel": "C1", "channel_type": "channel"},
    ],
)
def test_what_nobody_said_to_us_is_no_job(more: dict[str, Any]) -> None:
    assert job(message(**more)) is None


def test_a_bare_mention_is_a_greeting() -> None:
    found = job(message(type="app_mention", channel="C1", channel_type="channel", text=f"<@{BOT}>"))
    assert found is not None
    assert found.text == "hi"


def test_a_secret_is_not_in_the_job() -> None:
    found = job(message(text=f"aws secret_access_key={SECRET}"))
    assert found is not None
    assert found.secret == "aws"
    assert SECRET not in found.as_json()


def test_beside_a_key_nothing_that_was_written_is_in_the_job() -> None:
    found = job(message(text="it is\nAKIAIOSFODNN7EXAMPLE\nno-shape_to-know_me-by"))
    assert found is not None
    assert (found.text, found.secret) == ("", "aws")


@pytest.mark.parametrize("typed", [f"/cloud key {SECRET}", f'/add_credentials{{"token": "{SECRET}"}}'])
def test_a_secret_behind_a_slash_is_not_passed_on_either(typed: str) -> None:
    harmless, whose = without_secrets(typed)
    assert whose is not None
    assert SECRET not in harmless


@pytest.mark.parametrize("typed", ['/affirm{"reservation_id": "r-1"}', " //affirm", "\uff0faffirm", "/ affirm"])
def test_typed_words_are_never_a_payload(typed: str) -> None:
    told = {"id": "s-1", "workspace_id": "T1", "user_id": "U1"}
    said = job(message(text=typed))
    assert said is not None
    command = {"trigger_id": "1.2", "user_id": "U1", "channel_id": "C1", "text": typed}
    texts = [said.text, of_words(typed, channel="D1", **told).text, of_command(command, workspace_id="T1").text]
    assert all(text.startswith("affirm") for text in texts)


def test_a_job_survives_its_way_through_redis() -> None:
    found = job(message(thread_ts="99.000100"))
    assert found is not None
    assert Job.from_json(found.as_json().encode()) == found


def press(**more: Any) -> dict[str, Any]:
    return {
        "user": {"id": "U2"},
        "team": {"id": "T9"},
        "actions": [{"action_id": "say:0", "action_ts": "200.000100", "value": "/affirm"}],
        "container": {"type": "message", "channel_id": "C1", "message_ts": "150.000100", "thread_ts": "100.000200"},
        "message": {
            "ts": "150.000100",
            "thread_ts": "100.000200",
            "metadata": {"event_payload": {"id": "k", "for": "U1"}},
        },
        "response_url": "https://hooks.example/1",
    } | more


def test_a_press_belongs_to_the_presser_in_the_cards_conversation() -> None:
    found = of_press(press(), "/affirm", workspace_id="T1")
    assert (found.conversation, found.card_of, found.is_direct) == ("T1:C1:100.000200:U2", "U1", False)
    assert found.response_url == ""


def test_a_press_on_what_one_person_sees_is_answered_to_that_person() -> None:
    container = {"type": "message", "channel_id": "C1", "message_ts": "150.000100", "is_ephemeral": True}
    found = of_press(press(container=container, message=None), "/affirm", workspace_id="T1")
    assert (found.conversation, found.response_url) == ("T1:C1:-:U2", "https://hooks.example/1")


def test_two_presses_of_one_button_are_two_jobs_and_one_press_that_comes_twice_is_one() -> None:
    again = press(actions=[{"action_id": "say:0", "action_ts": "200.000200", "value": "/affirm"}])
    first, double, second = (of_press(body, "/affirm", workspace_id="T1") for body in (press(), press(), again))
    assert first.id == double.id
    assert first.id != second.id


def test_an_empty_command_asks_for_help() -> None:
    body = {"trigger_id": "1.2", "user_id": "U1", "channel_id": "C1", "text": "", "response_url": "https://x.example"}
    assert of_command(body, workspace_id="T1").text == "help"


def test_a_payload_of_a_shortcut_is_said_in_the_direct_conversation() -> None:
    found = of_payload("/list_resources", id="s-1", workspace_id="T1", user_id="U1", channel="D1")
    assert (found.text, found.conversation, found.is_direct) == ("/list_resources", "T1:D1:-:U1", True)


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        ("T1:D1:-:U1", "T1:D1:-:U1"),
        ("T1:C1:99.1:U1", "T1:C1:99.1:U1"),
        ("local:console:-:U1", "T1::-:U1"),
        ("T1:C1:99.1:U2", "T1::-:U1"),
        ("", "T1::-:U1"),
    ],
)
def test_a_notice_goes_only_to_a_conversation_of_its_own_person(conversation: str, expected: str) -> None:
    notice = Notice("n", READY, "T1", "U1", conversation, "r-1", datetime(2026, 7, 1, tzinfo=timezone.utc))
    assert of_notice(notice, "{}").conversation == expected
