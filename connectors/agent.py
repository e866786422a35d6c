"""Rasa's agent with our stores: one message, one turn, whichever Rasa server gets it and however often it comes."""

from __future__ import annotations

import json
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain

from clouddesk.adapters.redis import open_redis
from connectors import rasa_patches
from connectors.action_endpoint import ActionEndpoint, action_endpoint
from connectors.channel import Collector
from connectors.lock_store import FairLockStore
from connectors.tracker_store import BoundedTrackerStore
from connectors.transcript import Transcript


class SharedAgent(Agent):  # type: ignore[misc]  # Rasa has no types
    """An agent that shares its conversations with any number of others, by way of Redis."""

    @staticmethod
    def _create_tracker_store(store: TrackerStore, domain: Domain) -> TrackerStore:
        # Rasa would go on with an empty conversation when Redis does not answer, and then save that over the real one.
        store.domain = domain
        return store

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]]:
        """Answer into the message's own channel, a ``Collector``.

        Messages of a conversation are worked on one after the other, so that one that comes again finds the answer of
        the first time; or finds none, when the first time came to nothing, and is worked on as if it were the first.
        """
        said: Collector = message.output_channel
        store, conversation = self.tracker_store, message.sender_id
        keys = store.keys_of(conversation, message.message_id)
        async with self.lock_store.lock(conversation, read=keys) as (state, answer):
            if answer is None:
                with store.turn(conversation, message.message_id, state=state, replies=lambda: said.replies):
                    await self.processor.handle_message(message)
            else:
                said.messages.extend(json.loads(answer))
        return list(said.messages)


def make_agent(redis_url: str | None, *, actions_url: str, actions_secret: str | None) -> Agent:
    """An agent without a model yet. Without ``redis_url`` it keeps its conversations in memory."""
    rasa_patches.apply()
    endpoint = action_endpoint(actions_url, actions_secret)
    if redis_url is None:
        return Agent(action_endpoint=endpoint)
    redis = open_redis(redis_url)
    return SharedAgent(
        tracker_store=BoundedTrackerStore(redis, transcript=Transcript(redis)),
        lock_store=FairLockStore(redis),
        action_endpoint=endpoint,
    )


async def close(agent: Agent) -> None:
    """Finish what goes on beside the turns."""
    if isinstance(agent, SharedAgent):
        await agent.lock_store.close()
        await agent.tracker_store.close()
    if isinstance(agent.action_endpoint, ActionEndpoint):
        await agent.action_endpoint.close()
