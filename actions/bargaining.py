"""What people say to a quote besides measures: "make it 3", "the other one", "any region", "too expensive"."""

from __future__ import annotations

import re

from actions.bare import bare_number, lone_number, number_in_a_clause, said_number
from actions.request_fields import ANYWHERE, MEASURES, Fields, number_as
from actions.requests import changes_in
from actions.turn import Question, Turn
from clouddesk.language import measures, relative
from clouddesk.language.negation import without_denials, without_questions
from clouddesk.language.numbers import NUMBER, parse_number
from clouddesk.language.vocabulary import LEAD, PERIODS, POLITE_END, SOME_MACHINES

_MORE = re.compile(r"\b(?:add|another|extra|additional|(?<!no )more)\b(?! than)")
_FEWER = re.compile(r"\b(?:remove|fewer|less)\b(?! than)")
_FIRST = re.compile(rf"(?!no|nah){LEAD}(?:the first(?: one)?|(?:the )?first (?:one|offer|option)){POLITE_END}")
_OTHER = re.compile(
    rf"{LEAD}(?:the )?(?:second|other|next|runner[- ]up|alternative)(?: (?:one|offer|option))?{POLITE_END}"
)
_ANY = {
    "region": re.compile(
        r"\b(?:any|without (?:a|the)|no|whatever|whichever) (?:region|place|location)\b|\banywhere\b"
        r"|\b(?:region|place|location) (?:doesn'?t|does not) matter"
    ),
    "providers": re.compile(
        r"\b(?:any|whatever|whichever) (?:cloud|provider)\b|\b(?:cloud|provider) (?:doesn'?t|does not) matter"
    ),
    "max_hourly_price_usd": re.compile(
        r"\b(?:no|without (?:a|the)|forget (?:about )?the) (?:price )?(?:limit|cap|maximum)\b"
    ),
}
_CHEAPER = re.compile(
    r"\b(?:too|very|so|quite|pretty|sounds|looks|is|seems) (?:expensive|pricey|dear|costly)\b|\btoo much\b"
    r"|\b(?:ch(?=[ea]*p)[eap]{2,4}e?r|less expensive)\b|\b(?:too|very|so) expansive\b"
    r"|\bnot (?:so |too |that |as )?(?:expensive|expansive|pricey|dear|costly)\b"
)
"""With "cheaper" in its usual misspellings."""
_TOO_MUCH = re.compile(r"\b(?:too|way too|far too) (?:much|many|big|large)\b")
_TAKES = re.compile(
    rf"{LEAD}(?:(?:do|go (?:with|for)|make it|switch to|order|i(?:'ll| will) (?:take|have)) )?"
    rf"(?:that|those|this|these|that one|this one|the (?:new|bigger|larger|smaller|other|second|latter)(?: one)?)"
    rf"(?: one)?{POLITE_END}"
)
_TAKES_IT = re.compile(
    rf"(?!yes){LEAD}(?:i(?:'ll| will)? )?(?:take|tak|get|buy|order|have|want)"
    rf"(?: (?:it|that|this|them|those))?(?: one)?{POLITE_END}"
)
"""Right after the price of a variation this is the newest shown; that is quoted then, so that it buys nothing yet."""
_SIZES = {
    2.0: r"bigger|larger|stronger|faster|beefier|more powerful",
    0.5: r"smaller|weaker|less powerful",
}
_RESIZES = {
    factor: re.compile(
        rf"{LEAD}(?:(?:make|can you make|could you make|a bit|bit|much|something|one size|a size|an?) )*"
        rf"(?:(?:it|them|that|this|these|each) )?(?:(?:a bit|bit|much|one size|a size|a little) )*"
        rf"(?:{words})(?: (?:one|ones|machines?|size))?{POLITE_END}"
    )
    for factor, words in _SIZES.items()
}
_UNDOES = re.compile(
    rf"{LEAD}(?:(?:undo|revert)(?: (?:that|it|this|the (?:last )?change))?"
    rf"|(?:(?:change|turn|put|take|switch) (?:it|that|this) back|go back|back)(?: to (?:what it was(?: before)?|before"
    rf"|the (?:previous|last|first|old) (?:one|offer|version)|how it was|the (?P<kind>vm|machine|cluster)))?"
    rf"|as (?:it was )?before){POLITE_END}"
)
_ANOTHER = re.compile(SOME_MACHINES)
_THAT = re.compile(r"\b(?:that|it|this|them|those|these|instead|same)\b")
_OF_THOSE = re.compile(rf"\b(?P<number>{NUMBER}) of (?:those|them|these)\b")
_ADDS = re.compile(rf"{LEAD}(?:and |but )?with\b")
_WITH = re.compile(r"\bwith\b")
_PER = re.compile(r"\b(?:per|an?|every) (month|week|day)\b")
_MOST_WORDS = 6


