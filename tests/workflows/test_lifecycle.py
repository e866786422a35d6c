"""Any order of wishes, faults and restarts: the reservation is always what a simple model of it says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from clouddesk.model.errors import CredentialsRejected, LimitExceeded, ProviderDown, RateLimited, WrongState
from clouddesk.model.node import GONE
from clouddesk.model.order import ReservationOrder
from clouddesk.model.reservation import GIVE_BACK, GO_ON, RETRY
from tests.workflows.cloud import FakeCloud
from tests.workflows.conftest import Bench, open_bench

PASSING = (ProviderDown("fake"), RateLimited("fake", retry_after_seconds=0.05))
METHODS = (
    *("create_nodes", "get_nodes", "destroy_nodes", "stop_nodes", "start_nodes", "reboot_nodes", "open"),
    *("keep_images", "get_images"),
)


@dataclass
class Model:
    """What a reservation should be."""

    order: ReservationOrder
    count: int
    state: str = "running"
    lease_seconds: float = 0.0
    gone: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def is_live(self) -> bool:
        return self.state != "ended"


class Lifecycle(RuleBasedStateMachine):
    """One reservation on a real Temporal and Redis, its cloud in memory. ``loop`` and ``bench`` are set by the test."""

    loop: asyncio.AbstractEventLoop
    bench: Bench

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def cloud(self) -> FakeCloud:
        return self.bench.cloud

    @initialize(count=st.integers(1, 4), broken=st.integers(0, 2))
    def reserve(self, count: int, broken: int) -> None:
        self.bench.fresh()
        self.cloud.broken_keys = {f"node-{number}" for number in range(min(broken, count - 1))}
        order = self.run(self.bench.reserve(nodes=count))
        is_partial = bool(self.cloud.broken_keys)
        self.model = Model(order, count, "partial" if is_partial else "running", order.lease_seconds)
        self.tell("partial" if is_partial else "ready")
        self.settle()

    @precondition(lambda self: self.model.state == "partial")
    @rule(answer=st.sampled_from([RETRY, GO_ON, GIVE_BACK]), is_mended=st.booleans())
    def choose(self, answer: str, is_mended: bool) -> None:
        up = self.model.count - len(self.cloud.broken_keys)
        if is_mended:
            self.cloud.broken_keys.clear()
        self.run(self.bench.engine.choose(self.model.order.reservation_id, answer, by="ann"))
        if answer == GIVE_BACK:
            self.end()
        elif answer == GO_ON:
            self.model.count, self.model.state = up, "running"
            self.tell("ready")
        elif self.cloud.broken_keys:
            self.tell("partial")
        else:
            self.model.state = "running"
            self.tell("ready")
        self.settle()

    @rule(seconds=st.sampled_from([60, 300, 5000]), twice=st.booleans())
    def extend(self, seconds: int, twice: bool) -> None:
        id_, request_id = self.model.order.reservation_id, f"request-{time.monotonic_ns()}"
        for _ in range(1 + twice):
            self.wish(
                self.bench.engine.extend(id_, seconds, request_id),
                refused=not self.model.is_live or self.model.lease_seconds + seconds > 1200,
            )
        if self.model.is_live and self.model.lease_seconds + seconds <= 1200:
            self.model.lease_seconds += seconds
        self.settle()

    @rule()
    def stop(self) -> None:
        self.wish(self.bench.engine.stop(self.model.order.reservation_id), refused=not self.is_in("running", "stopped"))
        if self.model.state == "running":
            self.model.state = "stopped"
            self.tell("stopped")
        self.settle()

    @rule()
    def start(self) -> None:
        wish = self.bench.engine.start_nodes(self.model.order.reservation_id)
        self.wish(wish, refused=not self.is_in("running", "stopped", "archived"))
        if self.is_in("stopped", "archived"):
            self.model.state = "running"
            self.tell("started")
        self.settle()

    @rule()
    def archive(self) -> None:
        wish = self.bench.engine.archive(self.model.order.reservation_id)
        self.wish(wish, refused=not self.is_in("running", "stopped", "archived"))
        if self.is_in("running", "stopped"):
            # Of what vanished there is no image.
            self.model.count, self.model.gone = self.model.count - len(self.model.gone), set()
            self.model.state = "archived"
            self.tell("archived")
        self.settle()

    @precondition(lambda self: self.model.state == "running")
    @rule()
    def reboot(self) -> None:
        self.run(self.bench.engine.reboot(self.model.order.reservation_id))
        self.tell("rebooted")
        self.settle()

    @precondition(lambda self: self.is_in("running", "stopped") and len(self.model.gone) < self.model.count - 1)
    @rule()
    def vanish(self) -> None:
        key = sorted(self.cloud.nodes)[0]
        self.cloud.nodes.pop(key)
        self.model.gone.add(key)
        self.run(self.bench.handle(self.model.order).signal("look"))
        self.tell("drift")
        self.settle()

    @rule(method=st.sampled_from(METHODS), error=st.sampled_from(PASSING))
    def trouble_ahead(self, method: str, error: Exception) -> None:
        self.cloud.faults[method].append(error)

    @precondition(lambda self: self.model.is_live)
    @rule()
    def release_without_credentials(self) -> None:
        self.cloud.broken["destroy_nodes"] = CredentialsRejected("fake")
        self.run(self.bench.engine.release(self.model.order.reservation_id))
        self.tell("credentials")
        self.until(lambda: self.told()["credentials"] == self.model.told["credentials"])
        assert self.cloud.nodes or self.cloud.images, "they are not forgotten"
        del self.cloud.broken["destroy_nodes"]
        self.run(self.bench.engine.credentials_renewed(self.model.order.reservation_id))
        self.end()
        self.settle()

    @rule()
    def restart_worker(self) -> None:
        self.run(self.bench.stop_worker())
        self.run(self.bench.start_worker())

    @precondition(lambda self: self.model.is_live)
    @rule()
    def release(self) -> None:
        self.run(self.bench.engine.release(self.model.order.reservation_id))
        self.end()
        self.settle()

    # --- inside --------------------------------------------------------------------------------------------------

    def is_in(self, *states: str) -> bool:
        return self.model.state in states

    def end(self) -> None:
        self.model.state = "ended"
        self.tell("ended")

    def tell(self, kind: str) -> None:
        self.model.told[kind] += 1

    def told(self) -> Counter[str]:
        return Counter(notice.kind for notice in self.run(self.bench.notices()) if notice.kind != "expiring")

    def wish(self, wish: Coroutine[Any, Any, Any], *, refused: bool) -> None:
        if refused:
            with pytest.raises((WrongState, LimitExceeded)):
                self.run(wish)
        else:
            self.run(wish)

    def until(self, holds: Any) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline, f"told {self.told()}, should be {self.model.told}"
            self.run(asyncio.sleep(0.03))

    def settle(self) -> None:
        """Wait until everybody has been told what they should; then all must be as the model says, and stay so."""
        model = self.model
        self.until(lambda: self.told() == model.told)
        self.until(lambda: self.view().state == model.state)
        view = self.view()
        keys = {node.key for node in view.nodes if node.state != GONE}
        if model.state == "ended":
            assert not self.cloud.nodes
            assert not self.cloud.images
            assert view.current_hourly_price_usd == 0
        elif model.state == "archived":
            assert not self.cloud.nodes
            assert len(self.cloud.images) == len(view.images) == model.count
        elif model.state != "partial":
            assert set(self.cloud.nodes) == keys
            assert len(keys) == model.count - len(model.gone)
            assert {node.state for node, _ in self.cloud.nodes.values()} == {model.state}
            lease = (view.expires_at - view.accrued_at).total_seconds() if view.accrued_at else 0
            assert lease <= model.lease_seconds + 1
        assert self.told() == model.told, "nobody is told twice"

    def view(self) -> Any:
        return self.run(self.bench.engine.get(self.model.order.reservation_id))


def test_a_reservation_is_always_what_the_model_says(redis_url: str, temporal_address: str) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    opening = asynccontextmanager(open_bench)(redis_url, temporal_address)
    Lifecycle.loop = loop
    Lifecycle.bench = loop.run_until_complete(opening.__aenter__())
    loop.run_until_complete(Lifecycle.bench.start_worker())
    try:
        run_state_machine_as_test(
            Lifecycle,
            settings=settings(
                max_examples=12,
                stateful_step_count=8,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(opening.__aexit__(None, None, None))
        loop.close()
        asyncio.set_event_loop(None)
