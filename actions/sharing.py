"""Sharing a machine with a colleague, and ending that: undone as easily as done, so it is done at once and said."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from actions import cards
from actions.base import DeskAction, say_fault
from actions.buttons import button
from actions.lifecycle import chosen
from actions.moments import Moment
from actions.reservation_forms import ReservationForm
from actions.turn import Turn
from actions.wording import names
from clouddesk.language.clock import resolve_until
from clouddesk.language.people import MENTION, called
from clouddesk.model import doors
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.invalid import UnclearTime
from clouddesk.model.reservation import STOPPED, Reservation
from clouddesk.model.share import EXTEND, LEVELS, MANAGE, USE, Share

_MOST_BUTTONS = 5
_REFUSES = re.compile(r"(?:\b(?:not|never|no|cannot|without)\b|n't\b)[^,.;]*")
_MAY = (
    r"(?:(?:can|may|could|should|might|will|gets? to|able to|allowed to|permission to|let \w+|and|or|,|to)"
    r"(?: also| even| please| just)?)"
)
_MANAGES = re.compile(
    r"\b(?:full (?:control|access|rights?)|(?:same|all) rights|(?:manager?|admin|owner)(?:'s)? (?:rights?|access"
    r"|permissions?)|rights? to (?:manage|(?:re)?start|stop|reboot))\b"
    r"|\b(?:give|grant|hand) \S+ (?:the )?control\b"
    rf"|\b{_MAY} (?:do (?:everything|anything)|manage|control|(?:re)?start|stop|reboot|shut (?:it )?down"
    r"|turn it (?:on|off))(?![\w-]|\s+\w+ing\b)"
)
"""What a colleague is to do, not any word that is like it: "so he can stop bothering me" is no right."""
_EXTENDS = re.compile(
    rf"\b{_MAY} (?:extend|prolong|renew|lengthen)(?![\w-])|\b(?:right to extend|(?:extend|extension) rights?)\b"
)
_ANSWER = re.compile(r"(?:(?:with|to|for|only|just|it'?s|ok|please) )*(?P<who>@?[\w.-]+|<@[^>]+>)[ .!]*")
_WITH = re.compile(r"\bwith (?P<who>@?[a-z][\w.-]*\w)(?= (?:until|till|for|so|and|to|from|as|please)\b|[ .!?]*$|,)")
"""In a message that only wants to share: whose name the classifier overlooked."""
_NO_NAME = re.compile(
    r"me|us|it|them|him|her|everyone|everybody|anyone|anybody|someone|somebody|others|people|colleagues?|team"
)
_EVERYBODY = re.compile(r"\b(?:all|everyone|everybody|anyone|anybody)\b")


class SharingForm(ReservationForm):
    """Asks which machine and whose part in it.

    The slot ``person`` holds user ids; ``sharing`` what was said besides, while something is asked.
    """

    slots = ("reservation", "person")
    doing: ClassVar[str]

    def subject(self, turn: Turn) -> str:
        found = turn.facts.get("reservation")
        return f"{self.doing} {names([item['name'] for item in found])}" if found else self.about

    def is_bare_answer(self, turn: Turn) -> bool:
        """A mention or a name, and nothing else."""
        if turn.asked != "person" or turn.is_button:
            return super().is_bare_answer(turn)
        return _ANSWER.fullmatch(turn.text.strip()) is not None

    async def fill(self, turn: Turn, moment: Moment) -> None:
        said = {**turn.facts.get("sharing", {}), **_said(turn)}
        if said:
            turn.facts["sharing"] = said
        await super().fill(turn, moment)
        if not turn.facts.get("person"):
            await self.fill_people(turn)

    async def fill_people(self, turn: Turn) -> None:
        """Whom the message means; who is not known for certain is asked about."""
        ids, unclear = _people(turn)
        if ids:
            turn.facts["person"] = ids
        elif unclear:
            turn.facts["sharing"] = {**turn.facts.get("sharing", {}), "unclear": unclear[0]}


class ShareResourceForm(SharingForm):
    topic = "share_resource"
    verb, about, doing = "share", "sharing a machine", "sharing"

    async def fill(self, turn: Turn, moment: Moment) -> None:
        """Whoever may not share it is told before they are asked anything."""
        await super().fill(turn, moment)
        for item in turn.facts.get("reservation") or ():
            await turn.desk.owned(turn.actor, item["id"])


class UnshareResourceForm(SharingForm):
    topic = "unshare_resource"
    verb, about, doing = "stop sharing", "ending somebody's access", "ending the access to"

    async def fill_people(self, turn: Turn) -> None:
        """Those that it is shared with: the only one needs no name."""
        items = [await turn.desk.reservation(turn.actor, item["id"]) for item in turn.facts.get("reservation") or ()]
        if not items:
            await super().fill_people(turn)
            return
        now = turn.desk.clock()
        known = list(dict.fromkeys(share.user_id for item in items for share in item.open_shares(now)))
        ids, unclear = _people(turn)
        said = [*ids, *unclear]
        found = [user_id for user_id in known if any(_may_be(name, user_id) for name in said)]
        if not known:
            turn.facts["person"] = ids or [turn.actor.user_id]
        elif found or ids:
            turn.facts["person"] = found or ids
        elif not said and (len(known) == 1 or (not turn.is_button and _EVERYBODY.search(turn.text.lower()))):
            turn.facts["person"] = known


class ActionAskPerson(DeskAction):
    """With whom, or with whom not any more."""

    topic = "ask_person"

    async def respond(self, turn: Turn) -> None:
        """Those that it is shared with are buttons."""
        items = [await turn.desk.reservation(turn.actor, item["id"]) for item in turn.facts["reservation"]]
        called_names = names([item.name for item in items])
        if turn.form == UnshareResourceForm.topic:
            now = turn.desk.clock()
            known = dict.fromkeys(share.user_id for item in items for share in item.open_shares(now))
            people = [_called(turn, user_id) for user_id in known]
            ids = [item.id for item in items]
            buttons = [
                button(_called(turn, user_id), "unshare_resource", resource_name=ids, person=user_id)
                for user_id in list(known)[:_MOST_BUTTONS]
                if turn.actor.workspace_id == LOCAL_WORKSPACE
            ]
            turn.say("utter_ask_person_unshare", buttons=buttons or None, name=called_names, people=names(people))
            return
        unclear = turn.facts.get("sharing", {}).get("unclear")
        if turn.actor.workspace_id == LOCAL_WORKSPACE:
            turn.say("utter_ask_person", name=called_names)
        elif unclear:
            turn.say("utter_ask_person_unclear", name=called_names, person=unclear)
        else:
            turn.say("utter_ask_person_mention", name=called_names)


class SharingTask(DeskAction):
    """Something that is done for each machine and each person."""

    async def respond(self, turn: Turn) -> None:
        """One that fails does not keep the others from it."""
        items = [await turn.desk.reservation(turn.actor, id_) for id_ in chosen(turn)]
        pairs = [(item, str(user_id)) for item in items for user_id in turn.facts["person"]]
        for item, user_id in pairs:
            turn.last_reservation = item.id
            if len(pairs) == 1:
                await self.do(turn, item, user_id)
                continue
            try:
                await self.do(turn, item, user_id)
            except CloudDeskError as error:
                say_fault(self.name(), turn, error)

    @abstractmethod
    async def do(self, turn: Turn, item: Reservation, user_id: str) -> None:
        """Do it to one, and say so."""


class ActionShareResource(SharingTask):
    """Give colleagues a part in it."""

    topic = "share_resource"

    async def do(self, turn: Turn, item: Reservation, user_id: str) -> None:
        share = Share(user_id, _allowed(turn), _until(turn))
        await turn.desk.shares.share(turn.actor, item.id, share, request_id=_request_id(turn, item, user_id))
        bare = "utter_shared_simulated" if item.is_simulated else "utter_shared"
        nodes = [node for node in item.living_nodes if node.address]
        turn.say(
            "utter_shared_reached" if item.is_reached else bare,
            command=doors.letting_in(nodes[0] if nodes else None),
            which=f", for each of its {len(nodes)} machines" if len(nodes) > 1 else "",
            buttons=[button("Undo", "unshare_resource", resource_name=item.id, person=user_id)],
            name=item.name,
            person=_called(turn, user_id),
            until=cards.share_end(share, item, turn.actor, turn.desk.clock()),
            allowed=cards.ALLOWED[share.allowed],
        )


class ActionUnshareResource(SharingTask):
    """Take their part away."""

    topic = "unshare_resource"

    async def do(self, turn: Turn, item: Reservation, user_id: str) -> None:
        was_shared = item.share_of(user_id, turn.desk.clock()) is not None
        await turn.desk.shares.unshare(turn.actor, item.id, user_id, request_id=_request_id(turn, item, user_id))
        person = "anybody" if user_id == turn.actor.user_id and not was_shared else _called(turn, user_id)
        if not was_shared:
            turn.say("utter_shared_with_nobody", name=item.name, person=person)
        elif item.is_reached and user_id != turn.actor.user_id:
            links = ", and the secret in its links is changed" if item.links else ""
            response = "utter_unshared_off" if item.state == STOPPED else "utter_unshared_reached"
            turn.say(response, name=item.name, person=person, links=links)
        else:
            turn.say("utter_unshared", name=item.name, person=person)


def granted_in(text: str, names: Sequence[str] = ()) -> str | None:
    """What a colleague is to do beside using it; ``names`` of machines and people in the text grant nothing."""
    said = text.lower()
    for name in names:
        said = said.replace(name.lower(), "it")
    said = _REFUSES.sub("", said)
    return MANAGE if _MANAGES.search(said) else EXTEND if _EXTENDS.search(said) else None


def _request_id(turn: Turn, item: Reservation, user_id: str) -> str:
    return f"{turn.conversation}/{turn.message_id}/{item.id}/{user_id}"


def _called(turn: Turn, user_id: str) -> str:
    return called(Person(turn.actor.workspace_id, user_id))


def _said(turn: Turn) -> dict[str, Any]:
    """Until when and what is allowed, as far as the message says."""
    said: dict[str, Any] = {}
    if (minutes := turn.one_of("duration_minutes")) is not None:
        said["minutes"] = float(minutes)
    if (until := turn.one_of("until")) is not None:
        said["until"] = str(until)
    if (allowed := turn.one_of("allowed")) is not None:
        said["allowed"] = str(allowed)
    if not turn.is_button and turn.intent == ShareResourceForm.topic:
        names = [str(name) for name in (*turn.all_of("resource_name"), *turn.all_of("person"))]
        if granted := granted_in(turn.text, names):
            said["allowed"] = granted
    return said


def _allowed(turn: Turn) -> str:
    allowed = str(turn.facts.get("sharing", {}).get("allowed", USE))
    return allowed if allowed in LEVELS else USE


def _until(turn: Turn) -> datetime | None:
    said, now = turn.facts.get("sharing", {}), turn.desk.clock()
    if "until" in said:
        end = _moment(said["until"]) or resolve_until(said["until"], now=now, timezone=turn.actor.timezone)
        if end is None:
            raise UnclearTime(said["until"])
        return end
    return now + timedelta(minutes=said["minutes"]) if "minutes" in said else None


def _moment(words: str) -> datetime | None:
    """The end as a form says it."""
    try:
        end = datetime.fromisoformat(words)
    except ValueError:
        return None
    return end if end.tzinfo else None


def _people(turn: Turn) -> tuple[list[str], list[str]]:
    """The user ids that are said for certain, and the names of which only a mention would tell whose they are."""
    said = [str(value) for value in turn.all_of("person")]
    if turn.is_button:
        return said, []
    ids = [found["id"] for found in MENTION.finditer(turn.text)]
    plain = [name for name in said if not MENTION.fullmatch(name)]
    if not ids and not plain and turn.asked == "person" and (answer := _ANSWER.fullmatch(turn.text.strip())):
        plain = [answer["who"]]
    if not ids and not plain and turn.intent == ShareResourceForm.topic and (found := _WITH.search(turn.text.lower())):
        plain = [] if _NO_NAME.fullmatch(found["who"]) else [found["who"]]
    if turn.actor.workspace_id == LOCAL_WORKSPACE:
        return [*ids, *(name.strip("@ ").lower() for name in plain)], []
    return list(dict.fromkeys(ids)), plain


def _may_be(name: str, user_id: str) -> bool:
    """ "bens access" is ben's."""
    plain = name.strip("@ ").lower()
    return user_id.lower() in (plain, plain.removesuffix("'s"), plain.removesuffix("’s"), plain.removesuffix("s"))
