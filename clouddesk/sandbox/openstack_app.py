"""The simulated OpenStack's outside: Keystone's tokens and catalog, the services' addresses, pages, faults."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import faults, rest
from clouddesk.sandbox import openstack_actions as actions
from clouddesk.sandbox import openstack_images as images
from clouddesk.sandbox import openstack_network as network
from clouddesk.sandbox import openstack_servers as servers
from clouddesk.sandbox import openstack_volumes as volumes
from clouddesk.sandbox.keys import Keys
from clouddesk.sandbox.openstack_catalog import FLAVORS, PROJECT, REGIONS, fixed_id
from clouddesk.sandbox.openstack_errors import fault_error, refusal, unauthorized
from clouddesk.sandbox.openstack_store import Ask, Store, instant
from clouddesk.sandbox.rest import Answer, ApiError, Done, Item, Listed, Operation
from clouddesk.sandbox.server import HOST, Options

MOST_PER_PAGE = 1_000
_TOKENS = "tokens"
_TOKEN_SECONDS = 3600
_OLDEST, _NEWEST = (2, 61), (2, 96)
_PAGING = {"limit", "marker", "sort_key", "sort_dir", "sort", "fields", "tags", "name", "visibility", "status"}
_IDENTITY = "/identity/v3"


def _give_token(ask: Ask) -> Answer:
    """For an application credential; Keystone's other ways of identifying oneself are not simulated."""
    identity: Any = ask.body.get("auth") or {}
    identity = identity.get("identity") or {}
    given = identity.get("application_credential") or {}
    if identity.get("methods") != ["application_credential"] or "scope" in (ask.body.get("auth") or {}):
        raise unauthorized()
    found = ask.store.keys.find(str(given.get("id")))
    if found is None or not secrets.compare_digest(found[1]["application_credential_secret"], str(given.get("secret"))):
        raise unauthorized()
    token, ends_at = f"gAAAAA{secrets.token_urlsafe(132)}", time.time() + _TOKEN_SECONDS
    for old in ask.store.all(_TOKENS):
        if old["ends_at"] <= time.time():
            ask.store.remove(_TOKENS, old["id"])
    ask.store.put(_TOKENS, token, {"id": token, "credential": str(given["id"]), "owner": found[0], "ends_at": ends_at})
    content = {"token": _token(ask, found[0], str(given["id"]), ends_at)}
    return Done(content, 201, {"X-Subject-Token": token, "Vary": "X-Auth-Token"})


def _show_token(ask: Ask) -> Answer:
    token = ask.request.headers.get("X-Subject-Token", "")
    given = ask.store.get(_TOKENS, token)
    if given is None or given["ends_at"] <= time.time():
        raise ApiError(404, {"error": {"code": 404, "message": "Could not find token.", "title": "Not Found"}})
    content = {"token": _token(ask, given["owner"], given["credential"], given["ends_at"])}
    return Done(content, headers={"X-Subject-Token": token})


def _token(ask: Ask, owner: str, credential: str, ends_at: float) -> Item:
    return {
        "methods": ["application_credential"],
        "user": {
            "id": uuid.uuid5(uuid.NAMESPACE_URL, owner).hex,
            "name": owner,
            "domain": PROJECT["domain"],
            "password_expires_at": None,
        },
        "audit_ids": [secrets.token_urlsafe(16)],
        "expires_at": instant(ends_at).replace("Z", ".000000Z"),
        "issued_at": instant(ends_at - _TOKEN_SECONDS).replace("Z", ".000000Z"),
        "project": PROJECT,
        "is_domain": False,
        "roles": [{"id": fixed_id("roles", "member").replace("-", ""), "name": "member"}],
        "application_credential": {"id": credential, "name": "clouddesk", "restricted": True},
        "catalog": _catalog(ask.request.host_url.rstrip("/")),
    }


def _catalog(host: str) -> list[Item]:
    places = {
        ("compute", "nova"): "/compute/{}/v2.1",
        ("network", "neutron"): "/network/{}",
        ("image", "glance"): "/image/{}",
        ("volumev3", "cinderv3"): f"/volume/{{}}/v3/{PROJECT['id']}",
        ("identity", "keystone"): _IDENTITY,
    }
    return [
        {
            "id": fixed_id("services", kind).replace("-", ""),
            "type": kind,
            "name": name,
            "endpoints": [
                {
                    "id": fixed_id("endpoints", kind, region, interface).replace("-", ""),
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": host + place.format(region),
                }
                for region in REGIONS
                for interface in ("public", "internal", "admin")
            ],
        }
        for (kind, name), place in places.items()
    ]


