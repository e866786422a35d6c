"""What is not clear: a sentence that was not understood, and a yes that could be for two things."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions import choosing, deciding, meanings, notified, questions, resolve, retries, stopping
from actions.base import DeskAction, hand_over
from actions.buttons import payload
from actions.reservation_forms import seconds_until
from actions.turn import Question, Turn
from actions.wording import duration
from clouddesk.language.assent import Answer, read
from clouddesk.language.localtime import local_time
from clouddesk.language.money import money
from clouddesk.model.notice import DEARER, OFFERED_EXTENSION_SECONDS, Notice

_MOST_MISSES = 2
_TO_STOP = {"stop_resource": "Stop", "terminate_resource": "Give back"}
_NO_YES = (Answer.QUESTION, Answer.CONDITION, Answer.HESITATION, Answer.LATER)
_KEEPING = (
    *(
        "extend",
        "extend it",
        "prolong",
        "keep",
        "keep it",
        "let",
        "go on",
        "longer",
        "2 hours",
        "two hours",
        "by 2 hours",
    ),
    *("another two hours", "another 2 hours", "renew", "running", "alive", "needed", "still needed", "extension"),
)

_TAKING = (
    "take",
    "take it",
    "take that",
    "get",
    "get it",
    "do it",
    "do that",
    "go ahead",
    "go for it",
    "fine",
    "dearer",
)


class ActionDidNotUnderstand(DeskAction):
    """Not understood: an answer to the open question perhaps, otherwise one of the two likeliest meanings."""

    topic = "did_not_understand"

    async def respond(self, turn: Turn) -> None:
        """An open question gets a second look at the text first; a form has had its look and asks again."""
        if turn.form:
            turn.say("utter_no_answer")
        elif questions.is_open(turn.question):
            await hand_over(turn, "inform")
        else:
            _ask_what_was_meant(turn)


class ActionDefaultFallback(DeskAction):
    """When no rule applies at all."""

    topic = "default_fallback"

    async def respond(self, turn: Turn) -> None:
        """As for what was not understood."""
        await hand_over(turn, "did_not_understand")


class ActionChoose(DeskAction):
    """The answer to a question with ready answers."""

    topic = "choose"

    async def respond(self, turn: Turn) -> None:
        """What was chosen goes on as if it had been said."""
        question = turn.question
        if question is None or question["kind"] != "choose" or not _is_of(question, turn):
            turn.say("utter_already_answered")
            return
        place = choosing.picked(question, turn)
        if choosing.takes_all(question, turn):
            go_back(turn, question)
            for option in question["options"]:
                await answer_notice(turn, **option["notice"])
            _still_open(turn)
        elif place is not None:
            option = question["options"][place]
            go_back(turn, question)
            if "notice" in option:
                await answer_notice(turn, **option["notice"])
                _still_open(turn)
            else:
                turn.hear_again(option["intent"], option["entities"], option["text"])
        elif choosing.refuses(turn):
            go_back(turn, question)
            if turn.question is not None:
                _still_open(turn)
            elif turn.intent == "cancel":
                # It was understood, and is not wanted.
                turn.say("utter_left_at_that")
            else:
                turn.misses = _misses(turn)
                turn.say("utter_say_otherwise")
        elif turn.intent == "nlu_fallback" and question.get("yes") is not None:
            turn.settle()
            _ask_what_was_meant(turn)
        else:
            turn.say("utter_choose_again", options=choosing.words(question), buttons=choosing.buttons(question))


class ActionAskWhatToStop(DeskAction):
    """ "Stop it", right after a machine was spoken of, with a request open."""

    topic = "ask_what_to_stop"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Which of the two; a machine that it cannot be done to any more is not meant."""
        question, task = turn.question or {}, stopping.task(turn)
        own = await turn.desk.reservations(turn.actor)
        item = next((item for item in own if item.id == question.get("beside")), None)
        if task is None or item is None or not resolve.can(task, item):
            await hand_over(turn, "cancel")
            return
        said = {"resource_name": item.id}
        machine = {
            "title": f"{_TO_STOP[task]} {item.name}",
            "words": [item.name, "machine", "stop"],
            "text": payload(task, said),
            "intent": task,
            "entities": [["resource_name", item.id]],
        }
        asked = choosing.ask_between(turn, [machine, _option_of(question, turn)])
        turn.say("utter_which_is_meant", buttons=choosing.buttons(asked), options=choosing.words(asked))


class ActionAnswerNotice(DeskAction):
    """A yes or no to a notice; when it could be for something else, which of them is asked."""

    topic = "answer_notice"

    async def respond(self, turn: Turn) -> None:
        """Extend by what was offered or said, or let it end; take what is dearer, or not."""
        notices = notified.meant(turn)
        length: int | str | None = None
        # A hesitation, a question or a condition is no yes to what costs money.
        is_clear = notified.is_clear(turn, notices) and (turn.intent != "affirm" or _says_yes(turn, notices))
        if turn.intent != "deny":
            minutes = turn.one_of("duration_minutes")
            length = round(float(minutes) * 60) if minutes else turn.one_of("until") or OFFERED_EXTENSION_SECONDS
        if is_clear:
            await answer_notice(turn, **_answer(notices[0], length))
            _still_open(turn)
            return
        options = [await _option(turn, notice, length) for notice in notices]
        if questions.is_open(turn.question) and notices[0] in turn.new_notices:
            options.append(_option_of(turn.question, turn))
        question = choosing.ask_between(turn, options)
        response = "utter_which_yes" if len(options) > 1 else "utter_really_extend"
        turn.say(response, buttons=choosing.buttons(question), options=choosing.words(question))


