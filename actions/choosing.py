"""A question with ready answers: which of two meanings, or which of two things a yes was for.

``{"kind": "choose", "id", "what", "options": [{"title", …}], "yes": place, "back": [question, request]}``: an option
holds what it stands for, either a message (``text``, ``intent``, ``entities``) or ``notice``, the answer to one.
``is_price`` marks a price that was asked for.
``yes`` is the option that a plain yes takes, if any; ``back`` is what was open before.
"""

from __future__ import annotations

import re
from typing import Any

from rapidfuzz import fuzz

from actions import usual
from actions.bare import bare_number
from actions.buttons import button, payload
from actions.turn import Button, Question, Turn
from clouddesk.language.assent import Answer, read

_NONE = re.compile(
    r"(?:no|nope|nah)?[ ,]*(?:neither|none|nothing|something else|someth?ing different|other)"
    r"(?: (?:of (?:these|those|them|the two|both)))?|no|nope|nah"
)
_EVERY = re.compile(r"(?:yes[ ,]+)?(?:all|both|each)(?: of them)?(?: please)?")
_WANTS = re.compile(
    r"(?:(?:i(?:'d| would)?"
    r"(?: like| want| mean| meant| take| choose| pick| prefer)|i'?ll (?:take|have)|take|use|give me"
    r"|choose|pick|go (?:for|with)|let'?s (?:take|do|go with)|make it|that'?s|it'?s)(?: to (?:take|have))?)\s+"
)
""" "I want the second"."""
_ORDERS = re.compile(r"\b(?:yes|yeah|yep|yup|do|go|sure|extend|keep)\b")
"""After a price that was only asked for, "ok" may be no more than a nod."""
_LEAST_SIMILARITY = 85.0
SOMETHING_ELSE = "Something else"


def is_answer(turn: Turn) -> bool:
    """Whether the message answers such a question: one of its buttons, an option, a yes or a no, or nothing clear."""
    if turn.is_button:
        return turn.one_of("option") is not None
    if turn.question is None or turn.question["kind"] != "choose" or turn.form:
        return False
    unclear = ("affirm", "deny", "cancel", "nlu_fallback")
    if turn.intent in unclear or refuses(turn) or takes_all(turn.question, turn):
        return True
    return picked(turn.question, turn) is not None


def ask_if(turn: Turn, title: str, intent: str, said: dict[str, Any]) -> None:
    """Leave open whether this is what was meant. A yes does it."""
    entities = [
        [name, item] for name, value in said.items() for item in (value if isinstance(value, list) else [value])
    ]
    option = {"title": title, "text": payload(intent, said), "intent": intent, "entities": entities}
    question = {"kind": "choose", "id": turn.message_id, "what": "what you meant", "options": [option]}
    turn.ask({**question, "yes": 0, "back": None})


def ask_between(turn: Turn, options: list[dict[str, Any]]) -> Question:
    """Leave open which of these was meant; what is open now comes back after the answer."""
    back = [turn.question, turn.request] if turn.question is not None else None
    question: Question = {"kind": "choose", "id": turn.message_id, "what": "what you meant", "options": options}
    question |= {"back": back, "yes": 0} if len(options) == 1 else {"back": back}
    turn.settle(question)
    turn.request = back[1] if back else None
    return question


def picked(question: Question, turn: Turn) -> int | None:
    """The place of the option that the message takes; None when it takes none."""
    options = question["options"]
    wanted = turn.text.lower().replace("’", "'").strip()
    number = turn.one_of("option") if turn.is_button else bare_number(_WANTS.sub("", wanted, count=1))
    if number is not None:
        return int(number) - 1 if 1 <= int(number) <= len(options) else None
    if turn.is_button or refuses(turn):
        return None
    said = _WANTS.sub("", wanted, count=1).strip(" .!?")
    if re.fullmatch(r"(?:the )?(?:last|latter|other)(?: one)?", said):
        return len(options) - 1
    scores = [_likeness(said, option) for option in options]
    best = max(range(len(options)), key=scores.__getitem__)
    if scores[best] >= _LEAST_SIMILARITY and scores.count(scores[best]) == 1:
        return best
    is_yes = turn.intent == "affirm" and not usual.leaves_it_to_me(turn)
    titles = [str(option["title"]) for option in options]
    is_clear = is_yes and read(turn.text, named=titles) in (Answer.YES, Answer.APPROVAL)
    if question.get("is_price") and not _ORDERS.search(wanted):
        return None
    return question.get("yes") if is_clear else None


def takes_all(question: Question, turn: Turn) -> bool:
    """ "both", of several notices."""
    are_notices = all("notice" in option for option in question["options"])
    return are_notices and not turn.is_button and _EVERY.fullmatch(turn.text.lower().strip(" .!?")) is not None


def refuses(turn: Turn) -> bool:
    """ "none of these"."""
    if turn.is_button:
        return turn.one_of("option") == 0
    is_none = _NONE.fullmatch(turn.text.lower().strip(" .!?")) is not None
    return is_none or turn.intent in ("deny", "cancel")


def buttons(question: Question) -> list[Button]:
    """One for each option, and one for none of them."""
    titles = [*enumerate((option["title"] for option in question["options"]), 1), (0, SOMETHING_ELSE)]
    return [button(title, "inform", question_id=question["id"], option=place) for place, title in titles]


def words(question: Question) -> str:
    """The options in one line."""
    return " or ".join(f"{place}. {option['title']}" for place, option in enumerate(question["options"], 1)) + "?"


def _likeness(said: str, option: dict[str, Any]) -> float:
    title = str(option["title"]).lower()
    if any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said) for word in option.get("words", ())):
        return 100.0
    return fuzz.ratio(said, title)
