"""The providers as data: what each is called, asks for, and offers to install. No vendor library is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from clouddesk.model.invalid import NoImage


@dataclass(frozen=True)
class CredentialField:
    """One line of a provider's credential form."""

    name: str
    label: str
    help: str
    is_secret: bool = True


@dataclass(frozen=True)
class ImageQuery:
    """Where a system's official image is found, and who logs in to a machine made of it.

    ``pattern`` is the provider's own name of the image with ``{debian}``, ``{arm}`` or ``{gnu}`` for the architecture
    as Debian, Amazon and GNU spell it.
    """

    pattern: str
    login: str
    owner: str = ""
    root_device: str = ""


@dataclass(frozen=True)
class ProviderSpec:
    """A supported cloud."""

    name: str
    title: str
    cloud: str
    """``module:class`` of what speaks its API; imported when a provider is opened."""
    credential_fields: tuple[CredentialField, ...]
    images: dict[str, ImageQuery]
    default_versions: dict[str, str]
    """System without a version → the one that is meant."""
    bills_stopped_machines: bool
    """True: a machine that is powered off costs as much as a running one."""
    is_live_priced: bool
    """True: the API tells the prices, so ``list_offers`` is the source of the catalogue."""
    requests_per_second: float
    request_burst: int
    """How fast its API lets an account ask (a token bucket): sustained, and at once after a pause."""
    access_url: str = field(default="")
    """Where people make the access that the form asks for."""

    def system(self, words: str) -> str:
        """The table's name of an operating system ("ubuntu" → "ubuntu-22.04"). Raises NoImage."""
        name = words.strip().lower().replace(" ", "-")
        name = self.default_versions.get(name, name)
        if name in self.images:
            return name
        # "ubuntu-22" and "rocky-9.4" are near enough to have one meaning.
        near = [known for known in self.images if known.startswith(f"{name}.") or name.startswith(f"{known}.")]
        if near:
            return near[0]
        raise NoImage(words, [self.name], tuple(self.images))


_CANONICAL, _DEBIAN, _AMAZON, _ROCKY, _ALMA = (
    "099720109477", "136693071363", "137112412989", "792107900819", "764336703387",
)  # fmt: skip

_DEFAULT_VERSIONS = {
    "ubuntu": "ubuntu-22.04",
    "debian": "debian-12",
    "rocky": "rocky-9",
    "rocky-linux": "rocky-9",
    "rockylinux": "rocky-9",
    "almalinux": "almalinux-9",
    "alma": "almalinux-9",
    "linux": "ubuntu-22.04",
}


def _ubuntu(code: str, version: str, disk: str) -> ImageQuery:
    pattern = f"ubuntu/images/{disk}/ubuntu-{code}-{version}-{{debian}}-server-*"
    return ImageQuery(pattern, "ubuntu", _CANONICAL, "/dev/sda1")


AWS = ProviderSpec(
    name="aws",
    title="AWS",
    cloud="clouddesk.providers.ec2:Ec2Cloud",
    credential_fields=(
        CredentialField("access_key_id", "Access key ID", "Twenty characters, begins with AKIA.", is_secret=False),
        CredentialField("secret_access_key", "Secret access key", "Shown once, when the access key is made in IAM."),
    ),
    images={
        "ubuntu-20.04": _ubuntu("focal", "20.04", "hvm-ssd"),
        "ubuntu-22.04": _ubuntu("jammy", "22.04", "hvm-ssd"),
        "ubuntu-24.04": _ubuntu("noble", "24.04", "hvm-ssd-gp3"),
        "debian-11": ImageQuery("debian-11-{debian}-*", "admin", _DEBIAN, "/dev/xvda"),
        "debian-12": ImageQuery("debian-12-{debian}-*", "admin", _DEBIAN, "/dev/xvda"),
        "debian-13": ImageQuery("debian-13-{debian}-*", "admin", _DEBIAN, "/dev/xvda"),
        "rocky-8": ImageQuery("Rocky-8-EC2-Base-8.*.{gnu}*", "rocky", _ROCKY, "/dev/sda1"),
        "rocky-9": ImageQuery("Rocky-9-EC2-Base-9.*.{gnu}*", "rocky", _ROCKY, "/dev/sda1"),
        "almalinux-9": ImageQuery("AlmaLinux OS 9.*{gnu}*", "ec2-user", _ALMA, "/dev/sda1"),
        "amazon-linux-2023": ImageQuery("al2023-ami-2023.*-{arm}", "ec2-user", _AMAZON, "/dev/xvda"),
    },
    default_versions={**_DEFAULT_VERSIONS, "amazon-linux": "amazon-linux-2023", "amazon": "amazon-linux-2023"},
    bills_stopped_machines=False,
    is_live_priced=False,
    # EC2 counts each action of an account and region by itself: 100 at once and 20 a second for those that read.
    # Creating a hundred machines takes one RunInstances, a CreateTags each, and a few lists.
    requests_per_second=20.0,
    request_burst=120,
    access_url="https://console.aws.amazon.com/iam/home#/security_credentials",
)

