"""What words let a colleague do, and which only look like it."""

from __future__ import annotations

import pytest

from actions.sharing import granted_in
from clouddesk.model.share import EXTEND, MANAGE


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("share etl with ben, he can extend it", EXTEND),
        ("let ben extend etl", EXTEND),
        ("share it with ben and let him prolong it", EXTEND),
        ("give ben full control of etl", MANAGE),
        ("give ben control of etl", MANAGE),
        ("share etl with ben, he may stop and start it", MANAGE),
        ("share etl with ben so that she can also reboot it", MANAGE),
        ("share etl with ben to manage", MANAGE),
        ("share etl with ben, he can do everything", MANAGE),
        ("share etl with ben with admin rights", MANAGE),
    ],
)
def test_what_is_granted(text: str, granted: str) -> None:
    assert granted_in(text, ["etl", "ben"]) == granted


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("share etl with ben", ["etl", "ben"]),
        ("share admin-1 with ben", ["admin-1", "ben"]),
        ("share start-1 with ben", ["start-1", "ben"]),
        ("share extend-test with ben", ["extend-test", "ben"]),
        ("share etl and control with ben", ["etl", "control", "ben"]),
        ("share etl with admin", ["etl", "admin"]),
        ("share etl with ben so he can stop bothering me", ["etl", "ben"]),
        ("share etl with ben, he needs everything installed on it", ["etl", "ben"]),
        ("start by sharing dask-8 with noemi", ["dask-8", "noemi"]),
        ("share etl with ben but he cannot stop it", ["etl", "ben"]),
        ("share etl with ben, he must not extend it", ["etl", "ben"]),
    ],
)
def test_what_grants_nothing(text: str, names: list[str]) -> None:
    assert granted_in(text, names) is None
