"""The search: offers sorted by price, looked through from the cheapest on and no further than needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clouddesk.catalog.regions import Place, Regions
from clouddesk.catalog.table import Column, OfferTable
from clouddesk.model.offer import (
    ARM64,
    HOURS_PER_MONTH,
    LARGEST_DISK_GB,
    OWN_MACHINE,
    Offer,
    Requirements,
    gpu_kinds,
)

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

FIRST_REGIONS = ("us-east-1", "nyc1", "nyc3", "nyc2", "us-central1", "eastus", "us-east", "ewr")
"""Of equal prices, where most people's things are."""
_FIRST_PART = 4096
_GROWTH = 4
"""Most questions end within the first part; the others go on in parts that grow, to take few steps over all."""
_SPOT, _ARM, _SPECIAL = 1, 2, 4
_DIGITS = 7  # of a price, beyond which two are the same
_SAME = 1e-9


class OfferIndex:
    """Answers questions over one set of offers; made once for it. Safe to use from several threads."""

    def __init__(self, table: OfferTable, regions: Regions) -> None:
        self._regions = regions
        self._table, self._rank = _sorted(table.taken(~np.isnan(table.columns["price"])))
        columns = self._table.columns
        self._base: Column = columns["price"] + columns["address_price"]
        """What a machine costs at least: with its address, without further disk."""
        self._place_codes = {place: code for code, place in enumerate(self._table.places)}
        self._sizes = np.array([size.lower() for size in self._table.sizes], dtype=object)
        # Spot or not, ARM or not, by name only or not: one number, so that it is one comparison.
        self._kind = columns["is_spot"] * _SPOT + columns["is_arm"] * _ARM + columns["is_special"] * _SPECIAL
        self._usual = self._places(regions.usual())
        self._is_cloud = np.array([name != OWN_MACHINE for name, _ in self._table.places], dtype=bool)
        self._largest = len(self._table)

    def cheapest(self, wish: Requirements, limit: int) -> list[Offer]:
        """What fits, cheapest whole machine first. Raises UnknownRegion."""
        chosen = self._choice(wish)
        preferred = self._preferred(wish.providers)
        best = np.zeros(0, dtype=np.int64)
        totals: Numbers = np.zeros(0)
        cap = np.inf if wish.max_hourly_price_usd is None else wish.max_hourly_price_usd + _SAME
        start, length = 0, _FIRST_PART
        while start < self._largest:
            part = slice(start, min(self._largest, start + length))
            found = start + np.flatnonzero(self._fits(wish, chosen, part))
            prices = self._totals(found, wish.storage_gb)
            is_good = prices <= cap  # never so for an unknown one
            best, totals = np.concatenate([best, found[is_good]]), np.concatenate([totals, prices[is_good]])
            order = np.lexsort((self._rank[best], preferred[self._table.columns["place"][best]], totals))[:limit]
            best, totals = best[order], totals[order]
            start, length = part.stop, length * _GROWTH
            dearest = totals[-1] if len(best) == limit else cap
            if start < self._largest and self._base[start] > dearest + 10**-_DIGITS:
                break
        return [self._table.offer(index) for index in best]

    def nearest(self, wish: Requirements, limit: int) -> list[Offer]:
        """The closest that exist: with one wish dropped, or the nearest machines in size. Raises UnknownRegion."""
        found: list[Offer] = []
        for drop in _DROPS:
            wider = drop(wish)
            if wider != wish:
                found += self.cheapest(wider, 1)
        unique = list(dict.fromkeys(found or self._closest(wish, limit)))
        unique.sort(key=lambda offer: _or_infinite(offer.machine_hourly_price_usd(wish.storage_gb)))
        return unique[:limit]

    def _closest(self, wish: Requirements, limit: int) -> list[Offer]:
        """By how much of the wished vcpus, memory and disk a machine gives; then by price."""
        everything = slice(0, self._largest)
        for drop in (lambda wish: wish, *_DROPS):
            chosen = self._choice(drop(wish))
            indices = np.flatnonzero(self._is_chosen(drop(wish), chosen, everything))
            if len(indices):
                break
        else:
            return []
        columns = {name: column[indices] for name, column in self._table.columns.items()}
        score = np.ones(len(indices))
        for wanted, has in ((wish.vcpus, columns["vcpus"]), (wish.memory_gb, columns["memory_gb"])):
            score *= np.minimum(1.0, has / max(wanted, 0.01))
        has_disk = np.where(np.isnan(columns["disk_price"]), columns["disk_gb"], LARGEST_DISK_GB)
        score *= np.minimum(1.0, has_disk / max(wish.storage_gb, 0.01))
        order = np.lexsort((columns["price"], -np.round(score, 3)))
        # One of a size is enough: the same machine in five regions tells nobody more.
        sizes: dict[int, int] = {}
        for i in order:
            sizes.setdefault(int(columns["size"][i]), int(indices[i]))
            if len(sizes) == limit:
                break
        return [self._table.offer(index) for index in sizes.values()]

    def _totals(self, indices: Column, storage_gb: float) -> Numbers:
        """Price per hour of each machine with its disk and address; not a number when unknown."""
        columns = self._table.columns
        further: Numbers = np.maximum(0.0, storage_gb - columns["disk_gb"][indices])
        base: Numbers = self._base[indices]
        if not further.any():
            return base.round(_DIGITS)
        with np.errstate(divide="ignore"):
            doubled = np.where(columns["disk_doubles"][indices], 2.0 ** np.ceil(np.log2(further)), further)
        price = np.where(further > LARGEST_DISK_GB, np.nan, columns["disk_price"][indices])
        whole: Numbers = np.where(further > 0, base + doubled * price / HOURS_PER_MONTH, base)
        return whole.round(_DIGITS)

    def _choice(self, wish: Requirements) -> _Choice:
        """Which entries of the table's lists are meant. Raises UnknownRegion."""
        places = self._places(self._regions.resolve(wish.region, wish.providers)) if wish.region else self._usual
        if wish.providers:
            places = places & np.array([name in wish.providers for name, _ in self._table.places], dtype=bool)
        else:
            # One's own machine costs nothing, and is no answer to what costs least.
            places = places & self._is_cloud
        for words in wish.excluded_regions:
            places = places & ~self._places(self._regions.known(words))
        sizes: Mask | None = None
        if wish.size_names:
            sizes = np.isin(self._sizes, [name.lower() for name in wish.size_names])
        if wish.excluded_sizes:
            excluded = np.isin(self._sizes, [name.lower() for name in wish.excluded_sizes])
            sizes = ~excluded if sizes is None else sizes & ~excluded
        gpu_types: Mask | None = None
        if wish.gpu_types:
            meant = gpu_kinds(wish.gpu_types)
            gpu_types = np.array([name in meant for name in self._table.gpu_types], dtype=bool)
        architecture = _ARM if wish.architecture == ARM64 else 0
        kinds = np.array(
            [
                (kind & _SPOT > 0) == wish.spot and (bool(wish.size_names) or kind & (_ARM | _SPECIAL) == architecture)
                for kind in range(_SPOT + _ARM + _SPECIAL + 1)
            ],
            dtype=bool,
        )
        return _Choice(places, kinds, sizes, gpu_types)

    def _fits(self, wish: Requirements, chosen: _Choice, part: slice) -> Mask:
        """Which machines of the part meet all wishes but those for disk and price."""
        columns = self._table.columns
        fits = self._is_chosen(wish, chosen, part)
        fits &= columns["vcpus"][part] >= wish.vcpus
        fits &= columns["memory_gb"][part] >= wish.memory_gb
        return fits

    def _is_chosen(self, wish: Requirements, chosen: _Choice, part: slice) -> Mask:
        """Wishes that are met or not, whatever the machine's size and price."""
        columns = self._table.columns
        fits: Mask = chosen.places[columns["place"][part]]
        fits &= chosen.kinds[self._kind[part]]
        if chosen.sizes is not None:
            fits &= chosen.sizes[columns["size"][part]]
        if chosen.gpu_types is not None:
            fits &= chosen.gpu_types[columns["gpu_type"][part]]
        if wish.gpu_count or wish.gpu_types:
            fits &= columns["gpus"][part] >= max(1, wish.gpu_count)
        return fits

    def _places(self, places: Iterable[Place]) -> Mask:
        mask = np.zeros(len(self._table.places), dtype=bool)
        mask[[code for place in places if (code := self._place_codes.get(place)) is not None]] = True
        return mask

    def _preferred(self, providers: Sequence[str]) -> Column:
        """By place: the provider's position among those named; of equal prices the first named is taken."""
        order = {name: position for position, name in enumerate(providers)}
        return np.array([order.get(name, 0) for name, _ in self._table.places], dtype=np.int64)


