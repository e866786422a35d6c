"""Linode (Akamai Cloud)."""

from __future__ import annotations

from clouddesk.model.errors import NoCapacity, ProviderDown, QuotaExceeded
from clouddesk.providers.spec import CredentialField, ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

LINODE = ProviderSpec(
    name="linode",
    title="Linode",
    cloud="clouddesk.providers.linode:LinodeCloud",
    credential_fields=(
        CredentialField(
            "token",
            "API token",
            "A personal access token: read and write for Linodes, Firewalls, VPCs and Volumes, read for Account and"
            " Events, nothing else.",
        ),
    ),
    images={
        "ubuntu-20.04": ImageQuery("linode/ubuntu20.04", "root"),
        "ubuntu-22.04": ImageQuery("linode/ubuntu22.04", "root"),
        "ubuntu-24.04": ImageQuery("linode/ubuntu24.04", "root"),
        "debian-11": ImageQuery("linode/debian11", "root"),
        "debian-12": ImageQuery("linode/debian12", "root"),
        "debian-13": ImageQuery("linode/debian13", "root"),
        "rocky-8": ImageQuery("linode/rocky8", "root"),
        "rocky-9": ImageQuery("linode/rocky9", "root"),
        "almalinux-8": ImageQuery("linode/almalinux8", "root"),
        "almalinux-9": ImageQuery("linode/almalinux9", "root"),
        "centos-stream-9": ImageQuery("linode/centos-stream9", "root"),
        "fedora-42": ImageQuery("linode/fedora42", "root"),
    },
    default_versions={
        **DEFAULT_VERSIONS,
        "centos": "centos-stream-9",
        "centos-9": "centos-stream-9",
        "fedora": "fedora-42",
    },
    bills_stopped_machines=True,
    is_live_priced=True,
    # Lists: 200 a minute. Making Linodes has a limit of its own, 20 in 15 seconds, which its Retry-After tells.
    requests_per_second=2.5,
    request_burst=50,
    access_url="https://cloud.linode.com/profile/tokens",
    has_one_limit=True,
    errors=(
        ErrorPattern(r"account limit|limit (has been )?reached|maximum number of", QuotaExceeded),
        ErrorPattern(
            r"(insufficient|not enough|no available|sufficient) (capacity|resources)|sold out|no capacity", NoCapacity
        ),
        ErrorPattern(r"linode busy|please try again|is (currently )?busy|^408 ", ProviderDown),
    ),
)
