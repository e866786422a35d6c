"""The simulated DigitalOcean's outside: addresses, tokens, pages, headers, faults."""

from __future__ import annotations

import math
import threading
import time
import uuid
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import digitalocean_billing as billing
from clouddesk.sandbox import digitalocean_firewalls as firewalls
from clouddesk.sandbox import digitalocean_monitoring as monitoring
from clouddesk.sandbox import digitalocean_requests as requests
from clouddesk.sandbox import digitalocean_shapes as shapes
from clouddesk.sandbox import digitalocean_snapshots as snapshots
from clouddesk.sandbox import digitalocean_volumes as volumes
from clouddesk.sandbox import faults, keys, rest
from clouddesk.sandbox.digitalocean_errors import fault_error, not_found, refusal, unauthorized
from clouddesk.sandbox.digitalocean_store import Store
from clouddesk.sandbox.rest import ApiError, Ask, Item, Listed, Operation
from clouddesk.sandbox.server import Options

OPERATOR_KEY = {"token": "dop_v1_sandbox_operator"}
PER_PAGE = 20
MOST_PER_PAGE = 200
# DigitalOcean counts by the hour. The simulation shows the count and only refuses when told to (a fault).
HOURLY_LIMIT = 5000

_OPERATIONS = (
    Operation("account.get", "GET", "/v2/account", requests.get_account, "account"),
    Operation("sizes.list", "GET", "/v2/sizes", requests.list_sizes),
    Operation("regions.list", "GET", "/v2/regions", requests.list_regions),
    Operation("images.list", "GET", "/v2/images", requests.list_images),
    Operation("images.get", "GET", "/v2/images/<wanted>", requests.get_image),
    Operation("images.delete", "DELETE", "/v2/images/<wanted>", snapshots.delete_snapshot),
    Operation("snapshots.list", "GET", "/v2/snapshots", snapshots.list_snapshots),
    Operation("snapshots.get", "GET", "/v2/snapshots/<wanted>", snapshots.get_snapshot),
    Operation("snapshots.delete", "DELETE", "/v2/snapshots/<wanted>", snapshots.delete_snapshot),
    Operation("droplets.list", "GET", "/v2/droplets", requests.list_droplets, "list"),
    Operation("droplets.create", "POST", "/v2/droplets", requests.create_droplets, faults.CREATE),
    Operation("droplets.delete_by_tag", "DELETE", "/v2/droplets", requests.delete_droplets, "destroy"),
    Operation("droplets.get", "GET", "/v2/droplets/<int:number>", requests.get_droplet),
    Operation("droplets.delete", "DELETE", "/v2/droplets/<int:number>", requests.delete_droplet, "destroy"),
    Operation("droplets.act_by_tag", "POST", "/v2/droplets/actions", requests.act_on_tag),
    Operation("droplets.act", "POST", "/v2/droplets/<int:number>/actions", requests.act),
    Operation("droplets.actions", "GET", "/v2/droplets/<int:number>/actions", requests.list_actions),
    Operation("droplets.action", "GET", "/v2/droplets/<int:number>/actions/<int:action>", requests.get_action),
    Operation("actions.list", "GET", "/v2/actions", requests.list_actions),
    Operation("actions.get", "GET", "/v2/actions/<int:action>", requests.get_action),
    Operation("keys.list", "GET", "/v2/account/keys", requests.list_keys),
    Operation("keys.create", "POST", "/v2/account/keys", requests.create_key),
    Operation("keys.get", "GET", "/v2/account/keys/<wanted>", requests.get_key),
    Operation("keys.delete", "DELETE", "/v2/account/keys/<wanted>", requests.delete_key),
    Operation("tags.list", "GET", "/v2/tags", requests.list_tags),
    Operation("tags.create", "POST", "/v2/tags", requests.create_tag),
    Operation("tags.get", "GET", "/v2/tags/<tag>", requests.get_tag),
    Operation("tags.delete", "DELETE", "/v2/tags/<tag>", requests.delete_tag),
    Operation("tags.tag", "POST", "/v2/tags/<tag>/resources", requests.tag_resources),
    Operation("tags.untag", "DELETE", "/v2/tags/<tag>/resources", requests.untag_resources),
    Operation("firewalls.list", "GET", "/v2/firewalls", firewalls.list_firewalls),
    Operation("firewalls.create", "POST", "/v2/firewalls", firewalls.create_firewall),
    Operation("firewalls.get", "GET", "/v2/firewalls/<wanted>", firewalls.get_firewall),
    Operation("firewalls.replace", "PUT", "/v2/firewalls/<wanted>", firewalls.replace_firewall),
    Operation("firewalls.delete", "DELETE", "/v2/firewalls/<wanted>", firewalls.delete_firewall),
    Operation("monitoring.cpu", "GET", "/v2/monitoring/metrics/droplet/cpu", monitoring.cpu),
    Operation("invoices.list", "GET", "/v2/customers/my/invoices", billing.list_invoices, faults.BILL),
    Operation("invoices.get", "GET", "/v2/customers/my/invoices/<wanted>", billing.get_invoice, faults.BILL),
    Operation("volumes.list", "GET", "/v2/volumes", volumes.list_volumes),
    Operation("volumes.create", "POST", "/v2/volumes", volumes.create_volume),
    Operation("volumes.get", "GET", "/v2/volumes/<wanted>", volumes.get_volume),
    Operation("volumes.delete", "DELETE", "/v2/volumes/<wanted>", volumes.delete_volume),
    Operation("volumes.act", "POST", "/v2/volumes/<wanted>/actions", volumes.act_on_volume),
)
# What actions are called on all simulated clouds.
_COMMON_ACTIONS = {
    "power_off": "stop",
    "shutdown": "stop",
    "power_on": "start",
    "reboot": "reboot",
    "snapshot": faults.KEEP,
}


