"""A person who does the same in words, through Rasa and the action server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from clouddesk.model.actor import LOCAL_WORKSPACE
from clouddesk.model.errors import CloudDeskError, Unavailable
from connectors.conversation import CHANNEL
from connectors.rasa import Message, Reply, Unreachable
from tests.chaos.ledger import DONE, IN_DOUBT, REFUSED, UNAVAILABLE, Attempt
from tests.chaos.person import PATIENCE_SECONDS, PAUSE_SECONDS, Person
from tests.chaos.plan import ARCHIVE, EXTEND, REBOOT, RELEASE, RESERVE, START, STOP, Operation

_QUOTE = re.compile(r"q-[0-9a-f]{8}")
# A message that is delivered twice, as Rasa was killed in between, is refused the second time: it is so already.
_SO_ALREADY = {
    STOP: re.compile(r"is stopp(ed|ing) right now"),
    START: re.compile(r"is (running|starting) right now"),
    ARCHIVE: re.compile(r"is (archived|being archived) right now"),
}
_UNDECIDED = re.compile(r"I passed it on|I don't know whether that was done")
_PASSING = re.compile(r"does not answer right now|reason is logged|broke on my side|can't be reached")
_NOTHING = re.compile(r"[Nn]othing was (ordered|changed|ended)")
_DONE = {
    RESERVE: re.compile(r"^(On it|Ordering|Already on it)", re.MULTILINE),
    EXTEND: re.compile(r"^Done: ", re.MULTILINE),
    STOP: re.compile(r"^Stopping ", re.MULTILINE),
    START: re.compile(r"^(Starting|Bringing) ", re.MULTILINE),
    ARCHIVE: re.compile(r"^Archiving ", re.MULTILINE),
    REBOOT: re.compile(r"^Rebooting ", re.MULTILINE),
    RELEASE: re.compile(r"^Giving back|is gone already", re.MULTILINE),
}
# Once more would be twice.
_ONCE_ONLY = (EXTEND, REBOOT)


class ChattingPerson(Person):
    """Says sentences and presses buttons; looks before repeating what would count twice."""

    async def _carry_out(self, operation: Operation, attempt: Attempt) -> None:
        if operation.kind == RESERVE:
            wish = await self._wish()
            found = _QUOTE.search(wish)
            assert found
            self.evidence.reservation_id = "r-" + found[0].removeprefix("q-")
            self.say_yes()
            await self._talk(attempt, wish)
            return
        if operation.kind not in _DONE:
            # What has no sentence yet is done at the Desk, as a button elsewhere does it.
            await super()._carry_out(operation, attempt)
            return
        name = await self._name()
        minutes = f"{operation.seconds // 60} minutes"
        says = {
            EXTEND: f"extend {name} by {minutes}",
            STOP: f"stop {name}",
            START: f"start {name}",
            ARCHIVE: f"archive {name}",
            REBOOT: f"reboot {name}",
            RELEASE: f"terminate {name}",
        }
        await self._talk(attempt, says[operation.kind])

    async def _wish(self) -> str:
        """What the button Yes under the quote sends."""
        nodes = "a vm" if self.plan.nodes == 1 else f"{self.plan.nodes} vms"
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                replies = await self._send(f"{nodes} on {self.plan.provider} for 2 hours")
            except Unavailable:
                continue
            payload = _yes(replies)
            if payload and _QUOTE.search(payload):
                return payload
            await asyncio.sleep(PAUSE_SECONDS)
        raise TimeoutError("no quote in the chat")

    async def _name(self) -> str:
        while True:
            try:
                return (await self.world.desk.reservation(self.actor, self._id)).name
            except CloudDeskError as error:
                if not error.is_retryable:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _talk(self, attempt: Attempt, text: str) -> None:
        """Say it until there is an answer to it."""
        operation = attempt.operation.kind
        until = time.monotonic() + PATIENCE_SECONDS
        is_in_doubt, was_unavailable, says = False, False, text
        while True:
            try:
                replies = await self._send(says)
            except Unreachable as error:
                is_in_doubt |= error.was_heard is None
                attempt.said = str(error)
            except Unavailable as error:
                attempt.said = str(error)
            else:
                attempt.said = "\n".join(reply.text for reply in replies)
                if _DONE[operation].search(attempt.said):
                    attempt.outcome = DONE
                    return
                button = _yes(replies)
                if _UNDECIDED.search(attempt.said):
                    is_in_doubt = True
                elif _PASSING.search(attempt.said):
                    says, was_unavailable = button or text, True
                    if _NOTHING.search(attempt.said):
                        await self.check_claim(attempt.operation, attempt.said)
                elif button and button != says:
                    says = button
                    continue
                else:
                    is_so = operation in _SO_ALREADY and _SO_ALREADY[operation].search(attempt.said)
                    attempt.outcome = IN_DOUBT if is_in_doubt or was_unavailable or is_so else REFUSED
                    return
            may_repeat = not (is_in_doubt and operation in _ONCE_ONLY) and not attempt.operation.gives_up
            if not may_repeat or time.monotonic() > until:
                attempt.outcome = IN_DOUBT if is_in_doubt else UNAVAILABLE
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self, text: str) -> list[Reply]:
        conversation = f"{LOCAL_WORKSPACE}:{CHANNEL}:-:{self.actor.user_id}"
        return await self.world.client.send(Message(self.actor.person, conversation, text))


def _yes(replies: Sequence[Reply]) -> str | None:
    """What the last button that agrees sends."""
    titles = ("Yes", "Try again", "Archive it")
    buttons = [button for reply in replies for button in reply.buttons if button.title.startswith(titles)]
    return buttons[-1].payload if buttons else None
