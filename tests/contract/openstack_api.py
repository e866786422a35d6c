"""How the simulated OpenStack is asked plainly over HTTP, as its own clients do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.contract.conftest import Sandbox, wait_for

REGION = "Fra1"
_TYPES = {"compute": "compute", "network": "network", "image": "image", "volume": "volumev3"}
_VERSIONS = {"network": "/v2.0", "image": "/v2"}


class Api:
    """One project's services, at the addresses that the catalog tells."""

    def __init__(self, sandbox: Sandbox, owner: str = "local/ann") -> None:
        self.key = sandbox.credentials(owner)
        answer = self.identify(self.key)
        assert answer.status_code == 201, answer.text
        self.token = answer.headers["X-Subject-Token"]
        self.told: dict[str, Any] = answer.json()["token"]

    @staticmethod
    def identify(key: dict[str, str], **more: object) -> requests.Response:
        """Ask for a token."""
        identity = {
            "methods": ["application_credential"],
            "application_credential": {
                "id": key["application_credential_id"],
                "secret": key["application_credential_secret"],
            },
        }
        body = {"auth": {"identity": identity, **more}}
        return requests.post(f"{key['auth_url']}/auth/tokens", json=body, timeout=20)

    def address(self, service: str, region: str = REGION) -> str:
        endpoints = next(item["endpoints"] for item in self.told["catalog"] if item["type"] == _TYPES[service])
        url = next(item["url"] for item in endpoints if (item["region"], item["interface"]) == (region, "public"))
        return f"{url}{_VERSIONS.get(service, '')}"

    def ask(self, method: str, path: str, body: object = None, *, region: str = REGION, **query: Any) -> Any:
        """``path``: the service and what follows its address ("compute/servers")."""
        service, _, rest = path.partition("/")
        headers = {"X-Auth-Token": self.token, "OpenStack-API-Version": "compute 2.61"}
        url = f"{self.address(service, region)}/{rest}"
        return requests.request(method, url, json=body, params=query, headers=headers, timeout=20)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.ask("GET", path, **more)
        assert answer.ok, answer.text
        return answer.json()

    def make(self, path: str, key: str, **facts: object) -> Any:
        answer = self.ask("POST", path, {key: facts})
        assert answer.status_code in (201, 202), answer.text
        return answer.json()[key]

    def network(self, name: str = "private") -> str:
        return str(next(item["id"] for item in self.get("network/networks")["networks"] if item["name"] == name))

    def order(self, **changed: object) -> dict[str, Any]:
        """What makes a small machine, on a port of its own."""
        flavor = next(item for item in self.get("compute/flavors/detail")["flavors"] if item["name"] == "m1.small")
        image = self.get("image/images", name="Debian 12 Bookworm")["images"][0]
        known = {"name": "one", "flavorRef": flavor["id"], "imageRef": image["id"], "tags": ["team:data"]}
        if "networks" not in changed:
            known["networks"] = [{"port": self.make("network/ports", "port", network_id=self.network())["id"]}]
        return {name: value for name, value in {**known, **changed}.items() if value is not None}

    def server(self, id_: str) -> Any:
        return self.get(f"compute/servers/{id_}")["server"]

    def started(self, **changed: object) -> str:
        """The id of a machine that runs."""
        id_ = str(self.make("compute/servers", "server", **self.order(**changed))["id"])
        wait_for(lambda: self.server(id_)["status"] == "ACTIVE")
        return id_

    def own_images(self, region: str = REGION) -> list[dict[str, Any]]:
        """The project's, newest first."""
        return list(self.get("image/images", region=region, owner=self.told["project"]["id"])["images"])

    def clear(self) -> None:
        """Everything that there is in the region."""
        for item in self.get("compute/servers/detail")["servers"]:
            self.ask("DELETE", f"compute/servers/{item['id']}")
        wait_for(lambda: self.get("compute/servers/detail")["servers"] == [])
        for path, key in (("network/floatingips", "floatingips"), ("network/ports", "ports"),
                          ("network/security-groups", "security_groups"),
                          ("volume/volumes", "volumes")):  # fmt: skip
            listed = self.get(f"{path}/detail" if key == "volumes" else path)[key]
            for item in listed:
                assert self.ask("DELETE", f"{path}/{item['id']}").ok
        for item in self.own_images():
            assert self.ask("DELETE", f"image/images/{item['id']}").ok


@pytest.fixture
def openstack(servers: Callable[[str], Sandbox]) -> Sandbox:
    """The simulated OpenStack, with no faults left over from another test."""
    return servers("openstack")


@pytest.fixture
def api(openstack: Sandbox) -> Iterator[Api]:
    found = Api(openstack)
    yield found
    openstack.clear_faults()
    found.clear()
