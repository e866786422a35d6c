"""What sentences say of archives: images of machines' disks that are kept while the machines are given back.

No intent stands for these. A pattern takes whole sentences, so that what it does not know is left to the classifier.
"""

from __future__ import annotations

import re

from clouddesk.language.vocabulary import LEAD, POLITE_END, plain

NAME = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in the text for what names one of the person's machines."""

ARCHIVE, PARK, RESTORE, DELETE = "archive", "park", "restore", "delete"
LIST, PRICE, SNAPSHOT, LATER, EXPLAIN = "list", "price", "snapshot", "later", "explain"

_MAY_BE = re.compile(
    r"arch?iv|snap-?shot|\bimages?\b|\bback-?ups?\b|back(?:ing)? up\b|mothball|shelv|shelf|freeze[- ]dr|deep[- ]freeze"
    r"|defrost|\bthaw|cold[- ]stor|re-?hydrat|\b(?:un-?)?park|\bput\b.*\baway\b|\b(?:pack|store|stash|stow)\b.*\b"
    r"(?:up|away)\b"
    r"|\brestor|\bback\b|\b(?:keep|keeping|save|saving|preserve|retain|lose|losing)\b.*\b(?:data|disks?|files|state)\b"
)
"""For a first look, before anybody's machines are known."""

_ASKS = (
    rf"(?:(?:hey|hi|hello|clouddesk|so|also|now|btw|uh|um|alright|right)[ ,:]+)*{LEAD}"
    r"(?:(?:can|could|would|will) (?:you|we|i) |(?:i'?d|i would|we'?d) (?:like|love) (?:you )?to |i (?:want|need) "
    r"(?:you )?to "
    r"|(?:we|you) (?:should|can|could) |you may |time to |go ahead and |would you mind )?"
    r"(?:(?:please|pls|just|also|now|kindly|rather|first|then) )*"
)
_THING = (
    r"(?:machines?|vms?|virtual machines?|clusters?|box(?:es)?|servers?|instances?|nodes?|droplets?|reservations?|ones?"
    r"|workstations?|things?)"
)
_STRANGER = r"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*-\d+"
_NAMED = rf"(?:{NAME}|{_STRANGER})"
"""A name, also one that is nobody's: "etl-7"."""
_NAMES = rf"(?:(?:the |my |our )?{_NAMED}(?: (?:{_THING}))?)"
_AND = r"(?:(?:,| and|, and| &| \+| as well as) )"
_WHERE = r"(?: (?:in|on|at|from) (?!snapshots?\b|images?\b|archives?\b)[\w.-]+)"
_WHICH = (
    r"(?: (?:that|which)(?:'s| is| are| i(?: have|'ve)?)? (?:\w+ ){0,2}?(?:stopped|running|off|up|idle|sleeping|paused)"
    r"| (?:stopped|running|sleeping|paused)| i (?:have|own|got|made|started|stopped|ordered|archived|put away"
    r"|no longer need)"
    r"(?: (?:yesterday|today|this morning|last week))?)"
)
_EXCEPT = r"(?:,? (?:except|but|besides|other than|apart from|all but)(?: for)? (?!keep|save|leave)[^,;.]{1,60})"
_ALL = r"(?:all|both|every|everything|each|whatever)"
_IT = (
    rf"(?:{_NAMES}(?:{_AND}{_NAMES})*"
    rf"|(?:it|this|that|them|those|these|both)(?: all| both| too)?"
    rf"|{_ALL}(?: of)?(?: it| them| those| these)(?: all)?"
    rf"|(?:{_ALL} of |{_ALL} )?(?:my|the|our|this|that|these|those|his|her) (?:[\w.-]+ ){{0,4}}?{_THING}"
    rf"{_WHERE}?{_WHICH}?{_WHERE}?{_EXCEPT}?"
    rf"|{_ALL} (?:[\w.-]+ ){{0,3}}?{_THING}{_WHERE}?{_WHICH}?{_EXCEPT}?"
    rf"|(?:everything|whatever|all)(?: that)?{_WHICH}{_EXCEPT}?"
    rf"|everything|(?:everything|all){_EXCEPT})"
)
_HIS = rf"(?:{NAME}|(?:the |my |our )?[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*-\d+|its|their)(?:'s?)?"
_IMAGES = r"(?:disk |machine |system |vm )?(?:snap-?shots?|images?|archives?)"
_A = r"(?:an? |one |the |some |another |my |its |their )?"
_DISKS = (
    r"(?:data|disks?|files|state|contents?|everything on (?:it|them)|stuff on (?:it|them)|what(?:'s| is) on "
    r"(?:it|them))"
)
_KEEPS = (
    r"(?:keep|keeping|save|saving|preserve|preserving|retain|retaining|leave|(?:i )?don'?t (?:want to )?(?:lose"
    r"|delete))"
)
_KEEPS_DATA = (
    rf"(?:{_KEEPS} {_A}(?:all )?(?:the |my |its |their |all )?(?:{_DISKS}|{_IMAGES}(?: of (?:it|them|{_NAMES}|"
    rf"(?:its|the) {_DISKS}))?)"
    rf"(?: (?:of|on) (?:it|them|{_NAMES}))?"
    rf"|without losing (?:the |my |its |any |all )*{_DISKS})"
)
_OBJECT = rf"(?:{_IT}|(?:its|the|their|all its) {_THING}|the rest|the hardware)"
_GIVES_BACK = (
    rf"(?:(?:give|hand|send) (?:back {_OBJECT}|{_OBJECT} back)|(?:release|return|terminate|delete|destroy|kill|free"
    r"|drop)"
    rf"(?: up)? {_OBJECT}|get rid of {_OBJECT}|let (?:go of {_OBJECT}|{_OBJECT} go)"
    rf"|stop paying for {_OBJECT}|tear {_OBJECT} down|tear down {_OBJECT})"
)
_SHUTS = (
    rf"(?:{_GIVES_BACK}|(?:shut|turn|switch|power) (?:{_OBJECT} (?:down|off)|(?:down|off) {_OBJECT}|(?:down|off))"
    rf"|(?:stop|suspend|shut ?down) {_OBJECT}|shut ?down)"
)
_THEN = r"(?:,? (?:and(?: then)?|then|before you|before)|,| &| \+) "
_TAKES = r"(?:take|make|create|do|keep|save|store|get(?: me)?|give me|grab|i need|i want)"
_SHOWS = r"(?:(?:show|list|give|tell|get|display|see|view)(?: me| us)? )"

