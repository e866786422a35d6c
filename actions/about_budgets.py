"""What a message says of budgets and of requests to go beyond one, whatever the classifier took it for.

Whole sentences only: a price that machines are to stay below ("my budget is $2 an hour") is a wish for machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from actions import questions
from actions.turn import Turn
from clouddesk.budgets import EACH, TEAM
from clouddesk.language.people import MENTION
from clouddesk.language.vocabulary import LEAD, POLITE_END
from clouddesk.matching import is_named_in
from clouddesk.model.actor import LOCAL_WORKSPACE
from clouddesk.model.budget import HOUR, LEASE, MACHINES, MONTH

SET, REMOVE = "set", "remove"
SHOW, SHOW_ALL, WHY, REQUESTS, WHO = "show", "show_all", "why", "requests", "who"
APPROVE, DECLINE, WITHDRAW = "approve", "decline", "withdraw"
NAME, UNNAME = "name", "unname"
_ASKING = (SET, REMOVE, NAME, UNNAME)
"""What is asked about first."""

_TEAM = r"(?:the |our )?(?:whole )?(?:team|group|company|workspace|department|lab|we)"
_EACH = (
    r"(?:each(?: (?:person|user|member|one|of (?:us|them)))?|every(?:body|one)|every (?:person|user|member)"
    r"|all(?: users)?|(?:per|a) (?:person|user|head))"
)
_ONE = r"(?:<@[UW][A-Z0-9]+(?:\|[^<>]*)?>|@?[a-z][\w.-]*)"


def _who(name: str) -> str:
    return rf"(?:(?P<{name}_team>{_TEAM})|(?P<{name}_each>{_EACH})|(?P<{name}_one>{_ONE}))"


_WHO = _who("a")
_WHOSE = rf"(?:{_WHO}(?:'s|s')?)"
_AMOUNT = r"(?:(?:US)?\$ ?|usd ?)?(?P<amount>\d[\d,]*(?:\.\d+)?)(?P<thousand>k)?(?: ?(?:\$|dollars?|usd|bucks))?"
_PERIOD = (
    r"(?: ?(?:a|an|per|each|every|in a|for a|for one|for each|/) ?(?P<period>month|hour|hr|lease|reservation|cluster"
    r"|order|day|week|year|quarter)| (?P<adverb>monthly|hourly))"
)
_COUNT = r"(?P<count>\d+) (?:machines?|vms?|nodes?|instances?|servers?|boxes)(?: at (?:a time|once))?"
_BOUND = rf"(?:{_COUNT}|{_AMOUNT}{_PERIOD}?)"
_MONTHLY = r"(?:(?P<before>monthly|hourly) )?"
_BUDGET = rf"{_MONTHLY}(?P<soft>soft |warning )?(?:budget|spending limit|limit|cap|allowance)"
_SETS = r"(?:set|make|change|raise|lower|increase|reduce|cut|put|update|fix)"
_MOST = r"(?:at most|max(?:imum)?(?: of)?|no more than|not more than|up to)"
_MAY = r"(?:may|can|should|shall|must|is allowed to)"
_IN_DOLLARS = r"(?=.*(?:\$|\busd\b|\bdollars?\b|\bbucks\b))"
_ASKS = rf"{LEAD}(?:(?:can|could|would) you (?:please )?|i(?:'d like| would like| want) to |let'?s )?"
_SENTENCES = (
    rf"{_SETS} my {_BUDGET}(?: (?:to|at|of|as))? (?:{_MOST} )?{_BOUND}",
    rf"(?:{_SETS}|add|create|give) (?:me |myself )?(?:an? |the )?(?:new )?{_BUDGET} of {_BOUND}(?: for (?:me|myself))?",
    rf"(?:limit|cap|restrict) (?:me|myself) (?:to|at) (?:{_MOST} )?{_BOUND}",
    rf"{_SETS} {_WHOSE} {_BUDGET}(?: (?:to|at|of|as))? (?:{_MOST} )?{_BOUND}",
    rf"{_SETS} (?:the |a )?{_BUDGET} (?:of|for) {_WHO} (?:to|at|of) (?:{_MOST} )?{_BOUND}",
    rf"(?:{_SETS}|add|create) (?:a |the )?(?:new )?{_BUDGET} of {_BOUND} (?:for|on) {_WHO}",
    rf"(?:a )?{_BUDGET} of {_BOUND} for {_WHO}",
    rf"(?:give|allow|grant) {_WHO} (?:(?:a |an )?{_BUDGET}(?: of)? |{_MOST} ){_BOUND}",
    rf"{_WHOSE} {_BUDGET}(?: is| =|:| of| should be| shall be)?(?: now)? {_BOUND}",
    rf"{_WHO} {_MAY}(?: only)? spend (?:only )?(?:{_MOST} )?{_AMOUNT}{_PERIOD}?",
    rf"{_WHO} {_MAY}(?: only)? (?:have|use|get) (?:only )?(?:{_MOST} )?{_IN_DOLLARS}{_AMOUNT}{_PERIOD}?",
    # A number of machines alone is a wish for them: "we should get 3 nodes".
    rf"{_WHO} {_MAY} (?:only (?:have|use|run|get)(?: {_MOST})?|(?:have|use|run|get) (?:only|{_MOST})) {_COUNT}",
    rf"{_MOST} {_BOUND} (?:for {_WHO}|(?P<c_each>{_EACH}))",
    rf"(?:limit|cap|restrict) {_WHO} (?:to|at) (?:{_MOST} )?{_BOUND}",
    rf"(?P<soft>warn) {_WHO} (?:at|from|above|over|beyond|when (?:they|he|she|it|we) (?:spend|reach(?:es)?|pass(?:es)?"
    rf"|spends?)(?: more than)?) {_BOUND}",
    rf"(?P<soft>warn)(?:ing)? (?:at|from|above|over) {_BOUND} for {_WHO}",
)
_LEASES = (
    rf"(?:limit|cap|restrict) (?:each|every|any|a|all) (?:lease|reservation|cluster|order)s? to (?:{_MOST} )?{_AMOUNT}",
    rf"{_MOST} {_AMOUNT} (?:a|per|each|for each|for one|for a) (?:lease|reservation|cluster|order)",
)
_REMOVED = (
    rf"(?:remove|delete|drop|lift|clear|take away|forget) {_WHOSE} {_BUDGET}s?",
    rf"(?:remove|delete|drop|lift|clear|take away|forget) (?:the |all )?{_BUDGET}s? (?:of|for|from) {_WHO}",
    rf"no (?:more )?{_BUDGET} for {_WHO}(?: any ?more)?",
)
_NOW = r"(?: (?:now|this month|right now|at the moment|still|so far|for this month|left))*"
_SHOWN = (
    r"(?:(?:what(?:'s| is| are)|show(?: me)?|tell me|see|check|list|look at|how (?:big|high|much) is|how about"
    rf"|what about) )?(?:(?P<mine>my|mine)|(?P<ours>our)|{_WHOSE}) (?:monthly |current )?"
    rf"(?:budgets?|spending limits?|allowance)(?: like| status)?{_NOW}",
    r"how much (?:money |more |budget )*(?:can|may|could|do|have|am|are|is) (?:(?P<mine>i)|(?P<ours>we)|"
    rf"{_WHO}) (?:still |allowed to |able to |got |get to )*(?:spend|left|have left)(?: (?:still|more))?{_NOW}",
    r"(?:how much|what)(?:'s| is| of| do i have| have i got)? (?:still )?(?:is )?left (?:of|in|on) "
    rf"(?:(?P<mine>my)|(?P<ours>our)|{_WHOSE}) budget{_NOW}",
    rf"how much of (?:(?P<mine>my)|(?P<ours>our)|{_WHOSE}) budget (?:is|do i have|have i) (?:still )?"
    rf"(?:left|used|gone|spent){_NOW}",
    rf"(?:am|are|is) (?:(?P<mine>i)|(?P<ours>we)|{_WHO}) (?:over|within|under|near|close to|on|above) "
    rf"(?:my |our |the |their )?budget{_NOW}",
)
_ALL_SHOWN = (
    r"(?:show|list|see|what are|which are|give)(?: me)?(?: all)?(?: (?:the|our|set|everybody's|everyone's))* budgets"
    r"(?: (?:there are|are there|are set))?",
    r"who has (?:a|which) budgets?",
    r"what budgets (?:are there|do we have|are set)",
)
_WHYS = (
    r"why (?:do|does|did|would|must|is|was|should) (?:i|this|it|that|we|my request|an? |the )?.{0,20}?"
    r"(?:needs?|requires?|take|ask for|be|wait(?:ing)? for)? ?(?:an? |any |to be )?(?:approval|approved|permission)"
    r"(?: needed| required)?(?: for (?:this|that|it))?",
    r"why (?:is|was|am|are) (?:this|it|that|i|we) (?:over|beyond|above) (?:my |our |the )?(?:budget|limit)",
)
_REQUESTED = (
    r"(?:show|list|see|what are|which|any|are there|do i have|have i)(?: me)?(?: (?:the|my|any|all|our))*"
    r"(?: (?:open|pending|waiting))?(?: approvals?| approval requests?| requests?(?: for approval)?)"
    r"(?: (?:are|is|there|open|pending|waiting|for me|to approve|for approval|i can approve|wait))*",
    r"what(?:'s| is)? (?:is )?(?:waiting|pending)(?: for)? (?:my |an |our )?approval",
    r"what (?:do i (?:have|need) to|can i|should i|is there to) approve",
    r"what needs (?:my |an |our )?approv(?:al|ing)",
    r"what (?:happened to|about|of|became of) my request(?: for approval)?",
    r"(?:is|was|has) my request (?:been )?(?:approved|declined|decided)(?: yet)?",
)
_WHO_DECIDES = (
    r"who (?:can|may|will|has to|must|could|should) approve(?: (?:it|this|that|requests?|my requests?|budgets?))?",
    r"who (?:are|is) (?:the|our|an?) (?:approvers?|budget managers?)",
)
_IT = r"(?:it|this|that|that one|the request|this request|that request)"
_OF_ONE = (
    rf"(?:(?:the )?(?:request|wish) (?:of|from|by) {_who('b')}|{_who('c')}(?:'s|s')? (?:request|wish|order|purchase))"
)
_APPROVED = rf"(?:i )?(?:approve|allow|grant|accept|sign off(?: on)?)(?: (?:{_IT}|{_OF_ONE}))?"
_DECLINED = (
    rf"(?:i )?(?:decline|reject|refuse|deny|turn down|disapprove|don'?t (?:approve|allow)|do not (?:approve|allow))"
    rf"(?: (?:{_IT}|{_OF_ONE}))?(?:(?: ?[,:;.–-] ?| because | since | as )(?P<reason>\S.*))?"
)
_WITHDRAWN = r"(?:withdraw|cancel|take back|drop|forget|retract) my (?:approval )?requests?(?: for (?:an )?approval)?"
_APPROVER = r"(?:an? )?(?:approver|budget manager|budget approver)"
_NAMED = (
    rf"(?:make|name|add|appoint) {_WHO} (?:as )?{_APPROVER}",
    rf"(?:let|allow) {_WHO} (?:to )?approve(?: (?:requests|budgets|it|too|as well|also))*",
    rf"{_WHO} (?:may|can|should) (?:also )?approve(?: (?:requests|budgets|too|as well|also))*",
)
_UNNAMED = (
    rf"(?:remove|drop) {_WHO} (?:as|from)(?: the)? {_APPROVER}s?",
    rf"{_WHO} (?:may|can|should) (?:no longer|not) approve(?: (?:requests|budgets|any ?more))*",
)
_BARE = re.compile(rf"(?:i )?(?:approve|allow|grant|accept)(?: {_IT})?", re.IGNORECASE)
_ANY_REQUEST = re.compile(r"(?!.*\bapprov)(?!.*\b(?:withdraw|retract)\b)", re.IGNORECASE)
"""What may be called off beside a request for an approval, which alone is withdrawn."""
_BUDGET_WORD = re.compile(r"\b(?:budgets?|allowance|spending limit)\b", re.IGNORECASE)
_ONLY_THIS = re.compile(r"approv|declin|reject|disapprov", re.IGNORECASE)
_NOBODY = re.compile(
    r"it|its|this|that|them|these|those|they|he|she|me|my|mine|i|you|your|us|our|price|prices|cost|costs|costing"
    r"|budget|limit|machine|machines|cluster|vm|vms|lease|hour|max|maximum|the|a|an|what|which|who|request|requests"
    r"|something|anything|nothing|spot|new|on|in|with|for|of|to|and|no|yes|not|memory|disk|time|size|storage|cpu"
    r"|gpu|gpus|nodes|set|total|monthly|hourly|there|here|approval|approver|warning|soft|hard|nobody|want|need|get"
    r"|max\."
)
"""Words that are no person's name."""
_MEASURES = {
    **dict.fromkeys(("hour", "hr", "hourly"), HOUR),
    **dict.fromkeys(("month", "monthly"), MONTH),
    **dict.fromkeys(("lease", "reservation", "cluster", "order"), LEASE),
}


