"""The simulated Linode's outside: addresses, tokens, filters, pages, faults."""

from __future__ import annotations

import json
import math
import secrets
from typing import Any

from werkzeug.wrappers import Request, Response

from clouddesk.sandbox import faults, linode_catalog
from clouddesk.sandbox import linode_instances as instances
from clouddesk.sandbox import linode_networks as networks
from clouddesk.sandbox import linode_volumes as volumes
from clouddesk.sandbox.linode_errors import REFUSALS, not_found, refusal
from clouddesk.sandbox.linode_fields import Ask
from clouddesk.sandbox.rest import Answer, ApiError, Done, Item, Listed, Operation
from clouddesk.sandbox.token_app import TokenApp

OPERATOR_KEY = {"token": "5a9d0b0x" * 8}
PER_PAGE, LEAST_PER_PAGE, MOST_PER_PAGE = 100, 25, 500
SHARED_ACCOUNT = "5A9D0B0C-5A9D-4B0C-9A9D0B0C5A9D0B0C"


def _account(ask: Ask) -> Answer:
    """One shared account, of which every owner of a token is a user."""
    empty = ("address_1", "address_2", "city", "state", "zip", "phone", "tax_id")
    content = {
        "company": "Sandbox",
        "first_name": "Sandbox",
        "last_name": ask.owner,
        "email": f"{ask.owner.replace('/', '.')}@sandbox.example",
        "euuid": SHARED_ACCOUNT,
        "country": "US",
        "balance": 0,
        "balance_uninvoiced": 0,
        "active_since": "2026-01-01T00:00:00",
        "active_promotions": [],
        "billing_source": "akamai",
        "capabilities": ["Linodes", "Block Storage", "Cloud Firewall", "VPCs"],
        "credit_card": {"expiry": None, "last_four": None},
    }
    return Done({**content, **dict.fromkeys(empty, "")})


def _types(_: Ask) -> Answer:
    return Listed("data", list(linode_catalog.TYPES.values()))


def _type(ask: Ask) -> Answer:
    return _one(linode_catalog.TYPES, ask)


def _regions(_: Ask) -> Answer:
    return Listed("data", list(linode_catalog.REGIONS.values()))


def _region(ask: Ask) -> Answer:
    return _one(linode_catalog.REGIONS, ask)


def _availability(_: Ask) -> Answer:
    return Listed("data", linode_catalog.availability())


def _images(_: Ask) -> Answer:
    return Listed("data", list(linode_catalog.IMAGES.values()))


def _image(ask: Ask) -> Answer:
    return _one(linode_catalog.IMAGES, ask)


def _one(known: dict[str, Item], ask: Ask) -> Answer:
    found = known.get(str(ask.path["id"]))
    if found is None:
        raise not_found()
    return Done(found)


