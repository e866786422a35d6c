"""Several open things that are answered in one message, one after the other."""

from __future__ import annotations

from actions import answers, carrying_out, parking, questions, several, unclear
from actions.base import DeskAction
from actions.turn import Turn
from clouddesk.model.notice import DEARER, OFFERED_EXTENSION_SECONDS


class ActionAnswerSeveral(DeskAction):
    """ "Yes for the vm, no for kafka": each gets its answer."""

    topic = "answer_several"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Warnings first, which change nothing of what is open."""
        given = several.find(turn)
        question = turn.question
        if question is not None and question["kind"] == "choose":
            unclear.go_back(turn, question)
        for is_yes, thing in given:
            if thing.notice is not None:
                length = OFFERED_EXTENSION_SECONDS if is_yes else None
                is_offer = thing.notice.kind == DEARER
                await unclear.answer_notice(turn, thing.notice.reservation_id, length, is_offer=is_offer)
        for is_yes, thing in given:
            if thing.question is not None and is_yes:
                await carrying_out.carry_out(turn, thing.question)
            elif thing.question is not None:
                answers.drop(turn, thing.question)
        for is_yes, thing in given:
            if thing.parked is None:
                continue
            if not is_yes:
                parking.drop(turn, thing.parked)
            elif asked := thing.parked.get("question"):
                turn.parked = [entry for entry in turn.parked if entry is not thing.parked]
                if questions.is_open(turn.question):
                    parking.set_aside(turn)
                turn.question, turn.request = asked, thing.parked["request"]
                await carrying_out.carry_out(turn, asked)
