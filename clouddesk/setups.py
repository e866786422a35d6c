"""What is put on a request's machines, what of it cannot be, and which of its ports may be opened. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TypeVar

from clouddesk.adapters.blueprints import blueprint_called, find_blueprint
from clouddesk.model.blueprint import ON_MACHINES, Blueprint, Client, HealthCheck, PortRange, Software
from clouddesk.model.errors import Invalid
from clouddesk.model.node import Opening
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.request import CLUSTER, ResourceRequest

NOT_KNOWN = "not_known"
"""Nobody has written down how it is installed."""
NEEDS_CLUSTER = "needs_cluster"
PORT_TAKEN = "port_taken"
"""By what is on the same machine."""
NOT_ON_SYSTEM = "not_on_system"
NEEDS_OWN_KERNEL = "needs_own_kernel"
"""The machine is a container."""
OLDEST = {"debian": (12,), "ubuntu": (22, 4), "rocky": (9,)}
"""The systems, with their first release, that the Ansible roles are written for."""
PLAIN = "plain"
"""The blueprint of machines with nothing on them."""
LAST_PORT = 65535
_T = TypeVar("_T")
_ROLE = "node"
"""What each machine is that has its software alone."""


@dataclass(frozen=True)
class LeftOut:
    """Software that was asked for and is not put on the machines."""

    title: str
    reason: str
    detail: str = ""
    """The system, or "port 8888 (Spark)"."""


@dataclass(frozen=True)
class Setup:
    """What the machines get. ``titles`` in the order of their installation."""

    software: Software | None = None
    titles: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    outside: tuple[PortRange, ...] = ()
    """The ports that may be opened."""


def make_setup(blueprints: Mapping[str, Blueprint], request: ResourceRequest, *, os: str, provider: str) -> Setup:
    """For machines of that system on that cloud. Raises UnknownSoftware for a cluster that nobody knows."""
    if request.kind == CLUSTER:
        blueprint = find_blueprint(blueprints, request.software[0] if request.software else PLAIN)
        if why := _obstacle(blueprint, os=os, provider=provider):
            return Setup(left_out=(why,))
        return Setup(blueprint.software, (blueprint.title,), outside=blueprint.outside)
    wanted, left_out = _known(blueprints, request.software)
    chosen: list[Blueprint] = []
    brought = {name for item in wanted for name in item.brings}
    # What another one brings comes last: where that is installed, it is there already.
    for item in sorted(wanted, key=lambda item: item.name in brought):
        why = _obstacle(item, os=os, provider=provider) or _conflict(item, chosen)
        if ON_MACHINES not in item.runs_on:
            left_out.append(LeftOut(item.title, NEEDS_CLUSTER))
        elif any(item.name in other.brings for other in chosen):
            continue
        elif why:
            left_out.append(why)
        else:
            chosen.append(item)
    titles = tuple(item.title for item in chosen)
    ports = dict.fromkeys(ports for item in chosen for ports in item.outside)
    return Setup(combined(chosen), titles, tuple(left_out), tuple(ports))


def openings_of(request: ResourceRequest, setup: Setup, *, provider: str) -> tuple[Opening, ...]:
    """What is let in from outside besides SSH. Raises Invalid where something else than an address is said."""
    if provider == OWN_MACHINE:
        return ()
    ports = [_port_range(text) for text in request.open_ports] or setup.outside
    return tuple(Opening(item.first, item.last, _network(source)) for source in request.open_to for item in ports)


def _port_range(text: str) -> PortRange:
    first, _, last = text.partition("-")
    if not (first.isdigit() and (last or first).isdigit() and 1 <= int(first) <= int(last or first) <= LAST_PORT):
        raise Invalid(f"{text} is no port.")
    return PortRange(int(first), int(last or first))


def _network(source: str) -> str:
    try:
        return str(ip_network(source, strict=False))
    except ValueError as error:
        raise Invalid(f"{source} is no address.") from error


def combined(blueprints: Sequence[Blueprint]) -> Software | None:
    """The software of them all on machines that each have it alone; None when there is none."""
    parts = [alone for item in blueprints if (alone := _alone(item))]
    if not parts:
        return None
    return Software(
        ansible_roles=tuple(dict.fromkeys(role for part in parts for role in part.ansible_roles)),
        check=HealthCheck("; ".join(part.check.title for part in parts), sum(part.check.seconds for part in parts)),
        links=tuple(dict.fromkeys(link for part in parts for link in part.links)),
        secrets=_merged(part.secrets for part in parts),
        clients=tuple(dict.fromkeys(client for part in parts for client in part.clients)),
        versions=_merged(part.versions for part in parts),
        downloads=_merged(part.downloads for part in parts),
        variables=_merged(part.variables for part in parts),
        is_alone=True,
    )


def _known(blueprints: Mapping[str, Blueprint], words: Iterable[str]) -> tuple[list[Blueprint], list[LeftOut]]:
    """Those of the words that can be installed, each once, and the others."""
    found: dict[str, Blueprint] = {}
    unknown = []
    for word in dict.fromkeys(words):
        blueprint = blueprint_called(blueprints, word)
        if blueprint is None or blueprint.software is None:
            unknown.append(LeftOut(blueprint.title if blueprint else word, NOT_KNOWN))
        elif blueprint.name != PLAIN:
            found[blueprint.name] = blueprint
    return list(found.values()), unknown


def _obstacle(blueprint: Blueprint, *, os: str, provider: str) -> LeftOut | None:
    if blueprint.software is None:
        return LeftOut(blueprint.title, NOT_KNOWN)
    if not is_known_system(os):
        return LeftOut(blueprint.title, NOT_ON_SYSTEM, os)
    if blueprint.needs_own_kernel and provider == OWN_MACHINE:
        return LeftOut(blueprint.title, NEEDS_OWN_KERNEL)
    return None


def is_known_system(os: str) -> bool:
    """Whether the Ansible roles are written for "debian-12"."""
    family, _, release = os.partition("-")
    numbers = tuple(int(part) for part in release.split(".") if part.isdigit())
    return family in OLDEST and numbers >= OLDEST[family]


def _conflict(blueprint: Blueprint, chosen: Sequence[Blueprint]) -> LeftOut | None:
    """Two cannot listen on one port."""
    for other in chosen:
        for ports in _ports(blueprint):
            for taken in _ports(other):
                if ports.first <= taken.last and taken.first <= ports.last:
                    port = max(ports.first, taken.first)
                    return LeftOut(blueprint.title, PORT_TAKEN, f"port {port}, which {other.title} has")
    return None


def _ports(blueprint: Blueprint) -> list[PortRange]:
    return [ports for role in blueprint.roles for ports in (*role.inside, *role.outside)]


def _alone(blueprint: Blueprint) -> Software | None:
    """The blueprint's software with all parts of the cluster on one machine."""
    software = blueprint.software
    if software is None:
        return None
    clients = []
    for client in software.clients:
        text = client.text
        for role in blueprint.roles:
            text = text.replace(f"{{{role.name}}}", f"{{{_ROLE}}}")
        clients.append(Client(client.title, text))
    links = tuple(replace(link, role=_ROLE) for link in software.links)
    return replace(software, links=links, clients=tuple(clients))


def _merged(parts: Iterable[Mapping[str, _T]]) -> dict[str, _T]:
    return {name: value for part in parts for name, value in part.items()}
