"""The buttons that a person without buttons sees: which title or letter stands for which payload."""

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

    A reply's buttons are typed by their titles and live until the next reply. They have no numbers: a "2" under "By how
    long should I extend?" is an answer, and never the second button; lists to pick from say their numbers themselves.
    A notice comes unasked: its buttons get letters as well. The two are kept apart, so that a reply need not read what
    it leaves as it is.
    """

    def __init__(self, redis: Redis[bytes], conversation: str) -> None:
        self._redis = redis
        self._of_reply = f"clouddesk:console:{conversation}:choices"
        self._of_notices = f"clouddesk:console:{conversation}:notice-choices"

    async def of_replies(self, replies: Sequence[Reply]) -> list[list[tuple[str, Button]]]:
        """Each reply's buttons, with no marks; these are now the open ones."""
        await self._write(
            self._of_reply, {_typed(button.title): button for reply in replies for button in reply.buttons}
        )
        return [[("", button) for button in reply.buttons] for reply in replies]

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
        """The payload that a typed title or letter stands for; None when it stands for itself."""
        typed = _typed(text)
        of_reply, of_notices = map(_read, await self._redis.mget(self._of_reply, self._of_notices))
        # A reply's titles count before a notice's: "yes" answers the question that is open.
        if marked := of_reply.get(typed) or of_notices.get(typed):
            return marked.payload
        titles = [button for button in of_notices.values() if _typed(button.title) == typed]
        return titles[0].payload if len(titles) == 1 else None

    async def _write(self, key: str, buttons: dict[str, Button]) -> None:
        items = [[mark, button.title, button.payload] for mark, button in buttons.items()]
        await self._redis.set(key, json.dumps(items), ex=KEPT_SECONDS)


def _typed(text: str) -> str:
    return text.strip().strip("[].").casefold()


def _read(text: bytes | None) -> dict[str, Button]:
    return {mark: Button(title, payload) for mark, title, payload in json.loads(text)} if text else {}
