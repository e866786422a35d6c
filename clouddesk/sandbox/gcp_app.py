"""The simulated Google Cloud's outside: addresses, tokens, lists with their filters and pages, faults."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request

from clouddesk.sandbox import faults, keys
from clouddesk.sandbox import gcp_catalog as catalog
from clouddesk.sandbox import gcp_firewalls as firewalls
from clouddesk.sandbox import gcp_images as images
from clouddesk.sandbox import gcp_instances as instances
from clouddesk.sandbox import gcp_operations as operations
from clouddesk.sandbox import gcp_others as others
from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.faults import Fault
from clouddesk.sandbox.gcp_auth import FIELD, PROJECT, TOKEN_PATH, ServiceAccounts
from clouddesk.sandbox.gcp_errors import api_error, forbidden, too_many, unauthenticated
from clouddesk.sandbox.gcp_filter import parse
from clouddesk.sandbox.gcp_operations import GcpAsk
from clouddesk.sandbox.gcp_schema import METHODS, problems
from clouddesk.sandbox.rest import Answer, ApiError, Done, Item, Listed, Operation, RestApp, retry_after
from clouddesk.sandbox.server import Options
from clouddesk.sandbox.timed import Timed

_API = "/compute/v1/"
_MOST_PER_PAGE = 500
_AGGREGATED = "AggregatedList"

Function = Callable[[GcpAsk], Answer]


def list_operations(ask: GcpAsk) -> Answer:
    found = operations.all_of(ask.store, str(ask.path["project"]))
    return Listed("compute#operationAggregatedList", found, operations.shown)


def give_token(ask: GcpAsk) -> Answer:
    """A token for what a service account has signed."""
    accounts = ServiceAccounts(ask.store, int(ask.request.environ["SERVER_PORT"]))
    return Done(accounts.exchange(dict(ask.body)))


_FUNCTIONS: dict[str, tuple[Function, str]] = {
    "projects.get": (others.get_project, "account"),
    "regions.get": (others.get_region, ""),
    "regions.list": (others.list_regions, ""),
    "zones.get": (others.get_zone, ""),
    "zones.list": (others.list_zones, ""),
    "machineTypes.get": (others.get_machine_type, ""),
    "machineTypes.list": (others.list_machine_types, ""),
    "machineTypes.aggregatedList": (others.list_machine_types_everywhere, ""),
    "acceleratorTypes.get": (others.get_gpu, ""),
    "images.get": (images.get, ""),
    "images.getFromFamily": (images.get_from_family, ""),
    "images.list": (images.list_all, ""),
    "images.insert": (images.insert, faults.KEEP),
    "images.delete": (images.delete, ""),
    "instances.insert": (instances.insert, faults.CREATE),
    "instances.get": (instances.get, ""),
    "instances.list": (instances.list_zone, "list"),
    "instances.aggregatedList": (instances.list_everywhere, "list"),
    "instances.delete": (instances.delete, "destroy"),
    "instances.start": (instances.start, "start"),
    "instances.stop": (instances.stop, "stop"),
    "instances.reset": (instances.reset, "reboot"),
    "instances.setLabels": (instances.set_labels, ""),
    "disks.insert": (others.insert_disk, ""),
    "disks.get": (others.get_disk, ""),
    "disks.aggregatedList": (others.list_disks_everywhere, ""),
    "disks.delete": (others.delete_disk, ""),
    "firewalls.insert": (firewalls.insert, ""),
    "firewalls.get": (firewalls.get, ""),
    "firewalls.list": (firewalls.list_all, ""),
    "firewalls.patch": (firewalls.patch, ""),
    "firewalls.delete": (firewalls.delete, ""),
    "zoneOperations.get": (operations.get, ""),
    "zoneOperations.wait": (operations.wait, ""),
    "globalOperations.get": (operations.get, ""),
    "globalOperations.wait": (operations.wait, ""),
    "globalOperations.aggregatedList": (list_operations, ""),
}


def _operation(name: str, function: Function, common: str) -> Operation[Documents]:
    method = METHODS[name]

    def checked(ask: GcpAsk) -> Answer:
        unknown = sorted(set(ask.query) - method.query)
        if unknown:
            text = f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot bind query parameter.'
            raise api_error(400, "badRequest", text)
        wrong = next(problems(dict(ask.body), method.request), None) if method.request else None
        if wrong:
            raise api_error(400, "badRequest", f"Invalid JSON payload received. {wrong}")
        return function(ask)

    address = _API + re.sub(r"\{(\w+)\}", r"<\1>", method.path)
    return Operation(name, method.method, address, checked, common)


_OPERATIONS = (
    Operation[Documents]("token", "POST", TOKEN_PATH, give_token, is_open=True),
    *(_operation(name, function, common) for name, (function, common) in _FUNCTIONS.items()),
)


class GcpApp(RestApp[Documents]):
    """The WSGI application."""

    cloud = "gcp"
    operations = _OPERATIONS

    def __init__(self, start: Options) -> None:
        store = Documents(start.data / "gcp.sqlite")
        self._accounts = ServiceAccounts(store, start.port)
        super().__init__(
            start,
            store,
            keys.Keys(
                start.data / "credentials.json",
                identify=FIELD,
                operator=self._accounts.operator(),
                make=self._accounts.make,
            ),
        )

    def identify(self, request: Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        found = self.keys.find(self._accounts.find(token))
        if found is None:
            raise unauthenticated()
        asked = re.match(rf"{_API}projects/([^/]+)(/global/images/)?", request.path)
        if asked and asked[1] != PROJECT and not (asked[2] and catalog.has_images(asked[1])):
            raise forbidden("compute.projects.get", f"projects/{asked[1]}")
        return found[0]

    def fault_error(self, fault: Fault, ask: GcpAsk) -> ApiError:
        if fault.kind == faults.UNAUTHORIZED:
            return unauthenticated()
        if fault.kind in (faults.QUOTA, faults.NO_CAPACITY):
            return _refused_later(fault, ask)
        if fault.kind == faults.RATE_LIMIT and fault.retry_after_seconds is None:
            return api_error(403, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")
        if fault.kind == faults.RATE_LIMIT:
            text = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'."
            return api_error(429, "rateLimitExceeded", text, domain="usageLimits", Retry_After=retry_after(fault))
        return api_error(503, "backendError", "Backend Error")

    def not_found(self, request: Request) -> ApiError:
        return ApiError(
            404, {"error": {"code": 404, "message": f"The URL {request.path} was not found.", "errors": []}}
        )

    def bad_json(self) -> ApiError:
        return api_error(400, "parseError", "Invalid JSON payload received. Parser Error")

    def page(self, answer: Listed, ask: GcpAsk) -> Item:
        test = parse(ask.query.get("filter", ""))
        found = [item for item in map(answer.show, answer.items) if test(item)]
        size = _whole(ask.query.get("maxResults", str(_MOST_PER_PAGE)))
        start = _offset(ask.query.get("pageToken", ""))
        shown = found[start : start + size]
        url = ask.request.path.removeprefix(_API)
        page: Item = {
            "kind": answer.key,
            "id": url,
            "selfLink": f"https://www.googleapis.com/compute/v1/{url}",
            "items": _by_scope(answer.key, shown) if answer.key.endswith(_AGGREGATED) else shown,
        }
        if not shown and not answer.key.endswith(_AGGREGATED):
            del page["items"]  # as Google does
        if start + size < len(found):
            page["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        return page

    def machines(self) -> list[Item]:
        return [
            instances.machine(item) for item in self.store.all(instances.KIND) if not Timed.of(item["life"]).is_gone
        ]

    def region(self, ask: GcpAsk) -> str:
        return str(ask.path.get("zone", "")).rpartition("-")[0] or str(ask.path.get("region", ""))


def _refused_later(fault: Fault, ask: GcpAsk) -> ApiError:
    """Google accepts the order, and tells in the operation that it came to nothing."""
    project, zone = ask.path.get("project", ""), ask.path.get("zone", "")
    if fault.kind == faults.QUOTA and not zone:
        return too_many(ask.request.path.rpartition("/")[2].upper(), images.MOST)
    if fault.kind == faults.QUOTA:
        text = f"Quota 'CPUS' exceeded.  Limit: 24.0 in region {zone.rpartition('-')[0]}."
        error: dict[str, Any] = {"code": "QUOTA_EXCEEDED", "message": text, "status": 403, "words": "FORBIDDEN"}
    else:
        text = (
            f"The zone 'projects/{project}/zones/{zone}' does not have enough resources available to fulfill the "
            "request.  Try a different zone, or try again later."
        )
        error = {"code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": text, "status": 503, "words": "SERVICE UNAVAILABLE"}
    if not zone:
        return api_error(int(error["status"]), str(error["code"]), text)
    existing = ask.path.get("instance")
    target = f"zones/{zone}/instances/{existing or ask.body.get('name', '')}"
    kind = "start" if existing else "insert"
    begun = operations.begin(ask, kind, target, operations.new_id(ask.store), seconds=0.05, error=error)
    assert isinstance(begun, Done)
    return ApiError(200, begun.content)


def _by_scope(kind: str, items: list[Item]) -> Item:
    plural = kind.removeprefix("compute#").removesuffix(_AGGREGATED) + "s"
    found: dict[str, list[Item]] = {f"zones/{zone}": [] for zone in catalog.ZONES}
    for item in items:
        zone = str(item.get("zone", "")).rpartition("/")[2]
        found.setdefault(f"zones/{zone}" if zone else "global", []).append(item)
    return {scope: {plural: there} if there else _empty(scope) for scope, there in found.items()}


def _empty(scope: str) -> Item:
    return {
        "warning": {
            "code": "NO_RESULTS_ON_PAGE",
            "message": f"There are no results for scope '{scope}' on this page.",
            "data": [{"key": "scope", "value": scope}],
        }
    }


def _whole(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= _MOST_PER_PAGE:
        message = f"Invalid value for field 'maxResults': '{text}'. Values must be within the range: [0, 500]"
        raise api_error(400, "invalid", message)
    return int(text)


def _offset(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        message = f"Invalid value for field 'pageToken': '{token}'. The page token is invalid."
        raise api_error(400, "invalid", message) from None
