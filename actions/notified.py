"""Notices that wait for an answer: which there are, and whether a bare yes or no is for them or for what is open.

What a person was asked last is what a yes is for, if they have read it: not long ago, and in this conversation. A
notice that came after our last words is newer than the question in them, so that a yes could be for either, and is
asked about. One that they have talked past is older than what is open.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

from actions import questions, retries
from actions.bare import lone_number
from actions.turn import Turn
from clouddesk.model import notice as kinds
from clouddesk.model.errors import NotFound
from clouddesk.model.notice import Notice
from clouddesk.model.reservation import RELEASING, Reservation

RECENT = timedelta(hours=2)
"""So long a plain yes may be for a warning; for an older one that nothing came after, it is asked about."""
_OVER = (kinds.ENDED, kinds.FAILED, kinds.UNSHARED)
"""Kinds after which there is nothing left that "it" could mean."""
_ASKING = (kinds.EXPIRING, kinds.DEARER)
"""Kinds that a plain yes or no answers."""
_DEARER = re.compile(r"\b(?:dearer|more expensive)\b")
_OF_AN_OFFER = re.compile(
    r"\b(?:how much|cheaper|less expensive|differen(?:ce|t)|dearer|more expensive)\b"
    r"|\bwhat(?:'?s| is| does| would| will)?\b.*\b(?:price|cost|costs)\b"
)
"""Asked with a dearer offer waiting: "how much more is that?"."""
_KEEPS = re.compile(r"\b(?:extend|extension|prolong|renew|keep|longer|more (?:time|hours?|days?))\b")
_GETS = re.compile(r"\b(?:get|buy|order|take|reserve|create|launch|go ahead)\b")


async def look(turn: Turn) -> None:
    """Find what waits for an answer, and let "it" mean the one reservation that the new ones are about."""
    latest = await turn.desk.latest_notices(turn.actor)
    known = turn.noticed or {}
    seen = next((place for place, notice in enumerate(latest) if notice.id == known.get("last")), len(latest))
    new = latest[:seen]
    settled = [item for item in known.get("settled", ()) if any(notice.id == item for notice in latest)]
    spoken_of = list(dict.fromkeys(notice.reservation_id for notice in new if _is_of_one(notice)))
    if spoken_of and (known or turn.last_reservation is None):
        # Told of several at once, "it" could be any of them: then it is asked about.
        turn.last_reservation = spoken_of[0] if len(spoken_of) == 1 else None
    else:
        spoken_of = list(known.get("told", ()))
    turn.noticed = {"last": latest[0].id if latest else None, "settled": settled}
    if turn.last_reservation is None and len(spoken_of) > 1:
        turn.noticed["told"] = spoken_of
    asking = [notice for notice in latest if notice.kind in _ASKING and notice.id not in settled]
    ids = list(dict.fromkeys(notice.reservation_id for notice in asking))
    items = dict(zip(ids, await asyncio.gather(*(_item(turn, id_) for id_ in ids)), strict=True))
    waiting: dict[str, Notice] = {}
    for notice in asking:
        item = items[notice.reservation_id]
        if item is not None and notice.reservation_id not in waiting and _waits(item, notice):
            waiting[notice.reservation_id] = notice
    turn.asked_for = tuple(notice for notice in latest if notice.kind == kinds.ASKED_FOR)
    turn.left_behind = tuple(notice.values["name"].lower() for notice in latest if notice.kind == kinds.LEAVER)
    turn.notices = tuple(waiting.values())
    turn.new_notices = tuple(notice for notice in turn.notices if notice in new)


def settle(turn: Turn, reservation_id: str) -> None:
    """What was asked about this reservation is answered."""
    if turn.noticed is not None:
        ids = [notice.id for notice in turn.notices if notice.reservation_id == reservation_id]
        turn.noticed = {**turn.noticed, "settled": [*turn.noticed["settled"], *ids]}


def is_answer(turn: Turn) -> bool:
    """Whether a bare yes, no or length of time is for a notice, or might be."""
    if not turn.notices or turn.is_button or set(turn.entities) - {"duration_minutes", "until"}:
        return False
    if turn.intent == "inform" and turn.entities:
        return not (questions.is_open(turn.question) or turn.form)
    is_plain = bool(turn.entities) or lone_number(turn.text) is None
    return turn.intent in ("affirm", "deny") and is_plain and not retries.says_again(turn.text) and bool(meant(turn))


def offer_asked_about(turn: Turn) -> Notice | None:
    """The dearer offer that a question about "that" price means: nothing else is open that it could be about."""
    offers = [notice for notice in turn.notices if notice.kind == kinds.DEARER]
    is_of_another = turn.entities.keys() - {"resource_name"} or questions.is_open(turn.question) or turn.form
    if len(offers) != 1 or turn.is_button or is_of_another or turn.decision:
        return None
    is_asked = _OF_AN_OFFER.search(turn.text.lower().replace("’", "'")) or retries.says_again(turn.text)
    return offers[0] if is_asked else None


def meant(turn: Turn) -> tuple[Notice, ...]:
    """The notices that this yes or no may be for; () when it is for what is open."""
    text = turn.text.lower()
    # A length of time is no answer to a price.
    waiting = tuple(item for item in turn.notices if item.kind == kinds.EXPIRING or not turn.entities)
    named = tuple(notice for notice in waiting if _is_named(notice, text))
    if named:
        return named
    if new := tuple(item for item in waiting if _is_new(turn, item)):
        is_of_a_quote = (turn.question or {}).get("kind") in ("confirm_quote", "confirm_price")
        is_getting = is_of_a_quote and _GETS.search(text) is not None
        return () if is_getting and all(item.kind == kinds.EXPIRING for item in new) else new
    if turn.intent == "deny" or questions.is_open(turn.question) or turn.form:
        return ()
    if turn.entities:
        return waiting
    # After something else was said, and settled, a yes may be no more than a nod.
    now = turn.desk.clock()
    return tuple(item for item in waiting if now - item.created_at < RECENT) if turn.question is None else ()


def is_clear(turn: Turn, notices: tuple[Notice, ...]) -> bool:
    """Whether the yes or no can only be for this one notice."""
    if len(notices) != 1:
        return False
    text = turn.text.lower()
    words = _DEARER if notices[0].kind == kinds.DEARER else _KEEPS
    says_it = bool(turn.entities or words.search(text)) or _is_named(notices[0], text)
    if says_it or turn.intent == "deny":
        return says_it or _is_asked_last(turn, notices[0])
    # It costs: what may not have been read is asked about, in numbers.
    is_recent = turn.desk.clock() - notices[0].created_at < RECENT
    is_here = notices[0].conversation == turn.conversation
    return _is_asked_last(turn, notices[0]) and is_recent and is_here


def _is_asked_last(turn: Turn, notice: Notice) -> bool:
    return _is_new(turn, notice) and not questions.is_open(turn.question)


def _is_new(turn: Turn, notice: Notice) -> bool:
    """Whether it came, or was said once more, after the last words of the person."""
    return notice in turn.new_notices or (turn.slots_before.get("noticed") or {}).get("shown") == notice.id


def show_again(turn: Turn, notice: Notice) -> None:
    """What it asks was said once more: the next yes is for that."""
    turn.noticed = {**(turn.noticed or {}), "shown": notice.id}


def _is_named(notice: Notice, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(notice.values['name'].lower())}(?![\w-])", text) is not None


def _is_of_one(notice: Notice) -> bool:
    """Whether it leaves one reservation that "it" could mean."""
    return notice.kind not in _OVER and bool(notice.reservation_id)


async def _item(turn: Turn, reservation_id: str) -> Reservation | None:
    try:
        return await turn.desk.reservation(turn.actor, reservation_id)
    except NotFound:
        return None


def _waits(item: Reservation, notice: Notice) -> bool:
    """Not any more once the end has moved, the dearer offer is answered, or the machines are on their way out."""
    if notice.kind == kinds.DEARER:
        asked_until = item.choose_by.isoformat() if item.choose_by else ""
        return item.offered is not None and asked_until == notice.values["choose_by"]
    is_on_its_way = not item.is_live or item.state == RELEASING
    return not is_on_its_way and item.expires_at == datetime.fromisoformat(notice.values["ends"])
