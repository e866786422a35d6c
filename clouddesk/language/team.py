"""What sentences say of a whole team's machines, of protection and of freezes, which no intent stands for.

A pattern takes whole sentences, so that what it does not know is left to the classifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from clouddesk.language import freezes
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain, said_as, sentences

LIST, TOP, MOST = "list", "top", "most"
STOP, STOP_BUT, PROTECT, UNPROTECT = "stop", "stop_but", "protect", "unprotect"
RELEASE = "release"
FREEZE, UNFREEZE, FREEZE_ASKED, FREEZE_UNREAD = "freeze", "unfreeze", "freeze_asked", "freeze_unread"


@dataclass(frozen=True)
class TeamWish:
    """``what`` is wanted; the rest as far as it was said."""

    what: str
    person: str = ""
    """As it was written: a name, or the id of a mention. Empty for all of the team."""
    is_mention: bool = False
    order: str = ""
    """One of the words of ``_ORDERS``."""
    machine: str = ""
    """The words for what is to be protected, or left out of a stop."""
    until: str = ""
    reason: str = ""
    unread: str = ""
    """What was said of a freeze and is none of what it can have."""
    is_of_team: bool = True
    """Whether the words say that the team is meant, and not the person's own."""


_TEAM = (
    r"(?:(?:the|our|my) (?:whole |entire )?(?:team|company|workspace|department|lab|group)|everybody|everyone"
    r"|all of us|all (?:the )?people)"
)
_THINGS = r"(?:machines?|clusters?|vms?|servers?|boxes|resources|reservations|instances|stuff)"
_MANY = r"(?:machines|clusters|vms|servers|boxes|resources|reservations|instances|stuff)"
""" "The lab machine" is one of them, and not all that the lab runs."""
_NO_PERSON = (
    r"(?!(?:my|our|the|all|these|those|this|that|his|her|their|its|your|today|yesterday|it|them|us|me|i|we|you|they"
    r"|he|she|team)\b)"
)
_NAME = rf"(?:<@(?P<id>[uw][a-z0-9]+)(?:\|[^<>]*)?>|(?P<name>{_NO_PERSON}[a-z][\w.-]*?))"
_OWNER = rf"(?:{_NAME}(?:'s|(?<=s)'|(?<=>)))"
_STOPS = r"(?:stop|pause|halt|suspend|shut ?down|(?:turn|switch|power) off)"
_ASKS = rf"{LEAD}(?:(?:can|could|would) (?:you|i|we) (?:please )?)?"
_SHOWS = r"(?:(?:show|list|give|tell|get|see|display) (?:me |us )?)"
_NOW = r"(?: (?:right )?now| at the moment| today| currently)?"
_HAS = r"(?:runs?|is running|are running|has running|have running|has|have|owns?|uses?|is using|are using)"

