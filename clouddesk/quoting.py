"""From a request to a quote: fill in defaults, check limits, choose the cheapest offer. No I/O."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from clouddesk.elsewhere import elsewhere
from clouddesk.language.clock import resolve_until
from clouddesk.language.passed import passed_today
from clouddesk.limits import Limits
from clouddesk.model.actor import Actor
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.errors import LimitExceeded, NothingFits, UnknownRegion
from clouddesk.model.invalid import (
    BadName,
    ClusterTooSmall,
    LeaseTooShort,
    NotPositive,
    OverToday,
    TimeIsOver,
    TooFewMachines,
    UnclearTime,
)
from clouddesk.model.node import NodePlan
from clouddesk.model.offer import OWN_MACHINE, SAME_PRICE, NearOffer, Offer, Requirements, gpu_kinds
from clouddesk.model.ports import Catalog
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.providers import PROVIDERS, providers_with_os

DEFAULT_OS = "ubuntu-22.04"
OWN_MACHINE_OS = PROVIDERS[OWN_MACHINE].default_system
OWN_MACHINE_VCPUS, OWN_MACHINE_MEMORY_GB = 2, 2.0
"""Whatever the machines are for: several of them share what one laptop has."""
DEFAULT_VCPUS = 2
DEFAULT_MEMORY_GB = 4.0
MEMORY_GB_PER_VCPU = 2.0
"""When only cores are named: as much as the clouds' compute-optimised machines have."""
LEAST_MEMORY_GB = 0.5
DEFAULT_STORAGE_GB = 20.0
LEAST_STORAGE_GB = 16.0
"""No official image needs more; a smaller disk would be enlarged by the cloud, and cost more than quoted."""
LEAST_LEASE_SECONDS = 60
_MOST_REGIONS = 100
MOST_NAME_CHARACTERS = 40
_NAME = re.compile(r"[a-z][a-z0-9-]*")
"""What every cloud takes as part of a machine's name."""


@dataclass(frozen=True)
class Wish:
    """A request with everything that it takes to look for offers; ``defaults``: the fields that were filled in."""

    count: int
    lease_seconds: int
    ends_at: datetime | None
    """When the end was said as a time."""
    requirements: Requirements
    os: str
    """As it was wished for; each provider has its own release of it."""
    defaults: tuple[str, ...]


def make_quote(
    actor: Actor,
    request: ResourceRequest,
    *,
    blueprint: Blueprint | None,
    providers: tuple[str, ...],
    catalog: Catalog,
    limits: Limits,
    now: datetime,
    is_simulated: bool,
    others: tuple[str, ...] = (),
) -> Quote:
    """The cheapest way to meet the request over ``providers``, and what it would cost on ``others``.

    Raises Invalid, LimitExceeded, UnknownRegion, NothingFits (with the nearest offers).
    """
    wish = read_wish(actor, request, blueprint=blueprint, providers=providers, limits=limits, now=now)
    wish, offers = cheapest_for(wish, catalog)
    requirements, count, lease_seconds = wish.requirements, wish.count, wish.lease_seconds
    if not offers:
        near = catalog.nearest(requirements)
        raise NothingFits(describe(requirements), [near_offer(item, requirements, count, catalog) for item in near])
    offer = offers[0]
    os = PROVIDERS[offer.provider].system(wish.os)
    disk_gb = max(requirements.storage_gb, offer.disk_gb)
    machine_price = offer.machine_hourly_price_usd(disk_gb)
    assert machine_price is not None, "an offer without a price must not win"
    runner_up = None if offer.provider == OWN_MACHINE else _runner_up(offer, requirements, catalog)
    runner_up_price = (
        runner_up.machine_hourly_price_usd(max(requirements.storage_gb, runner_up.disk_gb)) if runner_up else None
    )
    hourly = machine_price * count
    return Quote(
        id=f"q-{secrets.token_hex(4)}",
        workspace_id=actor.workspace_id,
        user_id=actor.user_id,
        request=request,
        defaults=wish.defaults,
        offer=offer,
        runner_up=runner_up,
        nodes=_nodes(blueprint, count),
        os=os,
        disk_gb=disk_gb,
        lease_seconds=lease_seconds,
        machine_hourly_price_usd=machine_price,
        hourly_price_usd=hourly,
        total_price_usd=hourly * lease_seconds / 3600,
        runner_up_hourly_price_usd=runner_up_price * count if runner_up_price is not None else None,
        created_at=now,
        expires_at=now + timedelta(seconds=limits.quote_seconds),
        ends_at=wish.ends_at or now + timedelta(seconds=lease_seconds),
        name=said_name(request) or _stem(request, blueprint, os),
        is_simulated=is_simulated and offer.provider != OWN_MACHINE,
        elsewhere=elsewhere(offer, requirements, os=wish.os, count=count, others=others, catalog=catalog),
        requirements=requirements,
    )


