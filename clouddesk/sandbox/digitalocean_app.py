"""The simulated DigitalOcean's outside: addresses, tokens, pages, headers, faults."""

from __future__ import annotations

import json
import math
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import control, faults, keys
from clouddesk.sandbox import digitalocean_requests as requests
from clouddesk.sandbox import digitalocean_shapes as shapes
from clouddesk.sandbox import digitalocean_volumes as volumes
from clouddesk.sandbox.digitalocean_errors import ApiError, fault_error, not_found, unauthorized
from clouddesk.sandbox.digitalocean_store import Store
from clouddesk.sandbox.server import Cut, Options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OPERATOR_KEY = {"token": "dop_v1_sandbox_operator"}
PER_PAGE = 20
MOST_PER_PAGE = 200
# DigitalOcean counts by the hour. The simulation shows the count and only refuses when told to (a fault).
HOURLY_LIMIT = 5000

# Operation, method, address, function; the names are what faults are matched with.
_OPERATIONS = (
    ("account.get", "GET", "/v2/account", requests.get_account),
    ("sizes.list", "GET", "/v2/sizes", requests.list_sizes),
    ("regions.list", "GET", "/v2/regions", requests.list_regions),
    ("images.list", "GET", "/v2/images", requests.list_images),
    ("images.get", "GET", "/v2/images/<wanted>", requests.get_image),
    ("droplets.list", "GET", "/v2/droplets", requests.list_droplets),
    ("droplets.create", "POST", "/v2/droplets", requests.create_droplets),
    ("droplets.delete_by_tag", "DELETE", "/v2/droplets", requests.delete_droplets),
    ("droplets.get", "GET", "/v2/droplets/<int:number>", requests.get_droplet),
    ("droplets.delete", "DELETE", "/v2/droplets/<int:number>", requests.delete_droplet),
    ("droplets.act_by_tag", "POST", "/v2/droplets/actions", requests.act_on_tag),
    ("droplets.act", "POST", "/v2/droplets/<int:number>/actions", requests.act),
    ("droplets.actions", "GET", "/v2/droplets/<int:number>/actions", requests.list_actions),
    ("droplets.action", "GET", "/v2/droplets/<int:number>/actions/<int:action>", requests.get_action),
    ("actions.list", "GET", "/v2/actions", requests.list_actions),
    ("actions.get", "GET", "/v2/actions/<int:action>", requests.get_action),
    ("keys.list", "GET", "/v2/account/keys", requests.list_keys),
    ("keys.create", "POST", "/v2/account/keys", requests.create_key),
    ("keys.get", "GET", "/v2/account/keys/<wanted>", requests.get_key),
    ("keys.delete", "DELETE", "/v2/account/keys/<wanted>", requests.delete_key),
    ("tags.list", "GET", "/v2/tags", requests.list_tags),
    ("tags.create", "POST", "/v2/tags", requests.create_tag),
    ("tags.get", "GET", "/v2/tags/<tag>", requests.get_tag),
    ("tags.delete", "DELETE", "/v2/tags/<tag>", requests.delete_tag),
    ("tags.tag", "POST", "/v2/tags/<tag>/resources", requests.tag_resources),
    ("tags.untag", "DELETE", "/v2/tags/<tag>/resources", requests.untag_resources),
    ("volumes.list", "GET", "/v2/volumes", volumes.list_volumes),
    ("volumes.create", "POST", "/v2/volumes", volumes.create_volume),
    ("volumes.get", "GET", "/v2/volumes/<wanted>", volumes.get_volume),
    ("volumes.delete", "DELETE", "/v2/volumes/<wanted>", volumes.delete_volume),
    ("volumes.act", "POST", "/v2/volumes/<wanted>/actions", volumes.act_on_volume),
)
# The same names on every simulated cloud, so that one fault can be written for all.
_COMMON_NAMES = {
    "droplets.create": faults.CREATE,
    "droplets.delete": "destroy",
    "droplets.delete_by_tag": "destroy",
    "droplets.list": "list",
    "account.get": "account",
    "power_off": "stop",
    "shutdown": "stop",
    "power_on": "start",
    "reboot": "reboot",
}

logger = structlog.get_logger()


