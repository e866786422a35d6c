"""How the bundled price lists are compiled, and that the files are what comes of it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from scripts.prices.__main__ import LISTS
from scripts.prices.ec2 import mend
from scripts.prices.sheet import PRICES


def test_mending_fills_holes_and_takes_surcharges_off_but_leaves_rounding() -> None:
    raw = {"x1.small": {"r": 0.0}, "x1.large": {"r": 0.0442}, "x1.medium": {"r": 0.0201}, "x1.xlarge": {"r": 0.08}}
    factors: dict[str, float | None] = {"x1.small": 1, "x1.medium": 2, "x1.large": 4, "x1.xlarge": 8}
    assert mend(raw, factors) == {
        "x1.small": {"r": 0.01},
        "x1.medium": {"r": 0.0201},
        "x1.large": {"r": 0.04},
        "x1.xlarge": {"r": 0.08},
    }


def test_without_a_factor_a_price_stays_and_a_hole_is_unknown() -> None:
    assert mend({"y1.a": {"r": 1.5, "s": 0.0}}, {"y1.a": None}) == {"y1.a": {"r": 1.5}}


@pytest.mark.parametrize("module", dict.fromkeys(LISTS.values()))
def test_every_bundled_list_is_what_its_script_writes(module: str, tmp_path: Path) -> None:
    for sheet in import_module(f"scripts.prices.{module}").sheets():
        sheet.write(tmp_path)
        written, bundled = (folder.joinpath(f"{sheet.name}.csv").read_text() for folder in (tmp_path, PRICES))
        assert written == bundled, f"what {sheet.name}.csv is compiled from has changed: python -m scripts.prices"
