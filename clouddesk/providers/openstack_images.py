"""Which of a cloud's images is a system's official one: every cloud names and describes them as it likes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from clouddesk.model.offer import ARM64, X86_64

Item = dict[str, Any]

_ARCHITECTURES = {
    "x86_64": X86_64, "amd64": X86_64, "x64": X86_64, "x86": X86_64, "64": X86_64,
    "aarch64": ARM64, "arm64": ARM64, "arm": ARM64,
}  # fmt: skip
# What a name may say beside the system: that it is the cloud's usual image of it, from when, and for what hardware.
_USUAL = {
    "lts", "server", "cloud", "cloudimg", "cloudimage", "cloudinit", "image", "img", "genericcloud", "generic",
    "latest", "current", "linux", "gnu", "os", "v", "base", "official", "release", "stable", "bios", "uefi",
    "qcow2", "raw", "kvm", "virt", "std", "standard", "public", "bit",
}  # fmt: skip
_NO_DISKS = {"iso", "aki", "ari", "ami"}


def pick(images: Iterable[Item], pattern: str, architecture: str) -> Item | None:
    """The newest of those that are nothing but the system ("ubuntu 22.04 jammy"); None when there is none."""
    system, version, *names = pattern.split()
    found = [
        image
        for image in images
        if image.get("status") == "active"
        and image.get("disk_format") not in _NO_DISKS
        and _architecture(image) == architecture
        and _is_system(image, system, version, {*names})
    ]
    return max(found, key=lambda image: (str(image.get("created_at", "")), str(image["id"])), default=None)


def _is_system(image: Item, system: str, version: str, names: set[str]) -> bool:
    """By its name, which may say nothing that we do not know: "Ubuntu 22.04 with GPU drivers" is another thing."""
    words = _spaced(str(image.get("name", ""))).split()
    said_version = next((word for word in words if _is_version(word, version)), "")
    has_system = any(word in (system, f"{system}linux") for word in words)
    has_name = bool((names - {"linux", "stream"}) & {*words})
    if not has_system and not has_name:
        return False
    if not said_version and not has_name and not _has_properties(image, system, version):
        return False
    known = {system, f"{system}linux", said_version, *names} | _USUAL | set(_ARCHITECTURES)
    return all(word in known or _is_date(word) for word in words)


def _has_properties(image: Item, system: str, version: str) -> bool:
    return str(image.get("os_distro", "")).lower() == system and _is_version(str(image.get("os_version", "")), version)


def _is_version(word: str, version: str) -> bool:
    """ "9.4" is a 9, "22.04.3" a 22.04, "2204" as well."""
    return word == version or word.startswith(f"{version}.") or (len(word) > 2 and word == version.replace(".", ""))


def _is_date(word: str) -> bool:
    """ "20260901", "2026.09.01", also in parts, and numbers of builds."""
    return re.fullmatch(r"[\dv.]+", word) is not None and not re.fullmatch(r"\d\d\.\d\d(\.\d)?", word)


def _spaced(name: str) -> str:
    """Small letters, and "Ubuntu22.04" in two words; "x86_64" stays one."""
    text = name.lower().replace("x86_64", " x86 ").replace("x86-64", " x86 ")
    text = re.sub(r"\b(ubuntu|debian|rocky|rockylinux|almalinux|centos)(?=\d)", r"\1 ", text)
    # Points stay within numbers only.
    return re.sub(r"(?<!\d)\.|\.(?!\d)|[^a-z0-9.]+", " ", text).strip()


def _architecture(image: Item) -> str:
    told = str(image.get("architecture") or image.get("hw_architecture") or "").lower()
    if told:
        return _ARCHITECTURES.get(told, told)
    words = re.split(r"[^a-z0-9_]+", str(image.get("name", "")).lower())
    return ARM64 if {*words} & {"aarch64", "arm64", "arm"} else X86_64
