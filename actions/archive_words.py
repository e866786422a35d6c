"""What a message says of archives (``clouddesk/language/archiving.py``), and of which of one's machines.

Whatever it was taken for: these have no intent of their own that is learned, so the words must be plain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from actions import resolve
from actions.turn import Turn
from clouddesk.language import archiving
from clouddesk.language.vocabulary import plain
from clouddesk.matching import is_named_in, nearly_named_in, with_names_as
from clouddesk.model.reservation import ARCHIVED, ARCHIVING, RELEASING, Reservation

ABOUT, TASK = "about_archive", "archive_words"
"""The topics that take it: a question in between, and what something is to be done about."""
_QUESTIONS = (archiving.LIST, archiving.PRICE, archiving.SNAPSHOT, archiving.LATER, archiving.EXPLAIN)


@dataclass(frozen=True)
class Missing:
    """What is to come back and is not there."""

    called: str
    item: Reservation | None
    """It was there, and was given back; None: it never was, as far as the person may know."""


async def find(turn: Turn) -> str | None:
    """What is wanted, in a word of ``archiving``; None when the words are about something else."""
    if turn.is_button or turn.is_heard_again or not archiving.may_be(turn.text):
        return None
    live = await _live(turn)
    text = plain(turn.text)
    what = archiving.read(_marked(text, live))
    kept = [item for item in live if item.state in (ARCHIVED, ARCHIVING)]
    is_of_archive = archiving.says_archive(text) and any(is_named_in(text, item) for item in live)
    if what == archiving.PARK and not any(item.archived_hourly_price_usd is not None for item in live):
        # Where nothing can be archived it means to stop it.
        return None
    if what in (None, archiving.RESTORE) and await missing(turn):
        return archiving.RESTORE
    is_named = any(is_named_in(text, item) for item in live)
    if what == archiving.RESTORE and live and not kept and not is_of_archive and not is_named:
        # Of what was never archived it is another word for starting, or for something else altogether.
        return None
    return what


def topic(turn: Turn) -> str | None:
    """Where it goes; None when the words say nothing of archives."""
    if turn.archiving is None:
        return None
    return ABOUT if turn.archiving in _QUESTIONS else TASK


async def meant(turn: Turn) -> list[Reservation]:
    """The machines that are meant; [] when that is not clear, which says nothing yet."""
    live = await _live(turn)
    text = plain(turn.text)
    if named := [item for item in live if is_named_in(text, item)]:
        return named
    own = [item for item in live if item.person == turn.actor.person]
    cues = resolve.cues_of(turn)
    found = [item for item in cues.fitting(await resolve.having(turn)) if item in own]
    if cues.says_all or cues.says_plural:
        return found
    last = [item for item in live if item.id == turn.last_reservation]
    return last if cues.says_it and last else found if len(found) == 1 else []


async def missing(turn: Turn) -> Missing | None:
    """What is to be brought back of which nothing is there: by a name, or as what was spoken of last."""
    live = await _live(turn)
    text = _marked(plain(turn.text), live)
    if archiving.NAME in text:
        return None
    ended = await _ended(turn, live)
    named = [item for item in ended if is_named_in(text, item)]
    if archiving.read(with_names_as(archiving.NAME, text, named)) != archiving.RESTORE:
        return None
    if not named and (stranger := archiving.stranger_in(text)):
        return Missing(stranger, None)
    last = [item for item in ended if item.id == turn.last_reservation and resolve.cues_of(turn).says_it]
    item = next(iter(named or last), None)
    return Missing(item.name, item) if item else None


async def _ended(turn: Turn, live: Sequence[Reservation]) -> list[Reservation]:
    """What was given back, the newest first."""
    known = {item.id for item in live}
    seen = await turn.desk.reservations(turn.actor, include_ended=True)
    return [item for item in seen if item.id not in known]


async def _live(turn: Turn) -> list[Reservation]:
    seen = await turn.machines(with_shared=True)
    return [item for item in seen if item.state != RELEASING]


def _marked(text: str, live: Sequence[Reservation]) -> str:
    """With the mark for every name, also for one with a slip in it, and for what runs on one: "my spark"."""
    text = with_names_as(archiving.NAME, text, live)
    for word in nearly_named_in(text, live):
        text = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", archiving.NAME, text)
    software = {name for item in live for name in item.all_software}
    for name in software:
        text = re.sub(rf"\b(the|my|our) {re.escape(name)}(?![\w-])", rf"\1 {archiving.NAME}", text)
    return text
