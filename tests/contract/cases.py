"""What the contract of all providers needs to know of each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """One provider on its simulated cloud."""

    region: str
    size: str
    """A small one that there is in the region."""
    login: str
    """Who logs in to Ubuntu."""
    wrong: dict[str, str]
    """Credential fields that nobody has."""
    has_prices: bool = True
    """Whether its API tells them."""


CASES = {
    "aws": Facts(
        region="eu-central-1",
        size="t3.micro",
        login="ubuntu",
        wrong={"access_key_id": "AKIANOBODYKNOWSTHIS0"},
        has_prices=False,
    ),
    "digitalocean": Facts(
        region="fra1",
        size="s-1vcpu-1gb",
        login="root",
        wrong={"token": "dop_v1_nobody"},
    ),
}
