"""Firewalls and keys of AWS and DigitalOcean: what gets in and nothing else, made once, gone with the reservation."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_string
from ipaddress import ip_network
from typing import Any

import boto3
import pytest
import yaml
from tenacity import wait_none

from clouddesk.model.errors import NoFirewall, ProviderDown, QuotaExceeded, RequestRejected
from clouddesk.model.node import SSH, NodeOrder, Opening
from clouddesk.providers import faults
from tests.contract.cases import CASES
from tests.contract.conftest import Sandbox
from tests.contract.digitalocean_api import Api
from tests.contract.rest_api import PUBLIC_KEY
from tests.contract.test_provider_contract import Case, wait_until

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFT1lJm3Kc8wz2nq5V8b9d0e1f2g3h4i5j6k7l8m9n0p bob@desk"
OPENINGS = (SSH, Opening(8080, 8090), Opening(7077, 7077, "10.1.0.0/16"), Opening(443, 443, "2001:db8::/32"))
_EVERYWHERE = "0.0.0.0/0"
_ALL_TCP_AND_UDP_AND_PINGS = {("tcp", "0"), ("udp", "0"), ("icmp", "0")}
Inside = set[tuple[str, str, str]]
"""Protocol, ports and source of what a machine lets in."""


@pytest.fixture(params=["aws", "digitalocean"])
def case(
    request: pytest.FixtureRequest, servers: Callable[[str], Sandbox], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeypatch.setattr(faults, "_BACK_OFF", wait_none())
    sandbox = servers(request.param)
    case = Case(request.param, sandbox, CASES[request.param])
    yield case
    sandbox.clear_faults()
    for region in (case.region, case.facts.far):
        wait_until(lambda region=region: case.open().destroy_nodes(case.reservation_id, region).is_complete)  # type: ignore[misc]


def ec2(case: Case, region: str = "") -> Any:
    key = case.sandbox.credentials("local/ann")
    return boto3.client(
        "ec2",
        region_name=region or case.region,
        endpoint_url=case.sandbox.url,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
    )


def firewalls(case: Case) -> list[str]:
    """The ids of the reservation's, as a survey tells them."""
    return [item.id for item in case.open().survey().belongings if (item.reservation_id, item.kind) == _of(case)]


def _of(case: Case) -> tuple[str, str]:
    return case.reservation_id, "firewall"


def let_in(case: Case, id_: str) -> Inside:
    """What the machine's firewalls let in, all of them together; what they let out as well must be everything."""
    if case.name == "aws":
        machine = ec2(case).describe_instances(InstanceIds=[id_])["Reservations"][0]["Instances"][0]
        ids = [group["GroupId"] for group in machine["SecurityGroups"]]
        groups = ec2(case).describe_security_groups(GroupIds=ids)["SecurityGroups"]
        assert all(group["IpPermissionsEgress"][0]["IpProtocol"] == "-1" for group in groups)
        return {rule for group in groups for one in group["IpPermissions"] for rule in _rules_of_ec2(one)}
    (machine,) = (item for item in case.sandbox.machines() if item["id"] == id_)
    found: Any = machine["firewalls"]
    assert all(_protocols(item["outbound_rules"]) == _ALL_TCP_AND_UDP_AND_PINGS for item in found)
    return {
        (rule["protocol"], rule["ports"], place)
        for item in found
        for rule in item["inbound_rules"]
        for places in rule["sources"].values()
        for place in places
    }


def _protocols(rules: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(rule["protocol"], rule["ports"]) for rule in rules}


def _rules_of_ec2(one: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    ports = "0"
    if one["IpProtocol"] != "-1":
        ports = str(one["FromPort"]) if one["FromPort"] == one["ToPort"] else f"{one['FromPort']}-{one['ToPort']}"
    for places, field in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("UserIdGroupPairs", "GroupId")):
        for place in one.get(places, []):
            yield one["IpProtocol"], ports, place[field]


