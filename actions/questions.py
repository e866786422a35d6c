"""Open confirmations: which kinds there are, and their words. Forms ask for missing facts (``actions/forms.py``).

A confirmation is a dict in the slot ``open_question``:

    confirm_quote       {"id": quote id, "what": words}
    confirm_price       {"what": words}                        a price was shown: shall I get it?
    confirm_release     {"ids": […], "names": […]}
    confirm_removal     {"provider": name}
    answered            {"ids": […], "of": "quote" | "release"}  settled; remembered for a second yes
"""

from __future__ import annotations

from actions.bare import bare_number
from actions.turn import Question


def is_open(question: Question | None) -> bool:
    """Whether something waits for an answer."""
    return question is not None and question["kind"] != "answered"


def is_bare_answer(question: Question | None, text: str) -> bool:
    """Whether the text can only be an answer to the open confirmation: a bare number changes how many."""
    return question is not None and is_open(question) and bare_number(text) is not None


def words(question: Question) -> str:
    """The question again, in short, as a whole sentence."""
    kind = question["kind"]
    if kind == "confirm_quote":
        return f"shall I get {question['what']}? Yes, no, or say what to change."
    if kind == "confirm_price":
        return f"shall I get {question['what']}? Yes or no."
    if kind == "confirm_release":
        return f"shall I give back {' and '.join(question['names'])} for good? Yes or no."
    return f"shall I forget your {question['provider']} access? Yes or no."


def subject(question: Question) -> str:
    """What the confirmation is about, for "dropped: …"."""
    if question["kind"] == "confirm_release":
        return f"giving back {' and '.join(question['names'])}"
    if question["kind"] == "confirm_removal":
        return f"removing your {question['provider']} access"
    return str(question["what"])
