"""What the contract of all providers needs to know of each of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.contract.gcp_api import key_of_nobody


@dataclass(frozen=True)
class Facts:
    """One provider on its simulated cloud."""

    region: str
    size: str
    """A small one that there is in the region."""
    login: str
    """Who logs in to ``os``."""
    wrong: dict[str, str]
    """Credential fields that nobody has."""
    has_prices: bool = True
    """Whether its API tells them."""
    needs_volumes: bool = False
    """Whether it has sizes without a disk of their own, whose machines start from a volume."""
    far: str = ""
    """Another region that has the size."""
    os: str = "ubuntu-22.04"
    """A system that its machines can be had with."""
    costs_nothing: bool = False
    """It is one's own machine, which asks for no key either."""
    lists_broken: bool = True
    """Whether a machine that could not start is still listed; else the cloud ends it by itself."""


CASES = {
    "aws": Facts(
        region="eu-central-1",
        size="t3.micro",
        login="ubuntu",
        wrong={"access_key_id": "AKIANOBODYKNOWSTHIS0"},
        far="us-west-2",
        has_prices=False,
        lists_broken=False,
    ),
    "azure": Facts(
        region="westeurope",
        size="Standard_B1s",
        login="azureuser",
        wrong={"client_secret": "nobody~has~this"},
        far="westus2",
        has_prices=False,
    ),
    "digitalocean": Facts(
        region="fra1",
        size="s-1vcpu-1gb",
        login="root",
        wrong={"token": "dop_v1_nobody"},
        far="nyc3",
    ),
    "docker": Facts(
        region="local",
        size="1cpu-1gb",
        login="debian",
        wrong={},
        os="debian-12",
        costs_nothing=True,
    ),
    "gcp": Facts(
        region="europe-west3",
        size="e2-small",
        login="ubuntu",
        wrong={"service_account_key": key_of_nobody()},
        far="us-west1",
        has_prices=False,
    ),
    "linode": Facts(
        region="eu-central",
        size="g6-nanode-1",
        login="root",
        wrong={"token": "nobody"},
        far="us-sea",
    ),
    "openstack": Facts(
        region="Fra1",
        size="m1.small",
        login="ubuntu",
        wrong={"application_credential_secret": "nobody-has-this"},
        needs_volumes=True,
        far="Sto2",
    ),
    "vultr": Facts(
        region="fra",
        size="vc2-1c-1gb",
        login="root",
        wrong={"token": "NOBODY"},
        far="sea",
    ),
}
