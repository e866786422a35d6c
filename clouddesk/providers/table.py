"""The providers that there are. No vendor library is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from clouddesk.model.invalid import NoImage
from clouddesk.providers.spec import ProviderSpec
from clouddesk.providers.specs.aws import AWS
from clouddesk.providers.specs.azure import AZURE
from clouddesk.providers.specs.digitalocean import DIGITALOCEAN
from clouddesk.providers.specs.docker import DOCKER
from clouddesk.providers.specs.gcp import GCP
from clouddesk.providers.specs.linode import LINODE
from clouddesk.providers.specs.openstack import OPENSTACK
from clouddesk.providers.specs.vultr import VULTR

PROVIDERS = MappingProxyType(
    {spec.name: spec for spec in (AWS, AZURE, DIGITALOCEAN, GCP, LINODE, OPENSTACK, VULTR, DOCKER)}
)
LIVE_PRICED = tuple(spec.name for spec in PROVIDERS.values() if spec.is_live_priced)


def title_of(name: str) -> str:
    """The name that people know; the own name of one that is not supported."""
    spec = PROVIDERS.get(name)
    return spec.title if spec else name


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
