"""What clouds charge: Cost Explorer's pages and errors, DigitalOcean's invoices, and the simulated ones of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from clouddesk.model.bill import ADDRESS, DISK, MACHINE, OTHER, TRAFFIC, Bill
from clouddesk.model.errors import BillRefused, ProviderDown, RateLimited
from clouddesk.providers import digitalocean_bill, ec2_bill, open_provider
from clouddesk.providers.libcloud_provider import LibcloudProvider
from tests.contract.aws_api import client, run
from tests.contract.conftest import Sandbox, wait_for
from tests.contract.digitalocean_api import Api, api
from tests.contract.test_provider_contract import secret

__all__ = ["api"]

OCTOBER = datetime(2026, 10, 1, tzinfo=timezone.utc)
NOVEMBER = datetime(2026, 11, 1, tzinfo=timezone.utc)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)


class Explorer:
    """Cost Explorer's client, with prepared pages; it keeps what it was asked."""

    def __init__(self, *pages: dict[str, Any] | ClientError) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def get_cost_and_usage(self, **question: Any) -> dict[str, Any]:
        self.asked.append(question)
        page = self.pages[len(self.asked) - 1]
        if isinstance(page, ClientError):
            raise page
        return page


def group(tag: str, usage: str, cost: str, quantity: str = "0") -> dict[str, Any]:
    metrics = {"UnblendedCost": {"Amount": cost, "Unit": "USD"}, "UsageQuantity": {"Amount": quantity, "Unit": "N/A"}}
    return {"Keys": [f"clouddesk-reservation${tag}", usage], "Metrics": metrics}


def result(first: str, last: str, *groups: dict[str, Any], estimated: bool = False) -> dict[str, Any]:
    period = {"Start": first, "End": last}
    return {"TimePeriod": period, "Total": {}, "Groups": list(groups), "Estimated": estimated}


def refusal(code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item]
        "GetCostAndUsage",
    )


def asked(explorer: Explorer, month: datetime = OCTOBER) -> Bill:
    return ec2_bill.bill(explorer, month, now=NOW, pause=lambda: None)


def test_all_pages_of_a_month_that_is_over_are_one_bill() -> None:
    explorer = Explorer(
        {
            "ResultsByTime": [result("2026-10-01", "2026-11-01", group("r-1", "EUC1-BoxUsage:t3.micro", "7.5", "744"))],
            "NextPageToken": "more",
        },
        {
            "ResultsByTime": [
                result(
                    "2026-10-01",
                    "2026-11-01",
                    group("r-1", "EUC1-EBS:VolumeUsage.gp3", "0.8"),
                    group("r-1", "EUC1-DataTransfer-Out-Bytes", "0.3"),
                    group("", "EUC1-PublicIPv4:InUseAddress", "3.72", "744"),
                    group("", "EUC1-EBS:SnapshotUsage", "0.4"),
                    group("", "EUC1-BoxUsage:t3.nano", "0"),
                )
            ]
        },
    )
    bill = asked(explorer)
    assert [(line.kind, line.reservation_id, line.cost_usd) for line in bill.lines] == [
        (OTHER, "", 0.4),
        (ADDRESS, "", 3.72),
        (MACHINE, "r-1", 7.5),
        (TRAFFIC, "r-1", 0.3),
        (DISK, "r-1", 0.8),
    ]
    assert (bill.since, bill.until, bill.is_final) == (OCTOBER, NOVEMBER, True)
    assert [one.get("NextPageToken") for one in explorer.asked] == [None, "more"]
    first = explorer.asked[0]
    assert first["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-11-01"}, "the end is exclusive"
    assert (first["Granularity"], first["Metrics"][0]) == ("MONTHLY", "UnblendedCost")


def test_a_month_that_is_not_over_goes_as_far_as_the_last_day_with_anything_on_it() -> None:
    days = [
        result("2026-11-20", "2026-11-21", group("r-1", "BoxUsage:t3.micro", "1", "24"), estimated=True),
        result("2026-11-21", "2026-11-22", group("r-1", "BoxUsage:t3.micro", "1", "24"), estimated=True),
        result("2026-11-22", "2026-11-23", estimated=True),
        result("2026-11-23", "2026-11-24", estimated=True),
    ]
    explorer = Explorer({"ResultsByTime": days})
    bill = asked(explorer, NOVEMBER)
    assert explorer.asked[0]["TimePeriod"]["End"] == "2026-11-24"
    assert explorer.asked[0]["Granularity"] == "DAILY"
    assert (bill.until, bill.is_final) == (datetime(2026, 11, 22, tzinfo=timezone.utc), False)
    assert [(line.cost_usd, line.hours) for line in bill.lines] == [(2.0, 48.0)]


