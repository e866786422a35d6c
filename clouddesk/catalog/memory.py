"""The catalogue: all known offers in memory, searched as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from clouddesk.catalog.ec2 import LEAST_PRICE_USD, BundledEc2
from clouddesk.catalog.regions import Place, Regions
from clouddesk.model.offer import HOURS_PER_MONTH, LARGEST_DISK_GB, Offer, Requirements

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_FIRST_REGIONS = ("us-east-1", "nyc1", "nyc3", "nyc2")  # of equal prices, where most people's things are
_GPU_NAMES = {"a10": "a10g"}  # as people say → as the cloud calls it


def load_catalog(cache: Path | None = None) -> MemoryCatalog:
    """The catalogue with EC2's bundled offers, read at the first query; ``cache``: a folder that quickens the next."""
    return MemoryCatalog(cache)


class MemoryCatalog:
    """Implements ``clouddesk.model.ports.Catalog``. Safe to use from several threads."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._places = Regions.load()
        self._offers: dict[str, tuple[Offer, ...]] = {}
        self._only_by_name: dict[str, frozenset[str]] = {}
        self._columns: _Columns | None = None
        self._lock = Lock()

    def replace(self, provider: str, offers: Iterable[Offer], *, only_by_name: Iterable[str] = ()) -> None:
        """Put all offers of a provider in place of those before. ``only_by_name``: sizes never chosen unasked."""
        with self._lock:
            self._offers[provider] = tuple(offers)
            self._only_by_name[provider] = frozenset(only_by_name)
            self._columns = None

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        """What fits, cheapest whole machine first. Raises UnknownRegion."""
        columns = self._read()
        return columns.cheapest(columns.fitting(requirements), requirements.storage_gb, limit)

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        """The closest that exist: with one wish dropped, or the nearest machines in size. Raises UnknownRegion."""
        columns = self._read()
        found: list[Offer] = []
        for drop in _DROPS:
            wider = drop(requirements)
            if wider != requirements:
                found += columns.cheapest(columns.fitting(wider), wider.storage_gb, 1)
        found = found or columns.closest(requirements, limit)
        unique = list(dict.fromkeys(found))
        unique.sort(key=lambda offer: offer.machine_hourly_price_usd(requirements.storage_gb) or inf)
        return unique[:limit]

    def regions(self, provider: str) -> list[str]:
        """The provider's own region names."""
        return list(self._places.names.get(provider, ()))

    def _read(self) -> _Columns:
        with self._lock:
            if self._columns is None:
                if "aws" not in self._offers:
                    bundled = BundledEc2.load(self._cache)
                    self._offers["aws"], self._only_by_name["aws"] = bundled.offers, bundled.only_by_name
                self._columns = _Columns(self._offers, self._only_by_name, self._places)
            return self._columns


# Each gives up one wish. Sizes are not among them: a machine of another size is judged by how near it comes.
_DROPS: tuple[Callable[[Requirements], Requirements], ...] = (
    lambda wish: replace(wish, max_hourly_price_usd=None),
    lambda wish: replace(wish, spot=False),
    lambda wish: replace(wish, region=None),
    lambda wish: replace(wish, excluded_regions=(), excluded_sizes=()),
    lambda wish: replace(wish, providers=()),
    lambda wish: replace(wish, gpu_types=(), gpu_count=max(1, wish.gpu_count)) if wish.gpu_types else wish,
    lambda wish: replace(wish, size_names=()),
)


