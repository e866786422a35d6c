"""Messages about colleagues' machines: who has one that could be used, asking them, and opening one's own to the team.

There is no intent for these. Whole sentences, so that nobody else's are taken: "who has access to etl?" is none.
"""

from __future__ import annotations

import re

from actions import questions
from actions.turn import Turn
from actions.with_others import WHO, About, person_in
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain, said_as, sentences

FIND, ASK, OPEN, CLOSE, NOT_NOW = "find_peers", "ask_peer", "open_to_team", "close_to_team", "not_now"
"""The topics of their actions."""

_NOUN = (
    r"(?:clusters?|box(?:es)?|machines?|vms?|servers?|instances?|gpus?|notebooks?|jupyter(?:lab)?|spark|dask|ray|kafka"
    r"|redis|postgres|cassandra|kubernetes|k8s)"
)
_THING = rf"(?:an?|any|some|the|a free|a spare|a shared) (?:[\w.-]+ ){{0,4}}?{_NOUN}(?: [\w-]+)?"
_SPECIAL = r"(?:gpus?|spark|jupyter\w*|notebooks?|dask|ray|kafka|redis|postgres|cassandra|kubernetes|k8s|hadoop|flink)"
_MAY = r"(?:could|can|may|might|am allowed to|would be able to)"
_USE = r"(?:use|borrow|share|join|have|get (?:onto|on|into|in)|jump on(?:to)?|hop on(?:to)?)"
_ANYBODY = (
    r"(?:(?:any|some)(?:one|body)(?: else)?(?: here| (?:i|o)n (?:the |my |our )?team| of us)?"
    r"|(?:one|any|some) of (?:us|you|the others|my colleagues)"
    r"|(?:a|any|some|my|the) (?:colleagues?|peers?|team ?mates?)"
    r"|the team|the others)"
)
_FOUND = sentences(
    rf"{LEAD}(?:is|are) there (?:already |maybe |perhaps |currently |also )?{_THING}"
    rf" (?:(?:that|which) )?(?:(?:i|we) {_MAY} {_USE}|to (?:borrow|share)|(?:is )?(?:free|idle|shared))"
    r"(?: (?:already|right now|now|today|instead|somewhere))?",
    rf"{LEAD}(?:does|do|has|have|is|did) {_ANYBODY}(?: already| currently)?"
    rf" (?:have|has|got|run|running|using|use|own) {_THING}(?: (?:that |which )?(?:i|we) {_MAY} {_USE})?"
    r"(?: (?:already|right now|now|up|running))?",
    rf"{LEAD}who (?:else )?(?:has|has got|have|'s got|runs|is running|owns) {_THING}"
    rf"(?: (?:that |which )?(?:i|we) {_MAY} {_USE})?(?: (?:already|right now|now|up|running))?",
    rf"{LEAD}{_ANYBODY} (?:got|have|has|with) {_THING}(?: (?:that |which )?(?:i|we) {_MAY} {_USE})?",
    rf"{LEAD}{_MAY} (?:i|we) {_USE} (?:(?:any|some)(?:one|body)(?: else)?'s|a colleague's|the team's) "
    rf"(?:[\w.-]+ ){{0,3}}?{_NOUN}",
    r"(?:what|which) (?:machines?|clusters?|vms?) (?:are|is) (?:open|shared|free|there) (?:to|for|with) the team"
    r"(?: to use)?",
)
_GENERAL = re.compile(
    r"\b(?:free|spare|shared|idle|borrow|share|any(?:one|body)|some(?:one|body)|team|colleagues?|who)\b"
)
_ASKED = re.compile(
    rf"{LEAD}(?:(?:can|could|would) you )?(?:please )?ask {WHO} "
    rf"(?:for|about|to share|(?:if|whether) (?:i|we) {_MAY} {_USE}) (?:(?:the|their|his|her|an?|some) )*"
    rf"(?P<what>[\w.-]+)(?: {_NOUN})?{POLITE_END}"
)
_WHAT = r"(?P<what>it|this|that|[\w][\w.-]*|(?:my|our|the) (?:[\w.-]+ )?(?:cluster|machine|vm|server|box))"
_COLLEAGUES = r"(?:(?:the|my|our) (?:whole |entire )?(?:team|group|colleagues|others|team ?mates)|others|all of us)"
_TEAM = rf"(?:{_COLLEAGUES}|every(?:one|body)(?: else)?|any(?:one|body)(?: else)?)"
_OPENED = sentences(
    rf"{LEAD}let {_TEAM} (?:use|ask for|borrow|have|share|know (?:about|of)) {_WHAT}",
    rf"{LEAD}{_TEAM} (?:may|can|could) (?:use|ask for|borrow|share) {_WHAT}",
    # "Open it to everyone" is about ports.
    rf"{LEAD}open {_WHAT} (?:up )?(?:to|for) {_COLLEAGUES}",
    rf"{LEAD}(?:offer|lend) {_WHAT} to {_TEAM}",
    rf"{LEAD}make {_WHAT} (?:available|shareable|open|usable) (?:to|for|by) {_TEAM}",
    rf"{LEAD}share {_WHAT} with {_TEAM}",
)
_CLOSED = sentences(
    rf"{LEAD}(?:stop letting|don'?t let|do not let) {_TEAM} (?:use|ask for|borrow|share) {_WHAT}"
    r"(?: any ?more| any longer)?",
    rf"{LEAD}(?:close) {_WHAT} (?:to|for) {_TEAM}",
    rf"{_WHAT} is (?:not|no longer) (?:open to|for|available to) {_TEAM}(?: any ?more)?",
    rf"{LEAD}(?:stop sharing|don'?t share|unshare) {_WHAT} with {_TEAM}(?: any ?more)?",
)
_NOT_NOW = sentences(
    r"(?:(?:no|sorry|sorry but|well)[ ,]+)*not (?:now|right now|today|this time|at the moment)"
    rf"(?:(?:,|,?(?= [@<])) (?!please|pls|sorry|thanks){WHO})?(?:,? sorry)?",
    rf"{LEAD}(?:tell|answer) {WHO} (?:that )?(?:not (?:now|today)|no|i (?:still )?need it(?: myself)?)",
)
"""Said to a colleague's request; to anything else it is a no."""
_NOTHING = re.compile(r"^(?:nothing|something|anything|template|templates|details?|costs?|prices?)$")


def find(turn: Turn) -> About | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    for topic, patterns in ((OPEN, _OPENED), (CLOSE, _CLOSED)):
        if (found := said_as(patterns, text)) and not _NOTHING.match(found["what"]):
            return About(topic, found["what"])
    if asked := _ASKED.fullmatch(text):
        return About(ASK, asked["what"], person_in(asked["who"]))
    is_answer = bool(turn.asked_for) and not questions.is_open(turn.question)
    if is_answer and (refused := said_as(_NOT_NOW, text)):
        return About(NOT_NOW, who=person_in(refused["who"] or ""))
    is_found = said_as(_FOUND, text) is not None
    is_of_colleagues = bool(turn.all_of("software") or re.search(rf"\b{_SPECIAL}\b", text) or _GENERAL.search(text))
    return About(FIND) if is_found and is_of_colleagues else None


def wants_gpu(turn: Turn) -> bool:
    """Whether it is to have one."""
    return bool(turn.all_of("gpu_count") or turn.all_of("gpu_type")) or "gpu" in turn.text.lower()