DIGITALOCEAN = ProviderSpec(
    name="digitalocean",
    title="DigitalOcean",
    cloud="clouddesk.providers.digitalocean:DropletCloud",
    credential_fields=(
        CredentialField("token", "API token", "Begins with dop_v1_; it needs the scopes to read and to write."),
    ),
    images={
        "ubuntu-20.04": ImageQuery("ubuntu-20-04-x64", "root"),
        "ubuntu-22.04": ImageQuery("ubuntu-22-04-x64", "root"),
        "ubuntu-24.04": ImageQuery("ubuntu-24-04-x64", "root"),
        "debian-11": ImageQuery("debian-11-x64", "root"),
        "debian-12": ImageQuery("debian-12-x64", "root"),
        "debian-13": ImageQuery("debian-13-x64", "root"),
        "rocky-8": ImageQuery("rockylinux-8-x64", "root"),
        "rocky-9": ImageQuery("rockylinux-9-x64", "root"),
        "almalinux-8": ImageQuery("almalinux-8-x64", "root"),
        "almalinux-9": ImageQuery("almalinux-9-x64", "root"),
        "centos-stream-9": ImageQuery("centos-stream-9-x64", "root"),
        "fedora-42": ImageQuery("fedora-42-x64", "root"),
    },
    default_versions={
        **_DEFAULT_VERSIONS,
        "centos": "centos-stream-9",
        "centos-9": "centos-stream-9",
        "fedora": "fedora-42",
    },
    bills_stopped_machines=True,
    is_live_priced=True,
    # 250 a minute and 5,000 an hour for a token: 150 + 60 x 1.33 is within the one, 150 + 3,600 x 1.33 in the other.
    requests_per_second=1.33,
    request_burst=150,
    access_url="https://cloud.digitalocean.com/account/api/tokens",
)

PROVIDERS = MappingProxyType({spec.name: spec for spec in (AWS, DIGITALOCEAN)})
_NOT_CONNECTED = MappingProxyType(
    {
        "azure": "Azure",
        "docker": "Docker",
        "gcp": "Google Cloud",
        "linode": "Linode",
        "openstack": "OpenStack",
        "vultr": "Vultr",
    }
)
"""Clouds that people ask for and that cannot be used yet."""
LIVE_PRICED = tuple(spec.name for spec in PROVIDERS.values() if spec.is_live_priced)


def title_of(name: str) -> str:
    """The name that people know, also of a cloud that is not connected."""
    spec = PROVIDERS.get(name)
    return spec.title if spec else _NOT_CONNECTED.get(name, name)


def providers_with_os(os: str, providers: Sequence[str]) -> tuple[str, ...]:
    """Those of the providers that have an image of the operating system, in the order given.

    Raises NoImage, with what there is instead, when there are providers and none of them has it.
    """
    specs = [PROVIDERS[name] for name in providers if name in PROVIDERS]
    if len(specs) == 1:
        specs[0].system(os)
    found = tuple(spec.name for spec in specs if _has(spec, os))
    if specs and not found:
        known = dict.fromkeys(image for spec in specs for image in spec.images)
        raise NoImage(os, [spec.name for spec in specs], tuple(known))
    return found


def _has(spec: ProviderSpec, os: str) -> bool:
    try:
        spec.system(os)
    except NoImage:
        return False
    return True
