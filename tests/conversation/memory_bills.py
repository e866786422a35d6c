"""The clouds' bills in memory: what was counted, and a hundredth more at AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clouddesk.model.actor import Person
from clouddesk.model.bill import (
    MACHINE,
    NO_API,
    TRAFFIC,
    Bill,
    BillComparison,
    BillLine,
    BillQuestion,
    BillReport,
    Whose,
    compare,
    month_of,
    next_month,
)
from clouddesk.model.costs import report
from clouddesk.model.credentials import CredentialInfo
from clouddesk.model.errors import CloudDeskError, Unavailable, Undecided
from clouddesk.model.ports import Clock
from clouddesk.model.stores import CostLedger

SHARE = {"aws": 1.01, "digitalocean": 1.0}
TRAFFIC_USD = 0.5


class MemoryBills:
    """Implements the port. ``fault`` is what the next question comes to: Undecided an answer that comes later."""

    def __init__(
        self, ledger: CostLedger, infos: Callable[[], dict[Person, list[CredentialInfo]]], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._infos = infos
        self._clock = clock
        self.fault: CloudDeskError | None = None
        self.asked: list[BillQuestion] = []
        self.conversations: list[str] = []

    async def compare(self, question: BillQuestion, *, conversation: str = "") -> BillReport | None:
        self.asked.append(question)
        self.conversations.append(conversation)
        fault, self.fault = self.fault, None
        if isinstance(fault, Undecided):
            return None
        if isinstance(fault, Unavailable):
            raise fault
        problem = fault.code if fault else ""
        found = [
            await self._one(question, provider, month, problem)
            for month in sorted(question.months, reverse=True)
            for provider in self._providers(question)
        ]
        return BillReport(tuple(found))

    def _providers(self, question: BillQuestion) -> Sequence[str]:
        known = [
            info.provider
            for person, infos in self._infos().items()
            for info in infos
            if person.workspace_id == question.workspace_id
            and (question.is_team or person.user_id == question.asked_by)
            and (not question.providers or info.provider in question.providers)
        ]
        return list(dict.fromkeys(known))

    async def _one(self, question: BillQuestion, provider: str, month: str, fault: str) -> BillComparison:
        begin = month_of(month)
        blank = BillComparison(provider, f"sandbox-{provider}", begin, is_simulated=True)
        if fault or provider not in SHARE:
            return BillComparison(provider, blank.account, begin, problem=fault or NO_API, is_simulated=True)
        accounts = [
            item
            for item in await self._ledger.accounts(question.workspace_id, since=begin)
            if item.provider == provider
        ]
        now, end = self._clock(), next_month(begin)
        counted = report(accounts, begin, end, now).lines
        lines = [BillLine(MACHINE, line.cost_usd * SHARE[provider], line.account.id) for line in counted]
        if lines:
            lines.append(BillLine(TRAFFIC, TRAFFIC_USD))
        bill = Bill(begin, end, tuple(lines), is_final=end <= now, has_tags=provider == "aws")
        compared = compare(blank, bill, accounts, Whose({}, {}), now=now)
        return compared if question.is_team else compared.seen_by(question.asked_by)
