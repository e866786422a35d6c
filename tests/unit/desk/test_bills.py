"""A cloud's bill beside what was counted: the same sums to the cent, or a difference with its reason."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from clouddesk import bill_words
from clouddesk.costs import TEAM, BillWish, bill_rows, bills_as_csv, months_of
from clouddesk.model.actor import ADMIN, MEMBER, Actor
from clouddesk.model.bill import (
    ADDRESS,
    DISK,
    IDLE_ADDRESS,
    LATE,
    MACHINE,
    MISSING,
    NO_API,
    NOT_ISSUED,
    OTHER,
    ROUNDED,
    STRANGERS,
    TRAFFIC,
    UNTAGGED,
    Bill,
    BillComparison,
    BillLine,
    BillReport,
    Whose,
    compare,
    month_of,
    next_month,
)
from clouddesk.model.costs import CostAccount
from clouddesk.model.errors import BillRefused, Denied, Invalid
from clouddesk.model.meter import Reading
from clouddesk.model.reservation import ENDED
from clouddesk.providers import ec2_bill
from clouddesk.providers.table import title_of
from clouddesk.sandbox.aws_cost_explorer import get_cost_and_usage
from clouddesk.sandbox.aws_lives import Life
from tests.builders import a_reservation
from tests.conversation.memory import MemoryDesk
from tests.conversation.memory_clock import START

OCTOBER = month_of("2026-10")
NOVEMBER = month_of("2026-11")
NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
NOBODYS = Whose({}, {})
BLANK = BillComparison("aws", "1234", OCTOBER)


def account(id_: str, usd: float, owner: str = "ann", provider: str = "aws", **fields: Any) -> CostAccount:
    """Of ten hours in the middle of October."""
    begin = OCTOBER + timedelta(days=14)
    end = begin + timedelta(hours=10)
    view = a_reservation(
        id=id_,
        name=f"name-of-{id_}",
        owner=owner,
        provider=provider,
        state=ENDED,
        created_at=begin,
        ended_at=end,
        accrued_usd=usd,
        accrued_at=end,
        readings=(Reading(begin, 0.0), Reading(end, usd)),
        **fields,
    )
    return CostAccount.of(view)


def bill(*lines: BillLine, **fields: Any) -> Bill:
    return Bill(OCTOBER, NOVEMBER, lines, **{"has_tags": True, **fields})


def told(item: BillComparison) -> str:
    return "\n".join([bill_words.headline(item, title_of), *bill_words.reasons(item, title_of)])


def codes(item: BillComparison) -> list[str]:
    return [reason.code for reason in item.reasons]


def test_what_is_the_same_to_the_cent_is_said_to_be() -> None:
    found = compare(BLANK, bill(BillLine(MACHINE, 4.001, "r-1")), [account("r-1", 4.0)], NOBODYS, now=NOW)
    assert (found.billed_usd, found.counted_usd, found.is_same, codes(found)) == (4.001, 4.0, True, [])
    assert told(found) == "AWS, October 2026: $4.00 on its bill, and the same counted here."


@pytest.mark.parametrize(("billed", "more"), [(0.0009, "±$0"), (0.0046, "±$0"), (0.0056, "+$0.0052"), (4.4, "+$4.40")])
def test_the_table_says_the_same_wherever_the_sentence_does(billed: float, more: str) -> None:
    found = compare(BLANK, bill(BillLine(MACHINE, billed, "r-1")), [account("r-1", 0.0004)], NOBODYS, now=NOW)
    assert [row[2] for row in bill_words.rows(found)] == [more]
    assert ("the same" in told(found)) == (more == "±$0")


def test_a_difference_is_told_in_dollars_and_percent_by_reservation_and_with_its_reasons() -> None:
    lines = [
        BillLine(MACHINE, 5.0, "r-1", hours=10.0),
        BillLine(DISK, 0.5, "r-1"),
        BillLine(MACHINE, 2.0, "r-2", hours=10.0),
        BillLine(MACHINE, 7.0, "r-strange", hours=5.0),
        BillLine(TRAFFIC, 1.25, "r-1"),
        BillLine(IDLE_ADDRESS, 3.6),
        BillLine(OTHER, 0.4),
    ]
    found = compare(BLANK, bill(*lines), [account("r-1", 5.0), account("r-2", 2.5)], NOBODYS, now=NOW)
    assert (found.billed_usd, found.counted_usd) == (7.5, 7.5)
    assert {line.id: (line.counted_usd, line.billed_usd) for line in found.lines} == {
        "r-1": (5.0, 5.5),
        "r-2": (2.5, 2.0),
    }
    assert found.total_usd == pytest.approx(19.75)
    assert {reason.code: reason.cost_usd for reason in found.reasons} == {
        STRANGERS: 7.0,
        TRAFFIC: 1.25,
        IDLE_ADDRESS: pytest.approx(3.6),
        OTHER: 0.4,
    }
    more = compare(BLANK, bill(*lines), [account("r-1", 5.0)], NOBODYS, now=NOW)
    assert codes(more)[0] == ROUNDED
    assert "$0.50 more on the bill (+10.0%)" in told(more)
    assert bill_words.rows(more) == [("name-of-r-1", "$5.50", "+$0.50")]


def test_addresses_that_the_bill_charges_without_a_tag_go_with_the_machines_that_ran() -> None:
    lines = [
        BillLine(MACHINE, 4.0, "r-1", hours=8.0),
        BillLine(MACHINE, 9.0, "", hours=2.0),
        BillLine(ADDRESS, 0.05, hours=10.0),
    ]
    found = compare(BLANK, bill(*lines), [account("r-1", 4.04)], NOBODYS, now=NOW)
    assert found.billed_usd == pytest.approx(4.04)
    assert found.is_same
    strangers = found.reason(STRANGERS)
    assert strangers is not None
    assert strangers.cost_usd == pytest.approx(9.01)


def test_a_bill_without_tags_is_compared_as_a_whole_and_says_what_to_do() -> None:
    lines = [BillLine(MACHINE, 6.0, hours=9.0), BillLine(DISK, 1.0), BillLine(TRAFFIC, 2.0)]
    found = compare(BLANK, bill(*lines), [account("r-1", 5.0)], NOBODYS, now=NOW)
    assert (found.billed_usd, found.total_usd) == (7.0, 9.0)
    assert [line.billed_usd for line in found.lines] == [None]
    assert UNTAGGED in codes(found)
    assert STRANGERS not in codes(found)
    assert "Cost allocation tags" in told(found)
    assert bill_words.rows(found) == []


def test_what_is_not_on_the_bill_is_unknown_and_never_zero() -> None:
    found = compare(
        BLANK,
        bill(BillLine(MACHINE, 5.0, "r-1"), is_final=False),
        [account("r-1", 5.0), account("r-2", 2.0)],
        NOBODYS,
        now=NOW,
    )
    assert {line.id: line.billed_usd for line in found.lines} == {"r-1": 5.0, "r-2": None}
    assert codes(found)[:2] == [LATE, MISSING]
    assert ("name-of-r-2", "?", "?") in bill_words.rows(found)
    empty = compare(BLANK, bill(is_final=False), [account("r-1", 5.0)], NOBODYS, now=NOW)
    assert (empty.billed_usd, empty.difference_usd) == (None, None)
    assert "nothing of it on AWS's bill yet" in told(empty)


def test_nothing_on_either_side_is_said_without_a_sum() -> None:
    found = compare(BLANK, bill(BillLine(MACHINE, 9.0)), [], NOBODYS, now=NOW)
    assert "nothing of mine on its bill, and nothing counted here" in told(found)
    assert "$9.00 is for machines" in told(found)


def test_only_the_days_that_the_bill_covers_are_counted() -> None:
    half = bill(BillLine(MACHINE, 2.0, "r-1"))
    half = replace(half, until=OCTOBER + timedelta(days=14, hours=5), is_final=False)
    found = compare(BLANK, half, [account("r-1", 4.0)], NOBODYS, now=NOW)
    assert found.counted_usd == pytest.approx(2.0)
    assert "(up to 15 October)" in told(found)


def test_machines_are_matched_by_their_id_and_what_was_given_back_before_by_its_name() -> None:
    whose = Whose({"7": "r-1"}, {"etl": "r-1", "etl-web": "r-2"})
    lines = [
        BillLine(MACHINE, 3.0, machine_id="7", name="whatever (s-1vcpu-1gb)"),
        BillLine(MACHINE, 1.0, machine_id="8", name="etl-web-node-1 (s-1vcpu-1gb)"),
        BillLine(MACHINE, 0.5, machine_id="9", name="etl-node-3 (s-1vcpu-1gb)"),
        BillLine(MACHINE, 9.0, machine_id="10", name="etlx (s-1vcpu-1gb)"),
    ]
    known = [account("r-1", 3.5, provider="digitalocean"), account("r-2", 1.0, provider="digitalocean")]
    found = compare(BLANK, bill(*lines, has_tags=False), known, whose, now=NOW)
    assert {line.id: line.billed_usd for line in found.lines} == {"r-1": 3.5, "r-2": 1.0}
    assert codes(found) == [STRANGERS]


def test_no_invoice_is_no_invoice_of_nothing() -> None:
    found = compare(BLANK, bill(is_issued=False), [account("r-1", 5.0)], NOBODYS, now=NOW)
    assert (found.problem, found.billed_usd) == (NOT_ISSUED, None)
    assert "no invoice for that month" in told(found)


@pytest.mark.parametrize("problem", [NO_API, NOT_ISSUED, BillRefused.code, "credentials_rejected", "provider_down"])
def test_every_reason_for_having_no_bill_is_a_sentence_without_a_sum(problem: str) -> None:
    said = told(replace(BLANK, problem=problem))
    assert problem not in said
    assert "$" not in said


def test_a_months_lives_are_charged_by_amazon_as_they_are_counted_here() -> None:
    """Amazon's own arithmetic over the machines' lives, and the meter's over the same times, to the cent."""
    begin = (OCTOBER + timedelta(days=3)).timestamp()
    day, box, disk, address = 86400.0, 0.096, 0.08, 0.005
    tags = {"clouddesk-reservation": "r-1", "clouddesk-installation": "inst"}
    runs = [[begin + number * day, begin + number * day + 9 * 3600.0] for number in range(5)]
    lives = [
        Life(
            f"i-{number}",
            "us-east-1",
            "m5.large",
            begin,
            False,
            begin + 5 * day,
            list(runs),
            tags,
            [{"gb": 50.0, "tags": tags}],
        )
        for number in range(3)
    ]
    lives.append(Life("i-other", "us-east-1", "m5.large", begin, False, begin + day, [[begin, begin + day]], {}, []))
    readings, cost = [Reading(datetime.fromtimestamp(begin, timezone.utc), 0.0)], 0.0
    for start, end in runs:
        cost += 3 * 9 * (box + address + 50 * disk / 730)
        readings.append(Reading(datetime.fromtimestamp(end, timezone.utc), cost))
        cost += 3 * 15 * 50 * disk / 730
        readings.append(Reading(datetime.fromtimestamp(start + day, timezone.utc), cost))
    counted = replace(account("r-1", 1.0), points=tuple((item.at.timestamp(), item.cost_usd, 0.0) for item in readings))

    class Explorer:
        def get_cost_and_usage(self, **question: Any) -> dict[str, Any]:
            return get_cost_and_usage(question, lives, now=NOW.timestamp())

    found = compare(BLANK, ec2_bill.bill(Explorer(), OCTOBER, now=NOW, pause=lambda: None), [counted], NOBODYS, now=NOW)
    hours = 3 * 5 * 24 * 50 * disk
    assert found.counted_usd == pytest.approx(cost)
    assert found.billed_usd is not None
    # The only difference is the month of 744 hours that Amazon divides the disks' price by.
    assert found.billed_usd - hours / 744 == pytest.approx(found.counted_usd - hours / 730, abs=1e-6)
    assert abs(found.difference_usd or 9) < 0.05
    assert codes(found) == [ROUNDED, STRANGERS]
    strangers = found.reason(STRANGERS)
    assert strangers is not None
    assert strangers.cost_usd == pytest.approx(24 * (box + address))


