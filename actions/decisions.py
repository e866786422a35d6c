"""Words that answer a notice which is no yes or no: "go on with 9", "adopt it"."""

from __future__ import annotations

import re
from collections.abc import Callable

from actions import away, questions
from actions.turn import Turn
from clouddesk.language.vocabulary import plain
from clouddesk.matching import is_named_in, with_names_as
from clouddesk.model.notice import ORPHAN
from clouddesk.model.orphan import ADOPT, DELETE, KEEP
from clouddesk.model.reservation import DECLINE, GIVE_BACK, GO_ON, KEEP_BARE, PARTIAL, RETRY, TAKE, Reservation

Decision = tuple[str, str | None, str | None]
"""Option, and the id of the reservation or of the orphan that it is about."""

_NAME = "itsname"
"""Stands for the name of what was asked about."""
_LEAD = (
    r"(?:(?:ok|okay|yes|yeah|fine|sure|alright|well|hm+|oh|no|nah|nope|sorry|thanks|then|just|so|please|pls|let'?s"
    r"|can you|could you|you can|i'?d say|better)[ ,]+)*"
)
_END = r"(?:[ ,]+(?:please|pls|then|now|anyway|instead|thanks|for now))*"
_NUMBER = r"(?:\d+|one|two|three|four|five)"
_MACHINES = r"(?: (?:machines?|nodes?|ones?))?"
_REST = rf"(?:the )?(?:missing|rest|others?|remaining|failed|last)(?: {_NUMBER}| ones)?{_MACHINES}"
_WHAT = rf"(?:it|that|this|them|those|these|{_NAME}|(?:the |these |those |my )?machines?|{_REST})"
_ALL = (
    rf"(?:all|everything|(?:it|them) all|all of (?:it|them|{_NAME}|the machines)|all (?:the |those )?machines|{_WHAT})"
)
_UP = (
    rf"(?:(?:only |just )?(?:the |those |these )?{_NUMBER}(?: of (?:the )?{_NUMBER})?{_MACHINES}|{_WHAT}"
    r"|(?:the (?:machines|nodes|ones)|those|what)(?: that)? (?:came up|(?:is|are) (?:up|there)|(?:i|we) have|there is))"
)


def _said(*sentences: str) -> re.Pattern[str]:
    return re.compile(rf"{_LEAD}(?:{'|'.join(sentences)}){_END}")


# Whole sentences: "don't drop it" gives nothing back, and "take that vm down" is no yes to a price.
_RETRY = _said(
    rf"re-?try(?: {_WHAT})?(?: (?:again|once more))?",
    rf"try(?: {_WHAT})?(?: (?:again|once more|one more time))?(?: (?:with|for) {_WHAT})?",
    rf"(?:(?:give (?:it|them|{_NAME}|{_REST})|have|make|do) )?(?:another|one more|a second|a new) (?:try|go|attempt)"
    rf"(?: (?:for|at|with) {_WHAT})?",
)
_GO_ON = r"(?:go on|go ahead|carry on|continue|proceed|make do)"
_GIVE_BACK = _said(
    rf"(?:give|hand) {_ALL}(?: all)? back",
    rf"give back {_ALL}",
    rf"(?:release|drop|kill|terminate|delete|end) {_ALL}",
    "all back",
)
_WORDS = {
    RETRY: _RETRY,
    GO_ON: _said(
        rf"{_GO_ON}(?: (?:with|without) {_UP})?",
        rf"{_UP} (?:is|are|will be) (?:enough|fine|ok|okay|good enough)",
        r"(?:that|it)'?s (?:enough|fine|good enough)",
        rf"{_NUMBER} will do",
        rf"(?:use|take) {_UP}",
    ),
    GIVE_BACK: _GIVE_BACK,
}
_SOFTWARE_WORDS = {
    RETRY: _RETRY,
    KEEP_BARE: _said(
        rf"(?:keep|leave|take|use) (?:{_WHAT}|the bare machines?)(?: (?:as (?:it|they) (?:is|are)|bare))?"
        r"(?: without (?:it|(?:the |any )?software))?",
        rf"{_GO_ON}(?: (?:without (?:it|(?:the |any )?software)|bare|with (?:the )?bare machines?))?",
        r"(?:without (?:it|(?:the |any )?software)|(?:the )?bare(?: machines?)?)"
        r"(?: (?:is|are) (?:fine|ok|okay|enough))?",
    ),
    GIVE_BACK: _GIVE_BACK,
}
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
_ASKED: tuple[tuple[dict[str, re.Pattern[str]], Callable[[Reservation], bool]], ...] = (
    (_WORDS, lambda item: item.state == PARTIAL),
    (_SOFTWARE_WORDS, lambda item: item.is_asked_about_software),
    (_OFFER_WORDS, lambda item: item.offered is not None),
)
_IT = re.compile(r"\b(?:it|that|this)\b")
_MAYBE = re.compile(
    r"\b(?:re-?try|try|go|attempt|carry|continue|proceed|make do|enough|fine|ok|okay|will do|use|take|keep|leave|bare"
    r"|without|give|hand|release|drop|kill|terminate|delete|end|back|cancel|forget|skip|scrap|never ?mind|nvm|too|get"
    r"|adopt|destroy|remove|not yours)\b"
)
"""One of these is in each of them."""
_ORPHAN_WORDS = {
    KEEP: _said(rf"keep (?:out|out of it|{_WHAT})", rf"leave {_WHAT}(?: alone)?", "(?:it'?s |that'?s )?not yours"),
    ADOPT: _said(rf"adopt {_WHAT}(?: as a reservation)?"),
    DELETE: _said(rf"(?:delete|destroy|remove|kill) (?:{_WHAT}|(?:the )?orphans?)"),
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
    text = plain(turn.text).strip(" .!")
    if "?" in text or not _MAYBE.search(text):
        return None
    own = await turn.machines()
    for words, is_asked in _ASKED:
        asked = [item for item in own if is_asked(item)]
        named = [item for item in asked if is_named_in(text, item)] or asked
        said = with_names_as(_NAME, text, named)
        option = _option(words, said)
        if option and len(named) == 1 and _is_meant(turn, said, named[0]):
            return option, named[0].id, None
    if option := _option(_ORPHAN_WORDS, text):
        open_ones = [orphan for orphan in await turn.desk.orphans.all(turn.actor) if not orphan.is_kept]
        mine = [orphan for orphan in open_ones if orphan.owner == turn.actor.user_id]
        if len(mine) == 1 and ORPHAN in {notice.kind for notice in await turn.desk.latest_notices(turn.actor, limit=3)}:
            return option, None, mine[0].id
    return None


def _is_meant(turn: Turn, said: str, item: Reservation) -> bool:
    """ "It" is what was spoken of last."""
    return turn.last_reservation in (None, item.id) or _NAME in said or not _IT.search(said)


async def _taken_by_cloud(turn: Turn) -> Decision | None:
    if _TAKES_THAT.fullmatch(turn.text.lower().replace("’", "'").strip(" .!")) is None:
        return None
    offered = [item for item in await turn.machines() if item.offered]
    is_it = len(offered) == 1 and offered[0].offered and turn.all_of("provider") == (offered[0].offered.provider,)
    return (TAKE, offered[0].id, None) if is_it else None


def _option(words: dict[str, re.Pattern[str]], text: str) -> str | None:
    return next((option for option, pattern in words.items() if pattern.fullmatch(text)), None)
