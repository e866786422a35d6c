"""Open questions: which kinds there are, and what a bare answer ("2", "the first", "spark-1") means to them.

A question is a dict in the slot ``open_question``:

    confirm_quote       {"id": quote id, "what": words}
    confirm_price       {"what": words}                        a price was shown: shall I get it?
    confirm_release     {"ids": […], "names": […]}
    confirm_removal     {"provider": name}
    choose              {"for": topic, "options": [{"id", "name"}, …], "entities": {…}}
    duration            {"id": reservation id, "name": its name}
    provider            {"for": topic}
    request_field       {"field": field of ResourceRequest, "what": words}
    answered            {"ids": […], "of": "quote" | "release"}  settled; remembered for a second yes
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from actions.turn import Question

_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            ("zero", "none"),
            ("one", "first"),
            ("two", "second"),
            ("three", "third"),
            ("four", "fourth"),
            ("five", "fifth"),
            ("six", "sixth"),
            ("seven", "seventh"),
            ("eight", "eighth"),
            ("nine", "ninth"),
            ("ten", "tenth"),
        )
    )
    for word in words
}
_FILLER = {"the", "number", "no", "nr", "option", "one", "please", "pls", "#", "just", "only", "take", "thanks"}


def is_open(question: Question | None) -> bool:
    """Whether something waits for an answer."""
    return question is not None and question["kind"] != "answered"


def bare_number(text: str) -> int | None:
    """The number when the text is nothing but one: "5", "-3", "five", "#2", "the first one"."""
    plain = text.lower().replace("−", "-")
    found = re.findall(r"-?\d+(?:st|nd|rd|th)?|[a-z]+|#", plain)
    if re.sub(r"[\s.,!()]", "", plain) != "".join(found):
        return None
    digits = [word for word in found if re.match(r"-?\d", word)]
    rest = [word for word in found if word not in digits and word not in _FILLER]
    if len(digits) == 1 and not rest:
        return int(digits[0].rstrip("stndrh"))
    if digits:
        return None
    # "the first one" is 1 by "first"; a lone "one" is 1 by itself.
    rest = rest or [word for word in found if word == "one"]
    return _NUMBERS.get(rest[0]) if len(rest) == 1 else None


def pick(options: Sequence[dict[str, Any]], text: str) -> dict[str, Any] | None:
    """The option that the text names by number, order, id or name."""
    said = text.strip().strip(".!?`'\"").lower()
    for option in options:
        if said in (str(option["id"]).lower(), str(option["name"]).lower()):
            return option
    number = bare_number(text)
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    if re.fullmatch(r"(?:the )?last(?: one)?", said):
        return options[-1]
    named = [option for option in options if _mentions(said, option)]
    return named[0] if len(named) == 1 else None


def is_bare_answer(question: Question | None, text: str) -> bool:
    """Whether the text can only be an answer to the open question."""
    if question is None or not is_open(question):
        return False
    if question["kind"] == "choose":
        return pick(question["options"], text) is not None and len(text.split()) <= 4
    return bare_number(text) is not None


def words(question: Question) -> str:
    """The question again, in short, as a whole sentence."""
    kind = question["kind"]
    if kind == "confirm_quote":
        return f"shall I get {question['what']}? Yes, no, or say what to change."
    if kind == "confirm_price":
        return f"shall I get {question['what']}? Yes or no."
    if kind == "confirm_release":
        return f"shall I give back {' and '.join(question['names'])} for good? Yes or no."
    if kind == "confirm_removal":
        return f"shall I forget your {question['provider']} access? Yes or no."
    if kind == "choose":
        return f"which one: {numbered(question['options'], separator=', ')}?"
    if kind == "duration":
        return f"by how long should I extend {question['name']}? For example “2 hours”."
    if kind == "provider":
        return "which cloud?"
    return f"what {_FIELDS.get(question['field'], 'should it be')}?"


def subject(question: Question) -> str:
    """What the question is about, for "dropped: …"."""
    kind = question["kind"]
    if kind in ("confirm_quote", "confirm_price", "request_field"):
        return str(question["what"])
    if kind == "confirm_release":
        return f"giving back {' and '.join(question['names'])}"
    if kind == "confirm_removal":
        return f"removing your {question['provider']} access"
    if kind == "choose":
        return _TOPICS.get(question["for"], "a choice")
    if kind == "duration":
        return f"extending {question['name']}"
    return _TOPICS.get(question.get("for", ""), "that")


def numbered(options: Sequence[dict[str, Any]], *, separator: str = "\n") -> str:
    """ "1. spark-1 (3 × m5.xlarge, running)" by line."""
    lines = (f"{number}. {option.get('line') or option['name']}" for number, option in enumerate(options, 1))
    return separator.join(lines)


_FIELDS = {
    "count": "number of machines",
    "region": "region",
    "software": "software",
    "duration_seconds": "time",
    "memory_gb": "memory",
    "vcpus": "number of cores",
    "size": "size",
    "providers": "cloud",
}
_TOPICS = {
    "terminate_resource": "giving a machine back",
    "stop_resource": "stopping a machine",
    "start_resource": "starting a machine",
    "reboot_resource": "rebooting a machine",
    "extend_reservation": "extending a reservation",
    "describe_resource": "the details",
    "connect_info": "the login",
    "add_credentials": "adding credentials",
    "remove_credentials": "removing credentials",
}


def _mentions(said: str, option: dict[str, Any]) -> bool:
    return any(
        re.search(rf"(?<![\w-]){re.escape(str(option[key]).lower())}(?![\w-])", said) is not None
        for key in ("id", "name")
    )
