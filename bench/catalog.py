"""How long the cheapest offers take to find: over the bundled lists, and over 150,000 offers beside brute force."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, against, percentile
from clouddesk.catalog import MemoryCatalog, Regions, load_catalog
from clouddesk.catalog.search import FIRST_REGIONS, natural
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.offer import ARM64, HOURS_PER_MONTH, LARGEST_DISK_GB, OWN_MACHINE, X86_64, Offer, Requirements
from clouddesk.model.request import ResourceRequest
from clouddesk.providers import PROVIDERS
from clouddesk.quoting import make_quote

Mask = NDArray[Any]

OFFERS = 150_000
QUERIES = 10_000
LIMIT = 10
_LOAD = """
import time
import psutil
from clouddesk.catalog import load_catalog
from clouddesk.model.offer import Requirements
before = psutil.Process().memory_info().rss
began = time.perf_counter()
catalog = load_catalog()
catalog.cheapest(Requirements())
took = time.perf_counter() - began
after = psutil.Process().memory_info().rss
print(took, (after - before) / 2**20, sum(item.offers for item in catalog.lists()))
"""


def figures() -> Iterator[Figure]:
    """Reading the lists in a fresh process; then random questions, each answered twice and compared."""
    loaded = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True).stdout.split()
    yield Figure("catalog.bundled_offers", int(loaded[2]), "offers")
    yield Figure("catalog.load", round(float(loaded[0]), 3), "s")
    yield Figure("catalog.load_memory", round(float(loaded[1]), 1), "MiB")
    yield from _quotes()
    choose = chooser(7)
    offers = made_up_offers(choose, OFFERS)
    began = time.perf_counter()
    catalog = catalog_of(offers)
    catalog.cheapest(Requirements())
    yield Figure("catalog.index_150k", round(time.perf_counter() - began, 3), "s")
    brute = BruteForce(offers)
    took, baseline, wrong = [], [], 0
    for _ in range(QUERIES):
        wish = random_wish(choose)
        began = time.perf_counter()
        found = catalog.cheapest(wish, limit=LIMIT)
        between = time.perf_counter()
        expected = brute.cheapest(wish, LIMIT)
        baseline.append((time.perf_counter() - between) * 1000)
        took.append((between - began) * 1000)
        wrong += found != expected
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        yield against(f"catalog.cheapest_150k.{name}", percentile(took, share), "ms", percentile(baseline, share))
    yield Figure("catalog.cheapest_150k.unlike_brute_force", wrong, f"of {QUERIES}")


def _quotes() -> Iterator[Figure]:
    """What a quote adds to a turn: over all bundled lists, with what it would cost on each other cloud."""
    catalog = load_catalog()
    took = []
    for vcpus, memory_gb, region in itertools.product((2, 4, 8), (4.0, 16.0), (None, "europe", "frankfurt", "us")):
        began = time.perf_counter()
        make_quote(
            Actor("bench", "ann"),
            ResourceRequest(vcpus=vcpus, memory_gb=memory_gb, region=region),
            blueprint=None,
            providers=("aws", "digitalocean"),
            others=tuple(PROVIDERS),
            catalog=catalog,
            limits=Limits(),
            now=datetime(2026, 1, 1, tzinfo=timezone.utc),
            is_simulated=False,
        )
        took.append((time.perf_counter() - began) * 1000)
    yield Figure("catalog.quote.first", round(took[0], 3), "ms")
    yield Figure("catalog.quote.p50", round(percentile(took, 0.5), 3), "ms")
    yield Figure("catalog.quote.p95", round(percentile(took, 0.95), 3), "ms")


def chooser(seed: int) -> random.Random:
    """The same choices for the same seed."""
    return random.Random(seed)


def made_up_offers(choose: random.Random, count: int) -> list[Offer]:
    """Of all providers' regions, with ties, holes, GPUs, spot, ARM, and disks that are included, sold or doubled."""
    as_of = datetime(2026, 1, 1, tzinfo=timezone.utc)
    places = [(provider, region) for provider, regions in Regions.load().names.items() for region in regions]
    places = [place for place in places if place[0] != OWN_MACHINE]
    offers = []
    for number in range(count):
        provider, region = choose.choice(places)
        vcpus = choose.choice((1, 2, 4, 8, 16, 32, 64, 96))
        memory_gb = vcpus * choose.choice((0.5, 1, 2, 4, 8))
        gpus = choose.choice((0,) * 8 + (1, 4, 8))
        price = round(vcpus * 0.02 + memory_gb * 0.003 + gpus * 0.5, 2 if choose.random() < 0.3 else 5)
        has_disk = choose.random() < 0.4
        offers.append(
            Offer(
                provider=provider,
                region=region,
                size=f"size-{number % 997}",
                vcpus=vcpus,
                memory_gb=memory_gb,
                disk_gb=choose.choice((25, 80, 320)) if has_disk else 0,
                hourly_price_usd=None if choose.random() < 0.02 else price,
                source="made up",
                as_of=as_of,
                gpus=gpus,
                gpu_type=choose.choice(("t4", "l4", "a100", "a10g", "h100")) if gpus else None,
                spot=choose.random() < 0.2,
                architecture=choose.choice((X86_64, X86_64, ARM64)),
                disk_price_usd_gb_month=None if has_disk else choose.choice((0.05, 0.08, 0.1)),
                address_hourly_price_usd=choose.choice((0, 0.005)),
                disk_doubles=choose.random() < 0.2,
            )
        )
    return offers


def catalog_of(offers: list[Offer]) -> MemoryCatalog:
    """Just these, and nothing that is bundled."""
    catalog = MemoryCatalog(providers=())
    for provider in {offer.provider for offer in offers}:
        catalog.replace(provider, [offer for offer in offers if offer.provider == provider])
    return catalog


