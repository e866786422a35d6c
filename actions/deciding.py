"""Answers to notices: machines that came up in part or would be dearer, orphans, holding a lease."""

from __future__ import annotations

from actions import absences, again, approving, create, handover, handover_words, idling, peer_words, peers, questions
from actions.base import DeskAction, hand_over
from actions.request_fields import to_fields
from actions.turn import Button, Question, Turn
from actions.wording import provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money, rate
from clouddesk.model.absence import AWAY_CHOICES
from clouddesk.model.errors import NotFound
from clouddesk.model.orphan import ADOPT, DELETE, KEEP, ORPHAN_CHOICES
from clouddesk.model.reservation import (
    CHOICES,
    DECLINE,
    GIVE_BACK,
    GO_ON,
    KEEP_BARE,
    OFFER_CHOICES,
    RETRY,
    SOFTWARE_CHOICES,
    TAKE,
)

HOLD = "hold"
_OF_OTHERS = {
    peers.ASK: peer_words.ASK,
    peer_words.NOT_NOW: peer_words.NOT_NOW,
    handover_words.ACCEPT: handover_words.ACCEPT,
    handover_words.DECLINE: handover_words.DECLINE,
    handover_words.TAKE: handover_words.TAKE,
    handover_words.WITHDRAW: handover_words.WITHDRAW,
}
"""Answers that other topics take."""
_DECIDED = {RETRY: "utter_decided_retry", GO_ON: "utter_decided_go_on", GIVE_BACK: "utter_decided_give_back"}
_DECIDED_OF_SOFTWARE = {**_DECIDED, RETRY: "utter_decided_retry_software", KEEP_BARE: "utter_decided_keep_bare"}


class ActionDecide(DeskAction):
    """Takes the answer; what is for good or costs is asked once more, in numbers."""

    topic = "decide"

    async def respond(self, turn: Turn) -> None:
        """From a button, else from words (``actions/decisions.py``)."""
        option, reservation_id, orphan_id = (turn.one_of(name) for name in ("decision", "reservation_id", "orphan_id"))
        if turn.decision is not None:
            option, reservation_id, orphan_id = turn.decision
        option, _, shown = str(option or "").partition("@")
        if option in AWAY_CHOICES:
            await absences.decide(turn, option, shown, only=str(reservation_id or ""))
        elif option in _OF_OTHERS:
            await hand_over(turn, _OF_OTHERS[option])
        elif orphan_id is not None and option in ORPHAN_CHOICES:
            await _settle(turn, str(option), str(orphan_id))
        elif option in approving.CHOICES and reservation_id is None:
            await approving.decide(turn, option, shown)
        elif option == approving.REPRICE:
            await _price_again(turn, shown)
        elif option == HOLD:
            await _ask_hold(turn, str(reservation_id))
        elif option == again.AGAIN:
            await again.order(turn, str(reservation_id))
        elif option in idling.DECISIONS:
            await idling.decide(turn, str(option), str(reservation_id), shown)
        elif option in CHOICES or option in SOFTWARE_CHOICES:
            await _choose(turn, str(option), str(reservation_id))
        elif option in OFFER_CHOICES:
            await answer_offer(turn, str(reservation_id), is_wanted=option == TAKE, shown=shown)
        else:
            turn.say("utter_nothing_to_decide")


async def carry_out(turn: Turn, question: Question) -> None:
    """The yes to what was asked once more."""
    turn.question = None
    if question["option"] in (handover_words.OFFER, handover_words.TAKE):
        await handover.carry_out(turn, question)
    elif question["option"] == HOLD:
        done = await turn.desk.leases.hold(turn.actor, question["id"])
        ends = local_time(done.expires_at, turn.actor, turn.desk.clock())
        turn.say("utter_held", name=done.name, ends=ends)
    else:
        orphan = await turn.desk.orphans.delete(turn.actor, question["id"])
        turn.say("utter_orphan_deleting", name=orphan.name, provider=provider_title(orphan.provider))