# --- at the Desk ------------------------------------------------------------------------------------------------------

ANN = Actor("local", "ann")
BOSS = Actor("local", "root", roles=(MEMBER, ADMIN))


@pytest.fixture
async def world() -> MemoryDesk:
    world = MemoryDesk()
    for actor in (ANN, BOSS):
        await world.desk.welcome(actor)
    return world


async def test_one_asks_about_ones_own_accounts_and_admins_about_all(world: MemoryDesk) -> None:
    with pytest.raises(Denied):
        await world.desk.costs.compare_bills(ANN, BillWish(("2026-03",), whose=TEAM))
    assert world.bills.asked == []
    await world.desk.costs.compare_bills(ANN, BillWish(("2026-03",)))
    await world.desk.costs.compare_bills(BOSS, BillWish(("2026-03",), ("aws",), TEAM), conversation="c")
    own, team = world.bills.asked
    assert (own.asked_by, own.is_team, own.providers) == ("ann", False, ())
    assert (team.is_team, team.providers, world.bills.conversations) == (True, ("aws",), ["", "c"])


@pytest.mark.parametrize("months", [(), tuple(f"2026-{number:02}" for number in range(1, 9))])
async def test_no_month_and_too_many_are_refused_before_anybody_is_asked(
    world: MemoryDesk, months: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid):
        await world.desk.costs.compare_bills(ANN, BillWish(months))
    assert world.bills.asked == []


