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
    letters, so that a "2" typed as the answer to a question can never press one of them. The two are kept apart, so
    that a reply need not read what it leaves as it is.
    """

    def __init__(self, redis: Redis[bytes], conversation: str) -> None:
        self._redis = redis
        self._of_reply = f"clouddesk:console:{conversation}:choices"
        self._of_notices = f"clouddesk:console:{conversation}:notice-choices"

    async def of_replies(self, replies: Sequence[Reply]) -> list[list[tuple[str, Button]]]:
        """Each reply's buttons with their numbers, counted through; these are now the open ones."""
        labelled: list[list[tuple[str, Button]]] = []
        number = 0
        for reply in replies:
            labelled.append([(str(number + index), button) for index, button in enumerate(reply.buttons, start=1)])
            number += len(reply.buttons)
        await self._write(self._of_reply, dict(mark for marks in labelled for mark in marks))
        return labelled

    async def of_notice(self, buttons: Sequence[Button]) -> list[tuple[str, Button]]:
        """A notice's buttons with letters; after z comes a again and takes the oldest's place."""
        if not buttons:
            return []
        open_buttons = _read(await self._redis.get(self._of_notices))
        start = _LETTERS.index(list(open_buttons)[-1]) + 1 if open_buttons else 0
        marks = [(_LETTERS[(start + index) % len(_LETTERS)], button) for index, button in enumerate(buttons)]
        for mark, button in marks:
            open_buttons.pop(mark, None)  # so that it comes last again
            open_buttons[mark] = button
        await self._write(self._of_notices, open_buttons)
        return marks

    async def resolve(self, text: str) -> str | None:
        """The payload that a typed title, number or letter stands for; None when it stands for itself."""
        typed = text.strip().strip("[].").casefold()
        of_reply, of_notices = map(_read, await self._redis.mget(self._of_reply, self._of_notices))
        for button in reversed(of_reply.values()):
            # A reply's titles count before a notice's: "yes" answers the question that is open.
            if button.title.casefold() == typed:
                return button.payload
        if marked := of_reply.get(typed) or of_notices.get(typed):
            return marked.payload
        titles = [button for button in of_notices.values() if button.title.casefold() == typed]
        return titles[0].payload if len(titles) == 1 else None

    async def _write(self, key: str, buttons: dict[str, Button]) -> None:
        items = [[mark, button.title, button.payload] for mark, button in buttons.items()]
        await self._redis.set(key, json.dumps(items), ex=KEPT_SECONDS)


def _read(text: bytes | None) -> dict[str, Button]:
    return {mark: Button(title, payload) for mark, title, payload in json.loads(text)} if text else {}
