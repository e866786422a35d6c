"""Region words → the providers' own names."""

from __future__ import annotations

import pytest

from clouddesk.catalog import Regions
from clouddesk.model.errors import UnknownRegion

EUROPE = {
    "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "ams2", "ams3", "lon1", "fra1",
}  # fmt: skip


def names(said: str, *providers: str) -> set[str]:
    return {name for _, name in Regions.load().resolve(said, providers)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("us-east-1", {"us-east-1"}),
        ("US-East-1", {"us-east-1"}),
        ("us-east-1a", {"us-east-1"}),
        ("fra1", {"fra1"}),
        ("frankfurt", {"eu-central-1", "fra1"}),
        ("EU (Frankfurt)", {"eu-central-1", "fra1"}),
        ("frankfurt, germany", {"eu-central-1", "fra1"}),
        ("frankfrut", {"eu-central-1", "fra1"}),
        ("germany", {"eu-central-1", "fra1"}),
        ("mumbai", {"ap-south-1"}),
        ("mubmai", {"ap-south-1"}),
        ("india", {"ap-south-1", "blr1"}),
        ("nyc", {"nyc1", "nyc2", "nyc3"}),
        ("london", {"eu-west-2", "lon1"}),
        ("uk", {"eu-west-2", "lon1"}),
        ("us west", {"us-west-1", "us-west-2", "sfo1", "sfo2", "sfo3"}),
        ("the west coast", {"us-west-1", "us-west-2", "sfo1", "sfo2", "sfo3"}),
        ("europe", EUROPE),
        ("eu", EUROPE),
        ("somewhere in europe", EUROPE),
        ("são paulo", {"sa-east-1"}),
        ("singapore", {"ap-southeast-1", "sgp1"}),
        ("tokio", {"ap-northeast-1"}),
        ("zurich", {"eu-central-2"}),
        ("cape town", {"af-south-1"}),
        ("africa", {"af-south-1"}),
    ],
)
def test_words_mean_the_regions_that_people_expect(said: str, expected: set[str]) -> None:
    assert names(said, "aws", "digitalocean") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("frankfurt", {"europe-west3"}),
        ("europe-west3-a", {"europe-west3"}),
        ("us west", {"us-west1", "us-west2", "us-west3", "us-west4"}),
        ("belgium", {"europe-west1"}),
        ("sao paulo", {"southamerica-east1"}),
        ("saudi arabia", {"me-central2"}),
        ("the middle east", {"me-west1", "me-central1"}),
    ],
)
def test_words_mean_google_clouds_regions(said: str, expected: set[str]) -> None:
    assert names(said, "gcp") == expected


def test_only_the_providers_that_are_asked_about_count() -> None:
    assert names("frankfurt", "digitalocean") == {"fra1"}
    with pytest.raises(UnknownRegion):
        names("us-east-1", "digitalocean")


@pytest.mark.parametrize(
    "said", ["narnia", "us-east-9", "nyc9", "europe-west7", "the moon", "give me something", "??", "42"]
)
def test_what_no_provider_has_is_unknown_and_others_are_proposed(said: str) -> None:
    with pytest.raises(UnknownRegion) as caught:
        names(said)
    assert 3 <= len(caught.value.known) <= 6


def test_the_nearest_names_are_proposed_first() -> None:
    with pytest.raises(UnknownRegion) as caught:
        names("us-east-9")
    assert caught.value.known[0] in {"us-east-1", "us-east-2"}


def test_anywhere_means_every_region_that_needs_no_switching_on() -> None:
    assert {"us-east-1", "fra1"} <= names("anywhere")
    assert "af-south-1" not in names("anywhere")
