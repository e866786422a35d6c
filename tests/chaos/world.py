"""The stack under fire: its processes to strike at, and everything through which one can look at it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from redis.asyncio import Redis
from temporalio.client import Client

from clouddesk.adapters.redis import open_redis
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.local.home import Home
from clouddesk.local.stack import Stack
from clouddesk.local.supervision import Supervisor
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.errors import CloudDeskError
from clouddesk.settings import Settings
from connectors.conversation import open_client
from connectors.rasa import RasaClient
from tests.chaos.clouds import Clouds
from tests.chaos.plan import FAULT, KILL, SWEEP, WARNING_SECONDS, Strike

ADMINISTRATOR = Actor(LOCAL_WORKSPACE, "chaos-admin", roles=(MEMBER, ADMIN))
WHOLE_WITHIN_SECONDS = 180.0
ALIVE_WITHIN_SECONDS = 5.0
_PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Struck:
    """A strike that was carried out."""

    strike: Strike
    at: float
    """By the wall clock."""
    until: float
    """When what was frozen was let go; else the same."""
    seed: int

    def __str__(self) -> str:
        seconds = f" for {self.strike.seconds:g} s" if self.strike.seconds else ""
        return f"{self.strike}{seconds}"


@dataclass(frozen=True)
class World:
    """One running stack. The Desk in it is as the action server's; only its warnings come later."""

    home: Home
    settings: Settings
    desk: Desk
    client: RasaClient
    redis: Redis[bytes]
    temporal: Client
    clouds: Clouds

    async def strike(self, strike: Strike, seed: int) -> Struck | None:
        """Carry it out; None when the process was down anyway."""
        if strike.kind == SWEEP:
            return await self._sweep(strike, seed)
        if strike.kind == FAULT:
            at = time.time()
            try:
                await self.clouds.fault(strike.target, strike.fault)
            except requests.RequestException:
                return None
            return Struck(strike, at, at, seed)
        pid = await self._pid(strike.target)
        if pid is None:
            return None
        at = time.time()
        with suppress(ProcessLookupError):
            if strike.kind == KILL:
                os.kill(pid, signal.SIGKILL)
            else:
                await _freeze(pid, strike.seconds)
            return Struck(strike, at, time.time(), seed)
        return None

    async def orphans(self) -> list[str]:
        """What sweeps found that no reservation looks after."""
        return [
            f"{orphan.reservation_id} ({', '.join(orphan.things)})"
            for orphan in await self.desk.orphans.all(ADMINISTRATOR)
        ]

    async def _sweep(self, strike: Strike, seed: int) -> Struck:
        at = time.time()
        with suppress(CloudDeskError):
            await self.desk.orphans.sweep(ADMINISTRATOR)
        return Struck(strike, at, time.time(), seed)

    async def until_whole(self) -> float:
        """Wait until every process is ready; returns when, by the wall clock. Raises TimeoutError."""
        until = time.monotonic() + WHOLE_WITHIN_SECONDS
        while True:
            statuses = await asyncio.to_thread(Stack(self.home.root).statuses)
            waiting = {one.name: one.state for one in statuses if one.state != "ready"}
            if not waiting:
                return time.time()
            if time.monotonic() > until:
                raise TimeoutError(f"the stack is not whole again: {waiting}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _pid(self, name: str) -> int | None:
        until = time.monotonic() + ALIVE_WITHIN_SECONDS
        while time.monotonic() < until:
            watched = await asyncio.to_thread(Supervisor(self.home).processes)
            if watched[name].is_alive and watched[name].pid:
                return watched[name].pid
            await asyncio.sleep(_PAUSE_SECONDS)
        return None


async def _freeze(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def open_world(home: Path, settings: Settings) -> AsyncIterator[World]:
    """Around a stack that runs. ``home``: its absolute path."""
    temporal = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    redis = open_redis(settings.redis_url)
    try:
        async with open_desk(settings) as desk, open_client(settings) as client:
            limits = replace(desk.limits, warning_seconds=(*desk.limits.warning_seconds, *WARNING_SECONDS))
            yield World(
                home=Home(home),
                settings=settings,
                desk=replace(desk, limits=limits),
                client=client,
                redis=redis,
                temporal=temporal,
                clouds=Clouds(settings),
            )
    finally:
        await redis.close()
