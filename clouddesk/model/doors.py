"""How a cluster's software is reached: tunnels to its machines, the links at their near end, examples of use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from clouddesk.model.blueprint import Link
from clouddesk.model.node import SSH_PORT, Node
from clouddesk.model.reservation import Reservation

_SECRET_PART = re.compile(r"[?&/]?[^?&/]*\{.*", re.DOTALL)
_HERE = "127.0.0.1"


def login(node: Node) -> str:
    """ "ssh debian@127.0.0.1 -p 22004"; only for a node that has an address."""
    port = f" -p {node.ssh_port}" if node.ssh_port != SSH_PORT else ""
    return f"ssh {node.login}@{node.address}{port}"


def tunnels(item: Reservation) -> tuple[str, ...]:
    """A command for each machine that has something to open: its ports are closed to everybody else."""
    forwards: dict[str, list[str]] = defaultdict(list)
    nodes: dict[str, Node] = {}
    for link in item.links:
        node = _first(item, link.role)
        if node is not None and node.address:
            nodes[node.key] = node
            forwards[node.key].append(f"-L {link.port}:{node.private_address or _HERE}:{link.port}")
    return tuple(login(node).replace("ssh ", f"ssh -N {' '.join(forwards[key])} ", 1) for key, node in nodes.items())


def links(item: Reservation, secrets: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """ "JupyterLab: http://127.0.0.1:8888/lab"; with what gets in only where the secrets are given."""
    return tuple(f"{link.title}: {_address(link, secrets)}" for link in item.links)


def clients(item: Reservation, secrets: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Each with its title; without the secrets their names stand in it."""
    lines = []
    for client in item.clients:
        text = client.text.strip()
        for role in {node.role for node in item.nodes}:
            node = _first(item, role)
            text = text.replace(f"{{{role}}}", (node and (node.private_address or node.address)) or role)
        lines.append(f"{client.title}:\n```\n{_filled(text, secrets or {})}\n```")
    return tuple(lines)


def _address(link: Link, secrets: Mapping[str, str] | None) -> str:
    path = _SECRET_PART.sub("", link.path) if secrets is None else _filled(link.path, secrets)
    return f"{link.scheme}://{_HERE}:{link.port}{path or '/'}"


def _filled(text: str, secrets: Mapping[str, str]) -> str:
    for name, value in secrets.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _first(item: Reservation, role: str) -> Node | None:
    return next((node for node in item.nodes if node.role == role), None)
