"""What Rasa 3.6.21 does at a cost and cannot be told otherwise by a subclass: each change is one function here.

None changes what Rasa does. They were written for one version: on any other nothing is changed, and
tests/unit/connectors/test_rasa_patches.py fails when a function that is replaced is not the one that was read.
"""

from __future__ import annotations

import functools
import importlib.metadata
import itertools
import operator
from collections.abc import Mapping
from typing import Any

RASA_VERSION = "3.6.21"
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "rasa.core.actions.action": {
        "RemoteAction._validate_action_result": "7714afb4250b7f8b",
        "RemoteAction.action_response_format_spec": "bd86362aab50c19d",
    },
    "rasa.core.processor": {"MessageProcessor._update_tracker_session": "9322c160a60aac0d"},
    "rasa.shared.core.events": {"Event.resolve_by_type": "9090173466917e7a"},
    "rasa.engine.runner.dask": {
        "DaskGraphRunner.run": "339dab5dfe1aeb08",
        "DaskGraphRunner._build_dask_graph": "7d55331aa3a2614a",
        "DaskGraphRunner._add_inputs_to_graph": "6e92aa3675956a50",
    },
    "rasa.core.policies.rule_policy": {
        "RulePolicy._get_possible_keys": "38ac454ec4957f07",
        "RulePolicy._is_rule_applicable": "6bb76c5716bfcbe7",
        "RulePolicy._does_rule_match_state": "db3acfd258c5c00c",
    },
    "rasa.shared.core.domain": {
        "Domain.states_for_tracker_history": "704ae4e336e36772",
        "Domain.get_active_state": "71d637a1b0ce92c1",
        "Domain._get_user_sub_state": "501fe19e14be878a",
    },
    "rasa.shared.core.trackers": {
        "DialogueStateTracker.applied_events": "16374cc8f8022041",
        "DialogueStateTracker.generate_all_prior_trackers": "02b66c9e64e874b3",
        "DialogueStateTracker.init_copy": "cb9485b2743c28ac",
    },
    "rasa.core.featurizers.tracker_featurizers": {
        "TrackerFeaturizer._choose_last_user_input": "dbe68f687eb1b85a",
    },
}
"""What is replaced, and what the replacement builds on: a hash of each function's source as it was read."""
_MOST_STATES = 2_000


def apply() -> bool:
    """Make all changes, once in a process. False on another version of Rasa: nothing is changed then."""
    if importlib.metadata.version("rasa") != RASA_VERSION:
        return False
    _apply_once()
    return True


@functools.cache
def _apply_once() -> None:
    _validate_with_one_validator()
    _start_sessions_without_metadata()
    _know_events_by_name()
    _run_graphs_in_order()
    _remember_rules_by_state()
    _remember_states_of_the_turn()
    _copy_slots_plainly()
    _know_what_undoes_events()


def _validate_with_one_validator() -> None:
    """Check what the action server answers against its constant schema with a validator that is built once.

    Rasa builds one per answer, which was more than half of a turn with an action.
    """
    from jsonschema.validators import validator_for  # type: ignore[import-untyped]
    from rasa.core.actions.action import RemoteAction

    schema = RemoteAction.action_response_format_spec()
    validator = validator_for(schema)(schema)

    def validate(_self: Any, result: dict[str, Any]) -> bool:
        validator.validate(result)
        return True

    RemoteAction._validate_action_result = validate


def _start_sessions_without_metadata() -> None:
    """Keep Rasa from writing the first message's metadata as a slot before a session's start.

    The slot would be carried through the whole conversation; each message has its metadata anyway.
    """
    from rasa.core.processor import MessageProcessor

    update = MessageProcessor._update_tracker_session

    async def update_without_metadata(self: Any, tracker: Any, output_channel: Any, metadata: Any = None) -> None:
        await update(self, tracker, output_channel, None)

    MessageProcessor._update_tracker_session = update_without_metadata


def _know_events_by_name() -> None:
    """Look up an event's class once for each name; Rasa walks through the tree of its classes for every event."""
    from rasa.shared.core.events import Event

    Event.resolve_by_type = staticmethod(functools.cache(Event.resolve_by_type))


