"""The protocol of our channel, and the server behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from clouddesk.model.actor import Person
from connectors.protocol import PARSE_PATH, SECRET_HEADER, TEXT_LIMIT, WEBHOOK_PATH
from connectors.rasa import Message, RasaClient, Reply, Unreachable
from tests.integration.talk.conftest import SECRET, Rasa, message
from tests.servers import free_port

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "secret", [None, "", "a-secret-between-them", SECRET + "x", "ünïcode".encode().decode("latin-1")]
)
@pytest.mark.parametrize("path", [WEBHOOK_PATH, PARSE_PATH])
def test_caller_without_the_secret_is_refused(rasa: Rasa, path: str, secret: str | None):
    answer = rasa.post(path, message("stranger", "hello"), secret=secret)
    assert answer.status_code == 401
    assert "replies" not in answer.json()


def test_no_other_door_of_rasa_is_open(rasa: Rasa):
    for path in ("/webhooks/rest/webhook", "/conversations/local:console:-:ann/tracker", "/model/parse", "/domain"):
        assert requests.get(rasa.url + path, timeout=5).status_code == 404
        assert rasa.post(path, {}).status_code == 404


def test_server_listens_on_loopback_only(rasa: Rasa):
    assert rasa.process is not None
    listening = [
        item.laddr.ip for item in psutil.Process(rasa.process.pid).net_connections() if item.status == "LISTEN"
    ]
    assert set(listening) == {"127.0.0.1"}


def test_message_is_answered_with_texts_and_buttons(rasa: Rasa):
    assert rasa.post(WEBHOOK_PATH, message("ann", "two machines")).json() == {
        "replies": [
            {
                "text": "Two machines, $0.12 an hour.",
                "buttons": [{"title": "Yes, please", "payload": "/affirm"}, {"title": "No", "payload": "/greet"}],
                "response": "utter_quote",
            }
        ]
    }


def test_doubled_message_acts_once_and_is_answered_the_same(rasa: Rasa):
    first = rasa.post(WEBHOOK_PATH, message("twice", "hello", "same")).json()
    again = rasa.post(WEBHOOK_PATH, message("twice", "go ahead", "same")).json()
    assert again == first
    other = rasa.post(WEBHOOK_PATH, message("twice", "go ahead", "another")).json()
    assert other["replies"][0]["text"] == "On it."


def test_incomplete_message_is_refused_with_the_reason(rasa: Rasa):
    answer = rasa.post(WEBHOOK_PATH, {"text": "hello"})
    assert (answer.status_code, answer.json()) == (400, {"error": "conversation is missing"})
    answer = requests.post(rasa.url + WEBHOOK_PATH, data="{", headers={SECRET_HEADER: SECRET}, timeout=5)
    assert answer.status_code == 400


def test_message_that_is_too_long_is_answered_with_a_sentence(rasa: Rasa):
    answer = rasa.post(WEBHOOK_PATH, message("ann", "x" * (TEXT_LIMIT + 1), "long"))
    assert answer.status_code == 413
    assert "too long" in answer.json()["replies"][0]["text"]


def test_failing_action_is_answered_with_a_sentence(rasa: Rasa):
    replies = rasa.post(WEBHOOK_PATH, message("unlucky", "break it")).json()["replies"]
    assert len(replies) == 1
    assert "something went wrong" in replies[0]["text"]


def test_parse_gives_rasas_result(rasa: Rasa):
    result = rasa.post(PARSE_PATH, {"text": "two machines"}).json()
    assert result["intent"]["name"] == "create_vm"
    assert rasa.post(PARSE_PATH, {"words": 1}).status_code == 400


def test_conversations_are_kept_in_redis_under_our_prefix(rasa: Rasa, redis_url: str):
    import redis

    rasa.post(WEBHOOK_PATH, message("kept", "hello"))
    with redis.Redis.from_url(redis_url) as client:
        assert client.exists("clouddesk:tracker:local:console:-:kept")
        assert not [key for key in client.scan_iter() if not key.startswith(b"clouddesk:")]


def test_each_turn_is_stored_once_and_only_the_last_ones_are_kept(rasa: Rasa, redis_url: str):
    import redis

    for number in range(4):
        rasa.post(WEBHOOK_PATH, message("long", "hello", f"m{number}"))
    with redis.Redis.from_url(redis_url) as client:
        stored = json.loads(client.get("clouddesk:tracker:local:console:-:long") or "{}")
    assert stored["messages"] == 4
    assert [event["message_id"] for event in stored["events"] if event["event"] == "user"] == ["m2", "m3"]


def test_what_people_say_is_not_logged(rasa: Rasa):
    rasa.post(WEBHOOK_PATH, message("quiet", "hello zebra crossing"))
    assert "zebra" not in rasa.log
    assert "message.answered" in rasa.log


def test_server_runs_without_tensorflow(rasa: Rasa):
    assert rasa.process is not None
    maps = Path(f"/proc/{rasa.process.pid}/maps")
    if not maps.exists():
        pytest.skip("only Linux shows what a process has loaded")
    assert "libtensorflow" not in maps.read_text()


async def test_message_waits_while_rasa_restarts_and_acts_once(tiny_model: Path, rasa: Rasa, tmp_path: Path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "channel").write_text(SECRET)
    other = Rasa(tiny_model, tmp_path, rasa.redis)
    ann = Person("local", "patient")
    async with RasaClient(other.url, SECRET, patience_seconds=30) as client:
        other.launch()
        replies = await client.send(Message(ann, "local:console:-:patient", "hello"))
    assert replies == [Reply("Hello *you*.\n\nSay what you need.", response="utter_greet")]
    assert await asyncio.to_thread(other.stop) == 0


async def test_message_goes_to_the_next_server_when_its_own_does_not_answer(rasa: Rasa):
    away = f"http://127.0.0.1:{free_port()}"
    async with RasaClient([away, rasa.url], SECRET, patience_seconds=5) as client:
        assert await client.is_ready()
        for number in range(4):  # some of them would have gone to the one that is away
            user = f"moved-{number}"
            replies = await client.send(Message(Person("local", user), f"local:console:-:{user}", "hello"))
            assert replies == [Reply("Hello *you*.\n\nSay what you need.", response="utter_greet")]


async def test_message_to_a_server_that_stays_away_is_said_not_to_be_processed():
    async with RasaClient(f"http://127.0.0.1:{free_port()}", SECRET, patience_seconds=0.5) as client:
        with pytest.raises(Unreachable, match=r"your message was not processed.*clouddesk status"):
            await client.send(Message(Person("local", "ann"), "local:console:-:ann", "hello"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda server: server.__dict__.update(model=server.home / "none"), "There is no trained model"),
        (lambda server: server.__dict__.update(redis=f"redis://127.0.0.1:{free_port()}/0"), "Redis at 127.0.0.1"),
        (lambda server: (server.home / "secrets" / "channel").unlink(), "is missing. Start the stack"),
    ],
    ids=["no model", "no redis", "no secret"],
)
def test_server_that_cannot_start_says_why_in_a_sentence(
    rasa: Rasa, tmp_path: Path, spoil: Callable[[Rasa], object], sentence: str
):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "channel").write_text(SECRET)
    other = Rasa(rasa.model, tmp_path, rasa.redis)
    spoil(other)
    other.launch()
    assert other.process is not None
    assert other.process.wait(timeout=30) == 1
    assert sentence in other.log
    assert "Traceback" not in other.log
