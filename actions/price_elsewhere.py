"""Whether other clouds are cheaper than what is open: "is vultr cheaper?", also where the person has no access."""

from __future__ import annotations

from actions.request_fields import Fields, merged, to_request
from actions.turn import Turn
from actions.wording import duration, names, provider_title
from clouddesk.language.money import hourly, money
from clouddesk.model.comparison import PriceLine
from clouddesk.model.offer import OWN_MACHINE, SAME_PRICE
from clouddesk.model.quote import Quote
from clouddesk.model.request import VM


async def tell(turn: Turn, change: Fields) -> bool:
    """Both prices, and how to get access; False when a cloud that is named can be had at once, or costs nothing.

    What is open stays as it is. Raises Invalid, NothingFits.
    """
    named, open_ones = change.get("providers") or (), turn.request
    own = {info.provider for info in await turn.desk.credentials(turn.actor)}
    if open_ones is None or not named or own.intersection(named) or OWN_MACHINE in named:
        return False
    same = {field: value for field, value in change.items() if field != "providers"}
    there = await turn.desk.compare(turn.actor, to_request(merged({"kind": VM, **open_ones}, change)))
    here = await turn.desk.quote(turn.actor, to_request(merged({"kind": VM, **open_ones}, same)), keep=False)
    told: set[str] = set()
    for line in there.lines:
        if line.fits and line.offer.provider not in told:
            told.add(line.offer.provider)
            _say(turn, line, here)
    if left := [provider_title(name) for name in dict.fromkeys(named) if name not in told]:
        turn.say("utter_price_nowhere", providers=names(left, last="or"))
    return True


def verdict(there_usd: float, here_usd: float) -> str:
    """ "cheaper": the first price beside the second."""
    if max(there_usd, here_usd) <= min(there_usd, here_usd) * SAME_PRICE:
        return "the same price"
    return "cheaper" if there_usd < here_usd else "dearer"


def _say(turn: Turn, line: PriceLine, here: Quote) -> None:
    offer, title = line.offer, provider_title(line.offer.provider)
    lease = duration(here.lease_seconds)
    turn.say(
        "utter_price_elsewhere",
        provider=title,
        verdict=verdict(line.hourly_price_usd, here.hourly_price_usd),
        machines=f"{len(here.nodes)} × {offer.size} in {offer.region}",
        price=f"{hourly(line.hourly_price_usd)}, {money(line.total_price_usd)} for {lease}",
        here=f"{hourly(here.hourly_price_usd)} and {money(here.total_price_usd)}",
        access=f"You have no access there yet: say “add my {offer.provider} key” to have it."
        if offer.provider in turn.desk.clouds()
        else f"{title} is not connected here, so this is only its list price.",
    )
