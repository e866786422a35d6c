"""Words that answer a notice which is no yes or no: "go on with 9", "adopt it"."""

from __future__ import annotations

import re

from actions import away, questions
from actions.turn import Turn
from clouddesk.model.notice import ORPHAN
from clouddesk.model.orphan import ADOPT, DELETE, KEEP
from clouddesk.model.reservation import DECLINE, GIVE_BACK, GO_ON, KEEP_BARE, PARTIAL, RETRY, TAKE

Decision = tuple[str, str | None, str | None]
"""Option, and the id of the reservation or of the orphan that it is about."""

_WORDS = {
    RETRY: re.compile(r"\b(?:re-?try|try (?:it |them |that )?again|try the missing|another try)\b"),
    GO_ON: re.compile(
        r"\b(?:go on|go ahead|carry on|continue|proceed|(?:is|are|s) enough|make do|use (?:the|those))\b"
    ),
    GIVE_BACK: re.compile(r"\b(?:give (?:it |them |all |everything )*back|release|drop|kill|forget|all back)\b"),
}
_SOFTWARE_WORDS = {
    RETRY: _WORDS[RETRY],
    KEEP_BARE: re.compile(
        r"\b(?:bare|without (?:it|(?:the )?software)|(?:keep|leave) (?:the |those |my )?machines"
        r"|(?:keep|leave) (?:it|them)|go on|go ahead|carry on|continue|proceed)\b"
    ),
    GIVE_BACK: _WORDS[GIVE_BACK],
}
# Whole sentences: "take that vm down" is no yes to a price.
_OFFER_WORDS = {
    TAKE: re.compile(
        r"(?:(?:ok|okay|fine|sure|alright|well|then|just)[ ,]+)*"
        r"(?:take (?:it|that|that one|the dearer one|the next one)|go ahead|go for it)(?:[ ,]+(?:then|please|anyway))*"
    ),
    DECLINE: re.compile(
        r"(?:(?:no|nah|nope|hm+|oh|well|sorry|thanks|no thanks)[ ,]+)*"
        r"(?:(?:that|it|this)(?:'?s| is) )?(?:way |far |much |a bit |a little )*too (?:dear|expensive|much|pricey)"
        r"(?: for (?:me|us))?|(?:then )?leave it(?: then)?|don'?t (?:take|get) (?:it|that)(?: then)?"
        r"|(?:cancel|forget|drop|skip|scrap)(?: (?:it|that|this))?|never ?mind|nvm"
    ),
}
_TAKES_THAT = re.compile(
    r"(?:(?:ok|okay|yes|fine|sure|alright|well|then|just)[ ,]+)*(?:take|get|use|go (?:with|for)|i(?:'ll| will) take) "
    r"(?:the )?(?:one (?:on|at|from) )?[\w ]+?(?: one)?(?:[ ,]+(?:then|please|anyway))*"
)
"""With the name of the cloud that is offered, and no other: "take the aws one"."""
_ORPHAN_WORDS = {
    KEEP: re.compile(r"\b(?:keep (?:out|it|them)|leave (?:it|them)(?: alone)?|not yours)\b"),
    ADOPT: re.compile(r"\badopt\b"),
    DELETE: re.compile(r"\b(?:delete|destroy|remove|kill) (?:it|them|the orphans?)\b"),
}


async def find(turn: Turn) -> Decision | None:
    """None when the words answer no such notice, or none waits for an answer."""
    is_free = not (turn.is_button or turn.form or questions.is_open(turn.question))
    if is_free and (answer := await away.answer(turn)):
        return (*answer, None)
    others = turn.entities.keys() - {"resource_name", "node_count", "vm_count"}
    if set(turn.entities) == {"provider"} and not (turn.is_button or turn.form or questions.is_open(turn.question)):
        return await _taken_by_cloud(turn)
    if turn.is_button or turn.form or questions.is_open(turn.question) or others:
        return None
    text = turn.text.lower()
    if option := _option(_WORDS, text):
        partial = [item for item in await turn.desk.reservations(turn.actor) if item.state == PARTIAL]
        named = [item for item in partial if item.name in text] or partial
        if len(named) == 1:
            return option, named[0].id, None
    if option := _option(_SOFTWARE_WORDS, text):
        asked = [item for item in await turn.desk.reservations(turn.actor) if item.is_asked_about_software]
        named = [item for item in asked if item.name in text] or asked
        if len(named) == 1:
            return option, named[0].id, None
    plain = text.replace("’", "'").strip(" .!")
    if option := next((option for option, words in _OFFER_WORDS.items() if words.fullmatch(plain)), None):
        asked = [item for item in await turn.desk.reservations(turn.actor) if item.offered]
        named = [item for item in asked if item.name in text] or asked
        if len(named) == 1:
            return option, named[0].id, None
    if option := _option(_ORPHAN_WORDS, text):
        open_ones = [orphan for orphan in await turn.desk.orphans.all(turn.actor) if not orphan.is_kept]
        own = [orphan for orphan in open_ones if orphan.owner == turn.actor.user_id]
        if len(own) == 1 and ORPHAN in {notice.kind for notice in await turn.desk.latest_notices(turn.actor, limit=3)}:
            return option, None, own[0].id
    return None


async def _taken_by_cloud(turn: Turn) -> Decision | None:
    if _TAKES_THAT.fullmatch(turn.text.lower().replace("’", "'").strip(" .!")) is None:
        return None
    offered = [item for item in await turn.desk.reservations(turn.actor) if item.offered]
    is_it = len(offered) == 1 and offered[0].offered and turn.all_of("provider") == (offered[0].offered.provider,)
    return (TAKE, offered[0].id, None) if is_it else None


def _option(words: dict[str, re.Pattern[str]], text: str) -> str | None:
    said = [option for option, pattern in words.items() if pattern.search(text)]
    return said[0] if len(said) == 1 else None