def change_in(turn: Turn) -> Fields:
    """What the message changes in the quoted request; what it denies or only asks changes nothing."""
    question = turn.question or {}
    if takes_variation(turn):
        return dict(question["variation"])
    if undone := _undone(turn):
        return undone
    if resized := _resized(turn):
        return resized
    if question.get("other") and not turn.is_button and _OTHER.fullmatch(_plain(turn.text)):
        # "the runner-up" may have been taken for the name of a template
        return dict(question["other"])
    text = without_denials(without_questions(turn.text))
    if not turn.is_button and not text.strip(" .!?") and without_denials(turn.text).strip(" .!?"):
        return {}
    change = changes_in(turn)
    if "count" in change and not turn.is_button:
        change["count"] = _in_all(text, change["count"], question)
    change = {**_relative(turn), **change}
    if change and turn.intent in ("correct", "inform") and "count" not in change and not turn.is_button:
        # "not aws, and make it three"
        number = number_in_a_clause(text)
        # "8 cores. no wait, 6": said of that already.
        is_said = number is None or number in change.values()
        return change if is_said else {**change, "count": _in_all(text, int(number or 0), question)}
    return change if change or turn.is_button else _change_in_words(turn, text)


def change_after_yes(turn: Turn) -> Fields:
    """What a message right after the yes would have changed: "with a 200 gb disk", "make it three"."""
    is_added = turn.intent == "inform" and _ADDS.match(_plain(turn.text)) is not None
    change = change_in(turn) if is_added or turn.intent == "correct" else {}
    return {field: value for field, value in change.items() if field != "name"}


def _change_in_words(turn: Turn, text: str) -> Fields:
    """What a message without a value that was understood changes: "any region", "double it", "three"."""
    question = turn.question or {}
    loosened = {field: None for field, pattern in _ANY.items() if pattern.search(_plain(turn.text))}
    if "region" in loosened and "region" in (turn.request or {}) | dict.fromkeys(question.get("habits", ())):
        return {"region": ANYWHERE}
    known = {field: value for field, value in loosened.items() if (turn.request or {}).get(field)}
    if known or turn.entities:
        return known
    if count := _multiplied(turn, question):
        return {"count": count}
    number = said_number(text) if turn.intent == "affirm" else lone_number(text)
    if number is None:
        number = number_in_a_clause(text)
    return {} if number is None else _numbered(turn, number)


def _numbered(turn: Turn, number: int) -> Fields:
    """The one number of the message as a value of what was spoken of last, or as how many."""
    question = turn.question or {}
    is_bare = bare_number(turn.text) is not None
    counts = _MORE.search(turn.text.lower()) or _FEWER.search(turn.text.lower())
    recent = question.get("recent") or (question.get("described") if is_bare else None)
    if recent in measures.WITHOUT_NUMBER:
        return {}
    if recent and recent != "count" and not counts:
        return number_as(recent, number, turn.request, unit=question.get("unit"))
    if (lower := _too_much(turn, number)) is not None:
        return lower
    if not recent and is_bare and question.get("is_changing") and turn.slots_before.get("misses"):
        # What was to be different was not understood: nobody knows what the number measures.
        return {}
    return {"count": _in_all(turn.text, number, question)}


def _too_much(turn: Turn, number: int) -> Fields | None:
    """ "Too much, 16" of 2 machines with 32 GB is said of the memory; {} where it could be said of several measures.

    None where nothing was too much, or no more of anything is quoted than the number.
    """
    question = turn.question or {}
    if turn.is_button or not _TOO_MUCH.search(_plain(turn.text)):
        return None
    quoted = {**(question.get("size") or {}), "count": question.get("count")}
    more = [field for field, value in quoted.items() if field in MEASURES and value and value > number]
    if not more:
        return None
    more = [field for field in more if field in (turn.request or {})] or more  # before what is a default
    return number_as(more[0], number) if len(more) == 1 else {}


def _relative(turn: Turn) -> Fields:
    """ "Double the memory" and "one less", by what is quoted."""
    question = turn.question or {}
    if turn.is_button or not question.get("size"):
        return {}
    return relative.changes(turn.text, {**question["size"], "count": question.get("count")})


def _multiplied(turn: Turn, question: Question) -> int | None:
    """How many "double it" makes of what is quoted."""
    return relative.of_all(turn.text, int(question.get("count") or 0)) or None


def _undone(turn: Turn) -> Fields:
    """What "undo that" and "back to the vm" change: everything to what it was before the last change."""
    undone: Fields = (turn.question or {}).get("undone") or {}
    found = _UNDOES.fullmatch(_plain(turn.text)) if undone and not turn.is_button else None
    if found is None or (found["kind"] and (found["kind"] == "cluster") != (undone.get("kind") == "cluster")):
        return {}
    return {field: value for field, value in undone.items() if value is not None or (turn.request or {}).get(field)}