def test_a_key_without_the_right_is_no_bill_of_nothing() -> None:
    with pytest.raises(BillRefused):
        asked(Explorer(refusal("AccessDeniedException")))


def test_figures_that_are_not_there_yet_are_an_empty_bill_and_other_errors_are_the_vendors() -> None:
    assert asked(Explorer(refusal("DataUnavailableException"))).lines == ()
    with pytest.raises(ClientError):
        asked(Explorer(refusal("LimitExceededException")))


# --- DigitalOcean, with prepared answers ------------------------------------------------------------------------------


def reading(answers: dict[str, dict[str, Any]]) -> tuple[Callable[[str], dict[str, Any]], list[str]]:
    paths: list[str] = []

    def read(path: str) -> dict[str, Any]:
        paths.append(path)
        return answers[path]

    return read, paths


def page(key: str, items: list[dict[str, Any]], *, is_last: bool = True, **more: Any) -> dict[str, Any]:
    links = {} if is_last else {"pages": {"next": "https://api.example/next"}}
    return {key: items, "links": links, "meta": {"total": 99}, **more}


LIST = "/v2/customers/my/invoices?per_page=200&page="
PREVIEW = {"invoice_uuid": "u-11", "amount": "2.00", "invoice_period": "2026-11", "updated_at": "2026-11-23T06:31:50Z"}


def item(product: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"product": product, "amount": amount, "duration": "2", "duration_unit": "Hours", **more}


def test_an_invoice_is_found_on_a_later_page_and_read_to_its_last_item() -> None:
    read, paths = reading(
        {
            f"{LIST}1": page(
                "invoices",
                [{"invoice_uuid": "u-12", "invoice_period": "2026-12"}],
                is_last=False,
                invoice_preview=PREVIEW,
            ),
            f"{LIST}2": page("invoices", [{"invoice_uuid": "u-10", "invoice_period": "2026-10"}]),
            "/v2/customers/my/invoices/u-10?per_page=200&page=1": page(
                "invoice_items",
                [item("Droplets", "1.20", resource_id="7", description="etl-node-1 (s-1vcpu-1gb)")],
                is_last=False,
            ),
            "/v2/customers/my/invoices/u-10?per_page=200&page=2": page(
                "invoice_items", [item("Droplet Snapshots", "0.50", resource_id="7"), item("Bandwidth overage", "0.10")]
            ),
        }
    )
    bill = digitalocean_bill.bill(read, OCTOBER)
    assert [(line.kind, line.machine_id, line.cost_usd) for line in bill.lines] == [
        (MACHINE, "7", 1.2),
        (OTHER, "", 0.5),
        (TRAFFIC, "", 0.1),
    ]
    assert (bill.is_final, bill.until, len(paths)) == (True, NOVEMBER, 4)


def test_the_month_that_is_not_over_is_the_preview_as_far_as_that_goes() -> None:
    read, _ = reading(
        {
            f"{LIST}1": page("invoices", [], invoice_preview=PREVIEW),
            "/v2/customers/my/invoices/u-11?per_page=200&page=1": page("invoice_items", []),
        }
    )
    bill = digitalocean_bill.bill(read, NOVEMBER)
    assert (bill.is_final, bill.until) == (False, datetime(2026, 11, 23, 6, 31, 50, tzinfo=timezone.utc))


def test_a_month_without_an_invoice_is_none_rather_than_nothing() -> None:
    read, _ = reading({f"{LIST}1": page("invoices", [], invoice_preview=PREVIEW)})
    assert not digitalocean_bill.bill(read, OCTOBER).is_issued


# --- the simulated clouds, through the real clients -------------------------------------------------------------------


def this_month() -> datetime:
    now = datetime.now(timezone.utc)
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def opened(sandbox: Sandbox, provider: str) -> LibcloudProvider:
    return open_provider(
        provider, secret(sandbox.credentials("local/ann")), endpoint=sandbox.url, installation="inst-bill"
    )


def bill_of(provider: LibcloudProvider) -> Bill:
    found = provider.bill(this_month())
    assert found is not None
    return found


