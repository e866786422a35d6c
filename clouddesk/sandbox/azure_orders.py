"""What the simulated Azure checks of an order for a machine before it accepts it."""

from __future__ import annotations

import base64
import binascii
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clouddesk.sandbox import azure_catalog as catalog
from clouddesk.sandbox.azure_errors import bad_parameter, conflict, over_quota, refusal
from clouddesk.sandbox.azure_groups import ADDRESS_LIMIT, limit_of, limits_of, usage
from clouddesk.sandbox.azure_store import ADDRESSES, Item, Store

_FORBIDDEN_USERS = {"admin", "administrator", "root", "user", "user1", "test", "guest", "owner", "sys", "backup"}
_MOST_CUSTOM_DATA = 87380
_LONGEST_HOST = 64


@dataclass(frozen=True)
class Order:
    """A machine that Azure accepts."""

    properties: Item
    """As it is kept: without what is never shown."""
    cards: list[Item]
    image: catalog.PlatformImage
    disk_gb: int


def check_order(store: Store, body: Mapping[str, Any], region: str) -> Order:
    """Raises ApiError with what Azure would say."""
    properties = copy.deepcopy(body.get("properties") or {})
    size = _size(properties, region)
    image = _image(properties, body.get("plan"))
    _check_fit(size, image)
    disk_gb = _disk_gb(properties, image)
    _check_system(properties.get("osProfile") or {})
    cards = _cards(properties.get("networkProfile") or {})
    is_spot = properties.get("priority") == "Spot"
    if not is_spot and ("evictionPolicy" in properties or "billingProfile" in properties):
        raise bad_parameter("Eviction policy can be set only on Azure Spot Virtual Machines.")
    _check_quota(store, size, region, is_spot=is_spot)
    # What is secret, or only for the first start, is not kept in what is shown.
    properties["osProfile"].pop("customData", None)
    properties["osProfile"].pop("adminPassword", None)
    return Order(properties, cards, image, disk_gb)


def _size(properties: Item, region: str) -> catalog.Size:
    name = (properties.get("hardwareProfile") or {}).get("vmSize", "")
    found = catalog.size(region, name)
    if found is not None:
        properties["hardwareProfile"]["vmSize"] = found.name
        return found
    if any(known.lower() == name.lower() for known in catalog.SIZES):
        said = f"The requested VM size {name} is currently not available in location '{region}'."
        raise conflict(said, "SkuNotAvailable")
    listed = ",".join(size.name for size in catalog.sizes(region)[:10])
    raise bad_parameter(f"The value {name} provided for the VM size is not valid. The valid sizes are: {listed} ...")


def _image(properties: Item, plan: Any) -> catalog.PlatformImage:
    reference = (properties.get("storageProfile") or {}).get("imageReference") or {}
    parts = {name: str(reference.get(name, "")) for name in ("publisher", "offer", "sku", "version")}
    found = catalog.image(parts["publisher"], parts["offer"], parts["sku"])
    if found is None or parts["version"] not in ("latest", *found.versions):
        said = f"The platform image '{':'.join(parts.values())}' is not available. Verify that all fields are correct."
        raise refusal(404, "PlatformImageNotFound", said)
    wanted = {"name": found.sku, "publisher": found.publisher, "product": found.offer}
    if found.has_plan and plan != wanted:
        said = (
            "Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace image "
            "requires Plan information in the request."
        )
        raise bad_parameter(said, "VMMarketplaceInvalidInput")
    return found


def _check_fit(size: catalog.Size, image: catalog.PlatformImage) -> None:
    if image.architecture != size.architecture:
        said = (
            f"Cannot create a VM of size '{size.name}' because this VM size only supports a CPU Architecture of "
            f"'{size.architecture}', but an image or disk with CPU Architecture '{image.architecture}' was given."
        )
        raise bad_parameter(said, "BadRequest")
    if image.generation not in size.generations:
        said = (
            f"The selected VM size '{size.name}' cannot boot Hypervisor Generation '{image.generation[1:]}'. If this "
            "was a Create operation please check that the Hypervisor Generation of the Image matches the size."
        )
        raise bad_parameter(said, "BadRequest")