def _flavors(_: Ask) -> Answer:
    return Listed("flavors", list(FLAVORS.values()))


def _flavor(ask: Ask) -> Answer:
    found = FLAVORS.get(ask.path["id"])
    if found is None:
        raise refusal(404, f"Flavor {ask.path['id']} could not be found.")
    return Done({"flavor": found})


_COMPUTE, _NETWORK, _IMAGE = "/compute/<region>/v2.1", "/network/<region>/v2.0", "/image/<region>/v2/images"
_OPERATIONS = (
    Operation("tokens.create", "POST", f"{_IDENTITY}/auth/tokens", _give_token, is_open=True),
    Operation("tokens.get", "GET", f"{_IDENTITY}/auth/tokens", _show_token, "account"),
    Operation("flavors.list", "GET", f"{_COMPUTE}/flavors/detail", _flavors),
    Operation("flavors.get", "GET", f"{_COMPUTE}/flavors/<id>", _flavor),
    Operation("limits.get", "GET", f"{_COMPUTE}/limits", servers.limits),
    Operation("servers.list", "GET", f"{_COMPUTE}/servers/detail", servers.list_servers, "list"),
    Operation("servers.create", "POST", f"{_COMPUTE}/servers", servers.create_server, faults.CREATE),
    Operation("servers.get", "GET", f"{_COMPUTE}/servers/<id>", servers.get_server),
    Operation("servers.delete", "DELETE", f"{_COMPUTE}/servers/<id>", servers.delete_server, "destroy"),
    Operation("servers.act", "POST", f"{_COMPUTE}/servers/<id>/action", actions.act),
    Operation("images.list", "GET", _IMAGE, images.list_images),
    Operation("images.get", "GET", f"{_IMAGE}/<id>", images.get_image),
    Operation("images.rename", "PATCH", f"{_IMAGE}/<id>", images.rename_image),
    Operation("images.delete", "DELETE", f"{_IMAGE}/<id>", images.delete_image),
    Operation("networks.list", "GET", f"{_NETWORK}/networks", network.list_networks),
    Operation("networks.tag", "PUT", f"{_NETWORK}/networks/<id>/tags/<tag>", network.tag_network),
    Operation("networks.untag", "DELETE", f"{_NETWORK}/networks/<id>/tags/<tag>", network.untag_network),
    Operation("ports.list", "GET", f"{_NETWORK}/ports", network.list_ports),
    Operation("ports.create", "POST", f"{_NETWORK}/ports", network.create_port),
    Operation("ports.delete", "DELETE", f"{_NETWORK}/ports/<id>", network.delete_port),
    Operation("floatingips.list", "GET", f"{_NETWORK}/floatingips", network.list_addresses),
    Operation("floatingips.create", "POST", f"{_NETWORK}/floatingips", network.create_address),
    Operation("floatingips.delete", "DELETE", f"{_NETWORK}/floatingips/<id>", network.delete_address),
    Operation("groups.list", "GET", f"{_NETWORK}/security-groups", network.list_groups),
    Operation("groups.create", "POST", f"{_NETWORK}/security-groups", network.create_group),
    Operation("groups.delete", "DELETE", f"{_NETWORK}/security-groups/<id>", network.delete_group),
    Operation("rules.create", "POST", f"{_NETWORK}/security-group-rules", network.create_rule),
    Operation("rules.delete", "DELETE", f"{_NETWORK}/security-group-rules/<id>", network.delete_rule),
    Operation("volumes.list", "GET", "/volume/<region>/v3/<project>/volumes/detail", volumes.list_volumes),
    Operation("volumes.create", "POST", "/volume/<region>/v3/<project>/volumes", volumes.create_volume),
    Operation("volumes.delete", "DELETE", "/volume/<region>/v3/<project>/volumes/<id>", volumes.delete_volume),
)
_COMMON_ACTIONS = {"os-stop": "stop", "os-start": "start", "reboot": "reboot", "createImage": faults.KEEP}


