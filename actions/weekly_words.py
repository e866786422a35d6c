"""Messages about where the team's weekly costs are told, whatever the classifier took them for."""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain

HERE, NOWHERE, WHERE = "here", "nowhere", "where"

_COSTS = (
    r"(?:the |our |a |my )?(?:(?:team'?s?|whole|weekly|week'?s|company) )*(?:weekly|week'?s) (?:team )?"
    r"(?:costs?|spend(?:ing)?|digest|cost (?:report|digest)|(?:report|summary) of (?:the )?costs)"
)
_PLACE = r"(?:here|(?:in|to|into) (?:this|the) (?:channel|room))"
_PEOPLE = r"(?:,? (?:and )?(?:with|including) (?:each person|everybody|(?:the |all )?people|names)\b[\w' ]*)?"
_SENDS = r"(?:send|post|tell|share|show|put|write)"
_SENDING = r"(?:send(?:ing)?|post(?:ing)?|shar(?:e|ing)|tell(?:ing)?)"
_WORDS = {
    HERE: rf"{LEAD}(?:can you |could you )?{_SENDS}(?: us)? {_COSTS} {_PLACE}"
    rf"(?: (?:every|each) (?:week|monday)| from now on)?{_PEOPLE}{POLITE_END}",
    NOWHERE: rf"{LEAD}(?:(?:stop|no longer|don'?t|do not) {_SENDING} {_COSTS}|no (?:more )?{_COSTS})"
    rf"(?: {_PLACE}| to the (?:channel|team))?(?: any ?more)?{POLITE_END}",
    WHERE: rf"{LEAD}(?:where|in which channel) (?:do|are|is) (?:you (?:send|post) )?{_COSTS}"
    rf"(?: (?:sent|posted|going|go))?{POLITE_END}",
}
_SAID = {wish: re.compile(words) for wish, words in _WORDS.items()}
_NAMES_PEOPLE = re.compile(r"\b(?:with|including) (?:each|every|people|the people|names|all)")


def find(turn: Turn) -> str | None:
    """HERE, NOWHERE or WHERE; None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    return next((wish for wish, words in _SAID.items() if words.fullmatch(text)), None)


def names_people(turn: Turn) -> bool:
    """Whether what each person spent is wanted there as well."""
    return _NAMES_PEOPLE.search(plain(turn.text)) is not None
