"""One project of an OpenStack cloud: its services by the catalog that comes with the token, all pages, plain errors.

libcloud's own driver asks for each service's token anew, knows application credentials only in part, and reads most
answers into objects that leave out what we need; its connections and its catalog are what is used of it.
"""

from __future__ import annotations

import builtins
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.openstack_identity import OpenStackIdentityEndpointType, OpenStackServiceCatalog

from clouddesk.model.errors import RequestRejected
from clouddesk.providers.openstack_key import ApplicationCredential, ServiceConnection, connection
from clouddesk.providers.specs.openstack import OPENSTACK
from clouddesk.providers.transport import Pause

Item = dict[str, Any]
Query = dict[str, str]

COMPUTE, NETWORK, IMAGE, VOLUME = "compute", "network", "image", "volume"
GONE, CONFLICT = 404, 409
_UNAUTHORIZED = 401
_MOST_PAGES = 1_000
_PAGE = "1000"
_MICROVERSION = "2.61"
"""Rocky's of 2018: servers and flavors tell all that we ask for without a second question."""
_TYPES = {
    COMPUTE: ("compute",),
    NETWORK: ("network",),
    IMAGE: ("image",),
    VOLUME: ("volumev3", "block-storage", "block-store"),
}
"""What catalogs call a service."""
_PATCH = "application/openstack-images-v2.1-json-patch"
"""How Glance takes changes; of no other service anything is changed so."""
_VERSIONS = {NETWORK: "/v2.0", IMAGE: "/v2"}
"""What follows addresses of services that the catalog tells without."""


class OpenStackDriver:
    """Its APIs in all regions."""

    name = "OpenStack"
    counted_region = ""

    def __init__(self, credential: ApplicationCredential, *, pause: Pause) -> None:
        self.pause = pause
        self._credential = credential
        self._tokens = credential.tokens(self)
        self._connections: dict[tuple[str, str], ServiceConnection] = {}

    @property
    def project(self) -> Item:
        """The credential's project, with its id and name."""
        project: Item = self._tokens.token.facts["project"]
        return project

    def check(self) -> Item:
        """Ask Keystone of our token. Raises the vendor's errors."""
        token = self._tokens.access_token
        keystone = connection(self._credential.auth_url, self)
        try:
            answer = keystone.request("/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token})
        except BaseHTTPError as error:
            if error.code not in (_UNAUTHORIZED, GONE) or not self._tokens.forget():
                raise
            return self.project
        told: Item = answer.object["token"]["project"]
        return told

    def regions(self) -> builtins.list[str]:
        """Where machines can be made."""
        found = [
            str(endpoint.region)
            for endpoint in self._catalog().get_endpoints(service_type=COMPUTE)
            if endpoint.endpoint_type == OpenStackIdentityEndpointType.EXTERNAL
        ]
        if not found:
            raise RequestRejected(OPENSTACK.name, "the project's catalog has no compute service")
        return sorted(set(found))

    def has(self, service: str, region: str) -> bool:
        return self._address(service, region) is not None

    def ask(
        self, service: str, region: str, path: str, method: str = "GET", body: Any = None, query: Query | None = None
    ) -> Item:
        """One request. A token that was taken back is exchanged for a new one, once."""
        try:
            return self._ask(service, region, path, method, body, query)
        except BaseHTTPError as error:
            if error.code != _UNAUTHORIZED or not self._tokens.forget():
                raise
            return self._ask(service, region, path, method, body, query)

    def find(self, service: str, region: str, path: str) -> Item | None:
        """One object; None when there is none."""
        try:
            return self.ask(service, region, path)
        except BaseHTTPError as error:
            if error.code == GONE:
                return None
            raise

    def list(self, service: str, region: str, path: str, key: str, query: Query | None = None) -> builtins.list[Item]:
        """All pages of a list."""
        found: list[Item] = []
        asked = {"limit": _PAGE, **(query or {})}
        for _ in range(_MOST_PAGES):
            page = self.ask(service, region, path, query=asked)
            found += page[key]
            following = page.get("next") or next(
                (link["href"] for link in page.get(f"{key}_links") or [] if link["rel"] == "next"), None
            )
            if not following:
                break
            # Where the next page is, is said with addresses that are not always the cloud's public ones.
            asked = {**asked, **dict(parse_qsl(urlsplit(following).query))}
        return found

    def delete(self, service: str, region: str, path: str, *, is_used: bool = False) -> None:
        """That it is gone already is as good. ``is_used``: so is that something uses it, as the next list tells."""
        try:
            self.ask(service, region, path, "DELETE")
        except BaseHTTPError as error:
            if error.code != GONE and not (is_used and error.code == CONFLICT):
                raise

    def _ask(self, service: str, region: str, path: str, method: str, body: Any, query: Query | None) -> Item:
        headers = {"X-Auth-Token": self._tokens.access_token, "Accept": "application/json"}
        if service == COMPUTE:
            headers["OpenStack-API-Version"] = f"compute {_MICROVERSION}"
        if body is not None:
            headers["Content-Type"] = _PATCH if method == "PATCH" else "application/json"
        answer = self._connection(service, region).request(
            path,
            params=query or {},
            data=None if body is None else json.dumps(body),
            headers=headers,
            method=method,
        )
        return answer.object or {}

    def _connection(self, service: str, region: str) -> ServiceConnection:
        known = self._connections.get((service, region))
        if known is None:
            address = self._address(service, region)
            if address is None:
                raise RequestRejected(OPENSTACK.name, f"there is no {service} service in the region {region!r}")
            known = self._connections[service, region] = connection(address, self)
        return known

    def _address(self, service: str, region: str) -> str | None:
        """Where the catalog says that it is. Raises RequestRejected when a token would travel there unencrypted."""
        catalog = self._catalog()
        url = next(
            (
                str(endpoint.url)
                for kind in _TYPES[service]
                for endpoint in catalog.get_endpoints(service_type=kind)
                if endpoint.region == region and endpoint.endpoint_type == OpenStackIdentityEndpointType.EXTERNAL
            ),
            None,
        )
        if url is None:
            return None
        if self._credential.is_secure and not url.startswith("https:"):
            raise RequestRejected(OPENSTACK.name, f"the catalog's address of {service} in {region} is not https")
        url = url.rstrip("/")
        version = _VERSIONS.get(service, "")
        return url if url.endswith(version) else url + version

    def _catalog(self) -> OpenStackServiceCatalog:
        return OpenStackServiceCatalog(self._tokens.token.facts["catalog"], auth_version="3.x_appcred")
