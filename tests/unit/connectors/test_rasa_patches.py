"""The patches fit the Rasa that is installed, and change what it costs but not what it does."""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import light_rasa

light_rasa.install()  # before the first import of Rasa, for the speed of the tests

from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.core.policies.rule_policy import RulePolicy  # noqa: E402
from rasa.engine.exceptions import GraphRunError  # noqa: E402
from rasa.engine.graph import GraphSchema, SchemaNode  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import (  # noqa: E402
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    DefinePrevUserUtteredFeaturization,
    Event,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import CategoricalSlot  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from connectors import rasa_patches  # noqa: E402

RASAS_STATES = Domain.states_for_tracker_history
RASAS_APPLIED_EVENTS = DialogueStateTracker.applied_events
"""As they are before the first test: they stay what the replacements are compared with."""
FUNCTIONS = [(module, name) for module, names in rasa_patches.WRITTEN_FOR.items() for name in names]


@pytest.fixture(autouse=True)
def patched() -> None:
    assert rasa_patches.apply()


def source_of(module: str, name: str) -> str:
    """As it stands in Rasa's file, whatever has been put in its place."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text()
    body: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        found = next(node for node in body if getattr(node, "name", None) == part)
        body = found.body  # type: ignore[attr-defined]
    return "\n".join(text.splitlines()[found.lineno - 1 : found.end_lineno])


def test_patches_are_for_the_installed_rasa():
    assert importlib.metadata.version("rasa") == rasa_patches.RASA_VERSION


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_a_function_that_is_replaced_is_the_one_that_was_read(module: str, name: str):
    found = hashlib.sha256(source_of(module, name).encode()).hexdigest()[:16]
    assert found == rasa_patches.WRITTEN_FOR[module][name], f"read {module}.{name} anew before changing its hash"


def test_another_version_of_rasa_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rasa_patches, "RASA_VERSION", "3.6.20")
    assert rasa_patches.apply() is False


def test_an_answer_of_another_shape_is_refused_still():
    from jsonschema import ValidationError

    action = RemoteAction("action_help", None)
    assert action._validate_action_result({"events": [{"event": "slot", "name": "a", "value": 1}], "responses": []})
    with pytest.raises(ValidationError):
        action._validate_action_result({"events": "none"})


def test_events_are_found_by_their_names_and_unknown_ones_refused():
    assert Event.resolve_by_type("action") is ActionExecuted
    assert Event.resolve_by_type("slot") is SlotSet
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("no such event")


class Node:
    """Stands for a component: tells its name and what came in."""

    def __init__(self, name: str, ran: list[str]) -> None:
        self.name, self.ran = name, ran

    def __call__(self, *inputs: Any) -> tuple[str, Any]:
        self.ran.append(self.name)
        if self.name == "broken":
            raise RuntimeError("broken")
        return self.name, [self.name, *inputs]


def runner(needs: dict[str, dict[str, str]], targets: list[str]) -> tuple[Any, list[str]]:
    ran: list[str] = []
    made = DaskGraphRunner.__new__(DaskGraphRunner)
    made._graph_schema = GraphSchema(
        {
            name: SchemaNode(
                needs=of,
                uses=object,
                constructor_name="c",
                fn="f",
                config={},
                is_target=name in targets,  # type: ignore[arg-type]
            )
            for name, of in needs.items()
        }
    )
    made._instantiated_nodes = {name: Node(name, ran) for name in needs}
    return made, ran


NEEDS = {"a": {"message": "said"}, "b": {"x": "a"}, "c": {"x": "b", "y": "a"}, "beside": {"x": "said"}, "broken": {}}


def test_a_graph_gives_what_its_nodes_say_each_run_once_after_what_it_needs():
    made, ran = runner(NEEDS, ["c"])
    a = ("a", ["a", ("said", "hello")])
    b = ("b", ["b", a])
    assert made.run({"said": "hello"}) == {"c": ["c", b, a]}
    assert ran == ["a", "b", "c"]


def test_a_graph_runs_no_more_than_what_is_asked_for():
    made, ran = runner(NEEDS, ["c"])
    assert made.run({"said": "hello"}, ["b", "beside"]).keys() == {"b", "beside"}
    assert ran == ["a", "b", "beside"]


def test_a_graph_whose_node_breaks_says_so():
    made, _ = runner(NEEDS, ["c"])
    with pytest.raises(GraphRunError):
        made.run({}, ["broken"])


def test_an_input_with_a_nodes_name_is_refused():
    made, _ = runner(NEEDS, ["c"])
    with pytest.raises(GraphRunError, match="clashes"):
        made.run({"said": "b"})


STATES = st.fixed_dictionaries(
    {"prev_action": st.fixed_dictionaries({"action_name": st.sampled_from(["action_listen", "a_form", "action_a"])})},
    optional={
        "user": st.one_of(
            st.fixed_dictionaries({"intent": st.sampled_from(["ask", "tell"])}),
            st.fixed_dictionaries({"text": st.sampled_from(["hello", "bye"])}),
        ),
        "active_loop": st.fixed_dictionaries({"name": st.sampled_from(["a_form", "should_not_be_set"])}),
    },
)
RULES = [
    '[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "ask"}}]',
    '[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "ask"}}, {"prev_action": {"action_name": "a_form"}}]',  # noqa: E501
    '[{"active_loop": {"name": "a_form"}, "prev_action": {"action_name": "a_form"}}]',
    '[{"active_loop": {"name": "should_not_be_set"}, "prev_action": {"action_name": "a_form"}}]',
    "[{}]",
]
TEXT_RULE = '[{"prev_action": {"action_name": "action_listen"}, "user": {"text": "hello"}}]'


def policy() -> Any:
    return RulePolicy.__new__(RulePolicy)


@given(st.lists(st.lists(STATES, max_size=4), min_size=1, max_size=6), st.booleans())
def test_the_rules_that_fit_are_those_that_rasa_finds(conversations: list[list[Any]], has_text_rule: bool):
    lookup = dict.fromkeys([*RULES, TEXT_RULE] if has_text_rule else RULES, "action_a")
    ours, rasas = policy(), policy()
    for states in conversations:
        expected = set(lookup)
        for turn, state in enumerate(reversed(states)):
            expected = {key for key in expected if rasas._is_rule_applicable(key, turn, state)}
        assert ours._get_possible_keys(lookup, states) == expected


def test_no_more_states_are_remembered_than_allowed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rasa_patches, "_MOST_STATES", 3)
    ours, lookup = policy(), dict.fromkeys(RULES, "action_a")
    for number in range(10):
        ours._get_possible_keys(lookup, [{"user": {"intent": f"intent {number}"}, "prev_action": {"action_name": "x"}}])
    assert len(ours._fitting) <= 3


DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [ask, tell]
entities: [size]
slots:
  size: {type: categorical, values: [small, large], mappings: [{type: from_entity, entity: size}]}
forms:
  a_form: {required_slots: [size]}
"""
)
MAKE: list[Callable[[], Event]] = [
    lambda: UserUttered("small", {"name": "ask"}, [{"entity": "size", "value": "small"}]),
    lambda: UserUttered("hello", {"name": "tell"}),
    lambda: DefinePrevUserUtteredFeaturization(False),
    lambda: ActionExecuted("action_listen"),
    lambda: ActionExecuted("action_a"),
    lambda: ActionExecuted("a_form"),
    lambda: ActiveLoop("a_form"),
    lambda: ActiveLoop(None),
    lambda: SlotSet("size", "large"),
    lambda: SlotSet("size", None),
    lambda: SessionStarted(),
    lambda: ActionReverted(),
    lambda: UserUtteranceReverted(),
]
EVENTS = st.lists(st.integers(0, len(MAKE) - 1), max_size=12).map(lambda places: [MAKE[place]() for place in places])