def tagged(reservation_id: str) -> list[dict[str, Any]]:
    tags = [{"Key": "clouddesk-reservation", "Value": reservation_id}]
    return [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")]


def test_the_simulated_bill_has_what_a_machine_used_by_its_tag(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    (machine,) = run(ec2, TagSpecifications=tagged("r-bill"), InstanceType="m5.large")
    aws = opened(sandbox_aws, "aws")
    wait_for(lambda: any((line.reservation_id, line.kind) == ("r-bill", MACHINE) for line in bill_of(aws).lines))
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    lines = {line.kind: line for line in bill_of(aws).lines if line.reservation_id == "r-bill"}
    assert lines[MACHINE].hours == pytest.approx(60 / 3600), "a minute at least"
    assert lines[MACHINE].cost_usd == pytest.approx(0.096 / 60), "m5.large in us-east-1 by the price list"
    assert 0 < lines[DISK].cost_usd < 0.001
    assert any(line.kind == ADDRESS and not line.reservation_id for line in bill_of(aws).lines)
    assert not bill_of(aws).is_final


def test_the_simulated_bill_outlives_the_machines_and_a_restart(sandbox_aws: Sandbox) -> None:
    ec2 = client(sandbox_aws)
    (machine,) = run(ec2, TagSpecifications=tagged("r-kept"))
    time.sleep(1.5)
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    before = [line for line in bill_of(opened(sandbox_aws, "aws")).lines if line.reservation_id == "r-kept"]
    sandbox_aws.kill()
    sandbox_aws.start()
    assert [line for line in bill_of(opened(sandbox_aws, "aws")).lines if line.reservation_id == "r-kept"] == before
    assert before


def test_faults_of_the_bill_are_told_as_what_they_are(sandbox_aws: Sandbox) -> None:
    run(client(sandbox_aws), TagSpecifications=tagged("r-faults"))
    time.sleep(1.5)
    aws = opened(sandbox_aws, "aws")
    sandbox_aws.fault("untagged_bill")
    assert {line.reservation_id for line in bill_of(aws).lines} == {""}
    sandbox_aws.fault("unauthorized", match={"operation": "bill"})
    with pytest.raises(BillRefused):
        aws.bill(this_month())
    sandbox_aws.fault("down", match={"operation": "bill"}, count=None)
    with pytest.raises(ProviderDown):
        aws.bill(this_month())
    sandbox_aws.clear_faults()
    assert "r-faults" in {line.reservation_id for line in bill_of(aws).lines}


def test_the_simulated_cost_explorer_refuses_what_amazon_refuses(sandbox_aws: Sandbox) -> None:
    explorer = client(sandbox_aws, "ce")
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    span = {"Start": f"{tomorrow:%Y-%m-%d}", "End": f"{tomorrow + timedelta(days=1):%Y-%m-%d}"}
    with pytest.raises(ClientError, match="ValidationException"):
        explorer.get_cost_and_usage(TimePeriod=span, Granularity="DAILY", Metrics=["UnblendedCost"])
    today = {"Start": f"{this_month():%Y-%m-%d}", "End": f"{tomorrow:%Y-%m-%d}"}
    with pytest.raises(ClientError, match="InvalidNextToken"):
        explorer.get_cost_and_usage(
            TimePeriod=today, Granularity="DAILY", Metrics=["UnblendedCost"], NextPageToken="made up"
        )
    total = explorer.get_cost_and_usage(TimePeriod=today, Granularity="MONTHLY", Metrics=["UnblendedCost"])
    assert float(total["ResultsByTime"][0]["Total"]["UnblendedCost"]["Amount"]) >= 0


def test_the_simulated_invoice_has_each_droplet_also_those_that_are_gone(
    sandbox_digitalocean: Sandbox, api: Api
) -> None:
    made = api.create("etl-node-1", size="s-1vcpu-1gb")
    api.wait_until_free(made["id"])
    api.ask("DELETE", f"/droplets/{made['id']}")
    wait_for(lambda: api.ask("GET", f"/droplets/{made['id']}").status_code == 404)
    bill = bill_of(opened(sandbox_digitalocean, "digitalocean"))
    (line,) = [line for line in bill.lines if line.machine_id == str(made["id"])]
    assert (line.kind, line.cost_usd) == (MACHINE, 0.01), "a cent at least"
    assert line.name.startswith("etl-node-1")
    assert not bill.is_final


def test_a_token_without_the_scope_is_told_from_one_that_is_wrong(sandbox_digitalocean: Sandbox) -> None:
    cloud = opened(sandbox_digitalocean, "digitalocean")
    sandbox_digitalocean.fault("unauthorized", match={"operation": "bill"})
    with pytest.raises(BillRefused):
        cloud.bill(this_month())
    sandbox_digitalocean.fault("rate_limit", match={"operation": "bill"}, retry_after=60)
    with pytest.raises(RateLimited):
        cloud.bill(this_month())


def test_a_cloud_whose_bill_is_not_read_has_none_and_is_not_asked() -> None:
    provider = open_provider("vultr", secret({"token": "made-up"}), endpoint="http://127.0.0.1:1", installation="inst")
    assert provider.bill(this_month()) is None