def _run_graphs_in_order() -> None:
    """Run a model's few nodes one after the other; dask's scheduler costs more than some of them, and runs no two."""
    from rasa.engine.exceptions import GraphRunError
    from rasa.engine.runner.dask import DaskGraphRunner

    def order_of(self: Any, targets: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        orders = self.__dict__.setdefault("_orders", {})
        if targets not in orders:
            nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
            order: dict[str, tuple[str, ...]] = {}

            def visit(name: str) -> None:
                if name in nodes and name not in order:
                    needs = tuple(nodes[name].needs.values())
                    for need in needs:
                        visit(need)
                    order[name] = needs

            for target in targets:
                visit(target)
            orders[targets] = list(order.items())
        found: list[tuple[str, tuple[str, ...]]] = orders[targets]
        return found

    def run(self: Any, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        order = order_of(self, wanted)
        outputs: dict[str, Any] = dict.fromkeys(name for name, _ in order)
        self._add_inputs_to_graph(inputs, outputs)
        try:
            for name, needs in order:
                outputs[name] = self._instantiated_nodes[name](*(outputs.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(outputs[target] for target in wanted)

    DaskGraphRunner.run = run


def _remember_rules_by_state() -> None:
    """Remember which rules fit a conversation's last state; Rasa compares it with every rule, three times in a turn."""
    from rasa.core.policies.rule_policy import RulePolicy
    from rasa.shared.core.trackers import DialogueStateTracker

    def fitting(self: Any, lookup: dict[str, str], state: dict[str, Any]) -> frozenset[str]:
        known = self.__dict__.setdefault("_fitting", {})
        words = state.get("user", {}).get("text")
        if words and not any('"text"' in rule for rule in lookup):
            state = {**state, "user": {**state["user"], "text": "…"}}  # no rule asks for what was said word by word
        key = (id(lookup), DialogueStateTracker.freeze_current_state(state))
        if key not in known:
            if len(known) >= _MOST_STATES:
                known.clear()
            known[key] = frozenset(rule for rule in lookup if self._is_rule_applicable(rule, 0, state))
        found: frozenset[str] = known[key]
        return found

    def possible_keys(self: Any, lookup: dict[str, str], states: list[dict[str, Any]]) -> set[str]:
        rules = set(fitting(self, lookup, states[-1]) if states else lookup)
        for turn, state in enumerate(reversed(states)):
            if turn and rules:
                rules = {rule for rule in rules if self._is_rule_applicable(rule, turn, state)}
        return rules

    RulePolicy._get_possible_keys = possible_keys


def _remember_states_of_the_turn() -> None:
    """Go on from the states that the last prediction saw; Rasa replays the conversation from its start three times.

    The last state is always made anew: what it is made from changes as long as no action came after it.
    """
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import ActionExecuted, DefinePrevUserUtteredFeaturization, UserUttered

    all_anew = Domain.states_for_tracker_history

    def changes_the_past(events: list[Any], place: int) -> bool:
        """Whether this event changes a message that was answered: Rasa itself only does that before the answer."""
        if not isinstance(events[place], DefinePrevUserUtteredFeaturization):
            return False
        steps = (event for event in reversed(events[:place]) if isinstance(event, (UserUttered, ActionExecuted)))
        return isinstance(next(steps, None), ActionExecuted)

    def states_for_tracker_history(self: Any, tracker: Any, *options: Any, **more: Any) -> list[Any]:
        if any(options) or any(more.get(name) for name in ("omit_unset_slots", "ignore_rule_only_turns")):
            found: list[Any] = all_anew(self, tracker, *options, **more)
            return found
        events = tracker.applied_events()
        seen, replayed, states = tracker.__dict__.pop("_replayed", None) or ([], tracker.init_copy(), [])
        is_prefix = len(seen) <= len(events) and not any(map(operator.is_not, seen, events))
        if not is_prefix or any(changes_the_past(events, place) for place in range(len(seen), len(events))):
            seen, replayed, states = [], tracker.init_copy(), []
        for event in itertools.islice(events, len(seen), None):
            if isinstance(event, ActionExecuted):
                states.append(self.get_active_state(replayed))
            replayed.update(event)
        tracker._replayed = (events, replayed, states)
        # Policies take away from the states what they do not use.
        past = [{part: dict(values) for part, values in state.items()} for state in states]
        return [*past, self.get_active_state(replayed)]

    Domain.states_for_tracker_history = states_for_tracker_history


def _copy_slots_plainly() -> None:
    """Copy a slot by its attributes; every tracker that Rasa makes copies all slots, by way of pickle's protocol."""
    from rasa.shared.core.slots import Slot

    def copy_of(self: Any) -> Any:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    Slot.__copy__ = copy_of


def _know_what_undoes_events() -> None:
    """Ask for each event's kind once, whether it takes back others; Rasa asks every event five times over."""
    from rasa.shared.core.events import ActionReverted, ActiveLoop, Restarted, SessionStarted, UserUtteranceReverted
    from rasa.shared.core.trackers import DialogueStateTracker

    all_anew = DialogueStateTracker.applied_events

    @functools.cache
    def begins(kind: type) -> bool:
        return issubclass(kind, (Restarted, SessionStarted))

    @functools.cache
    def takes_back(kind: type) -> bool:
        return issubclass(kind, (ActionReverted, UserUtteranceReverted, ActiveLoop))

    def applied_events(self: Any) -> list[Any]:
        found: list[Any] = []
        for event in self.events:
            kind: Any = type(event)
            if begins(kind):
                found = []
            elif takes_back(kind):
                return list(all_anew(self))
            else:
                found.append(event)
        return found

    DialogueStateTracker.applied_events = applied_events