def random_wish(choose: random.Random) -> Requirements:
    """Any combination of wishes; most are of few, as people's are."""
    wish = Requirements(vcpus=choose.choice((1, 2, 4, 8, 16, 64)), memory_gb=choose.choice((0.5, 2, 4, 16, 64, 256)))
    changes: dict[str, object] = {
        "storage_gb": choose.choice((16, 50, 200, 2000)),
        "gpu_count": choose.choice((1, 2, 8)),
        "gpu_types": choose.choice((("t4",), ("a10",), ("a100", "h100"))),
        "providers": choose.choice((("aws",), ("digitalocean",), ("digitalocean", "aws"))),
        "region": choose.choice(("europe", "us", "frankfurt", "asia", "anywhere", "singapore")),
        "spot": True,
        "architecture": ARM64,
        "max_hourly_price_usd": choose.choice((0.05, 0.2, 1.0, 5.0)),
        "size_names": tuple(f"size-{choose.randrange(997)}" for _ in range(3)),
        "excluded_regions": choose.choice((("us",), ("germany", "india"))),
        "excluded_sizes": ("size-1", "size-2"),
    }
    taken = {name: value for name, value in changes.items() if choose.random() < 0.25}
    return replace(wish, **taken)  # type: ignore[arg-type]


class BruteForce:
    """Every offer looked at for every question: one array per property, nothing sorted and nothing left out."""

    def __init__(self, offers: list[Offer]) -> None:
        self._offers = offers
        self._regions = Regions.load()
        self._order = np.array(_ranks(offers))
        self._places, self._place = _coded([(offer.provider, offer.region) for offer in offers])
        self._sizes, self._size = _coded([offer.size for offer in offers])
        self._gpu_types, self._gpu_type = _coded([offer.gpu_type for offer in offers])
        self._is_arm = np.array([offer.architecture == ARM64 for offer in offers])
        self._spot = np.array([offer.spot for offer in offers])
        self._doubles = np.array([offer.disk_doubles for offer in offers])
        self._numbers = {
            name: np.array([np.nan if getattr(offer, name) is None else getattr(offer, name) for offer in offers])
            for name in (
                *("vcpus", "memory_gb", "disk_gb", "gpus", "hourly_price_usd"),
                *("disk_price_usd_gb_month", "address_hourly_price_usd"),
            )
        }

    def cheapest(self, wish: Requirements, limit: int) -> list[Offer]:
        """The same answer, found the long way."""
        of = self._numbers
        further = np.maximum(0.0, wish.storage_gb - of["disk_gb"])
        with np.errstate(divide="ignore"):
            paid = np.where(self._doubles, 2.0 ** np.ceil(np.log2(further)), further)
        disk = np.where(further > 0, paid * of["disk_price_usd_gb_month"] / HOURS_PER_MONTH, 0.0)
        disk[further > LARGEST_DISK_GB] = np.nan
        total = np.round(of["hourly_price_usd"] + of["address_hourly_price_usd"] + disk, 7)
        fits = ~np.isnan(total) & self._is_there(wish) & (self._spot == wish.spot)
        fits &= (of["vcpus"] >= wish.vcpus) & (of["memory_gb"] >= wish.memory_gb)
        if wish.size_names:
            fits &= np.isin(self._size, [self._sizes.get(name, -1) for name in wish.size_names])
        else:
            fits &= self._is_arm == (wish.architecture == ARM64)
        if wish.excluded_sizes:
            fits &= ~np.isin(self._size, [self._sizes.get(name, -1) for name in wish.excluded_sizes])
        if wish.gpu_types:
            meant = ("a10", "a10g") if wish.gpu_types == ("a10",) else wish.gpu_types
            fits &= np.isin(self._gpu_type, [self._gpu_types.get(name, -1) for name in meant])
        if wish.gpu_types or wish.gpu_count:
            fits &= of["gpus"] >= max(1, wish.gpu_count)
        if wish.max_hourly_price_usd is not None:
            fits &= np.nan_to_num(total, nan=np.inf) <= wish.max_hourly_price_usd + 1e-9
        indices = np.flatnonzero(fits)
        preference = {name: at for at, name in enumerate(wish.providers)}
        preferred = np.array([preference.get(provider, 0) for provider, _ in self._places])[self._place[indices]]
        order = np.lexsort((self._order[indices], preferred, total[indices]))[:limit]
        return [self._offers[index] for index in indices[order]]

    def _is_there(self, wish: Requirements) -> Mask:
        places = self._regions.resolve(wish.region, wish.providers) if wish.region else self._regions.usual()
        for words in wish.excluded_regions:
            places -= self._regions.known(words)
        meant = [place for place in places if not wish.providers or place[0] in wish.providers]
        return np.isin(self._place, [self._places.get(place, -1) for place in meant])


def _coded(values: list[Any]) -> tuple[dict[Any, int], Mask]:
    codes: dict[Any, int] = {}
    return codes, np.array([codes.setdefault(value, len(codes)) for value in values])


def _ranks(offers: list[Offer]) -> list[int]:
    """Of equal prices: the usual region first, then by name; the same in all of these stays in the order given."""
    first = {region: at for at, region in enumerate(FIRST_REGIONS)}
    keys = [
        (first.get(offer.region, len(first)), natural(offer.provider), natural(offer.size), natural(offer.region))
        for offer in offers
    ]
    ranks = [0] * len(offers)
    for rank, index in enumerate(sorted(range(len(offers)), key=keys.__getitem__)):
        ranks[index] = rank
    return ranks
