"""The providers' table, and what is refused before any call is made."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from clouddesk.fallbacks import archived_hourly_price_usd
from clouddesk.model.credentials import Secret
from clouddesk.model.errors import Invalid
from clouddesk.providers import LIVE_PRICED, PROVIDERS, open_provider, providers_with_os
from clouddesk.providers.spec import ProviderSpec

TOKEN = {"token": Secret("dop_v1_x")}


@pytest.mark.parametrize(
    ("provider", "said", "system"),
    [
        ("aws", "ubuntu", "ubuntu-22.04"),
        ("aws", "Ubuntu-24.04", "ubuntu-24.04"),
        ("aws", "ubuntu-20", "ubuntu-20.04"),
        ("aws", "amazon-linux", "amazon-linux-2023"),
        ("aws", "rocky", "rocky-9"),
        ("digitalocean", "debian", "debian-12"),
        ("digitalocean", "centos", "centos-stream-9"),
        ("digitalocean", "rocky-9.4", "rocky-9"),
        ("linode", "ubuntu", "ubuntu-22.04"),
        ("vultr", "fedora", "fedora-42"),
    ],
)
def test_a_system_is_found_by_family_or_version(provider: str, said: str, system: str) -> None:
    assert PROVIDERS[provider].system(said) == system


@pytest.mark.parametrize("said", ["windows-server-2022", "ubuntu-14.04", "debian-1", "amazon-linux", "", "rhel-9"])
def test_an_unknown_system_is_refused_with_the_list(said: str) -> None:
    with pytest.raises(Invalid, match=r"There are: ubuntu-20\.04, ubuntu-22\.04"):
        PROVIDERS["digitalocean"].system(said)


@pytest.mark.parametrize(
    ("os", "providers", "left"),
    [
        ("ubuntu", ["digitalocean", "aws"], ("digitalocean", "aws")),
        ("fedora", ["aws", "digitalocean"], ("digitalocean",)),
        ("amazon-linux", ["aws", "digitalocean"], ("aws",)),
        ("debian-12", ["aws"], ("aws",)),
        ("debian-12", ["aws", "nimbus"], ("aws",)),
        ("debian-12", [], ()),
    ],
)
def test_providers_that_have_a_system_are_told_apart(os: str, providers: list[str], left: tuple[str, ...]) -> None:
    assert providers_with_os(os, providers) == left


def test_system_that_no_provider_has_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(Invalid, match=r"No image of windows on aws or digitalocean\..*amazon-linux-2023.*fedora-42"):
        providers_with_os("windows", ["aws", "digitalocean"])
    with pytest.raises(Invalid, match=r"No image of amazon-linux on digitalocean\."):
        providers_with_os("amazon-linux", ["digitalocean"])


def test_every_default_version_exists() -> None:
    for spec in PROVIDERS.values():
        assert set(spec.default_versions.values()) <= set(spec.images)


def test_every_provider_but_ones_own_machine_has_a_secret_in_its_form() -> None:
    without = [name for name, spec in PROVIDERS.items() if not any(item.is_secret for item in spec.credential_fields)]
    assert without == ["docker"]
    assert {"digitalocean", "linode", "vultr"} <= set(LIVE_PRICED)
    assert not {"aws", "gcp"} & set(LIVE_PRICED)


def test_an_unknown_provider_and_an_empty_field_are_refused() -> None:
    with pytest.raises(Invalid, match=r"There are: aws, .*digitalocean"):
        open_provider("nimbus", TOKEN, endpoint=None, installation="i")
    with pytest.raises(Invalid, match="Secret access key"):
        open_provider("aws", {"access_key_id": Secret("AKIA")}, endpoint=None, installation="i")
    with pytest.raises(Invalid, match="API token"):
        open_provider("digitalocean", {"token": Secret("  ")}, endpoint=None, installation="i")


def test_without_an_installation_nothing_is_opened() -> None:
    with pytest.raises(Invalid, match="installation"):
        open_provider("digitalocean", TOKEN, endpoint=None, installation="")


def test_opening_needs_no_network_and_no_other_clouds_library() -> None:
    program = (
        "import sys; from clouddesk.model.credentials import Secret; from clouddesk.providers import open_provider;"
        "open_provider('digitalocean', {'token': Secret('x')}, endpoint=None, installation='i');"
        "sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("spec", PROVIDERS.values(), ids=PROVIDERS)
def test_a_cloud_can_change_its_firewalls_exactly_where_the_table_says_so(spec: ProviderSpec) -> None:
    module, _, name = spec.cloud.partition(":")
    assert hasattr(getattr(import_module(module), name), "let_in") == spec.opens_later


@pytest.mark.parametrize(
    ("provider", "region", "price"),
    [
        ("aws", "us-east-1", 0.05),
        ("aws", "ap-southeast-2", 0.055),
        ("aws", "sa-east-1", 0.068),
        ("digitalocean", "nyc1", 0.06),
        ("vultr", "ewr", 0.05),
        ("linode", "us-east", None),
    ],
)
def test_an_image_costs_what_is_known_of_its_region_else_the_most_it_can(
    provider: str, region: str, price: float | None
) -> None:
    assert PROVIDERS[provider].image_price_usd(region) == price
    hourly = archived_hourly_price_usd(provider, region, disk_gb=73.0)
    assert hourly == (None if price is None else pytest.approx(price / 10))


@pytest.mark.parametrize("spec", PROVIDERS.values(), ids=PROVIDERS)
def test_no_region_is_dearer_than_the_most_that_an_image_costs(spec: ProviderSpec) -> None:
    most = spec.image_usd_gb_month or 0.0
    assert all(0 < price <= most for price in spec.image_usd_gb_month_by_region.values())


@pytest.mark.parametrize("spec", PROVIDERS.values(), ids=PROVIDERS)
def test_a_cloud_keeps_images_exactly_where_the_table_has_a_price_of_them(spec: ProviderSpec) -> None:
    module, _, name = spec.cloud.partition(":")
    is_kept = all(hasattr(getattr(import_module(module), name), what) for what in ("images", "keep_image"))
    assert is_kept == (spec.image_usd_gb_month is not None)
