"""Sentences about machines that exist, taken for something else: "zorro off", "wait, first stop etl", "the spark one".

The classifier does not know what a person calls their machines, so a name that is a plain word ("pilot") makes a
sentence look like chat. Here the names are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from actions import clauses, meanings, questions, resolve, template_words, timer_words, unsure
from actions.references import end_said
from actions.turn import Turn
from clouddesk.matching import is_named_in, with_names_as
from clouddesk.model.reservation import ARCHIVED, STOPPED, Reservation

_CHAT = ("out_of_scope", "nlu_fallback")
"""What says nothing of its own: with a name in it, it is a question about that machine."""
_DOUBTFUL = (
    *(*_CHAT, "goodbye", "greet", "thank", "bot_challenge", "help", "correct", "inform", "cancel"),
    *("create_vm", "create_cluster", "add_credentials"),
)
_NAME = "\N{OBJECT REPLACEMENT CHARACTER}"
_TO = rf"\b[^,.;{_NAME}]*{_NAME}"
_TASKS = {
    "scale_cluster": rf"\b(?:add|remove)\b[^,.;]*\b(?:nodes?|workers?|machines?) (?:to|from) {_NAME}"
    rf"|\b(?:more|another|extra|additional) (?:nodes?|workers?|machines?) (?:for|on) {_NAME}"
    rf"|\b(?:scale|grow|shrink|resize){_TO}",
    "reboot_resource": rf"\b(?:reboot|restart|bounce|power[- ]cycle){_TO}",
    "stop_resource": rf"\b(?:stop|halt|pause|suspend|shut ?down|(?:power|turn|switch) (?:off|down)){_TO}"
    rf"|{_NAME} (?:\w+ )?off\b",
    "start_resource": rf"\b(?:start|resume|wake(?: up)?|boot|(?:power|turn|switch) on){_TO}|{_NAME} (?:back )?on\W*$",
    "terminate_resource": rf"\b(?:terminate|kill|delete|destroy|release|remove|nuke|tear down|give back){_TO}"
    rf"|\bget rid of{_TO}|\b(?:do not|don'?t|no longer) need {_NAME}|\bdone with {_NAME}"
    rf"|\blet {_NAME} (?:die|go|end)\b(?! (?:at|on|by|next|tomorrow|today|tonight|\w+day)\b)"
    rf"|{_NAME} (?:(?:is|are) (?:no longer|not) needed|can (?:go|die))\b",
    "extend_reservation": rf"\b(?:extend|prolong|renew|lengthen){_TO}"
    rf"|\bkeep {_NAME} [^,.;]*\b(?:un)?til|\bkeep {_NAME} for\b"
    rf"|{_NAME} (?:should|must|has to|needs to|shall|can|may) (?:live|run|stay|last)\b"
    rf"|{_NAME} (?:should|must|has to|needs to|shall) (?:end|expire)\b"
    rf"|\b(?:make|let|have|set|want|need) {_NAME} (?:to )?(?:end|expire|finish|run out)\b"
    rf"|\bend(?: time)? (?:of|for) {_NAME} to\b|\bend {_NAME} (?:at|on|by|in|tomorrow|today|tonight|\w+day)\b"
    rf"|^{_NAME} (?:un)?till? "
    rf"|\b(?:more|another|extra)\b[^,.;]*\bfor {_NAME}",
    "connect_info": rf"(?=.*{_NAME}).*\b(?:ssh|log ?in(?:to)?|log me in(?:to)?|ip|address|connect)\b",
    "utilization_report": rf"(?=.*{_NAME}).*\b(?:busy|idle|load|utili[sz]ation)\b",
}
"""By task, the words that ask for it with a name; the first that is found counts."""
_TASK = {topic: re.compile(pattern) for topic, pattern in _TASKS.items()}
_REFUSES = re.compile(r"\b(?:don'?t|do not|never|not to|no need to)\b(?! need)")
_ASKS = re.compile(r"\?|\b(?:what|how|is|are|when|where|which|who|does|did|will|can)\b")
_AGAIN = re.compile(
    r"\b(?:spin|bring|fire|boot|power|turn|start|wake|get)\b[^,.;]*\b(?:it|them|'?em|that|those|both|all)\b"
    r"[^,.;]*\b(?:again|agian|agin|back)\b"
)
_THE_ONE = re.compile(
    r"(?:(?:no|ok|and|i mean|i meant)[ ,]+)*(?:the|my|that) [\w .-]+? (?:ones?|cluster|vms?|box|machine)"
)
_I_MEAN = re.compile(rf"(?:no[ ,]+)?(?:(?:i mean|i meant)[ ,]+)?{_NAME}(?:[ ,]+(?:i mean|i meant))?")
_SOME = re.compile(
    r"(?P<verb>stop|halt|pause) (?:something|one|a machine|one of (?:them|those|my machines)|both(?: of them)?)"
)

_OF_PEOPLE = ("share_resource", "unshare_resource")
_SHARES = re.compile(r"\bshar|\b(?:access|invite|permission|rights?)\b")
_KEEPS_ONLY = re.compile(
    r"(?=.*\b(?:only|alone)\b)(?:(?:ok|okay|please|now|from now on)[ ,]+)*(?:i )?(?:just |only )?"
    rf"(?:keep|need|want|leave)(?: just| only)? {_NAME}(?:(?: and |, | & ){_NAME})*(?: only| alone)?"
    r"(?: (?:now|any ?more|please|from now on))*"
)
_ENDS_SOONER = re.compile(
    r"(?:(?:no|ok|please|actually)[ ,]+)*(?:(?:make|let|have) (?:it|them) )?(?:by )?(?:[\w.]+ )?"
    r"(?:hours?|hrs?|days?|minutes?|weeks?)? ?(?:end )?(?:earlier|sooner|less|shorter)(?: please)?"
)
_ENDS_AT = re.compile(
    r"(?:(?:no|ok|please|actually)[ ,]+)*(?:make|let|have|set) (?:it|them|that) (?:to )?"
    r"(?:end|expire|finish|run out) (?:at|on|by|next|tomorrow|today|tonight|\w+day)\b.*"
)
_OF_AN_END = ("schedule_power", "set_reminder", "terminate_resource")
"""What "make it end at 8" may be taken for."""
_LIKE = re.compile(r"\b(?:like|same as|another|second|similar|copy)\b")
_ASKS_PRICE = re.compile(r"\b(?:cost|costs|costing|price|how much|come to|charged?|pay)\b")

_OF_A_TEMPLATE = ("create_vm", "create_cluster", "start_resource", "inform", *_CHAT)
"""What "spin up etl" may be taken for, where that is a template."""

Meaning = tuple[str, list[list[Any]]]
"""The intent, and the entities by name and value."""


async def meaning(turn: Turn) -> Meaning | None:
    """What the message says of one of the person's machines or templates; None when it is what it was taken for."""
    if turn.intent in _OF_A_TEMPLATE and not turn.asked and (template := await template_words.wanted(turn)):
        said = [pair for pair in meanings.entities(turn, "use_template") if template not in pair]
        return "use_template", [*said, ["template_name", template]]
    if intent := timer_words.meant(turn):
        return intent, meanings.entities(turn, intent)
    of_own = unsure.task_of_own_machines(turn)
    may_be_other = turn.intent in (*_DOUBTFUL, *_OF_PEOPLE, *_OF_AN_END, "deny", "quote_price")
    if turn.is_button or not (may_be_other or of_own):
        return None
    own = await turn.machines()
    text = turn.text.lower().replace("’", "'").strip(" .!")
    named = [item for item in own if is_named_in(text, item)]
    if left := _only_kept(turn, text, own, named):
        return "terminate_resource", [["resource_name", item.id] for item in left]
    if turn.intent == "deny":
        return None
    if turn.intent in _OF_PEOPLE:
        intent = _task_of_people(turn, text, named)
    elif turn.intent == "quote_price" and of_own is None:
        intent = "quote_price" if named and _asks_own_price(turn, with_names_as(_NAME, text, named)) else None
    else:
        intent = _of_names(turn, text, named) if named else of_own or await _without_name(turn, text, own)
    if intent is None:
        return None
    named = [item for item in named if is_named_in(clauses.part_of(text, intent), item)] or named
    found = [pair for pair in meanings.entities(turn, intent) if pair[0] != "resource_name"]
    return intent, [*found, *(["resource_name", item.id] for item in named)]


