"""Blueprints from folders of YAML files: the project's own and a team's."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from pathlib import Path

import yaml

from clouddesk.adapters.blueprint_reader import read_blueprint
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.errors import Invalid, UnknownSoftware

ROLES = "roles"
"""The folder of Ansible roles inside a folder of blueprints."""
PLAYBOOK = Path("playbooks", "configure.yml")
"""The one that applies them, in the project's own folder."""
LEAVE_PLAYBOOK = Path("playbooks", "leave.yml")
"""The one that takes machines out of a cluster."""
LEAVE = "leave"
"""The tasks of a role that are done for machines that leave, where it has such."""


def load_blueprints(*folders: Path) -> dict[str, Blueprint]:
    """All blueprints by name; one of a later folder replaces that of an earlier one.

    Raises Invalid with file and key when one is wrong.
    """
    found: dict[str, Blueprint] = {}
    for folder in folders:
        paths = sorted(folder.glob("*.yml"))
        if not paths:
            raise Invalid(f"No blueprint in {folder}. A folder of blueprints holds <name>.yml files.")
        for path in paths:
            blueprint = read_blueprint(path, _content(path))
            _check_ansible_roles(path, blueprint, folders)
            found[path.stem] = blueprint
    _check_names(found)
    return found


def find_blueprint(blueprints: dict[str, Blueprint], software: str) -> Blueprint:
    """The blueprint by its name or an alias. Raises UnknownSoftware with what there is."""
    wanted = software.lower()
    for blueprint in blueprints.values():
        if wanted == blueprint.name or wanted in blueprint.aliases:
            return blueprint
    raise UnknownSoftware(software, tuple(blueprints))


def make_secrets(wanted: Mapping[str, int]) -> dict[str, str]:
    """Secrets of so many characters by name, made anew at each call; whoever calls keeps them in Vault."""
    letters = string.ascii_letters + string.digits
    return {name: "".join(secrets.choice(letters) for _ in range(characters)) for name, characters in wanted.items()}


def _content(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name} is not valid YAML: {error}") from error


def _check_ansible_roles(path: Path, blueprint: Blueprint, folders: tuple[Path, ...]) -> None:
    for role in blueprint.software.ansible_roles if blueprint.software else ():
        for part in ("main", "check"):
            tasks = Path(ROLES, role, "tasks", f"{part}.yml")
            if not any((folder / tasks).is_file() for folder in folders):
                raise Invalid(f"{path.name}: software.ansible_roles names {role}, but there is no {tasks} beside it.")


def _check_names(blueprints: dict[str, Blueprint]) -> None:
    """A word stands for one blueprint."""
    owners: dict[str, str] = {name: name for name in blueprints}
    for blueprint in blueprints.values():
        for alias in blueprint.aliases:
            owner = owners.setdefault(alias, blueprint.name)
            if owner != blueprint.name:
                raise Invalid(f"{blueprint.name}.yml: aliases has {alias}, which stands for {owner} already.")