def _says_yes(turn: Turn, notices: tuple[Notice, ...]) -> bool:
    if turn.entities:
        return read(turn.text) not in _NO_YES
    named = [str(notice.values["name"]) for notice in notices]
    doing = _TAKING if notices[0].kind == DEARER else _KEEPING
    return read(turn.text, doing=doing, named=named) in (Answer.YES, Answer.APPROVAL)


def _ask_what_was_meant(turn: Turn) -> None:
    turn.misses = _misses(turn) + 1
    likeliest = [] if turn.is_button else meanings.likeliest(turn)
    if turn.misses >= _MOST_MISSES or not likeliest:
        turn.say("utter_did_not_understand_again" if turn.misses >= _MOST_MISSES else "utter_did_not_understand")
        return
    options = [
        {
            "title": meanings.words(intent),
            "text": turn.text,
            "intent": intent,
            "entities": meanings.entities(turn, intent),
        }
        for intent in likeliest
    ]
    question: Question = {"kind": "choose", "id": turn.message_id, "what": "what you meant", "options": options}
    turn.ask({**question, "yes": 0, "back": None})
    turn.say("utter_did_you_mean", buttons=choosing.buttons(question), options=choosing.words(question))


def _misses(turn: Turn) -> int:
    return int(turn.slots_before.get("misses") or 0)


def _is_of(question: Question, turn: Turn) -> bool:
    return not turn.is_button or turn.one_of("question_id") == question["id"]


def go_back(turn: Turn, question: Question) -> None:
    """What was open before the question is open again."""
    turn.settle()
    if question.get("back"):
        turn.question, turn.request = question["back"]


async def _option(turn: Turn, notice: Notice, length: int | str | None) -> dict[str, Any]:
    name = notice.values["name"]
    answer = _answer(notice, length)
    if notice.kind == DEARER:
        if length is None:
            return {"title": f"Leave {name}, which ends then", "words": [name, "leave"], "notice": answer}
        title = f"Take the dearer one for {name} ({notice.values['offer_hourly']} an hour)"
        return {"title": title, "words": [name, "take", "dearer"], "notice": answer}
    if length is None:
        return {"title": f"Let {name} end", "words": [name, "end"], "notice": answer}
    if isinstance(length, str):
        title = f"Keep {name} {length}"
    else:
        price = money(await turn.desk.leases.extension_price_usd(turn.actor, notice.reservation_id, length))
        title = f"Extend {name} by {duration(length)} ({price})"
    return {"title": title, "words": [name, "extend", "extension", "keep", "warning", "notice"], "notice": answer}


def _option_of(question: Question | None, turn: Turn) -> dict[str, Any]:
    """The open question's own yes or no, as its button would say it."""
    if question is None:
        raise ValueError("no question is open")
    says_yes = turn.intent == "affirm"
    return {
        "title": questions.yes_title(question) if says_yes else f"Drop {questions.subject(question)}",
        "words": ["get", "quote", "order", "new"] if says_yes else ["drop", "quote", "order"],
        "text": "/affirm" if says_yes else "/deny",
        "intent": "affirm" if says_yes else "deny",
        "entities": [[name, value] for name, value in questions.about(question).items()],
    }


def _answer(notice: Notice, length: int | str | None) -> dict[str, Any]:
    """What ``answer_notice`` takes; without a length it is a no."""
    return {"reservation_id": notice.reservation_id, "length": length, "is_offer": notice.kind == DEARER}


async def answer_notice(turn: Turn, reservation_id: str, length: int | str | None, *, is_offer: bool = False) -> None:
    """Extend by so many seconds or until then, beside whatever is open; None lets it end.

    ``is_offer``: it is dearer machines that are taken, or with None left.
    """
    if is_offer:
        await deciding.answer_offer(turn, reservation_id, is_wanted=length is not None)
        notified.settle(turn, reservation_id)
        return
    item = await turn.desk.reservation(turn.actor, reservation_id)
    turn.last_reservation = item.id
    seconds = seconds_until(turn, item, length) if isinstance(length, str) else length
    if length is None:
        notified.settle(turn, item.id)
        ends = local_time(item.expires_at, turn.actor, turn.desk.clock())
        turn.say("utter_notice_declined", name=item.name, ends=ends)
    elif seconds is not None:
        facts = {"reservation": [{"id": item.id, "name": item.name}], "duration": seconds, "is_confirmed": True}
        if not questions.is_open(turn.question):
            turn.wish = {**retries.wish(turn, "extend_reservation"), "facts": facts}
        aside = replace(turn, form=None, asked=None, facts=facts, replies=[])
        await hand_over(aside, "extend_reservation")
        turn.replies += aside.replies
        turn.noticed = aside.noticed


def _still_open(turn: Turn) -> None:
    if questions.is_open(turn.question) and turn.question is not None:
        buttons, words = questions.buttons(turn.question), questions.words(turn.question)
        turn.say("utter_still_open", buttons=buttons, question=words)
