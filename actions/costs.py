"""What machines have cost: of a period, one's own or the team's, by what is asked; and of single machines so far."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

from actions import cards, cost_words, resolve
from actions.base import DeskAction, hand_over
from actions.turn import Card, Turn
from actions.wording import names, provider_title
from clouddesk.access import may_see_costs_of_all
from clouddesk.costs import OWN, TEAM, CostWish
from clouddesk.language.localtime import zone_of
from clouddesk.language.people import MENTION, called
from clouddesk.language.periods import Period, find_period, find_step, in_all, no_such_date, steps, this_month
from clouddesk.language.spoken_dates import unread
from clouddesk.matching import is_named_in
from clouddesk.model.actor import LOCAL_WORKSPACE, Person
from clouddesk.model.costs import PERSON, PROVIDER, REGION, RESERVATION, SOFTWARE, CostReport
from clouddesk.model.errors import NotFound
from clouddesk.model.reservation import Reservation

_TEAM = re.compile(
    r"\b(?:we|us|our|ours|team(?:'?s)?|everybody|everyone|company|department|lab|group|workspace|who|whose|anyone"
    r"|anybody|people|persons?|users?|members?|colleagues|organi[sz]ation|together|spenders?|cost cent(?:er|re))\b"
)
_OWN = re.compile(
    r"\b(?:did|have|do|am|had|are|what|much) i\b"
    r"|\bi(?:'ve| have| did)? (?:really )?(?:spen[dt]|burn\w*|blow|pay|paid|owe)\b"
    r"|\bmy (?:own )?(?:costs?|spen[dt]\w*|bill|month|share|part|own|machines?|clusters?|vms?|box(?:es)?)\b|\bmine\b"
)
""" "I was asked what we spent" is about the team all the same."""
_EACH = r"(?:per|by|each|every|which|what)"
_WAYS = {
    PERSON: rf"\b(?:who|whose)\b|\b{_EACH} (?:person|people|user|head|owner|member|colleague|student|developer)s?\b"
    r"|\bspenders?\b",
    PROVIDER: rf"\b{_EACH} (?:cloud )?(?:provider|cloud|vendor)s?\b",
    SOFTWARE: rf"\b{_EACH} (?:software|blueprint|kind|type|cluster type|application|app|tool)s?\b",
    REGION: rf"\b{_EACH} (?:region|location|place|data ?cent(?:er|re))s?\b",
    RESERVATION: rf"\b{_EACH} (?:of (?:my|our|the) )?(?:reservation|machine|cluster|vm|resource|instance|box|server)"
    r"(?:e?s)?\b",
}
_WAY = {way: re.compile(pattern) for way, pattern in _WAYS.items()}
_MACHINES = re.compile(
    r"\b(?:my|our|the|that|this|those|these|each|every) (?:[\w.-]+ ){0,3}?"
    r"(?:clusters?|vms?|machines?|box(?:es)?|servers?|instances?|ones?|reservations?)\b"
    r"|\b(?:it|they|them|these|those)\b"
)
_THAT = re.compile(
    r"\b(?:did|does|has|have|will|would) (?:that|this)(?: one)? (?:\w+ ){0,2}?(?:cost|come|add|amount|run)\b"
)
""" "How much did that cost?": the machine of before."""
_PLAIN_IT = re.compile(r"\bit\b")
_MY = re.compile(r"\bmy\b")
_SPENT = re.compile(r"\b(?:spen[dt]\w*|burn\w*|blow\w*|bill|report|history|forecast|budget)\b")
_MOST = 10
"""Machines; more of them are a list with pages."""
_GPUS = re.compile(r"\bgpus?\b")
_LISTS = re.compile(r"\bwhat (?:do|does|are|am) (?:my|mine|i|it|they|them|these|all)\b")


class ActionCostReport(DeskAction):
    """What was spent; changes nothing, and what is open stays open."""

    topic = "cost_report"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """Of machines that are meant, what they have cost so far; else the report of the period, or of this month."""
        now, text = turn.desk.clock(), turn.text.lower().replace("’", "'")
        if wrong := no_such_date(text):
            turn.say("utter_costs", card=Card(f"There is no {wrong}. Say it like october, 2026-10 or 2026-10-31."))
            return
        if vague := unread(text, today=now.astimezone(zone_of(turn.actor.timezone)).date()):
            turn.say("utter_costs_which_days", words=vague)
            return
        period = find_period(text, now=now, timezone=turn.actor.timezone)
        said = [name.lower() for name in await resolve.said_names(turn)]
        gone = None if said else await _gone(turn, text)
        if period is None and gone is None and (items := await _machines(turn, text, said)):
            if len(items) > _MOST:
                await hand_over(turn, "list_resources")
            else:
                _tell_machines(turn, items)
            return
        said = [gone.id] if gone else said or await _ended(turn, text)
        # What a machine cost that has ended may lie long ago.
        period = period or (in_all if said else this_month)(now=now, timezone=turn.actor.timezone)
        people, unknown = _people(turn)
        if unknown:
            turn.say("utter_costs_who", name=names(unknown))
            return
        step = find_step(text, period)
        whose = TEAM if is_of_team(text) else OWN
        is_admin = may_see_costs_of_all(turn.actor)
        wish = CostWish(
            period.since,
            period.until,
            period.earlier_since,
            whose=whose,
            people=people,
            software=tuple(map(str, turn.all_of("software"))),
            providers=tuple(map(str, turn.all_of("provider"))),
            regions=tuple(map(str, turn.all_of("region"))),
            names=tuple(said),
            steps=steps(period, step) if step else (),
        )
        report = None
        for place in _whose(text, whose, is_named=bool(said), is_admin=is_admin):
            wish = replace(wish, whose=place)
            with suppress(NotFound):
                report = await turn.desk.costs.report(turn.actor, wish)
                break
        if report is None:
            await resolve.say_not_found(turn, names(said))
            return
        _tell(turn, report, period, wish, text, is_admin=is_admin, called_so=gone.name if gone else "")


def is_of_team(text: str) -> bool:
    """Whether a question about costs is about the team rather than about who asks."""
    return bool(_TEAM.search(text)) and not _OWN.search(text)


def _whose(text: str, whose: str, *, is_named: bool, is_admin: bool) -> tuple[str, ...]:
    """Where to look, in this order: an admin's own "spark-1" is not everybody's, as all people's first may have it."""
    if not (is_named and is_admin):
        return (whose,)
    if _MY.search(text):
        return (OWN,)
    return (TEAM,) if whose == TEAM else (OWN, TEAM)