def from_outside(inside: Inside) -> Inside:
    return {rule for rule in inside if _is_network(rule[2])}


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def ordered(openings: tuple[Opening, ...]) -> Inside:
    return {
        (
            "tcp",
            str(item.first_port) if item.first_port == item.last_port else f"{item.first_port}-{item.last_port}",
            item.source,
        )
        for item in openings
    }


def user_data(case: Case, id_: str) -> str:
    if case.name == "aws":
        found = ec2(case).describe_instance_attribute(InstanceId=id_, Attribute="userData")["UserData"]["Value"]
        return base64.b64decode(found).decode()
    return str(next(item["user_data"] for item in case.sandbox.machines() if item["id"] == id_))


def opened(case: Case, *openings: Opening, keys: tuple[str, ...] = ("node-1",)) -> NodeOrder:
    return replace(case.order(*keys), openings=openings)


def test_a_machine_lets_in_the_orders_openings_its_own_reservation_and_nothing_else(case: Case) -> None:
    first, second = case.open().create_nodes(opened(case, *OPENINGS, keys=("node-1", "node-2")))
    inside = let_in(case, first.id)
    assert from_outside(inside) == ordered(OPENINGS)
    (source,) = {place for _, _, place in inside - from_outside(inside)}
    if case.name == "aws":
        assert inside - from_outside(inside) == {("-1", "0", firewalls(case)[0])}
    else:
        assert {rule[:2] for rule in inside - from_outside(inside)} == _ALL_TCP_AND_UDP_AND_PINGS
        (droplet,) = (item for item in case.sandbox.machines() if item["id"] == second.id)
        tags: Any = droplet["tags"]
        assert source.partition(":")[2] == tags["clouddesk-firewall"], "the other machine is a source"
    assert let_in(case, second.id) == inside


def test_an_order_without_openings_lets_nobody_in(case: Case) -> None:
    (made,) = case.open().create_nodes(opened(case))
    assert from_outside(let_in(case, made.id)) == set()


def test_the_firewall_is_made_once_and_mended(case: Case) -> None:
    (first,) = case.open().create_nodes(opened(case, SSH, Opening(80, 80)))
    (id_,) = firewalls(case)
    case.open().create_nodes(opened(case, SSH, Opening(443, 443), keys=("node-1", "node-2")))
    assert firewalls(case) == [id_]
    assert from_outside(let_in(case, first.id)) == ordered((SSH, Opening(443, 443)))


def test_what_is_let_in_changes_while_machines_run_and_nothing_is_made_for_that(case: Case) -> None:
    order = opened(case, SSH, Opening(80, 80))
    (made,) = case.open().create_nodes(order)
    ids = firewalls(case)
    for openings in ((SSH, Opening(8080, 8080, "203.0.113.7/32")), (SSH,)):
        for _ in range(2):
            case.open().let_in(replace(order, openings=openings))
        assert from_outside(let_in(case, made.id)) == ordered(openings)
    assert firewalls(case) == ids
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    with pytest.raises(NoFirewall):
        case.open().let_in(order)
    assert firewalls(case) == []


@pytest.mark.parametrize("case", ["aws"], indirect=True)
def test_a_change_that_breaks_off_halfway_is_put_back_by_the_openings_of_before(case: Case) -> None:
    order = opened(case, SSH, Opening(80, 80))
    (made,) = case.open().create_nodes(order)
    other = replace(order, openings=(SSH, Opening(8080, 8080)))
    case.sandbox.fault("server_error", count=None, match={"operation": "RevokeSecurityGroupIngress"})
    with pytest.raises(ProviderDown):
        case.open().let_in(other)
    assert from_outside(let_in(case, made.id)) == ordered((SSH, Opening(80, 80), Opening(8080, 8080)))
    case.sandbox.clear_faults()
    case.open().let_in(order)
    assert from_outside(let_in(case, made.id)) == ordered(order.openings)


