"""What a message says to the open confirmation, before anything is done on it (``clouddesk/language/assent.py``).

What costs or destroys happens only on a clear, unconditional yes. Anything else that was taken for one asks again.
"""

from __future__ import annotations

import re

from actions import bargaining, clauses, questions, retries
from actions.turn import Question, Turn
from clouddesk.language import negation
from clouddesk.language.assent import Answer, read, yes_and_more
from clouddesk.model.orphan import DELETE

_VAGUE = (
    "affirm",
    "bot_challenge",
    "correct",
    "goodbye",
    "greet",
    "help",
    "inform",
    "nlu_fallback",
    "out_of_scope",
    "thank",
)
"""Intents that a plain yes or no may have been taken for; the words decide."""
_WAITING = (*_VAGUE, "cancel", "deny", "list_resources", "set_reminder", "schedule_power")
"""Intents that "let me think" or "maybe tomorrow" may have been taken for: neither drops or changes anything."""
_DOING = {
    "confirm_quote": ("get", "buy", "order", "take", "book", "reserve", "launch", "create", "provision", "rent"),
    "confirm_price": ("get", "buy", "order", "take", "book", "reserve", "launch", "create", "provision", "rent"),
    "confirm_release": (
        *("give back", "give it back", "give them back", "give that back", "release", "terminate", "delete", "kill"),
        *("destroy", "remove", "nuke", "get rid of"),
    ),
    "confirm_removal": ("forget", "remove", "delete"),
    "try_again": ("try again", "try it again", "try that again", "try", "retry", "again", "once more"),
    "stop_resource": ("stop", "stop it", "stop them", "shut down", "turn off", "pause"),
    "team_stop": ("stop", "stop it", "stop them", "shut down", "turn off", "pause"),
    "archive_resource": ("archive", "archive it", "archive them", "archive that", "put it away"),
    "start_resource": ("start", "start it", "start them", "turn on", "power on"),
    "reboot_resource": ("reboot", "restart"),
    "extend_reservation": ("extend", "prolong", "keep", "keep it", "keep them"),
    "scale_cluster": ("scale", "grow", "shrink", "resize", "add", "remove", "drop"),
}
_OF_THE_SAME = re.compile(r"\b(?:it|them|that|this|these|those)\b")
_MACHINES = ("machine", "machines", "vm", "vms", "cluster", "server", "servers", "box", "boxes", "one", "ones")
_DISKS = re.compile(r"\b(?:data|disks?|files?|volumes?|back-?ups?|snapshots?)\b")
_IN_USE = re.compile(
    r"\bwho(?: else)? (?:is using|uses)\b|\b(?:any(?:body|one)|some(?:body|one)) (?:us(?:es|ing)|on) it\b"
)
_DOUBTS = re.compile(
    r"(?:are you |you )?(?:really |quite |very )?(?:sure|certain|really)(?: about (?:it|that|this))?\W*"
)
_SHRUGS = re.compile(r"\bwhy not\b")
""" "Sure, why not" takes an offer, and is no order to delete."""
_NO_QUESTIONS = re.compile(r"\b(?:do(?:n'?t| not)|stop) ask")
_DONE = re.compile(
    r"(?:ok(?:ay)?[ ,]+|so[ ,]+|all )*(?:done|added|finished|ready|set"
    r"|(?:i(?:'ve| have)? )?(?:did|done|added) (?:it|that|them)"
    r"|it'?s (?:done|added|there)|i'?m (?:done|back|ready))(?: now)?"
)
""" After "run `clouddesk credentials add …`"."""
_INSTEAD = re.compile(r"\b(?:it|them|that|this|both|all)\b")


_NOT_YET = re.compile(
    r"(?:no[ ,]+)?(?:(?:please )?(?:don'?t|do not) (?:\w+ ){1,3}yet|not (?:just )?yet|not (?:right )?now)"
)


def _is_not_yet(turn: Turn) -> bool:
    """ "don't start it yet": no no, and no yes."""
    return _NOT_YET.fullmatch(turn.text.lower().replace("’", "'").strip(" .!")) is not None


def is_asked(question: Question | None) -> bool:
    """Whether a yes or no waits to be said: not one of several ready answers."""
    return questions.is_open(question) and question is not None and question["kind"] != "choose"


def said(turn: Turn) -> Answer:
    """What the message says to the open question."""
    doing, named = _of(turn.question or {})
    return read(turn.text, doing=doing, named=named)


def topic(turn: Turn) -> str | None:
    """Where an answer to the open confirmation goes, whatever it was taken for; None when it is none of these."""
    question = turn.question
    if turn.is_button or turn.form or question is None or not is_asked(question):
        return None
    answer = said(turn)
    has_done = turn.intent in _WAITING and is_errand_done(turn)
    is_shrug = destroys(question) and _SHRUGS.search(turn.text.lower()) is not None
    if is_shrug or has_done or _asks_about_disks(turn, answer) or _is_doubt(turn) or other_task(turn):
        return "ask_for_yes"
    if _says_yes_outright(turn) and not bargaining.takes_variation(turn):
        return "ask_for_yes" if question.get("is_changing") else "affirm"
    if turn.intent in ("deny", "cancel") and (negation.leaves_as_it_is(turn.text) or _is_not_yet(turn)):
        return "ask_for_yes"
    if turn.intent in _VAGUE and answer is Answer.NO:
        return "deny"
    if turn.intent in _VAGUE and answer in (Answer.YES, Answer.APPROVAL) and not bargaining.takes_variation(turn):
        return "affirm" if is_yes(question, answer) else "ask_for_yes"
    if answer in (Answer.HESITATION, Answer.LATER) and turn.intent in _WAITING:
        return "ask_for_yes"
    if turn.intent != "affirm" or retries.says_again(turn.text) or bargaining.is_yes(turn):
        return None
    if turn.request is not None and bargaining.change_in(turn):
        return None
    return None if left_after_yes(turn) else "ask_for_yes"