def _tell(
    turn: Turn, report: CostReport, period: Period, wish: CostWish, text: str, *, is_admin: bool, called_so: str
) -> None:
    way = next((way for way, pattern in _WAY.items() if pattern.search(text)), "")
    is_team = wish.whose == TEAM and not wish.people
    notes = []
    if is_team and not is_admin and way in (PERSON, RESERVATION):
        notes.append("Who spent how much is for admins to see; this is the team's sum.")
        way = PROVIDER
    if not way and max(len(wish.providers), len(wish.software)) > 1:
        way = PROVIDER if len(wish.providers) > 1 else SOFTWARE
    if not way:
        way = (PERSON if is_admin else PROVIDER) if is_team and not wish.names else RESERVATION
    if turn.all_of("gpu_type") or _GPUS.search(text):
        notes.append("I can't tell machines with GPUs from others here: this is all of them.")

    def called_by(user_id: str) -> str:
        return called(Person(turn.actor.workspace_id, user_id))

    who = names([called_by(user_id) for user_id in wish.people]) if wish.people else "The team" if is_team else "You"
    what: dict[str, Any] = {"who": who, "of_what": _of_what(turn, wish, called_so), "way": way}
    turn.say(
        "utter_costs",
        card=cost_words.card(report, period, **what, called=called_by, notes=notes),
        chart=None if wish.people else cost_words.chart(report, period, **what),
        costs=wish.as_json() if report.lines else "",
    )


def _tell_machines(turn: Turn, items: list[Reservation]) -> None:
    now = turn.desk.clock()
    lines = [cost_words.machine_line(item, turn.actor, now=now) for item in items]
    if len(items) == 1:
        turn.last_reservation = items[0].id
    else:
        lines = [f"• {line}" for line in lines]
        lines.append(f"Together {cost_words.together(items, now=now)}.")
    turn.say("utter_costs", card=cards.with_mark(lines, items))


async def _machines(turn: Turn, text: str, said: list[str]) -> list[Reservation]:
    """Live machines that the message means rather than a period; [] for none."""
    if said:
        found = [item for name in said for item in await turn.desk.find(turn.actor, name)]
        return list({item.id: item for item in found}.values())
    if not any(pattern.search(text) for pattern in (_MACHINES, _LISTS, _THAT)):
        return []
    if _SPENT.search(text) or any(pattern.search(text) for pattern in (_WAY[PERSON], _WAY[PROVIDER])):
        return []
    found = await resolve.having(turn)
    cues = resolve.cues_of(turn)
    fitting = cues.most(cues.fitting(found))
    if (
        (cues.says_it or _THAT.search(text))
        and not cues.says_all
        and (last := [i for i in fitting if i.id == turn.last_reservation])
    ):
        return last
    return fitting


async def _gone(turn: Turn, text: str) -> Reservation | None:
    """What "it" was, when that has ended: "what did it cost?" after it was given back."""
    cues = resolve.cues_of(turn)
    says_it = _PLAIN_IT.search(text) or _THAT.search(text)
    if not says_it or turn.last_reservation is None or _SPENT.search(text) or _TEAM.search(text):
        return None
    if cues.says_all or cues.says_which or resolve.attributes(turn):
        return None
    with suppress(NotFound):
        last = await turn.desk.reservation(turn.actor, turn.last_reservation)
        return None if last.is_live else last
    return None


async def _ended(turn: Turn, text: str) -> list[str]:
    """The names of machines that were given back, as the message says them."""
    known = [item for item in await turn.desk.reservations(turn.actor, include_ended=True) if not item.is_live]
    return list(dict.fromkeys(item.name.lower() for item in known if is_named_in(text, item)))


def _people(turn: Turn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The user ids that are said, and the names of which only a mention would tell whose they are."""
    ids = [found["id"] for found in MENTION.finditer(turn.text)]
    plain = [str(name).strip("@ ") for name in turn.all_of("person") if not MENTION.fullmatch(str(name))]
    if turn.actor.workspace_id == LOCAL_WORKSPACE:
        return tuple(dict.fromkeys([*ids, *(name.lower().removesuffix("'s") for name in plain)])), ()
    return tuple(dict.fromkeys(ids)), tuple(plain)


def _of_what(turn: Turn, wish: CostWish, called_so: str) -> str:
    """ " on Spark, on AWS". ``called_so``: the name of the machine that is in the wish by its id."""
    titles = {blueprint.name: blueprint.title for blueprint in turn.desk.blueprints()}
    parts = []
    if wish.names:
        parts.append(f" for {called_so or names(wish.names)}")
    if wish.software:
        parts.append(f" on {names([titles.get(name, name) for name in wish.software])}")
    if wish.providers:
        parts.append(f" on {names([provider_title(name) for name in wish.providers])}")
    if wish.regions:
        parts.append(f" in {names(wish.regions)}")
    return ",".join(parts)
