"""Bills beside the ledger on a real Temporal, Redis and simulated clouds, with machines that really lived there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from clouddesk.adapters.bills import RedisBills
from clouddesk.adapters.costs import RedisCosts
from clouddesk.model.actor import Person
from clouddesk.model.bill import LATE, UNTAGGED, BillComparison, BillQuestion, BillReport
from clouddesk.model.credentials import CredentialInfo, Secret, credential_ref
from clouddesk.model.errors import BillRefused, ProviderDown, Unavailable
from clouddesk.model.notice import BILL
from clouddesk.model.order import ReservationOrder
from clouddesk.model.ports import Provider
from clouddesk.model.reservation import Reservation
from clouddesk.providers import open_provider
from clouddesk.workflows.bill_client import TemporalBills
from clouddesk.workflows.billing import BillActivities
from tests.contract.conftest import Sandbox
from tests.workflows.conftest import Bench

MONTH = f"{datetime.now(timezone.utc):%Y-%m}"
SIZES = {"aws": ("us-east-1", "m5.8xlarge", 1.536), "digitalocean": ("fra1", "s-8vcpu-16gb", 0.14286)}
DISK_GB = 50.0
MODULES = {"aws": "clouddesk.sandbox.aws", "digitalocean": "clouddesk.sandbox.digitalocean"}


@dataclass
class Clouds:
    """The simulated clouds, and everybody's keys for them."""

    sandboxes: dict[str, Sandbox]
    people: list[Person] = field(default_factory=list)

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]:
        now = datetime.now(timezone.utc)
        return [
            (person, CredentialInfo(name, f"sandbox-{name}", now, now, True, account_id=f"one-{name}"))
            for person in self.people
            for name in self.sandboxes
        ]

    async def open(self, name: str, ref: str) -> Provider:
        _, workspace_id, user_id, _ = ref.split("/")
        fields = self.sandboxes[name].credentials(f"{workspace_id}/{user_id}")
        secrets = {key: Secret(value) for key, value in fields.items()}
        return open_provider(name, secrets, endpoint=self.sandboxes[name].url, installation="cd-test")


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    started = {name: Sandbox(module, tmp_path_factory.mktemp(name), 0.3) for name, module in MODULES.items()}
    for sandbox in started.values():
        sandbox.start()
    yield started
    for sandbox in started.values():
        sandbox.stop()


@dataclass
class BillBench:
    """A bench whose worker asks the simulated clouds."""

    bench: Bench
    clouds: Clouds
    bills: TemporalBills

    async def compare(self, **question: Any) -> dict[str, BillComparison]:
        found = await self.ask(**question)
        assert found is not None
        return {item.provider: item for item in found.comparisons}

    async def ask(self, *, conversation: str = "", **question: Any) -> BillReport | None:
        person = self.bench.person
        asked = BillQuestion(person.workspace_id, question.pop("asked_by", person.user_id), (MONTH,), **question)
        return await self.bills.compare(asked, conversation=conversation)

    async def live(self, name: str, *, seconds: float = 3.0, person: Person | None = None) -> Reservation:
        """A reservation that ran so long, and is given back."""
        region, size, hourly = SIZES[name]
        person = person or self.bench.person
        disk, address = (DISK_GB * 0.08 / 730, 0.005) if name == "aws" else (0.0, 0.0)
        order: ReservationOrder = self.bench.order(
            nodes=2,
            provider=name,
            owner=person.user_id,
            credential_ref=credential_ref(person, name),
            hourly_price_usd=2 * (hourly + disk + address),
            stopped_hourly_price_usd=2 * disk,
        )
        nodes = replace(order.nodes, region=region, size=size, disk_gb=DISK_GB, os="ubuntu-22.04")
        order = replace(order, nodes=nodes)
        await self.bench.engine.start(order)
        await self.bench.until(order, lambda view: view.state == "running")
        await asyncio.sleep(seconds)
        await self.bench.engine.release(order.reservation_id, by=person.user_id)
        return await self.bench.ended(order)

    async def forget(self) -> None:
        """What was read before."""
        for key in await self.bench.redis.keys("clouddesk:bill:*"):
            await self.bench.redis.delete(key)


@pytest.fixture
async def billing(idle_bench: Bench, sandboxes: dict[str, Sandbox]) -> AsyncIterator[BillBench]:
    clouds = Clouds(sandboxes, [idle_bench.person])
    idle_bench.opened_by = clouds.open
    activities = BillActivities(
        credentials=clouds,
        open_provider=clouds.open,
        ledger=RedisCosts(idle_bench.redis),
        views=idle_bench.views,
        cache=RedisBills(idle_bench.redis),
        notices=idle_bench.notices_port,
        clock=lambda: datetime.now(timezone.utc),
    )
    await idle_bench.start_worker(billing=activities)
    made = BillBench(idle_bench, clouds, TemporalBills(idle_bench.client, task_queue=idle_bench.queue))
    await made.forget()
    yield made
    for sandbox in sandboxes.values():
        sandbox.clear_faults()


def named(item: BillComparison) -> list[str]:
    """Other tests' reservations are in the same account, and nameless for who does not own them."""
    return [line.name for line in item.lines if line.name]


