"""What people mean by an operating system without a version."""

from __future__ import annotations

DEFAULT_VERSIONS = {
    "ubuntu": "ubuntu-22.04",
    "debian": "debian-12",
    "rocky": "rocky-9",
    "rocky-linux": "rocky-9",
    "rockylinux": "rocky-9",
    "almalinux": "almalinux-9",
    "alma": "almalinux-9",
    "linux": "ubuntu-22.04",
}
