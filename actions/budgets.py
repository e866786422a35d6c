"""Budgets in conversation: what they are, how much is left, setting them, and the requests that are over them."""

from __future__ import annotations

from dataclasses import asdict

from actions import about_budgets, approving, parking, questions, retries
from actions.about_budgets import AboutBudget
from actions.base import DeskAction
from actions.turn import Turn
from actions.wording import names
from clouddesk import budget_words
from clouddesk.access import may_see_costs_of_all
from clouddesk.budgets import EACH, TEAM, BudgetView, counting
from clouddesk.model.approval import Approval
from clouddesk.model.budget import MEASURES, Bound, Budget
from clouddesk.model.errors import Denied

_MOST = 15


class ActionBudgets(DeskAction):
    """Answers about budgets, and decisions on requests: what is open stays open."""

    topic = "budgets"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """As ``actions/about_budgets.py`` has read it."""
        about = turn.about_budget
        if about is None:
            raise ValueError("nothing is said of a budget")
        if about.unclear:
            turn.say("utter_budget_who", name=about.unclear)
        elif about.what == about_budgets.SHOW:
            await _show(turn, about.whose or turn.actor.user_id)
        elif about.what == about_budgets.SHOW_ALL:
            await _show_all(turn)
        elif about.what == about_budgets.WHY:
            await _explain(turn)
        elif about.what == about_budgets.WHO:
            await _say_who_decides(turn)
        elif about.what == about_budgets.REQUESTS:
            await _list(turn)
        elif about.what == about_budgets.WITHDRAW:
            await _withdraw(turn)
        else:
            await _decide(turn, about)


class ActionSetBudget(DeskAction):
    """For admins: what changes is shown with its numbers, and done after a yes."""

    topic = "set_budget"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """The yes comes back here."""
        about = AboutBudget(**turn.facts["budget"]) if turn.facts.get("is_confirmed") else turn.about_budget
        if about is None:
            raise ValueError("nothing is said of a budget")
        if about.unclear:
            turn.say("utter_budget_who", name=about.unclear)
            return
        try:
            book = await turn.desk.budgets.own_book(turn.actor)
        except Denied:
            turn.say("utter_budget_not_admin")
            return
        if about.what == about_budgets.SET and about.measure is None:
            turn.say("utter_budget_no_such_period")
            return
        whose = about.whose or turn.actor.user_id
        if about.what in (about_budgets.NAME, about_budgets.UNNAME):
            await self._name(turn, about, whose)
            return
        own = book.team if whose == TEAM else book.each if whose == EACH else book.people.get(whose, Budget())
        bounds = _bounds(about, own)
        if not bounds:
            turn.say("utter_budget_none_to_remove", whose=_whose(turn, whose))
            return
        if turn.facts.get("is_confirmed"):
            after = counting(await turn.desk.budgets.set(turn.actor, whose, bounds), whose)
            turn.say("utter_budget_set", whose=_whose(turn, whose).capitalize(), lines=_lines_of(after))
            return
        now = await turn.desk.budgets.view(turn.actor, whose)
        view = await turn.desk.budgets.view(turn.actor, whose, bounds=bounds)
        # What counts: a limit that everybody has holds beside a mark of one's own.
        lines = [
            f"• {budget_words.bound(measure, view.budget.bound(measure))}, "
            f"now {budget_words.bound(measure, now.budget.bound(measure))}"
            for measure in bounds
        ]
        if whose != EACH:
            lines += [f"• With what there is: {line}" for line in _uses(view)]
        _ask(turn, about, f"setting {_whose(turn, whose)} budget")
        turn.say(
            "utter_confirm_budget",
            buttons=questions.buttons(turn.question or {}),
            whose=_whose(turn, whose).capitalize(),
            lines="\n".join(lines),
        )

    async def _name(self, turn: Turn, about: AboutBudget, whose: str) -> None:
        is_wanted = about.what == about_budgets.NAME
        person = approving.name_of(turn, whose)
        if turn.facts.get("is_confirmed"):
            await turn.desk.budgets.name_approver(turn.actor, whose, is_wanted=is_wanted)
            turn.say("utter_approver_named" if is_wanted else "utter_approver_removed", person=person)
            return
        _ask(turn, about, f"making {person} an approver" if is_wanted else f"letting {person} approve no more")
        response = "utter_confirm_approver" if is_wanted else "utter_confirm_no_approver"
        turn.say(response, buttons=questions.buttons(turn.question or {}), person=person)


def _ask(turn: Turn, about: AboutBudget, doing: str) -> None:
    turn.facts = {"budget": asdict(about)}
    wish = retries.wish(turn, ActionSetBudget.topic)
    parking.set_aside(turn)
    turn.ask({**wish, "request": None, "kind": "confirm_task", "doing": doing, "price": None})


def _bounds(about: AboutBudget, own: Budget) -> dict[str, Bound | None]:
    """What is to change, by measure."""
    if about.what == about_budgets.REMOVE:
        measures = MEASURES if about.measure is None else (about.measure,)
        return {measure: None for measure in measures if own.bound(measure)}
    measure = str(about.measure)
    before = own.bound(measure) or Bound()
    if about.is_soft:
        return {measure: Bound(before.most, about.amount)}
    # A warning beyond what is allowed would never be told.
    warn = before.warn if before.warn is not None and before.warn < about.amount else None
    return {measure: Bound(about.amount, warn)}