@dataclass(frozen=True)
class AboutBudget:
    """``whose``: TEAM, EACH, a user id, "" for who speaks or nobody; ``unclear``: a name that only a mention tells."""

    what: str
    whose: str = ""
    measure: str | None = None
    amount: float = 0.0
    is_soft: bool = False
    reason: str = ""
    unclear: str = ""

    @property
    def is_aside(self) -> bool:
        """Whether it is answered at once, and leaves open what is open."""
        return self.what not in _ASKING


async def find(turn: Turn) -> AboutBudget | None:
    """None when the message is about something else."""
    if turn.is_button:
        return None
    text = turn.text.replace("’", "'").strip(" .!?\n")
    about = read(text, workspace_id=turn.actor.workspace_id)
    if about is None:
        return None
    if about.what in (APPROVE, DECLINE) and not about.whose and not about.unclear:
        # "Accept it" may be meant for whatever is open; "approve it" only for a request that there is.
        is_open = questions.is_open(turn.question) or turn.form is not None
        if (is_open and not re.search(r"\brequest\b", text, re.IGNORECASE)) or not (
            _ONLY_THIS.search(text) or re.search(r"\brequest\b", text, re.IGNORECASE)
        ):
            return None
        if not await turn.desk.approvals.waiting(turn.actor):
            return None
    if about.what == SET and turn.request is not None and not _is_plainly_a_budget(about, text):
        # What the machines that are asked for may cost, or how many they are to be.
        return None
    if about.what == WITHDRAW and _ANY_REQUEST.match(text) and not await _is_of_approval(turn):
        return None
    if about.what == SET and about.whose not in (TEAM, EACH, ""):
        # "Limit etl to $5 an hour" is about a machine.
        own = await turn.machines()
        if any(is_named_in(about.whose.lower(), item) for item in own):
            return None
    return about


