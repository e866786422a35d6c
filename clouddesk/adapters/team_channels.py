"""Where teams are told their week's costs, in Redis: one hash of all workspaces."""

from __future__ import annotations

from redis.asyncio import Redis

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.adapters.redis import PREFIX, answering
from clouddesk.model.team_channel import TeamChannel

_ALL = f"{PREFIX}:team-channels"


class RedisTeamChannels:
    """Implements ``clouddesk.model.stores.TeamChannels``."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def get(self, workspace_id: str) -> TeamChannel | None:
        """None when the team is told nowhere."""
        async with answering():
            text = await self._redis.hget(_ALL, workspace_id)
        return from_json(TeamChannel, text) if text else None

    async def put(self, workspace_id: str, channel: TeamChannel | None) -> None:
        """In place of the one before; None: nowhere."""
        async with answering():
            if channel is None:
                await self._redis.hdel(_ALL, workspace_id)
            else:
                await self._redis.hset(_ALL, workspace_id, to_json(channel))