def _disk_gb(properties: Item, image: catalog.PlatformImage) -> int:
    disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
    if disk.get("createOption") != "FromImage":
        raise bad_parameter("Required parameter 'osDisk.createOption' must be FromImage.")
    wanted = int(disk.get("diskSizeGB") or image.disk_gb)
    if wanted < image.disk_gb:
        said = f"The specified disk size {wanted} GB is smaller than the size of the disk in the VM image: "
        raise bad_parameter(f"{said}{image.disk_gb} GB.", "ResizeDiskError")
    return wanted


def _check_system(profile: Item) -> None:
    user = str(profile.get("adminUsername", ""))
    if not user or user.lower() in _FORBIDDEN_USERS:
        raise bad_parameter("The Admin Username specified is not allowed.")
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?", profile.get("computerName", "")):
        raise bad_parameter("Linux host name cannot contain these characters.")
    if len(profile["computerName"]) > _LONGEST_HOST:
        raise bad_parameter(f"Linux host name cannot exceed {_LONGEST_HOST} characters in length.")
    linux = profile.get("linuxConfiguration") or {}
    keys = (linux.get("ssh") or {}).get("publicKeys") or []
    if not keys and not profile.get("adminPassword"):
        said = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise bad_parameter(said)
    for key in keys:
        if key.get("path") != f"/home/{user}/.ssh/authorized_keys":
            raise bad_parameter("Destination path for SSH public keys is currently limited to its default value.")
        if not re.match(r"(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]+=* ?", key.get("keyData", "")):
            raise bad_parameter("The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.")
    data = profile.get("customData", "")
    try:
        base64.b64decode(data, validate=True)
    except binascii.Error:
        data = None
    if data is None or len(data) > _MOST_CUSTOM_DATA:
        said = "Custom data in OSProfile must be in Base64 encoding and with a maximum length of "
        raise bad_parameter(f"{said}{_MOST_CUSTOM_DATA} characters.")


def _cards(profile: Item) -> list[Item]:
    configs: list[Item] = profile.get("networkInterfaceConfigurations") or []
    if profile.get("networkInterfaces") or len(configs) != 1:
        raise bad_parameter("One network interface configuration is all that is simulated.", "NotSimulated")
    if not profile.get("networkApiVersion"):
        said = "networkApiVersion must be specified when networkInterfaceConfigurations are specified."
        raise bad_parameter(said)
    inside = (configs[0].get("properties") or {}).get("ipConfigurations") or []
    if len(inside) != 1:
        raise bad_parameter("One IP configuration is all that is simulated.", "NotSimulated")
    outside = (inside[0].get("properties") or {}).get("publicIPAddressConfiguration") or {}
    is_standard = (outside.get("sku") or {}).get("name") == "Standard"
    if outside and not is_standard:
        raise bad_parameter("Basic SKU public IP addresses cannot be made any more.")
    if outside and (outside.get("properties") or {}).get("publicIPAllocationMethod") != "Static":
        said = "Standard sku publicIp must have AllocationMethod set to Static."
        raise bad_parameter(said, "StandardSkuPublicIpsMustHaveStaticAllocation")
    return configs


def _check_quota(store: Store, size: catalog.Size, region: str, *, is_spot: bool) -> None:
    used = usage(store, region)
    for name in limits_of(size, is_spot=is_spot):
        limit = limit_of(name)
        if used[name] + size.vcpus > limit:
            what = {"cores": "Total Regional Cores", "lowPriorityCores": "LowPriorityCores"}.get(name, f"{name} Cores")
            raise over_quota(what, limit=limit, used=used[name], more=size.vcpus)
    addresses = [item for item in store.things(ADDRESSES) if item["facts"]["location"] == region]
    if len(addresses) >= ADDRESS_LIMIT:
        said = f"Cannot create more than {ADDRESS_LIMIT} public IP addresses for this subscription in this region."
        raise bad_parameter(said, "PublicIPCountLimitReached")
