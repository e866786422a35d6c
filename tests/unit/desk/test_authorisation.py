"""Authorisation: every public method of the Desk, for every role, with one's own, shared and foreign things."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pytest

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.errors import CloudDeskError
from clouddesk.topics import Topics
from tests.unit.desk.matrix import PEOPLE, Row, Scene, Who, set_up
from tests.unit.desk.ways import FOR_EVERYBODY, WITHIN, rows

ROWS = rows()
ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = ("actions", "connectors", "clouddesk/commands", "clouddesk/local")
"""What stands before the Desk."""


@pytest.mark.parametrize("name", ROWS)
async def test_everybody_gets_exactly_what_is_theirs(name: str) -> None:
    row, wrong = ROWS[name], []
    scene = await set_up(row)
    before = scene.things()
    for who in PEOPLE:
        if scene.things() != before:
            # What an allowed call changed is no place to try the next.
            scene = await set_up(row)
            before = scene.things()
        if why := await wrong_with(row, who, replace(scene, actor=who.actor)):
            wrong.append(f"{who}: {why}")
    assert not wrong, f"{name} is wrong for {len(wrong)} of {len(PEOPLE)}"


async def wrong_with(row: Row, who: Who, scene: Scene) -> str:
    """What one cell of the matrix shows that it should not; "" when all is well."""
    before, wanted = scene.things(), row.refusal(who)
    try:
        found = await row.call(scene)
    except CloudDeskError as error:
        if wanted is None or type(error) is not wanted:
            return f"{type(error).__name__} ({error}) instead of {wanted.__name__ if wanted else 'leave'}"
        return "" if scene.things() == before else "it was refused, and something was changed all the same"
    if wanted is not None:
        return f"allowed instead of {wanted.__name__}"
    shown = row.shows(who) if row.shows else None
    return "" if shown is None or found == shown else f"{found} instead of {shown}"


def test_no_public_method_of_the_desk_is_left_out() -> None:
    methods = {
        f"{topic}.{name}"
        for topic, part in topics().items()
        for name, _ in inspect.getmembers(part, inspect.isfunction)
        if not name.startswith("_") and name not in getattr(part, "__dataclass_fields__", ())
    }
    known = {name.partition(":")[0] for name in ROWS} | FOR_EVERYBODY | WITHIN
    assert methods - known == set(), "give each a row in ways.py"
    assert known - methods == set(), "these are no more"


def test_who_takes_an_actor_is_tried_with_every_role() -> None:
    parts = topics()
    for name in FOR_EVERYBODY | WITHIN:
        topic, _, method = name.partition(".")
        takes = inspect.signature(getattr(parts[topic], method)).parameters
        assert not any(item.annotation in (Actor, "Actor") for item in takes.values()), name


def test_what_authorises_nobody_is_called_from_behind_the_desk_only() -> None:
    calls = "|".join(re.escape(name) for name in WITHIN - HARMLESS)
    said = re.compile(rf"\bdesk\.(?:{calls})\(")
    texts = {path: path.read_text() for folder in OUTSIDE for path in (ROOT / folder).rglob("*.py")}
    assert len(texts) > 100
    assert [str(path) for path, text in texts.items() if said.search(text)] == []


HARMLESS = {"accounts.no_price", "absences.owners"}
"""A price list at the command line, which is nobody's; whose status the gateway looks at, which it tells nobody."""


def test_the_matrix_is_as_large_as_it_is_said_to_be() -> None:
    assert len(ROWS) * len(PEOPLE) >= 3_700


def topics() -> dict[str, type]:
    """The Desk and its topics, by the name that they have there."""
    found: dict[str, type] = {"desk": Desk}
    for name, member in vars(Topics).items():
        if isinstance(member, cached_property) and not name.startswith("_"):
            found[name] = typing.get_type_hints(member.func)["return"]
    for item in dataclasses.fields(Desk):
        kind = typing.get_type_hints(Desk)[item.name]
        # Its own work rather than a port, which asks nobody who they are.
        is_own = inspect.isclass(kind) and re.fullmatch(r"clouddesk\.\w+", kind.__module__) is not None
        if is_own and not getattr(kind, "_is_protocol", False) and kind.__module__ != "clouddesk.limits":
            found[item.name] = kind
    return found
