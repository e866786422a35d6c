"""The sweep's activities: what the clouds list, against what reservations there are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Protocol, TypeVar

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from clouddesk.model import audit
from clouddesk.model.actor import Person
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.node import Survey
from clouddesk.model.notice import CREDENTIALS, ENDED, ORPHAN_SETTLED, TROUBLE, Notice
from clouddesk.model.orphan import Orphan
from clouddesk.model.ports import AdminsOf, Provider
from clouddesk.model.reservation import REASON_NOTHING_LEFT, REASON_RELEASED, Reservation
from clouddesk.model.stores import AuditTrail, Notices, Orphans, ReservationViews
from clouddesk.workflows.failures import as_failure
from clouddesk.workflows.findings import (
    Unit,
    ended,
    ended_entry,
    found_entry,
    found_notice,
    grouped,
    holder,
    hourly_price,
    is_adrift,
    is_left_behind,
    is_of_account,
    one_of_each,
    orphan_entry,
    orphan_notice,
    orphan_of,
)
from clouddesk.workflows.notices import addressed, make_notice, nobody
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.sweep import (
    AT_ONCE,
    CREDENTIAL_CODES,
    LIST_ACCOUNTS,
    ORPHAN_ACCESS,
    ORPHAN_CLEARED,
    ORPHAN_STUCK,
    SETTLE_ORPHANS,
    SWEEP_ACCOUNT,
    AccessSearch,
    AccountFindings,
    AccountSweep,
    Clearance,
    ClearOrphan,
    Hindrance,
    Settlement,
    SweptAccount,
)

log = structlog.get_logger()
T = TypeVar("T")


class AllCredentials(Protocol):
    """Everybody's credentials, without the secrets."""

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]: ...


@dataclass(frozen=True)
class _Attendance:
    """The latest workflow with a reservation's id."""

    run_id: str = ""
    is_kept: bool = False
    """A reservation looks after what carries the tag."""
    is_cleared: bool = False
    """It is being deleted."""
    is_over: bool = False
    """A reservation did, until the cloud listed nothing any more; the workflow tells how it ended."""

    @property
    def is_nobody(self) -> bool:
        return not self.is_kept and not self.is_cleared


