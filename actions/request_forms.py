"""The forms of a request for machines: what a cluster is for, and what was said that makes no sense."""

from __future__ import annotations

from typing import Any, ClassVar

from actions import retries
from actions.bare import lone_number, said_number
from actions.base import DeskAction
from actions.create import MOST_BUTTONS, by_popularity, what
from actions.forms import Form
from actions.moments import Moment
from actions.requests import Fields, button, changes_in, is_fragment, merged, number_as, said_in
from actions.turn import Turn
from actions.wording import names
from clouddesk.model.request import CLUSTER, VM

_MOST_WORDS_OF_A_REGION = 3


class RequestForm(Form):
    """Puts the slot ``request`` together. Everything has a default, so that only nonsense is asked for again.

    ``problem`` says what makes no sense, as the action that tried found out; ``correction`` is the answer to it.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str]

    def subject(self, turn: Turn) -> str:
        return what(turn, turn.request or {"kind": self.kind})

    def is_bare_answer(self, turn: Turn) -> bool:
        """A number, or a few words that only add to the request ("in frankfurt")."""
        return said_number(turn.text) is not None or is_fragment(turn) or bool(_software_called(turn))

    def missing(self, turn: Turn) -> str | None:
        """Dynamic: a correction is required once there is a problem."""
        if "problem" in turn.facts and "correction" not in turn.facts:
            return "correction"
        return super().missing(turn)

    async def fill(self, turn: Turn, moment: Moment) -> None:
        if moment is Moment.OPENED:
            turn.request = {"kind": self.kind, **said_in(turn)}
        else:
            change = changes_in(turn) or self._plain(turn)
            if not change and turn.intent == self.topic and not turn.is_button:
                # Asked for anew.
                turn.facts.pop("problem", None)
                turn.request = {"kind": self.kind, **said_in(turn)}
            if change and "problem" in turn.facts:
                turn.facts["correction"] = change
            turn.request = merged(turn.request or {"kind": self.kind}, change)
        software = turn.request.get("software")
        if software and "software" in self.slots:
            turn.facts["software"] = software

    def _plain(self, turn: Turn) -> Fields:
        """A plain number or word as a value of what is asked for."""
        field = turn.facts["problem"]["field"] if "problem" in turn.facts else "software"
        if field == "providers" and turn.intent == "affirm":
            return {"providers": None}
        if field == "name" and len(turn.text.split()) == 1 and turn.intent not in ("affirm", "deny"):
            return {"name": turn.text.strip(" .!\"'").lower()}
        number = None if turn.is_button or turn.entities else lone_number(turn.text)
        if number is not None:
            return number_as(field, number)
        is_short = len(turn.text.split()) <= _MOST_WORDS_OF_A_REGION
        if (
            field == "region"
            and is_short
            and turn.intent not in ("affirm", "deny")
            and not retries.says_again(turn.text)
        ):
            return {"region": turn.text.strip().lower()}
        software = _software_called(turn)
        return {"software": software} if software else {}


class CreateVmForm(RequestForm):
    topic = "create_vm"
    kind = VM


class CreateClusterForm(RequestForm):
    topic = "create_cluster"
    kind = CLUSTER
    slots = ("software",)


class ActionAskSoftware(DeskAction):
    """A cluster of what?"""

    topic = "ask_software"

    async def respond(self, turn: Turn) -> None:
        """With a button for those that are asked for most; in short after something else was answered."""
        popular = by_popularity(turn.desk.blueprints())
        turn.say(
            "utter_ask_software_again" if turn.has_returned else "utter_ask_software",
            buttons=[button(item.title, "inform", software=item.name) for item in popular[:MOST_BUTTONS]],
            known=names([item.title for item in popular]),
        )


class ActionAskCorrection(DeskAction):
    """What is wrong with the request, and what to say instead."""

    topic = "ask_correction"

    async def respond(self, turn: Turn) -> None:
        """As the action that tried has worded it."""
        problem: dict[str, Any] = turn.facts["problem"]
        turn.say(problem["response"], buttons=problem["buttons"], **problem["values"])


def _software_called(turn: Turn) -> list[str]:
    """The blueprint when the text is nothing but its name."""
    said = turn.text.strip(" .!").lower()
    return [item.name for item in turn.desk.blueprints() if said in (item.name, item.title.lower(), *item.aliases)]
