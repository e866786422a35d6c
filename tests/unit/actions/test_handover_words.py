"""Which messages give a machine to another owner, and which only look like it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actions import handover_words
from actions.handover_words import ACCEPT, DECLINE, OFFER, WITHDRAW, About


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("hand over etl-1 to @ben", About(OFFER, "etl-1", "ben")),
        ("Please hand etl over to ben", About(OFFER, "etl", "ben")),
        ("hand over my cluster to ben", About(OFFER, "", "ben")),
        ("transfer the ownership of etl to ben please", About(OFFER, "etl", "ben")),
        ("make ben the owner of etl", About(OFFER, "etl", "ben")),
        ("pass it on to <@U0BEN>", About(OFFER, "", "U0BEN")),
        ("ben takes over etl from me", About(OFFER, "etl", "ben")),
        ("hand over ben's etl-1 to @carla", About(OFFER, "etl-1", "carla", "ben")),
        ("hand over <@U0BEN>'s etl-1 to <@U0CARLA|carla>", About(OFFER, "etl-1", "U0CARLA", "U0BEN")),
        ("make @carla the owner of ben's cluster", About(OFFER, "", "carla", "ben")),
        ("hand james' etl over to carla", About(OFFER, "etl", "carla", "james")),
        ("take over ben's kiln", About(ACCEPT, "kiln", whose="ben")),
        ("I'll take kiln", About(ACCEPT, "kiln")),
        ("i'll take etl", None),
        ("i'll take it", None),
        ("take over etl", About(ACCEPT, "etl")),
        ("i'll take over etl", About(ACCEPT, "etl")),
        ("accept the hand-over", About(ACCEPT, "")),
        ("I won't take over etl", About(DECLINE, "etl")),
        ("decline the handover of etl", About(DECLINE, "etl")),
        ("take back the offer of etl", About(WITHDRAW, "etl")),
        ("please take the offer of etl to ben back", About(WITHDRAW, "etl", "ben")),
        ("take back my offer", About(WITHDRAW)),
        ("don't hand over etl after all", About(WITHDRAW, "etl")),
        ("Sorry, don’t hand etl-1 over to @ben after all.", About(WITHDRAW, "etl-1", "ben")),
        ("do not hand it over any more", About(WITHDRAW)),
        ("i don't want to hand over my cluster", About(WITHDRAW)),
        ("don't transfer etl to ben", About(WITHDRAW, "etl", "ben")),
        ("cancel the hand-over of etl", About(WITHDRAW, "etl")),
        ("can you cancel the handover of etl to <@U0BEN>?", About(WITHDRAW, "etl", "U0BEN")),
        ("cancel handing etl over to ben", About(WITHDRAW, "etl", "ben")),
        ("call the hand over of etl off", About(WITHDRAW, "etl")),
        ("cancel the transfer of ben's etl to carla", About(WITHDRAW, "etl", "carla", "ben")),
        ("withdraw the hand-over", About(WITHDRAW)),
        ("withdraw the offer to ben", About(WITHDRAW, "", "ben")),
        ("cancel the offer of etl to ben", About(WITHDRAW, "etl", "ben")),
        ("I changed my mind about handing etl over", About(WITHDRAW, "etl")),
        ("actually, i've changed my mind about handing it over to ben", About(WITHDRAW, "", "ben")),
        ("changed my mind about the hand-over", About(WITHDRAW)),
        ("ben shouldn't take over etl after all", About(WITHDRAW, "etl", "ben")),
        ("cancel the offer", None),
        ("forget the offer for spark", None),
        ("take it back", None),
        ("take back etl", None),
        ("cancel it", None),
        ("i changed my mind", None),
        ("i changed my mind about etl", None),
        ("i should not take over etl", None),
        ("don't hand me a vm", None),
        ("don't share etl with ben", None),
        ("withdraw my request", None),
        ("give ben access to etl", None),
        ("give etl back", None),
        ("give etl to ben", None),
        ("accept", None),
        ("accept the offer", None),
        ("take it", None),
        ("transfer 3 tb to s3", None),
        ("hand me a vm", None),
    ],
)
def test_a_hand_over_is_read_and_nothing_else(text: str, about: About | None) -> None:
    turn = SimpleNamespace(text=text, is_button=False, left_behind=("kiln",))
    assert handover_words.find(turn) == about