_ORDERS = {
    "cost": r"costs?|price|prices|spend(?:ing)?|money|dearest|most expensive|priciest|costliest",
    "age": r"age|creation|start(?: time)?|oldest|longest running",
    "idleness": r"idleness|idle(?: time)?|use|usage|utili[sz]ation|idlest|longest idle|most idle|least used",
    "owner": r"owners?|persons?|people|users?|names?|who",
    "end": r"ends?|leases?|lease ends?|expiry|end of lease",
}
_ANY_ORDER = "|".join(_ORDERS.values())
_SORTED = (
    rf"(?:,? (?:(?:sorted |ordered |ranked |grouped |listed )?by (?P<by>{_ANY_ORDER})"
    r"|(?:the )?(?P<first>oldest|dearest|most expensive|idlest|longest idle) first))?"
)
_LISTS = sentences(
    rf"what(?:'s| is| are| does| do| has| have)? {_TEAM} (?:running|run|runs|using|uses|use|have|has|got)",
    rf"(?:what|which {_THINGS})(?:'s| is| are) (?:all )?(?:running|up|live) (?:in|for|across) {_TEAM}",
    rf"{_SHOWS}?(?:all |all of |all the )*{_TEAM}(?:'?s|s')? {_THINGS}"
    r"(?: that (?:are running|is running|runs?))?",
    rf"{_SHOWS}?(?:all |all of |all the |the )*{_THINGS} (?:of|in|across) {_TEAM}",
    rf"{_SHOWS}(?:what|everything|all) (?:that )?{_TEAM} {_HAS}",
    rf"{_SHOWS}?(?:the )?team (?:view|overview)",
    r"who (?:is running|runs|has) what",
    begin=_ASKS,
    end=_NOW + _SORTED,
)
_LISTS_OF_ONE = sentences(
    rf"{_SHOWS}(?:all |all of )*{_OWNER} {_THINGS}",
    rf"what(?:'s| is| does| has) {_NAME} (?:running|run|have|has|got)",
    rf"{_SHOWS}(?:what|everything) (?:that )?{_NAME} {_HAS}",
    begin=_ASKS,
    end=_NOW + _SORTED,
)
_MOST = re.compile(
    rf"{_ASKS}(?:{_SHOWS}?who (?:has|runs|owns|holds|uses|is running|is using|got) (?:the )?most {_THINGS}|"
    rf"which (?:person|user|colleague) (?:has|runs|owns|uses) (?:the )?most {_THINGS}){_NOW}{POLITE_END}"
)
_TOP = re.compile(
    rf"{_ASKS}(?:{_SHOWS}|(?:what|which)(?: one| {_THINGS})?(?:'s| is) )(?:the )?"
    rf"(?P<first>oldest|dearest|most expensive|idlest|longest idle)(?: ones?| things?| {_THINGS})?"
    r"(?: that is running| running)?"
    rf"(?P<of> (?:(?:in|of|across|for) {_TEAM}|(?:that )?{_TEAM} {_HAS}|of all(?: of (?:them|us))?))?{_NOW}{POLITE_END}"
)
_STOPS_TEAM = sentences(
    rf"{_STOPS} (?:everything|all|whatever|all (?:the )?{_MANY}|every {_THINGS}) (?:that |which )?{_TEAM} {_HAS}",
    rf"{_STOPS} (?:all |all of |all the )*{_TEAM}(?:'s|s'|s)? {_MANY}",
    rf"{_STOPS} (?:everything|all|all (?:the )?{_MANY}|every {_THINGS}) (?:of|in|for|across) {_TEAM}",
    begin=_ASKS,
    end=_NOW,
)
_STOPS_ONE = sentences(
    rf"{_STOPS} (?:all |all of |all the |every one of )*{_OWNER} {_THINGS}",
    rf"{_STOPS} (?:everything|all|whatever|all (?:the )?{_THINGS}) (?:that |which )?{_NAME} {_HAS}",
    rf"{_STOPS} (?:everything|all|all (?:the )?{_THINGS}) (?:owned by|that belongs? to) {_NAME}",
    begin=_ASKS,
    end=_NOW,
)
_GIVES = r"(?:give back|return|release|terminate|delete|destroy|kill|tear ?down|hand in)"
_BACK = r"(?: for good)?"
_RELEASES = sentences(
    *(
        form
        for what in (
            rf"(?:all |all of |all the |every one of )*{_OWNER} {_THINGS}",
            rf"(?:everything|all|whatever|all (?:the )?{_MANY}) (?:that |which )?{_NAME} {_HAS}",
            rf"(?:everything|all|all (?:the )?{_MANY}) (?:of|owned by|that belongs? to) {_NAME}",
            rf"{_OWNER} (?P<machine>[a-z][\w.-]*)",
            rf"(?P<machine>[a-z][\w.-]*) of {_NAME}",
        )
        for form in (rf"{_GIVES} {what}{_BACK}", rf"give {what} back{_BACK}")
    ),
    begin=_ASKS,
    end=_NOW,
)
""" "Cy's etl", "etl of cy", and all that is cy's; who owns what is looked up."""
_OUT = r"(?:except(?: for)?|excepting|excluding|apart from|aside from|other than|besides|save for|but(?: not)?)"
_BUT = re.compile(rf"[,;:(]? \(?(?:(?:and |but )?(?:keep|leave|spare)|{_OUT}|not|without|minus) (?P<what>[^()]+)")
_BUT_BEHIND_REASON = re.compile(
    rf"[,;:(]? \(?{_OUT} (?P<what>[^()]+)|[,;] (?:and )?(?:keep|leave|spare) (?P<kept>[^()]+)"
)
_FROM = (
    r"(?: (?:from|against) (?:being |getting |any |all )*(?:stopp\w+|releas\w+|delet\w+|terminat\w+|remov\w+|shut\w*"
    r"|everybody|everyone|anybody|anyone|idle\w*|bulk|accident\w*)\b[\w ,]*)"
)
_PROTECTS = re.compile(rf"{_ASKS}(?:protect|safeguard) (?P<machine>[^,;]+?){_FROM}?{POLITE_END}")
_UNPROTECTS = sentences(
    r"(?:un-?protect|stop protecting|no longer protect) (?P<machine>[^,;]+?)",
    r"(?:remove|drop|lift|take(?: off)?) (?:the |its )?protection (?:from|of|off|on|for) (?P<machine>[^,;]+?)",
    r"(?:remove|drop|lift|take off) (?P<machine>[\w.-]+)'s protection",
    begin=_ASKS,
)
_NO_MACHINE = re.compile(
    r"\b(?:with|by|passwords?|firewalls?|internet|ports?|data|disks?|keys?|files?|us|me|secrets?)\b"
)
_NEW = (
    r"(?:all |any |the )*(?:new (?:machines|creations?|orders?|reservations|clusters|vms|servers|ones|requests)"
    r"|creations?|creating (?:new )?(?:machines|anything)|creation of (?:new )?(?:machines|anything))"
)
_FREEZES = re.compile(rf"{_ASKS}(?:freeze|block|forbid) {_NEW}\b(?P<rest>.*)")
_UNFREEZES = re.compile(
    rf"{_ASKS}(?:unfreeze(?: {_NEW}| everything| it)?|(?:lift|end|remove|cancel|drop|undo) (?:the|our) freeze"
    rf"|allow new (?:machines|orders|clusters|vms) again)(?: again| now)?{POLITE_END}"
)
_ASKS_FREEZE = re.compile(
    rf"{_ASKS}(?:is there (?:a|any) freeze|(?:why )?(?:are|is) (?:we|new machines|everything|creation) frozen"
    r"|why (?:is there a|the|this) freeze"
    r"|(?:how long|until when|till when)(?: does| is| will)? (?:the|this) freeze(?: \w+)?"
    rf"|when (?:does|will|is) (?:the|this) freeze (?:end|over|lifted)){_NOW}{POLITE_END}"
)
_WHY = re.compile(r"[,;:]? (?:because(?: of)?|due to|owing to|on account of|in view of|reason:?) (?P<why>\S.*)$")


