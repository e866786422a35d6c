"""How a cluster's software is reached: tunnels to its machines, the links at their near end, examples of use."""

from __future__ import annotations

import re
from collections.abc import Mapping

from clouddesk.model.blueprint import Link
from clouddesk.model.node import SSH_PORT, Node
from clouddesk.model.request import CLUSTER
from clouddesk.model.reservation import Reservation

_SECRET_PART = re.compile(r"[?&/]?[^?&/]*\{.*", re.DOTALL)
_HERE = "127.0.0.1"


def login(node: Node) -> str:
    """ "ssh debian@127.0.0.1 -p 22004"; only for a node that has an address."""
    port = f" -p {node.ssh_port}" if node.ssh_port != SSH_PORT else ""
    return f"ssh {node.login}@{node.address}{port}"


def letting_in(node: Node | None) -> str:
    """Puts somebody's public key on it, run by who can log in; without an address, which to write is left open."""
    return f"echo 'THEIR PUBLIC KEY' | {login(node) if node else 'ssh USER@ADDRESS'} 'cat >> ~/.ssh/authorized_keys'"


def tunnels(item: Reservation) -> tuple[str, ...]:
    """A command for each machine that has something to open: its ports are closed to everybody else."""
    commands = []
    for node in item.nodes:
        if node.address and (ports := forwards(item, node)):
            through = " ".join(f"-L {port}:{host}:{port}" for port, host in ports)
            commands.append(login(node).replace("ssh ", f"ssh -N {through} ", 1))
    return tuple(commands)


def forwards(item: Reservation, node: Node) -> tuple[tuple[int, str], ...]:
    """The ports that a tunnel to the machine brings here, each with the address that it has there."""
    there = node.private_address or _HERE
    return tuple((link.port, there) for link in item.links if node in _serving(item, link.role))


def host_alias(item: Reservation, node: Node) -> str:
    """What the machine's key is kept under: it may come back with another address, and others may have had its.

    One that was made again has another key.
    """
    again = f"-{item.made_again}" if item.made_again else ""
    return f"clouddesk-{item.id}-{node.key}{again}"


def known_hosts(item: Reservation) -> tuple[str, ...]:
    """The machines' keys that are known, as lines of a ``known_hosts`` file."""
    return tuple(f"{host_alias(item, node)} {key}" for node in item.nodes for key in item.host_keys.get(node.key, ()))


def ssh_options(item: Reservation, node: Node, *, known_hosts_file: str = "") -> tuple[tuple[str, str], ...]:
    """What ssh has to know besides address and login. Where its key is not known, that of the first contact counts."""
    checking = "yes" if item.host_keys.get(node.key) else "accept-new"
    file = (("UserKnownHostsFile", f'"{known_hosts_file}"' if " " in known_hosts_file else known_hosts_file),)
    return (
        ("HostKeyAlias", host_alias(item, node)),
        ("StrictHostKeyChecking", checking),
        *(file if known_hosts_file else ()),
    )


def ssh_config(item: Reservation, *, known_hosts_file: str = "") -> str:
    """A piece of ``~/.ssh/config``: a host for each machine, the first one also by the reservation's name alone."""
    first = next((node for node in item.nodes if node.address), None)
    parts = []
    for node in item.nodes:
        if not node.address:
            continue
        names = [item.name] if node is first else []
        names += [f"{item.name}-{node.key}"] if len(item.nodes) > 1 else []
        lines = [f"Host {' '.join(names)}", f"  HostName {node.address}", f"  User {node.login}"]
        if node.ssh_port != SSH_PORT:
            lines.append(f"  Port {node.ssh_port}")
        lines += [f"  {name} {value}" for name, value in ssh_options(item, node, known_hosts_file=known_hosts_file)]
        lines += [f"  LocalForward {port} {host}:{port}" for port, host in forwards(item, node)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def links(item: Reservation, secrets: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """ "JupyterLab: http://127.0.0.1:8888/lab"; with what gets in only where the secrets are given."""
    return tuple(
        f"{link.title}: {_address(link, secrets)}"
        + (" (of the machine whose tunnel runs)" if len(_serving(item, link.role)) > 1 else "")
        for link in item.links
    )


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


def _serving(item: Reservation, role: str) -> tuple[Node, ...]:
    """The machines that have what a role's link opens: of a cluster the first of them, else each by itself."""
    nodes = tuple(node for node in item.nodes if node.role == role)
    return nodes[:1] if item.kind == CLUSTER else nodes


def _first(item: Reservation, role: str) -> Node | None:
    return next((node for node in item.nodes if node.role == role), None)