def test_a_network_is_understood_however_it_is_written(case: Case) -> None:
    for keys in (("node-1",), ("node-1", "node-2")):
        made = case.open().create_nodes(opened(case, Opening(22, 22, "10.1.2.3/16"), keys=keys))
        inside = from_outside(let_in(case, made[0].id))
        assert {(*rule[:2], str(ip_network(rule[2], strict=False))) for rule in inside} == {
            ("tcp", "22", "10.1.0.0/16")
        }


def test_each_region_has_a_firewall_of_its_own_which_outlives_the_others(case: Case) -> None:
    case.open().create_nodes(opened(case, SSH))
    far = replace(opened(case, Opening(80, 80)), region=case.facts.far)
    case.open().create_nodes(far)
    assert len(firewalls(case)) == 2
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    found = [item for item in case.open().survey().belongings if (item.reservation_id, item.kind) == _of(case)]
    assert [(item.region, item.owner) for item in found] == [(case.facts.far, "local/ann")]


def test_another_installations_firewall_is_not_shared(case: Case) -> None:
    other = case.open(installation="inst-other")
    foreign = other.create_nodes(replace(opened(case, Opening(9000, 9000)), installation="inst-other", public_keys=()))
    (own,) = case.open().create_nodes(opened(case, SSH))
    assert from_outside(let_in(case, own.id)) == ordered((SSH,))
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    assert from_outside(let_in(case, foreign[0].id)) == ordered((Opening(9000, 9000),))
    wait_until(lambda: other.destroy_nodes(case.reservation_id, case.region).is_complete)
    assert case.reservation_id not in {item.reservation_id for item in other.survey().belongings}


_MAKING = {
    "aws": ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress"),
    "digitalocean": ("tags.create", "firewalls.create"),
}
_CHANGING = {
    "aws": ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
    "digitalocean": ("firewalls.replace",),
}
_ENDING = {"aws": ("DeleteSecurityGroup",), "digitalocean": ("firewalls.delete",)}


def test_answers_that_are_lost_after_the_cloud_accepted_change_nothing(case: Case) -> None:
    for operation in _MAKING[case.name]:
        case.sandbox.fault("drop_after_accept", match={"operation": operation})
    (made,) = case.open().create_nodes(opened(case, *OPENINGS))
    assert from_outside(let_in(case, made.id)) == ordered(OPENINGS)
    for operation in _CHANGING[case.name]:
        case.sandbox.fault("drop_after_accept", match={"operation": operation})
    case.open().create_nodes(opened(case, Opening(81, 81), keys=("node-1", "node-2")))
    assert from_outside(let_in(case, made.id)) == ordered((Opening(81, 81),))
    assert len(firewalls(case)) == 1
    assert len(case.existing()) == 2
    for operation in _ENDING[case.name]:
        case.sandbox.fault("drop_after_accept", match={"operation": operation})
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)
    assert firewalls(case) == []


def test_a_firewall_without_machines_is_found_and_cleared(case: Case) -> None:
    case.sandbox.fault("no_capacity", count=None)
    with pytest.raises(Exception, match="no_capacity"):
        case.open().create_nodes(opened(case, SSH))
    case.sandbox.clear_faults()
    (id_,) = firewalls(case)
    assert case.open().destroy_nodes(case.reservation_id, case.region).others == (id_,)
    assert case.open().destroy_nodes(case.reservation_id, case.region).is_complete
    assert firewalls(case) == []


def test_all_keys_are_on_the_machine_beside_what_the_order_has_it_do(case: Case) -> None:
    own = "#!/bin/sh\ntouch /ready\n"
    order = replace(case.order("node-1"), public_keys=(PUBLIC_KEY, OTHER_KEY), user_data=own)
    (made,) = case.open().create_nodes(order)
    parts = [part for part in message_from_string(user_data(case, made.id)).walk() if not part.is_multipart()]
    texts = [part.get_payload(decode=True).decode() for part in parts]  # type: ignore[union-attr]
    assert texts[0] == own
    assert yaml.safe_load(texts[1])["ssh_authorized_keys"] == [PUBLIC_KEY, OTHER_KEY]