class OpenStackApp(rest.RestApp[Store]):
    """The WSGI application."""

    cloud = "openstack"
    operations = _OPERATIONS

    def __init__(self, start: Options) -> None:
        auth_url = f"http://{HOST}:{start.port}{_IDENTITY}"
        known = Keys(
            start.data / "credentials.json",
            identify="application_credential_id",
            operator={
                "auth_url": auth_url,
                "application_credential_id": "5a9d0b0c" * 4,
                "application_credential_secret": "sandbox-operator",
            },
            make=lambda: {
                "auth_url": auth_url,
                "application_credential_id": uuid.uuid4().hex,
                "application_credential_secret": secrets.token_urlsafe(64),
            },
        )
        super().__init__(start, Store(start.data / "openstack.sqlite", known), known)

    def identify(self, request: Request) -> str:
        given = self.store.get(_TOKENS, request.headers.get("X-Auth-Token", ""))
        if given is None or given["ends_at"] <= time.time():
            raise unauthorized()
        if request.path.startswith("/compute/"):
            _check_version(request.headers.get("OpenStack-API-Version", ""))
        parts = request.path.split("/")
        if parts[1] != "identity" and parts[2] not in REGIONS:
            raise refusal(404, "The resource could not be found.")
        if parts[1] == "volume" and parts[4] != PROJECT["id"]:
            raise refusal(400, "Malformed request url")
        return str(given["owner"])

    def fault_error(self, fault: faults.Fault, ask: Ask) -> ApiError:
        if fault.kind == faults.NO_CAPACITY:
            # The order is accepted: that there is no host is found out later.
            accepted = servers.create_server(ask, has_place=False)
            return ApiError(accepted.status, accepted.content)
        return fault_error(fault)

    def not_found(self, request: Request) -> ApiError:
        return refusal(404, "The resource could not be found.")

    def bad_json(self) -> ApiError:
        return refusal(400, "Malformed request body")

    def machines(self) -> list[Item]:
        return servers.machines(self.store)

    def names(self, operation: Operation[Store], ask: Ask) -> tuple[str, ...]:
        names = super().names(operation, ask)
        if operation.name == "servers.act":
            return (*names, *(_COMMON_ACTIONS[name] for name in ask.body if name in _COMMON_ACTIONS))
        return names

    def region(self, ask: Ask) -> str:
        return str(ask.path.get("region", ""))

    def finish(self, response: Response, request: Request) -> None:
        response.headers["x-openstack-request-id"] = f"req-{uuid.uuid4()}"

    def page(self, answer: Listed, ask: Ask) -> Item:
        """One page after the one that the marker names; Neutron's lists also meet every field that is asked for."""
        found = [answer.show(item) for item in answer.items]
        if ask.request.path.startswith("/network/"):
            found = [item for item in found if _meets(item, ask.query)]
        text = ask.query.get("limit", str(MOST_PER_PAGE))
        if not text.isdigit() or int(text) < 1:
            raise refusal(400, f"limit param must be an integer, not {text}")
        limit, marker = min(int(text), MOST_PER_PAGE), ask.query.get("marker")
        if marker:
            ids = [item["id"] for item in found]
            if marker not in ids:
                raise refusal(400, f"marker [{marker}] not found")
            found = found[ids.index(marker) + 1 :]
        page: Item = {answer.key: found[:limit]}
        if len(found) > limit:
            query = urlencode({**ask.query, "limit": limit, "marker": found[limit - 1]["id"]})
            if ask.request.path.startswith("/image/"):
                page["next"] = f"/v2/images?{query}"
            else:
                page[f"{answer.key}_links"] = [{"rel": "next", "href": f"{ask.request.base_url}?{query}"}]
        return page


def _meets(item: Item, query: Mapping[str, str]) -> bool:
    return all(str(item.get(name)) == text for name, text in query.items() if name not in _PAGING - {"name", "status"})


def _check_version(header: str) -> None:
    """Of a cloud whose oldest microversion is the one whose shapes these are."""
    found = re.fullmatch(r"compute (\d+)\.(\d+)", header)
    if found is None or not _OLDEST <= (int(found[1]), int(found[2])) <= _NEWEST:
        said = f"Version {header} is not supported by the API. Minimum is 2.61 and maximum is 2.96."
        raise ApiError(406, {"computeFault": {"code": 406, "message": said}})
