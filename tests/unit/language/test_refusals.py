"""What a sentence rules out."""

from __future__ import annotations

import pytest

from clouddesk.language.refusals import refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not on aws please", {"provider": ("aws",)}),
        ("anything but aws or digitalocean", {"provider": ("aws", "digitalocean")}),
        ("neither amazon nor google", {"provider": ("aws", "gcp")}),
        ("never amazon for us", {"provider": ("aws",)}),
        ("aws is out", {"provider": ("aws",)}),
        ("no do", {"provider": ("digitalocean",)}),
        ("debian instead of ubuntu", {"os": ("ubuntu",)}),
        ("anywhere but us-east-1", {"region": ("us-east-1",)}),
        ("not t3.medium", {"size_name": ("t3.medium",)}),
        ("I don’t need a GPU", {"gpu": ("any",)}),
        ("not kafka, spark", {"software": ("kafka",)}),
    ],
)
def test_a_refused_value_is_found_by_its_kind(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert refused(text) == expected


@pytest.mark.parametrize("text", ["on aws", "no, digitalocean", "do it", "not do that", "no i meant aws", "5"])
def test_what_is_wanted_is_not_refused(text: str) -> None:
    assert refused(text) == {}
