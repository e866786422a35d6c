"""The catalogue: all known offers in memory, those of the bundled lists and those that clouds told lately."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock
from types import MappingProxyType

import numpy as np

from clouddesk.catalog.bundled import bundled_prices, bundled_providers
from clouddesk.catalog.regions import Regions
from clouddesk.catalog.search import OfferIndex
from clouddesk.catalog.table import OfferTable, Place
from clouddesk.model.offer import OWN_MACHINE, Offer, PriceList, Requirements


def load_catalog(providers: Collection[str] | None = None) -> MemoryCatalog:
    """The catalogue with the bundled prices, read at the first query.

    When ``providers`` are given, the others are found only by their names.
    """
    return MemoryCatalog(providers)


class MemoryCatalog:
    """Implements ``clouddesk.model.ports.Catalog``. Safe to use from several threads."""

    def __init__(self, providers: Collection[str] | None = None) -> None:
        self._regions = Regions.load()
        self._providers = tuple(name for name in bundled_providers() if providers is None or name in providers)
        self._bundled: dict[str, OfferTable] = {}
        self._live: dict[str, OfferTable] = {}
        self._is_whole: dict[str, bool] = {}
        self._whereabouts: dict[Place, str] = {}
        self._index: OfferIndex | None = None
        self._index_of_all: OfferIndex | None = None
        """With the providers that are found only by their names: made when the first of them is asked for."""
        self._lock = Lock()

    def replace(
        self,
        provider: str,
        offers: Iterable[Offer],
        *,
        only_by_name: Iterable[str] = (),
        whereabouts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Put all offers of a provider in place of those before.

        ``only_by_name``: sizes never chosen unasked. ``whereabouts``: where regions are that no list has, in words.
        """
        self._whereabouts |= {(provider, region): words for region, words in whereabouts.items()}
        self._put(provider, _table(offers, only_by_name), is_whole=True)

    def merge(self, provider: str, offers: Iterable[Offer]) -> None:
        """Put offers in place of the bundled ones of the same region and kind (spot or not); the others stay."""
        self._put(provider, _table(offers), is_whole=False)

    def cheapest(self, requirements: Requirements, *, limit: int = 10) -> list[Offer]:
        """What fits, cheapest whole machine first. Raises UnknownRegion."""
        return self._read(requirements).cheapest(requirements, limit)

    def nearest(self, requirements: Requirements, *, limit: int = 3) -> list[Offer]:
        """The closest that exist: with one wish dropped, or the nearest machines in size. Raises UnknownRegion."""
        return self._read(requirements).nearest(requirements, limit)

    def regions(self, provider: str) -> list[str]:
        """The provider's own region names; of one without a bundled list those that it has told."""
        names = self._regions.names.get(provider, ())
        if provider in bundled_providers():
            return list(names)
        with self._lock:
            live = self._live.get(provider)
        told = {region for name, region in live.places if name == provider} if live is not None else set()
        return [*(name for name in names if name in told), *sorted(told - set(names))]

    def clouds(self) -> tuple[str, ...]:
        """The clouds that some price is known of, also those that are found only by their names."""
        with self._lock:
            live = [name for name, table in self._live.items() if len(table.unpriced_sizes) < len(table.sizes)]
        return tuple(name for name in dict.fromkeys([*bundled_providers(), *live]) if name != OWN_MACHINE)

    def lists(self) -> list[PriceList]:
        """What is known now, by provider and source."""
        with self._lock:
            known = self._known()
        return [one for provider, table in known.items() for one in _lists(provider, table)]

    def _put(self, provider: str, table: OfferTable, *, is_whole: bool) -> None:
        with self._lock:
            self._live[provider], self._is_whole[provider] = table, is_whole
            self._index = self._index_of_all = None

    def _read(self, wish: Requirements) -> OfferIndex:
        with self._lock:
            if not {*wish.providers} <= {*self._providers, *self._live}:
                if self._index_of_all is None:
                    self._index_of_all = self._indexed(self._known(*bundled_providers()))
                return self._index_of_all
            if self._index is None:
                self._index = self._indexed(self._known())
            return self._index

    def _indexed(self, known: dict[str, OfferTable]) -> OfferIndex:
        table = OfferTable.joined(list(known.values()))
        return OfferIndex(table, self._regions.with_places(table.places, self._whereabouts))

    def _known(self, *others: str) -> dict[str, OfferTable]:
        names = dict.fromkeys([*self._providers, *self._live, *others])
        return {name: self._of(name) for name in names}

    def _of(self, provider: str) -> OfferTable:
        live = self._live.get(provider)
        if live is not None and self._is_whole[provider]:
            return live
        if provider not in self._bundled:
            self._bundled[provider] = bundled_prices(provider, self._regions.names.get(provider, ()))
        bundled = self._bundled[provider]
        return bundled if live is None else _merged(bundled, live)


def _lists(provider: str, table: OfferTable) -> Iterator[PriceList]:
    priced = table.columns["origin"][~np.isnan(table.columns["price"])]
    counts = np.bincount(priced, minlength=len(table.origins)).tolist()
    sources: dict[str, tuple[datetime, int]] = {}
    for (source, as_of), count in zip(table.origins, counts, strict=True):
        oldest, number = sources.get(source, (as_of, 0))
        if count:
            sources[source] = min(oldest, as_of), number + count
    for source, (as_of, number) in sources.items():
        yield PriceList(provider, source, as_of, number)


def _table(offers: Iterable[Offer], only_by_name: Iterable[str] = ()) -> OfferTable:
    return offers if isinstance(offers, OfferTable) else OfferTable.of(offers, only_by_name)


def _merged(bundled: OfferTable, live: OfferTable) -> OfferTable:
    """The live ones, and the bundled ones of regions and kinds that they say nothing of.

    What the live list does not say, the bundled one does: that nobody gets a size unless by name, and what disks and
    addresses cost in a region.
    """
    kinds = [
        set(zip(table.columns["place"].tolist(), table.columns["is_spot"].tolist(), strict=True))
        for table in (bundled, live)
    ]
    told = {(live.places[place], is_spot) for place, is_spot in kinds[1]}
    columns = bundled.columns
    is_told = np.zeros(len(bundled), dtype=np.bool_)
    for place, is_spot in kinds[0]:
        if (bundled.places[place], is_spot) in told:
            is_told |= (columns["place"] == place) & (columns["is_spot"] == is_spot)
    special = {bundled.sizes[code] for code in set(columns["size"][columns["is_special"]].tolist())}
    disks, addresses, stay = (_by_place(bundled, name) for name in ("disk_price", "address_price", "address_stays"))
    disk = np.array([disks.get(place, np.nan) for place in live.places])[live.columns["place"]]
    address = np.array([addresses.get(place, 0.0) for place in live.places])[live.columns["place"]]
    known = {
        "is_special": np.array([size in special for size in live.sizes], dtype=np.bool_)[live.columns["size"]],
        "disk_price": np.where(np.isnan(live.columns["disk_price"]), disk, live.columns["disk_price"]),
        "address_stays": np.array([stay.get(place, 0.0) > 0 for place in live.places], dtype=np.bool_)[
            live.columns["place"]
        ],
        "address_price": np.maximum(live.columns["address_price"], address),
    }
    fuller = replace(live, columns={**live.columns, **known})
    return OfferTable.joined([fuller, bundled.taken(~is_told)])


def _by_place(table: OfferTable, name: str) -> dict[Place, float]:
    """What is the same for all sizes of a region."""
    codes, first = np.unique(table.columns["place"], return_index=True)
    return {table.places[code]: float(table.columns[name][at]) for code, at in zip(codes, first, strict=True)}
