"""The workflows around what no reservation looks after: the sweep over all accounts, and clearing an orphan away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    # Types of messages are resolved in modules that were imported here by their own name.
    import clouddesk.model.node  # noqa: F401
    from clouddesk.model.errors import CredentialsMissing, CredentialsRejected, WrongState
    from clouddesk.model.orphan import Orphan, SweepReport
    from clouddesk.model.reservation import RELEASING
    from clouddesk.workflows.contracts import TEAR_DOWN, CloudAccount, TeardownOrder, Timing
    from clouddesk.workflows.failures import failure_code

LIST_ACCOUNTS = "list_accounts"
SWEEP_ACCOUNT = "sweep_account"
SETTLE_ORPHANS = "settle_orphans"
ORPHAN_STUCK = "orphan_stuck"
ORPHAN_CLEARED = "orphan_cleared"
ORPHAN_ACCESS = "orphan_access"

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
    """With the one ref that it is looked through with."""
    timing: Timing
    holders: tuple[str, ...] = ()
    """All refs that reach it."""


@dataclass(frozen=True)
class AccountFindings:
    """What one account holds that is not as it should be."""

    machines: int = 0
    orphans: tuple[Orphan, ...] = ()
    drifted_by_workspace: dict[str, list[str]] = field(default_factory=dict)


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
        drifted: dict[str, list[str]] = {}
        for _, findings in found:
            for workspace_id, names in findings.drifted_by_workspace.items():
                drifted.setdefault(workspace_id, []).extend(names)
        return SweepReport(
            accounts=len(accounts),
            machines=sum(findings.machines for _, findings in found),
            orphans=known,
            drifted_by_workspace=drifted,
            refused=sorted(report.refused),
            unreachable=sorted(report.unreachable),
        )

    async def _look(self, account: SweptAccount, order: SweepOrder, report: SweepReport) -> AccountFindings | None:
        """With the first credentials that the cloud accepts; None when none of them reach it."""
        for index, ref in enumerate(account.credential_refs):
            looking = workflow.start_activity(
                SWEEP_ACCOUNT,
                AccountSweep(
                    SweptAccount(account.provider, account.account_id, (ref,)), order.timing, account.credential_refs
                ),
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
            if failure_code(error) in CREDENTIAL_CODES:
                report.refused.append(ref)
            elif workflow.patched("silent-once"):
                # A cloud that does not answer one key answers none, and each would be waited for.
                report.unreachable.extend(account.credential_refs[index:])
                return None
            else:
                report.unreachable.append(ref)
        return None


@dataclass(frozen=True)
class Clearance:
    """The input of ClearOrphan."""

    orphan: Orphan
    by: str
    timing: Timing = field(default_factory=Timing)
    trouble_at: datetime | None = None
    """When people are told (again) that it takes long; None: nothing was tried yet."""
    is_refusal_told: bool = False
    """The cloud refuses the orphan's credentials, and the owner was told; by runs of before ``asked`` was kept."""
    asked: tuple[str, ...] = ()
    """Refs that the cloud refuses and whose holders were asked for new ones."""


@dataclass(frozen=True)
class Hindrance:
    """Activity ``orphan_stuck``: why it is not deleted yet."""

    orphan: Orphan
    code: str
    key: str
    """Tells this time apart from the next."""
    is_about_credentials: bool = False
    """Somebody is asked for new ones; else owner and admins are told that it takes long."""
    credential_ref: str = ""
    """Whose credentials are refused; "": there are none, so that the owner is asked."""


@dataclass(frozen=True)
class AccessSearch:
    """Activity ``orphan_access``: whose credentials an orphan is deleted with."""

    orphan: Orphan
    refused: tuple[str, ...] = ()
    """Refs that the cloud has just refused."""