class SweepActivities:
    """Compares; touches nothing in any cloud."""

    def __init__(
        self,
        *,
        client: Client,
        credentials: AllCredentials,
        open_provider: Callable[[str, str], Awaitable[Provider]],
        views: ReservationViews,
        orphans: Orphans,
        notices: Notices,
        audit: AuditTrail,
        admins_of: AdminsOf = nobody,
    ) -> None:
        """``admins_of``: the user ids of a workspace's admins, who are told what an owner alone cannot mend."""
        self._client = client
        self._credentials = credentials
        self._open_provider = open_provider
        self._views = views
        self._orphans = orphans
        self._notices = notices
        self._audit = audit
        self._admins_of = admins_of
        # Of its own: a cloud that is silent for minutes must not hold the threads in which other activities begin.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sweep")

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        sweep: list[Callable[..., Any]] = [self.list_accounts, self.sweep_account, self.settle_orphans]
        return [*sweep, self.orphan_access, self.orphan_stuck, self.orphan_cleared]

    @activity.defn(name=LIST_ACCOUNTS)
    async def list_accounts(self) -> list[SweptAccount]:
        """Every account once, however many people have access to it."""
        refs: dict[tuple[str, str], list[str]] = defaultdict(list)
        for person, info in await self._credentials.everybody():
            ref = credential_ref(person, info.provider)
            # An account that does not tell its id is one of its own.
            refs[info.provider, info.account_id or ref].append(ref)
        return [SweptAccount(provider, account, tuple(found)) for (provider, account), found in refs.items()]

    @activity.defn(name=SWEEP_ACCOUNT)
    async def sweep_account(self, sweep: AccountSweep) -> AccountFindings:
        """Orphans of the account, and reservations that look otherwise than they should; those are told to look."""
        (ref,) = sweep.account.credential_refs
        refs = (ref, *(other for other in sweep.holders if other != ref))
        account = replace(sweep.account, credential_refs=refs)
        try:
            provider = await self._open_provider(account.provider, ref)
            return await self._compare(account, provider, missing_seconds=sweep.timing.missing_seconds)
        except CloudDeskError as error:
            if error.code in CREDENTIAL_CODES:
                await self._tell_refused(ref, error.code)
            raise as_failure(error) from None

    @activity.defn(name=SETTLE_ORPHANS)
    async def settle_orphans(self, found: Settlement) -> list[Orphan]:
        """Remember what is there, tell the owners of what is new, and forget what has gone; those that wait now."""
        known = {orphan.id: orphan for orphan in await self._orphans.all()}
        present = []
        for orphan in one_of_each(found.orphans):
            attendance = await self._attendance(orphan.reservation_id)
            if attendance.is_kept:
                continue  # adopted while other accounts were looked through
            known.pop(orphan.id, None)
            settled = await self._settle(replace(orphan, is_being_deleted=attendance.is_cleared))
            if settled is not None:
                present.append(settled)
        for orphan in known.values():
            if any(_is_in(orphan, account) for account in found.accounts):
                await self._orphans.remove(orphan.id)
        return present

    @activity.defn(name=ORPHAN_ACCESS)
    async def orphan_access(self, search: AccessSearch) -> str:
        """The owner's own credentials for the account, else anybody's of the workspace; "" when there are no others."""
        orphan = search.orphan
        refs = []
        for person, info in await self._credentials.everybody():
            ref = credential_ref(person, info.provider)
            # An account that does not tell its id is one of its own; orphans of before had no account's id.
            is_same = (
                (info.account_id or ref) == orphan.account_id if orphan.account_id else ref == orphan.credential_ref
            )
            if is_same and (info.provider, person.workspace_id) == (orphan.provider, orphan.workspace_id):
                refs.append(ref)
        own = credential_ref(orphan.person, orphan.provider)
        refs.sort(key=lambda ref: (ref != own, ref != orphan.credential_ref))
        return next((ref for ref in refs if ref not in search.refused), "")

    @activity.defn(name=ORPHAN_STUCK)
    async def orphan_stuck(self, hindrance: Hindrance) -> None:
        """What is to be deleted is there still: say why."""
        orphan, is_refused = hindrance.orphan, hindrance.is_about_credentials
        price = hourly_price(await self._views.get(orphan.reservation_id))
        # Who holds the credentials can give new ones; the owner's own may be others, or none.
        asked = holder(hindrance.credential_ref) if hindrance.credential_ref else orphan.person
        for is_for_admins in (False,) if is_refused else (False, True):
            reader = asked if is_refused else orphan.person
            if not reader.user_id and not is_for_admins:
                continue
            notice = orphan_notice(
                orphan,
                CREDENTIALS if is_refused else TROUBLE,
                _scheduled_at(),
                key=hindrance.key,
                is_for_admins=is_for_admins,
                reason=hindrance.code,
                action="release",
                up_hourly=price,
            )
            await self._send(replace(notice, user_id=reader.user_id))

    @activity.defn(name=ORPHAN_CLEARED)
    async def orphan_cleared(self, clearance: Clearance) -> None:
        """The cloud lists nothing of it any more."""
        orphan, now, key = clearance.orphan, _scheduled_at(), activity.info().workflow_run_id or ""
        view = await self._views.get(orphan.reservation_id)
        if view is not None and view.is_live:
            # Nobody else would: the workflow that kept this view is lost.
            await self._end(view, REASON_RELEASED, is_told=False)
        await self._send(orphan_notice(orphan, ORPHAN_SETTLED, now, key=key, is_for_admins=orphan.is_for_admins))
        things = " ".join(orphan.things)
        entry = orphan_entry(orphan, audit.ORPHAN_SETTLED, now, key=key, by=clearance.by, what="deleted", things=things)
        await self._audit.append([entry])
        await self._orphans.remove(orphan.id)

    # --- inside --------------------------------------------------------------------------------------------------

    async def _compare(self, account: SweptAccount, provider: Provider, *, missing_seconds: float) -> AccountFindings:
        """``account``: with all refs that reach it."""
        # The views first: what is made after them is in the survey and no orphan, since its workflow is asked.
        everything = await self._views.all(only_live=True)
        live = [item for item in everything if item.provider == account.provider]
        survey = await self._call(provider.survey)
        holdings = grouped(survey)
        live = [item for item in live if is_of_account(item, account) or Unit(item.id) in holdings]
        before = {unit: await self._attendance(unit.reservation_id) for unit in holdings}
        before.update({Unit(item.id): await self._attendance(item.id) for item in live if Unit(item.id) not in before})
        for item in everything:
            there = holdings.get(Unit(item.id), Survey())
            if before.get(Unit(item.id), _Attendance()).is_kept and is_left_behind(item, account.provider, there):
                await self._signal(item.id, ReservationWorkflow.clear_behind)
        lost = [item for item in live if Unit(item.id) not in holdings and before[Unit(item.id)].is_nobody]
        drifted: dict[str, list[str]] = defaultdict(list)
        for item in live:
            if before[Unit(item.id)].is_kept and is_adrift(item, holdings.get(Unit(item.id), Survey())):
                drifted[item.workspace_id].append(item.name)
                await self._signal(item.id, ReservationWorkflow.look)
        stray = [unit for unit in holdings if not before[unit].is_kept]
        orphans = []
        if stray or lost:
            # A cloud lists what it has just ended for a moment longer.
            await self._wait(missing_seconds)
            again = grouped(await self._call(provider.survey))
            for unit in stray:
                # Another run: something looks after it, or has done so and ended it since.
                if unit in again and (now := await self._attendance(unit.reservation_id)) == before[unit]:
                    view = await self._views.get(unit.reservation_id) if unit.reservation_id else None
                    orphan = orphan_of(account, unit, again[unit], view=view, now=datetime.now(timezone.utc))
                    orphans.append(replace(orphan, is_being_deleted=now.is_cleared))
            for item in lost:
                if Unit(item.id) not in again and (now := await self._attendance(item.id)) == before[Unit(item.id)]:
                    await self._end_lost(item.id, now, provider)
        return AccountFindings(machines=len(survey.nodes), orphans=tuple(orphans), drifted_by_workspace=dict(drifted))

    async def _settle(self, found: Orphan) -> Orphan | None:
        """As it is known then; None when it was adopted or deleted meanwhile.

        The same things are told once, however many sweeps find them at once and however often this is repeated.
        """
        before = await self._orphans.note(replace(found, told=()))
        has_new_audience = (before.person, before.is_for_admins) != (found.person, found.is_for_admins)
        is_more = not before.known_to_readers.issuperset(found.things)
        is_news = (is_more or has_new_audience) and not found.is_being_deleted
        found = replace(found, found_at=before.found_at)
        told = tuple(sorted(before.known_to_readers.union(found.things if is_news else ())))
        if is_news:
            at = _scheduled_at()
            if not await self._send(found_notice(found, at)):
                told = ()  # nobody is there to be told: the next sweep tries again
            await self._audit.append([found_entry(found, at)])

        def settle(known: Orphan) -> Orphan:
            is_kept = known.is_kept and not (is_news and before.is_kept)
            # Whoever kept it just now has said so of what is there.
            return replace(found, is_kept=is_kept, told=known.told if known.is_kept and not before.is_kept else told)

        return await self._orphans.change(found.id, settle)

    async def _end_lost(self, reservation_id: str, attendance: _Attendance, provider: Provider) -> None:
        """Nothing is listed of it and no workflow looks after it; its own region is asked once more, by name."""
        view = await self._views.get(reservation_id)
        if view is None or not view.is_live:
            return  # it ended as it should while the account was looked through
        if attendance.is_over:
            # Only the view is behind: Redis lost the last that was written.
            handle = self._client.get_workflow_handle_for(
                ReservationWorkflow.run, reservation_id, run_id=attendance.run_id
            )
            with suppress(RPCError):  # the next sweep asks again
                await self._views.put(await handle.result(follow_runs=False))
            return
        # A survey leaves regions out that the account may not use (any more): there might be machines.
        try:
            is_empty = not await self._call(provider.get_nodes, view.id, view.region)
            is_empty = is_empty and not await self._call(provider.get_images, view.id, view.region)
        except CloudDeskError as error:
            log.warning("reservation.lost_in_silence", reservation_id=view.id, code=error.code)
            return
        if is_empty:
            await self._end(view, REASON_NOTHING_LEFT, is_told=True)

    async def _end(self, view: Reservation, reason: str, *, is_told: bool) -> None:
        """In the place of a workflow that is lost; it would cost on in everybody's lists."""
        at = _scheduled_at()
        last = ended(view, reason, at)
        log.warning("reservation.lost", reservation_id=view.id, reason=reason)
        if is_told:
            await self._send(make_notice(last, ENDED, at, key=f"{reason}:{last.revision}"))
        await self._audit.append([ended_entry(last, at)])
        await self._views.put(last)

    async def _send(self, notice: Notice) -> bool:
        """To its reader, or to every admin of the workspace; False when there is nobody."""
        copies = await addressed(notice, self._admins_of)
        for copy in copies:
            await self._notices.send(copy)
        return bool(copies)

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        """In a thread of the sweep's own, with heartbeats: an account may have many regions."""
        calling = asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args))
        while not calling.done():
            activity.heartbeat()
            await asyncio.wait([calling], timeout=1.0)
        return calling.result()

    async def _wait(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            activity.heartbeat()
            await asyncio.sleep(min(1.0, left))

    async def _attendance(self, reservation_id: str) -> _Attendance:
        """What goes on under that id. When Temporal does not answer, nothing is called an orphan."""
        if not reservation_id:
            return _Attendance()
        activity.heartbeat()
        try:
            found = await self._client.get_workflow_handle(reservation_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return _Attendance()
            raise ApplicationError("Temporal does not answer", type="unavailable") from error
        is_cleared = found.workflow_type == ClearOrphan.__name__
        is_running = found.status == WorkflowExecutionStatus.RUNNING
        return _Attendance(
            run_id=found.run_id,
            is_kept=is_running and not is_cleared,
            is_cleared=is_running and is_cleared,
            is_over=found.status == WorkflowExecutionStatus.COMPLETED and not is_cleared,
        )

    async def _signal(self, reservation_id: str, signal: Any, *args: Any) -> None:
        with suppress(RPCError):  # it has ended meanwhile
            await self._client.get_workflow_handle(reservation_id).signal(signal, *args)

    async def _tell_refused(self, ref: str, code: str) -> None:
        for item in await self._views.all(only_live=True):
            if credential_ref(item.account_person, item.provider) == ref:
                await self._signal(item.id, ReservationWorkflow.credentials_refused, code)


def _scheduled_at() -> datetime:
    """When the activity was given out: the same for every attempt, so that what is written down twice is one."""
    return activity.info().scheduled_time


def _is_in(orphan: Orphan, account: SweptAccount) -> bool:
    if orphan.provider != account.provider:
        return False
    return orphan.account_id == account.account_id or orphan.credential_ref in account.credential_refs
