"""Open confirmations: which kinds there are, and their words. Forms ask for missing facts (``actions/forms.py``).

A confirmation is a dict in the slot ``open_question``:

    confirm_quote       {"id": quote id, "what": words, "count": machines, "provider": name,
                         "other": change to the runner-up, "shown": see ``actions/differences.py``;
                         "is_changing": whether it was asked what to change}
    confirm_price       {"id": any, "what": words}                        a price was shown: shall I get it?
    confirm_release     {"ids": […], "names": […]}
    confirm_removal     {"provider": name}
    try_again           what failed, see ``actions/retries.py``: shall I try again?
    confirm_task        what is to be done, see ``actions/retries.py``, and its "doing": shall I?
                        "phrase": what is to be said for it, where a yes is not enough
                        "title": of the button for the yes, where it has one of its own
    confirm_decision    {"option": …, "id": what it is about, "doing": words}     see ``actions/deciding.py``
    choose              see ``actions/choosing.py``
    answered            {"ids": […], "of": "quote" | "release"}  settled; remembered for a second yes

``has_failed`` marks one whose yes could not be carried out; ``beside`` is the machine that was spoken of since a
request was asked about last (``actions/stopping.py``).
"""

from __future__ import annotations

from typing import Any

from actions import choosing, differences
from actions.bare import said_number
from actions.buttons import payload
from actions.turn import Button, Question
from actions.wording import names, provider_title

_DOING = {
    "extend_reservation": "extending",
    "stop_resource": "stopping",
    "start_resource": "starting",
    "archive_resource": "archiving",
    "reboot_resource": "rebooting",
    "terminate_resource": "giving back",
    "scale_cluster": "scaling",
}
_BUTTONS = {
    "confirm_quote": ("Yes, get it", "No"),
    "confirm_price": ("Yes, get it", "No"),
    "confirm_release": ("Yes, give back", "No, keep"),
    "confirm_removal": ("Yes, forget it", "No, keep it"),
    "confirm_task": ("Yes, go ahead", "No"),
    "confirm_decision": ("Yes, go ahead", "No"),
    "try_again": ("Try again", "No"),
}


def is_open(question: Question | None) -> bool:
    """Whether something waits for an answer."""
    return question is not None and question["kind"] != "answered"


def is_request(question: Question) -> bool:
    """Whether it is about machines that are asked for."""
    return question["kind"] in ("confirm_quote", "confirm_price")


def is_bare_answer(question: Question | None, text: str) -> bool:
    """Whether the text can only be an answer to the open confirmation, good or not: a number and nothing else."""
    return is_open(question) and said_number(text) is not None


def words(question: Question, *, is_named: bool = False) -> str:
    """The question again, in short, as a whole sentence; ``is_named``: the words before it say what it is about."""
    kind = question["kind"]
    if is_named and is_request(question):
        question = {**question, "what": "them" if question.get("count", 1) > 1 else "it"}
    elif is_named and kind == "confirm_release":
        question = {**question, "names": ["it" if len(question["names"]) == 1 else "them"]}
    if kind == "confirm_quote":
        asks = " It takes an approval, for which I would ask." if question.get("is_over_budget") else ""
        return f"shall I get {question['what']}?{_price(question)}{asks} Yes, no, or say what to change."
    if kind == "confirm_price":
        return f"shall I get {question['what']}?{_price(question)} Yes or no."
    if kind == "confirm_release":
        called = " and ".join(question["names"])
        return f"shall I give back {called} for good? Disks and data are deleted. Yes or no."
    if kind == "confirm_removal":
        return f"shall I forget your {provider_title(question['provider'])} access? Yes or no."
    if phrase := question.get("phrase"):
        return f"shall I go ahead with {question['doing']}? Say “{phrase}”, or no."
    if kind in ("confirm_task", "confirm_decision"):
        cost = f" That costs {question['price']}." if question.get("price") else ""
        return f"shall I go ahead with {question['doing']}?{cost} Yes or no."
    if kind == "choose":
        return choosing.words(question)
    return f"shall I try {subject(question)} again? Yes or no."


def shown_in(question: Any) -> dict[str, Any] | None:
    """What the card of a request showed, if it is one."""
    return question.get("shown") if isinstance(question, dict) else None


def help_response(question: Question) -> str:
    """The response with examples of what can be answered."""
    return "utter_help_at_quote" if is_request(question) else "utter_help_at_question"


def yes_payload(question: Question) -> str:
    """The payload of the yes, which knows what it is about.

    It names whom something is given to: the connector looks up who that is by now.
    """
    person = {"person": question["to"]} if "to" in question else {}
    return payload("affirm", about(question) | person)


def yes_title(question: Question) -> str:
    """What a yes does, in few words: "Get the Spark cluster"."""
    kind, what = question["kind"], subject(question)
    if kind in ("confirm_quote", "confirm_price"):
        return f"Get {what}"
    return f"Try {what} again" if kind == "try_again" else f"Go on with {what}"


def buttons(question: Question) -> list[Button]:
    """Yes and no, and change where there is something to change."""
    if question["kind"] == "choose":
        return choosing.buttons(question)
    yes, no = _BUTTONS[question["kind"]]
    yes = str(question.get("title") or yes)
    if question.get("is_over_budget"):
        yes = "Yes, ask for approval"
    if phrase := question.get("phrase"):
        yes = str(phrase).capitalize()
    change = [{"title": "Change", "payload": payload("correct", about(question))}]
    return [
        {"title": yes, "payload": yes_payload(question)},
        *(change if question["kind"] == "confirm_quote" else ()),
        {"title": no, "payload": payload("deny", about(question))},
    ]


def is_about(question: Question, entities: dict[str, Any]) -> bool:
    """Whether a button with these entities belongs to this question."""
    known = about(question)
    return bool(known) and all(entities.get(name) == value for name, value in known.items())


def about(question: Question) -> dict[str, Any]:
    """The entities of its buttons, which say what they are about."""
    kind = question["kind"]
    if kind == "confirm_quote":
        return {"quote_id": question["id"]}
    if kind == "confirm_release":
        ids = question["ids"]
        return {"reservation_id": ids[0] if len(ids) == 1 else ids}
    if kind == "confirm_removal":
        return {"provider": question["provider"]}
    return {"question_id": question["id"]}


def subject(question: Question) -> str:
    """What the confirmation is about, for "dropped: …"."""
    if question["kind"] == "confirm_release":
        return f"giving back {' and '.join(question['names'])}"
    if question["kind"] == "confirm_removal":
        return f"removing your {provider_title(question['provider'])} access"
    if question["kind"] in ("confirm_task", "confirm_decision"):
        return str(question["doing"])
    if question["kind"] == "try_again":
        called = [item["name"] for item in question["facts"].get("reservation") or ()]
        doing = _DOING.get(question["topic"])
        return f"{doing} {names(called)}" if doing and called else "that"
    return str(question["what"])


def _price(question: Question) -> str:
    """What a yes gets and costs."""
    shown = shown_in(question)
    return f" It is {differences.brief(shown)}." if shown else ""
