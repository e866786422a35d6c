"""How long a turn takes, from the message to its replies, as a person's client sees it; and whether it grows.

"Without action" is an answer from the dialogue alone, "with action" one that asks the Desk. The baseline of both is the
bare understanding of the same sentence over the same channel, so that the ratio is what the dialogue adds to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

from bench.figures import Figure, against, percentile
from bench.stack import running_stack
from clouddesk.settings import Settings
from connectors.conversation import open_client, open_conversation
from connectors.rasa import RasaClient

TURNS = 100
WARM_UP = 3
AT_ONCE = 8
SENTENCES = {"without_action": "thank you", "with_action": "what have i got?"}


def figures() -> Iterator[Figure]:
    """On a stack of its own, so that the conversations begin empty."""
    with running_stack() as settings:
        yield from asyncio.run(_measure(settings))


async def _measure(settings: Settings) -> list[Figure]:
    found: list[Figure] = []
    async with open_client(settings) as client:
        for kind, text in SENTENCES.items():
            parses = await _times(lambda text=text: client.parse(text), TURNS)
            # A conversation of its own for each kind: what was said before must not make the difference.
            async with open_conversation(settings, f"bench-{kind}") as conversation:
                turns = await _times(lambda text=text, talk=conversation: talk.say(text), TURNS)
            for label, share in (("p50", 0.5), ("p95", 0.95)):
                value, baseline = percentile(turns, share), percentile(parses, share)
                found.append(against(f"turn.{kind}.{label}", value, "ms", baseline))
            tenth = max(1, len(turns) // 10)
            first, last = percentile(turns[:tenth], 0.5), percentile(turns[-tenth:], 0.5)
            found.append(against(f"turn.{kind}.after_{TURNS}_turns", last, "ms", first))
        found.append(await _parses_a_second(client))
    return found


async def _times(act: Callable[[], Awaitable[object]], count: int) -> list[float]:
    """Milliseconds of each, after a few that do not count."""
    for _ in range(WARM_UP):
        await act()
    times: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await act()
        times.append((time.perf_counter() - began) * 1000)
    return times


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
