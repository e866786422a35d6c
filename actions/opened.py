"""Opening and closing ports of machines that run: what a message says of it, asked with what is open afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from actions import openings, resolve
from actions.lifecycle import ReservationTask
from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.language.openings import NOTHING, closed, is_wide, read, words
from clouddesk.model.blueprint import PortRange
from clouddesk.model.errors import NoFirewall, QuotaExceeded, RequestRejected, WrongState
from clouddesk.model.node import Opening
from clouddesk.model.reservation import Reservation

_ONLY = re.compile(r"\bonly\b")


class ActionOpenings(ReservationTask):
    """ "Open port 8080 of web-1 to 203.0.113.7", "close port 8080", with nothing asked for."""

    topic = "openings"
    doing = "changing who reaches"
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Of one at a time: each has openings of its own."""
        if not turn.facts.get("reservation"):
            if not await turn.desk.reservations(turn.actor):
                turn.say("utter_openings_at_order")
                return
            meant = await resolve.which(turn, self.topic)
            found = meant.chosen or meant.candidates
            if len(found) != 1:
                if found:
                    turn.say("utter_openings_of_which", which=names([item.name for item in found]))
                return
            turn.facts["reservation"] = [{"id": found[0].id, "name": found[0].name}]
        await super().respond(turn)

    async def ask(self, turn: Turn, items: Sequence[Reservation]) -> bool:
        """Whatever lets others in, or locks somebody out, takes a yes."""
        item, outside = await turn.desk.openings.look(turn.actor, items[0].id)
        after = _after(turn, item, outside)
        if after is None:
            turn.facts["openings"] = None
            return False
        turn.facts["openings"] = {
            "before": [asdict(one) for one in item.openings],
            "after": [asdict(one) for one in after],
        }
        come = [one for one in after if one not in item.openings]
        gone = [one for one in item.openings if one not in after]
        changes = [f"Open {words(come)}"] if come else []
        changes += [f"{'close' if come else 'Close'} {words(gone)}"] if gone else []
        wide = any(is_wide(one.source) for one in come)
        turn.say(
            "utter_confirm_openings_to_all" if wide else "utter_confirm_openings",
            name=item.name,
            changes=" and ".join(changes),
            after=_words(after),
        )
        return True

    async def do(self, turn: Turn, item: Reservation) -> None:
        agreed = turn.facts["openings"]
        if agreed is None:
            return
        before, after = ([Opening(**one) for one in agreed[when]] for when in ("before", "after"))
        try:
            done = await turn.desk.openings.change(turn.actor, item.id, after, before=before)
        except WrongState as error:
            if error.state != "changed":
                raise
            turn.say("utter_openings_have_changed", name=item.name)
            return
        except (RequestRejected, QuotaExceeded) as error:
            if isinstance(error, NoFirewall):
                raise
            provider = provider_title(error.provider)
            turn.say("utter_openings_refused", name=item.name, provider=provider, after=_words(before))
            return
        turn.say("utter_openings_changed", name=done.name, after=_words(after))


def _after(turn: Turn, item: Reservation, outside: Sequence[PortRange]) -> tuple[Opening, ...] | None:
    """What is to be open; None when nothing changes or something is missing, which was said."""
    said, shut = read(turn.text), closed(turn.text)
    if said.is_closed or shut is not None:
        ports = [] if shut is None else [_range(text) for text in shut.ports]
        left = tuple(_without(item.openings, ports, () if shut is None else shut.sources))
        if left == item.openings:
            _say_same(turn, item)
            return None
        return left
    if why := openings.misread(turn.text, {"open_to": said.sources}):
        turn.say("utter_openings_unclear", why=why)
        return None
    ports = [_range(text) for text in said.ports] or _known(item, outside)
    if not ports:
        turn.say("utter_openings_which_port", name=item.name, source=said.sources[0])
        return None
    kept = _without(item.openings, ports, ()) if _ONLY.search(turn.text.lower()) else item.openings
    new = (Opening(one.first, one.last, source) for source in said.sources for one in ports)
    after = tuple(dict.fromkeys([*kept, *new]))
    if after == item.openings:
        _say_same(turn, item)
        return None
    return after


def _known(item: Reservation, outside: Sequence[PortRange]) -> list[PortRange]:
    """Those that somebody else reaches already; else those that the software has for people outside."""
    return list(dict.fromkeys(PortRange(one.first_port, one.last_port) for one in item.openings)) or list(outside)


def _without(all_: Iterable[Opening], ports: Sequence[PortRange], sources: Sequence[str]) -> Iterable[Opening]:
    """What is left of them, of a range perhaps two pieces. No ports: all; no sources: for everybody."""
    pieces = list(all_)
    for gone in ports or [PortRange(1, 65535)]:
        left: list[Opening] = []
        for one in pieces:
            is_apart = one.last_port < gone.first or gone.last < one.first_port
            if is_apart or (sources and one.source not in sources):
                left.append(one)
                continue
            if one.first_port < gone.first:
                left.append(Opening(one.first_port, gone.first - 1, one.source))
            if gone.last < one.last_port:
                left.append(Opening(gone.last + 1, one.last_port, one.source))
        pieces = left
    return pieces


def _range(text: str) -> PortRange:
    first, _, last = text.partition("-")
    return PortRange(int(first), int(last or first))


def _words(after: Sequence[Opening]) -> str:
    return words(after) or NOTHING


def _say_same(turn: Turn, item: Reservation) -> None:
    response = "utter_openings_same_unsure" if item.unsure_openings else "utter_openings_same"
    turn.say(response, name=item.name, after=_words(item.openings), which=words(item.unsure_openings))
