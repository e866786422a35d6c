"""OpenStack: whichever cloud has a Keystone, Nova, Neutron and Glance."""

from __future__ import annotations

from clouddesk.model.errors import CredentialsRejected, NoCapacity, ProviderDown, QuotaExceeded, RateLimited
from clouddesk.providers.spec import CredentialField, ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

OPENSTACK = ProviderSpec(
    name="openstack",
    title="OpenStack",
    cloud="clouddesk.providers.openstack:OpenStackCloud",
    credential_fields=(
        CredentialField(
            "auth_url",
            "Auth URL",
            "Keystone's address, as https://keystone.example.com:5000/v3; `openstack catalog show identity` tells it.",
            is_secret=False,
        ),
        CredentialField(
            "application_credential_id",
            "Application credential ID",
            "Of `openstack application credential create --role member clouddesk`: the role member in one project is"
            " all that is used.",
            is_secret=False,
        ),
        CredentialField(
            "application_credential_secret",
            "Application credential secret",
            "What the same command shows once.",
        ),
    ),
    # A pattern is the system, its version and its code names, as images' names and properties tell them.
    images={
        "ubuntu-20.04": ImageQuery("ubuntu 20.04 focal fossa", "ubuntu"),
        "ubuntu-22.04": ImageQuery("ubuntu 22.04 jammy jellyfish", "ubuntu"),
        "ubuntu-24.04": ImageQuery("ubuntu 24.04 noble numbat", "ubuntu"),
        "debian-11": ImageQuery("debian 11 bullseye", "debian"),
        "debian-12": ImageQuery("debian 12 bookworm", "debian"),
        "debian-13": ImageQuery("debian 13 trixie", "debian"),
        "rocky-8": ImageQuery("rocky 8 linux", "rocky"),
        "rocky-9": ImageQuery("rocky 9 linux", "rocky"),
        "almalinux-8": ImageQuery("almalinux 8 linux", "almalinux"),
        "almalinux-9": ImageQuery("almalinux 9 linux", "almalinux"),
        "centos-stream-9": ImageQuery("centos 9 stream", "cloud-user"),
    },
    default_versions={**DEFAULT_VERSIONS, "centos": "centos-stream-9", "centos-9": "centos-stream-9"},
    # The hosts go on holding a machine that is shut off, and public OpenStack clouds bill it.
    bills_stopped_machines=True,
    # OpenStack knows no prices, and the team says none of images: they count as part of the flavors'.
    image_usd_gb_month=0.0,
    # Further disk is a volume, of which Nova makes a snapshot: the volume, and its price, would outlive the machine.
    keeps_further_disk=False,
    # Which flavors there are is told by the cloud only; their prices, by the team.
    is_live_priced=True,
    # OpenStack itself has no limit; clouds put one before it, of which the lowest that is published is 20 a second.
    requests_per_second=10.0,
    request_burst=40,
    access_url="https://docs.openstack.org/keystone/latest/user/application_credentials.html",
    errors=(
        # Of machines, addresses, volumes; Cinder says it with the status that others say for too many requests.
        ErrorPattern(r"quota|\bOverQuota\b|limit exceeded for|maximum number of (instances|ports)", QuotaExceeded),
        ErrorPattern(r"^(413|429|498)\b", RateLimited),
        ErrorPattern(
            r"no valid host|not enough hosts|no more IP addresses|IpAddress\w*(Exhausted|Failure)"
            r"|NoMoreIps|insufficient (compute|resources)",
            NoCapacity,
        ),
        ErrorPattern(r"^40[034] Could not find (application credential|user|project)", CredentialsRejected),
        # A machine between two states; ports and groups that something is just letting go.
        ErrorPattern(r"^409 .*(while it is in|conflict|in use|pending|concurrently)", ProviderDown),
    ),
)
