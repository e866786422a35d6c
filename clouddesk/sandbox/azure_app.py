"""The simulated Azure's outside: addresses, the login and its tokens, pages, faults."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import azure_groups as groups
from clouddesk.sandbox import azure_machines as machines
from clouddesk.sandbox import azure_network as network
from clouddesk.sandbox import faults, rest
from clouddesk.sandbox.azure_errors import bad_parameter, bad_token, fault_error, login_refused, refusal
from clouddesk.sandbox.azure_store import SUBSCRIPTION, TENANT, Store
from clouddesk.sandbox.keys import Key, Keys
from clouddesk.sandbox.rest import Answer, ApiError, Ask, Done, Item, Listed, Operation
from clouddesk.sandbox.server import Options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OPERATOR_KEY = {
    "tenant_id": TENANT,
    "subscription_id": SUBSCRIPTION,
    "client_id": "00000000-0000-4000-8000-000000000001",
    "client_secret": "operator~sandbox~secret",
}
PER_PAGE = 50
TOKEN_SECONDS = 3599
ALLOCATE = "allocate"
"""The name by which a fault of no capacity is told after the machine was accepted, as Azure mostly does."""

_SCOPE = "https://management.azure.com/.default"
_TOKENS = "tokens"
_GROUP = "/subscriptions/<subscription>/resourceGroups/<group>"
_COMPUTE = "/subscriptions/<subscription>/providers/Microsoft.Compute"
_NETWORK = "/subscriptions/<subscription>/providers/Microsoft.Network"
_VM = f"{_GROUP}/providers/Microsoft.Compute/virtualMachines"
_DISK = f"{_GROUP}/providers/Microsoft.Compute/disks"
_OF_NETWORK = f"{_GROUP}/providers/Microsoft.Network/<kind>"
_VERSIONS = (
    f"{_COMPUTE}/locations/<region>/publishers/<publisher>/artifacttypes/vmimage/offers/<offer>/skus/<sku>/versions"
)


def give_token(ask: Ask[Store]) -> Answer:
    """The client credentials flow of Microsoft Entra."""
    form = ask.body
    tenant = ask.path["tenant"]
    if tenant != TENANT:
        raise login_refused(90002, "invalid_request", f"Tenant '{tenant}' not found.")
    if form.get("grant_type") != "client_credentials":
        raise login_refused(70003, "unsupported_grant_type", "The app requested an unsupported grant type.")
    if form.get("scope") != _SCOPE:
        raise login_refused(1002012, "invalid_scope", f"The provided value for scope {form.get('scope')} is not valid.")
    client = form.get("client_id", "")
    known = ask.store.keys.find(client)
    if known is None:
        said = f"Application with identifier '{client}' was not found in the directory 'CloudDesk Sandbox'."
        raise login_refused(700016, "unauthorized_client", said)
    if not secrets.compare_digest(known[1]["client_secret"].encode(), form.get("client_secret", "").encode()):
        raise login_refused(7000215, "invalid_client", f"Invalid client secret provided for app '{client}'.")
    token = f"ey{secrets.token_urlsafe(40)}"
    for ended in ask.store.all(_TOKENS):
        if ended["ends_at"] < time.time():
            ask.store.remove(_TOKENS, ended["token"])
    given = {"token": token, "client_id": client, "ends_at": time.time() + TOKEN_SECONDS}
    ask.store.put(_TOKENS, token, given)
    return Done({"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": token})


_OPERATIONS = (
    Operation("token", "POST", "/<tenant>/oauth2/v2.0/token", give_token, is_open=True),
    Operation("subscriptions.get", "GET", "/subscriptions/<subscription>", groups.get_subscription, "account"),
    Operation("subscriptions.locations", "GET", "/subscriptions/<subscription>/locations", groups.list_locations),
    Operation("groups.list", "GET", "/subscriptions/<subscription>/resourceGroups", groups.list_groups),
    Operation("groups.get", "GET", _GROUP, groups.get_group),
    Operation("groups.put", "PUT", _GROUP, groups.put_group),
    Operation("groups.patch", "PATCH", _GROUP, groups.patch_group),
    Operation("groups.delete", "DELETE", _GROUP, groups.delete_group),
    Operation(
        "groups.result", "GET", "/subscriptions/<subscription>/operationresults/<group>", groups.get_group_result
    ),
    Operation("groups.resources", "GET", f"{_GROUP}/resources", groups.list_resources),
    Operation("skus.list", "GET", f"{_COMPUTE}/skus", groups.list_skus),
    Operation("sizes.list", "GET", f"{_COMPUTE}/locations/<region>/vmSizes", groups.list_sizes),
    Operation("usages.list", "GET", f"{_COMPUTE}/locations/<region>/usages", groups.list_usages),
    Operation("network.usages", "GET", f"{_NETWORK}/locations/<region>/usages", groups.list_network_usages),
    Operation("images.versions", "GET", _VERSIONS, groups.list_versions),
    Operation("images.get", "GET", f"{_VERSIONS}/<version>", groups.get_version),
    Operation("operations.get", "GET", f"{_COMPUTE}/locations/<region>/operations/<operation>", machines.get_operation),
    Operation("machines.list_all", "GET", f"{_COMPUTE}/virtualMachines", machines.list_all, "list"),
    Operation("machines.list", "GET", _VM, machines.list_in_group, "list"),
    Operation("machines.get", "GET", f"{_VM}/<name>", machines.get_machine),
    Operation("machines.view", "GET", f"{_VM}/<name>/instanceView", machines.get_view),
    Operation("machines.put", "PUT", f"{_VM}/<name>", machines.create_machine, faults.CREATE),
    Operation("machines.patch", "PATCH", f"{_VM}/<name>", machines.patch_machine),
    Operation("machines.delete", "DELETE", f"{_VM}/<name>", machines.delete_machine, "destroy"),
    Operation("machines.act", "POST", f"{_VM}/<name>/<action>", machines.act),
    Operation("disks.list_all", "GET", f"{_COMPUTE}/disks", machines.list_disks),
    Operation("disks.list", "GET", _DISK, machines.list_disks_in_group),
    Operation("disks.get", "GET", f"{_DISK}/<name>", machines.get_disk),
    Operation("disks.put", "PUT", f"{_DISK}/<name>", machines.create_disk),
    Operation("disks.delete", "DELETE", f"{_DISK}/<name>", machines.delete_disk),
    Operation("network.list_all", "GET", f"{_NETWORK}/<kind>", network.list_all),
    Operation("network.list", "GET", _OF_NETWORK, network.list_in_group),
    Operation("network.get", "GET", f"{_OF_NETWORK}/<name>", network.get),
    Operation("network.put", "PUT", f"{_OF_NETWORK}/<name>", network.put),
    Operation("network.delete", "DELETE", f"{_OF_NETWORK}/<name>", network.delete),
)
_COMMON_ACTIONS = {"deallocate": "stop", "poweroff": "stop", "start": "start", "restart": "reboot"}
# Azure takes capital and small letters in addresses as the same.
_SPELLINGS = {
    part.lower(): part
    for operation in _OPERATIONS
    for part in operation.address.split("/")
    if part and not part.startswith("<")
}


class AzureApp(rest.RestApp[Store]):
    """The WSGI application."""

    cloud = "azure"
    operations = _OPERATIONS

    def __init__(self, start: Options) -> None:
        known = Keys(start.data / "credentials.json", identify="client_id", operator=OPERATOR_KEY, make=_make_key)
        super().__init__(start, Store(start.data / "azure.sqlite", known), known)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        parts = [_SPELLINGS.get(part.lower(), part) for part in environ["PATH_INFO"].split("/")]
        return super().__call__({**environ, "PATH_INFO": "/".join(parts)}, start_response)

    def identify(self, request: Request) -> str:
        """By a token that was given here; then the questions that Azure asks of each request."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        given = self.store.get(_TOKENS, token)
        found = self.keys.find(str(given["client_id"])) if given and given["ends_at"] > time.time() else None
        if found is None:
            raise bad_token()
        version = request.args.get("api-version", "")
        if not version:
            said = "The api-version query parameter (?api-version=) is required for all requests."
            raise bad_parameter(said, "MissingApiVersionParameter")
        if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version):
            raise bad_parameter(f"The api-version '{version}' is invalid.", "InvalidApiVersionParameter")
        subscription = request.path.split("/")[2] if request.path.startswith("/subscriptions/") else SUBSCRIPTION
        if subscription != SUBSCRIPTION:
            raise refusal(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        return found[0]

    def fault_error(self, fault: faults.Fault, ask: Ask[Store]) -> ApiError:
        if fault.kind == faults.NO_CAPACITY and fault.operation == ALLOCATE:
            accepted = machines.create_machine(ask, has_place=False)
            return ApiError(accepted.status, accepted.content, headers=accepted.headers)
        properties = ask.body.get("properties") or {}
        size = str((properties.get("hardwareProfile") or {}).get("vmSize", ""))
        return fault_error(fault, size=size, region=self.region(ask))

    def not_found(self, request: Request) -> ApiError:
        return refusal(404, "InvalidResourceType", f"The resource type of {request.path} could not be found.")

    def bad_json(self) -> ApiError:
        return bad_parameter("The request content was invalid and could not be deserialized.", "InvalidRequestContent")

    def machines(self) -> list[Item]:
        return machines.machines(self.store)

    def names(self, operation: Operation[Store], ask: Ask[Store]) -> tuple[str, ...]:
        names = super().names(operation, ask)
        if operation.name == "machines.put":
            return (*names, ALLOCATE)
        if operation.name == "machines.act":
            action = ask.path["action"].lower()
            return (*names, action, _COMMON_ACTIONS.get(action, action))
        return names

    def region(self, ask: Ask[Store]) -> str:
        return str(ask.body.get("location") or ask.path.get("region") or "")

    def finish(self, response: Response, request: Request) -> None:
        response.headers["x-ms-request-id"] = str(uuid.uuid4())

    def page(self, answer: Listed, ask: Ask[Store]) -> Item:
        text = ask.query.get("$skiptoken", "0")
        if not text.isdigit():
            raise bad_parameter(f"The skip token '{text}' is invalid.", "InvalidSkipToken")
        first = int(text)
        found: Item = {answer.key: [answer.show(item) for item in answer.items[first : first + PER_PAGE]]}
        if first + PER_PAGE < len(answer.items):
            query = urlencode({**ask.query, "$skiptoken": str(first + PER_PAGE)})
            found["nextLink"] = f"{ask.request.base_url}?{query}"
        return found


def _make_key() -> Key:
    """A service principal in the shape of Azure's."""
    return {
        "tenant_id": TENANT,
        "subscription_id": SUBSCRIPTION,
        "client_id": str(uuid.uuid4()),
        "client_secret": f"sbx8Q~{secrets.token_urlsafe(25)}",
    }