def read_wish(
    actor: Actor,
    request: ResourceRequest,
    *,
    blueprint: Blueprint | None,
    providers: tuple[str, ...],
    limits: Limits,
    now: datetime,
) -> Wish:
    """The request with its defaults, over those of ``providers`` that have its system. Raises Invalid."""
    defaults: list[str] = []
    count = _count(request, blueprint, limits, defaults)
    lease_seconds, ends_at = _lease(actor, request, limits, now, defaults)
    requirements = _requirements(request, blueprint, count, providers, defaults)
    is_own_machine = providers == (OWN_MACHINE,)
    os = request.os or (OWN_MACHINE_OS if is_own_machine else blueprint.os if blueprint else DEFAULT_OS)
    requirements = replace(requirements, providers=providers_with_os(os, requirements.providers))
    if not request.os:
        defaults.append("os")
    return Wish(count, lease_seconds, ends_at, requirements, os, tuple(defaults))


def cheapest_for(wish: Wish, catalog: Catalog, *, limit: int = 1) -> tuple[Wish, list[Offer]]:
    """What fits, and the wish that it fits: without what nobody has said or nobody can tell. Raises UnknownRegion."""
    offers = catalog.cheapest(wish.requirements, limit=limit)
    if not offers and "memory" in wish.defaults:
        # My own idea of how much memory suits the cores must not be what cannot be had.
        defaults = tuple(name for name in wish.defaults if name != "memory")
        requirements = replace(wish.requirements, memory_gb=LEAST_MEMORY_GB)
        wish = replace(wish, requirements=requirements, defaults=defaults)
        offers = catalog.cheapest(requirements, limit=limit)
    if not offers and wish.requirements.spot:
        # Spot is a wish for a lower price; where no spot price is known, the normal one is shown and said to be that.
        wish = replace(wish, requirements=replace(wish.requirements, spot=False))
        offers = catalog.cheapest(wish.requirements, limit=limit)
    return wish, offers


def still_holds(quote: Quote, catalog: Catalog) -> bool:
    """Whether the quote's machines can be had now at its price, or for less."""
    offer = quote.offer
    same = Requirements(
        storage_gb=quote.disk_gb,
        providers=(offer.provider,),
        region=offer.region,
        size_names=(offer.size,),
        spot=offer.spot,
        architecture=offer.architecture,
    )
    found = catalog.cheapest(same, limit=1)
    price = found[0].machine_hourly_price_usd(quote.disk_gb) if found else None
    return price is not None and price <= quote.machine_hourly_price_usd * SAME_PRICE


def is_over(quote: Quote, now: datetime) -> bool:
    """Whether no lease would be left until an end that was said as a time."""
    return bool(quote.request.until) and (quote.ends_at - now).total_seconds() < LEAST_LEASE_SECONDS


def describe(requirements: Requirements) -> str:
    """The requirement in words, for errors and logs: "8 vCPU, 32 GB memory in frankfurt on aws"."""
    parts = [f"{requirements.vcpus} vCPU", f"{requirements.memory_gb:g} GB memory"]
    if requirements.storage_gb:
        parts.append(f"{requirements.storage_gb:g} GB disk")
    if requirements.gpu_count:
        kinds = "/".join(requirements.gpu_types) or "any"
        parts.append(f"{requirements.gpu_count} GPU ({kinds})")
    text = "/".join(requirements.size_names) or ", ".join(parts)
    if requirements.region:
        text += f" in {requirements.region}"
    if requirements.excluded_regions:
        text += f" not in {' or '.join(requirements.excluded_regions)}"
    if requirements.providers:
        text += f" on {' or '.join(requirements.providers)}"
    if requirements.max_hourly_price_usd is not None:
        text += f" for at most ${requirements.max_hourly_price_usd:g} an hour each"
    return text


