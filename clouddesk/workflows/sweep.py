"""The workflows around what no reservation looks after: the sweep over all accounts, and clearing an orphan away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    # Types of messages are resolved in modules that were imported here by their own name.
    import clouddesk.model.node  # noqa: F401
    from clouddesk.model.errors import CredentialsMissing, CredentialsRejected
    from clouddesk.model.orphan import Orphan, SweepReport
    from clouddesk.workflows.contracts import TEAR_DOWN, CloudAccount, TeardownOrder, Timing
    from clouddesk.workflows.failures import failure_code

LIST_ACCOUNTS = "list_accounts"
SWEEP_ACCOUNT = "sweep_account"
SETTLE_ORPHANS = "settle_orphans"
ORPHAN_CLEARED = "orphan_cleared"

SWEEP_ID = "sweep"
AT_ONCE = 8
"""Accounts that are looked through at a time."""
CREDENTIAL_CODES = (CredentialsRejected.code, CredentialsMissing.code)


@dataclass(frozen=True)
class SweepOrder:
    """The input of Sweep."""

    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True)
class SweptAccount:
    """One cloud account, and whose credentials reach it; the first of them is used."""

    provider: str
    account_id: str
    credential_refs: tuple[str, ...]


@dataclass(frozen=True)
class AccountSweep:
    """Activity ``sweep_account``: the account, and how long to wait before something is called gone."""

    account: SweptAccount
    timing: Timing


@dataclass(frozen=True)
class AccountFindings:
    """What one account holds that is not as it should be."""

    machines: int = 0
    orphans: tuple[Orphan, ...] = ()
    drifted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settlement:
    """Activity ``settle_orphans``: all that are there now, in accounts that could be looked through."""

    orphans: tuple[Orphan, ...]
    accounts: tuple[SweptAccount, ...]


@workflow.defn
class Sweep:
    """Look through every account that somebody gave access to, once."""

    @workflow.run
    async def run(self, order: SweepOrder) -> SweepReport:
        accounts = await workflow.execute_activity(
            LIST_ACCOUNTS,
            result_type=list[SweptAccount],
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=RetryPolicy(maximum_attempts=5),
        )
        report = SweepReport(accounts=len(accounts))
        found: list[tuple[SweptAccount, AccountFindings]] = []
        slots = asyncio.Semaphore(AT_ONCE)

        async def look(account: SweptAccount) -> None:
            async with slots:
                findings = await self._look(account, order, report)
            if findings is not None:
                found.append((account, findings))

        await asyncio.gather(*(look(account) for account in accounts))
        orphans = [orphan for _, findings in found for orphan in findings.orphans]
        known = await workflow.execute_activity(
            SETTLE_ORPHANS,
            Settlement(tuple(orphans), tuple(account for account, _ in found)),
            result_type=list[Orphan],
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=RetryPolicy(maximum_attempts=5),
        )
        return SweepReport(
            accounts=len(accounts),
            machines=sum(findings.machines for _, findings in found),
            orphans=known,
            drifted=sorted(name for _, findings in found for name in findings.drifted),
            refused=sorted(report.refused),
            unreachable=sorted(report.unreachable),
        )

    async def _look(self, account: SweptAccount, order: SweepOrder, report: SweepReport) -> AccountFindings | None:
        """With the first credentials that the cloud accepts; None when none of them reach it."""
        for ref in account.credential_refs:
            looking = workflow.start_activity(
                SWEEP_ACCOUNT,
                AccountSweep(SweptAccount(account.provider, account.account_id, (ref,)), order.timing),
                result_type=AccountFindings,
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=order.timing.heartbeat_seconds),
                retry_policy=RetryPolicy(maximum_attempts=3, non_retryable_error_types=list(CREDENTIAL_CODES)),
            )
            await workflow.wait([looking])
            error = looking.exception()
            if error is None:
                findings: AccountFindings = looking.result()
                return findings
            is_refused = failure_code(error) in CREDENTIAL_CODES
            (report.refused if is_refused else report.unreachable).append(ref)
        return None


@dataclass(frozen=True)
class Clearance:
    """The input of ClearOrphan."""

    orphan: Orphan
    by: str
    timing: Timing = field(default_factory=Timing)


@workflow.defn
class ClearOrphan:
    """Destroy what an orphan consists of, until the cloud lists nothing of it. Never gives up."""

    @workflow.run
    async def run(self, clearance: Clearance) -> None:
        orphan, timing = clearance.orphan, clearance.timing
        for region in orphan.regions:
            await workflow.execute_activity(
                TEAR_DOWN,
                TeardownOrder(
                    CloudAccount(orphan.provider, orphan.credential_ref),
                    orphan.reservation_id,
                    region,
                    timing.confirm_seconds,
                    timing,
                ),
                heartbeat_timeout=timedelta(seconds=timing.heartbeat_seconds),
                schedule_to_close_timeout=timedelta(days=30),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=timing.first_retry_seconds),
                    maximum_interval=timedelta(seconds=timing.last_retry_seconds),
                ),
            )
        await workflow.execute_activity(
            ORPHAN_CLEARED,
            clearance,
            start_to_close_timeout=timedelta(seconds=30),
        )
