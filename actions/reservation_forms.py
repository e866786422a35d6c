"""The forms of what is done to reservations: which one, and for an extension by how long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from actions import cards, choosing, meanings, resolve, standing
from actions.bare import numbered, said_number
from actions.base import DeskAction
from actions.buttons import button, payload
from actions.forms import Form
from actions.moments import Moment
from actions.picking import are_only_picks, picks, ruled_out
from actions.references import end_said, shortens
from actions.turn import Turn
from actions.wording import duration, names
from clouddesk.language.assent import Answer, read
from clouddesk.language.clock import resolve_until
from clouddesk.language.localtime import local_time
from clouddesk.language.money import hourly, money
from clouddesk.model.notice import OFFERED_EXTENSION_SECONDS
from clouddesk.model.reservation import RELEASING, Reservation

_MOST_BUTTONS = 5
_ONE = re.compile(r"(?:no[ ,]+|ok[ ,]+|i mean[ ,]+)?(?:the|my|that|this)\b.*|(?:it|that|this|all .+)")
""" "the bigger one", "that one", "all spark clusters"."""


class ReservationForm(Form):
    """Asks which reservation. The slot holds those that were chosen, as ``{"id", "name"}``."""

    slots: ClassVar[tuple[str, ...]] = ("reservation",)
    verb: ClassVar[str]
    about: ClassVar[str]
    asks_when_unsure: ClassVar[bool] = False
    """Whether a name with a typo is asked about first: what is done at once cannot be taken back."""

    def subject(self, turn: Turn) -> str:
        return self.about

    def is_bare_answer(self, turn: Turn) -> bool:
        """Numbers, an order, names or "all" of the options, and nothing else; "the bigger one"."""
        if turn.asked != "reservation" or turn.is_button:
            return False
        is_which = _ONE.fullmatch(turn.text.lower().strip(" .!?")) is not None and resolve.narrows(turn)
        return is_which or are_only_picks(turn.facts.get("options", ()), turn.text)

    async def fill(self, turn: Turn, moment: Moment) -> None:
        options = turn.facts.get("options", []) if turn.asked == "reservation" else []
        is_yes = len(options) == 1 and turn.intent == "affirm" and not turn.is_button
        if picked := options if is_yes else picks(options, turn.text):
            _choose(turn, picked)
        elif out := ruled_out(options, turn.text):
            _leave_out(turn, options, out)
        elif moment is Moment.OPENED or await resolve.said_names(turn) or (options and resolve.narrows(turn)):
            meant = await resolve.which(turn, self.topic, among=[item["id"] for item in options] or None)
            if meant.guessed_from is not None and moment is Moment.OPENED and self.is_task:
                called = names([item.name for item in meant.chosen])
                if self.asks_when_unsure:
                    choosing.ask_if(turn, called, self.topic, {"resource_name": [item.id for item in meant.chosen]})
                    buttons = choosing.buttons(turn.question or {})
                    turn.say("utter_did_you_mean_name", buttons=buttons, words=meant.guessed_from, name=called)
                    return
                turn.say("utter_guessed_name", words=meant.guessed_from, name=called)
            if meant.left and self.is_task:
                _say_states(turn, meant.left)
            if meant.chosen:
                _choose(turn, [{"id": item.id, "name": item.name} for item in meant.chosen])
            elif meant.candidates:
                offer(turn, meant.candidates)

    def make_way(self, turn: Turn, other: type[Form] | None) -> None:
        """Who did something else instead of answering a second time does not want it any more."""
        if turn.facts.get("resumed") and turn.asked == "reservation":
            turn.say("utter_request_dropped", what=self.subject(turn))
            turn.question = turn.request = None
            turn.close_form()
        else:
            super().make_way(turn, other)

    async def resume(self, turn: Turn) -> None:
        """Only what is there still; with nothing left the question is let go of."""
        if "options" not in turn.facts:
            left = await _still_there(turn, turn.facts.get("reservation") or ())
            if left:
                _choose(turn, [{"id": item.id, "name": item.name} for item in left])
            else:
                self._let_go(turn)

    async def renew(self, turn: Turn) -> None:
        """The list as it is now, of those that it can be done to; with none left the question is let go of."""
        if "options" in turn.facts and turn.form:
            there = await _still_there(turn, turn.facts["options"])
            left = [item for item in there if resolve.can(self.topic, item)]
            if left:
                offer(turn, left)
            elif there and self.is_task:
                _say_states(turn, there)
                turn.settle()
            else:
                self._let_go(turn)

    def _let_go(self, turn: Turn) -> None:
        turn.say("utter_request_dropped", what=self.subject(turn))
        turn.settle()

    async def choose(self, turn: Turn) -> None:
        """The one that was spoken of last, else the newest; what is for good is confirmed by name."""
        options = turn.facts.get("options", [])
        last = [item for item in options if item["id"] == turn.last_reservation]
        if options and turn.asked == "reservation":
            _choose(turn, last or options[:1])
        elif turn.asked == "duration":
            turn.facts["duration"] = OFFERED_EXTENSION_SECONDS


def _say_states(turn: Turn, items: Sequence[Reservation]) -> None:
    """Why nothing is done to these."""
    turn.say("utter_left_as_it_is", which=names([f"*{item.name}* is {standing.state_words(item)}" for item in items]))


class TerminateResourceForm(ReservationForm):
    topic = "terminate_resource"
    verb, about = "give back", "giving a machine back"

    async def fill(self, turn: Turn, moment: Moment) -> None:
        """One of the machines of a reservation cannot be given back alone."""
        own = await turn.desk.reservations(turn.actor)
        is_part = not turn.is_button and resolve.cues_of(turn).says_part
        if is_part and len(own) == 1 and own[0].node_count > 1 and not await resolve.said_names(turn):
            turn.say("utter_cannot_part", name=own[0].name)
            return
        await super().fill(turn, moment)


class StopResourceForm(ReservationForm):
    topic = "stop_resource"
    verb, about = "stop", "stopping a machine"
    asks_when_unsure = True


class StartResourceForm(ReservationForm):
    topic = "start_resource"
    verb, about = "start", "starting a machine"


class ArchiveResourceForm(ReservationForm):
    topic = "archive_resource"
    verb, about = "archive", "archiving a machine"
    asks_when_unsure = True


class RebootResourceForm(ReservationForm):
    topic = "reboot_resource"
    verb, about = "reboot", "rebooting a machine"
    asks_when_unsure = True


class ConnectInfoForm(ReservationForm):
    topic = "connect_info"
    verb, about = "show the login of", "the login"
    is_task = False

    async def fill(self, turn: Turn, moment: Moment) -> None:
        """With nothing there yet it is about what is asked for."""
        if turn.request is not None and not await turn.desk.reservations(turn.actor):
            turn.say("utter_about_login")
            return
        await super().fill(turn, moment)


class DescribeResourceForm(ReservationForm):
    """Details also of one that ended, named by its id; of nothing in particular, the list is the answer."""

    topic = "describe_resource"
    verb, about = "look at", "the details"
    is_task = False

    async def fill(self, turn: Turn, moment: Moment) -> None:
        for words in map(str, turn.all_of("resource_name")):
            if words.startswith("r-") and not await turn.desk.find(turn.actor, words):
                item = await turn.desk.reservation(turn.actor, words)
                _choose(turn, [{"id": item.id, "name": item.name}])
                return
        if moment is Moment.OPENED and not resolve.narrows(turn) and not await resolve.said_names(turn):
            own = await turn.desk.reservations(turn.actor)
            if len(own) > 1:
                turn.say("utter_list", lines=cards.reservation_list(own, turn.actor, turn.desk.clock()))
                return
        await super().fill(turn, moment)


class ExtendReservationForm(ReservationForm):
    """Asks which one and by how long.

    The slot ``duration`` holds the seconds; as long as none is chosen, and for several, also words like "until friday".
    """

    topic = "extend_reservation"
    verb, about = "extend", "extending a reservation"
    slots = ("reservation", "duration")

    def subject(self, turn: Turn) -> str:
        chosen = turn.facts.get("reservation")
        return f"extending {names([item['name'] for item in chosen])}" if chosen else super().subject(turn)

    def is_bare_answer(self, turn: Turn) -> bool:
        """ "3" and "until friday 5pm" too."""
        if turn.asked != "duration" or turn.text.startswith("/"):
            return super().is_bare_answer(turn)
        return said_number(turn.text) is not None

    async def fill(self, turn: Turn, moment: Moment) -> None:
        if not turn.is_button and shortens(turn.text):
            await self._refuse_to_shorten(turn)
            return
        if (length := _length_said(turn)) is not None:
            turn.facts["duration"] = length
        await super().fill(turn, moment)
        if turn.asked == "reservation" and isinstance(length, int) and not turn.facts.get("reservation"):
            turn.say("utter_noted", changes=duration(length))
        chosen, until = turn.facts.get("reservation"), turn.facts.get("duration")
        if chosen and isinstance(until, str) and len(chosen) == 1:
            item = await turn.desk.reservation(turn.actor, chosen[0]["id"])
            turn.facts["duration"] = seconds_until(turn, item, until)

    async def choose(self, turn: Turn) -> None:
        """Who does not know by how long has not ordered anything: what the usual extension costs is told."""
        chosen = turn.facts.get("reservation")
        if turn.asked != "duration" or not chosen or read(turn.text) is not Answer.HESITATION:
            await super().choose(turn)
            return
        item = await turn.desk.reservation(turn.actor, chosen[0]["id"])
        price = await turn.desk.leases.extension_price_usd(turn.actor, item.id, OFFERED_EXTENSION_SECONDS)
        turn.say(
            "utter_about_extension",
            name=item.name,
            duration=duration(OFFERED_EXTENSION_SECONDS),
            price=money(price),
            hourly=hourly(None if item.is_unpriced else item.hourly_price_usd),
        )

    async def _refuse_to_shorten(self, turn: Turn) -> None:
        """A lease only gets longer; what is needed no more is given back."""
        meant = await resolve.which(turn, self.topic)
        for item in meant.chosen or meant.candidates:
            ends = local_time(item.expires_at, turn.actor, turn.desk.clock())
            turn.say("utter_cannot_shorten", name=item.name, ends=ends)


class ActionAskReservation(DeskAction):
    """Which one, with numbers and buttons; the rest of what was said is kept for the answer."""

    topic = "ask_reservation"

    async def respond(self, turn: Turn) -> None:
        """In the order in which the answer counts."""
        topic, options = str(turn.form), turn.facts["options"]
        form: Any = Form.forms[topic]
        aside = Form.forms.get(turn.intent)
        is_again = turn.answered == "reservation" and (aside is None or aside.is_task)
        question = "utter_no_such_option" if is_again else "utter_which_resource"
        if len(options) == 1:
            question = "utter_this_resource"
        elif turn.has_returned:
            question, options = "utter_which_resource_again", [{**item, "line": item["name"]} for item in options]
        turn.say(
            question,
            buttons=[
                {"title": item["name"], "payload": payload(topic, {"resource_name": item["id"], **_kept(turn)})}
                for item in options[:_MOST_BUTTONS]
            ],
            verb=form.verb,
            options=numbered(options, separator=", " if turn.has_returned else "\n"),
        )


class ActionAskDuration(DeskAction):
    """By how long to extend."""

    topic = "ask_duration"

    async def respond(self, turn: Turn) -> None:
        """With the end as it stands now."""
        chosen = turn.facts["reservation"]
        items = [await turn.desk.reservation(turn.actor, item["id"]) for item in chosen]
        ids = items[0].id if len(items) == 1 else [item.id for item in items]
        ends = [local_time(item.expires_at, turn.actor, turn.desk.clock()) for item in items]
        turn.say(
            "utter_ask_duration" if len(items) == 1 else "utter_ask_duration_many",
            buttons=[
                button(title, "extend_reservation", resource_name=ids, duration_minutes=minutes)
                for title, minutes in (("1 hour", 60), ("4 hours", 240), ("1 day", 1440))
            ],
            name=names([item.name for item in items]),
            ends=names(ends),
        )


def _choose(turn: Turn, items: Sequence[dict[str, Any]]) -> None:
    turn.facts["reservation"] = [{"id": item["id"], "name": item["name"]} for item in items]
    turn.facts.pop("options", None)


def _length_said(turn: Turn) -> int | str | None:
    """By how many seconds, or until when in the words that were said."""
    end = None if turn.is_button else end_said(turn.text)
    if end and resolve_until(end, now=turn.desk.clock(), timezone=turn.actor.timezone):
        return end
    minutes, until = turn.one_of("duration_minutes"), turn.one_of("until")
    if minutes is None and until is None and turn.asked == "duration" and not turn.is_button:
        # Whatever it was taken for, it answers by how long.
        said, number = dict(meanings.entities(turn, "extend_reservation")), said_number(turn.text)
        minutes, until = said.get("duration_minutes"), said.get("until")
        if minutes is None and until is None and number is not None:
            minutes = number * 60
    return round(float(minutes) * 60) if minutes is not None else None if until is None else str(until)


def _leave_out(turn: Turn, options: Sequence[dict[str, Any]], out: Sequence[dict[str, Any]]) -> None:
    """ "Not alpha": the only other one, or the list of the others."""
    left = [item for item in options if item not in out]
    if len(left) == 1:
        _choose(turn, left)
    elif left:
        turn.facts["options"] = left


async def _still_there(turn: Turn, asked_of: Sequence[dict[str, Any]]) -> list[Reservation]:
    seen = await turn.desk.reservations(turn.actor, with_shared=True)
    there = {item.id: item for item in seen if item.state != RELEASING}
    return [there[item["id"]] for item in asked_of if item["id"] in there]


def offer(turn: Turn, found: Sequence[Reservation]) -> None:
    """Ask which of these is meant."""
    now = turn.desk.clock()
    turn.facts["options"] = [
        {"id": item.id, "name": item.name, "line": cards.reservation_line(item, turn.actor, now)} for item in found
    ]


def _kept(turn: Turn) -> dict[str, Any]:
    duration = turn.facts.get("duration")
    if duration is None:
        return {}
    return {"until": duration} if isinstance(duration, str) else {"duration_minutes": duration / 60}


def seconds_until(turn: Turn, item: Reservation, until: str) -> int | None:
    """How much longer; None when that was said to make no sense."""
    now = turn.desk.clock()
    end = resolve_until(until, now=now, timezone=turn.actor.timezone)
    if end is None:
        turn.say("utter_extend_unclear_time", until=until)
        return None
    if end <= item.expires_at:
        ends = local_time(item.expires_at, turn.actor, now)
        is_wanted_sooner = not turn.is_button and end_said(turn.text) is not None
        turn.say("utter_cannot_shorten" if is_wanted_sooner else "utter_extend_ends_later", name=item.name, ends=ends)
        return None
    return round((end - item.expires_at).total_seconds())
