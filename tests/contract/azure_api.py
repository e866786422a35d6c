"""How the simulated Azure is asked: plainly over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from tests.contract.conftest import Sandbox

VERSION = "2024-11-01"
SCOPE = "https://management.azure.com/.default"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1v2d9Dk4P0sC1o8bUq9uY7m3d0lZp1yM4h5r6t7u8v ann@desk"


class Api:
    """Resource Manager, asked over HTTP with a token of the login."""

    def __init__(self, sandbox: Sandbox, owner: str = "local/ann") -> None:
        self.url = sandbox.url
        self.fields = sandbox.credentials(owner)
        self.place = f"/subscriptions/{self.fields['subscription_id']}"
        answer = self.login()
        answer.raise_for_status()
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def login(self, **changed: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.fields["client_id"],
            "client_secret": self.fields["client_secret"],
            "scope": SCOPE,
        }
        tenant = changed.pop("tenant", self.fields["tenant_id"])
        return requests.post(f"{self.url}/{tenant}/oauth2/v2.0/token", data={**form, **changed}, timeout=20)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> requests.Response:
        return requests.request(
            method,
            self.url + path,
            json=body,
            params={"api-version": VERSION, **(query or {})},
            headers={**self._headers, **(headers or {})},
            timeout=20,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        answer = self.ask("GET", path, query=query)
        answer.raise_for_status()
        return answer.json()

    def put(self, path: str, body: object) -> Any:
        answer = self.ask("PUT", path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def group(self, name: str) -> str:
        return f"{self.place}/resourceGroups/{name}"

    def inside(self, group: str, kind: str) -> Any:
        """What there is of a kind in a group."""
        return self.get(f"{self.group(group)}/providers/{kind}")["value"]


def machine(subnet: str, **changed: object) -> Any:
    """An order that is accepted; ``changed`` takes the place of properties."""
    outside = {
        "name": "address",
        "sku": {"name": "Standard"},
        "properties": {"deleteOption": "Delete", "publicIPAllocationMethod": "Static"},
    }
    inside = {
        "name": "inside",
        "properties": {"primary": True, "subnet": {"id": subnet}, "publicIPAddressConfiguration": outside},
    }
    card = {"name": "card", "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [inside]}}
    system = {
        "computerName": "one",
        "adminUsername": "azureuser",
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": PUBLIC_KEY}]},
        },
    }
    properties: dict[str, object] = {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "storageProfile": {
            "imageReference": reference("ubuntu-24_04-lts", "server"),
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
        },
        "osProfile": system,
        "networkProfile": {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [card]},
    }
    return {"location": "westeurope", "tags": {"made": "by hand"}, "properties": {**properties, **changed}}


def reference(offer: str, sku: str, publisher: str = "Canonical") -> dict[str, str]:
    return {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"}


def network(api: Api, group: str) -> str:
    """A group with a firewall and a network; returns the subnet's id."""
    api.put(api.group(group), {"location": "westeurope"})
    firewall = f"{api.group(group)}/providers/Microsoft.Network/networkSecurityGroups/firewall"
    api.put(firewall, {"location": "westeurope", "properties": {"securityRules": []}})
    path = f"{api.group(group)}/providers/Microsoft.Network/virtualNetworks/network"
    subnet = {"name": "machines", "properties": {"addressPrefix": "10.0.0.0/24"}}
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    api.put(path, {"location": "westeurope", "properties": {"addressSpace": space, "subnets": [subnet]}})
    return f"{path}/subnets/machines"
