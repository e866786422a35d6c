"""Whose a droplet is can be read back from its flat tag, whatever the owner is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.providers.digitalocean import _owner, _owner_tag

NAMES = st.text(min_size=1, max_size=30).filter(lambda name: "/" not in name)


@given(NAMES, NAMES)
def test_an_owner_is_read_back_as_it_was_written(workspace: str, user: str) -> None:
    kind, _, value = _owner_tag(f"{workspace}/{user}").partition(":")
    assert kind == "clouddesk-owner"
    assert re.fullmatch(r"[A-Za-z0-9:_-]+", value), "DigitalOcean takes nothing else in a tag"
    assert _owner(value) == f"{workspace}/{user}"


@pytest.mark.parametrize("value", ["", "T1_U1", "ann", "T1:U_", "a b:c"])
def test_a_tag_that_is_not_one_of_ours_tells_no_owner(value: str) -> None:
    assert _owner(value) == ""
