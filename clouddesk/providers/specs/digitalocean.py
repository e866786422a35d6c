"""DigitalOcean."""

from __future__ import annotations

from clouddesk.providers.spec import CredentialField, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

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
        **DEFAULT_VERSIONS,
        "centos": "centos-stream-9",
        "centos-9": "centos-stream-9",
        "fedora": "fedora-42",
    },
    bills_stopped_machines=True,
    opens_later=True,
    # docs.digitalocean.com/products/images/snapshots/details/pricing, 2026-11: the same in all regions.
    image_usd_gb_month=0.06,
    is_live_priced=True,
    # 250 a minute and 5,000 an hour for a token: 150 + 60 x 1.33 is within the one, 150 + 3,600 x 1.33 in the other.
    requests_per_second=1.33,
    request_burst=150,
    access_url="https://cloud.digitalocean.com/account/api/tokens",
    has_one_limit=True,
)