async def test_what_machines_used_is_on_both_sides_and_the_difference_is_the_clouds_least_charge(
    billing: BillBench,
) -> None:
    """Two machines of each cloud for some seconds: Amazon charges a minute, DigitalOcean a cent."""
    views = {name: await billing.live(name) for name in SIZES}
    found = await billing.compare()
    for name, view in views.items():
        (line,) = [line for line in found[name].lines if line.id == view.id]
        # DigitalOcean's preview goes as far as the last whole second.
        second = view.hourly_price_usd / 3600
        assert line.counted_usd == pytest.approx(view.accrued_usd, abs=second)
        assert found[name].counted_usd == pytest.approx(view.accrued_usd, abs=second), "of this person only"
        assert line.billed_usd is not None
        assert LATE in {reason.code for reason in found[name].reasons}
        assert found[name].is_simulated
    (aws,) = [line for line in found["aws"].lines if line.id == views["aws"].id]
    assert aws.billed_usd == pytest.approx(2 * (1.536 + 0.005) / 60, rel=0.02)
    (droplets,) = [line for line in found["digitalocean"].lines if line.id == views["digitalocean"].id]
    assert droplets.billed_usd == pytest.approx(0.02)


async def test_beyond_the_least_charge_the_two_agree_to_the_cent(billing: BillBench) -> None:
    view = await billing.live("aws", seconds=62.0)
    found = (await billing.compare(providers=("aws",)))["aws"]
    (line,) = [line for line in found.lines if line.id == view.id]
    assert line.counted_usd > 0.05, "so that cents show something"
    assert line.billed_usd == pytest.approx(line.counted_usd, abs=0.005)


async def test_a_cloud_that_is_down_hides_no_other_and_a_key_without_the_right_is_told(billing: BillBench) -> None:
    view = await billing.live("digitalocean", seconds=0.5)
    billing.clouds.sandboxes["aws"].fault("unauthorized", match={"operation": "bill"}, count=None)
    found = await billing.compare()
    assert (found["aws"].problem, found["aws"].billed_usd) == (BillRefused.code, None)
    assert view.id in {line.id for line in found["digitalocean"].lines}
    billing.clouds.sandboxes["aws"].clear_faults()
    billing.clouds.sandboxes["aws"].fault("down", match={"operation": "bill"}, count=None)
    found = await billing.compare()
    assert found["aws"].problem == ProviderDown.code
    assert not found["digitalocean"].problem


async def test_tags_that_are_not_activated_are_told_and_the_account_is_compared_as_a_whole(billing: BillBench) -> None:
    view = await billing.live("aws", seconds=0.5)
    billing.clouds.sandboxes["aws"].fault("untagged_bill")
    found = (await billing.compare(providers=("aws",)))["aws"]
    assert UNTAGGED in {reason.code for reason in found.reasons}
    assert [line.billed_usd for line in found.lines if line.id == view.id] == [None]
    assert found.billed_usd is not None
    assert found.billed_usd > 0


async def test_what_was_read_is_not_asked_again_with_the_same_key_and_not_given_to_another(billing: BillBench) -> None:
    bench = billing.bench
    ben = Person(bench.person.workspace_id, f"{bench.person.user_id}-ben")
    billing.clouds.people.append(ben)
    view = await billing.live("aws", seconds=0.5)
    await billing.compare(providers=("aws",))
    (kept,) = [await bench.redis.get(key) for key in await bench.redis.keys("clouddesk:bill:*")]
    keys = billing.clouds.sandboxes["aws"].credentials(str(bench.person))
    assert kept is not None
    assert not any(value.encode() in kept for value in keys.values())
    billing.clouds.sandboxes["aws"].fault("unauthorized", match={"operation": "bill"}, count=None)
    again = (await billing.compare(providers=("aws",)))["aws"]
    assert (again.problem, named(again)) == ("", [view.name])
    others = (await billing.compare(providers=("aws",), asked_by=ben.user_id))["aws"]
    assert others.problem == BillRefused.code
    team = (await billing.compare(providers=("aws",), asked_by=ben.user_id, is_team=True))["aws"]
    assert view.name in named(team), "an admin's question may use the other's key, and shows all names"
    billing.clouds.sandboxes["aws"].clear_faults()
    others = (await billing.compare(providers=("aws",), asked_by=ben.user_id))["aws"]
    assert (others.problem, named(others)) == ("", []), "Ann's has no name for Ben"
    assert len(others.lines) == len(again.lines)


async def test_who_does_not_wait_is_told_when_the_clouds_have_answered(billing: BillBench) -> None:
    view = await billing.live("aws", seconds=0.5)
    billing.clouds.sandboxes["aws"].fault("slow", match={"operation": "bill"}, seconds=2.0)
    billing.bills = TemporalBills(billing.bench.client, task_queue=billing.bench.queue, patience_seconds=0.3)
    assert await billing.ask(providers=("aws",), conversation=view.conversation) is None
    notice = await billing.bench.notice(BILL)
    assert notice.conversation == view.conversation
    assert "AWS" in notice.values["bills"]
    assert "on the bill" in notice.values["bills"]
    quick = TemporalBills(billing.bench.client, task_queue=billing.bench.queue)
    billing.bills = quick
    assert (await billing.ask(providers=("aws",), conversation=view.conversation)) is not None, "it is remembered"
    assert len([item for item in await billing.bench.notices() if item.kind == BILL]) == 1


async def test_without_a_worker_it_is_said_that_nobody_answers(billing: BillBench) -> None:
    await billing.bench.stop_worker()
    billing.bills = TemporalBills(billing.bench.client, task_queue=billing.bench.queue, patience_seconds=0.3)
    assert await billing.ask(conversation="local:console:-:ann") is None, "the answer comes when one is there"


async def test_a_question_that_cannot_be_left_with_temporal_is_refused() -> None:
    bills = await TemporalBills.connect("127.0.0.1:1")
    with pytest.raises(Unavailable):
        await bills.compare(BillQuestion("local", "ann", (MONTH,)), conversation="c")
