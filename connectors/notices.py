"""Notices on their way to a person: read from where they left off, each once, in the words of domain.yml."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
import yaml
from redis.asyncio import Redis

from clouddesk.language.localtime import Reader, Whereabouts, local_time
from clouddesk.language.people import called
from clouddesk.model import notice as kinds
from clouddesk.model.actor import Person
from clouddesk.model.notice import Notice
from clouddesk.model.stores import Notices
from clouddesk.settings import PROJECT
from clouddesk.workflows.drift import IMAGES_GONE, IMAGES_LOST
from connectors.rasa import Button, Reply

CONCLUSIONS = frozenset(
    {
        *(kinds.READY, kinds.FAILED, kinds.ENDED, kinds.STOPPED, kinds.STARTED, kinds.REBOOTED),
        *(kinds.SCALED, kinds.NOT_SCALED, kinds.UNPROVEN, kinds.ARCHIVED, kinds.NOT_ARCHIVED, kinds.NOT_STARTED),
    }
)
"""Kinds that say that something asked for has come to its end."""

QUESTIONS = frozenset({kinds.PARTIAL, kinds.DEARER, kinds.UNCONFIGURED})
"""Kinds after which nothing goes on until somebody answers."""
_CHANGES = ("stop", "start", "reboot")
"""Actions whose trouble is their end; giving back goes on in spite of it."""
_REMEMBERED = 500
_ENDINGS = {
    kinds.STOPPED: ("unused",),
    kinds.ARCHIVED: ("unused",),
    kinds.NOT_ARCHIVED: ("off",),
    kinds.NOT_STARTED: ("clock",),
    kinds.EXPIRING: ("archived",),
    kinds.IDLE_REST: ("archives",),
}
"""By kind: the facts, each with a wording of its own where it is given."""
_ARCHIVABLE = (kinds.IDLE, kinds.IDLE_REST, kinds.IDLE_ARCHIVE)
"""Kinds that ask about a machine that nobody uses."""

_log = structlog.get_logger()


def concludes(notice: Notice) -> bool:
    """Whether something that was asked for has come to its end, good or bad."""
    has_failed = notice.kind == kinds.TROUBLE and notice.values.get("action") in _CHANGES
    return has_failed or notice.kind in CONCLUSIONS


class Inbox:
    """One person's notices on one connector. Where they have read to is kept in Redis, past the end of the program."""

    def __init__(self, notices: Notices, redis: Redis[bytes], person: Person, *, connector: str) -> None:
        self._notices = notices
        self._redis = redis
        self._person = person
        self._key = f"clouddesk:{connector}:{person.workspace_id}:{person.user_id}:position"
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def position(self) -> str:
        """The last notice that was shown; "0" when none was."""
        kept = await self._redis.get(self._key)
        return kept.decode() if kept else "0"

    async def shown(self, position: str) -> None:
        """Begin after this one next time."""
        await self._redis.set(self._key, position)

    async def unread(self, *, after: str, wait_seconds: float = 0.0) -> list[tuple[str, Notice]]:
        """What came after a position, without what this inbox has given out already."""
        found = await self._notices.read(self._person, after=after, wait_seconds=wait_seconds)
        return [(place, notice) for place, notice in found if self._is_new(notice)]

    async def follow(self, *, wait_seconds: float = 30.0) -> AsyncIterator[Notice]:
        """What is unread, then what comes; without end. A notice counts as shown when the next one is asked for."""
        position = await self.position()
        while True:
            found = await self._notices.read(self._person, after=position, wait_seconds=wait_seconds)
            for place, notice in found:
                if self._is_new(notice):
                    yield notice
                position = place
                await self.shown(position)

    def _is_new(self, notice: Notice) -> bool:
        if notice.id in self._seen:
            return False
        self._seen[notice.id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True


class Wording:
    """Turns a notice into what a person reads: ``utter_notice_<kind>`` of domain.yml, times in the person's zone."""

    def __init__(self, domain: Path = PROJECT / "domain.yml") -> None:
        self._domain = domain

    def render(self, notice: Notice, *, timezone_name: str, locale: str = "") -> Reply:
        """A notice whose kind has no wording is shown by its facts rather than lost."""
        values = self._values(notice, Whereabouts(timezone_name, locale))
        response = self._response(f"utter_notice_{notice.kind}{_variant(notice)}")
        response = response or self._response(f"utter_notice_{notice.kind}")
        if response is None:
            _log.warning("notice.unworded", kind=notice.kind)
            return Reply(f"*{values['name'] or notice.reservation_id}*: {notice.kind}.")
        shown = self._with_archive(notice, response["buttons"])
        buttons = [Button(_fill(item["title"], values), _fill(item["payload"], values)) for item in shown]
        small = tuple(word for word in (values["simulated"].strip(),) if word)
        secrets_of = notice.reservation_id if values["doors"] else ""
        return Reply(_fill(response["text"], values).strip(), tuple(buttons), small=small, secrets_of=secrets_of)

    def _values(self, notice: Notice, reader: Reader) -> _Values:
        values = _Values(notice.values)
        # Brings the clouds' libraries along, which a chat can do without until the first notice.
        from clouddesk.providers.table import title_of

        values["provider_name"] = values["provider"]
        for key in ("provider", "from_provider", "offer_provider"):
            values[key] = title_of(values[key]) if values[key] else ""
        places = [place.split("/") for place in values["tried"].split()]
        values["tried"] = ", then ".join(f"{size} on {title_of(name)} in {region}" for name, region, size in places)
        for key in ("ends", "starts", "at", "choose_by", "stops", "archives", "stands"):
            if values[key]:
                values[key] = local_time(datetime.fromisoformat(values[key]), reader, datetime.now(timezone.utc))
        if notice.kind in (kinds.TEAM_STOPPED, kinds.SHARED_BY, kinds.HANDOVER_WITHDRAWN):
            values["by"] = called(Person(notice.workspace_id, values["by"]))
            values["why"] = f" Why: {values['why']}." if values["why"] else ""
        for key in ("owner", "person", "before"):
            values[key] = called(Person(notice.workspace_id, values[key])) if values[key] else ""
        values["blind"] = " I cannot look into it, so it may be in use all the same." if values["blind"] else ""
        values["not_yet"] = f"\nNot yet, as it does not answer: {values['behind']}" if values["behind"] else ""
        # Codes become the sentences that domain.yml has for them.
        for key in ("reason", "simulated", "software", "keys", "archive"):
            code = values[key]
            words = self._text(f"utter_{key}_{code}") if code else ""
            words = self._text("utter_reason_unknown") if words is None and key == "reason" else words
            values[key] = _fill(words or "", values)
        return values

    def _with_archive(self, notice: Notice, buttons: list[dict[str, str]]) -> list[dict[str, str]]:
        """With the archive before giving back, in a question of what to do with a machine that could be archived."""
        offer = self._response(f"utter_archive_{notice.values.get('archive')}")
        if offer is None or notice.kind not in _ARCHIVABLE or any("archive_resource" in b["payload"] for b in buttons):
            return buttons
        end = next((place for place, item in enumerate(buttons) if "terminate" in item["payload"]), len(buttons))
        return [*buttons[:end], *offer["buttons"], *buttons[end:]]

    def _text(self, name: str) -> str | None:
        response = self._response(name)
        return None if response is None else str(response["text"])

    def _response(self, name: str) -> dict[str, Any] | None:
        """The first variation: a notice says the same thing in the same words."""
        variations = self._responses.get(name)
        if not variations:
            return None
        return {"text": variations[0].get("text") or "", "buttons": variations[0].get("buttons") or []}

    @cached_property
    def _responses(self) -> dict[str, Any]:
        with self._domain.open() as file:
            # CSafeLoader: the domain is long, and this happens before the first notice can be shown.
            responses: dict[str, Any] = yaml.load(file, Loader=_LOADER)["responses"]  # noqa: S506 - a safe loader
        return responses


def _variant(notice: Notice) -> str:
    """The ending of the wording's name where a kind has several; a wording without it does for all others."""
    if notice.kind == kinds.TROUBLE and notice.values.get("action") == "images":
        return "_images_for_admins" if notice.is_for_admins else "_images"
    if notice.is_for_admins:
        return "_for_admins"
    if notice.kind == kinds.PARTIAL and notice.values.get("can_go_on") == "no":
        return "_too_few"
    if notice.kind == kinds.READY and notice.values.get("found"):
        return "_with_links" if notice.values.get("links") else "_with_software"
    if notice.kind == kinds.SCALED and notice.values.get("found"):
        return "_with_software"
    if notice.kind in (kinds.NOT_SCALED, kinds.UNPROVEN):
        which = f"_{notice.values.get('action')}" if notice.kind == kinds.NOT_SCALED else ""
        return which + ("_with_lines" if notice.values.get("lines") else "")
    if notice.kind == kinds.UNCONFIGURED and not notice.values.get("lines"):
        return "_silent"
    if notice.kind == kinds.AWAY:
        return "_later" if notice.values.get("starts") else ""
    if notice.kind in (kinds.IDLE, kinds.LONG_LEASE):
        how = notice.values.get("how")
        return f"_{how}" if how else ""
    if notice.kind == kinds.NOT_STARTED and notice.values.get("reason") in (IMAGES_GONE, IMAGES_LOST):
        return f"_{notice.values['reason']}"
    if notice.kind in _ENDINGS:
        return next((f"_{fact}" for fact in _ENDINGS[notice.kind] if notice.values.get(fact)), "")
    if notice.kind == kinds.FAILED and notice.values.get("tried"):
        return "_everywhere"
    if notice.kind == kinds.ORPHAN:
        has_machines = notice.values.get("nodes") != "0"
        return "_untagged" if not notice.reservation_id else "" if has_machines else "_without_machines"
    if notice.kind == kinds.REMINDER and not notice.reservation_id:
        return "_of_all" if notice.values.get("lines") else "_of_none"
    if notice.kind == kinds.REMINDER:
        state = notice.values.get("state")
        return f"_{state}" if state in ("stopped", "archived") else ""
    if notice.kind == kinds.APPROVAL_DECIDED:
        has_no_quote = notice.values.get("status") == "changed" and notice.values.get("has_quote") == "no"
        return f"_{notice.values.get('status')}" + ("_since" if has_no_quote else "")
    if notice.kind == kinds.LET_IN:
        return "_with_links" if notice.values.get("doors") else ""
    if notice.kind == kinds.HANDOVER:
        return "_by_admin" if notice.values.get("person") else ""
    if notice.kind == kinds.HANDOVER_WITHDRAWN:
        return "_for_owner" if notice.values.get("person") else ""
    if notice.kind == kinds.SHARED_BY and not notice.values.get("person"):
        return "_team"
    if notice.kind in (kinds.SHARED, kinds.SHARED_BY):
        return f"_{notice.values.get('allowed')}"
    return f"_{notice.values.get('reason')}" if notice.kind in (kinds.DRIFT, kinds.UNSHARED) else ""


class _Values(dict[str, str]):
    """Values for a wording; what was not given is empty."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)

    def __missing__(self, _key: str) -> str:
        return ""


def _fill(text: str, values: _Values) -> str:
    return text.format_map(values)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
