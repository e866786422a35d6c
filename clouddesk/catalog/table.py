"""Offers as columns: one array per property, so that 150,000 of them take megabytes and are compared at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clouddesk.model.offer import ARM64, LEAST_PRICE_USD, OWN_MACHINE, X86_64, Offer, OwnCloud

TEAM_SOURCE = "your team's price list"
"""Where prices are from that no cloud tells."""

Place = tuple[str, str]
"""Provider and its region."""
Origin = tuple[str, datetime]
"""Where a price is from, and of when."""
Column = NDArray[Any]

_TYPES: dict[str, type] = {
    "place": np.int32,
    "size": np.int32,
    "gpu_type": np.int16,
    "origin": np.int32,
    "vcpus": np.float64,
    "memory_gb": np.float64,
    "disk_gb": np.float64,
    "price": np.float64,
    "disk_price": np.float64,
    "address_price": np.float64,
    "gpus": np.int16,
    "is_spot": np.bool_,
    "is_arm": np.bool_,
    "address_stays": np.bool_,
    "disk_doubles": np.bool_,
    "is_special": np.bool_,
}
"""The first four are numbers of entries in the table's lists; an unknown price is not a number."""


@dataclass(frozen=True)
class OfferTable:
    """Many offers; an ``Offer`` is only made of those that somebody sees."""

    places: tuple[Place, ...]
    sizes: tuple[str, ...]
    gpu_types: tuple[str | None, ...]
    origins: tuple[Origin, ...]
    columns: dict[str, Column]

    def __len__(self) -> int:
        return len(self.columns["place"])

    @classmethod
    def of(cls, offers: Iterable[Offer], only_by_name: Iterable[str] = ()) -> OfferTable:
        """``only_by_name``: sizes that are never chosen unasked."""
        special = frozenset(only_by_name)
        codes: tuple[dict[Any, int], ...] = ({}, {}, {}, {})
        rows = []
        for offer in offers:
            price, is_free = offer.hourly_price_usd, offer.provider == OWN_MACHINE
            keys = (offer.provider, offer.region), offer.size, offer.gpu_type, (offer.source, offer.as_of)
            rows.append(
                (
                    *(known.setdefault(key, len(known)) for known, key in zip(codes, keys, strict=True)),
                    *(offer.vcpus, offer.memory_gb, offer.disk_gb),
                    np.nan if price is None or (price < LEAST_PRICE_USD and not is_free) else price,
                    np.nan if offer.disk_price_usd_gb_month is None else offer.disk_price_usd_gb_month,
                    *(offer.address_hourly_price_usd, offer.gpus, offer.spot, offer.architecture == ARM64),
                    *(offer.address_stays, offer.disk_doubles, offer.size in special),
                )
            )
        values = list(zip(*rows, strict=True)) or [()] * len(_TYPES)
        columns = columns_of(dict(zip(_TYPES, values, strict=True)))
        places, sizes, gpu_types, origins = (tuple(known) for known in codes)
        return cls(places, sizes, gpu_types, origins, columns)

    @classmethod
    def joined(cls, tables: Sequence[OfferTable]) -> OfferTable:
        """All of them in one; a table of none when there are none."""
        if not tables:
            return cls.of(())
        lists: dict[str, Any] = {}
        columns: dict[str, Column] = {}
        for name in _TYPES:
            parts = [table.columns[name] for table in tables]
            if entries := _LISTS.get(name):
                known: dict[Any, int] = {}
                maps = [[known.setdefault(key, len(known)) for key in getattr(table, entries)] for table in tables]
                parts = [
                    np.array(code or [0], dtype=_TYPES[name])[part] for code, part in zip(maps, parts, strict=True)
                ]
                lists[entries] = tuple(known)
            columns[name] = np.concatenate(parts)
        return cls(columns=columns, **lists)

    def taken(self, which: Column) -> OfferTable:
        """Those that are marked, or those with these numbers in this order."""
        columns = {name: column[which] for name, column in self.columns.items()}
        return OfferTable(self.places, self.sizes, self.gpu_types, self.origins, columns)

    def priced_by(self, own: OwnCloud) -> OfferTable:
        """At the team's prices, whatever the cloud tells."""
        by_size = np.array([own.hourly_prices_usd.get(size, np.nan) for size in self.sizes], dtype=np.float64)
        disk = np.nan if own.disk_price_usd_gb_month is None else own.disk_price_usd_gb_month
        prices = {
            "price": by_size[self.columns["size"]],
            "disk_price": np.full(len(self), disk, dtype=np.float64),
        }
        origins = tuple((TEAM_SOURCE, as_of) for _, as_of in self.origins)
        return replace(self, origins=origins, columns={**self.columns, **prices})

    @property
    def unpriced_sizes(self) -> frozenset[str]:
        """Those that are never offered, as nobody knows their price."""
        codes = set(self.columns["size"][np.isnan(self.columns["price"])].tolist())
        return frozenset(self.sizes[code] for code in codes)

    def offer(self, index: int) -> Offer:
        """One of them."""
        row = {name: column[index].item() for name, column in self.columns.items()}
        provider, region = self.places[row["place"]]
        source, as_of = self.origins[row["origin"]]
        return Offer(
            provider=provider,
            region=region,
            size=self.sizes[row["size"]],
            vcpus=int(row["vcpus"]),
            memory_gb=row["memory_gb"],
            disk_gb=row["disk_gb"],
            hourly_price_usd=_known(row["price"]),
            source=source,
            as_of=as_of,
            gpus=row["gpus"],
            gpu_type=self.gpu_types[row["gpu_type"]],
            spot=row["is_spot"],
            architecture=ARM64 if row["is_arm"] else X86_64,
            disk_price_usd_gb_month=_known(row["disk_price"]),
            address_hourly_price_usd=row["address_price"],
            address_stays=row["address_stays"],
            disk_doubles=row["disk_doubles"],
        )

    def __iter__(self) -> Iterator[Offer]:
        return (self.offer(index) for index in range(len(self)))


def columns_of(values: Mapping[str, Sequence[Any]]) -> dict[str, Column]:
    """Each column in its own type. Raises KeyError when one is missing."""
    return {name: np.array(values[name], dtype=type_) for name, type_ in _TYPES.items()}


_LISTS = {"place": "places", "size": "sizes", "gpu_type": "gpu_types", "origin": "origins"}


def _known(price: float) -> float | None:
    return None if np.isnan(price) else price