def _is_plainly_a_budget(about: AboutBudget, text: str) -> bool:
    """Whether it is somebody's budget, whatever is open."""
    return bool(about.whose or about.unclear) and _BUDGET_WORD.search(text) is not None


async def _is_of_approval(turn: Turn) -> bool:
    """Whether "my request" is one for an approval: what is open comes first."""
    if questions.is_open(turn.question) or turn.form is not None or turn.request is not None:
        return False
    now = turn.desk.clock()
    return any(item.is_open(now) for item in await turn.desk.approvals.own(turn.actor))


def read(text: str, *, workspace_id: str = LOCAL_WORKSPACE) -> AboutBudget | None:
    """What the text alone says."""
    for pattern in _patterns(_LEASES):
        if found := pattern.fullmatch(text):
            return AboutBudget(SET, EACH, LEASE, _amount(found))
    for what, sentences in _ORDERED:
        for pattern in _patterns(sentences):
            if found := pattern.fullmatch(text):
                about = _read(what, found, workspace_id)
                if about is not None:
                    return about
    return None


_ORDERED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (SHOW_ALL, _ALL_SHOWN),
    (WHO, _WHO_DECIDES),
    (REQUESTS, _REQUESTED),
    (WHY, _WHYS),
    (WITHDRAW, (_WITHDRAWN,)),
    (APPROVE, (_APPROVED,)),
    (DECLINE, (_DECLINED,)),
    (UNNAME, _UNNAMED),
    (NAME, _NAMED),
    (REMOVE, _REMOVED),
    (SET, _SENTENCES),
    (SHOW, _SHOWN),
)
_COMPILED: dict[str, re.Pattern[str]] = {}