@dataclass(frozen=True)
class _Choice:
    """Marks for the entries of a table's lists; None: all."""

    places: Mask
    kinds: Mask
    sizes: Mask | None
    gpu_types: Mask | None


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


def _sorted(table: OfferTable) -> tuple[OfferTable, Column]:
    """By price with address; and each one's rank among equals, in the order that people should see."""
    columns = table.columns
    providers = _ranks([provider for provider, _ in table.places])
    regions = _ranks([region for _, region in table.places])
    first = np.array(
        [FIRST_REGIONS.index(name) if name in FIRST_REGIONS else len(FIRST_REGIONS) for _, name in table.places],
        dtype=np.int64,
    )
    place, sizes = columns["place"], _ranks(table.sizes)
    by_rank = np.lexsort((regions[place], sizes[columns["size"]], providers[place], first[place]))
    rank = np.empty(len(table), dtype=np.int64)
    rank[by_rank] = np.arange(len(table))
    order = np.argsort(columns["price"] + columns["address_price"], kind="stable")
    return table.taken(order), rank[order]


def natural(name: str) -> list[tuple[int, str]]:
    """To sort by: "2cpu-4gb" before "2cpu-16gb". No two names have the same."""
    parts = re.split(r"(\d+)", name)
    return [*((int(part), "") if part.isdecimal() else (0, part) for part in parts), (0, name)]


def _ranks(names: Sequence[str]) -> Column:
    """Each name's position in the alphabet, its numbers counted as such."""
    position = {name: rank for rank, name in enumerate(sorted(set(names), key=natural))}
    return np.array([position[name] for name in names], dtype=np.int64)


def _or_infinite(price: float | None) -> float:
    return np.inf if price is None else price
