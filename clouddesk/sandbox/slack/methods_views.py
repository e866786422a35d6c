"""The Web API's ``views.*``: modals on top of each other, and the App Home."""

from __future__ import annotations

from typing import Any

from clouddesk.sandbox.slack.blocks import completed, interactive
from clouddesk.sandbox.slack.calls import Call, Refused
from clouddesk.sandbox.slack.people import App
from clouddesk.sandbox.slack.schema import HOME, MODAL
from clouddesk.sandbox.slack.store import Store, View
from clouddesk.sandbox.slack.views import DEPTH, check_view, is_too_large


async def open_view(call: Call) -> dict[str, Any]:
    content = _read(call, MODAL)
    user = _triggered_by(call)
    view = stand(call.store, user, content)
    for old in call.store.open_modals(user):
        call.store.close(old)
    call.store.modals[user] = [view.id]
    return _answer(call, view)


async def push_view(call: Call) -> dict[str, Any]:
    content = _read(call, MODAL)
    user = _triggered_by(call)
    return _answer(call, push(call.store, user, content))


async def update_view(call: Call) -> dict[str, Any]:
    view = _named(call)
    content = _read(call, view.content["type"], of=view)
    if call.text("hash") and call.text("hash") != view.hash:
        raise Refused("hash_conflict")
    return _answer(call, replace(call.store, view, content))


async def publish_view(call: Call) -> dict[str, Any]:
    user = call.known_user(call.required("user_id"))
    if user.kind in ("bot", "app_user", "deactivated"):
        raise Refused("not_enabled" if user.kind == "deactivated" else "invalid_arguments")
    content = _read(call, HOME)
    home = call.store.home(user.id)
    if home is None:
        home = stand(call.store, user.id, content)
        call.store.homes[user.id] = home.id
    else:
        if call.text("hash") and call.text("hash") != home.hash:
            raise Refused("hash_conflict")
        home = replace(call.store, home, content)
    return _answer(call, home)


def stand(store: Store, user: str, content: dict[str, Any]) -> View:
    """A new view for this person."""
    name = store.new_id("V")
    view = View(id=name, user=user, content=_complete(content), hash=store.new_hash(), root=name)
    store.views[name] = view
    store.changed()
    return view


def push(store: Store, user: str, content: dict[str, Any]) -> View:
    """A modal on top of what this person has open. Raises Refused: nothing is open, or too many are."""
    below = store.open_modals(user)
    if not below:
        raise Refused("invalid_trigger_id")
    if len(below) >= DEPTH:
        raise Refused("push_limit_reached")
    view = stand(store, user, content)
    view.root, view.previous = below[0].id, below[-1].id
    store.modals[user].append(view.id)
    return view


def replace(store: Store, view: View, content: dict[str, Any]) -> View:
    """New content at the same place. What was typed stays where block and action ids stay."""
    old = view.state
    view.content = _complete(content)
    ids = {
        (block["block_id"], element["action_id"]) for block in view.content["blocks"] for element in interactive(block)
    }
    view.state = {
        block: {action: value for action, value in values.items() if (block, action) in ids}
        for block, values in old.items()
        if any(block == known for known, _ in ids)
    }
    view.hash = store.new_hash()
    view.errors = {}
    store.changed()
    return view


def checked(content: Any, kind: str) -> dict[str, Any]:
    """A view that Slack would take. Raises Refused."""
    wrong = check_view(content, kind)
    if wrong:
        raise Refused("invalid_arguments", wrong)
    view = dict(content)
    if is_too_large(view):
        raise Refused("view_too_large")
    return view


def shown(view: View, app: App, team: str, *, state: bool = True) -> dict[str, Any]:
    """The view object of the Web API and of interactions."""
    content = view.content
    answer: dict[str, Any] = {
        "id": view.id,
        "team_id": team,
        "type": content["type"],
        "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata") or "",
        "callback_id": content.get("callback_id") or "",
        "external_id": content.get("external_id") or "",
        "state": {"values": view.state if state else {}},
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "app_id": app.app_id,
        "app_installed_team_id": team,
        "bot_id": app.bot_id,
        "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": content.get("close"),
        "submit": content.get("submit"),
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
    }
    return answer


def _complete(content: dict[str, Any]) -> dict[str, Any]:
    whole = completed([{"type": "view", **{key: content[key] for key in content if key not in ("type", "blocks")}}])[0]
    del whole["block_id"]
    return {**whole, "type": content["type"], "blocks": completed(content["blocks"])}


def _read(call: Call, kind: str, *, of: View | None = None) -> dict[str, Any]:
    content = call.given("view", "invalid_arguments", ["must provide an object [json-pointer:/view]"])
    if content is None:
        raise Refused("invalid_arguments", ["missing required field: view [json-pointer:/view]"])
    view = checked(content, kind)
    name = view.get("external_id")
    if name and any(one.content.get("external_id") == name and one is not of for one in call.store.views.values()):
        raise Refused("duplicate_external_id")
    return view


def _triggered_by(call: Call) -> str:
    user, error = call.store.use_trigger(call.required("trigger_id"))
    if user is None:
        raise Refused(error)
    return user


def _named(call: Call) -> View:
    name, external = call.text("view_id"), call.text("external_id")
    if not name and not external:
        raise Refused("invalid_arguments", ["missing required field: view_id [json-pointer:/view_id]"])
    for view in call.store.views.values():
        if view.id == name or (external and view.content.get("external_id") == external):
            return view
    raise Refused("not_found")


def _answer(call: Call, view: View) -> dict[str, Any]:
    return {"ok": True, "view": shown(view, call.app, call.workspace.team_id)}
