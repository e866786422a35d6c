"""What sentences mean: entities with normalised values, by the contract of understanding."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language import roles
from clouddesk.language.frame import understand
from clouddesk.language.prepare import prepare


def frame(text: str, intent: str = "create_vm") -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for entity in understand(prepare(text).text, intent):
        found.setdefault(entity.entity, []).append(entity.value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't make it 64 gb", {}),
        ("no need to add 2 more nodes", {}),
        ("i don't want 5 nodes, make it 3 nodes", {"node_count": 3}),
        ("it shouldn't have less than 8 gb", {"memory_gb": 8}),
        ("that is not enough, 16 gb please", {"memory_gb": 16}),
    ],
)
def test_an_amount_that_a_change_denies_is_not_meant(text: str, expected: dict[str, Any]) -> None:
    assert frame(text, "correct") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x 16gb ubuntu", {"vm_count": 3, "memory_gb": 16, "os": "ubuntu"}),
        ("4c/8g box", {"vcpus": 4, "memory_gb": 8}),
        ("a 4x16 machine", {"vcpus": 4, "memory_gb": 16}),
        ("16384 MB please", {"memory_gb": 16}),
        ("16 gigs, quad-core", {"memory_gb": 16, "vcpus": 4}),
        ("8 to 16 gigs", {"memory_gb": 8}),
        ("at least 128 GB of RAM and 2 TB of disk", {"memory_gb": 128, "storage_gb": 2048}),
        ("half a terabyte of ram", {"memory_gb": 512}),
        ("25 gigs of SSD", {"storage_gb": 25}),
        ("a vm with a bigger disk, 200gb", {"storage_gb": 200}),
        ("a vm with more memory, 64 gb", {"memory_gb": 64}),
        ("a vm with a bigger disk, 64 gb ram", {"memory_gb": 64}),
        ("need a box. 32 gigs, no, 64. ubuntu", {"memory_gb": 64, "os": "ubuntu"}),
        ("half a dozen vms with 2 cores", {"vm_count": 6, "vcpus": 2}),
        ("a couple of droplets", {"vm_count": 2, "provider": "digitalocean"}),
        ("two t3.mediums", {"vm_count": 2, "size_name": "t3.medium"}),
        ("2 ubuntu 22.04 boxes", {"vm_count": 2, "os": "ubuntu-22.04"}),
        ("an A100 till friday noon", {"gpu_count": 1, "gpu_type": "a100", "until": "till friday noon"}),
        ("8xV100 for 2 days", {"gpu_count": 8, "gpu_type": "v100", "duration_minutes": 2880}),
        ("two l4s on spot", {"gpu_count": 2, "gpu_type": "l4", "spot": True}),
        ("L40S x2", {"gpu_count": 2, "gpu_type": "l40s"}),
        ("a gpu box", {"gpu_count": 1}),
        ("jammy on DO, not aws", {"os": "ubuntu-22.04", "provider": "digitalocean"}),
        ("anything except centos", {}),
        ("two vms, windows not required", {"vm_count": 2}),
        ("a vm, ubuntu is not needed", {}),
        ("a vm, cap 1 dollar", {"max_price_per_hour": 1}),
        ("a postgres vm with 128 gb", {"software": "postgres", "memory_gb": 128}),
        ("a mongodb vm with 500 gb", {"software": "mongodb", "storage_gb": 500}),
        ("debian instead of ubuntu", {"os": "debian"}),
        ("aws or gcp", {"provider": ["aws", "gcp"]}),
        ("a vm with docker installed", {"software": "docker"}),
        ("my docker build is slow, a vm please", {}),
        ("something on docker", {"provider": "docker"}),
        ("under 50 cents an hour", {"max_price_per_hour": 0.5}),
        ("max $1.20/h", {"max_price_per_hour": 1.2}),
        ("12 dollars a day at most", {"max_price_per_hour": 0.5}),
        ("windows server 2022 in São Paulo", {"os": "windows-server-2022", "region": "são paulo"}),
        ("us-east-1, m5.large, rhel9", {"region": "us-east-1", "size_name": "m5.large", "os": "rhel-9"}),
        ("my dump is 30 GB, I want 48 gigs of memory", {"memory_gb": 48}),
        ("kafka-1 crashed, a new vm please", {}),
        ("a machine for a day", {"duration_minutes": 1440}),
        ("a machine for today", {"until": "for today"}),
        ("a vm over the weekend", {"until": "over the weekend"}),
        ("two boxes, total 6 vCPUs across them", {"vm_count": 2, "vcpus": 3}),
    ],
)
def test_requests_for_machines(text: str, expected: dict[str, Any]) -> None:
    assert frame(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 3-node spark cluster for 8 hours", {"node_count": 3, "software": "spark", "duration_minutes": 480}),
        ("k8s: a master and 4 workers", {"node_count": 5, "software": "kubernetes"}),
        ("one head, three workers, ray", {"node_count": 4, "software": "ray"}),
        ("hadoop, one namenode and nine datanodes", {"node_count": 10, "software": "hadoop"}),
        ("dask with 4 workers", {"node_count": 4, "software": "dask"}),
        ("I was thinking 12, actually 15 nodes", {"node_count": 15}),
        ("6 to 8 nodes", {"node_count": 6}),
        ("240 cores in total over 24 nodes", {"vcpus": 10, "node_count": 24}),
        ("8 nodes, 1 T4 per node", {"node_count": 8, "gpu_count": 1, "gpu_type": "t4"}),
        ("kafka and spark on five machines", {"software": ["kafka", "spark"], "node_count": 5}),
    ],
)
def test_requests_for_clusters(text: str, expected: dict[str, Any]) -> None:
    assert frame(text, "create_cluster") == expected


@pytest.mark.parametrize(
    ("intent", "text", "expected"),
    [
        ("scale_cluster", "add two workers", {"node_count": 2}),
        ("scale_cluster", "from 4 to 9 nodes please", {"node_count": 9}),
        ("scale_cluster", "double the workers", {}),
        ("extend_reservation", "yes, 2 more hours", {"duration_minutes": 120}),
        (
            "extend_reservation",
            "extend r-4e19ba20 by 3 days",
            {"resource_name": "r-4e19ba20", "duration_minutes": 4320},
        ),
        ("extend_reservation", "keep it until tomorrow at nine", {"until": "until tomorrow at nine"}),
        ("set_reminder", "warn me 30 min before the end", {"duration_minutes": 30}),
        ("set_reminder", "remind me tomorrow at 9", {}),
        ("schedule_power", "off every night at 7", {}),
        ("terminate_resource", "kill the a100 box in frankfurt", {"gpu_type": "a100", "region": "frankfurt"}),
        ("terminate_resource", "tear down the spark one", {"software": "spark"}),
        ("stop_resource", "stop both machines", {}),
        ("cost_report", "what did aws cost last week", {"provider": "aws"}),
        ("share_resource", "give <@U02MARTA> access for a day", {"person": "<@U02MARTA>", "duration_minutes": 1440}),
        ("inform", "5", {}),
        ("inform", "16 gigs", {"memory_gb": 16}),
        ("inform", "friday 6pm", {"until": "friday 6pm"}),
        ("deny", "don't stop r-12345678", {}),
        ("out_of_scope", "book room Frankfurt for 2 hours", {}),
        ("paste_secret", "add my aws key AKIAIOSFODNN7EXAMPLE, then 3 vms", {"provider": "aws"}),
        ("correct", "no, make that 5 nodes", {"node_count": 5}),
    ],
)
def test_other_intents_carry_what_the_contract_allows(intent: str, text: str, expected: dict[str, Any]) -> None:
    assert frame(text, intent) == expected


@given(st.text(max_size=120), st.sampled_from(["create_vm", "create_cluster", "scale_cluster", "inform", "correct"]))
def test_any_text_is_survived_and_only_allowed_entities_come_out(text: str, intent: str) -> None:
    for entity in understand(prepare(text).text, intent):
        assert entity.entity in roles.allowed(intent)


@given(
    st.integers(min_value=1, max_value=99),
    st.integers(min_value=1, max_value=64),
    st.sampled_from(["gb", " GB", "G", " gigs"]),
)
def test_counts_and_sizes_do_not_get_mixed_up(machines: int, memory: int, unit: str) -> None:
    assert frame(f"{machines} nodes with {memory}{unit} of ram each", "create_cluster") == {
        "node_count": machines,
        "memory_gb": memory,
    }
