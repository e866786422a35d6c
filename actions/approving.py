"""What is over a budget: said in numbers, asked of those who may allow it, and decided by them."""

from __future__ import annotations

from collections.abc import Sequence

from actions.buttons import button
from actions.turn import Button, Turn
from actions.wording import names
from clouddesk import budget_words
from clouddesk.access import may_see_costs_of_all
from clouddesk.language.localtime import local_time
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.approval import (
    APPROVED,
    CHANGED,
    DEARER,
    DECLINED,
    DONE,
    EXPIRED,
    FAILED,
    GONE,
    PENDING,
    WITHDRAWN,
    AlreadyDecided,
    Approval,
    NobodyApproves,
    NotYoursToDecide,
    OverBudget,
)
from clouddesk.model.budget import Finding
from clouddesk.model.errors import CloudDeskError, NotFound, Unavailable

APPROVE, DECLINE, WITHDRAW, REPRICE = "approve", "decline", "withdraw", "reprice"
CHOICES = (APPROVE, DECLINE, WITHDRAW)
"""The answers of buttons, which carry the request's id as "approve@a-…"."""
_STATUSES = {
    PENDING: "waits for an answer",
    APPROVED: "approved, and being carried out",
    DONE: "approved and done",
    DECLINED: "declined",
    EXPIRED: "expired, as nobody had decided in time",
    WITHDRAWN: "withdrawn",
    CHANGED: "approved, but nothing was done, as",
    FAILED: "approved, but it could not be done",
}


def note(turn: Turn, findings: Sequence[Finding], owner: str) -> str:
    """What goes beyond a bound, below a text; "" for nothing."""
    text = _words(turn, findings, owner)
    return f"\n{text}" if text else ""


def warning(turn: Turn, findings: Sequence[Finding]) -> str:
    """The same before the question of a price."""
    text = _words(turn, findings, turn.actor.user_id)
    return f"{text}\n\n" if text else ""


def reasons(turn: Turn, findings: Sequence[Finding], owner: str) -> str:
    """Each bound with its numbers, as far as these are the reader's business."""
    is_own = owner == turn.actor.user_id
    whose = "your" if is_own else f"{name_of(turn, owner)}'s"
    return budget_words.reasons(findings, whose, with_use=is_own or may_see_costs_of_all(turn.actor))


async def ask(turn: Turn, over: OverBudget) -> None:
    """Ask for an approval of what is over, and say whom and why; or that nobody could give it."""
    owner = over.purchase.owner
    what = budget_words.what(over.purchase, over.planned, turn.desk.clock())
    try:
        approval = await turn.desk.approvals.ask(turn.actor, over, conversation=turn.conversation)
    except NobodyApproves as error:
        response = "utter_nobody_approves_admin" if error.is_admin else "utter_nobody_approves"
        turn.say(response, what=what, reasons=reasons(turn, over.findings, owner))
        return
    if approval.status != PENDING:
        turn.say("utter_approval_known", what=what, status=status(turn, approval))
        return
    deciders = [name_of(turn, user_id) for user_id in await turn.desk.approvals.deciders(turn.actor, approval.id)]
    turn.say(
        "utter_approval_asked",
        buttons=[_button("Withdraw the request", WITHDRAW, approval)],
        what=what,
        reasons=reasons(turn, approval.findings, owner),
        who=names(deciders, last="or"),
        ends=local_time(approval.expires_at, turn.actor, turn.desk.clock()),
    )


async def decide(turn: Turn, option: str, approval_id: str, reason: str = "") -> None:
    """Take the answer to a request, from a button or from words."""
    desk, actor = turn.desk, turn.actor
    try:
        if option == WITHDRAW:
            done = await desk.approvals.withdraw(actor, approval_id)
            turn.say("utter_approval_withdrawn", what=_what(done))
        elif option == DECLINE:
            done = await desk.approvals.decline(actor, approval_id, reason)
            response = "utter_approval_declined" if reason else "utter_approval_declined_plainly"
            turn.say(response, what=_what(done), asker=name_of(turn, done.asker), reason=reason)
        else:
            await _approve(turn, approval_id)
    except NotYoursToDecide as error:
        turn.say(f"utter_error_not_yours_to_decide_{error.why}")
    except AlreadyDecided as error:
        turn.say("utter_approval_known", what=_what(error.approval), status=status(turn, error.approval))


async def _approve(turn: Turn, approval_id: str) -> None:
    try:
        done, made = await turn.desk.approvals.approve(turn.actor, approval_id)
    except (NotYoursToDecide, AlreadyDecided, NotFound, Unavailable):
        raise
    except CloudDeskError:
        turn.say("utter_approval_failed")
        raise
    asker = name_of(turn, done.asker)
    if made is None:
        response = "utter_approval_changed" if done.purchase.quote else "utter_approval_changed_since"
        turn.say(response, what=_what(done), asker=asker, why=_change(done))
    else:
        turn.say("utter_approval_given", what=_what(done), asker=asker)


def status(turn: Turn, approval: Approval) -> str:
    """ "declined by root: “too big”"."""
    words = _STATUSES[approval.status]
    if approval.by and approval.status in (APPROVED, DONE, DECLINED, CHANGED, FAILED):
        words = words.replace("approved", f"approved by {name_of(turn, approval.by)}", 1)
        words = words.replace("declined", f"declined by {name_of(turn, approval.by)}", 1)
    if approval.status == WITHDRAWN and approval.reason == GONE:
        return f"{words}, as who asked is not here any more"
    if approval.status == CHANGED:
        return f"{words} {_change(approval)}"
    return f"{words}: “{approval.reason}”" if approval.status == DECLINED and approval.reason else words


def _change(approval: Approval) -> str:
    # Until November 2026 only the price could have changed, and no reason was kept.
    return budget_words.CHANGES.get(approval.reason, budget_words.CHANGES[DEARER])


def line(turn: Turn, approval: Approval) -> str:
    """One request in a list."""
    until = local_time(approval.expires_at, turn.actor, turn.desk.clock())
    asker = "you" if approval.asker == turn.actor.user_id else name_of(turn, approval.asker)
    ends = f", until {until}" if approval.status == PENDING else ""
    return f"{_what(approval)}, asked for by {asker}: {status(turn, approval)}{ends}"


def choices(approvals: Sequence[Approval]) -> list[Button]:
    """Approve and decline for each; several are told apart by name."""
    is_one = len(approvals) == 1
    return [
        _button(title if is_one else f"{title} {item.purchase.name}", option, item)
        for item in approvals
        for title, option in (("Approve", APPROVE), ("Decline", DECLINE))
    ]


def withdrawals(approvals: Sequence[Approval]) -> list[Button]:
    """Withdraw, for each of several."""
    return [_button(f"Withdraw {item.purchase.name}", WITHDRAW, item) for item in approvals]


def name_of(turn: Turn, user_id: str) -> str:
    """How a person of the workspace is called."""
    return called(Person(turn.actor.workspace_id, user_id))


def _what(approval: Approval) -> str:
    return budget_words.what(approval.purchase, approval.planned, approval.created_at)


def _button(title: str, option: str, approval: Approval) -> Button:
    return button(title, "decide", decision=f"{option}@{approval.id}")


def _words(turn: Turn, findings: Sequence[Finding], owner: str) -> str:
    if not findings:
        return ""
    over = [item for item in findings if item.is_over]
    head = "*This takes an approval*, as it is over" if over else "*Mind the budget*: this passes"
    return f"{head}\n{reasons(turn, over or findings, owner)}"
