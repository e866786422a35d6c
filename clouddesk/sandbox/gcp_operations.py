"""Operations: what Compute Engine answers to every change, done a moment later, perhaps with an error."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timezone
from typing import Any

from clouddesk.sandbox.documents import Documents
from clouddesk.sandbox.gcp_errors import not_found
from clouddesk.sandbox.rest import Answer, Ask, Done, Item

ROOT = "https://www.googleapis.com/compute/v1/projects"
_KIND = "operations"
_LONGEST_WAIT_SECONDS = 110.0
_POLL_SECONDS = 0.05
_KEPT_SECONDS = 600.0

GcpAsk = Ask[Documents]


def link(project: str, path: str) -> str:
    """The address of a resource, as Google writes it: ``path`` is "zones/europe-west3-a/instances/one"."""
    return f"{ROOT}/{project}/{path}"


def instant(seconds: float) -> str:
    """As Google writes times."""
    at = datetime.fromtimestamp(seconds, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+00:00"


def new_id(store: Documents) -> str:
    """Nineteen digits, greater than all before."""
    return str(store.number("ids", 5_000_000_000_000_000_000 + secrets.randbelow(10**9)))


def begin(ask: GcpAsk, kind: str, target: str, target_id: str, *, seconds: float, error: Item | None = None) -> Answer:
    """A new operation on ``target`` ("zones/…/instances/one") that is done after so long."""
    now = time.time()
    project = str(ask.path["project"])
    operation = {
        "id": new_id(ask.store),
        "name": f"operation-{int(now * 1000)}-{secrets.token_hex(6)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}",
        "project": project,
        "zone": str(ask.path.get("zone", "")),
        "kind": kind,
        "target": target,
        "target_id": target_id,
        "owner": ask.owner,
        "request_id": ask.query.get("requestId", ""),
        "begun_at": now,
        "done_at": now + seconds,
        "error": error,
    }
    ask.store.put(_KIND, operation["name"], operation)
    return Done(shown(operation))


def shown(operation: Item) -> Item:
    """As the API shows it."""
    project, zone = operation["project"], operation["zone"]
    is_done = time.time() >= operation["done_at"]
    scope = f"zones/{zone}" if zone else "global"
    item: Item = {
        "kind": "compute#operation",
        "id": operation["id"],
        "name": operation["name"],
        "operationType": operation["kind"],
        "targetLink": link(project, operation["target"]),
        "targetId": operation["target_id"],
        "status": "DONE" if is_done else "RUNNING",
        "user": operation["owner"],
        "progress": 100 if is_done else 0,
        "insertTime": instant(operation["begun_at"]),
        "startTime": instant(operation["begun_at"]),
        "selfLink": link(project, f"{scope}/operations/{operation['name']}"),
    }
    if zone:
        item["zone"] = link(project, f"zones/{zone}")
    if operation["request_id"]:
        item["clientOperationId"] = operation["request_id"]
    if is_done:
        item["endTime"] = instant(operation["done_at"])
        item |= _failure(operation["error"])
    return item


def get(ask: GcpAsk) -> Answer:
    return Done(shown(_find(ask)))


def wait(ask: GcpAsk) -> Answer:
    """Answers when the operation is done, or after two minutes."""
    operation = _find(ask)
    deadline = time.time() + _LONGEST_WAIT_SECONDS
    while time.time() < min(operation["done_at"], deadline):
        time.sleep(min(_POLL_SECONDS, max(0.0, operation["done_at"] - time.time())))
    return Done(shown(operation))


def forget(store: Documents) -> None:
    """Those that were done long ago; Google keeps them for two weeks."""
    for operation in store.all(_KIND):
        if time.time() - operation["done_at"] > _KEPT_SECONDS:
            store.remove(_KIND, operation["name"])


def all_of(store: Documents, project: str) -> list[dict[str, Any]]:
    """The project's operations, oldest first."""
    return [item for item in store.all(_KIND) if item["project"] == project]


def _find(ask: GcpAsk) -> Item:
    project, zone, name = ask.path["project"], ask.path.get("zone", ""), ask.path["operation"]
    operation = ask.store.get(_KIND, name)
    if operation is None or (operation["project"], operation["zone"]) != (project, zone):
        scope = f"zones/{zone}" if zone else "global"
        raise not_found(f"projects/{project}/{scope}/operations/{name}")
    return operation


def _failure(error: Item | None) -> Item:
    if not error:
        return {}
    return {
        "error": {"errors": [{"code": error["code"], "message": error["message"]}]},
        "httpErrorStatusCode": error["status"],
        "httpErrorMessage": error["words"],
    }
