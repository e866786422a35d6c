"""Asking for machines: the request is completed with defaults, quoted, and waits for a yes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from actions import approving, cards, differences, freeze_words, openings, peers, questions, retries, setup_words
from actions.base import DeskAction
from actions.kinds import kept_of, says_vm
from actions.mending import lost_words, problem_of
from actions.request_fields import MEASURES, Fields, change_words, merged, to_fields_of, to_request
from actions.requests import other_size, said_in
from actions.turn import Question, Turn
from actions.wording import names
from clouddesk.language import measures, unread
from clouddesk.language.clock import starts_later
from clouddesk.language.localtime import local_time
from clouddesk.model.blueprint import Blueprint
from clouddesk.model.errors import (
    Invalid,
    NothingFits,
    QuoteExpired,
)
from clouddesk.model.quote import Quote
from clouddesk.model.request import CLUSTER, VM

_MOST_PROBLEMS = 6
MOST_QUESTIONS = 3
"""So often a request is asked to be mended; then I go on with what I would choose."""
PLAIN = "plain"
"""The blueprint of machines with nothing on them."""
_REPAIRS = re.compile(r"\b(?:no,? wait|wait,? no|i mean|i meant|scratch that|make that)\b")
"""What stands between a value and the one that takes its place: the first is understood, and not in the request."""
_ASKED_FOR_MOST = ("spark", "jupyter", "dask", "kafka", "kubernetes")


class ActionCreateVm(DeskAction):
    """One machine or several: quoted at once, with defaults for what was not said."""

    topic = "create_vm"

    async def respond(self, turn: Turn) -> None:
        """The form has put the request together."""
        await quote(turn, turn.request or {"kind": VM})


class ActionCreateCluster(DeskAction):
    """A cluster by blueprint; only its software cannot be defaulted."""

    topic = "create_cluster"

    async def respond(self, turn: Turn) -> None:
        """The form has put the request together."""
        await quote(turn, turn.request or {"kind": CLUSTER})


async def quote(
    turn: Turn,
    said: Fields,
    *,
    response: str = "utter_quote",
    changes: Fields | None = None,
    wish: Fields | None = None,
) -> None:
    """Quote the request and ask for a yes; what is wrong with it is said and asked for instead.

    ``wish`` is what was said where that could not be had, and this is quoted instead.
    """
    if said["kind"] == CLUSTER and not said.get("software"):
        turn.go_to("create_cluster", resumed=True)
        turn.request = said
        return
    before = (turn.question or {}).get("shown") if changes else None
    try:
        made = await turn.desk.quote(turn.actor, to_request(said))
    except (Invalid, NothingFits) as error:
        await _ask_to_mend(turn, said, error)
        return
    except Exception:
        # The changed request is what to try again, not the one of the open quote.
        topic = f"create_{said['kind']}"
        turn.wish = {**retries.wish(turn, topic), "request": said, "facts": {"software": said.get("software")}}
        raise
    findings, frozen, colleagues = await asyncio.gather(
        turn.desk.budgets.look_at_quote(turn.actor, made),
        freeze_words.line(turn),
        peers.line_for_quote(turn, said.get("software") or ()),
    )
    question = _question(turn, made, said, changes) | ({} if wish is None else {"wish": wish})
    if any(item.is_over for item in findings):
        question["is_over_budget"] = True
    turn.ask(question, request=said)
    say_start(turn, made)
    # That there are no new machines for now, what of the wish is left out, and who has such a machine.
    more = _lines(frozen, _left_out(turn, said), colleagues)
    turn.say(
        response,
        buttons=questions.buttons(question),
        card=cards.quote_card(made, turn.actor, title_in(turn, said), more=more),
        warning=warning_of(turn, made) + approving.warning(turn, findings),
        them="it" if len(made.nodes) == 1 else "them",
        changes=change_words(changes or {}),
        difference=differences.words(before, question["shown"]) if before else "",
    )


def _question(turn: Turn, made: Quote, said: Fields, changes: Fields | None) -> Question:
    """The question whether to take the quote, with all that an answer to it may speak of."""
    offer = made.offer
    question: Question = {
        "kind": "confirm_quote",
        "id": made.id,
        "what": what(turn, said),
        "count": len(made.nodes),
        "provider": offer.provider,
        "shown": differences.shown(made),
        "recent": recent_measure(turn, changes),
        "habits": [*made.habits, *made.team],
        "size": {"vcpus": offer.vcpus, "memory_gb": offer.memory_gb, "storage_gb": made.disk_gb},
    }
    if changes:
        question["undone"] = _way_back(turn.request or {}, said)
    else:
        question["described"] = _described(said)
    if "duration_seconds" in (changes or said):
        question["unit"] = _time_unit(turn)
    if made.runner_up is not None:
        question["other"] = to_fields_of(made.runner_up)
    return question


async def change(turn: Turn, changes: Fields) -> None:
    """Lay a change over the open request and quote again."""
    before = turn.request or {"kind": VM}
    if "kind" in changes:
        kept = {field: value for field, value in kept_of(before).items() if field not in changes}
        if words := change_words(kept):
            turn.say("utter_kept", kept=words)
    wish = (turn.question or {}).get("wish")
    if wish is not None:
        wish = merged(wish, changes)
        if await _fault_of(turn, wish) is None:
            before, wish = wish, None
    await quote(turn, merged(before, changes), response="utter_quote_changed", changes=changes, wish=wish)


def _time_unit(turn: Turn) -> int | None:
    """The unit that a length of time was said in."""
    return None if turn.is_button else measures.time_unit(turn.text)


def _described(said: Fields) -> str | None:
    """The one measure of a new request, which a bare number after it means."""
    found = [field for field in said if field in MEASURES]
    return found[0] if len(found) == 1 else None


def _way_back(before: Fields, after: Fields) -> Fields:
    """The change that makes the request what it was."""
    return {**dict.fromkeys(after), **before}


async def _fault_of(turn: Turn, said: Fields) -> Invalid | NothingFits | None:
    """What is wrong with the request, if anything is."""
    try:
        await turn.desk.quote(turn.actor, to_request(said), keep=False)
    except (Invalid, NothingFits) as error:
        return error
    return None


def recent_measure(turn: Turn, changes: Fields | None) -> str | None:
    """The one measure that was spoken of last: "make it 64" after "32 gigs" means memory again."""
    if not changes:
        return None
    changed = [field for field in changes if field in MEASURES]
    return changed[0] if len(changed) == 1 else (turn.question or {}).get("recent") if not changed else None


async def quote_again(turn: Turn, quote_id: str, *, has_changed: bool = False) -> None:
    """A quote that is too old to buy at, or whose offer has changed: look again, for the same request."""
    if turn.request is None or turn.question is None or turn.question.get("id") != quote_id:
        # The button of an old card whose request is no longer open.
        turn.say("utter_error_quote_expired")
        return
    await quote(turn, turn.request, response="utter_quote_offer_changed" if has_changed else "utter_quote_again")


async def show_again(turn: Turn) -> None:
    """The open quote once more, after the Yes of a card that it has replaced."""
    question, said = turn.question, turn.request
    if question is None or said is None:
        raise ValueError("no quote is open")
    try:
        made = await turn.desk.get_quote(turn.actor, question["id"])
    except QuoteExpired:
        await quote_again(turn, question["id"])
        return
    findings, frozen = await asyncio.gather(turn.desk.budgets.look_at_quote(turn.actor, made), freeze_words.line(turn))
    turn.say(
        "utter_card_replaced",
        buttons=questions.buttons(question),
        card=cards.quote_card(made, turn.actor, title_in(turn, said), more=_lines(frozen, _left_out(turn, said))),
        warning=warning_of(turn, made) + approving.warning(turn, findings),
        them="it" if len(made.nodes) == 1 else "them",
    )


def by_popularity(blueprints: Sequence[Blueprint]) -> list[Blueprint]:
    """Those with software of their own, the most asked for first."""
    own = [item for item in blueprints if item.name != PLAIN]
    order = {name: place for place, name in enumerate(_ASKED_FOR_MOST)}
    return sorted(own, key=lambda item: order.get(item.name, len(order)))


def is_described(said: Fields) -> bool:
    """Whether it is machines that are described, not only a place, a number or a time."""
    return bool(said.keys() - {"name", "duration_seconds", "until", "region", "providers", "count"})


def topic_for(turn: Turn, said: Fields) -> str:
    """The task that gets what is described."""
    return "create_cluster" if is_cluster(turn, said) else "create_vm"


def what(turn: Turn, said: Fields) -> str:
    """The request in short: "the Spark cluster"."""
    # A count that makes no sense is not repeated.
    counted = said.get("count")
    request = to_request(said) if counted is None or counted > 0 else to_request({**said, "count": None})
    return cards.request_words(request, title_in(turn, said))


async def _ask_to_mend(turn: Turn, said: Fields, error: Invalid | NothingFits) -> None:
    """What is wrong becomes a fact that the form of the request asks for."""
    mended = turn.facts.get("correction")
    problem = _problem(turn, said, error)
    if mended and problem["field"] not in mended and problem["field"] == turn.facts["problem"]["field"]:
        turn.say("utter_noted", changes=change_words(mended))
    if problem["measure"] == "duration_seconds":
        problem["unit"] = _time_unit(turn) or (turn.facts.get("problem") or {}).get("unit")
    problem["asks"] = 1 + (turn.facts.get("problem") or {}).get("asks", 0)
    if problem["asks"] > MOST_QUESTIONS:
        await _quote_instead(turn, said, problem)
        return
    turn.go_to(f"create_{said['kind']}", problem=problem)
    turn.request = said


async def _quote_instead(turn: Turn, wish: Fields, problem: dict[str, Any]) -> None:
    """What I would take, and what of the wish it is not; the wish counts again when a change makes it possible."""
    turn.facts = {}
    given: Fields = dict(problem["choice"])
    for _ in range(_MOST_PROBLEMS):
        error = await _fault_of(turn, merged(wish, given))
        if error is None:
            break
        given |= _problem(turn, merged(wish, given), error)["choice"]
    turn.say(problem["response"], **problem["values"])
    turn.say("utter_default_instead", lost=lost_words(wish, given))
    await quote(turn, merged(wish, given), wish=wish)


def _problem(turn: Turn, said: Fields, error: Invalid | NothingFits) -> dict[str, Any]:
    popular = by_popularity(turn.desk.blueprints())
    return problem_of(said, error, popular=popular, usual=turn.desk.team.software or popular[0].name)


def _blueprint(turn: Turn, said: Fields) -> Blueprint | None:
    software = said.get("software") or []
    wanted = software[0] if software else None
    for item in turn.desk.blueprints():
        if wanted == item.name or wanted in item.aliases:
            return item
    return None


def is_cluster(turn: Turn, said: Fields) -> bool:
    """Software that comes as a cluster is priced as one, unless the person said machine or vm."""
    return _blueprint(turn, said) is not None and turn.one_of("vm_count") is None and not says_vm(turn)


def title_in(turn: Turn, said: Fields) -> str | None:
    blueprint = _blueprint(turn, said)
    return blueprint.title if blueprint else None


def warning_of(turn: Turn, made: Quote) -> str:
    """Honest about what a yes does, and what it does not do yet."""
    software = made.request.software
    if not software or software[0] == PLAIN:
        return ""
    if made.is_simulated:
        return setup_words.simulated(turn.desk.setup(made))
    return setup_words.lines(turn.desk.setup(made), made)


def say_start(turn: Turn, made: Quote) -> None:
    """A beginning that was said is not kept to, and must not be waited for."""
    now, said = turn.desk.clock(), "" if turn.is_button else turn.text
    if starts_later(made.request.until, said, now=now, timezone=turn.actor.timezone):
        turn.say("utter_starts_at_once", ends=local_time(made.ends_at, turn.actor, now))


def _total_taken(turn: Turn, said: Fields) -> Any:
    """A sum for all of the time, which was made a price of an hour."""
    return turn.one_of("max_price_per_hour") if "max_hourly_price_usd" in said else None


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _left_out(turn: Turn, said: Fields) -> str:
    if not turn.is_button:
        if other := other_size(turn.text):
            return f"All machines of one request are alike, so the one with {other} is left: ask for it next, “also …”."
        if second := unread.second_wish(turn.text, is_cluster=said["kind"] == CLUSTER):
            return f"This is one request; ask for “{second}” next, as in “also {second}”."
        if unclear := openings.misread(turn.text, said):
            return unclear
        heard = said_in(turn)
        has_time = "duration_seconds" in heard or "until" in heard
        rest = unread.unread(turn.text, {**said, "total": _total_taken(turn, said)}, has_time=has_time)
        if rest and not _REPAIRS.search(turn.text.lower()):
            return f"I did not understand “{rest}”, so it is not in this. Say it once more in other words."
    software = said.get("software") or []
    if said["kind"] != CLUSTER or len(software) < 2:
        return ""
    return f"One cluster runs one thing, so this is for {software[0]}; ask for {names(software[1:])} separately."
