"""How many machines a sentence makes of those that there are."""

from __future__ import annotations

import pytest

from clouddesk.language.scaling import Change, change_said


@pytest.mark.parametrize(
    ("text", "number", "change"),
    [
        ("add 2 nodes to my spark cluster", 2, Change(by=2)),
        ("add a node to etl", None, Change(by=1)),
        ("put one more worker into it", 1, Change(by=1)),
        ("another worker for spark-1 please", None, Change(by=1)),
        ("it needs +3 nodes", 3, Change(by=3)),
        ("four extra machines for the ray one", 4, Change(by=4)),
        ("scale it to 5", 5, Change(to=5)),
        ("scale etl-2 up to six nodes", 6, Change(to=6)),
        ("resize spark-1: 7 nodes", 7, Change(to=7)),
        ("make it 4", 4, Change(to=4)),
        ("from 3 to 9 please", 9, Change(to=9)),
        ("spark-1 -> 10", 10, Change(to=10)),
        ("more workers please, ten altogether", 10, Change(to=10)),
        ("one died so we are down to 5, add 1", 1, Change(by=1)),
        ("drop it to 2", 2, Change(to=2)),
        ("fewer workers, 3 is enough", 3, Change(to=3)),
        ("double it", None, Change(times=2)),
        ("half of the workers is enough now", None, Change(times=0.5)),
        ("double it, that is 6 nodes", 6, Change(to=6)),
        ("make it smaller by 2", 2, Change(by=-2)),
        ("grow it by three", 3, Change(by=3)),
        ("drop one worker", 1, Change(by=-1)),
        ("drop a worker", None, Change(by=-1)),
        ("remove 2 of the nodes", 2, Change(by=-2)),
        ("take two workers off spark-1", 2, Change(by=-2)),
        ("4 nodes fewer on it", 4, Change(by=-4)),
        ("add two nodes to the 5-node cluster", 2, Change(by=2)),
        ("keep 3 workers and drop the rest", 3, Change(to=3)),
        ("remove workers so that 2 remain", 2, Change(to=2)),
        ("grow etl 2 nodes", 2, Change(by=2)),
        ("scale etl up 2 nodes", 2, Change(by=2)),
        ("scale it up 2x", 2, Change(times=2)),
        ("make it 3 times as big", 3, Change(times=3)),
        ("make my cluster bigger", None, None),
        ("shrink spark-1", None, None),
    ],
)
def test_a_sentence_says_what_becomes_of_the_number(text: str, number: int | None, change: Change | None) -> None:
    assert change_said(text, number) == change


@pytest.mark.parametrize(
    ("change", "count"), [(Change(to=5), 5), (Change(by=2), 6), (Change(by=-1), 3), (Change(times=0.5), 2)]
)
def test_a_change_makes_a_number_of_a_number(change: Change, count: int) -> None:
    assert change.of(4) == count
