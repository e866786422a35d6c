"""What the simulated clouds themselves say, through their own APIs, past all of our code."""

from __future__ import annotations

from typing import Any

import boto3
import requests

from clouddesk.settings import Settings

AWS_OPERATOR = {"aws_access_key_id": "AKIASANDBOXOPERATOR0", "aws_secret_access_key": "sandbox-operator-secret-key"}
DIGITALOCEAN_OPERATOR = {"Authorization": "Bearer dop_v1_sandbox_operator"}


def machines(settings: Settings, reservation_id: str) -> dict[str, str]:
    """State by machine id ("running", "stopped", "active", "off" …) of everything with the reservation's tag."""
    return {**_instances(settings, reservation_id), **_droplets(settings, reservation_id)}


def all_instances(settings: Settings, region: str) -> list[dict[str, Any]]:
    """AWS's own description of all instances of a region that are not terminated."""
    ec2 = boto3.client("ec2", region_name=region, endpoint_url=settings.sandbox["aws"], **AWS_OPERATOR)
    pages = ec2.get_paginator("describe_instances").paginate()
    found = [item for page in pages for made in page["Reservations"] for item in made["Instances"]]
    return [item for item in found if item["State"]["Name"] != "terminated"]


def fault(settings: Settings, provider: str, **description: Any) -> None:
    """Tell a simulated cloud to have a fault."""
    requests.post(f"{settings.sandbox[provider]}/_sandbox/faults", json=description, timeout=10).raise_for_status()


def heal(settings: Settings) -> None:
    """Take all faults away."""
    for address in settings.sandbox.values():
        requests.delete(f"{address}/_sandbox/faults", timeout=10).raise_for_status()


def _instances(settings: Settings, reservation_id: str) -> dict[str, str]:
    listed = requests.get(f"{settings.sandbox['aws']}/_sandbox/machines", timeout=10).json()["machines"]
    regions = {machine["region"] for machine in listed}
    found = {}
    for region in regions:
        for instance in all_instances(settings, region):
            tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
            if tags.get("clouddesk-reservation") == reservation_id:
                found[instance["InstanceId"]] = instance["State"]["Name"]
    return found


def _droplets(settings: Settings, reservation_id: str) -> dict[str, str]:
    answer = requests.get(
        f"{settings.sandbox['digitalocean']}/v2/droplets",
        params={"tag_name": f"clouddesk-reservation:{reservation_id}", "per_page": "200"},
        headers=DIGITALOCEAN_OPERATOR,
        timeout=10,
    )
    answer.raise_for_status()
    return {str(droplet["id"]): droplet["status"] for droplet in answer.json()["droplets"]}
