"""What the roles make of the systems they are written for, by facts as Ansible gathers them there: packages, services,
Python. Whether the systems' archives have these packages is not seen here."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from clouddesk.settings import PROJECT

ROLES = PROJECT / "blueprints" / "roles"
FACTS = {
    "debian-12": ("Debian", "Debian", "12.8", "bookworm"),
    "debian-13": ("Debian", "Debian", "13.1", "trixie"),
    "ubuntu-22.04": ("Debian", "Ubuntu", "22.04", "jammy"),
    "ubuntu-24.04": ("Debian", "Ubuntu", "24.04", "noble"),
    "rocky-9": ("RedHat", "Rocky", "9.4", "Blue Onyx"),
}
TOO_OLD = {
    "debian-11": ("Debian", "Debian", "11.9", "bullseye"),
    "ubuntu-20.04": ("Debian", "Ubuntu", "20.04", "focal"),
    "rocky-8": ("RedHat", "Rocky", "8.10", "Green Obsidian"),
    "fedora-40": ("RedHat", "Fedora", "40", ""),
}
ON_DEBIAN = {
    "common": ["acl", "ca-certificates", "python3-venv"],
    "docker": ["docker.io"],
    "java": ["openjdk-17-jre-headless"],
    "postgres": ["postgresql-common", "postgresql"],
    "redis": ["redis-server"],
}
PACKAGES = {
    "debian-12": ON_DEBIAN,
    "debian-13": {**ON_DEBIAN, "java": ["openjdk-21-jre-headless"]},
    "ubuntu-22.04": ON_DEBIAN,
    "ubuntu-24.04": ON_DEBIAN,
    "rocky-9": {
        "common": ["acl", "ca-certificates", "python3.11"],
        "docker": ["podman", "podman-docker"],
        "java": ["java-17-openjdk-headless"],
        "postgres": ["postgresql-server"],
        "redis": ["redis"],
    },
}
_INSTALLERS = ("ansible.builtin.package", "ansible.builtin.apt", "ansible.builtin.dnf")


@pytest.mark.parametrize("system", FACTS)
def test_every_role_installs_the_systems_own_packages(system: str) -> None:
    found = {role.name: packages for role in sorted(ROLES.iterdir()) if (packages := _packages(role.name, system))}
    assert found == PACKAGES[system]


@pytest.mark.parametrize(
    ("system", "python", "docker"),
    [(name, "/usr/bin/python3", "docker") for name in FACTS if name != "rocky-9"]
    + [("rocky-9", "/usr/bin/python3.11", "podman.socket")],
)
def test_python_and_services_go_by_the_systems_names(system: str, python: str, docker: str) -> None:
    assert _templar("common", FACTS[system]).template("{{ common_python }}") == python
    service = "{{ docker_service[ansible_facts['os_family']] }}"
    assert _templar("docker", FACTS[system]).template(service) == docker


@pytest.mark.parametrize(("system", "facts"), [*FACTS.items(), *TOO_OLD.items()])
def test_other_systems_are_refused(system: str, facts: tuple[str, ...]) -> None:
    (task,) = (item for item in _tasks("common") if "ansible.builtin.assert" in item)
    templar = _templar("common", facts)
    # As Ansible looks at them: one after the other, up to the first that does not hold.
    holds = all(templar.template(f"{{{{ {that} }}}}") for that in task["ansible.builtin.assert"]["that"])
    assert holds == (system in FACTS)


@pytest.mark.parametrize("system", [name for name in FACTS if name != "rocky-9"])
def test_a_mirror_of_packages_has_the_systems_own_suites(system: str) -> None:
    templar = _templar("common", FACTS[system], clouddesk_mirrors={"apt": "http://mirror.example.org/archive"})
    text = templar.template((ROLES / "common" / "templates" / "mirror.sources.j2").read_text())
    release = FACTS[system][3]
    assert f"Suites: {release} {release}-updates" in text
    assert ("universe" in text) == system.startswith("ubuntu")


def _packages(role: str, system: str) -> list[str]:
    templar, found = _templar(role, FACTS[system]), []
    for task in _tasks(role):
        names = next((task[name].get("name") for name in _INSTALLERS if name in task), None)
        conditions = task.get("when", [])
        conditions = conditions if isinstance(conditions, list) else [conditions]
        if names and all(templar.template(f"{{{{ {condition} }}}}") for condition in conditions):
            wanted = templar.template(names)
            found += [wanted] if isinstance(wanted, str) else wanted
    return found


def _tasks(role: str) -> list[dict[str, Any]]:
    files = (yaml.safe_load(path.read_text()) or [] for path in sorted((ROLES / role / "tasks").glob("*.yml")))
    return [task for tasks in files for task in tasks]


def _templar(role: str, facts: tuple[str, ...], **more: object) -> Templar:
    names = ("os_family", "distribution", "distribution_version", "distribution_release")
    path = ROLES / role / "defaults" / "main.yml"
    defaults = yaml.safe_load(path.read_text()) if path.exists() else {}
    known = {"ansible_facts": dict(zip(names, facts, strict=True)), "groups": {"all": ["node-1"]}}
    return Templar(DataLoader(), variables={**(defaults or {}), **known, **more})