class _Columns:
    """Offers as one array per property; made once for each set of offers."""

    def __init__(
        self, offers: dict[str, tuple[Offer, ...]], only_by_name: dict[str, frozenset[str]], places: Regions
    ) -> None:
        self._places = places
        # Sorted so that a stable sort by price leaves equals in the order that people should see.
        self.offers: Sequence[Offer] = sorted((o for part in offers.values() for o in part), key=_rank)
        self._provider = np.array([o.provider for o in self.offers], dtype=object)
        self._size = np.array([o.size.lower() for o in self.offers], dtype=object)
        self._place: dict[Place, list[int]] = {}
        for index, offer in enumerate(self.offers):
            self._place.setdefault((offer.provider, offer.region), []).append(index)
        self._vcpus = self._numbers(lambda o: o.vcpus)
        self._memory_gb = self._numbers(lambda o: o.memory_gb)
        self._disk_gb = self._numbers(lambda o: o.disk_gb)
        self._gpus = self._numbers(lambda o: o.gpus)
        self._gpu_type = np.array([o.gpu_type or "" for o in self.offers], dtype=object)
        self._architecture = np.array([o.architecture for o in self.offers], dtype=object)
        self._spot = np.array([o.spot for o in self.offers], dtype=bool)
        self._price = self._numbers(_known_price)
        self._disk_price = self._numbers(lambda o: o.disk_price_usd_gb_month)
        self._by_name = np.array([o.size in only_by_name.get(o.provider, ()) for o in self.offers], dtype=bool)
        self._usual = self._in(places.usual())

    def cheapest(self, fits: Mask, storage_gb: float, limit: int) -> list[Offer]:
        """The cheapest of those marked."""
        indices = np.flatnonzero(fits)
        totals = np.round(self.totals(storage_gb)[indices], 7)
        return [self.offers[indices[i]] for i in np.argsort(totals, kind="stable")[:limit]]

    def totals(self, storage_gb: float) -> Numbers:
        """Price per hour of each machine with its disk; not a number when unknown."""
        further: Numbers = np.maximum(0.0, storage_gb - self._disk_gb)
        price = np.where(further > LARGEST_DISK_GB, np.nan, self._disk_price)
        return np.where(further > 0, self._price + further * price / HOURS_PER_MONTH, self._price)

    def fitting(self, wish: Requirements) -> Mask:
        """Which offers meet all wishes and have a price. Raises UnknownRegion."""
        totals = self.totals(wish.storage_gb)
        fits = self._eligible(wish) & ~np.isnan(totals)
        fits &= (self._vcpus >= wish.vcpus) & (self._memory_gb >= wish.memory_gb)
        if wish.max_hourly_price_usd is not None:
            fits &= np.nan_to_num(totals, nan=np.inf) <= wish.max_hourly_price_usd + 1e-9
        return fits

    def closest(self, wish: Requirements, limit: int) -> list[Offer]:
        """Known prices only, by how much of the wished vcpus, memory and disk a machine gives; then by price."""
        for drop in (lambda wish: wish, *_DROPS):
            eligible = self._eligible(drop(wish)) & ~np.isnan(self._price)
            indices = np.flatnonzero(eligible)
            if len(indices):
                break
        else:
            return []
        score = np.ones(len(indices))
        for wanted, has in ((wish.vcpus, self._vcpus), (wish.memory_gb, self._memory_gb)):
            score *= np.minimum(1.0, has[indices] / max(wanted, 0.01))
        has_disk = np.where(np.isnan(self._disk_price), self._disk_gb, LARGEST_DISK_GB)[indices]
        score *= np.minimum(1.0, has_disk / max(wish.storage_gb, 0.01))
        order = np.lexsort((self._price[indices], -np.round(score, 3)))
        # One of a size is enough: the same machine in five regions tells nobody more.
        sizes: dict[str, Offer] = {}
        for i in order:
            offer = self.offers[indices[i]]
            sizes.setdefault(offer.size, offer)
            if len(sizes) == limit:
                break
        return list(sizes.values())

    def _eligible(self, wish: Requirements) -> Mask:
        """Wishes that are met or not, whatever the machine's size and price."""
        fits: Mask = self._in(self._places.resolve(wish.region, wish.providers)) if wish.region else self._usual.copy()
        if wish.providers:
            fits &= np.isin(self._provider, wish.providers)
        if wish.size_names:
            fits &= np.isin(self._size, [name.lower() for name in wish.size_names])
        else:
            fits &= ~self._by_name & (self._architecture == wish.architecture)
        for words in wish.excluded_regions:
            fits &= ~self._in(self._places.known(words))
        if wish.excluded_sizes:
            fits &= ~np.isin(self._size, [name.lower() for name in wish.excluded_sizes])
        if wish.gpu_types:
            fits &= np.isin(self._gpu_type, [_GPU_NAMES.get(name, name) for name in wish.gpu_types])
        if wish.gpu_count or wish.gpu_types:
            fits &= self._gpus >= max(1, wish.gpu_count)
        fits &= self._spot == wish.spot
        return fits

    def _in(self, places: Iterable[Place]) -> Mask:
        mask = np.zeros(len(self.offers), dtype=bool)
        for place in places:
            mask[self._place.get(place, [])] = True
        return mask

    def _numbers(self, of: Callable[[Offer], float | None]) -> Numbers:
        return np.array([np.nan if (value := of(o)) is None else value for o in self.offers], dtype=np.float64)


def _known_price(offer: Offer) -> float | None:
    """A price so low that it can only be a hole in somebody's data counts as unknown."""
    price = offer.hourly_price_usd
    return price if price is not None and price >= LEAST_PRICE_USD else None


def _rank(offer: Offer) -> tuple[int, str, str, str]:
    first = _FIRST_REGIONS.index(offer.region) if offer.region in _FIRST_REGIONS else len(_FIRST_REGIONS)
    return first, offer.provider, offer.size, offer.region
