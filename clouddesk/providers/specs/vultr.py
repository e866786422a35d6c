"""Vultr."""

from __future__ import annotations

from clouddesk.model.errors import NoCapacity, ProviderDown, QuotaExceeded
from clouddesk.providers.spec import CredentialField, ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

VULTR = ProviderSpec(
    name="vultr",
    title="Vultr",
    cloud="clouddesk.providers.vultr:VultrCloud",
    credential_fields=(
        CredentialField(
            "token",
            "API key",
            "Best of a user with the permission to manage servers only; this computer's address must be on the"
            " key's access control list.",
        ),
    ),
    # The beginnings of names in the list of operating systems.
    images={
        "ubuntu-20.04": ImageQuery("Ubuntu 20.04", "root"),
        "ubuntu-22.04": ImageQuery("Ubuntu 22.04", "root"),
        "ubuntu-24.04": ImageQuery("Ubuntu 24.04", "root"),
        "debian-11": ImageQuery("Debian 11", "root"),
        "debian-12": ImageQuery("Debian 12", "root"),
        "debian-13": ImageQuery("Debian 13", "root"),
        "rocky-8": ImageQuery("Rocky Linux 8", "root"),
        "rocky-9": ImageQuery("Rocky Linux 9", "root"),
        "almalinux-8": ImageQuery("AlmaLinux 8", "root"),
        "almalinux-9": ImageQuery("AlmaLinux 9", "root"),
        "centos-stream-9": ImageQuery("CentOS 9 Stream", "root"),
        "fedora-42": ImageQuery("Fedora 42", "root"),
    },
    default_versions={
        **DEFAULT_VERSIONS,
        "centos": "centos-stream-9",
        "centos-9": "centos-stream-9",
        "fedora": "fedora-42",
    },
    bills_stopped_machines=True,
    is_live_priced=True,
    # docs.vultr.com/support/platform/billing/does-vultr-charge-for-stored-snapshots, 2026-11: the same in all regions.
    image_usd_gb_month=0.05,
    # 30 a second from one address, whoever's key it is: half of that for one account.
    requests_per_second=10.0,
    request_burst=10,
    access_url="https://my.vultr.com/settings/#settingsapi",
    has_one_limit=True,
    errors=(
        ErrorPattern(r"maximum (number of|monthly fee)|limit (has been )?reached|have the limit raised", QuotaExceeded),
        ErrorPattern(
            r"not available (in|at) (the|this) (selected|region|location)|out of stock|sold out|no capacity", NoCapacity
        ),
        ErrorPattern(r"(is|currently) locked|minutes of being created", ProviderDown),
    ),
)