@given(st.lists(EVENTS, max_size=4))
def test_the_states_of_a_conversation_are_rasas_however_it_goes_on(parts: list[list[Event]]):
    tracker = DialogueStateTracker("ann", DOMAIN.slots)
    for part in parts:
        # As Rasa's prediction is followed by how the message was read for it, and that by an action.
        for event in part:
            tracker.update(event)
        if tracker.latest_message.text and tracker.latest_action_name == "action_listen":
            DOMAIN.states_for_tracker_history(tracker)
            tracker.update(DefinePrevUserUtteredFeaturization(False))
        tracker.update(ActionExecuted("action_listen"))
        expected = RASAS_STATES(DOMAIN, tracker)
        found = DOMAIN.states_for_tracker_history(tracker)
        assert found == expected
        for state in found:
            state.get("user", {}).clear()  # as a policy does that uses a part only
        assert DOMAIN.states_for_tracker_history(tracker) == expected


def test_states_with_other_options_are_made_by_rasa():
    tracker = DialogueStateTracker.from_events("ann", [MAKE[4](), MAKE[0](), MAKE[4]()], DOMAIN.slots)
    for options in ({"omit_unset_slots": True}, {"ignore_rule_only_turns": True, "rule_only_data": {}}):
        assert DOMAIN.states_for_tracker_history(tracker, **options) == RASAS_STATES(DOMAIN, tracker, **options)


@given(EVENTS)
def test_the_events_that_count_are_those_that_rasa_finds(events: list[Event]):
    tracker = DialogueStateTracker("ann", [])
    tracker.events.extend(events)
    assert list(map(id, tracker.applied_events())) == list(map(id, RASAS_APPLIED_EVENTS(tracker)))


def test_a_copied_slot_is_the_same_and_apart():
    slot = CategoricalSlot("size", [{"type": "from_entity"}], values=["small", "large"])
    slot.value = "small"
    copied = copy.copy(slot)
    assert type(copied) is CategoricalSlot
    assert vars(copied) == vars(slot)
    copied.value = "large"
    assert (slot.value, slot.has_been_set) == ("small", True)
