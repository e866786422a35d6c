"""Who asks an OpenStack: application credentials, the tokens that they are exchanged for, and whom those are shown."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import ClassVar

import pytest

from clouddesk.model.errors import CredentialsRejected, Invalid, RequestRejected
from clouddesk.providers import open_provider, tokens
from clouddesk.providers.openstack_key import connection
from clouddesk.providers.transport import unlimited
from tests.contract.conftest import Sandbox
from tests.contract.openstack_api import REGION, Api, openstack
from tests.contract.test_provider_contract import secret
from tests.contract.test_provider_openstack import INSTALLATION, RESERVATION, opened

__all__ = ["openstack"]


def test_a_token_is_exchanged_once_for_many_jobs(openstack: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_KEPT", tokens._Kept())
    opened(openstack).check_credentials()
    openstack.fault("down", match={"operation": "tokens.create"}, count=None)
    opened(openstack).check_credentials()


@pytest.mark.parametrize("operation", ["account", "list"])
def test_a_token_that_the_cloud_took_back_is_exchanged_for_a_new_one(
    openstack: Sandbox, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    monkeypatch.setattr(tokens, "YOUNG_SECONDS", 0)
    opened(openstack).check_credentials()
    openstack.fault("unauthorized", match={"operation": operation})
    opened(openstack).check_credentials()
    assert opened(openstack).get_nodes(RESERVATION, REGION) == []


def test_the_check_names_the_project(openstack: Sandbox) -> None:
    account = opened(openstack).check_credentials()
    assert (account.id, account.label) == (Api(openstack).told["project"]["id"], "sandbox")


@pytest.mark.parametrize("field", ["application_credential_id", "application_credential_secret"])
def test_a_wrong_half_of_the_credential_is_rejected(openstack: Sandbox, field: str) -> None:
    with pytest.raises(CredentialsRejected):
        opened(openstack, **{field: "nobody"}).check_credentials()


def test_an_address_that_is_not_https_is_refused(openstack: Sandbox) -> None:
    fields = {**openstack.credentials("local/ann"), "auth_url": "http://keystone.example.com:5000/v3"}
    with pytest.raises(Invalid, match="https://keystone"):
        open_provider("openstack", secret(fields), endpoint=None, installation=INSTALLATION)


class Elsewhere(BaseHTTPRequestHandler):
    """Sends every caller to another path, and keeps what it was told."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_a_token_does_not_follow_a_cloud_that_sends_its_callers_elsewhere() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        driver = SimpleNamespace(name="OpenStack", pause=unlimited, counted_region="")
        asked = connection(f"http://127.0.0.1:{server.server_port}/v3", driver)
        with pytest.raises(RequestRejected, match="sends its callers elsewhere"):
            asked.request("/auth/tokens", headers={"X-Auth-Token": "gAAAAAsecret"})
        server.shutdown()
    assert Elsewhere.seen == ["/v3/auth/tokens"]