def _count(request: ResourceRequest, blueprint: Blueprint | None, limits: Limits, defaults: list[str]) -> int:
    if request.count is None:
        defaults.append("count")
        return blueprint.default_nodes if blueprint and request.kind == CLUSTER else 1
    if request.count < 1:
        raise TooFewMachines(request.count, most=limits.max_nodes)
    if request.count > limits.max_nodes:
        raise LimitExceeded("machines", asked=request.count, limit=limits.max_nodes)
    if blueprint and request.kind == CLUSTER and request.count < blueprint.least_nodes:
        roles = [role.name for role in blueprint.roles]
        raise ClusterTooSmall(blueprint.title, asked=request.count, least=blueprint.least_nodes, roles=roles)
    return request.count


def _lease(
    actor: Actor, request: ResourceRequest, limits: Limits, now: datetime, defaults: list[str]
) -> tuple[int, datetime | None]:
    """The length of the lease, and its end when that was said as a time."""
    end: datetime | None = None
    if request.duration_seconds is not None:
        seconds = request.duration_seconds
    elif request.until:
        end = resolve_until(request.until, now=now, timezone=actor.timezone)
        if end is None:
            if passed := passed_today(request.until, now=now, timezone=actor.timezone):
                raise OverToday(request.until, again=f"until tomorrow {passed:%H:%M}")
            raise UnclearTime(request.until)
        seconds = round((end - now).total_seconds())
        if seconds < LEAST_LEASE_SECONDS:
            raise TimeIsOver(request.until)
    else:
        defaults.append("duration")
        seconds = limits.default_lease_seconds
    if seconds < LEAST_LEASE_SECONDS:
        raise LeaseTooShort(least_seconds=LEAST_LEASE_SECONDS, most_seconds=limits.max_lease_seconds)
    if seconds > limits.max_lease_seconds:
        raise LimitExceeded("hours", asked=round(seconds / 3600, 1), limit=limits.max_lease_seconds / 3600)
    return seconds, end


def _requirements(
    request: ResourceRequest,
    blueprint: Blueprint | None,
    count: int,
    providers: tuple[str, ...],
    defaults: list[str],
) -> Requirements:
    for field in ("vcpus", "memory_gb", "storage_gb", "gpu_count"):
        value = getattr(request, field)
        if value is not None and value <= 0:
            raise NotPositive(field, value)
    has_shape = bool(request.vcpus or request.memory_gb or request.size_names or request.gpu_count or request.gpu_types)
    if providers == (OWN_MACHINE,):
        vcpus, memory_gb = OWN_MACHINE_VCPUS, OWN_MACHINE_MEMORY_GB
    elif request.kind == CLUSTER and blueprint:
        vcpus, memory_gb = blueprint.vcpus, blueprint.memory_gb
    else:
        vcpus, memory_gb = DEFAULT_VCPUS, DEFAULT_MEMORY_GB
    if has_shape:
        # Whoever names one measure means "at least that"; the others must not make it dearer than needed. Only cores
        # without memory would get a machine that can hardly start its system.
        is_cores = bool(request.vcpus) and not (request.memory_gb or request.size_names or request.gpu_count)
        vcpus, memory_gb = 1, max(memory_gb, MEMORY_GB_PER_VCPU * (request.vcpus or 0)) if is_cores else LEAST_MEMORY_GB
        if is_cores:
            defaults.append("memory")
    else:
        defaults.append("size")
    storage_gb = blueprint.storage_gb if blueprint and providers != (OWN_MACHINE,) else DEFAULT_STORAGE_GB
    if request.storage_gb is None:
        defaults.append("storage")
    gpu_count = request.gpu_count if request.gpu_count is not None else (1 if request.gpu_types else 0)
    cap = request.max_hourly_price_usd
    return Requirements(
        vcpus=request.vcpus or vcpus,
        memory_gb=request.memory_gb or memory_gb,
        storage_gb=max(LEAST_STORAGE_GB, request.storage_gb if request.storage_gb is not None else storage_gb),
        gpu_count=gpu_count,
        gpu_types=request.gpu_types,
        providers=providers,
        region=request.region,
        size_names=request.size_names,
        spot=request.spot,
        max_hourly_price_usd=cap / count if cap is not None else None,
        excluded_regions=request.excluded_regions,
        excluded_sizes=request.excluded_sizes,
    )