_FOR_A_WHILE = (
    r"(?:[ ,]+(?:away|off|for (?:me|us|now|later|good|a (?:while|bit|few \w+|couple of \w+)|some time|the \w+(?: \w+)?"
    r"|\d+ \w+|an? \w+|next \w+|two \w+|three \w+)|(?:un)?till? [\w ]{2,40}|over (?:the |my )?[\w ]{2,30}"
    r"|while [\w' ]{2,40}"
    r"|(?:i|we|nobody|no one|it'?s|they)\b[\w' ]{0,20}\b(?:won'?t|don'?t|not|no longer|nobody|never|done|finished|idle"
    r"|uses?)\b[\w' -]{0,60}"
    r"|(?:because|since|as (?:i|we|it|nobody|they)\b) ?[\w' ]{2,60}"
    r"|to save (?:some |us |me )?(?:money|costs?)|instead(?: of (?:it|that"
    r"|stopping it))?|now|as well|too|safely|somewhere))*"
)
_END = rf"{_FOR_A_WHILE}{POLITE_END}"
_BY_THE_CLOCK = (
    r"(?:tonight|tomorrow|every|each|nightly|daily|weekly|monthly|at \d|at (?:noon|midnight)|in \d|in an? |in (?:two"
    r"|three)"
    r"|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|next |after |once |if |when |whenever |this evening|later today"
    r"|regularly)"
)
_ARCHIVES = r"(?:archive|mothball|shelve|freeze[- ]dry|deep[- ]freeze|cold[- ]store)"
_ARCHIVE = tuple(
    re.compile(rf"{_ASKS}{pattern}{_END}")
    for pattern in (
        rf"{_ARCHIVES} {_IT}(?:{_THEN}(?:{_SHUTS}|{_KEEPS_DATA})|,? but {_KEEPS_DATA}|,? {_KEEPS_DATA}| to an image)?",
        rf"(?:put|move|send|get|place|store) {_IT} (?:away )?(?:in(?:to)?|on|to) (?:the |an? |your |my )?"
        r"(?:archives?|cold storage|deep freeze|mothballs|shelf|storage)",
        rf"(?:put {_IT} away|(?:pack|store|stash|stow) (?:{_IT} (?:up|away)|(?:up|away) {_IT}))"
        rf"(?:(?:,? (?:but|and)|,) {_KEEPS_DATA}|{_THEN}{_SHUTS})?",
        rf"turn {_IT} into {_A}{_IMAGES}",
        rf"snap-?shot {_IT}(?:{_THEN}{_SHUTS})?",
        rf"{_TAKES} {_A}{_IMAGES} (?:of|from) {_IT}(?:'s? {_DISKS})?{_THEN}{_SHUTS}",
        rf"{_TAKES} {_A}{_IMAGES}{_THEN}{_SHUTS}",
        rf"{_GIVES_BACK}(?:,? (?:but|and|while|though)|,) (?:please )?{_KEEPS_DATA}",
        rf"{_GIVES_BACK} without losing (?:the |my |its |any |all )*{_DISKS}",
        rf"{_SHUTS},? (?:but|and) {_TAKES} {_A}{_IMAGES}(?: of (?:it|them|{_NAMES}))?(?: first| before)?",
        rf"{_KEEPS_DATA}(?: of {_IT})?(?:,? (?:but|and)|,) {_GIVES_BACK}",
        rf"keep (?:only|just) (?:the |its |their )?(?:{_DISKS}|{_IMAGES})(?: of {_IT})",
        rf"(?:{_KEEPS}|store|put) {_IT} (?:only |just )?as {_A}{_IMAGES}",
    )
)
_REST = re.compile(rf"(?:{_THEN}{_SHUTS}|(?:,? (?:but|and)|,) {_KEEPS_DATA}){_END}$")
_PARK = re.compile(rf"{_ASKS}park {_IT}(?:,? (?:but|and) {_KEEPS_DATA}|{_THEN}{_GIVES_BACK})?(?P<end>{_END})")
_BRIEFLY = re.compile(
    r"\b(?:for (?:now|the moment|(?:an?|\d+|the|two|three) (?:hour|minute|night|evening|moment|bit)s?|lunch|today)"
    r"|over (?:lunch|night)|(?:un)?till? (?:tomorrow|tonight|later|this|i'?m back|noon|\d)|tonight)\b"
)
"""Too short for an archive: who parks it so stops it."""
_LATER = tuple(
    re.compile(rf"{_ASKS}{pattern}(?: |, ){_BY_THE_CLOCK}.*")
    for pattern in (
        rf"{_ARCHIVES} {_IT}",
        rf"(?:snap-?shot|back ?up) {_IT}",
        rf"{_TAKES} {_A}{_IMAGES} (?:of|from) {_IT}",
    )
)
_EVERY = r"(?:(?:nightly|daily|hourly|weekly|monthly|regular|periodic|automatic|full|quick|fresh|new|live|last) )*"
_SNAPSHOT = tuple(
    re.compile(rf"{_ASKS}{pattern}{_END}")
    for pattern in (
        rf"(?:{_TAKES}|schedule|set up) {_A}{_EVERY}{_IMAGES} (?:of|from|for) {_IT}(?:'s? {_DISKS})?"
        r"(?: while (?:it|they) (?:is|are|keeps?) (?:running|up)| (?:but|and) (?:keep|leave) (?:it|them) (?:running"
        r"|up|on))?",
        rf"(?:{_TAKES}|schedule|set up) {_A}{_EVERY}{_IMAGES} of (?:the|its|my) (?:disks?|data) (?:of|on) {_IT}",
        rf"(?:{_TAKES}|schedule|set up) {_A}{_EVERY}back-?ups? of {_IT}(?:'s? {_DISKS})?",
        rf"back ?up {_IT}(?:'s? {_DISKS})?",
        rf"back {_IT} up",
        rf"{_A}{_EVERY}snap-?shots? of {_IT}",
        rf"snap-?shot {_HIS} disks?",
        rf"snap-?shot (?:the |my )?(?:disks?|data) (?:of|on) {_IT}",
        rf"{_TAKES} {_A}{_EVERY}snap-?shot",
    )
)
_FROM = (
    rf"(?: (?:again )?(?:out of|from) {_A}(?:last |latest |old )?(?:{_IMAGES}|cold storage|deep freeze|shelf"
    r"|back-?ups?))"
)
_RESTORES = (
    r"(?:un-?archive|de-?archive|un-?shelve|un-?park|defrost|thaw(?: out)?|re-?hydrate|restore|resurrect"
    r"|revive|re-?create)"
)
_RESTORE = tuple(
    re.compile(rf"{_ASKS}{pattern}{_END}")
    for pattern in (
        rf"{_RESTORES} {_IT}{_FROM}?(?: again)?",
        rf"(?:(?:get|have|take)(?: me)?|(?:i |we )?(?:need|want)) {_IT} back(?: again| up| online)?{_FROM}?",
        rf"wake {_IT}(?: up)?{_FROM}",
        rf"(?:spin|fire|boot) {_IT} up(?: again)?{_FROM}",
        rf"(?:re-?store|re-?create) {_A}{_IMAGES} (?:of|from) {_IT}",
        rf"bring (?:{_IT} back|back {_IT})(?: to life| up| online)?{_FROM}?",
        rf"(?:get|take|pull|fetch|bring) {_IT} (?:back )?(?:out of|from) {_A}(?:{_IMAGES}|cold storage|deep freeze"
        r"|shelf)",
        rf"(?:start|spin up|boot|launch|build|make|create|set up) {_IT}(?: again| up)?{_FROM}(?: again)?",
        rf"(?:start|boot|wake|use) {_A}(?:{_IMAGES}|archived (?:copy|version)) of {_IT}",
    )
)
_ARCHIVED = r"(?:archived|snapshotted|in (?:the |an? |my )?archives?|in cold storage|put away|mothballed|shelved)"
_MY = r"(?:all |all of |every |each of |any |any of |the |my |our |that |this |those |these |old |of my |of our )*"
_LIST = tuple(
    re.compile(rf"{_ASKS}{pattern}(?: (?:right )?now| at the moment| currently| so far| here)?{POLITE_END}")
    for pattern in (
        rf"(?:what|which)(?: of (?:my|the|our) {_THING}| {_THING})?(?: all)? (?:have|did|do|had|has) (?:i|we"
        r"|the team)(?: have| got)?"
        rf"(?: in total)? (?:archived?|put away|{_ARCHIVED})",
        rf"(?:what|which)(?: of (?:my|the|our) {_THING}| {_THING}|ever)?(?:'s| is| are) (?:currently |still |now )?"
        rf"{_ARCHIVED}",
        rf"(?:what|which) (?:archives?|snap-?shots?|archived {_THING}) (?:have i|do i have|are there|is there|i have"
        r"|exist|do we have|have we)(?: got)?",
        rf"{_SHOWS}?{_MY}(?:archived {_THING}|archives?|snap-?shots?)(?: that)?(?: (?:i|we) (?:have|own|made))?"
        rf"(?: of (?:my|our) {_THING})?",
        rf"{_SHOWS}(?:what|everything|which {_THING}|all(?: {_THING})?)(?: that)?(?: i(?:'ve| have)?| is| are|'s)? "
        rf"{_ARCHIVED}",
        rf"(?:do i|do we|have i|have we) (?:still )?(?:have|got) (?:any(?:thing)?|an?|some) ?(?:archived {_THING}"
        rf"|archives?|snap-?shots?|{_ARCHIVED})",
        rf"(?:is |are )?any(?:thing| of (?:my|our) {_THING}| {_THING})? {_ARCHIVED}",
        rf"{_SHOWS}{_MY}archived",
        r"have (?:i|we) (?:archived anything|anything archived)",
        rf"(?:is|are) (?:there )?(?:any(?:thing)?|something) (?:{_THING} )?(?:archived|archives?|snap-?shots?)",
        rf"(?:are there|is there) any (?:archives?|snap-?shots?|archived {_THING})",
        rf"how many (?:{_THING} (?:have i|are|do i have)|archives?|snap-?shots?|archived {_THING})(?: (?:archived"
        r"|do i have|have i|are there|i have))?",
        rf"where (?:are|is) my (?:archives?|snap-?shots?|archived {_THING})",
    )
)
_DELETES = (
    r"(?:delete|remove|drop|destroy|discard|throw (?:away|out)|get rid of|purge|release|trash|erase|kill"
    r"|give back|clean up|nuke)"
)
_DELETE = tuple(
    re.compile(rf"{_ASKS}{pattern}{POLITE_END}(?: (?:for good|forever|completely|too))?{POLITE_END}")
    for pattern in (
        rf"{_DELETES} {_MY}(?:snap-?shots?|archives?|archived (?:copy|copies|version)|archived {_THING})",
        rf"{_DELETES} {_MY}(?:{_IMAGES}|archived (?:copy|copies|version)) (?:of|for|from) (?:it|them|{_NAMES}(?:"
        rf"{_AND}{_NAMES})*"
        rf"|(?:my|the|our) (?:[\w.-]+ ){{0,3}}?{_THING})(?:'s? {_DISKS})?",
        rf"{_DELETES} {_HIS} {_IMAGES}",
        rf"{_DELETES} {_MY}archived {NAME}",
        rf"(?:i )?(?:don'?t|do not|no longer) need {_MY}(?:snap-?shots?|archives?) of {_NAMES}(?: any ?more)?",
    )
)
_COST = re.compile(
    r"\b(?:costs?|price|prices|pay|paying|save|saving|charged?|cheap\w*|expensive|worth|bill\w*|much|come to)\b"
)
_HOW_MUCH = (
    r"(?:how much|what|what's|what'd|is it|would it|will it|does it|do i|would i|will i|could i|the price"
    r"|price|cost|costs)"
)
_ARCHIVING = r"(?:archive|archiving|archived|snap-?shotting|snap-?shot|mothball|mothballing|shelving|putting away)"
_PRICE = tuple(
    re.compile(rf"{_ASKS}{pattern}{POLITE_END}")
    for pattern in (
        rf"{_HOW_MUCH}\b[\w' ]{{0,45}}?\b{_ARCHIVING}(?: of)? {_IT}(?: [\w'$ ]{{2,50}})?",
        rf"{_HOW_MUCH}\b[\w' ]{{0,30}}? {_IT} (?:\w+ ){{0,4}}?(?:archived|as (?:an? )?(?:snap-?shot|archive|images?)"
        r"|in (?:the )?archive)(?: per \w+| an? \w+)?",
        r"(?:how much|what) (?:does|do|would|will|is) (?:an? )?(?:archiving|archives?|snap-?shots?) (?:cost|be)"
        r"(?: me)?",
        r"how (?:expensive|cheap|much|dear) (?:is|are|would|will|would it be|is it)?(?: to)? ?(?:be )?(?:archive"
        r"|archiving"
        rf"|(?:an? |the )?(?:snap-?shot|archive) of) {_IT}(?: (?:be|cost))?",
        rf"(?:and )?how much (?:would|do|will) i save (?:by|if i|when i) archiv(?:e|ing) {_IT}",
    )
)
_EXPLAIN = tuple(
    re.compile(rf"{_ASKS}{pattern}{POLITE_END}")
    for pattern in (
        r"what(?:'s| is| does| do| are)(?: you mean by| an?| to| the)? (?:archiv(?:e|ing)|archived(?= mean)|archives"
        r"|snap-?shots?)"
        rf"(?: (?:mean|do|here|for|good for|exactly|an? {_THING}|{_THING}|actually))*",
        r"how (?:does|do|is|are) (?:archiving|archives|snap-?shots?)(?: \w+){0,3}",
        r"(?:explain|tell me about) (?:archiving|archives|snap-?shots?)",
        rf"what happens (?:\w+ ){{0,4}}?(?:if|when) (?:i|you|we|it|something|{NAME}) (?:is |gets |are )?"
        rf"(?:archived?)(?: .{{1,40}})?",
        r"(?:archive|snap-?shot|(?:take|make|do|keep|create) snap-?shots?(?: of)?) (?:an? )?(?:running )?"
        r"(?:machines|vms|clusters|things|machine|vm|cluster|snap-?shots?|disks)(?: here)?",
        r"(?:do|does|can) (?:you|clouddesk|it|this) (?:do|take|make|keep|support|offer|have|know|create)? ?(?:disk "
        r"|machine )?(?:snap-?shots?|archiving|archives)(?: of (?:machines|disks|vms))?",
        r"is (?:it possible to|there a way to) (?:archive|snap-?shot|take snap-?shots of|take a snap-?shot of) "
        r"(?:an? |my )?\w+",
        r"what(?:'s| is) (?:the )?difference (?:between|of) [\w ]*archiv(?:e|ing)\b[\w ]*",
        r"do you (?:do|make|keep|take|have) (?:any )?back-?ups?",
        rf"can (?:an? |my |the )?{_THING} be (?:archived|snapshotted)",
        rf"what(?:'s| is| are) (?:an? )?archived {_THING}",
        rf"how (?:do|can|could|would|should) (?:i|you|we|one) (?:archive|snap-?shot) (?:an? {_THING}|{_THING}|{_IT})",
        r"is there (?:an? )?(?:archive|snap-?shot)(?: function| feature)?",
        r"which (?:clouds|providers) (?:keep|can keep|have|support|can|do|offer) (?:archive|archives|archiving"
        r"|images of disks|snap-?shots?)",
    )
)


