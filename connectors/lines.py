"""Standard input as lines, without holding up anything else that runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

_AHEAD = 64
"""Lines read before they are asked for."""


async def read_lines(descriptor: int = 0) -> AsyncIterator[str]:
    """Each line without its end, until the end of the input. What is not UTF-8 is replaced.

    A daemon thread reads, with a file object of its own: neither Ctrl-C nor the program's end waits for the next line.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def hand_over(line: str | None) -> None:
        room.acquire()
        loop.call_soon_threadsafe(lines.put_nowait, line)

    def pump() -> None:
        # RuntimeError: the loop has ended, nobody listens any more.
        with suppress(RuntimeError), open(descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
            for line in file:
                hand_over(line.rstrip("\r\n"))
            hand_over(None)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        room.release()
        yield line
