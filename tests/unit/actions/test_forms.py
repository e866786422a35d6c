"""Where in its work a form is, and what a turn leaves behind for the next."""

from types import SimpleNamespace
from typing import Any

import pytest

from actions.moments import Moment, moment_of, slot_answered
from actions.turn import Turn
from clouddesk.model.actor import Actor

LISTEN = {"event": "action", "name": "action_listen"}
FORM = {"event": "action", "name": "stop_resource_form"}
OPEN = {"event": "active_loop", "name": "stop_resource_form"}
ASKED = {"event": "slot", "name": "requested_slot", "value": "reservation"}
HELP = {"event": "action", "name": "action_help"}
USER = {"event": "user"}
BEGUN = [LISTEN, USER, FORM, OPEN, ASKED]


def tracker(*events: dict[str, Any]) -> Any:
    return SimpleNamespace(events=list(events))


@pytest.mark.parametrize(
    ("events", "moment"),
    [
        ([LISTEN, USER, OPEN, FORM], Moment.OPENED),
        ([*BEGUN, LISTEN, USER, FORM], Moment.ANSWERED),
        ([*BEGUN, LISTEN, USER, HELP, FORM], Moment.RETURNED),
        ([*BEGUN, LISTEN, USER, {**OPEN, "name": None}, HELP, OPEN, FORM], Moment.OPENED),
    ],
)
def test_a_form_knows_whether_it_opens_is_answered_or_comes_back(events: list[dict[str, Any]], moment: Moment) -> None:
    assert moment_of(tracker(*events)) is moment


def test_a_list_is_asked_again_in_other_words_only_after_an_answer_to_it() -> None:
    assert slot_answered(tracker(*BEGUN, LISTEN, USER, FORM)) == "reservation"
    assert slot_answered(tracker(*BEGUN, LISTEN, USER, HELP, FORM)) is None
    assert slot_answered(tracker(LISTEN, USER, FORM, OPEN)) is None


def turn(**state: Any) -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # not asked here
        actor=Actor("local", "ann"),
        conversation="local:console:-:ann",
        text="",
        intent="",
        entities={},
        message_id="m-1",
        slots_before={key: state[key] for key in ("question", "request") if key in state} | state.get("facts", {}),
        **state,
    )


def test_a_confirmation_closes_the_form_with_all_of_its_slots() -> None:
    open_form = turn(form="stop_resource", asked="reservation", had_form=True, facts={"options": [1], "duration": 60})

    open_form.ask({"kind": "confirm_release", "ids": ["r-1"], "names": ["spark-1"]})
    events = [(event["event"], event.get("name"), event.get("value")) for event in open_form.events()]

    assert {("slot", name, None) for name in ("options", "duration", "requested_slot")} <= {
        event for event in events if event[1] != "open_question"
    }
    assert ("active_loop", None, None) in events


def test_opening_a_form_lets_go_of_the_confirmation_and_of_older_facts() -> None:
    confirming = turn(question={"kind": "confirm_quote", "id": "q-1", "what": "the vm"}, facts={"duration": 60})

    confirming.go_to("create_vm", problem={"field": "count"})

    assert confirming.question is None
    assert confirming.facts == {"problem": {"field": "count"}}
    assert confirming.events()[-1]["name"] == "create_vm_form"


def test_only_what_changed_is_sent_back() -> None:
    assert turn(request={"kind": "vm"}).events() == []