_THANKS = re.compile(r"[ ,.!?]+(?:thanks|thank you|thx|ty|cheers)(?: a lot| so much| in advance)?$")


def may_be(text: str) -> bool:
    """Whether it is worth while to look closer; the text as it was said."""
    return _MAY_BE.search(plain(text)) is not None


def read(text: str) -> str | None:
    """What the text (with ``NAME`` for the person's machines) wants with archives; None when it is about others."""
    body = _THANKS.sub("", " ".join(plain(text).split()).strip(" .!?"))
    if (found := _PARK.fullmatch(body)) is not None:
        return None if _BRIEFLY.search(found["end"]) else PARK
    if _matches(_EXPLAIN, body):
        return EXPLAIN
    if _matches(_LIST, body):
        return LIST
    if _matches(_DELETE, body):
        return DELETE
    if _COST.search(body) and _matches(_PRICE, body):
        return PRICE
    if _matches(_LATER, body):
        return LATER
    if _matches(_ARCHIVE, body):
        return ARCHIVE
    if _matches(_SNAPSHOT, body):
        return SNAPSHOT
    return RESTORE if _matches(_RESTORE, body) else None


def what_part(text: str) -> str:
    """The part of a wish for an archive that says which machines: "archive it" of "archive it and give them back"."""
    return _REST.sub("", " ".join(plain(text).split()).strip(" .!?"))


def says_archive(text: str) -> bool:
    """Whether archives are named, and not only something that is to come back."""
    return re.search(r"archiv|image|snap-?shot", plain(text)) is not None


def stranger_in(text: str) -> str | None:
    """What looks like the name of a machine ("etl-7"); those that are known carry the mark, and are not found."""
    found = re.search(rf"(?<![\w-]){_STRANGER}(?![\w-])", plain(text))
    return found[0] if found else None


def parks(text: str) -> bool:
    """Whether stopping may be meant as well: "park it"."""
    return re.search(r"\bpark\b", plain(text)) is not None


def _matches(patterns: tuple[re.Pattern[str], ...], body: str) -> bool:
    return any(pattern.fullmatch(body) for pattern in patterns)
