"""What a provider is as data: its name, the access it asks for, what it installs, what its errors mean.

No vendor library is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clouddesk.model.errors import ProviderError
from clouddesk.model.invalid import NoImage


@dataclass(frozen=True)
class CredentialField:
    """One line of a provider's credential form."""

    name: str
    label: str
    help: str
    is_secret: bool = True
    is_json: bool = False
    """A JSON document, which may have several lines."""


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
class ErrorPattern:
    """What one of a provider's errors means."""

    pattern: str
    """A regular expression, capitals ignored, found in "<status> <the provider's words>"."""
    error: type[ProviderError]


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
    """True: the API tells all prices, so ``list_offers`` takes the place of the bundled list."""
    requests_per_second: float
    request_burst: int
    """How fast its API lets an account ask (a token bucket): sustained, and at once after a pause."""
    refines_prices: bool = False
    """True: ``list_offers`` takes minutes, or tells only some prices: it is read in the background, and goes over the
    bundled list for the regions and kinds (spot or not) that it tells of."""
    access_url: str = field(default="")
    """Where people make the access that the form asks for."""
    creates_once: bool = False
    """True: requests make their machines once, however often they are asked (a token), so that after a failure nobody
    has to wait until lists show what was made."""
    opens_later: bool = False
    """True: what is let in from outside can be changed while machines run (``cloud.OpensLater``)."""
    image_usd_gb_month: float | None = None
    """What an image of a machine's disk costs at most (``cloud.KeepsImages``); None: no images are kept there."""
    image_usd_gb_month_by_region: Mapping[str, float] = field(default_factory=dict)
    """Where it is known to cost less."""
    keeps_further_disk: bool = True
    """False: images are kept of the disk that a machine comes with, and of no larger one."""
    has_one_limit: bool = False
    """True: how many machines an account may have is counted over all regions."""
    key_kinds: tuple[str, ...] = ("ssh-", "ecdsa-", "sk-")
    """How the lines of the SSH keys begin that it takes."""
    default_system: str = ""
    """The table's name of the system that is taken when nobody says which; empty: the product's own default."""
    errors: tuple[ErrorPattern, ...] = ()
    """What its answers mean where their status does not tell; the first that fits counts."""

    def image_price_usd(self, region: str) -> float | None:
        """Of an image there, for each GB and month; None: no images are kept."""
        if self.image_usd_gb_month is None:
            return None
        return self.image_usd_gb_month_by_region.get(region, self.image_usd_gb_month)

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
