"""What the clouds themselves charge, beside what was counted here."""

from __future__ import annotations

from actions.base import DeskAction
from actions.cards import SIMULATED
from actions.costs import is_of_team
from actions.turn import Card, Turn
from actions.wording import names, provider_title
from clouddesk import bill_words
from clouddesk.access import may_see_costs_of_all
from clouddesk.costs import OWN, TEAM, BillWish, months_of
from clouddesk.language.periods import find_period, no_such_date, this_month
from clouddesk.model.bill import BillReport

_FENCE = "```"


class ActionCompareBills(DeskAction):
    """Changes nothing, and what is open stays open. What takes long comes as a notice."""

    topic = "compare_bills"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """For the month that is named, or this one; admins who say "us" are told of all the team's accounts."""
        now, text = turn.desk.clock(), turn.text.lower().replace("’", "'")
        if wrong := no_such_date(text):
            turn.say("utter_bills", card=Card(f"There is no {wrong}. Say it like october, 2026-10 or 2026-10-31."))
            return
        zone = turn.actor.timezone
        period = find_period(text, now=now, timezone=zone) or this_month(now=now, timezone=zone)
        providers = tuple(map(str, turn.all_of("provider")))
        is_team = may_see_costs_of_all(turn.actor) and is_of_team(text)
        wish = BillWish(months_of(period.since, min(period.until, max(now, period.since))), providers)
        wish = BillWish(wish.months, wish.providers, TEAM if is_team else OWN)
        report = await turn.desk.costs.compare_bills(turn.actor, wish, conversation=turn.conversation)
        if report is None:
            turn.say("utter_bills_later", clouds=names([provider_title(name) for name in providers]) or "the clouds")
        else:
            turn.say("utter_bills", card=_card(report, providers))


def _card(report: BillReport, providers: tuple[str, ...]) -> Card:
    if not report.comparisons:
        where = names([provider_title(name) for name in providers], last="or") or "any cloud"
        return Card(f"You have given me no access to {where}, so there is no bill that I could ask for.")
    blocks: list[str] = []
    small: list[str] = []
    for item in report.comparisons:
        block = [bill_words.headline(item, provider_title, mark="*")]
        if table := bill_words.rows(item):
            block.append(_fenced([("", "bill", "+/-"), *table]))
        blocks.append("\n".join(block))
        small += bill_words.reasons(item, provider_title)
    if any(not item.problem for item in report.comparisons):
        small.append(bill_words.BASIS)
    if report.is_simulated:
        small.append(SIMULATED)
    small = list(dict.fromkeys(small))
    return Card("\n".join([*blocks, *small]), tuple(small))


def _fenced(rows: list[tuple[str, str, str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    shown = [f"{row[0].ljust(widths[0])}  {row[1].rjust(widths[1])}  {row[2].rjust(widths[2])}" for row in rows]
    return "\n".join([_FENCE, *(line.rstrip() for line in shown), _FENCE])
