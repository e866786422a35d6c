"""What clouds themselves measure: CloudWatch as moto serves it, the simulated DigitalOcean's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from moto import mock_aws

from clouddesk.providers import digitalocean_metrics, ec2_metrics, open_provider
from tests.contract.conftest import Sandbox
from tests.contract.digitalocean_api import Api, api
from tests.contract.test_provider_contract import secret

__all__ = ["api"]

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
SPAN = timedelta(minutes=15)


class CountedCalls:
    """CloudWatch's client, with how often it was asked."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.sizes: list[int] = []

    def get_metric_data(self, **options: Any) -> Any:
        self.sizes.append(len(options["MetricDataQueries"]))
        return self._client.get_metric_data(**options)


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("cloudwatch", "eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret")


def put(client: Any, instance_id: str, at: datetime, percent: float) -> None:
    dimensions = [{"Name": "InstanceId", "Value": instance_id}]
    metric = {"MetricName": "CPUUtilization", "Dimensions": dimensions, "Timestamp": at, "Value": percent}
    client.put_metric_data(Namespace="AWS/EC2", MetricData=[metric])


def test_the_newest_value_of_each_machine_is_read_and_what_is_unknown_is_left_out(cloudwatch: Any) -> None:
    put(cloudwatch, "i-1", NOW - timedelta(minutes=12), 90.0)
    put(cloudwatch, "i-1", NOW - timedelta(minutes=2), 30.0)
    put(cloudwatch, "i-2", NOW - timedelta(minutes=7), 4.5)
    put(cloudwatch, "i-old", NOW - timedelta(hours=2), 50.0)
    pauses: list[int] = []

    found = ec2_metrics.cpu_percents(
        cloudwatch, ["i-1", "i-2", "i-old", "i-none"], since=NOW - SPAN, until=NOW, pause=lambda: pauses.append(1)
    )
    assert found == {"i-1": 30.0, "i-2": 4.5}
    assert len(pauses) == 1, "one request for all of them"


def test_a_thousand_machines_are_two_requests(cloudwatch: Any) -> None:
    counted = CountedCalls(cloudwatch)
    ids = [f"i-{number}" for number in range(1000)]
    put(cloudwatch, "i-999", NOW - timedelta(minutes=2), 12.0)
    assert ec2_metrics.cpu_percents(counted, ids, since=NOW - SPAN, until=NOW, pause=lambda: None) == {"i-999": 12.0}
    assert counted.sizes == [500, 500]


def test_droplets_tell_their_share_from_seconds_that_only_grow(sandbox_digitalocean: Sandbox, api: Api) -> None:
    made = str(api.create("busy")["id"])
    fields = secret(sandbox_digitalocean.credentials("local/ann"))
    provider = open_provider("digitalocean", fields, endpoint=sandbox_digitalocean.url, installation="inst-do")
    assert provider.cpu_percents("fra1", [made, "424242"], since=NOW - SPAN, until=NOW) == {made: 10.0}


def test_a_droplet_without_the_agent_tells_nothing() -> None:
    assert digitalocean_metrics.cpu_percent({}) is None
    assert (
        digitalocean_metrics.cpu_percent({"status": "success", "data": {"resultType": "matrix", "result": []}}) is None
    )
    one = {"metric": {"mode": "idle"}, "values": [[1, "5"]]}
    assert digitalocean_metrics.cpu_percent({"data": {"result": [one]}}) is None


def test_a_cloud_that_does_not_measure_tells_nothing_and_is_not_asked() -> None:
    provider = open_provider("vultr", secret({"token": "made-up"}), endpoint="http://127.0.0.1:1", installation="inst")
    assert provider.cpu_percents("ewr", ["x"], since=NOW - SPAN, until=NOW) == {}
