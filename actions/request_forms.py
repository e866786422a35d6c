"""The forms of a request for machines: what a cluster is for, and what was said that makes no sense."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from actions import openings, parking, questions, rereading, retries, usual
from actions.bare import lone_number, said_number
from actions.base import DeskAction
from actions.buttons import button
from actions.create import by_popularity, what
from actions.forms import Form
from actions.kinds import count_kept, is_besides, is_second, kept_of, revises, says_nothing_on_it
from actions.mending import MOST_BUTTONS
from actions.moments import Moment
from actions.purposes import software_for
from actions.request_fields import Fields, change_words, merged, number_as
from actions.requests import changes_in, is_fragment, stated_in
from actions.turn import Turn
from actions.wording import names
from clouddesk.language import systems
from clouddesk.model.request import CLUSTER, VM

_MOST_WORDS_OF_A_REGION = 3
_ANEW = re.compile(
    r"^(?:(?:ok|okay|then|so|well|please|hmm|and|now)[ ,]+)*"
    r"(?:create|get|give|gimme|i(?:'d| would)? (?:need|want|like)|need|want|make me|order|spin up|start|launch"
    r"|can i have)?"
    r"(?: me| us)? ?\b(?:an?|new|another|one|two|three|\d+) (?:[\w.-]+ ){0,3}"
    r"(?:vms?|virtual machines?|machines?|servers?|box(?:es)?|instances?|clusters?)\b|^create\b"
)
"""Begins a request of its own."""


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
        if usual.leaves_it_to_me(turn) or usual.says_usual(turn):
            return True
        if openings.changes_open_request(turn) or self._has_nothing_on_it(turn) or said_number(turn.text) is not None:
            return True
        if turn.asked == "software" and software_for(turn):
            return True
        return rereading.as_change(turn) or is_fragment(turn) or bool(_software_called(turn))

    def is_second(self, turn: Turn) -> bool:
        """ "Also a kafka cluster" while it is asked what another is for."""
        return turn.intent == self.topic and "problem" not in turn.facts and is_second(turn)

    def missing(self, turn: Turn) -> str | None:
        """Dynamic: a correction is required once there is a problem."""
        if "problem" in turn.facts and "correction" not in turn.facts:
            return "correction"
        return super().missing(turn)

    def make_room(self, turn: Turn) -> None:
        """A revised wish ("actually a vm") keeps what still applies; another takes the place of the open one."""
        question = turn.question
        if question is None or not questions.is_open(question):
            before, is_request = turn.request, turn.request is not None
            turn.question = None
        else:
            before, is_request = turn.request, questions.is_request(question)
        if not is_request or before is None or is_besides(turn):
            parking.set_aside(turn)
        elif question is None or revises(turn):
            turn.question = None
            self._keep(turn, before)
        else:
            if not turn.is_button:
                turn.say("utter_request_dropped", what=questions.subject(question))
            turn.question = turn.request = None

    def make_way(self, turn: Turn, other: type[Form] | None) -> None:
        """For the other kind of request the facts may still apply: its form decides."""
        is_request = other is not None and issubclass(other, RequestForm)
        if not is_request or is_besides(turn):
            super().make_way(turn, other)
        elif revises(turn):
            turn.close_form()
        else:
            turn.say("utter_request_dropped", what=self.subject(turn))
            turn.settle()

    def _keep(self, turn: Turn, before: Fields) -> None:
        is_same = before.get("kind") == self.kind
        kept = before if is_same else {**kept_of(before), **count_kept(turn, before, self.kind)}
        turn.request = {**kept, "kind": self.kind}
        stated = stated_in(turn)
        shown = {field: value for field, value in kept.items() if field != "kind" and field not in stated}
        if words := change_words(shown):
            turn.say("utter_kept", kept=words)

    async def fill(self, turn: Turn, moment: Moment) -> None:
        if moment is Moment.OPENED:
            stated = stated_in(turn)
            before = await self._usual(turn, stated) if usual.says_usual(turn) else None
            turn.request = merged(before or turn.request or {"kind": self.kind}, stated)
        else:
            if self._is_afresh(turn):
                # Asked for anew, without what made no sense.
                turn.facts.pop("problem")
                turn.request = {"kind": self.kind}
            change = _offer_taken(turn) or changes_in(turn) or await self._left_to_me(turn) or self._plain(turn)
            if self._has_nothing_on_it(turn):
                before = turn.request or {}
                change = {**count_kept(turn, before, VM), **change, "kind": VM}
            if "kind" in change:
                # Asked what runs on the cluster: "no, just a vm".
                turn.go_to(f"create_{change['kind']}", resumed=True)
                turn.request = merged(turn.request or {}, change)
                return
            if change and "problem" in turn.facts:
                turn.facts["correction"] = change
            elif change and not (turn.request or {}).get("software") and "software" not in change:
                turn.say("utter_noted", changes=change_words(change))
            turn.request = merged(turn.request or {"kind": self.kind}, change)
        software = turn.request.get("software")
        if software and "software" in self.slots:
            turn.facts["software"] = software

    def _has_nothing_on_it(self, turn: Turn) -> bool:
        """Asked what runs on the cluster: "just plain machines"."""
        return self.kind == CLUSTER and turn.asked == "software" and says_nothing_on_it(turn)

    def _is_afresh(self, turn: Turn) -> bool:
        """Whether a request that makes no sense is given up for a new one: "a vm with 8 gb then"."""
        if "problem" not in turn.facts or turn.is_button or turn.intent != self.topic or revises(turn):
            return False
        return _ANEW.search(turn.text.lower()) is not None or not changes_in(turn)

    async def _usual(self, turn: Turn, stated: Fields) -> Fields | None:
        """What the person used last, of the software that they name if they name one."""
        software = stated.get("software") or [None]
        return await usual.fields(turn, self.kind, software[0])

    async def _left_to_me(self, turn: Turn) -> Fields:
        """ "The usual" and "you choose", as a value of what is asked for."""
        if usual.says_usual(turn):
            before = {key: value for key, value in (turn.request or {}).items() if key != "kind"}
            if last := await self._usual(turn, before):
                return {**last, **before}
        elif not usual.leaves_it_to_me(turn):
            return {}
        if problem := turn.facts.get("problem"):
            return dict(problem["choice"])
        last = await usual.fields(turn, self.kind) or {}
        popular = by_popularity(turn.desk.blueprints())[0].name
        return {"software": last.get("software") or [turn.desk.team.software or popular]}

    def _plain(self, turn: Turn) -> Fields:
        """A plain number or word as a value of what is asked for."""
        problem = turn.facts.get("problem") or {"field": "software"}
        field = problem["field"]
        if field == "providers" and turn.intent == "affirm":
            return {"providers": None}
        number = None if turn.is_button or turn.entities else lone_number(turn.text)
        offers = problem.get("offers") or []
        if number is not None and 1 <= number <= len(offers) and problem.get("measure") in ("memory_gb", "storage_gb"):
            # The nearest offers are shown as a list; nobody means a disk of 1 GB.
            return dict(offers[number - 1])
        if problem.get("agreed") and turn.intent == "affirm" and not turn.entities and number is None:
            return dict(problem["agreed"])
        if field == "name" and len(turn.text.split()) == 1 and turn.intent not in ("affirm", "deny"):
            return {"name": turn.text.strip(" .!\"'").lower()}
        if number is not None:
            return number_as(problem.get("measure", field), number, turn.request, unit=problem.get("unit"))
        if field == "os" and systems.says_any(turn.text):
            return {"os": None}
        is_short = len(turn.text.split()) <= _MOST_WORDS_OF_A_REGION
        if (
            field == "region"
            and is_short
            and turn.intent not in ("affirm", "deny")
            and not retries.says_again(turn.text)
        ):
            return {"region": turn.text.strip().lower()}
        if software := _software_called(turn):
            return {"software": software}
        if field == "software" and turn.asked == field and (usual_one := software_for(turn)):
            titles = {item.name: item.title for item in turn.desk.blueprints()}
            turn.say("utter_software_for", title=titles.get(usual_one, usual_one))
            return {"software": [usual_one]}
        return {}


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
            "utter_ask_software_again" if turn.has_returned or turn.facts.get("resumed") else "utter_ask_software",
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


def _offer_taken(turn: Turn) -> Fields:
    """The change that takes one of the nearest offers, of which a button was pressed."""
    offers = (turn.facts.get("problem") or {}).get("offers") or []
    pressed = {
        "size_names": list(turn.all_of("size_name")),
        "providers": list(turn.all_of("provider")),
        "region": turn.one_of("region"),
    }
    taken = [offer for offer in offers if turn.is_button and {**offer, **pressed} == offer]
    return dict(taken[0]) if taken else {}


def _software_called(turn: Turn) -> list[str]:
    """The blueprint when the text is nothing but its name."""
    said = turn.text.strip(" .!").lower()
    return [item.name for item in turn.desk.blueprints() if said in (item.name, item.title.lower(), *item.aliases)]