def _patterns(sentences: tuple[str, ...]) -> Iterator[re.Pattern[str]]:
    """Compiled when first needed: most conversations never speak of budgets."""
    for sentence in sentences:
        if sentence not in _COMPILED:
            _COMPILED[sentence] = re.compile(rf"{_ASKS}(?:{sentence}){POLITE_END}", re.IGNORECASE)
        yield _COMPILED[sentence]


def _read(what: str, found: re.Match[str], workspace_id: str) -> AboutBudget | None:
    said = {name: value for name, value in found.groupdict().items() if value}
    person = _person(said, workspace_id)
    if person is None:
        return None
    whose, unclear = person
    if said.get("ours"):
        whose = TEAM
    about = AboutBudget(what, whose, unclear=unclear, reason=said.get("reason", "").strip())
    if what == REMOVE:
        return AboutBudget(what, whose, _MEASURES.get(said.get("before", "").lower()), unclear=unclear)
    if what != SET:
        return about
    period = (said.get("period") or said.get("adverb") or said.get("before") or "month").lower()
    measure = MACHINES if "count" in said else _MEASURES.get(period)
    return AboutBudget(SET, whose, measure, _amount(found), is_soft="soft" in said, unclear=unclear)


def _person(said: dict[str, str], workspace_id: str) -> tuple[str, str] | None:
    """Whose it is, and the name that is not clear; None when it is no person's."""
    for place in ("a", "b", "c"):
        if f"{place}_team" in said:
            return TEAM, ""
        if f"{place}_each" in said:
            return EACH, ""
        if one := said.get(f"{place}_one"):
            if mention := MENTION.fullmatch(one):
                return mention["id"], ""
            name = one.lstrip("@").lower()
            if _NOBODY.fullmatch(name):
                return None
            return (name, "") if workspace_id == LOCAL_WORKSPACE else ("", name)
    return "", ""


def _amount(found: re.Match[str]) -> float:
    said = found.groupdict()
    if said.get("count"):
        return float(said["count"])
    return float(said["amount"].replace(",", "")) * (1000 if said.get("thousand") else 1)