@workflow.defn
class ClearOrphan:
    """Destroy what an orphan consists of, until the cloud lists nothing of it. Never gives up.

    Runs under the reservation's own id, so that what is being deleted cannot be adopted, nor what is looked after be
    deleted: of two that want it, Temporal starts one.
    """

    @workflow.init
    def __init__(self, clearance: Clearance) -> None:
        if clearance.is_refusal_told:
            clearance = replace(clearance, is_refusal_told=False, asked=(clearance.orphan.credential_ref,))
        self._clearance = clearance
        self._has_new_credentials = False
        self._ref = ""
        """Whose credentials were tried last; "" when nobody has any that were not refused."""
        self._refused: tuple[str, ...] = ()

    @workflow.run
    async def run(self, clearance: Clearance) -> None:
        for region in clearance.orphan.regions:
            await self._clear(region)
        await workflow.execute_activity(
            ORPHAN_CLEARED,
            self._clearance,
            start_to_close_timeout=timedelta(seconds=30),
        )

    @workflow.signal
    def credentials_renewed(self) -> None:
        """Somebody gave new credentials for the account."""
        self._has_new_credentials = True

    @workflow.update(dynamic=True)
    async def refuse(self, wanted: str, _: Sequence[RawValue]) -> None:
        """Nothing else can be done with it any more."""

    @refuse.validator
    def _refuse(self, wanted: str, _: Sequence[RawValue]) -> NoReturn:
        name = self._clearance.orphan.name
        raise ApplicationError(f"{name} is being deleted", name, RELEASING, wanted, type=WrongState.code)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _clear(self, region: str) -> None:
        """Owner and admins are told when it takes long, and whose credentials are refused is asked for new ones."""
        timing = self._clearance.timing
        trouble_at = self._clearance.trouble_at or workflow.now() + timedelta(seconds=timing.trouble_after_seconds)
        pause_seconds = timing.first_credential_retry_seconds
        while (code := await self._attempt(region, until=trouble_at)) is not None:
            if code in CREDENTIAL_CODES:
                await self._ask(code)
                if self._ref and workflow.patched("choose-access"):
                    # Perhaps somebody else of the workspace has access too.
                    self._refused += (self._ref,)
                else:
                    await self._wait_for_credentials(min(pause_seconds, (trouble_at - workflow.now()).total_seconds()))
                    pause_seconds = min(pause_seconds * 2, timing.last_credential_retry_seconds)
            if workflow.now() >= trouble_at:
                await self._tell(code)
                trouble_at = workflow.now() + timedelta(seconds=timing.trouble_again_seconds)
            self._clearance = replace(self._clearance, trouble_at=trouble_at)
            info = workflow.info()
            is_long = info.get_current_history_length() > timing.history_events
            if is_long or info.is_continue_as_new_suggested():
                # A month of attempts would be more than Temporal keeps of one run; what is gone stays gone.
                workflow.continue_as_new(self._clearance)
        self._clearance = replace(self._clearance, asked=())

    async def _access(self, *, until: datetime) -> str:
        """Whose credentials are tried now: people give them, change them and take them away while it goes on."""
        orphan = self._clearance.orphan
        if not workflow.patched("choose-access"):
            return orphan.credential_ref
        ref: str = await workflow.execute_activity(
            ORPHAN_ACCESS,
            AccessSearch(orphan, self._refused),
            result_type=str,
            schedule_to_close_timeout=max(until - workflow.now(), timedelta(seconds=1)),
        )
        return ref

    async def _attempt(self, region: str, *, until: datetime) -> str | None:
        """None when nothing is left, else why that is not known."""
        orphan, timing = self._clearance.orphan, self._clearance.timing
        try:
            self._ref = await self._access(until=until)
            if not self._ref:
                return CredentialsRejected.code if self._refused else CredentialsMissing.code
            await workflow.execute_activity(
                TEAR_DOWN,
                TeardownOrder(
                    CloudAccount(orphan.provider, self._ref),
                    orphan.reservation_id,
                    region,
                    timing.confirm_seconds,
                    timing,
                ),
                heartbeat_timeout=timedelta(seconds=timing.heartbeat_seconds),
                schedule_to_close_timeout=max(until - workflow.now(), timedelta(seconds=1)),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=timing.first_retry_seconds),
                    maximum_interval=timedelta(seconds=timing.last_retry_seconds),
                    non_retryable_error_types=list(CREDENTIAL_CODES),
                ),
            )
        except ActivityError as error:
            return failure_code(error)
        return None

    async def _wait_for_credentials(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self._has_new_credentials, timeout=timedelta(seconds=max(seconds, 0)))
        if self._has_new_credentials and workflow.patched("choose-access"):
            self._clearance = replace(self._clearance, asked=())
        self._has_new_credentials = False
        self._refused = ()

    async def _ask(self, code: str) -> None:
        """For new credentials; each holder once until there are new ones."""
        ref, asked = self._ref, self._clearance.asked
        if ref not in asked and (ref or not asked):
            await self._tell(code, is_about_credentials=True, credential_ref=ref)
            self._clearance = replace(self._clearance, asked=(*asked, ref))

    async def _tell(self, code: str, *, is_about_credentials: bool = False, credential_ref: str = "") -> None:
        key = f"{workflow.now():%Y%m%dT%H%M%S%f}"
        await workflow.execute_activity(
            ORPHAN_STUCK,
            Hindrance(self._clearance.orphan, code, key, is_about_credentials, credential_ref),
            start_to_close_timeout=timedelta(seconds=30),
        )