def test_a_period_is_of_the_months_that_it_has_where_it_was_said() -> None:
    zone = timezone(timedelta(hours=2))
    begin, end = datetime(2026, 10, 1, tzinfo=zone), datetime(2026, 11, 1, tzinfo=zone)
    assert months_of(begin, end) == ("2026-10",), "though it began on 30 September by UTC"
    assert months_of(begin - timedelta(days=300), begin - timedelta(days=270)) == ("2025-12", "2026-01")
    assert months_of(begin, begin + timedelta(days=40)) == ("2026-10", "2026-11")
    assert next_month(month_of("2026-12")) == month_of("2027-01")


def test_a_file_has_both_sums_and_leaves_empty_what_is_not_known() -> None:
    found = compare(
        BLANK, bill(BillLine(MACHINE, 5.0, "r-1")), [account("r-1", 4.0), account("r-2", 2.0)], NOBODYS, now=NOW
    )
    refused = replace(BLANK, provider="digitalocean", problem=BillRefused.code)
    report = BillReport((found, refused))
    assert [row["bill_usd"] for row in bill_rows(report)] == [5.0, None, None]
    lines = list(csv.DictReader(io.StringIO(bills_as_csv(report))))
    assert [(line["name"], line["cost_usd"], line["bill_usd"], line["difference_usd"]) for line in lines] == [
        ("name-of-r-1", "4.0", "5.0", "1.0"),
        ("name-of-r-2", "2.0", "", ""),
        ("", "", "", ""),
    ]
    assert lines[2]["note"] == BillRefused.code


def test_months_begin_with_the_clock_of_the_tests() -> None:
    assert month_of(f"{START:%Y-%m}") <= START < next_month(month_of(f"{START:%Y-%m}"))
