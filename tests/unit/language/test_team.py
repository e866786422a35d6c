"""What sentences say of a whole team's machines; the sentences are in ``team.yml``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from clouddesk.language.team import TeamWish, read, says

DATA = yaml.safe_load(Path(__file__).with_name("team.yml").read_text())


@pytest.mark.parametrize("case", DATA["said"], ids=lambda case: case["text"])
def test_what_is_said_of_the_team_is_read(case):
    wanted = {key: value for key, value in case.items() if key != "text"}
    assert asdict(read(case["text"]) or TeamWish("")) == asdict(TeamWish(**wanted))


@pytest.mark.parametrize("text", DATA["others"])
def test_what_is_about_something_else_is_left_alone(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("stop all 12", True),
        ("Yes, stop all 12!", True),
        ("“stop all 12” please", False),
        ("yes", False),
        ("stop all 120", False),
        ("don't stop all 12", False),
        ("stop all", False),
    ],
)
def test_a_phrase_is_said_whole_or_not_at_all(text, is_said):
    assert says(text, "stop all 12") is is_said