def is_yes(question: Question, answer: Answer) -> bool:
    """Whether it is yes enough: "perfect" is no order to delete, nor "ok" an answer to "What should be different?"."""
    if question.get("is_changing"):
        return False
    return answer is Answer.YES or (answer is Answer.APPROVAL and not destroys(question))


def destroys(question: Question) -> bool:
    """Whether the yes takes away what cannot be had back."""
    is_shrinking = question["kind"] == "confirm_task" and bool(question["facts"].get("is_for_good"))
    return (
        is_shrinking or question["kind"] in ("confirm_release", "confirm_removal") or question.get("option") == DELETE
    )


def left_after_yes(turn: Turn) -> str | None:
    """The task that is asked for after a clear yes: "yes, and stop the other one"."""
    question = turn.question or {}
    doing, named = _of(question)
    answer, rest = yes_and_more(turn.text, doing=doing, named=named)
    is_clear = is_asked(question) and is_yes(question, answer)
    # "yes, stop it", asked whether to give it back: that is meant instead, and not afterwards.
    is_instead = question.get("kind") == "confirm_release" and _OF_THE_SAME.search(rest.lower()) is not None
    return rest if is_clear and clauses.task_in(rest) and not is_instead else None


def other_task(turn: Turn) -> str | None:
    """ "Just stop it instead", to a question about giving back: the other task for the same machines."""
    if (turn.question or {}).get("kind") != "confirm_release" or turn.intent not in _WAITING or turn.intent == "affirm":
        return None
    text = turn.text.lower().replace("instead", " ").strip(" .!?")
    task = clauses.task_in(re.sub(r"^(?:no|nah|nope|rather|better|then|just|ok|okay|well)[ ,]+", "", text))
    is_other = task in ("stop_resource", "reboot_resource") and _INSTEAD.search(text)
    return task if is_other and "instead" in turn.text.lower() else None


def is_errand_done(turn: Turn) -> bool:
    """ "done", of something that was to be done elsewhere: no yes, but a reason to look again."""
    return _DONE.fullmatch(turn.text.lower().replace("’", "'").strip(" .!")) is not None


def why_not(turn: Turn) -> str:
    """The response that says why the message did nothing."""
    question, answer = turn.question or {}, said(turn)
    if question.get("kind") == "confirm_release":
        if _DISKS.search(turn.text.lower()):
            return "utter_no_yes_disks"
        if _IN_USE.search(turn.text.lower()):
            return "utter_no_yes_in_use"
    if question.get("is_changing") or negation.leaves_as_it_is(turn.text):
        return "utter_no_yes_unchanged"
    if _is_not_yet(turn):
        return "utter_no_yes_hesitation"
    responses = {
        Answer.HESITATION: "utter_no_yes_hesitation",
        Answer.LATER: "utter_no_yes_later",
        Answer.CONDITION: "utter_no_yes_condition",
        Answer.QUESTION: "utter_no_yes_question",
    }
    return responses.get(answer, "utter_no_yes")


def _says_yes_outright(turn: Turn) -> bool:
    """ "yes, delete it", taken for another order to delete; without the yes it may be the same order sent twice."""
    doing, named = _of(turn.question or {})
    is_no = turn.intent in ("deny", "cancel")
    return not is_no and read(turn.text, named=[*named, *doing]) is Answer.YES


def _asks_about_disks(turn: Turn, answer: Answer) -> bool:
    if (turn.question or {}).get("kind") != "confirm_release" or turn.intent not in _WAITING:
        return False
    text = turn.text.lower()
    return _IN_USE.search(text) is not None or (answer is not Answer.NO and _DISKS.search(text) is not None)


def _is_doubt(turn: Turn) -> bool:
    text = turn.text.lower().strip()
    is_doubt = "?" in text and _DOUBTS.fullmatch(text) is not None
    return is_doubt or (turn.intent in ("affirm", "deny", "cancel") and _NO_QUESTIONS.search(text) is not None)


def _of(question: Question) -> tuple[tuple[str, ...], list[str]]:
    """The verbs of the question, and the words in it."""
    kind = question.get("kind", "")
    doing = _DOING.get(question["topic"] if kind == "confirm_task" else kind, ())
    named = [questions.subject(question), str(question.get("provider") or ""), *_MACHINES] if kind in _KINDS else []
    return doing, named


_KINDS = ("confirm_quote", "confirm_price", "confirm_release", "confirm_removal", "confirm_task", "try_again")
