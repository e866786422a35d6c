"""Answers that are no clear yes: nothing is done, why not is said, and the question is asked again."""

from __future__ import annotations

from typing import Any

from actions import assenting, create, lengths, questions
from actions.base import DeskAction, hand_over
from actions.buttons import payload
from actions.turn import Turn


class ActionAskForYes(DeskAction):
    """A hesitation, a question, a condition or a time in the answer to a confirmation."""

    topic = "ask_for_yes"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """The question once more, with its numbers; another task for the same machines takes its place."""
        question = turn.question or {}
        if task := assenting.other_task(turn):
            chosen = [{"id": id_, "name": name} for id_, name in zip(question["ids"], question["names"], strict=True)]
            turn.say("utter_release_dropped", name=" and ".join(question["names"]))
            turn.settle()
            turn.go_to(task, reservation=chosen)
            return
        if question["kind"] == "confirm_quote" and assenting.is_errand_done(turn) and turn.request is not None:
            await create.quote(turn, turn.request, response="utter_quote_looked_again")
            return
        turn.say(
            assenting.why_not(turn),
            buttons=questions.buttons(question),
            question=questions.words(question),
        )
        turn.question = {key: value for key, value in question.items() if key != "is_changing"}


class ActionReselect(DeskAction):
    """Other machines for the open question: "no, beta", "all but the newest"."""

    topic = "reselect"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """The same about these: what is for good, dear, or for several is asked anew, with its numbers."""
        question, chosen = turn.question or {}, turn.reselected or []
        is_release = question["kind"] == "confirm_release"
        topic = "terminate_resource" if is_release else str(question["topic"])
        facts = {} if is_release else {key: value for key, value in question["facts"].items() if key != "is_confirmed"}
        turn.settle()
        turn.facts = {**facts, "reservation": chosen}
        await hand_over(turn, topic)


class ActionChangeLength(DeskAction):
    """Another length for the extension that is asked about: "yes but 10 days"."""

    topic = "change_length"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """As if it had been said at first: what is dear is asked anew, with its numbers."""
        question, length, asked = turn.question or {}, turn.other_length, lengths.asked_about(turn.question)
        if length is None or asked is None:
            raise ValueError("no other length was said")
        time = {"until": length} if isinstance(length, str) else {"duration_minutes": length / 60}
        turn.settle()
        if question.get("back"):
            turn.question, turn.request = question["back"]
        said: dict[str, Any] = {"resource_name": asked[0], **time}
        pairs: list[list[Any]] = [["resource_name", item] for item in asked[0]]
        pairs += [[name, value] for name, value in time.items()]
        turn.hear_again(lengths.EXTEND, pairs, payload(lengths.EXTEND, said))
