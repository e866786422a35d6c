"""Forms: access to a cloud, which goes by the Desk into the vault and nowhere else, and a changed request.

A form lives in Slack and is lost with us: nothing of it is kept. So what is typed into one is in no job and no log.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from clouddesk.desk import Desk
from clouddesk.model.actor import Actor
from clouddesk.model.credentials import CredentialInfo, Secret
from clouddesk.model.errors import CloudDeskError, Invalid, ProviderError, QuoteExpired, Unavailable
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER
from clouddesk.model.ssh_key import ADD_WORDS
from clouddesk.providers.table import PROVIDERS
from connectors.rasa import Reply
from connectors.slack import answers, cards, views
from connectors.slack.events import thread_of
from connectors.slack.keys_view import LINES
from connectors.slack.messenger import Messenger
from connectors.slack.people import People
from connectors.slack.sharing import Sharing

PROMPT_SECONDS = 1.5
"""A cloud that has answered by then is answered for in the form itself; Slack waits 3 seconds."""
TRIGGER_SECONDS = 3.0
"""So long Slack lets a form be opened after a press."""
_SHOWN_SECONDS = 0.5
"""Until Slack shows the view of our acknowledgement, which would otherwise replace what comes after it."""

_log = structlog.get_logger()

Answer = dict[str, Any]
"""What a submission is acknowledged with."""


class Modals:
    """Opens forms and takes what is put into them."""

    def __init__(self, *, desk: Desk, people: People, messenger: Messenger) -> None:
        self._desk = desk
        self._people = people
        self._messenger = messenger
        self._sharing = Sharing(desk=desk, people=people)

    def of_payload(self, payload: str, body: Mapping[str, Any]) -> Coroutine[Any, Any, bool] | None:
        """The form that a button stands for; None for one that says something.

        The form's opening gives False when there is nothing (any more) to fill in.
        """
        intent, facts = _read(payload)
        trigger, user_id = str(body["trigger_id"]), str(body["user"]["id"])
        if payload == ADD_WORDS:
            return self.open_ssh_keys(trigger, user_id)
        if intent == "add_credentials":
            return self.open_credentials(trigger, user_id, str(facts.get("provider") or ""))
        if intent == "correct" and set(facts) == {"quote_id"}:
            return self.open_change(trigger, user_id, str(facts["quote_id"]), _place(body))
        if intent == "share_resource" and set(facts) == {"resource_name"}:
            return self.open_share(trigger, user_id, str(facts["resource_name"]), _place(body))
        return None

    async def open_credentials(self, trigger: str, user_id: str, provider: str = "") -> bool:
        """The form of this cloud; of whichever is chosen first, when none is named."""
        if provider not in self._desk.clouds():
            view = views.choose_provider(self._desk.clouds())
        else:
            view = views.credentials(provider)
        return await self._open(trigger, user_id, view)

    async def open_ssh_keys(self, trigger: str, user_id: str) -> bool:
        """For public keys; False when the vault does not answer, so that the dialogue says how to paste one."""
        actor = await self._actor(user_id)
        try:
            known = await self._desk.ssh_keys.list(actor) if actor else []
        except Unavailable:
            return False
        return await self._open(trigger, user_id, views.ssh_keys(known))

    async def open_change(self, trigger: str, user_id: str, quote_id: str, place: Mapping[str, str]) -> bool:
        """The request of a quote with everything as it is; False when it is not this person's, or too old."""
        actor = await self._actor(user_id)
        if actor is None:
            return False
        try:
            quote = await self._desk.get_quote(actor, quote_id)
        except (QuoteExpired, Unavailable):
            return False
        view = views.change(
            quote,
            limits=self._desk.limits,
            least_nodes=self._least_nodes(quote),
            providers=self._desk.providers(),
            place=place,
        )
        return await self._open(trigger, user_id, view)

    async def open_share(self, trigger: str, user_id: str, reservation_id: str, place: Mapping[str, str]) -> bool:
        """With whom, what they may do, until when; False when it is not this person's to share."""
        actor = await self._actor(user_id)
        view = await self._sharing.form(actor, reservation_id, place) if actor else None
        return await self._open(trigger, user_id, view) if view else False

    def provider_chosen(self, view: Mapping[str, Any]) -> Answer:
        """The form of the cloud that was chosen."""
        return {"response_action": "update", "view": views.credentials(views.chosen_provider(view))}

    async def credentials_given(self, user_id: str, view: Mapping[str, Any]) -> tuple[Answer, Any]:
        """Have them checked and stored. Returns the acknowledgement, and what is left to do after it (or None)."""
        if missing := views.missing(view):
            return {"response_action": "errors", "errors": missing}, None
        provider = views.provider_of(view)
        given = {name: Secret(text) for name, text in views.typed(view).items()}
        adding = asyncio.create_task(self._add(user_id, provider, given))
        await asyncio.wait([adding], timeout=PROMPT_SECONDS)
        if not adding.done():
            rest = self._follow(adding, user_id, view, provider)
            return {"response_action": "update", "view": views.checking(provider)}, rest
        result = adding.result()
        if isinstance(result, str):
            return {"response_action": "errors", "errors": {_last_field(provider): result}}, None
        return {"response_action": "update", "view": views.added(result)}, None

    async def ssh_keys_given(self, user_id: str, view: Mapping[str, Any]) -> Answer:
        """Keep them, all or none; the acknowledgement."""
        actor, (lines, name) = await self._actor(user_id), views.given_keys(view)
        if actor is None:
            return {"response_action": "update", "view": views.told(answers.NOT_ALLOWED)}
        try:
            done = await asyncio.wait_for(self._desk.ssh_keys.add(actor, lines, name=name), PROMPT_SECONDS)
        except Invalid as error:
            return {"response_action": "errors", "errors": {LINES: str(error)}}
        except (Unavailable, asyncio.TimeoutError):
            return {"response_action": "errors", "errors": {LINES: answers.NOT_NOW}}
        return {"response_action": "update", "view": views.keys_added(done)}

    async def change_given(self, user_id: str, view: Mapping[str, Any]) -> tuple[Answer, Change | None]:
        """The acknowledgement, and what to say to the dialogue; None when there is nothing to say (yet)."""
        known = await self._people.get(user_id)
        problems = views.problems(view, now=self._desk.clock(), timezone_name=known.timezone, limits=self._desk.limits)
        if problems:
            return {"response_action": "errors", "errors": problems}, None
        changes = views.changes(view)
        if not changes:
            return {}, None
        quote_id, place = views.change_of(view)
        before, words = (cards.payload("correct", **facts) for facts in ({"quote_id": quote_id}, changes))
        return {}, Change(words, place, before=before, otherwise=views.wish(view))

    async def share_given(self, user_id: str, view: Mapping[str, Any]) -> tuple[Answer, Change | None]:
        """The acknowledgement, and what to say to the dialogue; None when something chosen cannot be."""
        actor, given = await self._actor(user_id), views.given(view)
        if actor is None:
            return {"response_action": "update", "view": views.told(answers.NOT_ALLOWED)}, None
        if problems := await self._sharing.problems(actor, given):
            return {"response_action": "errors", "errors": problems}, None
        return {}, Change(views.said(given), given.place)

    def _least_nodes(self, quote: Quote) -> int:
        """Fewer machines than its roles no cluster can have."""
        shapes = self._desk.blueprints() if quote.request.kind == CLUSTER else []
        return next((item.least_nodes for item in shapes if quote.software in (item.name, *item.aliases)), 1)

    async def _follow(
        self, adding: asyncio.Task[CredentialInfo | str], user_id: str, view: Mapping[str, Any], provider: str
    ) -> None:
        """Show how it went; in a direct message to who has closed the form and would not hear that it failed."""
        result, _ = await asyncio.gather(adding, asyncio.sleep(_SHOWN_SECONDS))
        after = views.credentials(provider, problem=result) if isinstance(result, str) else views.added(result)
        try:
            await self._messenger.call("views.update", view_id=view["id"], view=after)
        except SlackApiError as error:
            if error.response["error"] != "not_found":
                raise
            if not isinstance(result, str):
                return
            (post,) = cards.of_reply(Reply(result, (answers.add_credentials_button(provider),)))
            await self._messenger.post(await self._messenger.direct(user_id), post, key=f"form-{view['id']}")

    async def _add(self, user_id: str, provider: str, given: dict[str, Secret]) -> CredentialInfo | str:
        """What was stored; or a sentence that says why not."""
        actor = await self._actor(user_id)
        if actor is None:
            return answers.NOT_ALLOWED
        try:
            return await self._desk.add_credentials(actor, provider, given)
        except CloudDeskError as error:
            vendor_text = error.vendor_text if isinstance(error, ProviderError) else ""
            _log.info("slack.credentials_refused", code=error.code, user=str(actor.person), vendor_text=vendor_text)
            return answers.not_stored(error, PROVIDERS[provider].title)
        except Exception:  # noqa: BLE001 - the form waits for a sentence
            _log.exception("slack.credentials_failed", user=str(actor.person))
            return answers.NOT_STORED

    async def _open(self, trigger: str, user_id: str, view: dict[str, Any]) -> bool:
        if await self._actor(user_id) is None:
            view = views.told(answers.NOT_ALLOWED)
        opening = self._messenger.call("views.open", trigger_id=trigger, view=view)
        await asyncio.wait_for(opening, TRIGGER_SECONDS)
        return True

    async def _actor(self, user_id: str) -> Actor | None:
        """None for who may not speak to us."""
        known = await self._people.get(user_id)
        return None if known.refused else await self._people.actor(known)


@dataclass(frozen=True)
class Change:
    """What a form says to the dialogue."""

    words: str
    place: Mapping[str, str]
    before: str = ""
    """The payload that brings up again what it is about; empty when the words say that themselves."""
    otherwise: str = ""
    """What to say instead when that is not open any more."""


def _read(payload: str) -> tuple[str, dict[str, Any]]:
    intent, brace, rest = payload.removeprefix("/").partition("{")
    try:
        facts = json.loads(brace + rest) if brace else {}
    except ValueError:
        return "", {}
    return intent, facts if isinstance(facts, dict) else {}


def _last_field(provider: str) -> str:
    """Where a refusal is shown: clouds do not say which part of a key is wrong."""
    return PROVIDERS[provider].credential_fields[-1].name


def _place(body: Mapping[str, Any]) -> dict[str, str]:
    container = body.get("container") or {}
    return {"channel": str(container.get("channel_id") or ""), "thread": thread_of(body)}
