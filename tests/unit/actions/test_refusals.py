"""What a message rules out, in words that the grammar alone does not take for a refusal."""

from __future__ import annotations

import pytest

from actions.refusals import ruled_out


@pytest.mark.parametrize(
    "text",
    [
        "a vm anywhere except the us",
        "not in the US please",
        "anywhere but the USA",
        "somewhere outside the u.s.",
        "not in the states",
        "anywhere but America",
        "no us regions",
    ],
)
def test_the_united_states_are_ruled_out_by_all_their_names(text: str) -> None:
    assert ruled_out(text) == {"region": ("united states",)}


@pytest.mark.parametrize(
    "text", ["give us a vm", "not for us", "a vm in the us", "don't let us down", "nothing of use to us", "both of us"]
)
def test_a_pronoun_and_a_wish_rule_nothing_out(text: str) -> None:
    assert ruled_out(text) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("don't switch to digitalocean", {"provider": ("digitalocean",)}),
        ("please do not move it to frankfurt", {"region": ("frankfurt",)}),
        ("don’t change it to debian", {"os": ("debian",)}),
        ("not in South America", {"region": ("south america",)}),
        ("do not take digitalocean", {"provider": ("digitalocean",)}),
        ("don't put it in mumbai", {"region": ("mumbai",)}),
        ("switch to aws", {}),
        ("why not switch to aws", {}),
    ],
)
def test_what_is_not_to_be_changed_to_is_ruled_out(text: str, found: dict[str, tuple[str, ...]]) -> None:
    assert ruled_out(text) == found
