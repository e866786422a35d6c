"""Our dataclasses survive the way through JSON, and what has no place there is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest

from clouddesk.adapters.codec import from_json, to_json
from clouddesk.model.credentials import Secret


@dataclass(frozen=True)
class Inner:
    name: str
    at: datetime | None = None


@dataclass(frozen=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...] = ()
    words: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    price: float | None = None
    count: int = 0
    is_so: bool = False


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)


def test_what_goes_in_comes_out():
    value = Outer(Inner("a", NOON), (Inner("ü"), Inner("c", NOON)), ["x"], {"k": "v"}, 0.25, 3, True)
    assert from_json(Outer, to_json(value)) == value
    assert from_json(Outer, to_json(Outer(Inner("a")))) == Outer(Inner("a"))


def test_a_time_of_another_zone_comes_out_as_utc():
    there = timezone(timedelta(hours=5, minutes=30))
    value = from_json(Inner, to_json(Inner("a", NOON.astimezone(there))))
    assert value.at == NOON
    assert value.at.utcoffset() == timedelta(0)


def test_keys_of_another_version_are_no_problem():
    assert from_json(Outer, '{"inner":{"name":"a","gone":1},"new":2,"price":1}') == Outer(Inner("a"), price=1.0)


@pytest.mark.parametrize("value", [Secret("made-up"), datetime(2026, 1, 1), object()])  # noqa: DTZ001 - what is tested
def test_what_has_no_place_in_redis_is_refused(value: object):
    with pytest.raises(TypeError):
        to_json(Inner("a", value))
