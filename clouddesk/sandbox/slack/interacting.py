"""What people do with the app's buttons, menus and modals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clouddesk.sandbox.slack import inputs
from clouddesk.sandbox.slack.acting import DIRECT, Acting, NotPossible, Outcome
from clouddesk.sandbox.slack.blocks import interactive
from clouddesk.sandbox.slack.calls import Refused
from clouddesk.sandbox.slack.delivery import INTERACTIVE
from clouddesk.sandbox.slack.methods_views import checked, push, replace, shown
from clouddesk.sandbox.slack.people import User
from clouddesk.sandbox.slack.schema import HOME, MODAL
from clouddesk.sandbox.slack.store import Message, View

CLOSED, ERRORS, UPDATED, PUSHED, FAILED, INCOMPLETE = "closed", "errors", "updated", "pushed", "failed", "incomplete"
TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Submitted:
    """What the person sees after Submit.

    ``outcome``: closed, errors (at fields), updated or pushed (``view`` is on top now), incomplete (Slack itself asks
    for a field, the app heard nothing), failed (the app did not answer, or not validly).
    """

    outcome: str
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None
    problem: str = ""


class Interacting:
    """Buttons, menus and modals, by the people of the workspace."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._store = acting.store

    async def press(
        self,
        user: str,
        message_ts: str | None,
        action_id: str,
        *,
        channel: str = DIRECT,
        view_id: str | None = None,
        block_id: str | None = None,
        value: Any = None,
    ) -> Outcome:
        """Press a button or choose in a menu, of a message (by its time stamp) or of a view (by its id).

        ``value``: what was chosen, as in ``submit``. Raises NotPossible: the person does not see such an element.
        """
        who = self._store.workspace.user(user)
        if view_id is not None:
            return await self._press_in_view(who, self._view(who, view_id), action_id, block_id, value)
        where = self._acting.place(who, channel)
        message = self._seen(who, where.id, str(message_ts))
        block, element = _element(message.blocks, action_id, block_id)
        response_url = self._acting.new_response_url(where, who, message.ts, message.thread_ts)
        container: dict[str, Any] = {"type": "message", "message_ts": message.ts, "channel_id": where.id}
        container["is_ephemeral"] = bool(message.ephemeral_to)
        shown = self._acting.shown(message)
        if "thread_ts" in shown:
            container["thread_ts"] = shown["thread_ts"]
        state = message.state.setdefault(who.id, {})
        inputs.complete(state, message.blocks)
        inputs.remember(state, block, element, value)
        payload = self._acting.common("block_actions", who) | {
            "container": container,
            "channel": {"id": where.id, "name": "directmessage" if where.is_direct else where.name},
            "state": {"values": state},
            "response_url": response_url,
            "actions": [self._action(block, element, value)],
        }
        if not message.ephemeral_to:
            payload["message"] = shown
        return await self._acting.bring(INTERACTIVE, payload, response_url)

    def fill(self, user: str, view_id: str, values: dict[str, Any]) -> None:
        """Enter values in a modal without submitting. Keys: ``block_id``, ``action_id`` or ``block_id.action_id``."""
        view = self._view(self._store.workspace.user(user), view_id)
        for block in view.content["blocks"]:
            if block["type"] != "input":
                continue
            name, action = block["block_id"], block["element"]["action_id"]
            for key in (f"{name}.{action}", name, action):
                if key in values:
                    inputs.remember(view.state, block, block["element"], values[key])
                    break
        known = {key for block in view.content["blocks"] if block["type"] == "input" for key in _keys(block)}
        unknown = set(values) - known
        if unknown:
            raise NotPossible(f"the modal has no field {sorted(unknown)[0]}")

    async def submit(self, user: str, view_id: str, values: dict[str, Any] | None = None) -> Submitted:
        """Fill the modal in and press its submit button."""
        who = self._store.workspace.user(user)
        view = self._view(who, view_id)
        if not view.content.get("submit"):
            raise NotPossible("the modal has no submit button")
        self.fill(user, view_id, values or {})
        inputs.complete(view.state, view.content["blocks"])
        missing = inputs.missing(view)
        if missing:
            view.errors = missing
            self._store.changed()
            return Submitted(INCOMPLETE, missing, view)
        payload = self._acting.common("view_submission", who) | {"view": self._shown(view), "response_urls": []}
        outcome = await self._acting.bring(INTERACTIVE, payload, "")
        if not outcome.is_acked:
            return self._failed(view, outcome.error)
        try:
            return self._follow(who, view, outcome.payload)
        except Refused as refused:
            return self._failed(view, ", ".join([refused.error, *refused.messages]))

    async def close_view(self, user: str, view_id: str, *, is_cleared: bool = False) -> None:
        """Close a modal, or with ``is_cleared`` all of them; the app hears of it when the view asks for that."""
        who = self._store.workspace.user(user)
        view = self._view(who, view_id)
        if view.content["type"] == HOME:
            raise NotPossible("the App Home cannot be closed")
        everything = is_cleared or bool(view.content.get("clear_on_close"))
        for one in self._store.open_modals(who.id) if everything else [view]:
            self._store.close(one)
        if view.content.get("notify_on_close"):
            payload = self._acting.common("view_closed", who)
            del payload["trigger_id"]
            payload |= {"view": self._shown(view), "is_cleared": is_cleared}
            await self._acting.bring(INTERACTIVE, payload, "")

    async def suggest(self, user: str, action_id: str, typed: str, *, view_id: str) -> list[dict[str, Any]]:
        """Type into an external select; the options that the app offers."""
        who = self._store.workspace.user(user)
        view = self._view(who, view_id)
        block, _ = _element(view.content["blocks"], action_id, None)
        payload = self._acting.common("block_suggestion", who) | {
            "container": {"type": "view", "view_id": view.id},
            "view": self._shown(view),
            "action_id": action_id,
            "block_id": block["block_id"],
            "value": typed,
        }
        del payload["trigger_id"]
        outcome = await self._acting.bring(INTERACTIVE, payload, "")
        return list(outcome.payload.get("options") or [])

    async def _press_in_view(self, who: User, view: View, action_id: str, block_id: str | None, value: Any) -> Outcome:
        block, element = _element(view.content["blocks"], action_id, block_id)
        inputs.remember(view.state, block, element, value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Outcome(True)
        payload = self._acting.common("block_actions", who) | {
            "container": {"type": "view", "view_id": view.id},
            "view": self._shown(view),
            "actions": [self._action(block, element, value)],
        }
        return await self._acting.bring(INTERACTIVE, payload, "")

    def _action(self, block: dict[str, Any], element: dict[str, Any], value: Any) -> dict[str, Any]:
        action = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
        action["action_ts"] = self._store.new_ts()
        if element["type"] == "button":
            return action | {key: element[key] for key in ("text", "value", "style", "url") if key in element}
        return action | inputs.state_of(element, value)

    def _follow(self, who: User, view: View, answer: dict[str, Any]) -> Submitted:
        """Do what the app's answer to a submission says. Raises Refused: it is not valid."""
        action = answer.get("response_action")
        if action is None and answer:
            raise Refused("invalid_arguments", ["response_action is missing"])
        if action == "errors":
            return self._field_errors(view, answer.get("errors"))
        view.errors = {}
        if action == "update":
            return Submitted(UPDATED, view=replace(self._store, view, checked(answer.get("view"), MODAL)))
        if action == "push":
            return Submitted(PUSHED, view=push(self._store, who.id, checked(answer.get("view"), MODAL)))
        if action not in (None, "clear"):
            raise Refused("invalid_arguments", [f"unknown response_action {action}"])
        open_now = self._store.open_modals(who.id)
        for one in open_now if action == "clear" else [one for one in open_now if one is view]:
            self._store.close(one)
        return Submitted(CLOSED)

    def _field_errors(self, view: View, errors: Any) -> Submitted:
        fields = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors:
            raise Refused("invalid_arguments", ["errors must name fields"])
        unknown = set(errors) - fields
        if unknown:
            raise Refused("invalid_arguments", [f"errors for {sorted(unknown)[0]}, which is no input block"])
        view.errors = {str(name): str(text) for name, text in errors.items()}
        self._store.changed()
        return Submitted(ERRORS, view.errors, view)

    def _failed(self, view: View, problem: str) -> Submitted:
        view.errors = {"": TROUBLE}
        self._store.changed()
        return Submitted(FAILED, view.errors, view, problem)

    def _shown(self, view: View) -> dict[str, Any]:
        inputs.complete(view.state, view.content["blocks"])
        return shown(view, self._store.workspace.app, self._store.workspace.team_id)

    def _view(self, who: User, view_id: str) -> View:
        mine = [*self._store.open_modals(who.id), self._store.home(who.id)]
        for view in mine:
            if view is not None and view.id == view_id:
                return view
        raise NotPossible(f"{who.name} has no view {view_id} open")

    def _seen(self, who: User, channel: str, ts: str) -> Message:
        where = self._store.workspace.channels[channel]
        for message in self._store.visible(who.id, where):
            if message.ts == ts:
                return message
        raise NotPossible(f"{who.name} sees no message {ts} in {where.name}")


def _keys(block: dict[str, Any]) -> tuple[str, str, str]:
    name, action = block["block_id"], block["element"]["action_id"]
    return name, action, f"{name}.{action}"


def _element(
    blocks: list[dict[str, Any]], action_id: str, block_id: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    for block in blocks:
        if block_id is not None and block["block_id"] != block_id:
            continue
        for element in interactive(block):
            if element["action_id"] == action_id:
                return block, element
    known = [element["action_id"] for block in blocks for element in interactive(block)]
    raise NotPossible(f"there is no {action_id}; there are: {', '.join(known) or 'none'}")
