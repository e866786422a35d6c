"""What tests of the sweep and of orphans share: who has access, and machines that nobody looks after any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from clouddesk.adapters.orphans import RedisOrphans
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.node import Node
from clouddesk.model.order import ReservationOrder
from clouddesk.model.orphan import Orphan
from clouddesk.workflows.sweeping import SweepActivities
from tests.workflows.conftest import Bench

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)


class Everybody:
    """People who all have access to one account."""

    def __init__(self, *people: Person) -> None:
        self.people = people

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        return [(person, CredentialInfo("fake", "team", NOW, NOW, account_id="1")) for person in self.people]


class Accounts(Everybody):
    """Somebody with an account at each of these clouds."""

    def __init__(self, person: Person, providers: Sequence[str]) -> None:
        super().__init__(person)
        self.providers = providers

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        infos = [CredentialInfo(name, "own", NOW, NOW, account_id=name) for name in self.providers]
        return [(person, info) for person in self.people for info in infos]


async def begin_sweeping(bench: Bench, *people: Person, access: Everybody | None = None) -> RedisOrphans:
    """The bench's worker sweeps too, the account of these people (else of its own person); what it knows then.

    ``access``: who these people are, when that changes while the worker is at work.
    """
    orphans = RedisOrphans(bench.redis)
    await bench.redis.delete("clouddesk:orphans")
    bench.use_timing(missing_seconds=0.3)
    await bench.start_worker(
        SweepActivities(
            client=bench.client,
            credentials=access or Everybody(*(people or (bench.person,))),
            open_provider=bench.open,
            views=bench.views,
            orphans=orphans,
            notices=bench.notices_port,
            audit=bench.audit,
            admins_of=bench.admins_of,
        )
    )
    return orphans


def own_ref(bench: Bench, provider: str = "fake") -> str:
    return credential_ref(bench.person, provider)


async def abandon(bench: Bench) -> ReservationOrder:
    """Machines whose workflow is terminated: nobody looks after them any more."""
    order = await bench.reserve_and_wait(credential_ref=own_ref(bench))
    await bench.handle(order).terminate()
    bench.cloud.own(str(bench.person))
    return order


async def found(bench: Bench) -> Orphan:
    """The one that a sweep finds."""
    (orphan,) = (await bench.engine.sweep()).orphans
    return orphan


async def adopted(bench: Bench, **changes: Any) -> tuple[ReservationOrder, tuple[Node, ...]]:
    """Machines whose workflow is gone, as they were seen then, and the order that adopts them."""
    lost = await bench.reserve_and_wait()
    nodes = tuple(node for node, _ in bench.cloud.nodes.values())
    await bench.handle(lost).terminate()
    return replace(lost, created_at=datetime.now(timezone.utc), **changes), nodes


def look_while_it_is_stopped(bench: Bench) -> threading.Event:
    """What the next look sees is known only while the machines are being stopped; set when the cloud is asked."""
    get_nodes, stop_nodes = bench.cloud.get_nodes, bench.cloud.stop_nodes
    is_asked, may_answer, is_answered = threading.Event(), threading.Event(), threading.Event()

    def look_slowly(reservation_id: str, region: str) -> list[Node]:
        seen = get_nodes(reservation_id, region)
        if not is_asked.is_set():
            is_asked.set()
            may_answer.wait(10)
            is_answered.set()
        return seen

    def stop_slowly(reservation_id: str, region: str) -> None:
        may_answer.set()
        is_answered.wait(10)
        time.sleep(0.5)  # so that what was seen is known before this is done
        stop_nodes(reservation_id, region)

    bench.cloud.get_nodes, bench.cloud.stop_nodes = look_slowly, stop_slowly  # type: ignore[method-assign]
    return is_asked


def adoption(bench: Bench, orphan: Orphan, *, lease_seconds: int = 600) -> ReservationOrder:
    """As the Desk orders it."""
    order = bench.order(credential_ref=own_ref(bench), lease_seconds=lease_seconds)
    nodes = replace(order.nodes, reservation_id=orphan.reservation_id)
    return replace(order, reservation_id=orphan.reservation_id, nodes=nodes)
