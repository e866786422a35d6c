"""Blueprints: what is read from their files, and what is told when one is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from clouddesk.adapters.blueprints import load_blueprints, make_secrets
from clouddesk.model.blueprint import PortRange
from clouddesk.model.errors import Invalid
from clouddesk.settings import PROJECT

OURS = PROJECT / "blueprints"
SHIPPED = load_blueprints(OURS)

SOLR: dict[str, Any] = {
    "title": "Solr",
    "roles": [
        {"name": "keeper", "count": 1, "ports": {"outside": [8983], "inside": ["7000-7100"]}},
        {"name": "worker"},
    ],
    "default_nodes": 3,
    "least_nodes": 2,
    "machine": {"vcpus": 2, "memory_gb": 4, "storage_gb": 20},
    "os": "debian-12",
    "software": {
        "ansible_roles": ["solr"],
        "versions": {"solr": "9.1"},
        "downloads": {"solr": {"url": "https://example.org/{version}.tgz", "checksum": "sha256:" + "0" * 64}},
        "secrets": {"admin": {"characters": 20}},
        "links": [{"title": "Solr", "role": "keeper", "port": 8983, "path": "/?key={admin}"}],
        "check": {"title": "a document is found"},
        "clients": [{"title": "curl", "text": "curl http://{keeper}:8983/"}],
    },
}


def write(folder: Path, data: object, name: str = "solr") -> Path:
    (folder / f"{name}.yml").write_text(data if isinstance(data, str) else yaml.safe_dump(data))
    for part in ("main", "check"):
        tasks = folder / "roles" / "solr" / "tasks" / f"{part}.yml"
        tasks.parent.mkdir(parents=True, exist_ok=True)
        tasks.write_text("---\n")
    return folder


def with_change(path: str, value: object) -> dict[str, Any]:
    """The example with another value; None takes the key away."""
    data: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SOLR))
    *ways, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    part: Any = data
    for step in ways:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return data


def test_a_whole_blueprint_is_read(tmp_path):
    blueprint = load_blueprints(write(tmp_path, SOLR))["solr"]
    keeper, worker = blueprint.roles
    assert (keeper.least, keeper.default, worker.least, worker.default) == (1, 1, 1, 2)
    assert keeper.inside == (PortRange(7000, 7100),)
    assert (blueprint.runs_on, blueprint.brings, blueprint.needs_own_kernel) == (("cluster",), (), False)
    assert blueprint.outside == (PortRange(8983, 8983),)
    assert blueprint.software is not None
    assert blueprint.software.downloads["solr"].url == "https://example.org/9.1.tgz"


def test_a_role_that_needs_more_makes_all_machines_larger(tmp_path):
    blueprint = load_blueprints(write(tmp_path, with_change("roles/1/machine", {"memory_gb": 32})))["solr"]
    assert (blueprint.vcpus, blueprint.memory_gb) == (2, 32)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("machine", None, "machine is missing"),
        ("machine/vcpus", 1.5, "machine.vcpus must be a whole number of at least 1, not 1.5"),
        ("machine/gpus", 1, "machine.gpus does not exist here. There are: memory_gb, storage_gb, vcpus"),
        ("titel", "Solr", "titel does not exist here"),
        ("title", 7, "title must be a text, not 7"),
        ("roles", [], "roles must be a list with at least one entry"),
        ("roles/1/count", 2, "roles exactly one role must be without a count"),
        ("roles/1/name", "keeper", "roles two roles have the same name"),
        ("roles/1/name", "Worker", "roles[2].name must be small letters"),
        ("roles/1/default", 4, "roles[2].default must be 2: default_nodes is 3, other roles take 1"),
        ("roles/1/least", 2, "roles[2].least must be 1: least_nodes is 2 and the other roles take 1"),
        ("roles/0/ports/inside", ["80-70"], "roles[1].ports.inside 80-70 is no range of ports"),
        ("roles/0/ports/inside", ["http"], "must hold ports and ranges such as 7077 and 7000-7100, not 'http'"),
        ("default_nodes", 1, "default_nodes must be at least least_nodes, 2"),
        ("scales", ["double"], "scales must hold grow, shrink, both or neither, not double"),
        ("idle", {"ask_hours": 0}, "idle.ask_hours must be a number above 0, not 0"),
        ("idle", {"cpu_percent": 80}, "idle.cpu_percent must be 50 or less: what does more is at work"),
        ("idle", {"only_ask": "yes"}, "idle.only_ask must be true or false, not 'yes'"),
        ("idle", {"stop": False}, "idle.stop does not exist here. There are: ask_hours, cpu_percent, only_ask"),
        ("software/ansible_roles", ["lucene"], "software.ansible_roles names lucene, but there is no"),
        ("software/versions/solr", 9.1, "software.versions.solr must be a text, not 9.1; a version goes in quotes"),
        (
            "software/secrets/admin/characters",
            4,
            "software.secrets.admin.characters must be a whole number of at least",
        ),
        ("software/secrets/keeper", {"characters": 20}, "software.secrets.keeper is also the name of a role"),
        ("software/links/0/role", "head", "software.links[1].role must be one of keeper, worker, not 'head'"),
        ("software/links/0/port", 80, "software.links[1].port must be among the ports of the role keeper"),
        ("software/links/0/path", "/{token}", "software.links[1].path names {token}; there are: admin"),
        ("software/clients/0/text", "curl {", "software.clients[1].text has a brace without its other half"),
        ("software/downloads/solr/checksum", "md5:1", "software.downloads.solr.checksum must be sha256: or sha512:"),
        ("software/versions", None, "software.downloads.solr.url names {version}, so versions.solr must be given"),
        ("software/check", None, "software.check is missing"),
        ("runs_on", ["laptop"], "runs_on must be a list with one or more of cluster, machine, not ['laptop']"),
        ("runs_on", [], "runs_on must be a list with one or more"),
        ("needs_own_kernel", "yes", "needs_own_kernel must be true or false, not 'yes'"),
        ("brings", ["jupyter"], "brings names jupyter, but there is no jupyter.yml"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(tmp_path, path, value, told):
    write(tmp_path, with_change(path, value))
    with pytest.raises(Invalid) as caught:
        load_blueprints(tmp_path)
    assert str(caught.value).startswith(("solr.yml: ", "solr.yml "))
    assert told in str(caught.value)


def test_software_scales_as_it_says_and_bare_machines_always(tmp_path):
    assert load_blueprints(write(tmp_path, SOLR))["solr"].scales == ()
    assert load_blueprints(write(tmp_path, with_change("scales", ["grow"])))["solr"].scales == ("grow",)
    assert load_blueprints(write(tmp_path, with_change("software", None)))["solr"].scales == ("grow", "shrink")
    assert SHIPPED["spark"].growing_role == "worker"


@pytest.mark.parametrize("name", ["postgres", "redis", "kafka", "elasticsearch", "kubernetes"])
def test_what_serves_others_is_only_asked_about_when_nobody_uses_it(name):
    assert SHIPPED[name].idle.is_only_asked


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    with pytest.raises(Invalid, match=r"solr\.yml is not valid YAML"):
        load_blueprints(write(tmp_path, "title: [Solr"))


def test_a_file_without_keys_is_named(tmp_path):
    with pytest.raises(Invalid, match=r"solr\.yml: the file must hold keys and values"):
        load_blueprints(write(tmp_path, "Solr"))


def test_a_teams_blueprint_replaces_ours_and_may_use_our_ansible_roles(tmp_path):
    data = with_change("software/ansible_roles", ["java", "solr"])
    loaded = load_blueprints(OURS, write(tmp_path, data, name="spark"))
    assert (loaded["spark"].title, loaded["redis"].title) == ("Solr", "Redis")


def test_a_word_that_stands_for_another_blueprint_is_refused(tmp_path):
    write(tmp_path, with_change("aliases", ["pyspark"]))
    with pytest.raises(Invalid, match="pyspark, which stands for spark already"):
        load_blueprints(OURS, tmp_path)


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(Invalid, match="No blueprint in"):
        load_blueprints(tmp_path)


def test_secrets_are_made_anew_each_time_and_as_long_as_told():
    software = SHIPPED["spark"].software
    assert software is not None
    first, second = make_secrets(software.secrets), make_secrets(software.secrets)
    assert {name: len(value) for name, value in first.items()} == dict(software.secrets)
    assert not set(first.values()) & set(second.values())


@pytest.mark.parametrize("name", sorted(name for name, item in SHIPPED.items() if item.software))
def test_the_versions_that_people_read_are_those_that_are_locked(name):
    software = SHIPPED[name].software
    assert software is not None
    for role in software.ansible_roles:
        for lock in (OURS / "roles" / role / "files").glob("*.txt"):
            pins = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock.read_text(), re.MULTILINE))
            told = {"spark": "pyspark"}
            for package, version in software.versions.items():
                assert pins[told.get(package, package)] == version
    for key in software.downloads:
        assert key in software.versions