def read(text: str) -> TeamWish | None:
    """What is said of the team's machines; None for everything else."""
    # Character by character as long as what was said, so that reasons keep their capitals.
    said = plain(text)
    body, why = _without_reason(said, text)
    body = " ".join(body.split()).strip(" .!?")
    if wish := _of_stop_with_exception(body, why):
        return wish
    if found := said_as(_STOPS_TEAM, body):
        return TeamWish(STOP, reason=why)
    if found := said_as(_STOPS_ONE, body):
        return _of_person(STOP, found, reason=why)
    if found := said_as(_RELEASES, body):
        return replace(_of_person(RELEASE, found), machine=found.groupdict().get("machine") or "")
    if _MOST.fullmatch(body):
        return TeamWish(MOST)
    if found := said_as(_LISTS, body):
        return TeamWish(LIST, order=_order(found))
    if found := _TOP.fullmatch(body):
        return TeamWish(TOP, order=_order_of(found["first"]), is_of_team=found["of"] is not None)
    if found := said_as(_LISTS_OF_ONE, body):
        return _of_person(LIST, found, order=_order(found))
    if found := said_as(_UNPROTECTS, body):
        return None if _NO_MACHINE.search(found["machine"]) else TeamWish(UNPROTECT, machine=found["machine"])
    if found := _PROTECTS.fullmatch(body):
        return None if _NO_MACHINE.search(found["machine"]) else TeamWish(PROTECT, machine=found["machine"])
    return _of_freezes(body, why)


def says(text: str, phrase: str) -> bool:
    """Whether the text says this phrase, and nothing else of weight: "yes, stop all 12"."""
    if not phrase:
        return False
    words = " ".join(plain(text).strip(" .!\"'“”").split())
    return (
        re.fullmatch(rf"(?:(?:yes|yeah|ok|okay|please|do it)[ ,.:!-]+)*{re.escape(phrase)}{POLITE_END}", words)
        is not None
    )


def _of_stop_with_exception(body: str, why: str) -> TeamWish | None:
    """ "Stop everything the team runs except db-1", also behind a reason."""
    if found := _BUT.search(body):
        body, what = body[: found.start()], found["what"]
    elif found := _BUT_BEHIND_REASON.search(why.lower()):
        what = found["what"] or found["kept"]
    else:
        return None
    if said_as(_STOPS_TEAM, body):
        return TeamWish(STOP_BUT, machine=what.strip())
    if of_one := said_as(_STOPS_ONE, body):
        return replace(_of_person(STOP_BUT, of_one), machine=what.strip())
    return None


def _of_freezes(body: str, why: str) -> TeamWish | None:
    if _UNFREEZES.fullmatch(body):
        return TeamWish(UNFREEZE)
    if _ASKS_FREEZE.fullmatch(body):
        return TeamWish(FREEZE_ASKED)
    found = _FREEZES.fullmatch(body)
    if found is None:
        return None
    rest = freezes.read(found["rest"], why)
    if rest.unread:
        return TeamWish(FREEZE_UNREAD, unread=rest.unread)
    return TeamWish(FREEZE, until=rest.until, reason=rest.reason)


def _without_reason(said: str, text: str) -> tuple[str, str]:
    """The text before the reason, and the reason as it was written."""
    found = _WHY.search(said)
    if found is None:
        return said, ""
    return said[: found.start()], " ".join(text[found.start("why") : found.end("why")].split()).strip(" .!")


def _of_person(what: str, found: re.Match[str], *, order: str = "", reason: str = "") -> TeamWish:
    said = found.groupdict()
    is_mention = said["id"] is not None
    person = said["id"].upper() if is_mention else said["name"]
    return TeamWish(what, person=person, is_mention=is_mention, order=order, reason=reason)


def _order(found: re.Match[str]) -> str:
    said = found.groupdict()
    return _order_of(said["by"] or said["first"])


def _order_of(words: str | None) -> str:
    return next((order for order, pattern in _ORDERS.items() if words and re.fullmatch(pattern, words)), "")
