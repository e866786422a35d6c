"""Blueprints from a folder of YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from clouddesk.model.blueprint import Blueprint, RolePlan
from clouddesk.model.errors import Invalid, UnknownSoftware


def load_blueprints(folder: Path) -> dict[str, Blueprint]:
    """All blueprints of the folder by name. Raises Invalid with file and field when one is wrong."""
    found = {}
    for path in sorted(folder.glob("*.yml")):
        found[path.stem] = _blueprint(path)
    if not found:
        raise Invalid(f"No blueprint in {folder}. Check out the project's blueprints/ folder again.")
    return found


def find_blueprint(blueprints: dict[str, Blueprint], software: str) -> Blueprint:
    """The blueprint by its name or an alias. Raises UnknownSoftware with what there is."""
    wanted = software.lower()
    for blueprint in blueprints.values():
        if wanted == blueprint.name or wanted in blueprint.aliases:
            return blueprint
    raise UnknownSoftware(software, tuple(blueprints))


def _blueprint(path: Path) -> Blueprint:
    try:
        data: dict[str, Any] = yaml.safe_load(path.read_text())
        machine = data["machine"]
        blueprint = Blueprint(
            name=path.stem,
            title=str(data["title"]),
            aliases=tuple(str(alias).lower() for alias in data.get("aliases") or ()),
            roles=tuple(RolePlan(name=str(role["name"]), count=role.get("count")) for role in data["roles"]),
            default_nodes=int(data["default_nodes"]),
            least_nodes=int(data["least_nodes"]),
            vcpus=int(machine["vcpus"]),
            memory_gb=float(machine["memory_gb"]),
            storage_gb=float(machine["storage_gb"]),
            os=str(data["os"]),
        )
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"blueprints/{path.name} is wrong at {error}. blueprints/README.md lists the fields.") from error
    open_roles = [role for role in blueprint.roles if role.count is None]
    if len(open_roles) != 1:
        raise Invalid(f"blueprints/{path.name}: exactly one role must be without a count; it takes the rest.")
    return blueprint
