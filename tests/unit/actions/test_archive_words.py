"""Which of one's machines words about archives mean, and what is left to the tasks that they sound like."""

from __future__ import annotations

from typing import Any

import pytest

from actions import archive_words, archiving
from actions.turn import Turn
from clouddesk.language.archiving import ARCHIVE, DELETE, LIST, PARK, RESTORE
from clouddesk.model.actor import Actor
from clouddesk.model.reservation import ARCHIVED, ENDED, RUNNING, STOPPED, Reservation
from tests.builders import NOW, a_reservation


def machine(name: str, state: str = RUNNING, **more: Any) -> Reservation:
    usual = {"kind": "vm", "software": None, "node_count": 1, "archived_hourly_price_usd": 0.01}
    return a_reservation(id=f"r-{name}", name=name, state=state, **{**usual, **more})


class Machines:
    """The part of the Desk that the words need."""

    def __init__(self, *items: Reservation) -> None:
        self.items = list(items)

    def clock(self) -> Any:
        return NOW

    async def reservations(
        self, actor: Actor, *, include_ended: bool = False, with_shared: bool = False
    ) -> list[Reservation]:
        found = [item for item in self.items if include_ended or item.is_live]
        return [item for item in found if with_shared or item.person == actor.person]

    async def find(self, actor: Actor, words: str | None, *, software: Any, **_: Any) -> list[Reservation]:
        return [item for item in self.items if not software or set(software) & set(item.all_software)]


def a_turn(text: str, *items: Reservation, **more: Any) -> Turn:
    first = items[0] if items else a_reservation()
    actor = Actor(first.workspace_id, first.owner, timezone="Europe/Berlin")
    desk: Any = Machines(*items)
    return Turn(desk, actor, "c", text, "out_of_scope", more.pop("entities", {}), "m-1", **more)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("archive prod", ARCHIVE),
        ("archive prdo-db", ARCHIVE),
        ("Archive my spark please", ARCHIVE),
        ("take a snapshot of prod and give the machine back", ARCHIVE),
        ("park prod", PARK),
        ("delete prod's snapshot", DELETE),
        ("what's archived?", LIST),
        ("archive slack", None),
        ("archive the slack channel", None),
        ("archive my budget", None),
        ("/archive_resource", None),
    ],
)
async def test_own_names_are_known_whatever_they_are(text: str, what: str | None) -> None:
    items = (machine("prod"), machine("prod-db"), machine("etl-1", software="spark"))
    assert await archive_words.find(a_turn(text, *items)) == what


@pytest.mark.parametrize("text", ["restore my cluster", "I need it back"])
async def test_bringing_back_is_of_archives_only_where_there_is_one(text: str) -> None:
    assert await archive_words.find(a_turn(text, machine("prod", STOPPED))) is None
    assert await archive_words.find(a_turn(text, machine("prod", ARCHIVED))) == RESTORE


@pytest.mark.parametrize("text", ["bring prod back", "get prod back", "restore prod"])
@pytest.mark.parametrize("state", [RUNNING, STOPPED, ARCHIVED, ENDED])
async def test_bringing_back_by_a_name_is_understood_however_it_stands(text: str, state: str) -> None:
    turn = a_turn(text, machine("prod", state))
    assert await archive_words.find(turn) == RESTORE
    missing = await archive_words.missing(turn)
    assert (missing.called if missing else None) == ("prod" if state == ENDED else None)


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("restore etl-7", "etl-7"),
        ("can you bring back web-12 please", "web-12"),
        ("restore prod", None),
        ("restore my backup of etl-7", None),
        ("give etl-7 back", None),
        ("bring back the old prices", None),
    ],
)
async def test_a_name_that_nothing_has_brings_back_nothing_else(text: str, called: str | None) -> None:
    missing = await archive_words.missing(a_turn(text, machine("prod", ARCHIVED)))
    assert (missing.called if missing else None) == called


async def test_it_is_what_was_given_back_last() -> None:
    items = (machine("prod"), machine("old", ENDED))
    assert await archive_words.find(a_turn("bring it back", *items, last_reservation="r-old")) == RESTORE
    assert await archive_words.find(a_turn("bring it back", *items, last_reservation="r-prod")) is None


async def test_restoring_from_a_snapshot_is_understood_where_there_is_none() -> None:
    assert await archive_words.find(a_turn("restore prod from the snapshot", machine("prod"))) == RESTORE


async def test_parking_is_stopping_where_nothing_can_be_archived() -> None:
    assert await archive_words.find(a_turn("park prod", machine("prod", archived_hourly_price_usd=None))) is None


async def test_what_was_passed_on_is_not_read_twice() -> None:
    assert await archive_words.find(a_turn("archive prod", machine("prod"), is_heard_again=True)) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("archive prod", ["prod"]),
        ("what would it cost to archive prod and test?", ["prod", "test"]),
        ("restore it", ["test"]),
        ("restore all my archived machines", ["test", "old"]),
        ("restore my spark cluster", ["old"]),
        ("take a snapshot", []),
    ],
)
async def test_which_machines_are_meant(text: str, meant: list[str]) -> None:
    items = (machine("prod"), machine("test", ARCHIVED), machine("old", ARCHIVED, kind="cluster", software="spark"))
    software = {"software": "spark"} if "spark" in text else {}
    turn = a_turn(text, *items, last_reservation="r-test", entities=software)
    assert [item.name for item in await archive_words.meant(turn)] == meant


@pytest.mark.parametrize(
    ("provider", "words"), [("aws", "it was adopted, or is older"), ("linode", "Linode keeps no images of its disks")]
)
def test_why_something_cannot_be_archived_is_its_clouds_or_its_own(provider: str, words: str) -> None:
    item = machine("prod", provider=provider, archived_hourly_price_usd=None)
    assert words in archiving._price_words(item)
    assert words in archiving._offered([item])