def test_an_order_without_keys_keeps_its_user_data(case: Case) -> None:
    (made,) = case.open().create_nodes(replace(case.order("node-1"), public_keys=(), user_data="#cloud-config\n"))
    assert user_data(case, made.id) == "#cloud-config\n"


def test_an_account_without_a_default_network_is_told_of_it(servers: Callable[[str], Sandbox]) -> None:
    case = Case("aws", servers("aws"), replace(CASES["aws"], region="eu-west-2"))
    client = ec2(case)
    (network,) = client.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    for subnet in client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network["VpcId"]]}])["Subnets"]:
        client.delete_subnet(SubnetId=subnet["SubnetId"])
    client.delete_vpc(VpcId=network["VpcId"])
    with pytest.raises(RequestRejected, match="no default VPC in eu-west-2"):
        case.open().create_nodes(case.order("node-1"))
    assert case.open().destroy_nodes(case.reservation_id, case.region).is_complete
    client.create_default_vpc()


def test_droplets_that_there_are_count_against_the_accounts_limit(servers: Callable[[str], Sandbox]) -> None:
    case = Case("digitalocean", servers("digitalocean"), CASES["digitalocean"])
    limit = Api(case.sandbox).get("/account")["account"]["droplet_limit"]
    (made,) = case.open().create_nodes(case.order("node-1"))
    used = Api(case.sandbox).get("/droplets")["meta"]["total"]
    case.sandbox.fault("server_error", match={"operation": "create"}, count=None)
    keys = [f"more-{number}" for number in range(limit - used + 1)]
    with pytest.raises(QuotaExceeded, match=f"{used} of {limit} droplets used, {len(keys)} more asked"):
        case.open().create_nodes(case.order(*keys))
    case.sandbox.clear_faults()
    assert [item["id"] for item in case.existing()] == [made.id]
    wait_until(lambda: case.open().destroy_nodes(case.reservation_id, case.region).is_complete)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "-begins-badly"},
        {"tags": ["nobody:made-it"]},
        {"droplet_ids": [1]},
        {"colour": "red"},
        {"inbound_rules": [], "outbound_rules": []},
        {"inbound_rules": [{"protocol": "sctp", "ports": "22", "sources": {"addresses": [_EVERYWHERE]}}]},
        {"inbound_rules": [{"protocol": "tcp", "ports": "90-80", "sources": {"addresses": [_EVERYWHERE]}}]},
        {"inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": {}}]},
        {"inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["somewhere"]}}]},
    ],
)
def test_the_simulated_digitalocean_refuses_firewalls_that_make_no_sense(
    sandbox_digitalocean: Sandbox, wrong: dict[str, Any]
) -> None:
    api = Api(sandbox_digitalocean)
    rules = [{"protocol": "tcp", "ports": "22", "sources": {"addresses": [_EVERYWHERE]}}]
    assert api.ask("POST", "/firewalls", {"name": "one", "inbound_rules": rules, **wrong}).status_code == 422
    assert [item for item in api.get("/firewalls")["firewalls"] if item["name"] in ("one", "-begins-badly")] == []


def test_a_firewalls_name_is_taken_once_and_its_rules_are_replaced(sandbox_digitalocean: Sandbox) -> None:
    api = Api(sandbox_digitalocean)
    rules = [{"protocol": "tcp", "ports": "all", "sources": {"addresses": [_EVERYWHERE]}}]
    made = api.ask("POST", "/firewalls", {"name": "two", "inbound_rules": rules})
    assert made.status_code == 202
    firewall = made.json()["firewall"]
    assert firewall["inbound_rules"][0]["ports"] == "0"
    assert api.ask("POST", "/firewalls", {"name": "two", "inbound_rules": rules}).status_code == 409
    path = f"/firewalls/{firewall['id']}"
    changed = api.ask("PUT", path, {"name": "two", "inbound_rules": [{**rules[0], "ports": "22"}]}).json()
    assert api.get(path) == changed
    assert changed["firewall"]["inbound_rules"][0]["ports"] == "22"
    assert api.ask("DELETE", path).status_code == 204
    assert api.ask("DELETE", path).status_code == 404
