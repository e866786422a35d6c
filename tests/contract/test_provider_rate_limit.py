"""No account is asked more often than its cloud allows, whoever asks: buckets in a real Redis, and without it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clouddesk.adapters import rate_limit
from clouddesk.adapters.rate_limit import LocalRateLimit, RedisRateLimit
from clouddesk.model.errors import RateLimited
from clouddesk.providers import PROVIDERS, open_provider
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox, free_port
from tests.contract.test_provider_contract import Case, secret
from tests.servers import redis_server, redis_url

__all__ = ["redis_url"]


@pytest.fixture(params=["local", "redis"])
def limit(request: pytest.FixtureRequest) -> LocalRateLimit | RedisRateLimit:
    return LocalRateLimit() if request.param == "local" else RedisRateLimit(request.getfixturevalue("redis_url"))


def test_a_burst_is_free_and_then_tokens_come_at_their_rate(
    limit: LocalRateLimit, request: pytest.FixtureRequest
) -> None:
    waits = [_take(limit, request.node.name, per_second=0.1) for _ in range(8)]
    assert waits[:5] == [0.0] * 5
    # Each takes the next token that comes, so that nobody overtakes.
    assert waits[5:] == pytest.approx([10, 20, 30], abs=5)


def test_tokens_come_back_with_time_but_never_more_than_the_burst(
    limit: LocalRateLimit, request: pytest.FixtureRequest
) -> None:
    for _ in range(5):
        _take(limit, request.node.name)
    time.sleep(0.7)
    began = time.monotonic()
    free = sum(_take(limit, request.node.name) == 0 for _ in range(9))
    assert 5 <= free <= 5 + 10 * (time.monotonic() - began)


def test_who_would_wait_too_long_takes_nothing(limit: LocalRateLimit, request: pytest.FixtureRequest) -> None:
    for _ in range(5):
        _take(limit, request.node.name, per_second=0.1)
    assert [_take(limit, request.node.name, per_second=0.1, longest=0.0) > 0 for _ in range(3)] == [True] * 3
    assert _take(limit, request.node.name, per_second=0.1) == pytest.approx(10, abs=5)


def test_accounts_do_not_take_each_others_tokens(limit: LocalRateLimit, request: pytest.FixtureRequest) -> None:
    for _ in range(9):
        _take(limit, request.node.name)
    assert _take(limit, f"{request.node.name} of another") == 0.0


def test_processes_share_a_bucket(redis_url: str, request: pytest.FixtureRequest) -> None:
    one, other = RedisRateLimit(redis_url), RedisRateLimit(redis_url)
    takers = (one, other, one, other, one, other)
    waits = [_take(limit, request.node.name, per_second=0.1) for limit in takers]
    assert [wait > 0 for wait in waits] == [False] * 5 + [True]


def test_threads_at_once_get_as_many_tokens_as_there_are(limit: LocalRateLimit, request: pytest.FixtureRequest) -> None:
    together = threading.Barrier(16)

    def take(_: int) -> float:
        together.wait()
        return _take(limit, request.node.name, per_second=0.01, longest=0.0)

    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(take, range(16)))
    assert sum(wait == 0 for wait in waits) == 5


def test_an_idle_bucket_is_forgotten(redis_url: str, request: pytest.FixtureRequest) -> None:
    limit = RedisRateLimit(redis_url)
    _take(limit, request.node.name)
    assert 1 <= limit._redis.ttl(f"{rate_limit.PREFIX}:{request.node.name}") <= 2


def test_without_redis_each_process_counts_for_itself_and_nothing_waits_for_it(request: pytest.FixtureRequest) -> None:
    limit = RedisRateLimit(f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    waits = [_take(limit, request.node.name, per_second=0.1) for _ in range(6)]
    assert time.monotonic() - began < 10
    assert [wait > 0 for wait in waits] == [False] * 5 + [True]


def test_redis_counts_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    monkeypatch.setattr(rate_limit, "ALONE_SECONDS", 0.1)
    server = redis_server(tmp_path)
    limit = RedisRateLimit(f"redis://127.0.0.1:{server.port}/0")
    _take(limit, request.node.name)
    server.start(server.listens)
    time.sleep(0.2)
    _take(limit, request.node.name)
    assert limit._redis.exists(f"{rate_limit.PREFIX}:{request.node.name}")
    server.stop()


def test_a_redis_that_hangs_is_waited_for_once_and_not_by_each_request(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server = redis_server(tmp_path)
    server.start(server.listens)
    assert server.process is not None
    limit = RedisRateLimit(f"redis://127.0.0.1:{server.port}/0")
    _take(limit, request.node.name)
    server.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(5):
        _take(limit, request.node.name)
    assert time.monotonic() - began < 2 * rate_limit.SOCKET_SECONDS
    server.process.send_signal(signal.SIGCONT)
    server.stop()


@dataclass
class Counting:
    """Counts what is taken."""

    waits: float = 0.0
    taken: list[str] = field(default_factory=list)

    def take(self, bucket: str, *, per_second: float, burst: int, longest_wait_seconds: float) -> float:
        self.taken.append(bucket)
        return self.waits


# One list; then one of machines, of disks, of each other thing that has tags, and of images. At DigitalOcean only
# droplets tell of images that are being made.
REQUESTS = {"aws": 1 + 4, "digitalocean": 1 + 5, "linode": 1 + 4, "vultr": 1 + 6}


@pytest.fixture(params=REQUESTS)
def case(request: pytest.FixtureRequest, servers: Callable[[str], Sandbox]) -> Case:
    return Case(request.param, servers(request.param), CASES[request.param])


def test_every_request_takes_a_token_of_its_account(case: Case) -> None:
    limit = Counting()
    fields = secret(case.sandbox.credentials("local/ann"))
    opened = open_provider(
        case.name, fields, endpoint=case.sandbox.url, installation="inst-1", account="people/local/ann", limit=limit
    )
    opened.get_nodes("r-1", case.region)
    opened.destroy_nodes("r-1", case.region)
    assert len(limit.taken) == REQUESTS[case.name]
    assert len(set(limit.taken)) == 1
    secrets = [value.reveal() for value in fields.values()]
    assert not [text for text in secrets if text in limit.taken[0]]
    assert limit.taken[0].endswith(":eu-central-1") == (case.name == "aws"), "Amazon counts by region"


def test_a_token_that_is_far_away_is_the_workflows_to_wait_for(case: Case) -> None:
    fields = secret(case.sandbox.credentials("local/ann"))
    opened = open_provider(
        case.name, fields, endpoint=case.sandbox.url, installation="inst-1", limit=Counting(waits=90.0)
    )
    began = time.monotonic()
    with pytest.raises(RateLimited) as caught:
        opened.get_nodes("r-1", case.region)
    assert time.monotonic() - began < 60
    assert caught.value.retry_after_seconds == 90


def test_a_minute_of_linode_and_a_second_of_vultr_stay_within_their_limits() -> None:
    linode, vultr = PROVIDERS["linode"], PROVIDERS["vultr"]
    assert linode.request_burst + 60 * linode.requests_per_second <= 200
    assert vultr.request_burst + vultr.requests_per_second <= 30


def test_a_minute_and_an_hour_of_digitalocean_stay_within_its_limits() -> None:
    spec = PROVIDERS["digitalocean"]
    assert spec.request_burst + 60 * spec.requests_per_second <= 250
    assert spec.request_burst + 3600 * spec.requests_per_second <= 5000


def _take(limit: LocalRateLimit | RedisRateLimit, bucket: str, *, per_second: float = 10, longest: float = 30) -> float:
    return limit.take(bucket, per_second=per_second, burst=5, longest_wait_seconds=longest)
