"""Amazon Web Services."""

from __future__ import annotations

from clouddesk.providers.spec import CredentialField, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

_CANONICAL, _DEBIAN, _AMAZON, _ROCKY, _ALMA = (
    "099720109477", "136693071363", "137112412989", "792107900819", "764336703387",
)  # fmt: skip


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
    default_versions={**DEFAULT_VERSIONS, "amazon-linux": "amazon-linux-2023", "amazon": "amazon-linux-2023"},
    bills_stopped_machines=False,
    opens_later=True,
    # EBS snapshots, standard tier. The dearest region counts where no source tells, so that nowhere more is billed than
    # was said; docs/prices.md names the source of each.
    image_usd_gb_month=0.068,
    image_usd_gb_month_by_region={
        "us-east-1": 0.05,
        "us-west-2": 0.05,
        "ap-northeast-1": 0.05,
        "ap-northeast-2": 0.05,
        "us-west-1": 0.055,
        "ap-southeast-2": 0.055,
    },
    is_live_priced=False,
    refines_prices=True,
    # EC2 counts each action of an account and region by itself: 100 at once and 20 a second for those that read.
    # Creating a hundred machines takes one RunInstances, a CreateTags each, and a few lists.
    requests_per_second=20.0,
    request_burst=120,
    creates_once=True,
    access_url="https://console.aws.amazon.com/iam/home#/security_credentials",
)
