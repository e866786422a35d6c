"""Asking the clouds for their bills: a workflow of some seconds, as only workers may read people's keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    # Types of messages are resolved in modules that were imported here by their own name.
    from clouddesk.model.bill import BillComparison, BillQuestion, BillReport, month_of
    from clouddesk.model.errors import BillRefused, CredentialsMissing, CredentialsRejected, RequestRejected
    from clouddesk.workflows.failures import failure_code

LIST_BILLED = "list_billed_accounts"
COMPARE_BILL = "compare_bill"
TELL_BILLS = "tell_bills"

AT_ONCE = 8
"""Bills that are read at a time."""
BILL_LIMIT = timedelta(minutes=2)
"""A cloud that takes longer is said not to answer."""
_FINAL = (BillRefused.code, CredentialsRejected.code, CredentialsMissing.code, RequestRejected.code)


@dataclass(frozen=True)
class BilledAccount:
    """One cloud account, and whose keys reach it."""

    provider: str
    account_id: str
    account: str
    """As its cloud calls it."""
    credential_refs: tuple[str, ...]
    """Those that may be used, in this order."""
    owners: tuple[str, ...]
    """The user ids of everybody of the workspace who makes machines there."""
    is_simulated: bool = False


@dataclass(frozen=True)
class BillOfMonth:
    """Activity ``compare_bill``."""

    question: BillQuestion
    account: BilledAccount
    month: str


@dataclass(frozen=True)
class BillsTold:
    """Activity ``tell_bills``: who asked had to wait for it, and is told there."""

    question: BillQuestion
    report: BillReport
    conversation: str


@workflow.defn
class CompareBills:
    """Read each account's bill of each month beside what was counted. What cannot be read has its reason."""

    def __init__(self) -> None:
        self._conversations: list[str] = []

    @workflow.run
    async def run(self, question: BillQuestion) -> BillReport:
        accounts: list[BilledAccount] = await workflow.execute_activity(
            LIST_BILLED,
            question,
            result_type=list[BilledAccount],
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
        slots = asyncio.Semaphore(AT_ONCE)
        work = [
            _compared(BillOfMonth(question, account, month), slots)
            for month in sorted(question.months, reverse=True)
            for account in accounts
        ]
        report = BillReport(tuple(await asyncio.gather(*work)))
        told = 0
        while told < len(self._conversations):
            await workflow.execute_activity(
                TELL_BILLS,
                BillsTold(question, report, self._conversations[told]),
                start_to_close_timeout=timedelta(seconds=30),
            )
            told += 1
        return report

    @workflow.signal
    def tell(self, conversation: str) -> None:
        """Whoever asked does not wait any longer, and is to be told there."""
        if conversation not in self._conversations:
            self._conversations.append(conversation)


async def _compared(work: BillOfMonth, slots: asyncio.Semaphore) -> BillComparison:
    async with slots:
        try:
            found: BillComparison = await workflow.execute_activity(
                COMPARE_BILL,
                work,
                result_type=BillComparison,
                start_to_close_timeout=timedelta(minutes=1),
                schedule_to_close_timeout=BILL_LIMIT,
                retry_policy=RetryPolicy(maximum_attempts=2, non_retryable_error_types=list(_FINAL)),
            )
        except ActivityError as error:
            account = work.account
            return BillComparison(
                account.provider,
                account.account,
                month_of(work.month),
                problem=failure_code(error),
                is_simulated=account.is_simulated,
            )
        return found
