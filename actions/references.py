"""What words say about a reservation besides its name: the bigger one, the stopped one, the one from yesterday."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.vocabulary import EXCEPT, MACHINE
from clouddesk.model.request import CLUSTER
from clouddesk.model.reservation import ARCHIVED, RUNNING, STOPPED, Reservation

_ALL = re.compile(
    r"\b(?:all|both|everything|every|each|(?:th)?em|those|these"
    rf"|the (?:others|rest|other {NUMBER}(?! (?:gb|gigs?|g|cores?|nodes?)\b)))\b"
)
_THEM = re.compile(r"\b(?:(?:th)?em|those|these)\b")
_EACH = re.compile(r"\b(?:all|both|everything|every|each)\b")
_PLURAL = re.compile(
    r"\b(?:the|my|our|these|those)\s+"
    rf"(?:(?P<number>{NUMBER})\s+(?!(?:gb|gigs?|gigabytes?|g|v?cpus?|cores?|nodes?|machine|vm|server)\b))?"
    r"(?P<words>(?:[\w.-]+\s+){0,3}?)(?:ones|vms|machines|clusters|servers|boxes|instances|droplets)\b"
)
_PART = re.compile(r"(?<!rid )(?<!dispose )(?<!all )\bof (?:the|my|our|these|those)\b")
"""Some of them, not all: "one more of my vms"."""
_SOME = re.compile(
    rf"(?<!every )(?<!each )(?<!all )\b(?:some|any|half|most|either|a couple|a few|{NUMBER})"
    r" of (?:them|the|my|our|these|those)\b"
)
"""Which of them is not said."""
_BOTH = re.compile(r"\bboth\b")
_OTHER_SOME = re.compile(rf"\bthe other (?P<number>{NUMBER})\b")
_OTHER = re.compile(r"\b(?:the|my|that) (?:other|others|rest)\b")
_IT = re.compile(
    r"\b(?:it|its|same|this(?! (?:morning|afternoon|evening|week|month))"
    r"|that(?! (?:i|we|you|is|are|was|were|has|have|runs?|costs?)\b))\b"
)
_THING = rf"(?:{MACHINE}|ones?|clusters?|guys?)"
_NEWEST = re.compile(
    r"(?<!at )\blast\b(?! (?:night|week|month|year|hour|minute|time))|\b(?:latest|newest|newer|most recent(?:ly)?)\b"
    rf"|\bnew(?= {_THING})"
    r"|\bjust (?:got|made|created|started|ordered|launched)\b"
)
_NTH = re.compile(rf"\bthe (?P<which>second|2nd|third|3rd|fourth|4th|fifth|5th) {_THING}\b")
_PLACES = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_SOME_NEWEST = re.compile(rf"\blast (?P<number>{NUMBER})\b")
_CREATED = r"(?:from|got|made|created|started|launched|ordered|requested|reserved|spun up|took|had)"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WHEN = (
    rf"today|this morning|yesterday|last night|last week|{'|'.join(_WEEKDAYS)}"
    rf"|(?P<ago>{NUMBER}) (?P<unit>day|hour|week)s? ago"
)
_CREATED_WHEN = re.compile(
    rf"\b{_CREATED}\b(?:(?!\b(?:until|till|by|to)\b)[^,.;])*?\b(?P<when>{_WHEN})\b|\b(?P<whose>yesterday|today)'?s\b"
)
_STATE = re.compile(
    rf"\b(?P<state>stopped|archived|sleeping|paused|powered[- ]off|running|live)\s+(?:\w+\s+)?{_THING}\b"
    rf"|\b{_THING} (?:that|which)(?: is| are|'s) (?P<is>stopped|archived|off|running|up)\b"
)
_STATES = {"running": RUNNING, "live": RUNNING, "up": RUNNING, "archived": ARCHIVED}
_NODES = re.compile(
    rf"\b(?P<number>{NUMBER})[- ](?:node|machine|vm|server)\b"
    rf"|\b(?:with|of) (?P<with>{NUMBER}) (?:nodes|machines|vms|servers|workers)\b"
)
_MEMORY = re.compile(rf"\b(?P<number>{NUMBER})[ -]?(?:gb|gigs?|gigabytes?|g)\b")
_CPUS = re.compile(rf"\b(?P<number>{NUMBER})[ -]?(?:v?cpus?|cores?)\b")
_CLUSTER = re.compile(r"\bclusters?\b")
_VM = re.compile(r"\b(?:vms?|virtual machines?|single machines?)\b")
_REFUSED = rf"\b(?:{EXCEPT}|don'?t \w+|do not \w+)\s+(?:the\s+|my\s+|for\s+)*"
_EXCEPTED = re.compile(
    rf"(?:{_ALL.pattern}|{_PLURAL.pattern})[^.;]*?\b{EXCEPT}\s+"
    r"(?P<left>[^.;]*?)"
    r"(?=$|[.;]|\s*(?:,|\band\b|\bthen\b)(?:[ ,]|\band\b|\bthen\b)*(?:start|stop|reboot|extend|keep|get|give|create)\b)"
)
"""A list after "all but" is one of exceptions, to its end."""
_NO_ADJECTIVES = frozenset(
    ("all", "of", "my", "our", "own", "other", "remaining", "current", "existing", "virtual", "cloud", "whole", "the")
)
_SHORTENS = re.compile(
    r"\b(?:shorten|reduce|cut(?! off)|trim|decrease)\b"
    r"|\b(?:end|ends|finish|stop|expire) (?:\w+ )?(?:earlier|sooner)\b"
    r"|\b(?:hours?|hrs?|h|days?|minutes?|mins?|weeks?|time) (?:less|shorter|earlier|sooner)\b|\bless time\b"
    r"|\bmake (?:it|them|that) shorter\b"
)


_ENDS_AT = re.compile(
    r"\b(?:ends?|expires?|finish|run out|be over)\b(?: time)?(?: (?:of|for))?(?: (?!to\b)[\w.-]+)??"
    r" (?P<when>(?:at|on|in|by|to|this|next|before|around|tomorrow|today|tonight|midnight|noon"
    rf"|{'|'.join(_WEEKDAYS)})\b.*)"
)


def end_said(text: str) -> str | None:
    """The end that the lease is to have: "*at 8 tonight*" in "make alpha end at 8 tonight"."""
    found = _ENDS_AT.search(text.lower().strip(" .!?"))
    return found["when"] if found else None


def shortens(text: str) -> bool:
    """Whether the lease is to end sooner: "shorten it by an hour", "one hour less"."""
    return _SHORTENS.search(text.lower()) is not None


@dataclass(frozen=True)
class Ranking:
    """A word like "bigger": which of several is most of it."""

    pattern: re.Pattern[str]
    key: Callable[[Reservation], float]


def _bigness(item: Reservation) -> float:
    return item.node_count * (item.vcpus + item.memory_gb / 4)


_RANKINGS = (
    Ranking(
        re.compile(
            r"\b(?:bigger|biggest|larger|largest|huge|strongest|most powerful"
            rf"|big(?= {_THING}))\b"
        ),
        _bigness,
    ),
    Ranking(
        re.compile(rf"\b(?:smaller|smallest|tiny|tiniest|weakest|small(?= {_THING}))\b"),
        lambda item: -_bigness(item),
    ),
    Ranking(
        re.compile(r"\b(?:(?:more|most) (?:expensive|costly)|expensive|priciest|pricier|pricey|dearest|costliest)\b"),
        lambda item: item.hourly_price_usd,
    ),
    Ranking(re.compile(r"\b(?:cheaper|cheapest|least expensive|cheap)\b"), lambda item: -item.hourly_price_usd),
    Ranking(
        re.compile(rf"\b(?:oldest|older|earliest|old(?= {_THING})|(?:the|my) (?:very )?first {_THING})\b"),
        lambda item: -item.created_at.timestamp(),
    ),
    Ranking(_NEWEST, lambda item: item.created_at.timestamp()),
)


@dataclass(frozen=True)
class Cues:
    """What a text says about the reservations it means."""

    said: str
    now: datetime
    timezone: str

    @property
    def text(self) -> str:
        """What was said, without what is ruled out in it."""
        left = self.excepted
        return re.sub(rf"{_REFUSED}[^,.;]*", " ", self.said.replace(left, " ") if left else self.said)

    @property
    def excepted(self) -> str:
        """What is ruled out of all: "everything but *the biggest*"."""
        found = _EXCEPTED.search(self.said)
        return found["left"].strip() if found else ""

    @property
    def adjectives(self) -> list[str]:
        """What a group is told by, in words that say nothing here: "the *idle* ones"."""
        found = _PLURAL.search(self.text)
        words = re.findall(r"[\w.-]+", found["words"] or "") if found else []
        return [word for word in words if word not in _NO_ADJECTIVES]

    @property
    def says_part(self) -> bool:
        """One of several machines: "one of them", "the other"."""
        return self._says_some or self.says_other

    @property
    def says_all(self) -> bool:
        """ "all of them", "both", "the others"; not "one of them"."""
        return bool((_ALL.search(self.text) and not self._says_some) or self._some_newest)

    @property
    def says_them(self) -> bool:
        """The machines of one reservation, perhaps."""
        return _THEM.search(self.text) is not None and _EACH.search(self.text) is None and not self._says_some

    @property
    def says_both(self) -> bool:
        return _BOTH.search(self.text) is not None

    @property
    def says_plural(self) -> bool:
        """ "the aws ones", "my vms"; not "one of my vms"."""
        return _PLURAL.search(self.text) is not None and _PART.search(self.text) is None

    @property
    def how_many(self) -> int | None:
        """The number that was said of them: "both", "the two vms"."""
        if self.says_both:
            return 2
        found = _OTHER_SOME.search(self.text) or _PLURAL.search(self.text)
        return int(parse_number(found["number"])) if found and found["number"] and not self._some_newest else None

    @property
    def says_it(self) -> bool:
        return _IT.search(self.text) is not None

    @property
    def says_other(self) -> bool:
        """All but the one that was spoken of."""
        return _OTHER.search(self.text) is not None

    @property
    def place(self) -> int | None:
        """2 in "the second one"."""
        found = _NTH.search(self.text)
        return _PLACES[found["which"]] if found else None

    @property
    def says_which(self) -> bool:
        """Whether anything in the text tells one from another."""
        return self.says_other or bool(self.words) or any(item.pattern.search(self.text) for item in _RANKINGS)

    @property
    def words(self) -> str:
        """What must hold of what is meant, for "none of your machines is …"."""
        parts = [self._state or ""]
        if found := _NODES.search(self.text):
            parts.append(f"of {found['number'] or found['with']} machines")
        if _CLUSTER.search(self.text):
            parts.append("a cluster")
        if self._created:
            parts.append(f"from {self._created[0]}")
        if found := _NTH.search(self.text):
            parts.append(f"the {found['which']} one")
        return " ".join(part for part in parts if part)

    def fitting(self, items: Sequence[Reservation]) -> list[Reservation]:
        """Those of which everything that was said holds."""
        found = [item for item in items if self._holds_of(item)]
        for likely in (self._has_size, self._is_vm):
            found = [item for item in found if likely(item)] or found
        return found

    def most(self, items: Sequence[Reservation]) -> list[Reservation]:
        """The biggest, the newest …; all of those that are equally so, and all when no such word was said."""
        if some := self._some_newest:
            return sorted(items, key=lambda item: item.created_at, reverse=True)[:some]
        for ranking in _RANKINGS:
            if items and ranking.pattern.search(self.text):
                top, least = (choose(map(ranking.key, items)) for choose in (max, min))
                found = [item for item in items if ranking.key(item) == top]
                is_too_few = self.says_plural and len(found) == 1 < len(items) - 1
                return [item for item in items if ranking.key(item) > least] if is_too_few else found
        return list(items)

    def refuses(self, word: str) -> bool:
        """Whether the name is said only to leave that one alone: "all but etl-1", "not etl-1"."""
        name = rf"{re.escape(word.lower())}(?![\w-])"
        is_excepted = re.search(rf"(?<![\w-]){name}", self.excepted) is not None
        return is_excepted or re.search(rf"{_REFUSED}{name}", self.said) is not None

    def _holds_of(self, item: Reservation) -> bool:
        if self._state and item.state != _STATES.get(self._state, STOPPED):
            return False
        nodes = _NODES.search(self.text)
        if nodes and item.node_count != parse_number(nodes["number"] or nodes["with"]):
            return False
        if _CLUSTER.search(self.text) and item.kind != CLUSTER and item.node_count < 2:
            return False
        return not self._created or self._created[1] <= item.created_at < self._created[2]

    def _has_size(self, item: Reservation) -> bool:
        memory, cpus = _MEMORY.search(self.text), _CPUS.search(self.text)
        return (not memory or item.memory_gb == parse_number(memory["number"])) and (
            not cpus or item.vcpus == parse_number(cpus["number"])
        )

    def _is_vm(self, item: Reservation) -> bool:
        return not _VM.search(self.text) or item.kind != CLUSTER

    @property
    def _says_some(self) -> bool:
        return _SOME.search(self.text) is not None

    @property
    def _state(self) -> str | None:
        found = _STATE.search(self.text)
        return (found["state"] or found["is"]) if found else None

    @property
    def _some_newest(self) -> int | None:
        found = _SOME_NEWEST.search(self.text)
        number = int(parse_number(found["number"])) if found else 1
        return number if number > 1 else None

    @property
    def _created(self) -> tuple[str, datetime, datetime] | None:
        """When what is meant was asked for, in the person's days: the words, and from when to when."""
        found = _CREATED_WHEN.search(self.text)
        if not found:
            return None
        words = found["when"] or found["whose"]
        midnight = self.now.astimezone(ZoneInfo(self.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
        if words in _WEEKDAYS:
            day = midnight - timedelta(days=(midnight.weekday() - _WEEKDAYS.index(words)) % 7 or 7)
            return words, day, day + timedelta(days=1)
        if found["ago"]:
            number = parse_number(found["ago"])
            if found["unit"] == "hour":
                around = self.now - timedelta(hours=number)
                return words, around - timedelta(hours=0.75), around + timedelta(hours=0.75)
            day = midnight - timedelta(days=number * (7 if found["unit"] == "week" else 1))
            return words, day, day + timedelta(days=7 if found["unit"] == "week" else 1)
        if words == "last week":
            monday = midnight - timedelta(days=midnight.weekday())
            return words, monday - timedelta(days=7), monday
        if words in ("today", "this morning"):
            return words, midnight, midnight + timedelta(days=1)
        return words, midnight - timedelta(days=1), midnight
