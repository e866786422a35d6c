"""How many machines something that runs is to have: "add two", "to 5", "double it", "drop one worker"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.vocabulary import DOUBLE, HALF, MACHINE, plain

_PARTS = rf"(?:{MACHINE}|executors?|datanodes?|replicas?|agents?)"
_ABOUT = r"(?:(?:an?|about|just|only|exactly) )*"
_TO = (
    re.compile(
        rf"(?:\b(?:to|into|at|until|only|exactly|total(?: of)?)|->|→) {_ABOUT}(?P<n>{NUMBER})"
        r"(?!-|\s+(?:more|extra|less|fewer))"
    ),
    re.compile(rf"\b(?:keep|keeping|leave|leaving|so that) {_ABOUT}(?P<n>{NUMBER})"),
    re.compile(rf"(?P<n>{NUMBER})(?: {_PARTS})? (?:remain|stay|are left|left)\b"),
    re.compile(
        rf"(?P<n>{NUMBER})(?: {_PARTS})?,? (?:altogether|overall|all told|in (?:total|all)|total|rather than"
        r"|(?:is|are|will be|would be) (?:enough|plenty|fine|sufficient))\b"
    ),
)
_BY = re.compile(rf"\bby {_ABOUT}(?P<n>{NUMBER})")
_SHRINKS = re.compile(
    r"\b(?:shrink|smaller|reduce|decrease|downsize|downscale|cut|trim|scale (?:it |them )?(?:down|in)|fewer|less)\b"
)
_GROWS = re.compile(r"\b(?:grow|(?:scale|size) (?:\S+ ){0,3}(?:up|out)|upscale|increase|expand|enlarge|on top)\b")
_MORE = re.compile(r"\b(?:add|attach|plus|another|extra|additional|(?<!no )more(?! than)|join)\b|\+")
_FEWER = re.compile(
    r"\b(?:drop|remove|minus|less(?! than)|fewer(?! than)|lose|kill|release|delete|terminate|stop|trim"
    r"|(?:hand|give) back|get rid of|take (?:away|off|out)|take\b(?=.*\b(?:away|off|out)\b))\b"
)
_CLAUSE_END = re.compile(r"[.!?;,:]+(?:\s|$)")
_ONE_MORE = re.compile(rf"\banother (?:{_PARTS}|one)\b|\b(?:add|attach|join) an? (?:[\w-]+ )?{_PARTS}\b")
_ONE_LESS = re.compile(
    rf"\b(?:drop|remove|lose|kill|delete|(?:take|give|hand) (?:away|off|back)) (?:an?|the last) (?:[\w-]+ )?{_PARTS}\b"
)
_TIMES = (
    (2.0, re.compile(rf"\b(?:{DOUBLE}|two times|2 times|2x|x2|2 ?× ?)\b")),
    (3.0, re.compile(r"\b(?:tripled?|three times|3 times|3x|x3)\b")),
    (0.5, re.compile(rf"\b{HALF}\b(?! (?:an? |past )?(?:hour|day|week|\d))")),
)
_SAID = re.compile(
    r"\b(?:make|scale|resize|grow|shrink|bigger|smaller|larger|double|twice|triple|halve|half|last|newest|add|remove)\b"
)


@dataclass(frozen=True)
class Change:
    """One of: so many in all, so many more (less than 0: fewer), so many times as many."""

    to: int | None = None
    by: int | None = None
    times: float | None = None

    def of(self, count: int) -> int:
        """How many machines it makes of so many."""
        if self.to is not None:
            return self.to
        return count + self.by if self.by is not None else int(count * (self.times or 1))


def change_said(text: str, number: int | None) -> Change | None:
    """What the text makes of the machines there are; ``number``: the one that it was understood to say."""
    said = plain(text)
    if number is None:
        return _without_number(said)
    if _numbers(_BY, said, number):
        return Change(by=-number if _SHRINKS.search(said) else number)
    if any(_numbers(pattern, said, number) for pattern in _TO):
        return Change(to=number)
    for factor, pattern in _TIMES:
        if factor == number and pattern.search(said):
            return Change(times=factor)
    for clause in _CLAUSE_END.split(said):
        if not _is_in(clause, number):
            continue
        if _FEWER.search(clause):
            return Change(by=-number)
        if _MORE.search(clause):
            return Change(by=number)
    return Change(by=number) if _GROWS.search(said) else Change(to=number)


def without_change(text: str) -> str:
    """The text without the words that say how many, some of which could tell machines apart: "make it *smaller*"."""
    return _SAID.sub(" ", text)


def _without_number(said: str) -> Change | None:
    for factor, pattern in _TIMES:
        if pattern.search(said):
            return Change(times=factor)
    if _ONE_MORE.search(said):
        return Change(by=1)
    return Change(by=-1) if _ONE_LESS.search(said) else None


def _numbers(pattern: re.Pattern[str], said: str, number: int) -> bool:
    return any(parse_number(found["n"]) == number for found in pattern.finditer(said))


def _is_in(clause: str, number: int) -> bool:
    return any(parse_number(found) == number for found in re.findall(NUMBER, clause))