class DigitalOceanApp(rest.RestApp[Store]):
    """The WSGI application."""

    cloud = "digitalocean"
    operations = _OPERATIONS

    def __init__(self, start: Options) -> None:
        known = keys.Keys(
            start.data / "credentials.json", identify="token", operator=OPERATOR_KEY, make=keys.make_digitalocean_key
        )
        super().__init__(start, Store(start.data / "digitalocean.sqlite"), known)
        self._count = _HourlyCount()

    def identify(self, request: Request) -> str:
        found = self.keys.find(_token(request))
        if found is None:
            raise unauthorized()
        return found[0]

    def fault_error(self, fault: faults.Fault, ask: Ask[Store]) -> ApiError:
        if fault.kind == faults.UNAUTHORIZED and ask.request.path.startswith("/v2/customers"):
            return refusal(403, "forbidden", "You are not authorized to perform this operation")
        return fault_error(fault)

    def not_found(self, request: Request) -> ApiError:
        return not_found()

    def bad_json(self) -> ApiError:
        return refusal(400, "bad_request", "Request body is not valid JSON.")

    def machines(self) -> list[Item]:
        known = self.store.all(firewalls.FIREWALLS)
        return [
            {**shapes.machine(droplet), "firewalls": firewalls.before(droplet, known)}
            for droplet in self.store.droplets()
        ]

    def names(self, operation: Operation[Store], ask: Ask[Store]) -> tuple[str, ...]:
        names = super().names(operation, ask)
        if operation.name not in ("droplets.act", "droplets.act_by_tag"):
            return names
        kind = str(ask.body.get("type"))
        return (*names, kind, _COMMON_ACTIONS.get(kind, kind))

    def finish(self, response: Response, request: Request) -> None:
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        response.headers["ratelimit-limit"] = str(HOURLY_LIMIT)
        limited = response.status_code == 429
        response.headers["ratelimit-remaining"] = "0" if limited else str(self._count.remaining(_token(request)))
        response.headers["ratelimit-reset"] = str(self._count.resets_at())

    def page(self, answer: Listed, ask: Ask[Store]) -> Item:
        """One page of a list, with the links to the others."""
        number = _whole(ask, "page", 1, most=None)
        size = _whole(ask, "per_page", PER_PAGE, most=MOST_PER_PAGE)
        last = max(1, math.ceil(len(answer.items) / size))
        others: dict[str, int] = {}
        if number > 1:
            others |= {"first": 1, "prev": number - 1}
        if number < last:
            others |= {"next": number + 1, "last": last}
        query = {name: value for name, value in ask.query.items() if name not in ("page", "per_page")}
        pages = {
            name: f"{ask.request.base_url}?{urlencode({'page': page, 'per_page': size, **query})}"
            for name, page in others.items()
        }
        shown = answer.items[(number - 1) * size : number * size]
        return {
            answer.key: [answer.show(item) for item in shown],
            "links": {"pages": pages} if pages else {},
            "meta": {"total": len(answer.items)},
            **({"invoice_preview": billing.preview(ask.store, time.time())} if answer.key == "invoices" else {}),
        }


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


def _whole(ask: Ask[Store], name: str, default: int, *, most: int | None) -> int:
    text = ask.query.get(name, "")
    value = max(1, int(text)) if text.isdigit() else default
    return value if most is None else min(value, most)
