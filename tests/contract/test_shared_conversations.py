"""Several Rasa servers on one real Redis: nothing is lost, doubled or mixed up, and nothing secret is kept."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from clouddesk.adapters.redis import open_redis
from connectors import light_rasa
from tests.servers import free_port, redis_url

light_rasa.install()  # before the first import of Rasa, for the speed of the tests

from rasa.core.channels.channel import UserMessage  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered  # noqa: E402

from connectors import transcript as transcripts  # noqa: E402
from connectors.agent import SharedAgent  # noqa: E402
from connectors.channel import Collector  # noqa: E402
from connectors.lock_store import FairLockStore  # noqa: E402
from connectors.tracker_store import BoundedTrackerStore, LockLost  # noqa: E402
from connectors.transcript import Transcript  # noqa: E402

__all__ = ["redis_url"]

AT_ONCE = 8
TRIALS = 40
DOMAIN = Domain.from_yaml(
    'version: "3.1"\nslots: {count: {type: any, mappings: [{type: custom}], influence_conversation: false}}\n'
)


@dataclass
class Dialogue:
    """In the place of Rasa's processor: counts a conversation's messages in a slot and answers with the count.

    It reads first and writes last, as Rasa does: two at a time would count the same number.
    """

    store: BoundedTrackerStore
    fails: bool = False
    handled: int = 0

    async def handle_message(self, message: UserMessage) -> None:
        tracker = await self.store.get_or_create_tracker(message.sender_id, append_action_listen=False)
        self.handled += 1
        await asyncio.sleep(0.001)
        if self.fails:
            raise RuntimeError("broken")
        count = (tracker.get_slot("count") or 0) + 1
        tracker.update(UserUttered(message.text, {"name": "ask"}))
        tracker.update(SlotSet("count", count))
        tracker.update(BotUttered(f"number {count}"))
        tracker.update(ActionExecuted("action_listen"))
        await message.output_channel.send_text_message(message.sender_id, f"number {count}")
        await self.store.save(tracker)


@dataclass
class Server:
    """What a Rasa server brings: its own connections, stores and agent."""

    redis: Redis[bytes]
    agent: Any

    @property
    def store(self) -> BoundedTrackerStore:
        store: BoundedTrackerStore = self.agent.tracker_store
        return store

    @property
    def locks(self) -> FairLockStore:
        locks: FairLockStore = self.agent.lock_store
        return locks

    async def say(self, conversation: str, text: str, message_id: str | None = None) -> list[str]:
        said = Collector()
        message = UserMessage(text, said, conversation, message_id=message_id or uuid.uuid4().hex)
        await self.agent.handle_message(message)
        return [reply["text"] for reply in said.replies]


@asynccontextmanager
async def server(url: str, *, lifetime_seconds: float = 10.0) -> AsyncIterator[Server]:
    redis = open_redis(url)
    store = BoundedTrackerStore(redis, transcript=Transcript(redis))
    locks = FairLockStore(redis, lifetime_seconds=lifetime_seconds)
    agent = SharedAgent(domain=DOMAIN, tracker_store=store, lock_store=locks)
    agent.processor = Dialogue(store)
    yield Server(redis, agent)
    await locks.close()
    await store.close()
    await redis.close()


@pytest.fixture
async def servers(redis_url: str) -> AsyncIterator[tuple[Server, Server]]:
    async with AsyncExitStack() as stack:
        yield (await stack.enter_async_context(server(redis_url)), await stack.enter_async_context(server(redis_url)))


@pytest.fixture
def conversation() -> str:
    return f"local:console:-:ann-{uuid.uuid4().hex[:8]}"


async def spoken(one: Server, conversation: str) -> list[dict[str, str]]:
    await one.store.close()
    entries = await one.redis.xrange(f"clouddesk:transcript:{conversation}")
    return [{key.decode(): value.decode() for key, value in entry.items()} for _, entry in entries]


async def test_no_message_is_lost_or_doubled_when_many_come_at_once_to_two_servers(servers: tuple[Server, Server]):
    for trial in range(TRIALS):
        conversation = f"local:console:-:trial-{uuid.uuid4().hex[:8]}"
        answers = await asyncio.gather(
            *(servers[number % 2].say(conversation, f"message {number}") for number in range(AT_ONCE))
        )
        assert sorted(answers) == [[f"number {number}"] for number in range(1, AT_ONCE + 1)], f"trial {trial}"
        state = json.loads(await servers[0].redis.get(f"clouddesk:tracker:{conversation}") or "{}")
        assert state["messages"] == AT_ONCE


async def test_those_who_wait_are_served_in_the_order_in_which_they_came(
    servers: tuple[Server, Server], conversation: str
):
    served: list[int] = []

    async def wait(number: int) -> None:
        async with servers[number % 2].locks.lock(conversation):
            served.append(number)

    queue = f"clouddesk:lock:{conversation}"
    async with servers[0].locks.lock(conversation):
        waiting = []
        for number in range(AT_ONCE):
            waiting.append(asyncio.create_task(wait(number)))
            for _ in range(1_000):
                if await servers[0].redis.llen(queue) == number + 2:
                    break
                await asyncio.sleep(0.001)
    await asyncio.gather(*waiting)
    assert served == list(range(AT_ONCE))


@pytest.mark.parametrize("other", [0, 1], ids=["of the same server", "of another server"])
async def test_one_who_waits_is_woken_at_once(servers: tuple[Server, Server], conversation: str, other: int):
    times: list[float] = []

    async def wait() -> None:
        async with servers[other].locks.lock(conversation):
            times.append(time.monotonic())

    for _ in range(5):
        async with servers[0].locks.lock(conversation):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0.1)
        times.append(time.monotonic())
        await waiting
    delays = sorted(woken - left for left, woken in zip(times[::2], times[1::2], strict=True))
    assert delays[2] < 0.25  # the middle of five: this machine may be busy, a look each second never is as quick


async def test_a_server_that_died_with_the_lock_holds_up_the_next_for_its_lifetime_only(
    redis_url: str, conversation: str
):
    async with server(redis_url, lifetime_seconds=0.6) as dead, server(redis_url, lifetime_seconds=0.6) as alive:
        keys = (f"clouddesk:lock:{conversation}", f"clouddesk:lock-until:{conversation}")
        await dead.locks._await_turn(keys, "dead:0", ())  # and no sign of life after that
        began = time.monotonic()
        assert await alive.say(conversation, "hello") == ["number 1"]
        assert 0.3 < time.monotonic() - began < 10


async def test_a_server_that_died_while_it_waited_is_passed_over(redis_url: str, conversation: str):
    async with server(redis_url, lifetime_seconds=0.6) as dead, server(redis_url, lifetime_seconds=0.6) as alive:
        async with alive.locks.lock(conversation):
            keys = (f"clouddesk:lock:{conversation}", f"clouddesk:lock-until:{conversation}")
            waiting = asyncio.create_task(dead.locks._await_turn(keys, "dead:0", ()))
            await asyncio.sleep(0.1)
            waiting.cancel()
            last = asyncio.create_task(alive.say(conversation, "hello"))
            await asyncio.sleep(0.1)
        assert await asyncio.wait_for(last, 5) == ["number 1"]


async def test_a_lock_is_kept_as_long_as_the_work_takes(redis_url: str, conversation: str):
    async with server(redis_url, lifetime_seconds=0.3) as one, server(redis_url, lifetime_seconds=0.3) as two:
        async with one.locks.lock(conversation):
            waiting = asyncio.create_task(two.say(conversation, "hello"))
            await asyncio.sleep(1.2)
            assert not waiting.done()
        assert await waiting == ["number 1"]


async def test_one_who_gives_up_waiting_holds_up_nobody(servers: tuple[Server, Server], conversation: str):
    async with servers[0].locks.lock(conversation):
        waiting = asyncio.create_task(servers[1].say(conversation, "never mind"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.wait_for(servers[0].say(conversation, "hello"), 5) == ["number 1"]


async def test_nothing_of_a_lock_is_left_behind(servers: tuple[Server, Server], conversation: str):
    await asyncio.gather(*(servers[number % 2].say(conversation, "hello") for number in range(4)))
    for one in servers:
        await one.locks.close()
    assert not [key async for key in servers[0].redis.scan_iter(f"*lock*{conversation}*")]


async def test_who_has_lost_the_lock_writes_nothing(servers: tuple[Server, Server], conversation: str):
    async with servers[0].locks.lock(conversation):
        tracker = await servers[0].store.get_or_create_tracker(conversation)
        await servers[0].redis.lset(f"clouddesk:lock:{conversation}", 0, "somebody else")
        with pytest.raises(LockLost):
            await servers[0].store.save(tracker)
    assert await servers[1].store.retrieve(conversation) is None


async def test_a_message_that_comes_again_to_another_server_gets_the_first_answer(
    servers: tuple[Server, Server], conversation: str
):
    assert await servers[0].say(conversation, "hello", "m1") == ["number 1"]
    assert await servers[1].say(conversation, "hello", "m1") == ["number 1"]
    assert await servers[1].say(conversation, "hello", "m2") == ["number 2"]


async def test_a_message_that_comes_twice_at_the_same_time_acts_once(servers: tuple[Server, Server], conversation: str):
    answers = await asyncio.gather(*(servers[number % 2].say(conversation, "hello", "m1") for number in range(AT_ONCE)))
    assert answers == [["number 1"]] * AT_ONCE
    assert sum(one.agent.processor.handled for one in servers) == 1


async def test_a_message_whose_first_try_came_to_nothing_is_worked_on_when_it_comes_again(
    servers: tuple[Server, Server], conversation: str
):
    servers[0].agent.processor.fails = True
    with pytest.raises(RuntimeError, match="broken"):
        await servers[0].say(conversation, "hello", "m1")
    assert await servers[1].say(conversation, "hello", "m1") == ["number 1"]


async def test_an_answer_is_forgotten_after_a_while(servers: tuple[Server, Server], conversation: str):
    await servers[0].say(conversation, "hello", "m1")
    assert 0 < await servers[0].redis.ttl(f"clouddesk:answer:{conversation}:m1") <= 600


async def test_a_conversation_goes_on_at_another_server(servers: tuple[Server, Server], conversation: str):
    await servers[0].say(conversation, "first")
    tracker = await servers[1].store.retrieve(conversation)
    assert tracker is not None
    assert tracker.latest_message.text == "first"
    assert tracker.get_slot("count") == 1
    assert conversation in await servers[1].store.keys()


async def test_a_conversation_takes_no_more_room_after_many_messages(servers: tuple[Server, Server], conversation: str):
    sizes = []
    for number in range(60):
        await servers[number % 2].say(conversation, "hello once more")
        sizes.append(await servers[0].redis.strlen(f"clouddesk:tracker:{conversation}"))
    assert max(sizes[10:]) <= sizes[9] + 40
    assert await servers[0].redis.ttl(f"clouddesk:tracker:{conversation}") > 0


async def test_a_state_that_cannot_be_read_begins_anew(servers: tuple[Server, Server], conversation: str):
    await servers[0].redis.set(f"clouddesk:tracker:{conversation}", b"\x80 of an older version")
    assert await servers[0].say(conversation, "hello") == ["number 1"]


async def test_without_redis_no_conversation_is_taken_for_a_new_one():
    async with server(f"redis://127.0.0.1:{free_port()}/0") as alone:
        with pytest.raises(RedisConnectionError):
            await alone.store.retrieve("local:console:-:ann")


async def test_the_transcript_has_all_that_was_said(servers: tuple[Server, Server], conversation: str):
    for number in range(4):
        await servers[number % 2].say(conversation, f"message {number}")
        await servers[number % 2].store.close()
    entries = await spoken(servers[0], conversation)
    said = [(entry["who"], entry["text"]) for entry in entries if entry["who"] != "action"]
    assert said == [pair for n in range(4) for pair in (("person", f"message {n}"), ("bot", f"number {n + 1}"))]
    assert entries[0]["intent"] == "ask"
    assert abs(float(entries[0]["at"]) - time.time()) < 60


async def test_the_transcript_holds_no_secret(servers: tuple[Server, Server], conversation: str):
    secret = "AKIAIOSFODNN7EXAMPLE"
    token = "dop_v1_" + "4f9c" * 16
    payload = f"/add_credentials{json.dumps({'key': secret})}"
    servers[0].store._transcript.note(  # type: ignore[union-attr]
        conversation,
        [
            UserUttered(f"my key is {secret}", {"name": "paste_secret"}, [{"entity": "key", "value": secret}]),
            UserUttered(payload, {"name": "add_credentials"}),
            SlotSet("request", {"token": token}),
            BotUttered(f"Is it {token}?", {"buttons": [{"title": token, "payload": payload}]}),
        ],
    )
    entries = await spoken(servers[0], conversation)
    assert [entry["who"] for entry in entries] == ["person", "person", "bot"]
    assert secret not in str(entries)
    assert token not in str(entries)
    assert "[secret" in entries[0]["text"]


async def test_the_transcript_is_capped_and_forgotten_in_the_end(
    servers: tuple[Server, Server], conversation: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transcripts, "MOST_ENTRIES", 100)
    noted = servers[0].store._transcript
    assert noted is not None
    noted.note(conversation, [BotUttered(f"number {number}") for number in range(1_000)])
    entries = await spoken(servers[0], conversation)
    assert 100 <= len(entries) < 300
    assert entries[-1]["text"] == "number 999"
    assert await servers[0].redis.ttl(f"clouddesk:transcript:{conversation}") > 0


async def test_a_turn_does_not_wait_for_its_transcript(servers: tuple[Server, Server], conversation: str):
    async with servers[0].redis.lock("unrelated"):
        await servers[0].say(conversation, "hello")
    assert not await servers[0].redis.exists(f"clouddesk:transcript:{conversation}")
    assert len(await spoken(servers[0], conversation)) == 3