def _of_names(turn: Turn, text: str, named: Sequence[Reservation]) -> str | None:
    plain = with_names_as(_NAME, text, named)
    if _REFUSES.search(plain) or "create_vm" in clauses.tasks_in(text):
        return None
    if turn.intent in _OF_AN_END:
        return "extend_reservation" if _TASK["extend_reservation"].search(plain) and end_said(text) else None
    if task := next((topic for topic, pattern in _TASK.items() if pattern.search(plain)), None):
        return task
    is_open = questions.is_open(turn.question) or turn.form is not None
    if turn.intent in ("correct", "inform"):
        return None if is_open or not _I_MEAN.fullmatch(plain) else "describe_resource"
    if plain.strip(" ?") == _NAME:
        return None if turn.form else "describe_resource"
    is_question = _ASKS.search(plain) is not None
    is_about_it = is_question or (turn.intent == "out_of_scope" and not is_open)
    return "describe_resource" if turn.intent in _CHAT and is_about_it else None


def _only_kept(turn: Turn, text: str, own: Sequence[Reservation], named: Sequence[Reservation]) -> list[Reservation]:
    """ "keep only gamma": the others, which are asked about."""
    is_open = questions.is_open(turn.question) or turn.form is not None
    is_said = bool(named) and not is_open and _KEEPS_ONLY.fullmatch(with_names_as(_NAME, text, named)) is not None
    return [item for item in own if item not in named] if is_said else []


