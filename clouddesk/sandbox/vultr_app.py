"""The simulated Vultr's outside: addresses, tokens, cursors, faults."""

from __future__ import annotations

import base64
import binascii
import secrets

from werkzeug.wrappers import Request

from clouddesk.sandbox import faults, vultr_catalog
from clouddesk.sandbox import vultr_instances as instances
from clouddesk.sandbox import vultr_others as others
from clouddesk.sandbox import vultr_snapshots as snapshots
from clouddesk.sandbox.rest import Answer, ApiError, Done, Item, Listed, Operation
from clouddesk.sandbox.token_app import TokenApp
from clouddesk.sandbox.vultr_errors import REFUSALS, not_found, refusal
from clouddesk.sandbox.vultr_fields import Ask

OPERATOR_KEY = {"token": "SANDBOXOPERATORSANDBOXOPERATOR000000"}
PER_PAGE, MOST_PER_PAGE = 100, 500
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def _account(ask: Ask) -> Answer:
    """One shared account, of which every owner of a token is a user."""
    rights = ["manage_users", "subscriptions", "provisioning", "billing", "firewall"]
    content = {"name": ask.owner, "email": "team@sandbox.example", "acls": rights, "balance": -50.0}
    more = {"pending_charges": 0.0, "last_payment_date": "2026-01-01T00:00:00+00:00", "last_payment_amount": -50.0}
    return Done({"account": {**content, **more}})


def _plans(ask: Ask) -> Answer:
    wanted = ask.query.get("type", "all")
    return Listed("plans", [plan for plan in vultr_catalog.PLANS.values() if wanted in ("all", plan["type"])])


def _regions(_: Ask) -> Answer:
    return Listed("regions", list(vultr_catalog.REGIONS.values()))


def _availability(ask: Ask) -> Answer:
    if ask.path["id"] not in vultr_catalog.REGIONS:
        raise not_found("region")
    sold = [plan["id"] for plan in vultr_catalog.PLANS.values() if ask.path["id"] in plan["locations"]]
    return Done({"available_plans": sold})


def _systems(_: Ask) -> Answer:
    return Listed("os", list(vultr_catalog.SYSTEMS.values()))


_INSTANCE, _GROUP = "/v2/instances/<id>", "/v2/firewalls/<id>"
_SNAPSHOT = "/v2/snapshots/<id>"
_OPERATIONS = (
    Operation("account.get", "GET", "/v2/account", _account, "account"),
    Operation("plans.list", "GET", "/v2/plans", _plans),
    Operation("regions.list", "GET", "/v2/regions", _regions),
    Operation("regions.availability", "GET", "/v2/regions/<id>/availability", _availability),
    Operation("os.list", "GET", "/v2/os", _systems),
    Operation("instances.list", "GET", "/v2/instances", instances.list_instances, "list"),
    Operation("instances.create", "POST", "/v2/instances", instances.create_instance, faults.CREATE),
    Operation("instances.get", "GET", _INSTANCE, instances.get_instance),
    Operation("instances.update", "PATCH", _INSTANCE, instances.update_instance),
    Operation("instances.delete", "DELETE", _INSTANCE, instances.delete_instance, "destroy"),
    Operation("instances.start", "POST", f"{_INSTANCE}/start", instances.start, "start"),
    Operation("instances.halt", "POST", f"{_INSTANCE}/halt", instances.halt, "stop"),
    Operation("instances.reboot", "POST", f"{_INSTANCE}/reboot", instances.reboot, "reboot"),
    Operation("instances.vpcs", "GET", f"{_INSTANCE}/vpcs", instances.list_vpcs),
    Operation("firewalls.list", "GET", "/v2/firewalls", others.list_groups),
    Operation("firewalls.create", "POST", "/v2/firewalls", others.create_group),
    Operation("firewalls.get", "GET", _GROUP, others.get_group),
    Operation("firewalls.delete", "DELETE", _GROUP, others.delete_group),
    Operation("firewalls.rules", "GET", f"{_GROUP}/rules", others.list_rules),
    Operation("firewalls.create_rule", "POST", f"{_GROUP}/rules", others.create_rule),
    Operation("firewalls.delete_rule", "DELETE", f"{_GROUP}/rules/<int:rule>", others.delete_rule),
    Operation("vpcs.list", "GET", "/v2/vpcs", others.list_vpcs),
    Operation("vpcs.create", "POST", "/v2/vpcs", others.create_vpc),
    Operation("vpcs.get", "GET", "/v2/vpcs/<id>", others.get_vpc),
    Operation("vpcs.delete", "DELETE", "/v2/vpcs/<id>", others.delete_vpc),
    Operation("keys.list", "GET", "/v2/ssh-keys", others.list_keys),
    Operation("keys.create", "POST", "/v2/ssh-keys", others.create_key),
    Operation("keys.get", "GET", "/v2/ssh-keys/<id>", others.get_key),
    Operation("keys.delete", "DELETE", "/v2/ssh-keys/<id>", others.delete_key),
    Operation("blocks.list", "GET", "/v2/blocks", others.list_blocks),
    Operation("blocks.create", "POST", "/v2/blocks", others.create_block),
    Operation("blocks.get", "GET", "/v2/blocks/<id>", others.get_block),
    Operation("blocks.delete", "DELETE", "/v2/blocks/<id>", others.delete_block),
    Operation("blocks.attach", "POST", "/v2/blocks/<id>/attach", others.attach_block),
    Operation("blocks.detach", "POST", "/v2/blocks/<id>/detach", others.detach_block),
    Operation("snapshots.list", "GET", "/v2/snapshots", snapshots.list_snapshots),
    Operation("snapshots.create", "POST", "/v2/snapshots", snapshots.create_snapshot, faults.KEEP),
    Operation("snapshots.get", "GET", _SNAPSHOT, snapshots.get_snapshot),
    Operation("snapshots.update", "PUT", _SNAPSHOT, snapshots.update_snapshot),
    Operation("snapshots.delete", "DELETE", _SNAPSHOT, snapshots.delete_snapshot),
)


class VultrApp(TokenApp):
    """The WSGI application."""

    cloud = "vultr"
    operations = _OPERATIONS
    operator_key = OPERATOR_KEY
    refusals = REFUSALS

    def new_token(self) -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(36))

    def not_found(self, request: Request) -> ApiError:
        return refusal("Invalid API path.", 404)

    def bad_json(self) -> ApiError:
        return refusal("Invalid JSON in the request body.")

    def machines(self) -> list[Item]:
        return instances.machines(self.store)

    def page(self, answer: Listed, ask: Ask) -> Item:
        """One page of a list, with the cursor of the next."""
        size_text = ask.query.get("per_page", str(PER_PAGE))
        if not size_text.isdigit() or not 1 <= int(size_text) <= MOST_PER_PAGE:
            raise refusal("Invalid per_page value.")
        size, begin = int(size_text), _begin(ask.query.get("cursor", ""))
        end = begin + size
        links = {
            "next": _cursor("next", end) if end < len(answer.items) else "",
            "prev": _cursor("prev", max(0, begin - size)) if begin else "",
        }
        shown = [answer.show(item) for item in answer.items[begin:end]]
        return {answer.key: shown, "meta": {"total": len(answer.items), "links": links}}


def _cursor(name: str, begin: int) -> str:
    return base64.b64encode(f"{name}__{begin}".encode()).decode()


def _begin(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().partition("__")[2])
    except (binascii.Error, ValueError):
        raise refusal("Invalid cursor.") from None
