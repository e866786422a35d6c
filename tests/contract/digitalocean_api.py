"""How the simulated DigitalOcean is asked: plainly over HTTP and with libcloud's driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from libcloud.compute.base import NodeDriver
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from tests.contract.conftest import Sandbox, wait_for

OPERATOR = "dop_v1_sandbox_operator"
ORDER = {"region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1v2d9Dk4P0sC1o8bUq9uY7m3d0lZp1yM4h5r6t7u8v ann@desk"


class Api:
    """DigitalOcean's API, asked over HTTP."""

    def __init__(self, sandbox: Sandbox, token: str = OPERATOR) -> None:
        self._url = sandbox.url
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, f"{self._url}/v2{path}", json=body, headers=self._headers, timeout=20)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        answer.raise_for_status()
        return answer.json()

    def create(self, name: str = "one", **order: object) -> Any:
        answer = self.ask("POST", "/droplets", {"name": name, **ORDER, **order})
        assert answer.status_code == 202, answer.text
        return answer.json()["droplet"]

    def status(self, number: int) -> str:
        return str(self.get(f"/droplets/{number}")["droplet"]["status"])

    def act(self, number: int, kind: str) -> requests.Response:
        return self.ask("POST", f"/droplets/{number}/actions", {"type": kind})

    def wait_until_free(self, number: int) -> None:
        wait_for(lambda: not self.get(f"/droplets/{number}")["droplet"]["locked"])


@pytest.fixture
def api(sandbox_digitalocean: Sandbox) -> Iterator[Api]:
    api = Api(sandbox_digitalocean)
    yield api
    sandbox_digitalocean.clear_faults()
    for machine in sandbox_digitalocean.machines():
        api.ask("DELETE", f"/droplets/{machine['id']}")


def libcloud(sandbox: Sandbox, token: str = OPERATOR, per_page: int = 200) -> NodeDriver:
    driver = get_driver(Provider.DIGITAL_OCEAN)(token)
    driver.ex_per_page = per_page
    driver.connection.host, driver.connection.port, driver.connection.secure = "127.0.0.1", sandbox.port, False
    driver.connection.connect()
    return driver