async def answer_offer(turn: Turn, reservation_id: str, *, is_wanted: bool, shown: str = "") -> None:
    """The yes or no to dearer machines, answered in numbers. ``shown``: the price that the pressed button names."""
    item = await turn.desk.reservation(turn.actor, reservation_id)
    price = item.offered.hourly_price_usd if item.offered else 0.0
    if shown and price and rate(price) != shown:
        turn.say("utter_offer_is_another", name=item.name, hourly=rate(price))
        return
    await turn.desk.choose(
        turn.actor, item.id, TAKE if is_wanted else DECLINE, request_id=turn.message_id, offered_usd=price
    )
    turn.last_reservation = item.id
    if is_wanted:
        # Pressed once more, it is there already.
        where = item.offered or item
        machines = f"{item.node_count} × {where.size} on {provider_title(where.provider)} in {where.region}"
        turn.say("utter_decided_take", name=item.name, machines=machines, hourly=rate(where.hourly_price_usd))
    else:
        turn.say("utter_decided_decline", name=item.name)


async def _price_again(turn: Turn, approval_id: str) -> None:
    """What was approved too late, at what it costs by now."""
    approval = await turn.desk.approvals.get(turn.actor, approval_id)
    if approval.asker != turn.actor.user_id or approval.purchase.quote is None:
        raise NotFound(approval_id)
    await create.quote(turn, to_fields(approval.purchase.quote.request), response="utter_quote_looked_again")


async def _choose(turn: Turn, option: str, reservation_id: str) -> None:
    before = await turn.desk.reservation(turn.actor, reservation_id)
    up = len(before.living_nodes)
    await turn.desk.choose(turn.actor, reservation_id, option, request_id=turn.message_id)
    turn.last_reservation = reservation_id
    decided = _DECIDED if option in CHOICES and not before.is_asked_about_software else _DECIDED_OF_SOFTWARE
    turn.say(decided[option], name=before.name, up=str(up), missing=str(before.node_count - up))


async def _ask_hold(turn: Turn, reservation_id: str) -> None:
    item = await turn.desk.reservation(turn.actor, reservation_id)
    end = turn.desk.leases.longest_end(item)
    price = await turn.desk.leases.extension_price_usd(
        turn.actor, item.id, int((end - item.expires_at).total_seconds())
    )
    ends = local_time(end, turn.actor, turn.desk.clock())
    turn.ask({"kind": "confirm_decision", "option": HOLD, "id": item.id, "doing": f"holding {item.name}"})
    turn.say(
        "utter_confirm_hold", buttons=_buttons(turn), name=item.name, ends=ends, price=money(price and max(0.0, price))
    )


async def _settle(turn: Turn, option: str, orphan_id: str) -> None:
    if option == KEEP:
        orphan = await turn.desk.orphans.keep(turn.actor, orphan_id)
        turn.say("utter_orphan_kept", name=orphan.name)
    elif option == ADOPT:
        adopted = await turn.desk.orphans.adopt(turn.actor, orphan_id)
        turn.last_reservation = adopted.id
        ends = local_time(adopted.expires_at, turn.actor, turn.desk.clock())
        price = hourly(adopted.told_hourly_price_usd)
        turn.say("utter_orphan_adopted", name=adopted.name, ends=ends, price=price)
    else:
        orphan = await turn.desk.orphans.get(turn.actor, orphan_id)
        doing = f"deleting what is left of {orphan.name}"
        turn.ask({"kind": "confirm_decision", "option": DELETE, "id": orphan_id, "doing": doing})
        things = ", ".join(orphan.things)
        where = provider_title(orphan.provider)
        turn.say("utter_confirm_delete_orphan", buttons=_buttons(turn), things=things, name=orphan.name, provider=where)


def _buttons(turn: Turn) -> list[Button]:
    assert turn.question is not None
    return questions.buttons(turn.question)