async def _show(turn: Turn, whose: str) -> None:
    view = await turn.desk.budgets.view(turn.actor, whose)
    lines = _uses(view)
    is_own = whose == turn.actor.user_id
    if is_own:
        team = await turn.desk.budgets.view(turn.actor, TEAM)
        lines += [f"the team together: {line}" for line in _uses(team)]
    if not lines:
        turn.say("utter_budget_none", whose=_whose(turn, whose).capitalize())
        return
    text = "\n".join(f"• {line}" for line in lines)
    turn.say("utter_budget", whose=_whose(turn, whose).capitalize(), lines=text)


async def _show_all(turn: Turn) -> None:
    if not may_see_costs_of_all(turn.actor):
        await _show(turn, turn.actor.user_id)
        return
    book = await turn.desk.budgets.book(turn.actor)
    named = [("The team together", book.team), ("Each person", book.each)]
    named += [(approving.name_of(turn, user_id), book.of(user_id)) for user_id in sorted(book.people)]
    lines = [f"• {name}: {_in_a_line(budget)}" for name, budget in named[:_MOST] if not budget.is_empty]
    if not lines:
        turn.say("utter_budgets_none")
        return
    if len(named) > _MOST:
        lines.append(f"… and {len(named) - _MOST} more: `clouddesk budget show`")
    turn.say("utter_budgets", lines="\n".join(lines))


async def _explain(turn: Turn) -> None:
    """Why what is open, or was asked for last, takes an approval: the numbers once more."""
    question = turn.question or {}
    if question.get("kind") == "confirm_quote":
        quote = await turn.desk.get_quote(turn.actor, question["id"])
        findings = await turn.desk.budgets.look_at_quote(turn.actor, quote)
        if over := [item for item in findings if item.is_over]:
            room = budget_words.room(over)
            turn.say(
                "utter_approval_why" if room else "utter_approval_why_full",
                reasons=approving.reasons(turn, over, turn.actor.user_id),
                room=room,
            )
            return
    own = await turn.desk.approvals.own(turn.actor)
    if not own:
        await _show(turn, turn.actor.user_id)
        return
    latest = own[0]
    turn.say(
        "utter_approval_why_asked",
        line=approving.line(turn, latest),
        reasons=approving.reasons(turn, latest.findings, latest.purchase.owner),
    )


async def _say_who_decides(turn: Turn) -> None:
    people = [approving.name_of(turn, user_id) for user_id in await turn.desk.approvals.managers(turn.actor)]
    if people:
        turn.say("utter_approvers", people=names(people))
    else:
        turn.say("utter_approvers_none")


async def _list(turn: Turn) -> None:
    waiting = await turn.desk.approvals.waiting(turn.actor)
    own = await turn.desk.approvals.own(turn.actor)
    found = {item.id: item for item in (*waiting, *own)}
    if not found:
        turn.say("utter_approvals_none")
        return
    lines = "\n".join(f"• {approving.line(turn, item)}" for item in found.values())
    turn.say("utter_approvals", buttons=approving.choices(waiting) or None, lines=lines)


async def _withdraw(turn: Turn) -> None:
    now = turn.desk.clock()
    pending = [item for item in await turn.desk.approvals.own(turn.actor) if item.is_open(now)]
    if len(pending) > 1:
        lines = "\n".join(f"• {approving.line(turn, item)}" for item in pending)
        turn.say("utter_approvals_which", buttons=approving.withdrawals(pending), lines=lines)
    elif pending:
        await approving.decide(turn, approving.WITHDRAW, pending[0].id)
    else:
        turn.say("utter_approvals_none")


async def _decide(turn: Turn, about: AboutBudget) -> None:
    """The one that is meant; which one is asked where several could be."""
    found = await _meant(turn, about)
    option = approving.APPROVE if about.what == about_budgets.APPROVE else approving.DECLINE
    if len(found) == 1:
        await approving.decide(turn, option, found[0].id, about.reason)
    elif found:
        lines = "\n".join(f"• {approving.line(turn, item)}" for item in found)
        turn.say("utter_approvals_which", buttons=approving.choices(found), lines=lines)
    elif about.whose == turn.actor.user_id:
        turn.say("utter_error_not_yours_to_decide_own")
    else:
        turn.say("utter_approvals_none_to_decide")


async def _meant(turn: Turn, about: AboutBudget) -> list[Approval]:
    waiting = await turn.desk.approvals.waiting(turn.actor)
    found = [item for item in waiting if not about.whose or item.asker == about.whose]
    if found or about.what != about_budgets.DECLINE or not about.reason:
        return found
    # "Decline ben's request, too big", after the button was pressed: the reason of that.
    return [item for item in await turn.desk.approvals.declined_by(turn.actor) if item.asker == about.whose][:1]


def _whose(turn: Turn, whose: str) -> str:
    """ "the team's", "everybody's", "your", "ben's"."""
    if whose in (TEAM, EACH):
        return {TEAM: "the team's", EACH: "everybody's"}[whose]
    return "your" if whose == turn.actor.user_id else f"{approving.name_of(turn, whose)}'s"


def _uses(view: BudgetView) -> list[str]:
    return [budget_words.use(item, view.month) for item in view.uses]


def _lines_of(budget: Budget) -> str:
    found = [budget_words.bound(measure, bound) for measure in MEASURES if (bound := budget.bound(measure))]
    return "\n".join(f"• {line}" for line in found) or "• no limit"


def _in_a_line(budget: Budget) -> str:
    return "; ".join(budget_words.bound(measure, bound) for measure in MEASURES if (bound := budget.bound(measure)))
