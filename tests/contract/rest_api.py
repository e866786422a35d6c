"""How a simulated cloud with tokens is asked plainly over HTTP."""

from __future__ import annotations

from typing import Any

import requests

from tests.contract.conftest import Sandbox

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1v2d9Dk4P0sC1o8bUq9uY7m3d0lZp1yM4h5r6t7u8v ann@desk"


class Api:
    """One account's API."""

    def __init__(self, sandbox: Sandbox, version: str, token: str = "") -> None:
        self._url = f"{sandbox.url}{version}"
        self._headers = {"Authorization": f"Bearer {token or sandbox.credentials()['token']}"}

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        headers = {**self._headers, **more.pop("headers", {})}
        return requests.request(method, f"{self._url}{path}", json=body, headers=headers, timeout=20, **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.ask("GET", path, **more)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: object = None) -> Any:
        answer = self.ask("POST", path, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None
