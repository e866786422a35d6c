"""Open ports of every blueprint on every cloud: SSH, what was opened to given addresses, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from tenacity import wait_none

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.model.node import SSH, Opening
from clouddesk.model.request import CLUSTER, VM, ResourceRequest
from clouddesk.providers import faults
from clouddesk.settings import PROJECT
from clouddesk.setups import make_setup, openings_of
from tests.contract import azure_api, gcp_api, openstack_api, rest_api
from tests.contract.cases import CASES
from tests.contract.conftest import SERVERS, Sandbox
from tests.contract.test_provider_contract import Case, wait_until

BLUEPRINTS = load_blueprints(PROJECT / "blueprints")
GIVEN = ("203.0.113.0/24", "198.51.100.7/32")
Inside = set[tuple[int, int, str]]
"""First and last port, and source, of what is let in from outside."""


def opened_for(provider: str) -> dict[tuple[Opening, ...], list[str]]:
    """What the orders of all blueprints open, each with the blueprints that it is of; with addresses and without."""
    found: dict[tuple[Opening, ...], list[str]] = {}
    for name, blueprint in BLUEPRINTS.items():
        for given in ((), GIVEN):
            kind = CLUSTER if blueprint.is_cluster else VM
            request = ResourceRequest(kind=kind, software=(name,), open_to=given)
            setup = make_setup(BLUEPRINTS, request, os="ubuntu-22.04", provider=provider)
            openings = (SSH, *openings_of(request, setup, provider=provider))
            declared = {ports for role in blueprint.roles for ports in role.outside} if blueprint.software else set()
            assert len(openings) == 1 + len(declared) * len(given), name
            found.setdefault(openings, []).append(name)
    return found


def as_ordered(openings: tuple[Opening, ...]) -> Inside:
    return {(item.first_port, item.last_port, item.source) for item in openings}


@pytest.fixture(params=sorted(SERVERS))
def sandbox(
    request: pytest.FixtureRequest, servers: Callable[[str], Sandbox], monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Sandbox]:
    monkeypatch.setattr(faults, "_BACK_OFF", wait_none())
    return request.param, servers(request.param)


def test_a_clouds_firewall_lets_in_what_each_blueprints_order_opens_and_nothing_else(
    sandbox: tuple[str, Sandbox],
) -> None:
    name, server = sandbox
    cases: list[Case] = []
    try:
        for openings, blueprints in opened_for(name).items():
            case = Case(name, server, CASES[name])
            cases.append(case)
            (made,) = case.open().create_nodes(replace(case.order("node-1"), openings=openings))
            assert _READ[name](case, made.id) == as_ordered(openings), blueprints
    finally:
        for case in cases:
            case.open().destroy_nodes(case.reservation_id, case.region)
        for case in cases:
            wait_until(lambda case=case: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)  # type: ignore[misc]


def _range(text: str) -> tuple[int, int]:
    first, _, last = str(text).replace(":", "-").partition("-")
    return int(first), int(last or first)


def _of_aws(case: Case, id_: str) -> Inside:
    key = case.sandbox.credentials("local/ann")
    ec2 = boto3.client(
        "ec2",
        region_name=case.region,
        endpoint_url=case.sandbox.url,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )
    machine = ec2.describe_instances(InstanceIds=[id_])["Reservations"][0]["Instances"][0]
    groups = ec2.describe_security_groups(GroupIds=[group["GroupId"] for group in machine["SecurityGroups"]])
    rules = [rule for group in groups["SecurityGroups"] for rule in group["IpPermissions"]]
    return {(rule["FromPort"], rule["ToPort"], place["CidrIp"]) for rule in rules for place in rule["IpRanges"]}


def _of_azure(case: Case, _id: str) -> Inside:
    api = azure_api.Api(case.sandbox)
    wanted = f"tagName eq 'clouddesk-reservation' and tagValue eq '{case.reservation_id}'"
    (group,) = api.get(f"{api.place}/resourceGroups", query={"$filter": wanted})["value"]
    (firewall,) = api.inside(group["name"], "Microsoft.Network/networkSecurityGroups")
    rules = [item["properties"] for item in firewall["properties"]["securityRules"]]
    assert {rule["access"] for rule in rules} == {"Allow"}
    return {(*_range(rule["destinationPortRange"]), rule["sourceAddressPrefix"]) for rule in rules}


def _of_digitalocean(case: Case, id_: str) -> Inside:
    (machine,) = (item for item in case.sandbox.machines() if item["id"] == id_)
    firewalls: Any = machine["firewalls"]
    rules = [rule for item in firewalls for rule in item["inbound_rules"]]
    return {(*_range(rule["ports"]), place) for rule in rules for place in rule["sources"].get("addresses", ())}


def _of_gcp(case: Case, _id: str) -> Inside:
    found = gcp_api.Api(case.sandbox).get("/global/firewalls", filter="name eq clouddesk-.*").get("items", [])
    rules = [item for item in found if case.reservation_id in item["description"] and "allowed" in item]
    return {
        (*_range(ports), place)
        for rule in rules
        for place in rule.get("sourceRanges", ())
        for allowed in rule["allowed"]
        for ports in allowed["ports"]
    }


def _of_linode(case: Case, id_: str) -> Inside:
    firewalls = rest_api.Api(case.sandbox, "/v4").get("/networking/firewalls")["data"]
    (firewall,) = (item for item in firewalls if int(id_) in {entity["id"] for entity in item["entities"]})
    assert firewall["rules"]["inbound_policy"] == "DROP"
    rules = [rule for rule in firewall["rules"]["inbound"] if rule.get("ports")]
    found = {(*_range(rule["ports"]), place) for rule in rules for all_ in rule["addresses"].values() for place in all_}
    # The reservation's own machines, in a network that nobody else is in.
    return found - {(1, 65535, "10.0.0.0/24")}


def _of_openstack(case: Case, _id: str) -> Inside:
    groups = openstack_api.Api(case.sandbox).get("network/security-groups", region=case.region)["security_groups"]
    (group,) = (item for item in groups if case.reservation_id in item["description"])
    return {
        (rule["port_range_min"], rule["port_range_max"], rule["remote_ip_prefix"])
        for rule in group["security_group_rules"]
        if rule["direction"] == "ingress" and rule["remote_group_id"] != group["id"]
    }


def _of_vultr(case: Case, id_: str) -> Inside:
    api = rest_api.Api(case.sandbox, "/v2")
    group = api.get(f"/instances/{id_}")["instance"]["firewall_group_id"]
    rules = api.get(f"/firewalls/{group}/rules")["firewall_rules"]
    return {(*_range(rule["port"]), f"{rule['subnet']}/{rule['subnet_size']}") for rule in rules}


_READ: dict[str, Callable[[Case, str], Inside]] = {
    "aws": _of_aws,
    "azure": _of_azure,
    "digitalocean": _of_digitalocean,
    "gcp": _of_gcp,
    "linode": _of_linode,
    "openstack": _of_openstack,
    "vultr": _of_vultr,
}
