"""The simulated Azure's subscription, resource groups, quotas, sizes and images."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clouddesk.sandbox import azure_catalog as catalog
from clouddesk.sandbox.azure_errors import bad_parameter, conflict, no_group, refusal
from clouddesk.sandbox.azure_store import (
    ADDRESSES,
    FIREWALLS,
    GROUPS,
    MACHINES,
    NETWORKS,
    PLACE,
    SUBSCRIPTION,
    TENANT,
    Item,
    Store,
    group_id,
    life_of,
    settled,
)
from clouddesk.sandbox.documents import Document
from clouddesk.sandbox.rest import Answer, Ask, Done, Listed

LIMITS = {"cores": 3_000, "virtualMachines": 25_000, "lowPriorityCores": 1_000, "family": 1_500}
"""vCPUs and machines that the subscription may have in each region."""
ADDRESS_LIMIT = 1_000

_TAG_FILTER = re.compile(r"^tagName eq '((?:[^']|'')*)'(?: and tagValue eq '((?:[^']|'')*)')?$")
_PLACE_FILTER = re.compile(r"^location eq '([^']*)'$")
_MOST_TAGS, _LONGEST_TAG, _LONGEST_TAG_NAME = 50, 256, 512


def get_subscription(ask: Ask[Store]) -> Answer:
    return Done(
        {
            "id": PLACE,
            "subscriptionId": SUBSCRIPTION,
            "tenantId": TENANT,
            "displayName": "CloudDesk Sandbox",
            "state": "Enabled",
            "authorizationSource": "RoleBased",
        }
    )


def list_locations(ask: Ask[Store]) -> Answer:
    return Listed(
        "value",
        [
            {
                "id": f"{PLACE}/locations/{name}",
                "name": name,
                "displayName": name,
                "metadata": {"regionType": "Physical"},
            }
            for name in catalog.REGIONS
        ],
    )


def list_groups(ask: Ask[Store]) -> Answer:
    wanted = ask.query.get("$filter", "")
    found = _TAG_FILTER.match(wanted)
    if wanted and not found:
        raise bad_parameter(f"Invalid $filter '{wanted}' specified in the query string.", "InvalidFilterInQueryString")
    groups = ask.store.things(GROUPS)
    if found:
        name, value = (part and part.replace("''", "'") for part in found.groups())
        groups = [one for one in groups if name in one["facts"]["tags"]]
        groups = [one for one in groups if value is None or one["facts"]["tags"][name] == value]
    return Listed("value", groups, shown_group)


def get_group(ask: Ask[Store]) -> Answer:
    return Done(shown_group(group_or_refusal(ask)))


def put_group(ask: Ask[Store]) -> Answer:
    name = ask.path["group"]
    if not re.fullmatch(r"[-\w.()]{1,90}", name) or name.endswith("."):
        raise bad_parameter(f"The provided resource group name '{name}' is not valid.", "InvalidResourceGroup")
    tags = check_tags(ask.body)
    region = check_place(ask.body)
    with ask.store.atomic():
        found = ask.store.group_of(name)
        if found is not None:
            _check_alive(found)
            if found["facts"]["location"] != region:
                said = f"Invalid resource group location '{region}'. The Resource group already exists in location "
                raise conflict(f"{said}'{found['facts']['location']}'.", "InvalidResourceGroupLocation")
        group = found or {"id": group_id(name), "name": name, "group": name, "life": settled(), "of": ""}
        group["facts"] = {"location": region, "tags": tags}
        ask.store.keep(GROUPS, group)
    return Done(shown_group(group), 200 if found else 201)


def patch_group(ask: Ask[Store]) -> Answer:
    with ask.store.atomic():
        group = living_group(ask)
        if "tags" in ask.body:
            group["facts"]["tags"] = check_tags(ask.body)
        ask.store.keep(GROUPS, group)
    return Done(shown_group(group))


def delete_group(ask: Ask[Store]) -> Answer:
    with ask.store.atomic():
        group = group_or_refusal(ask)
        life = life_of(group).ending(seconds=ask.short_seconds / 4, meanwhile="Deleting")
        ask.store.keep(GROUPS, {**group, "life": life.as_dict()})
    location = f"{ask.request.host_url}subscriptions/{SUBSCRIPTION}/operationresults/{group['name']}"
    return Done(None, 202, {"Location": f"{location}?api-version={ask.query['api-version']}", "Retry-After": "15"})


def get_group_result(ask: Ask[Store]) -> Answer:
    """How a deletion goes on."""
    group = ask.store.group_of(ask.path["group"])
    return Done(None, 200) if group is None else Done(None, 202, {"Location": ask.request.url, "Retry-After": "15"})


def list_resources(ask: Ask[Store]) -> Answer:
    """What is in a group, whatever it is."""
    group = group_or_refusal(ask)
    found = [
        {
            "id": item["id"],
            "name": item["name"],
            "type": kind,
            "location": item["facts"]["location"],
            "tags": item["facts"].get("tags", {}),
        }
        for kind, item in ask.store.members(group["name"])
    ]
    return Listed("value", found)


def list_skus(ask: Ask[Store]) -> Answer:
    wanted = ask.query.get("$filter", "")
    found = _PLACE_FILTER.match(wanted)
    if wanted and not found:
        raise bad_parameter(f"Filter '{wanted}' is not supported.", "BadRequest")
    regions = [found[1]] if found else list(catalog.REGIONS)
    return Listed("value", [_sku(size, region) for region in regions for size in catalog.sizes(region)])


def list_sizes(ask: Ask[Store]) -> Answer:
    return Listed(
        "value",
        [
            {
                "name": size.name,
                "numberOfCores": size.vcpus,
                "memoryInMB": round(size.memory_gb * 1024),
                "osDiskSizeInMB": 1047552,
                "resourceDiskSizeInMB": 0,
                "maxDataDiskCount": min(64, size.vcpus * 2),
            }
            for size in catalog.sizes(_region(ask))
        ],
    )


def list_usages(ask: Ask[Store]) -> Answer:
    used = usage(ask.store, _region(ask))
    return Listed("value", [_usage(name, count, limit_of(name)) for name, count in used.items()])


def list_network_usages(ask: Ask[Store]) -> Answer:
    region = _region(ask)
    of_kinds = {
        "VirtualNetworks": NETWORKS,
        "NetworkSecurityGroups": FIREWALLS,
        "IPv4StandardSkuPublicIpAddresses": ADDRESSES,
    }
    found = {name: ask.store.things(kind) for name, kind in of_kinds.items()}
    return Listed(
        "value",
        [
            _usage(name, sum(item["facts"]["location"] == region for item in items), ADDRESS_LIMIT)
            for name, items in found.items()
        ],
    )


def list_versions(ask: Ask[Store]) -> Answer:
    """A bare list, unlike all others."""
    region, image = _region(ask), _image(ask)
    versions = sorted(image.versions, reverse=ask.query.get("$orderby", "") == "name desc")
    top = int(ask.query.get("$top", len(versions)))
    place = ask.request.path
    return Done([{"id": f"{place}/{name}", "name": name, "location": region} for name in versions[:top]])


def get_version(ask: Ask[Store]) -> Answer:
    region, image, version = _region(ask), _image(ask), ask.path["version"]
    if version not in image.versions:
        raise refusal(404, "NotFound", f"Artifact: VMImage was not found: {version}")
    plan = {"publisher": image.publisher, "name": image.sku, "product": image.offer}
    return Done(
        {
            "id": ask.request.path,
            "name": version,
            "location": region,
            "properties": {
                "hyperVGeneration": image.generation,
                "architecture": image.architecture,
                "osDiskImage": {"operatingSystem": "Linux"},
                "dataDiskImages": [],
                "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
                **({"plan": plan} if image.has_plan else {}),
            },
        }
    )


def group_or_refusal(ask: Ask[Store]) -> Document:
    group = ask.store.group_of(ask.path["group"])
    if group is None:
        raise no_group(ask.path["group"])
    return group


def living_group(ask: Ask[Store]) -> Document:
    """The group that something is made in."""
    group = group_or_refusal(ask)
    _check_alive(group)
    return group


def usage(store: Store, region: str) -> dict[str, int]:
    """vCPUs and machines by the name of their limit; deallocated machines count as well."""
    sizes = catalog.sizes(region)
    used = dict.fromkeys(["cores", "virtualMachines", "lowPriorityCores", *(size.family for size in sizes)], 0)
    known = {size.name.lower(): size for size in sizes}
    for machine in store.things(MACHINES):
        facts = machine["facts"]
        if facts["location"] != region:
            continue
        size = known[facts["properties"]["hardwareProfile"]["vmSize"].lower()]
        used["virtualMachines"] += 1
        for name in limits_of(size, is_spot=facts["properties"].get("priority") == "Spot"):
            used[name] += size.vcpus
    return used


def limits_of(size: catalog.Size, *, is_spot: bool) -> tuple[str, ...]:
    """The limits on vCPUs that a machine counts for."""
    return ("lowPriorityCores",) if is_spot else ("cores", size.family)


def limit_of(name: str) -> int:
    return LIMITS.get(name, LIMITS["family"])


def check_tags(body: Mapping[str, Any]) -> dict[str, str]:
    tags = body.get("tags") or {}
    if len(tags) > _MOST_TAGS:
        raise bad_parameter(f"Number of tags {len(tags)} is greater than {_MOST_TAGS}.", "InvalidTagCount")
    for name, value in tags.items():
        if not isinstance(value, str) or len(value) > _LONGEST_TAG or len(name) > _LONGEST_TAG_NAME:
            raise bad_parameter(f"The tag {name!r} or its value is too long.", "InvalidTagNameOrValueLength")
        if not name or set(name) & set("<>%&\\?/"):
            raise bad_parameter(f"The tag name {name!r} has characters that are not supported.", "InvalidTagName")
    return dict(tags)


def check_place(body: Mapping[str, Any]) -> str:
    region = str(body.get("location") or "").lower().replace(" ", "")
    if not region:
        raise bad_parameter("The location property is required for this definition.", "LocationRequired")
    if region not in catalog.REGIONS:
        listed = ",".join(catalog.REGIONS)
        said = f"The provided location '{region}' is not available. List of available regions is '{listed}'."
        raise bad_parameter(said, "LocationNotAvailableForResourceGroup")
    return region


def shown_group(group: Document) -> Item:
    return {
        "id": group["id"],
        "name": group["name"],
        "type": "Microsoft.Resources/resourceGroups",
        **group["facts"],
        "properties": {"provisioningState": life_of(group).state},
    }


def _check_alive(group: Document) -> None:
    if life_of(group).is_ending:
        said = f"The resource group '{group['name']}' is in deprovisioning state and cannot perform this operation."
        raise conflict(said, "ResourceGroupBeingDeleted")


def _region(ask: Ask[Store]) -> str:
    region = str(ask.path["region"]).lower()
    if region not in catalog.REGIONS:
        raise refusal(400, "NoRegisteredProviderFound", f"No registered resource provider found for '{region}'.")
    return region


def _image(ask: Ask[Store]) -> catalog.PlatformImage:
    found = catalog.image(ask.path["publisher"], ask.path["offer"], ask.path["sku"])
    if found is None:
        raise refusal(404, "NotFound", f"Artifact: VMImage was not found: {ask.path['offer']}/{ask.path['sku']}")
    return found


def _usage(name: str, count: int, limit: int) -> Item:
    return {
        "unit": "Count",
        "currentValue": count,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
    }


def _sku(size: catalog.Size, region: str) -> Item:
    facts = {
        "vCPUs": str(size.vcpus),
        "MemoryGB": f"{size.memory_gb:g}",
        "HyperVGenerations": ",".join(size.generations),
        "CpuArchitectureType": size.architecture,
        "LowPriorityCapable": "True",
        **({"GPUs": str(size.gpus)} if size.gpus else {}),
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": [], "zoneDetails": []}],
        "capabilities": [{"name": name, "value": value} for name, value in facts.items()],
        "restrictions": [],
    }
