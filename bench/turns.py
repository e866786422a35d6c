"""How long a turn takes, from the message to its replies, as a person's client sees it; and whether it grows.

The baseline is the bare understanding of the same sentence over the same channel, each measured in turn with the other,
so that the ratio is what the dialogue adds to it, whatever else this machine does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from bench.figures import Figure, against, percentile
from bench.stack import running_stack
from clouddesk.adapters.redis import RedisReservationViews, open_redis
from clouddesk.settings import Settings
from connectors.conversation import open_client, open_conversation
from connectors.rasa import RasaClient

TURNS = 200
WARM_UP = 5
AT_ONCE = 8
LONG, SHORT = 1_000, 10
PAIRS = 60
ORDERS = 60
QUOTES = 100
REQUEST = "a vm with 2 cores and 4 gb on aws for 1 hour"
SENTENCES = {"small_talk": "thank you", "with_action": "what have i got?"}
"""Both are answered by an action; the second asks the Desk for what there is."""

Act = Callable[[], Awaitable[object]]


def figures() -> Iterator[Figure]:
    """On a stack of its own, so that the conversations begin empty."""
    with running_stack() as settings:
        yield from asyncio.run(_measure(settings))


async def _measure(settings: Settings) -> list[Figure]:
    found: list[Figure] = []
    async with open_client(settings) as client:
        for kind, text in SENTENCES.items():
            # A conversation of its own for each kind: what was said before must not make the difference.
            async with open_conversation(settings, f"bench-{kind}") as talk:
                parses, turns = await _in_turn(partial(client.parse, text), partial(talk.say, text), TURNS)
            for label, share in (("p50", 0.5), ("p95", 0.95)):
                value, baseline = percentile(turns, share), percentile(parses, share)
                found.append(against(f"turn.{kind}.{label}", value, "ms", baseline))
        found.append(await _growth(settings))
        found.append(await _parses_a_second(client))
        found.append(await _first_answer(settings, client))
        found.append(await _quote(settings, client))
    return found


async def _first_answer(settings: Settings, client: RasaClient) -> Figure:
    """After the "yes" to a quote, above the bare parse of it. Each order is of another person, and is carried out."""
    above = []
    for number in range(WARM_UP + ORDERS):
        async with open_conversation(settings, f"bench-order-{number}") as talk:
            await talk.say(REQUEST)
            parse = await _milliseconds(partial(client.parse, "yes"))
            above.append(await _milliseconds(partial(talk.say, "yes")) - parse)
    redis = open_redis(settings.redis_url)
    made = len(await RedisReservationViews(redis).all())
    await redis.close()
    if made != len(above):
        raise SystemExit(f"bench: of {len(above)} orders {made} were taken")
    return Figure("turn.first_answer_after_yes.p95_above_parse", round(percentile(above[WARM_UP:], 0.95), 2), "ms")


async def _quote(settings: Settings, client: RasaClient) -> Figure:
    """What finding the cheapest offer adds to a turn: a quote against a list, each above the parse of its sentence.

    Each is of another person: an open quote would be asked about instead.
    """
    above = []
    for number in range(WARM_UP + QUOTES):
        async with open_conversation(settings, f"bench-quote-{number}") as talk:
            await talk.say(SENTENCES["small_talk"])  # the first words are welcomed
            cost = [
                await _milliseconds(partial(talk.say, text)) - await _milliseconds(partial(client.parse, text))
                for text in (SENTENCES["with_action"], REQUEST)
            ]
        above.append(cost[1] - cost[0])
    return Figure("turn.quote.p50_above_list", round(percentile(above[WARM_UP:], 0.5), 2), "ms")


async def _growth(settings: Settings) -> Figure:
    """Turns after the thousandth of one conversation against the tenth turns of others."""
    text = SENTENCES["with_action"]
    async with open_conversation(settings, "bench-long") as long:
        for _ in range(LONG):
            await long.say(text)
        late: list[float] = []
        early: list[float] = []
        for number in range(PAIRS):
            async with open_conversation(settings, f"bench-short-{number}") as short:
                for _ in range(SHORT - 1):
                    await short.say(text)
                late.append(await _milliseconds(partial(long.say, text)))
                early.append(await _milliseconds(partial(short.say, text)))
    return against(f"turn.{LONG}_over_{SHORT}", percentile(late, 0.5), "ms", percentile(early, 0.5))


async def _in_turn(one: Act, other: Act, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each, one after the other and again, after a few that do not count."""
    for _ in range(WARM_UP):
        await one()
        await other()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        times[0].append(await _milliseconds(one))
        times[1].append(await _milliseconds(other))
    return times


async def _milliseconds(act: Act) -> float:
    began = time.perf_counter()
    await act()
    return (time.perf_counter() - began) * 1000


async def _parses_a_second(client: RasaClient) -> Figure:
    """As `clouddesk parse` sends them: several on their way at a time."""
    texts = [f"spin up a {number}-node spark cluster for 8 hours" for number in range(2, 2 + TURNS)]
    lane = asyncio.Semaphore(AT_ONCE)

    async def parse(text: str) -> None:
        async with lane:
            await client.parse(text)

    began = time.perf_counter()
    await asyncio.gather(*(parse(text) for text in texts))
    return Figure("parse.throughput", round(len(texts) / (time.perf_counter() - began), 1), "1/s")
