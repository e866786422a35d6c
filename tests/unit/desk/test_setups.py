"""What is put on machines: one blueprint on a cluster, several on machines that each have it alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.model.blueprint import ON_MACHINES
from clouddesk.model.errors import Invalid, UnknownSoftware
from clouddesk.model.node import Opening
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.settings import PROJECT
from clouddesk.setups import (
    NEEDS_CLUSTER,
    NEEDS_OWN_KERNEL,
    NOT_KNOWN,
    NOT_ON_SYSTEM,
    PORT_TAKEN,
    Setup,
    is_known_system,
    make_setup,
    openings_of,
)

BLUEPRINTS = load_blueprints(PROJECT / "blueprints")


def setup(*software: str, os: str = "ubuntu-22.04", provider: str = "aws") -> Setup:
    return make_setup(BLUEPRINTS, ResourceRequest(software=software), os=os, provider=provider)


def reasons(found: Setup) -> list[tuple[str, str]]:
    return [(item.title, item.reason) for item in found.left_out]


def test_several_blueprints_become_one_software_in_the_order_that_was_said():
    found = setup("docker", "psql", "redis", "postgres")
    software = found.software
    assert software is not None
    assert found.titles == ("Docker", "PostgreSQL", "Redis")
    assert software.ansible_roles == ("docker", "postgres", "redis")
    assert set(software.secrets) == {"postgres_password", "replication_password", "redis_password"}
    assert set(software.versions) == {"docker", "postgres", "redis"}
    assert software.is_alone
    assert [str(ports) for ports in found.outside] == ["5432", "6379"]
    assert not found.left_out


@pytest.mark.parametrize("name", [name for name, item in BLUEPRINTS.items() if ON_MACHINES in item.runs_on])
def test_on_a_machine_nothing_speaks_of_a_clusters_parts(name: str) -> None:
    software = setup(name).software
    assert software is not None
    assert {link.role for link in software.links} <= {"node"}
    roles = {role.name for role in BLUEPRINTS[name].roles} - {"node"}
    assert not [client for client in software.clients if any(f"{{{role}}}" in client.text for role in roles)]


def test_downloads_and_links_come_along():
    software = setup("kafka", "hadoop").software
    assert software is not None
    assert set(software.downloads) == {"kafka", "hadoop"}
    assert [link.title for link in software.links] == ["HDFS", "YARN"]


@pytest.mark.parametrize("said", [("spark", "jupyter"), ("jupyter", "spark")])
def test_what_another_one_brings_is_not_installed_twice(said: tuple[str, ...]) -> None:
    found = setup(*said)
    assert (found.titles, found.left_out) == (("Spark",), ())


def test_two_that_want_one_port_are_not_put_on_one_machine():
    assert reasons(setup("spark", "dask")) == [("Dask", PORT_TAKEN)]
    (left,) = setup("redis", "ray").left_out
    assert left.detail == "port 6379, which Redis has"


def test_what_nobody_knows_is_left_out_and_the_rest_is_installed():
    found = setup("nginx", "redis", "flink")
    assert found.titles == ("Redis",)
    assert reasons(found) == [("nginx", NOT_KNOWN), ("Flink", NOT_KNOWN)]


@pytest.mark.parametrize(
    ("os", "is_so"),
    [
        ("debian-12", True), ("debian-13", True), ("debian-11", False), ("ubuntu-22.04", True), ("ubuntu-24.04", True),
        ("ubuntu-20.04", False), ("rocky-9", True), ("rocky-8", False), ("fedora-42", False),
    ],
)  # fmt: skip
def test_only_systems_that_the_roles_know_get_software(os: str, is_so: bool) -> None:
    assert is_known_system(os) == is_so
    assert reasons(setup("redis", os=os)) == ([] if is_so else [("Redis", NOT_ON_SYSTEM)])
    cluster = ResourceRequest(kind=CLUSTER, software=("redis",))
    assert bool(make_setup(BLUEPRINTS, cluster, os=os, provider="aws").software) == is_so


def test_a_container_holds_no_engine():
    assert reasons(setup("docker", "redis", provider="docker")) == [("Docker", NEEDS_OWN_KERNEL)]


def test_a_teams_blueprint_that_says_nothing_of_machines_takes_a_cluster():
    known = {**BLUEPRINTS, "redis": replace(BLUEPRINTS["redis"], runs_on=("cluster",))}
    found = make_setup(known, ResourceRequest(software=("redis",)), os="debian-12", provider="aws")
    assert (found.software, reasons(found)) == (None, [("Redis", NEEDS_CLUSTER)])


def test_docker_is_for_machines_and_no_cluster():
    with pytest.raises(UnknownSoftware) as error:
        make_setup(BLUEPRINTS, ResourceRequest(kind=CLUSTER, software=("docker",)), os="debian-12", provider="aws")
    assert "docker" not in error.value.known


@pytest.mark.parametrize("software", [(), ("plain",)])
def test_bare_machines_stay_bare(software: tuple[str, ...]) -> None:
    assert setup(*software) == Setup()


@pytest.mark.parametrize("name", sorted(BLUEPRINTS))
def test_a_blueprints_ports_are_opened_to_whom_they_are_given_and_else_to_nobody(name: str) -> None:
    blueprint = BLUEPRINTS[name]
    request = ResourceRequest(kind=CLUSTER if blueprint.is_cluster else "vm", software=(name,))
    found = make_setup(BLUEPRINTS, request, os="debian-12", provider="aws")
    assert openings_of(request, found, provider="aws") == ()
    declared = {(ports.first, ports.last) for role in blueprint.roles for ports in role.outside}
    given = replace(request, open_to=("203.0.113.0/24", "2001:db8::1"))
    opened = openings_of(given, found, provider="aws")
    assert set(opened) == {
        Opening(first, last, source) for first, last in declared for source in ("203.0.113.0/24", "2001:db8::1/128")
    }
    assert openings_of(given, found, provider="docker") == ()


def test_ports_that_are_named_are_opened_instead():
    request = ResourceRequest(software=("redis",), open_to=("203.0.113.7",), open_ports=("8080", "9000-9010"))
    found = make_setup(BLUEPRINTS, request, os="debian-12", provider="aws")
    assert openings_of(request, found, provider="aws") == (
        Opening(8080, 8080, "203.0.113.7/32"),
        Opening(9000, 9010, "203.0.113.7/32"),
    )


@pytest.mark.parametrize("wrong", [{"open_to": ("everybody",)}, {"open_to": ("::/0",), "open_ports": ("http",)}])
def test_what_is_no_address_or_port_is_refused(wrong: dict[str, tuple[str, ...]]) -> None:
    request = ResourceRequest(software=("redis",), **wrong)  # type: ignore[arg-type]
    found = make_setup(BLUEPRINTS, request, os="debian-12", provider="aws")
    with pytest.raises(Invalid):
        openings_of(request, found, provider="aws")
