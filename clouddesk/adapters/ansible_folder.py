"""The private folder of one run of Ansible: inventory with secrets, hosts' keys; gone when the run is over."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import environ, pathsep
from pathlib import Path
from typing import Any

from clouddesk.adapters.blueprints import LEAVE
from clouddesk.model.configuration import ConfigurationOrder, ConfigurationSecrets, Target

_MEMORY = Path("/dev/shm")  # noqa: S108 - its content never reaches a disk
_KEPT_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "TZ", "USER")
CONNECTIONS = "cp"
_SSH = (
    "-o ControlMaster=auto -o ControlPersist=60s -o IdentitiesOnly=no -o PasswordAuthentication=no"
    " -o GlobalKnownHostsFile=/dev/null -o CheckHostIP=no -o HashKnownHosts=no -o UpdateHostKeys=no"
    " -o ServerAliveInterval=10 -o ServerAliveCountMax=6"
)


class RunFolder:
    """Where one run's files lie."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inventory = path / "inventory.json"
        self._known_hosts = path / "known_hosts"

    def write(
        self, order: ConfigurationOrder, secrets: ConfigurationSecrets, role_folders: Sequence[Path] = ()
    ) -> None:
        """All that Ansible reads, but the private key: that goes to the agent without a file."""
        for name in ("project", CONNECTIONS):
            (self.path / name).mkdir(mode=0o700)
        (self.path / "ansible.cfg").touch(mode=0o600)
        self.inventory.touch(mode=0o600)
        self.inventory.write_text(json.dumps(inventory(order, secrets, role_folders)))
        self._known_hosts.touch(mode=0o600)
        self._known_hosts.write_text(
            "".join(f"{target.key} {line}\n" for target in order.targets for line in target.host_keys)
        )

    def environment(self, role_folders: Sequence[Path]) -> dict[str, str]:
        """What Ansible runs with; nothing else of ours reaches it. ``role_folders``: the first that has a role wins."""
        kept = {name: environ[name] for name in _KEPT_ENVIRONMENT if name in environ}
        return kept | {
            # Ansible's commands lie beside our own Python.
            "PATH": pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", "/usr/bin:/bin")]),
            "ANSIBLE_CONFIG": str(self.path / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.path / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.path / "tmp"),
            "ANSIBLE_ROLES_PATH": pathsep.join(map(str, role_folders)),
            "ANSIBLE_GATHERING": "explicit",
            # Said aloud, because ansible-runner turns it off otherwise, and of two settings ssh takes the first.
            "ANSIBLE_HOST_KEY_CHECKING": "True",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
            "ANSIBLE_SSH_ARGS": f"{_SSH} -o UserKnownHostsFile={self._known_hosts}",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.path / CONNECTIONS),
            "ANSIBLE_SSH_RETRIES": "2",
            "ANSIBLE_TIMEOUT": "15",
            "PYTHONUNBUFFERED": "1",
        }

    def host_keys(self) -> dict[str, tuple[str, ...]]:
        """Those that were given and those of first contacts, by node key."""
        found: dict[str, tuple[str, ...]] = {}
        for line in self._known_hosts.read_text().splitlines():
            name, _, key = line.partition(" ")
            if key:
                found[name] = (*found.get(name, ()), key)
        return found


@contextmanager
def run_folder() -> Iterator[RunFolder]:
    """A folder that only this user reads, in memory where the system has such."""
    parent = str(_MEMORY) if _MEMORY.is_dir() else None
    path = Path(tempfile.mkdtemp(prefix="clouddesk-", dir=parent))
    try:
        yield RunFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def inventory(
    order: ConfigurationOrder, secrets: ConfigurationSecrets, role_folders: Sequence[Path] = ()
) -> dict[str, Any]:
    """In Ansible's own form: a group for each role, and what the roles need to know as variables of all."""
    groups: dict[str, Any] = {}
    for target in order.targets:
        groups.setdefault(target.role, {"hosts": {}})["hosts"][target.key] = None
    known: Mapping[str, object] = {
        "clouddesk_roles": list(order.ansible_roles),
        "clouddesk_secrets": dict(secrets.values),
        "clouddesk_versions": dict(order.versions),
        "clouddesk_downloads": {
            name: {"url": _mirrored(download.url, order.mirrors), "checksum": download.checksum}
            for name, download in order.downloads.items()
        },
        "clouddesk_mirrors": {name: order.mirrors[name] for name in ("apt", "pip") if name in order.mirrors},
        "clouddesk_reach_seconds": order.reach_seconds,
    }
    if order.leaving:
        known = {
            **known,
            "clouddesk_leaving": list(order.leaving),
            "clouddesk_leaving_roles": [role for role in order.ansible_roles if _knows_leaving(role, role_folders)],
        }
    return {
        "all": {
            "hosts": {target.key: _host(target) for target in order.targets},
            "children": groups,
            "vars": {**order.variables, **known},
        }
    }


def _host(target: Target) -> dict[str, object]:
    # Known under its key, a node may come back with another address and still be known.
    checking = "yes" if target.host_keys else "accept-new"
    return {
        "ansible_host": target.address,
        "ansible_port": target.port,
        "ansible_user": target.login,
        "ansible_ssh_common_args": f"-o HostKeyAlias={target.key} -o StrictHostKeyChecking={checking}",
        # Small images for root have no sudo.
        "ansible_become_method": "su" if target.login == "root" else "sudo",
        "private_address": target.private_address,
    }


def _knows_leaving(role: str, role_folders: Sequence[Path]) -> bool:
    """Whether machines have to be taken out of what the role has put on them; by the first folder that has it."""
    found = next((folder / role for folder in role_folders if (folder / role).is_dir()), None)
    return found is not None and (found / "tasks" / f"{LEAVE}.yml").is_file()


def _mirrored(url: str, mirrors: Mapping[str, str]) -> str:
    """The address with its beginning replaced by the mirror of the longest beginning that is named."""
    fitting = [start for start in mirrors if "://" in start and url.startswith(start)]
    start = max(fitting, key=len, default="")
    return mirrors[start] + url[len(start) :] if start else url
