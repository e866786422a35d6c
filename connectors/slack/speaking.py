"""Where an answer goes: into the conversation, to one person alone, or into their direct messages.

What the dialogue calls private, and whatever says how to get into a machine, never goes to a channel; there it is said
that it was sent as a direct message.
"""

from __future__ import annotations

import asyncio

from slack_sdk.errors import SlackApiError

from connectors.rasa import Reply
from connectors.slack import answers, cards
from connectors.slack.cards import Post
from connectors.slack.events import PRESS, Job
from connectors.slack.faults import CLOSED
from connectors.slack.messenger import Messenger
from connectors.slack.settling import Settling
from connectors.slack.text import is_private


class Speaker:
    """Answers one job. The same job done twice says everything once."""

    def __init__(self, messenger: Messenger, job: Job, settling: Settling | None = None) -> None:
        self._messenger = messenger
        self._settling = settling
        self._whispers = 0
        self._job = job
        self._said = 0
        self._begun: asyncio.Task[str] | None = None

    async def expect(self, asked: str) -> None:
        """Note what is ``asked`` now, and that the first post of the answer begins.

        Where that can be told, it is noted while the answer is thought of: no way to Redis is waited for.
        """
        if self._job.is_direct or self._job.thread:
            self._begun = asyncio.create_task(self._note(asked))
            self._begun.add_done_callback(_settled)
        else:
            await self._messenger.begin(asked)

    async def _note(self, asked: str) -> str:
        await asyncio.sleep(0)  # the question itself goes first
        return await self._messenger.begin(self._key_of(1), asked)

    async def say(self, *replies: Reply) -> None:
        """Where the job came from; what is private, as a direct message."""
        private = []
        for reply in replies:
            for post in cards.of_reply(reply):
                if self._job.is_direct:
                    await self.post(post)
                elif reply.is_private or is_private(post.text):
                    private.append(post)
                else:
                    await self._show(post)
        if private:
            await self.tell(*private)
            for post in cards.of_reply(answers.SENT_PRIVATELY):
                await self._show(post)

    async def hint(self, reply: Reply) -> None:
        """Where the job came from, but for the person alone."""
        for post in cards.of_reply(reply):
            await (self.post(post) if self._job.is_direct else self._whisper(post))

    async def tell(self, *posts: Post) -> None:
        """As a direct message."""
        channel = await self._messenger.direct(self._job.user_id)
        for post in posts:
            await self._post(channel, post)

    async def _show(self, post: Post) -> None:
        job = self._job
        is_strangers = job.kind == PRESS and job.card_of not in ("", job.user_id)
        if job.response_url or is_strangers or not job.thread:
            await self._whisper(post)
        else:
            await self.post(post)

    async def post(self, post: Post) -> None:
        job = self._job
        try:
            await self._post(job.channel, post, thread=job.thread)
        except SlackApiError as error:
            is_own = job.channel == await self._messenger.direct(job.user_id)
            if is_own or error.response["error"] not in CLOSED:
                raise
            await self.tell(post)

    async def _whisper(self, post: Post) -> None:
        job = self._job
        self._whispers += 1
        if self._settling is not None:
            post = await self._settling.keep(post, f"{job.id}-{self._whispers}")
        if job.response_url and await self._messenger.respond(job.response_url, post):
            return
        try:
            await self._messenger.whisper(job.channel, job.user_id, post, thread=job.thread)
        except SlackApiError as error:
            if error.response["error"] not in CLOSED:
                raise
            await self.tell(post)

    async def _post(self, channel: str, post: Post, *, thread: str = "") -> None:
        self._said += 1
        key, begun = self._key_of(self._said), self._begun if self._said == 1 else None
        await self._messenger.post(channel, post, key=key, thread=thread, card_of=self._job.user_id, begun=begun)

    def _key_of(self, number: int) -> str:
        """The same for the same post of the same job, also in another gateway."""
        return f"{self._job.id}:{number}"


def _settled(task: asyncio.Task[str]) -> None:
    """Nobody may come to wait for it, as when there is nothing to post; what went wrong is told to who does."""
    if not task.cancelled():
        task.exception()
