"""A reservation's security group in one region: what the order opens, and all among its machines.

It is in the account's default network, as machines are that are ordered without one. Its name, which a network has
once, is a digest of whose it is; its tags tell it, so that a survey finds it and a teardown gives it back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from ipaddress import ip_network

from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.errors import NoFirewall, ProviderDown, RequestRejected
from clouddesk.model.node import NodeOrder
from clouddesk.providers.ec2_driver import ALL_PROTOCOLS, Ec2Driver, IngressRule
from clouddesk.providers.specs.aws import AWS

_EXISTS, _NO_NETWORK = "InvalidGroup.Duplicate", ("VPCIdNotSpecified", "DefaultVpcDoesNotExist")
_KNOWN_RULE, _UNKNOWN_RULE = "InvalidPermission.Duplicate", "InvalidPermission.NotFound"


def name_of(order: NodeOrder) -> str:
    """The same for every order of the reservation in the region."""
    facts = "\n".join((order.installation, order.reservation_id, order.region))
    return f"clouddesk-{sha256(facts.encode()).hexdigest()[:24]}"


def ensure(driver: Ec2Driver, order: NodeOrder, tags: dict[str, str]) -> str:
    """Make the group when there is none, and let its rules be those of the order; returns its name."""
    name = name_of(order)
    found = driver.find_group(name)
    if found is None:
        _create(driver, name, order, tags)
        found = driver.find_group(name)
    if found is None:
        raise ProviderDown(AWS.name, f"the security group {name} is not listed yet")
    _let_in(driver, order, *found)
    return name


def change(driver: Ec2Driver, order: NodeOrder) -> None:
    """Let the rules be those of the order, where there is a group. Raises NoFirewall where there is none."""
    found = driver.find_group(name_of(order))
    if found is None:
        # A new one would be nobody's: machines keep the groups that they were made with.
        raise NoFirewall(AWS.name, f"{order.name} has no security group of its own")
    _let_in(driver, order, *found)


def _let_in(driver: Ec2Driver, order: NodeOrder, id_: str, existing: set[IngressRule]) -> None:
    wanted = {
        # As EC2 writes a network down.
        IngressRule("tcp", item.first_port, item.last_port, str(ip_network(item.source, strict=False)))
        for item in order.openings
    }
    wanted.add(IngressRule(ALL_PROTOCOLS, source=id_))
    for rule in sorted(wanted - existing):
        _unless(_KNOWN_RULE, partial(driver.change_ingress, "AuthorizeSecurityGroupIngress", id_, rule))
    for rule in sorted(existing - wanted):
        _unless(_UNKNOWN_RULE, partial(driver.change_ingress, "RevokeSecurityGroupIngress", id_, rule))


def _create(driver: Ec2Driver, name: str, order: NodeOrder, tags: dict[str, str]) -> None:
    try:
        _unless(_EXISTS, partial(driver.create_group, name, tags))
    except BaseHTTPError as error:
        if not str(error.message).startswith(_NO_NETWORK):
            raise
        raise RequestRejected(
            AWS.name, f"the account has no default VPC in {order.region}, in which machines could be made"
        ) from error


def _unless(code: str, call: Callable[[], None]) -> None:
    """That another worker did it a moment ago is as good."""
    try:
        call()
    except BaseHTTPError as error:
        if not str(error.message).startswith(f"{code}:"):
            raise
