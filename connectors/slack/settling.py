"""Cards whose question was answered: their buttons go, and what was chosen stands there instead.

A card that one person alone sees can be changed only by the press itself, which tells nothing of the card but the id
of a block. So such a card is kept for a while:

    <prefix>:whispered:<key>  the card, as JSON
"""

from __future__ import annotations

import json
from dataclasses import asdict

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from connectors.slack.cards import Post, answered, asks
from connectors.slack.events import Job, whispered_id
from connectors.slack.faults import NotNow
from connectors.slack.messenger import Messenger

KEPT_SECONDS = 3600
"""Longer than a price is good for."""

_log = structlog.get_logger()


class Settling:
    """Takes the buttons away from cards."""

    def __init__(self, *, messenger: Messenger, redis: Redis[bytes], prefix: str) -> None:
        self._messenger = messenger
        self._redis = redis
        self._prefix = prefix

    async def keep(self, post: Post, key: str) -> Post:
        """A post that one person alone will see, to be known by this key when a button of it is pressed."""
        if not asks(post.blocks):
            return post
        blocks = [
            {**block, "block_id": whispered_id(key, number)} if block["type"] == "actions" else block
            for number, block in enumerate(post.blocks)
        ]
        kept = Post(post.text, blocks)
        await self._redis.set(self._kept(key), json.dumps(asdict(kept)), ex=KEPT_SECONDS)
        return kept

    async def settle(self, job: Job) -> None:
        """After a press was heard: by the first who pressed, and whom the card asks."""
        try:
            if job.whispered:
                await self._settle_whispered(job)
            elif job.answered and job.card_of == job.user_id:
                await self._settle_shown(job)
        except (NotNow, SlackApiError) as error:
            _log.warning("slack.card_not_settled", error=type(error).__name__)

    async def _settle_shown(self, job: Job) -> None:
        if not await self._messenger.begin(f"card-{job.channel}-{job.message}"):
            await self._messenger.edit(job.channel, job.message, Post(**json.loads(job.answered)))

    async def _settle_whispered(self, job: Job) -> None:
        kept = await self._redis.get(self._kept(job.whispered))
        card = Post(**json.loads(kept)) if kept else None
        done = answered(card.text, card.blocks, job.action_id) if card else None
        if done is None or await self._messenger.begin(f"card-{job.whispered}"):
            return
        if not await self._messenger.respond(job.response_url, done, is_instead=True):
            _log.warning("slack.card_not_settled", error="response_url")

    def _kept(self, key: str) -> str:
        return f"{self._prefix}:whispered:{key}"
