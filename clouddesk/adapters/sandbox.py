"""Keys for the simulated clouds: asked of the sandbox, given to a person once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
from redis.asyncio import Redis

from clouddesk.adapters.redis import answering
from clouddesk.model.actor import Person
from clouddesk.model.credentials import Secret, SecretFields
from clouddesk.model.errors import ProviderDown

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class SandboxGrants:
    """Who was given sandbox credentials already (so that somebody who removed theirs is not given new ones)."""

    KEY = "clouddesk:sandbox-grants"

    def __init__(self, redis: Redis[bytes], addresses: Mapping[str, str]) -> None:
        self._redis = redis
        self._addresses = addresses

    @property
    def providers(self) -> tuple[str, ...]:
        return tuple(self._addresses)

    async def was_given(self, person: Person) -> bool:
        """Whether the person has got theirs before."""
        async with answering():
            return bool(await self._redis.sismember(self.KEY, str(person)))

    async def mark_given(self, person: Person) -> bool:
        """True for the first caller per person, ever."""
        async with answering():
            return bool(await self._redis.sadd(self.KEY, str(person)))

    async def issue(self, person: Person, provider: str) -> SecretFields:
        """Working credentials for the simulated cloud; the same person gets the same ones. Raises ProviderDown."""
        url = f"{self._addresses[provider]}/_sandbox/credentials"
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT, raise_for_status=True) as session:
                answer = await session.post(url, json={"owner": str(person)})
                fields: dict[str, str] = await answer.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise ProviderDown(provider, type(error).__name__) from error
        return {name: Secret(text) for name, text in fields.items()}