def _asks_own_price(turn: Turn, plain: str) -> bool:
    """ "what does beta cost?": of a machine that is there, not of one like it."""
    others = turn.entities.keys() - {"resource_name", "duration_minutes", "until"}
    is_of_another = others or turn.form or _LIKE.search(plain)
    return not is_of_another and _ASKS_PRICE.search(plain) is not None


def _task_of_people(turn: Turn, text: str, named: Sequence[Reservation]) -> str | None:
    """ "stop bob and tim", where those are machines: a first name may be one's own machine's."""
    known = {item.name.lower() for item in named}
    are_machines = bool(named) and all(str(person).lower() in known for person in turn.all_of("person"))
    tasks = clauses.tasks_in(text)
    return tasks[0] if are_machines and tasks and not _SHARES.search(text) else None


async def _without_name(turn: Turn, text: str, own: Sequence[Reservation]) -> str | None:
    is_open = questions.is_open(turn.question) or turn.form is not None
    is_said = not is_open and bool(own) and turn.intent in ("inform", "correct", *_CHAT, *_OF_AN_END)
    if is_said and (_ENDS_SOONER.fullmatch(text) or _ENDS_AT.fullmatch(text)):
        return "extend_reservation"
    if turn.intent in ("create_vm", "create_cluster"):
        is_stopped = any(item.state in (STOPPED, ARCHIVED) for item in own)
        return "start_resource" if is_stopped and _AGAIN.search(text) else None
    if turn.intent == "cancel":
        is_of_own = own and not (is_open and "both" in text)
        return "stop_resource" if is_of_own and _SOME.fullmatch(text) else None
    if turn.intent == "inform" and not is_open and _THE_ONE.fullmatch(text) and resolve.attributes(turn):
        return "describe_resource" if await resolve.having(turn) else None
    return None