def _resized(turn: Turn) -> Fields:
    """ "Make it bigger": twice of what is quoted."""
    size = (turn.question or {}).get("size")
    if turn.is_button or turn.entities or not size:
        return {}
    factors = [factor for factor, pattern in _RESIZES.items() if pattern.fullmatch(_plain(turn.text))]
    if not factors:
        return {}
    return {
        "vcpus": max(1, int(size["vcpus"] * factors[0])),
        "memory_gb": max(0.5, size["memory_gb"] * factors[0]),
    }


def takes_variation(turn: Turn) -> bool:
    """ "take that", after the price of a variation; its button, too."""
    question = turn.question or {}
    if not question.get("variation"):
        return False
    if turn.is_button:
        return bool(turn.one_of("variation")) and turn.one_of("quote_id") == question["id"]
    text = _plain(turn.text)
    return _TAKES.fullmatch(text) is not None or _TAKES_IT.fullmatch(text) is not None


def price_change(turn: Turn) -> Fields:
    """What a question about the price changes in the open request; a bare number is what was spoken of last."""
    change = changes_in(turn)
    if "count" not in change and not turn.is_button and (several := _OF_THOSE.search(_plain(turn.text))):
        change = {**change, "count": int(parse_number(several["number"]))}
    if change or turn.is_button:
        return change
    number = lone_number(turn.text)
    if number is None:
        return {}
    recent = (turn.question or {}).get("recent")
    # "and with 3?" is no length of time.
    is_count = recent == "duration_seconds" and _WITH.search(turn.text.lower())
    return number_as("count" if is_count else recent, number, turn.request)


def asks_monthly(turn: Turn) -> Fields:
    """ "What does it cost per month?": the price of so long a time."""
    found = None if turn.is_button or turn.all_of("duration_minutes") else _PER.search(_plain(turn.text))
    return {"duration_seconds": PERIODS[found[1]]} if found else {}


def asks_about_another(turn: Turn) -> bool:
    """Whether a question about the price describes machines of its own: "what does a vm with 16 gigs cost?"."""
    if turn.is_button:
        return False
    known, named = (turn.request or {}).get("software"), list(turn.all_of("software"))
    if known and named:
        return bool(known != named)
    text = _plain(turn.text)
    return _ANOTHER.search(text) is not None and _THAT.search(text) is None


def is_only_a_change(turn: Turn) -> bool:
    """Whether the message can only be about the open quote, whatever it was taken for."""
    question = turn.question
    if question is None or turn.request is None or turn.is_button or is_yes(turn):
        return False
    text = _plain(turn.text)
    if takes_variation(turn):
        return True
    if (
        _undone(turn)
        or _resized(turn)
        or _multiplied(turn, question)
        or (question.get("count") and relative.is_step(text))
    ):
        return True
    if said_number(text) is not None or (question.get("other") and _OTHER.fullmatch(text)):
        return True
    if measures.field_named(text) or (turn.intent == "scale_cluster" and _relative(turn)):
        return True
    is_short = len(text.split()) <= _MOST_WORDS
    return is_short and bool((change_in(turn) and _loosens(text)) or asks_cheaper(turn))


def is_yes(turn: Turn) -> bool:
    """ "the first one", and "yes, the 3" when 3 are quoted.

    Not "no, the first one", nor after the runner-up was taken: that may mean an earlier offer, and a yes buys.
    """
    question = turn.question or {}
    if question.get("kind") != "confirm_quote":
        return False
    is_same = turn.intent == "affirm" and said_number(turn.text) == question["count"]
    is_first = _FIRST.fullmatch(_plain(turn.text)) is not None and turn.intent != "deny"
    # After the price of a variation several were shown: which is the first?
    return is_same or (is_first and "size_names" not in (turn.request or {}) and not question.get("variation"))


def asks_cheaper(turn: Turn) -> bool:
    """ "too expensive"; with a limit in it, it is a change."""
    return not turn.entities and len(turn.text.split()) <= _MOST_WORDS and bool(_CHEAPER.search(_plain(turn.text)))


def _in_all(text: str, number: int, question: Question) -> int:
    """ "2 more" than the machines that are quoted."""
    quoted = question.get("count")
    if quoted and (_MORE.search(text.lower()) or text.lower().startswith("plus")):
        return int(quoted) + number
    if quoted and _FEWER.search(text.lower()):
        return int(quoted) - number
    return number


def _loosens(text: str) -> bool:
    return any(pattern.search(text) for pattern in _ANY.values())


def _plain(text: str) -> str:
    return text.lower().replace("’", "'").strip(" .!?")
