"""What a careful listener would have noted: each matter with all that was said of it, and nothing else.

An account of the dialogue of its own, kept from what was said alone, for ``test_interleavings.py`` to compare with.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

VM, CLUSTER, PRICE = "create_vm", "create_cluster", "quote_price"
STOP, START, EXTEND, GIVE_BACK = "stop_resource", "start_resource", "extend_reservation", "terminate_resource"
Said = dict[str, Any]
"""``software``, ``provider``, ``os``, ``count``, ``memory_gb``; of a task ``machine``; of both ``hours``."""

MOST_WAITING = 3
_OF_ANY_KIND = ("provider", "os", "memory_gb", "hours")
"""What still applies when a machine becomes a cluster, or a cluster a machine."""


@dataclass(eq=False)
class Matter:
    """One thing that a person wants."""

    topic: str
    said: Said
    kind: str = ""
    """Of machines that are asked for, or whose price is."""
    variation: Said = field(default_factory=dict)
    """The changes whose price was asked, one on top of the other: taken, or left."""
    is_changing: bool = False
    """Whether it was asked what to change: a plain yes says nothing of that, and is asked for once more."""
    choices: set[str] = field(default_factory=set)
    """Of a task: the machines that were offered for it."""
    is_second_time: bool = False
    """Whether it is asked for once more after something else, and not answered yet."""

    @property
    def asks(self) -> str:
        """What is asked about it: a missing fact, or a yes."""
        if self.kind:
            return "software" if self.topic == CLUSTER and "software" not in self.said else "yes"
        if "machine" not in self.said:
            return "machine"
        return "hours" if self.topic == EXTEND else "yes"

    @property
    def is_price(self) -> bool:
        return self.topic == PRICE


@dataclass
class Machine:
    """One that the person has."""

    state: str = "running"
    hours: int = 8


@dataclass
class Ledger:
    """One person's matters: the ``open`` one, those that wait, the latest first, and what came of them."""

    machines: dict[str, Machine]
    open: Matter | None = None
    waiting: list[Matter] = field(default_factory=list)
    bought: list[tuple[str, Said]] = field(default_factory=list)
    cards: dict[str, tuple[Matter, Matter]] = field(default_factory=dict)
    """By the id of the quote: whose card it is, and how that stood then."""

    @property
    def matters(self) -> list[Matter]:
        """What is open, and what waits."""
        return [*([self.open] if self.open else ()), *self.waiting]

    def wish(self, topic: str, said: Said, manner: str = "") -> None:
        """For machines. ``manner``: "also" makes it a second one, "actually" changes the open one, "" replaces it."""
        now = self.open
        if now and now.asks == "software" and topic == CLUSTER and manner != "also":
            now.said.update(said)
            return
        if now and now.kind and manner != "also":
            self.open = None
            if manner == "actually":
                said = {**_kept(now, topic), **said}
        else:
            self._park()
        self.open = Matter(topic, dict(said), kind=topic)
        del self.waiting[MOST_WAITING:]

    def task(self, topic: str, said: Said) -> None:
        """Something to be done to a machine: at once, if all is said."""
        if self.open and self.open.topic == topic and self.open.asks != "yes":
            self.open.is_second_time = False
            self._answer_task(said)
            return
        self._park()
        self.open = Matter(topic, dict(said), choices=self._fitting(topic))
        self._do_if_complete()
        del self.waiting[MOST_WAITING:]

    def price(self, said: Said, *, is_of_the_open: bool) -> None:
        """A question about the price: with nothing else open, a yes gets it."""
        now = self.open
        if now and not is_of_the_open and not now.is_price:
            return
        if now is None or not is_of_the_open:
            self.open = Matter(PRICE, dict(said), kind=VM)
        elif now.is_price:
            now.said.update(said)
        elif now.kind and now.asks == "yes":
            now.variation = {**now.variation, **said}

    def answer(self, said: Said) -> None:
        """A bare fact: for what is open, if it is of any use there."""
        now = self.open
        if now is None:
            return
        now.is_second_time = False
        if not now.kind:
            self._answer_task(said)
            return
        if said.items() <= now.said.items():
            return
        if now.kind == VM and "software" in said:
            now.said, now.kind = _kept(now, CLUSTER), CLUSTER
        now.said.update(said)
        self._requote(now)

    def yes(self) -> None:
        """To the open question, if it is one of yes or no."""
        now = self.open
        if now:
            now.is_second_time = False
        if now is None or now.asks != "yes":
            return
        if now.is_changing:
            now.is_changing = False
        elif now.is_price:
            self._requote(now)
        elif now.topic == GIVE_BACK:
            self.machines[now.said["machine"]].state = "releasing"
            self._next()
        else:
            self.bought.append((now.kind, now.said))
            self._next()

    def take(self) -> None:
        """ "Take that": the variation that was priced, else a yes to what can be taken."""
        if self.open and self.open.variation:
            self.open.said.update(self.open.variation)
            self._requote(self.open)
        elif self.open and self.open.kind:
            self.yes()

    def no(self) -> None:
        """What is open is dropped; what waits for it goes on."""
        if self.open:
            self._next()

    def forget_everything(self) -> None:
        """What waits, too."""
        self.open, self.waiting = None, []

    def shown(self, quote_id: str) -> None:
        """The card of the open request."""
        if self.open:
            self.cards[quote_id] = (self.open, replace(self.open, said=dict(self.open.said)))

    def is_stale(self, quote_id: str) -> bool:
        """Whether the card is neither of what is open nor the last one of what waits or was bought."""
        whose, _ = self.cards[quote_id]
        is_kept = whose in self.waiting or any(said is whose.said for _, said in self.bought)
        return whose is not self.open and not (is_kept and self._newest_of(whose) == quote_id)

    def press_yes(self, quote_id: str) -> None:
        """The button of a card buys what is on it, once, unless a newer card of the same matter has taken its place."""
        whose, _ = self.cards[quote_id]
        self._do_something_else()
        if self.open:
            self.open.is_second_time = True
        if self.is_newest(quote_id):
            self.bought.append((whose.kind, whose.said))
            if whose is self.open:
                self.open = None
            else:
                self.waiting.remove(whose)
        if self.open is None:
            self._next()

    def press_change(self, quote_id: str) -> None:
        """The button of a card takes that matter up, before what is open."""
        whose, _ = self.cards[quote_id]
        self._do_something_else()
        if whose in self.waiting:
            self.waiting.remove(whose)
            self._park()
            self.open = whose
        whose.is_changing = True

    def is_newest(self, quote_id: str) -> bool:
        """Whether the card is the last one of what is open or waits."""
        whose, _ = self.cards[quote_id]
        return whose in self.matters and self._newest_of(whose) == quote_id

    def _newest_of(self, whose: Matter) -> str:
        return [card for card, (matter, _) in self.cards.items() if matter is whose][-1]

    def _answer_task(self, said: Said) -> None:
        if self.open is None:
            return
        if self.open.asks == "yes":
            return
        known = ("machine", "hours") if self.open.topic == EXTEND else ("machine",)
        self.open.said.update({key: value for key, value in said.items() if key in known})
        self._do_if_complete()

    def _do_if_complete(self) -> None:
        now = self.open
        if now is None or "machine" not in now.said:
            return
        if now.topic == GIVE_BACK:
            # What is asked anew does not wait besides.
            same = (GIVE_BACK, now.said["machine"])
            self.waiting = [other for other in self.waiting if (other.topic, other.said.get("machine")) != same]
            return
        machine = self.machines[now.said["machine"]]
        if now.topic == EXTEND:
            if "hours" not in now.said:
                return
            machine.hours += now.said["hours"]
        elif now.topic == STOP and machine.state == "running":
            machine.state = "stopped"
        elif now.topic == START and machine.state == "stopped":
            machine.state = "running"
        self._next()

    def _fitting(self, topic: str) -> set[str]:
        """The machines that it can be done to, the bought ones by number."""
        states = ("running",) if topic == STOP else ("running", "stopped")
        bought = {f"the {number}." for number in range(len(self.bought))}
        return {name for name, machine in self.machines.items() if machine.state in states} | bought

    def _requote(self, now: Matter) -> None:
        now.topic, now.variation, now.is_changing = now.kind, {}, False

    def _do_something_else(self) -> None:
        """Who does so instead of saying which one, asked a second time, does not want it any more."""
        if self.open and self.open.asks == "machine" and self.open.is_second_time:
            self.open = None

    def _park(self) -> None:
        self._do_something_else()
        if self.open and not self.open.is_price:
            self.waiting = [self.open, *self.waiting]
        self.open = None

    def _next(self) -> None:
        self.open = self.waiting.pop(0) if self.waiting else None
        if self.open is None:
            return
        self.open.is_second_time = True
        if self.open.asks == "machine":
            self.open.choices &= self._fitting(self.open.topic)
            if not self.open.choices:
                self._next()
            return
        machine = self.open.said.get("machine") if self.open.topic == EXTEND else None
        if machine and self.machines[machine].state == "releasing":
            # Of what was given back in between nothing is left to ask.
            self._next()


def _kept(now: Matter, kind: str) -> Said:
    return dict(now.said) if now.kind == kind else {key: now.said[key] for key in _OF_ANY_KIND if key in now.said}
