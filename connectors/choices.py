"""The buttons that a person without buttons sees: which number, letter or title stands for which payload."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence

from redis.asyncio import Redis

from connectors.rasa import Button, Reply

KEPT_SECONDS = 86400
_LETTERS = string.ascii_lowercase


class Choices:
    """The open choices of one conversation, in Redis, so that `say` and the console share them.

    A reply's buttons are numbered ``1, 2 …`` and live until the next reply. A notice comes unasked: its buttons get
    letters, so that a "2" typed as the answer to a question can never press one of them.
    """

    def __init__(self, redis: Redis[bytes], conversation: str) -> None:
        self._redis = redis
        self._key = f"clouddesk:console:{conversation}:choices"

    async def of_replies(self, replies: Sequence[Reply]) -> list[list[tuple[str, Button]]]:
        """Each reply's buttons with their numbers, counted through; these are now the open ones."""
        open_buttons = {mark: button for mark, button in (await self._read()).items() if mark in _LETTERS}
        labelled: list[list[tuple[str, Button]]] = []
        number = 0
        for reply in replies:
            marks = [(str(number + index), button) for index, button in enumerate(reply.buttons, start=1)]
            number += len(marks)
            labelled.append(marks)
            open_buttons.update(marks)
        await self._write(open_buttons)
        return labelled

    async def of_notice(self, buttons: Sequence[Button]) -> list[tuple[str, Button]]:
        """A notice's buttons with letters; after z comes a again and takes the oldest's place."""
        if not buttons:
            return []
        open_buttons = await self._read()
        used = [mark for mark in open_buttons if mark in _LETTERS]
        start = _LETTERS.index(used[-1]) + 1 if used else 0
        marks = [(_LETTERS[(start + index) % len(_LETTERS)], button) for index, button in enumerate(buttons)]
        for mark, button in marks:
            open_buttons.pop(mark, None)  # so that it comes last again
            open_buttons[mark] = button
        await self._write(open_buttons)
        return marks

    async def resolve(self, text: str) -> str | None:
        """The payload that a typed title, number or letter stands for; None when it stands for itself."""
        typed = text.strip().strip("[].").casefold()
        open_buttons = await self._read()
        for mark, button in reversed(open_buttons.items()):
            # A reply's titles count before a notice's: "yes" answers the question that is open.
            if mark not in _LETTERS and button.title.casefold() == typed:
                return button.payload
        if typed in open_buttons:
            return open_buttons[typed].payload
        titles = [button for button in open_buttons.values() if button.title.casefold() == typed]
        return titles[0].payload if len(titles) == 1 else None

    async def _read(self) -> dict[str, Button]:
        text = await self._redis.get(self._key)
        return {mark: Button(title, payload) for mark, title, payload in json.loads(text)} if text else {}

    async def _write(self, buttons: dict[str, Button]) -> None:
        items = [[mark, button.title, button.payload] for mark, button in buttons.items()]
        await self._redis.set(self._key, json.dumps(items), ex=KEPT_SECONDS)