_INSTANCE = "/v4/linode/instances/<int:id>"
_OPERATIONS = (
    Operation("account.get", "GET", "/v4/account", _account, "account"),
    Operation("types.list", "GET", "/v4/linode/types", _types),
    Operation("types.get", "GET", "/v4/linode/types/<id>", _type),
    Operation("regions.list", "GET", "/v4/regions", _regions),
    Operation("regions.get", "GET", "/v4/regions/<id>", _region),
    Operation("regions.availability", "GET", "/v4/regions/availability", _availability),
    Operation("images.list", "GET", "/v4/images", _images),
    Operation("images.get", "GET", "/v4/images/<path:id>", _image),
    Operation("instances.list", "GET", "/v4/linode/instances", instances.list_instances, "list"),
    Operation("instances.create", "POST", "/v4/linode/instances", instances.create_instance, faults.CREATE),
    Operation("instances.get", "GET", _INSTANCE, instances.get_instance),
    Operation("instances.update", "PUT", _INSTANCE, instances.update_instance),
    Operation("instances.delete", "DELETE", _INSTANCE, instances.delete_instance, "destroy"),
    Operation("instances.boot", "POST", f"{_INSTANCE}/boot", instances.boot, "start"),
    Operation("instances.shutdown", "POST", f"{_INSTANCE}/shutdown", instances.shut_down, "stop"),
    Operation("instances.reboot", "POST", f"{_INSTANCE}/reboot", instances.reboot, "reboot"),
    Operation("instances.firewalls", "GET", f"{_INSTANCE}/firewalls", networks.list_firewalls_of_instance),
    Operation("events.list", "GET", "/v4/account/events", instances.list_events),
    Operation("firewalls.list", "GET", "/v4/networking/firewalls", networks.list_firewalls),
    Operation("firewalls.create", "POST", "/v4/networking/firewalls", networks.create_firewall),
    Operation("firewalls.get", "GET", "/v4/networking/firewalls/<int:id>", networks.get_firewall),
    Operation("firewalls.delete", "DELETE", "/v4/networking/firewalls/<int:id>", networks.delete_firewall),
    Operation("firewalls.rules", "GET", "/v4/networking/firewalls/<int:id>/rules", networks.get_rules),
    Operation("firewalls.update_rules", "PUT", "/v4/networking/firewalls/<int:id>/rules", networks.update_rules),
    Operation("vpcs.list", "GET", "/v4/vpcs", networks.list_vpcs),
    Operation("vpcs.create", "POST", "/v4/vpcs", networks.create_vpc),
    Operation("vpcs.ips", "GET", "/v4/vpcs/ips", networks.list_addresses),
    Operation("vpcs.get", "GET", "/v4/vpcs/<int:id>", networks.get_vpc),
    Operation("vpcs.delete", "DELETE", "/v4/vpcs/<int:id>", networks.delete_vpc),
    Operation("volumes.list", "GET", "/v4/volumes", volumes.list_volumes),
    Operation("volumes.create", "POST", "/v4/volumes", volumes.create_volume),
    Operation("volumes.get", "GET", "/v4/volumes/<int:id>", volumes.get_volume),
    Operation("volumes.delete", "DELETE", "/v4/volumes/<int:id>", volumes.delete_volume),
    Operation("volumes.attach", "POST", "/v4/volumes/<int:id>/attach", volumes.attach_volume),
    Operation("volumes.detach", "POST", "/v4/volumes/<int:id>/detach", volumes.detach_volume),
)


class LinodeApp(TokenApp):
    """The WSGI application."""

    cloud = "linode"
    operations = _OPERATIONS
    operator_key = OPERATOR_KEY
    refusals = REFUSALS

    def new_token(self) -> str:
        return secrets.token_hex(32)

    def not_found(self, request: Request) -> ApiError:
        return not_found()

    def bad_json(self) -> ApiError:
        return refusal("JSON parse error")

    def machines(self) -> list[Item]:
        return instances.machines(self.store)

    def finish(self, response: Response, request: Request) -> None:
        response.headers["X-OAuth-Scopes"] = "*"
        response.headers["X-RateLimit-Limit"] = "200" if request.method == "GET" else "1600"

    def page(self, answer: Listed, ask: Ask) -> Item:
        """One page of what the filter leaves."""
        shown = [answer.show(item) for item in answer.items]
        wanted = _filter(ask.request.headers.get("X-Filter", ""))
        found = [item for item in shown if all(_meets(item, name, value) for name, value in wanted.items())]
        size = _whole(ask, "page_size", PER_PAGE)
        if not LEAST_PER_PAGE <= size <= MOST_PER_PAGE:
            raise refusal(f"Must be {LEAST_PER_PAGE}-{MOST_PER_PAGE}", "page_size")
        pages = max(1, math.ceil(len(found) / size))
        number = _whole(ask, "page", 1)
        if not 1 <= number <= pages:
            raise refusal("Not found", "page", status=404)
        content = found[(number - 1) * size : number * size]
        return {answer.key: content, "page": number, "pages": pages, "results": len(found)}


def _filter(header: str) -> dict[str, Any]:
    """Equality only, of what ``X-Filter`` can say; the order that it may wish for is the one that lists have."""
    try:
        wanted = json.loads(header) if header else {}
    except ValueError:
        raise refusal("Cannot parse filter", "X-Filter") from None
    if not isinstance(wanted, dict):
        raise refusal("Filter must be an object", "X-Filter")
    return {name: value for name, value in wanted.items() if not name.startswith("+order")}


def _meets(item: Item, name: str, value: Any) -> bool:
    found: Any = item
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            raise refusal(f"Cannot filter on {name}", "X-Filter")
        found = found[part]
    return value in found if isinstance(found, list) else bool(found == value)


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, str(default))
    if not text.isdigit():
        raise refusal("Must be an integer", name)
    return int(text)
