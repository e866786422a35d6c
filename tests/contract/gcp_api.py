"""How the simulated Google Cloud is asked: plainly over HTTP, with keys and tokens as Google's own clients do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.contract.conftest import Sandbox

ZONE = "europe-west3-a"
IMAGE = "projects/debian-cloud/global/images/family/debian-12"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@lru_cache(maxsize=1)
def private_key() -> str:
    """One that no account has."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def key_of_nobody(**changed: str) -> str:
    """The JSON file of a service account that does not exist."""
    facts = {
        "type": "service_account",
        "project_id": "nobody-123456",
        "private_key_id": "0" * 40,
        "private_key": private_key(),
        "client_email": "nobody@nobody-123456.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        **changed,
    }
    return json.dumps(facts)


class Api:
    """Compute Engine's API, asked over HTTP for one project."""

    def __init__(self, sandbox: Sandbox, owner: str = "local/ann") -> None:
        self.key = json.loads(sandbox.credentials(owner)["service_account_key"])
        self._url = sandbox.url
        self.project = str(self.key["project_id"])
        self._token = str(self.exchange().json()["access_token"])

    def exchange(self, **claims: object) -> requests.Response:
        """Ask for a token."""
        now = int(time.time())
        known = {
            "iss": self.key["client_email"],
            "scope": "https://www.googleapis.com/auth/compute",
            "aud": self.key["token_uri"],
            "iat": now,
            "exp": now + 3600,
        }
        assertion = jwt.encode(
            {**known, **claims}, self.key["private_key"], "RS256", headers={"kid": self.key["private_key_id"]}
        )
        return requests.post(f"{self._url}/token", data={"grant_type": GRANT, "assertion": assertion}, timeout=20)

    def ask(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        url = f"{self._url}/compute/v1/projects/{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        return requests.request(method, url, json=body, params=query, headers=headers, timeout=20)

    def mine(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        """Below the project."""
        return self.ask(method, f"{self.project}{path}", body, **query)

    def get(self, path: str, **query: str) -> Any:
        answer = self.mine("GET", path, **query)
        answer.raise_for_status()
        return answer.json()

    def done(self, answer: requests.Response) -> Any:
        """The operation that an answer began, once it is done."""
        assert answer.ok, answer.text
        path = str(answer.json()["selfLink"]).partition(f"/projects/{self.project}")[2]
        while (operation := self.mine("POST", f"{path}/wait").json())["status"] != "DONE":
            continue
        return operation

    def insert(self, name: str, /, **changed: object) -> requests.Response:
        return self.mine("POST", f"/zones/{ZONE}/instances", {**order(name), **changed})

    def status(self, name: str) -> str:
        return str(self.get(f"/zones/{ZONE}/instances/{name}")["status"])


def order(name: str) -> dict[str, object]:
    """What makes a small machine."""
    return {
        "name": name,
        "machineType": f"zones/{ZONE}/machineTypes/e2-small",
        "disks": [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": IMAGE}}],
        "networkInterfaces": [{"network": "global/networks/default", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}],
    }


@pytest.fixture
def api(sandbox_gcp: Sandbox) -> Iterator[Api]:
    api = Api(sandbox_gcp)
    yield api
    sandbox_gcp.clear_faults()
    for item in sandbox_gcp.machines():
        api.mine("DELETE", f"/zones/{item['zone']}/instances/{item['name']}")
