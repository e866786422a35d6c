"""The activities that read the clouds' bills and lay them beside the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from temporalio import activity

from clouddesk.language.money import money
from clouddesk.model.actor import Person
from clouddesk.model.bill import (
    NO_API,
    Bill,
    BillComparison,
    BillQuestion,
    Whose,
    compare,
    month_of,
)
from clouddesk.model.costs import CostAccount
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.errors import BillRefused, CredentialsMissing, CredentialsRejected
from clouddesk.model.notice import BILL, Notice
from clouddesk.model.offer import OWN_MACHINE
from clouddesk.model.ports import Clock
from clouddesk.model.stores import BillCache, CostLedger, Notices, ReservationViews
from clouddesk.workflows.bills import COMPARE_BILL, LIST_BILLED, TELL_BILLS, BilledAccount, BillOfMonth, BillsTold
from clouddesk.workflows.measuring import OpenProvider
from clouddesk.workflows.sweeping import AllCredentials
from clouddesk.workflows.working import failing

log = structlog.get_logger()

READ_AT_ONCE = 100
"""Views in memory at a time."""


class BillActivities:
    """Reads; changes nothing in any cloud."""

    def __init__(
        self,
        *,
        credentials: AllCredentials,
        open_provider: OpenProvider,
        ledger: CostLedger,
        views: ReservationViews,
        cache: BillCache,
        notices: Notices,
        clock: Clock,
    ) -> None:
        self._credentials = credentials
        self._open_provider = open_provider
        self._ledger = ledger
        self._views = views
        self._cache = cache
        self._notices = notices
        self._clock = clock

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """What the worker registers."""
        return [self.list_accounts, self.compare_bill, self.tell]

    @activity.defn(name=LIST_BILLED)
    async def list_accounts(self, question: BillQuestion) -> list[BilledAccount]:
        """Those of who asks, or of the whole team; each once, however many people have access to it."""
        async with failing(""):
            found: dict[tuple[str, str], list[tuple[Person, CredentialInfo]]] = defaultdict(list)
            for person, info in await self._credentials.everybody():
                is_wanted = info.provider in question.providers if question.providers else info.provider != OWN_MACHINE
                if person.workspace_id == question.workspace_id and is_wanted:
                    # An account that does not tell its id is one of its own.
                    id_ = info.account_id or credential_ref(person, info.provider)
                    found[info.provider, id_].append((person, info))
        accounts = []
        for (provider, account_id), holders in sorted(found.items()):
            own = [item for item in holders if item[0].user_id == question.asked_by]
            usable = [*own, *(item for item in holders if question.is_team and item not in own)]
            if usable:
                refs = tuple(credential_ref(person, provider) for person, _ in usable)
                owners = tuple(person.user_id for person, _ in holders)
                info = usable[0][1]
                accounts.append(
                    BilledAccount(provider, account_id, info.account, refs, owners, is_simulated=info.is_simulated)
                )
        return accounts

    @activity.defn(name=COMPARE_BILL)
    async def compare_bill(self, work: BillOfMonth) -> BillComparison:
        """The names of other people's reservations are only in it for the team's admins."""
        account, question = work.account, work.question
        month = month_of(work.month)
        found = BillComparison(account.provider, account.account, month, is_simulated=account.is_simulated)
        async with failing(""):
            bill = await self._read(account, month)
            if bill is None:
                return replace(found, problem=NO_API)
            accounts = await self._of_account(work, bill)
            whose = await self._whose(account.provider, accounts)
        compared = compare(found, bill, accounts, whose, now=self._clock())
        return compared if question.is_team else compared.seen_by(question.asked_by)

    @activity.defn(name=TELL_BILLS)
    async def tell(self, told: BillsTold) -> None:
        """In short: asked again within some hours, the whole answer comes at once."""
        async with failing(""):
            await self._notices.send(_notice(told, self._clock(), activity.info().workflow_run_id or ""))

    async def _read(self, account: BilledAccount, month: datetime) -> Bill | None:
        """With the first key that may. What was read with a key is remembered for that key only."""
        refusal: BillRefused | CredentialsRejected | CredentialsMissing | None = None
        for ref in account.credential_refs:
            if (kept := await self._cache.get(ref, month)) is not None:
                return kept
            try:
                provider = await self._open_provider(account.provider, ref)
                bill = await asyncio.to_thread(provider.bill, month)
            except (BillRefused, CredentialsRejected, CredentialsMissing) as error:
                # A key without the right tells more than one that does not work at all.
                refusal = refusal if isinstance(refusal, BillRefused) else error
                continue
            if bill is not None:
                await self._cache.put(ref, month, bill)
            return bill
        raise refusal or CredentialsMissing(account.provider)

    async def _of_account(self, work: BillOfMonth, bill: Bill) -> list[CostAccount]:
        """Reservations made with keys of the account, by whoever had them then, and those that the bill names."""
        on_bill = {line.reservation_id for line in bill.lines}
        by_id: dict[str, list[CostAccount]] = defaultdict(list)
        for item in await self._ledger.accounts(work.question.workspace_id, since=bill.since):
            if item.provider == work.account.provider:
                by_id[item.id].append(item)
        return [
            part
            for id_, parts in by_id.items()
            # What was handed over runs in the account of its first owner.
            if id_ in on_bill or parts[0].owner in work.account.owners
            for part in parts
        ]

    async def _whose(self, provider: str, accounts: Sequence[CostAccount]) -> Whose:
        ids = list(dict.fromkeys(item.id for item in accounts))
        names = {item.id: item.name for item in accounts}
        often = Counter(names.values())
        machines = {}
        for first in range(0, len(ids), READ_AT_ONCE):
            for view in await self._views.many(ids[first : first + READ_AT_ONCE]):
                machines.update({node.id: view.id for node in view.nodes if node.provider == provider})
        return Whose(machines, {name: id_ for id_, name in names.items() if often[name] == 1})


def _notice(told: BillsTold, now: datetime, key: str) -> Notice:
    question = told.question
    return Notice(
        id=f"bill:{question.workspace_id}/{question.asked_by}:{key}:{told.conversation}",
        kind=BILL,
        workspace_id=question.workspace_id,
        user_id=question.asked_by,
        conversation=told.conversation,
        reservation_id="",
        created_at=now,
        values={
            "name": "bill",
            "bills": "\n".join(_short(item) for item in told.report.comparisons) or "• no account to ask about",
            "simulated": "yes" if told.report.is_simulated else "no",
        },
    )


def _short(item: BillComparison) -> str:
    """One account's month in a line."""
    from clouddesk.providers.table import title_of

    head = f"• {title_of(item.provider)}, {item.month:%B %Y}"
    if item.billed_usd is None:
        return f"{head}: no bill that I could compare"
    return f"{head}: *{money(item.billed_usd)}* on the bill, *{money(item.counted_usd)}* counted here"