class DigitalOceanApp:
    """The WSGI application."""

    def __init__(self, start: Options) -> None:
        self._boot_seconds = start.boot_seconds
        self._store = Store(start.data / "digitalocean.sqlite")
        self._faults = faults.Faults()
        self._keys = keys.Keys(
            start.data / "credentials.json",
            identify="token",
            operator=OPERATOR_KEY,
            make=keys.make_digitalocean_key,
        )
        self._control = control.Control(
            cloud="digitalocean", keys=self._keys, faults=self._faults, machines=self._machines
        )
        self._functions = {name: function for name, _, _, function in _OPERATIONS}
        self._addresses = Map(
            [Rule(address, endpoint=name, methods=[method]) for name, method, address, _ in _OPERATIONS],
            strict_slashes=False,
        )
        self._count = _HourlyCount()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control.PREFIX):
            return self._control.answer(request)(environ, start_response)
        response = self._answer(request)
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        response.headers["ratelimit-limit"] = str(HOURLY_LIMIT)
        limited = response.status_code == 429
        response.headers["ratelimit-remaining"] = "0" if limited else str(self._count.remaining(_token(request)))
        response.headers["ratelimit-reset"] = str(self._count.resets_at())
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            return self._operate(request)
        except ApiError as error:
            logger.info("sandbox.refused", status=error.status, id=error.id, method=request.method, path=request.path)
            response = control.reply({"id": error.id, "message": error.message}, error.status)
            if error.retry_after_seconds is not None:
                response.headers["Retry-After"] = f"{error.retry_after_seconds:g}"
            return response

    def _operate(self, request: Request) -> Response:
        operation, path = self._find(request)
        body = _body(request)
        fault = self._faults.take(_names(operation, body), str(body.get("region", "")))
        if fault is not None:
            logger.info("sandbox.fault", kind=fault.kind, operation=operation)
            if fault.kind == faults.DOWN:
                raise Cut
            if fault.kind == faults.SLOW:
                time.sleep(fault.seconds)
            elif fault.kind != faults.DROP_AFTER_ACCEPT:
                raise fault_error(fault.kind, retry_after_seconds=fault.retry_after_seconds)
        owner = self._identify(request)
        if operation not in self._functions:
            raise not_found()
        ask = requests.Ask(
            store=self._store, owner=owner, boot_seconds=self._boot_seconds, query=request.args, body=body, path=path
        )
        answer = self._functions[operation](ask)
        if request.method != "GET":
            logger.info("sandbox.request", operation=operation, owner=owner)
        if fault is not None and fault.kind == faults.DROP_AFTER_ACCEPT:
            raise Cut
        if isinstance(answer, requests.Listed):
            return control.reply(_page(answer, request))
        return control.reply(answer.content, answer.status) if answer.content else Response(status=answer.status)

    def _find(self, request: Request) -> tuple[str, Mapping[str, Any]]:
        """The operation's name; empty for an address that does not exist, which only who has a token is told."""
        try:
            operation, path = self._addresses.bind_to_environ(request.environ).match()
        except HTTPException:
            return "", {}
        return str(operation), path

    def _identify(self, request: Request) -> str:
        found = self._keys.find(_token(request))
        if found is None:
            raise unauthorized()
        return found[0]

    def _machines(self) -> list[dict[str, Any]]:
        return [shapes.machine(droplet) for droplet in self._store.droplets()]


class _HourlyCount:
    """How many requests each token has made in this hour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = 0
        self._made: dict[str, int] = {}

    def remaining(self, token: str) -> int:
        with self._lock:
            hour = int(time.time() // 3600)
            if hour != self._hour:
                self._hour = hour
                self._made.clear()
            self._made[token] = self._made.get(token, 0) + 1
            return max(1, HOURLY_LIMIT - self._made[token])

    def resets_at(self) -> int:
        return (int(time.time() // 3600) + 1) * 3600


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _body(request: Request) -> Mapping[str, Any]:
    if request.method not in ("POST", "PUT", "DELETE") or not request.content_length:
        return {}
    try:
        read = json.loads(request.get_data())
    except ValueError:
        raise ApiError(400, "bad_request", "Request body is not valid JSON.") from None
    return read if isinstance(read, dict) else {}


def _names(operation: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """All names by which a fault may mean this request."""
    names = [operation]
    if operation in ("droplets.act", "droplets.act_by_tag"):
        names.append(str(body.get("type")))
    return (*names, *(_COMMON_NAMES[name] for name in names if name in _COMMON_NAMES))


def _page(answer: requests.Listed, request: Request) -> dict[str, Any]:
    """One page of a list, with the links to the others."""
    number = _whole(request, "page", 1, most=None)
    size = _whole(request, "per_page", PER_PAGE, most=MOST_PER_PAGE)
    last = max(1, math.ceil(len(answer.items) / size))
    others: dict[str, int] = {}
    if number > 1:
        others |= {"first": 1, "prev": number - 1}
    if number < last:
        others |= {"next": number + 1, "last": last}
    query = {name: value for name, value in request.args.items() if name not in ("page", "per_page")}
    pages = {
        name: f"{request.base_url}?{urlencode({'page': page, 'per_page': size, **query})}"
        for name, page in others.items()
    }
    shown = answer.items[(number - 1) * size : number * size]
    return {
        answer.key: [answer.show(item) for item in shown],
        "links": {"pages": pages} if pages else {},
        "meta": {"total": len(answer.items)},
    }


def _whole(request: Request, name: str, default: int, *, most: int | None) -> int:
    text = request.args.get(name, "")
    value = max(1, int(text)) if text.isdigit() else default
    return value if most is None else min(value, most)
