"""Docker on one's own machine."""

from __future__ import annotations

from clouddesk.model.errors import NoCapacity, ProviderDown, QuotaExceeded
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.providers.spec import ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

DOCKER = ProviderSpec(
    name=OWN_MACHINE,
    title="Docker",
    cloud="clouddesk.providers.docker:DockerCloud",
    credential_fields=(),
    # Public images that ours are built from.
    images={
        "debian-12": ImageQuery("debian:bookworm", "debian"),
        "debian-13": ImageQuery("debian:trixie", "debian"),
        "ubuntu-22.04": ImageQuery("ubuntu:22.04", "ubuntu"),
        "ubuntu-24.04": ImageQuery("ubuntu:24.04", "ubuntu"),
        "rocky-9": ImageQuery("rockylinux/rockylinux:9", "rocky"),
    },
    default_versions={
        "debian": "debian-12",
        "linux": "debian-12",
        "ubuntu": DEFAULT_VERSIONS["ubuntu"],
        **{words: system for words, system in DEFAULT_VERSIONS.items() if system == "rocky-9"},
    },
    # The one that can be made without any registry.
    default_system="debian-12",
    bills_stopped_machines=False,
    is_live_priced=True,
    # On the machine's own disk.
    image_usd_gb_month=0.0,
    # It is nobody's service.
    requests_per_second=1000,
    request_burst=1000,
    errors=(
        ErrorPattern("non-overlapping|address pools", QuotaExceeded),
        ErrorPattern("no space left on device|cannot allocate memory", NoCapacity),
        # Somebody else was quicker to take a port, an address or a name: the next try takes another.
        ErrorPattern("port is already allocated|already in use|pool overlaps", ProviderDown),
    ),
)
