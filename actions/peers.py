"""Colleagues' machines: shown before new ones are bought, asked for, and one's own opened to the team."""

from __future__ import annotations

from collections.abc import Sequence

from actions import cards, peer_words
from actions.base import DeskAction
from actions.buttons import button
from actions.turn import Button, Turn
from actions.wording import names
from clouddesk.language.localtime import local_time
from clouddesk.language.people import called
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.model.errors import NotFound
from clouddesk.model.reservation import Reservation
from clouddesk.peers import Kind

_MOST = 5
ASK = "ask"
"""What a button decides that asks the owner."""


class ActionFindPeers(DeskAction):
    """ "Is there a spark cluster I could use?" """

    topic = peer_words.FIND
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Those that are open to the team, then who has something of the kind."""
        kind = Kind(tuple(map(str, turn.all_of("software"))), peer_words.wants_gpu(turn))
        open_ones = await turn.desk.peers.for_team(turn.actor, kind)
        owners = await turn.desk.peers.owners(turn.actor, kind)
        shown = owners[: max(0, _MOST - len(open_ones))]
        if not open_ones and not owners:
            turn.say("utter_no_peers", what=_what(kind))
            return
        lines = [f"• {_open_line(turn, item)}" for item in open_ones[:_MOST]]
        asked_for = " or ".join([*kind.software, *(["GPU"] if kind.gpu else [])]) or "their machine"
        lines += [
            f"• {called(owner)} has one that is theirs alone: “ask {called(owner)} for {asked_for}”" for owner in shown
        ]
        buttons = [_ask_button(turn, item.person, kind, item) for item in open_ones[:_MOST]]
        buttons += [_ask_button(turn, owner, kind) for owner in shown if turn.actor.workspace_id == LOCAL_WORKSPACE]
        turn.say("utter_peers", buttons=buttons or None, lines="\n".join(lines))


class ActionAskPeer(DeskAction):
    """ "Ask ben for spark-1"."""

    topic = peer_words.ASK
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """They get a notice with a button that shares it."""
        about = peer_words.find(turn)
        said = about.who if about else str(turn.one_of("person") or "")
        owner = Person(turn.actor.workspace_id, said.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else said)
        for kind in _kinds(turn, about.what if about else ""):
            try:
                await turn.desk.peers.ask(turn.actor, owner.user_id, kind)
            except NotFound:
                continue
            turn.say("utter_peer_asked", person=called(owner))
            return
        turn.say("utter_peer_has_none", person=called(owner))


class ActionNotNow(DeskAction):
    """The answer to who asked, by a button or "not now, ben"."""

    topic = peer_words.NOT_NOW
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Nothing changes; they are told politely, once."""
        asked = _refused(turn)
        if asked is None:
            turn.say("utter_nobody_asked")
            return
        person = await turn.desk.peers.not_now(turn.actor, *asked)
        turn.say("utter_not_now_said", person=called(person))


class ActionOpenToTeam(DeskAction):
    """ "Let the team use spark-1"."""

    topic = peer_words.OPEN
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Nothing is given away by it: whoever wants to use it asks."""
        await _set(turn, is_open=True)


class ActionCloseToTeam(DeskAction):
    """ "Stop letting the team use spark-1"."""

    topic = peer_words.CLOSE
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Parts that were given stay."""
        await _set(turn, is_open=False)


async def line_for_quote(turn: Turn, software: Sequence[str]) -> str:
    """What a card says of a colleague's machine that would do as well; "" when there is none."""
    if not software:
        return ""
    found = await turn.desk.peers.for_team(turn.actor, Kind(tuple(software)))
    if not found:
        return ""
    item = found[0]
    return f"There is one already: {_open_line(turn, item)}. Say “ask {called(item.person)} for {item.name}”."


async def _set(turn: Turn, *, is_open: bool) -> None:
    about = peer_words.find(turn)
    item = await _meant(turn, about.what if about else "")
    if item is None:
        return
    await turn.desk.peers.open_to_team(turn.actor, item.id, is_open=is_open)
    turn.last_reservation = item.id
    turn.say("utter_open_to_team" if is_open else "utter_closed_to_team", name=item.name)


async def _meant(turn: Turn, words: str) -> Reservation | None:
    """The one of the person's own that the words name; what is wrong is said."""
    if words in ("it", "this", "that") and turn.last_reservation:
        return await turn.desk.owned(turn.actor, turn.last_reservation)
    is_any = words.split(" ")[0] in ("it", "this", "that", "my", "our", "the")
    software = [str(value) for value in turn.all_of("software")] if is_any else []
    found = await turn.desk.find(turn.actor, None if is_any else words, software=software)
    if len(found) == 1:
        return found[0]
    if found:
        turn.say("utter_open_which_to_team", names=names([item.name for item in found], last="or"))
    else:
        turn.say("utter_error_not_found", words=words)
    return None


def _refused(turn: Turn) -> tuple[str, str] | None:
    """The reservation and the person that the answer is about."""
    if turn.is_button:
        return str(turn.one_of("reservation_id")), str(turn.one_of("person"))
    about = peer_words.find(turn)
    said = about.who if about else ""
    who = said.lower() if turn.actor.workspace_id == LOCAL_WORKSPACE else said
    asks = [(item.reservation_id, item.values["person_id"]) for item in turn.asked_for]
    return next((ask for ask in asks if who in ("", ask[1])), None)


def _kinds(turn: Turn, what: str) -> Sequence[Kind]:
    """What is asked for: the name of one that is open, or something of a kind."""
    software = tuple(map(str, turn.all_of("software")))
    name = str(turn.one_of("resource_name") or "") if turn.is_button else what
    kind = Kind(software, peer_words.wants_gpu(turn))
    by_name = [Kind(name=name)] if name else []
    return [*by_name, kind] if software or kind.gpu or not by_name else by_name


def _ask_button(turn: Turn, owner: Person, kind: Kind, item: Reservation | None = None) -> Button:
    said: dict[str, object] = {"decision": ASK, "person": owner.user_id}
    if item is not None:
        title, said["resource_name"] = f"Ask for {item.name}", item.name
    else:
        title = f"Ask {called(owner)}"
        said |= {"software": list(kind.software)} if kind.software else {}
        said |= {"gpu_count": 1} if kind.gpu else {}
    return button(title, "decide", **said)


def _open_line(turn: Turn, item: Reservation) -> str:
    ends = local_time(item.expires_at, turn.actor, turn.desk.clock())
    of = f", {item.software}" if item.software else ""
    return f"{called(item.person)} lets the team ask for *{item.name}* ({cards.short_line(item)}{of}) until {ends}"


def _what(kind: Kind) -> str:
    """ "spark", "a GPU"."""
    return " or ".join([*kind.software, *(["a GPU"] if kind.gpu else [])]) or "machines"