def _runner_up(offer: Offer, requirements: Requirements, catalog: Catalog) -> Offer | None:
    """The cheapest on another provider, else the next cheapest of another size or region on the same."""
    others = tuple(name for name in requirements.providers if name != offer.provider)
    if others:
        try:
            found = catalog.cheapest(replace(requirements, providers=others), limit=1)
        except UnknownRegion:
            # Mumbai is a region of one cloud only.
            found = []
        if found:
            return found[0]
    following = catalog.cheapest(requirements, limit=2)
    return following[1] if len(following) > 1 else None


def near_offer(offer: Offer, wish: Requirements, count: int, catalog: Catalog) -> NearOffer:
    """What the offer costs for the whole request, and what of the request it is not."""
    disk_gb = min(max(wish.storage_gb, offer.disk_gb), offer.most_disk_gb)
    price = offer.machine_hourly_price_usd(disk_gb)
    cap = wish.max_hourly_price_usd
    is_given_up = {
        "vcpus": offer.vcpus < wish.vcpus,
        "memory_gb": offer.memory_gb < wish.memory_gb,
        "storage_gb": disk_gb < wish.storage_gb,
        "gpu_count": offer.gpus < wish.gpu_count,
        "gpu_types": bool(wish.gpu_types) and offer.gpu_type not in gpu_kinds(wish.gpu_types),
        "size_names": bool(wish.size_names) and offer.size not in wish.size_names,
        "excluded_sizes": offer.size in wish.excluded_sizes,
        "providers": bool(wish.providers) and offer.provider not in wish.providers,
        "region": wish.region is not None and not _is_in(offer, Requirements(region=wish.region), catalog),
        "excluded_regions": bool(wish.excluded_regions)
        and not _is_in(offer, Requirements(excluded_regions=wish.excluded_regions, region=wish.region), catalog),
        "spot": wish.spot and not offer.spot,
        "max_hourly_price_usd": cap is not None and (price is None or price > cap * SAME_PRICE),
    }
    if is_given_up["region"]:
        is_given_up["excluded_regions"] = False
    wished = {**asdict(wish), "max_hourly_price_usd": None if cap is None else cap * count}
    return NearOffer(
        offer=offer,
        disk_gb=disk_gb,
        hourly_price_usd=None if price is None else price * count,
        count=count,
        gives_up={field: wished[field] for field, is_so in is_given_up.items() if is_so},
    )


def _is_in(offer: Offer, places: Requirements, catalog: Catalog) -> bool:
    """Whether the offer is among those of the places."""
    same = replace(
        places,
        providers=(offer.provider,),
        size_names=(offer.size,),
        spot=offer.spot,
        architecture=offer.architecture,
    )
    try:
        return any(found.region == offer.region for found in catalog.cheapest(same, limit=_MOST_REGIONS))
    except UnknownRegion:
        return False


def _nodes(blueprint: Blueprint | None, count: int) -> tuple[NodePlan, ...]:
    """Keys as "controller" and "worker-2": a role with one fixed machine has no number."""
    if blueprint is None:
        return tuple(NodePlan(key=f"node-{number}", role="node") for number in range(1, count + 1))
    plans: list[NodePlan] = []
    fixed = sum(role.count or 0 for role in blueprint.roles)
    for role in blueprint.roles:
        size = role.count if role.count is not None else count - fixed
        if role.count == 1:
            plans.append(NodePlan(key=role.name, role=role.name))
        else:
            plans.extend(NodePlan(key=f"{role.name}-{number}", role=role.name) for number in range(1, size + 1))
    return tuple(plans[:count])


def said_name(request: ResourceRequest) -> str | None:
    """The name that the person chose. Raises BadName."""
    if request.name is None:
        return None
    name = request.name.strip().lower()
    if not _NAME.fullmatch(name) or len(name) > MOST_NAME_CHARACTERS:
        raise BadName(request.name, most_characters=MOST_NAME_CHARACTERS)
    return name


def _stem(request: ResourceRequest, blueprint: Blueprint | None, os: str) -> str:
    if blueprint:
        return blueprint.name
    if request.software:
        return request.software[0]
    return "gpu" if request.gpu_count or request.gpu_types else os.partition("-")[0]
