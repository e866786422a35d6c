"""The sweep's activities: what the clouds list, against what reservations there are."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, Protocol

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from clouddesk.model import audit
from clouddesk.model.actor import Person
from clouddesk.model.audit import AuditEntry
from clouddesk.model.credentials import CredentialInfo, credential_ref
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.node import Belonging, Node, Survey
from clouddesk.model.notice import ORPHAN, ORPHAN_SETTLED, Notice
from clouddesk.model.orphan import Orphan
from clouddesk.model.ports import AuditTrail, Notices, Provider, ReservationViews
from clouddesk.model.reservation import RUNNING, STOPPED, Reservation
from clouddesk.workflows.drift import observe
from clouddesk.workflows.failures import as_failure
from clouddesk.workflows.reservation import ReservationWorkflow
from clouddesk.workflows.sweep import (
    CREDENTIAL_CODES,
    LIST_ACCOUNTS,
    ORPHAN_CLEARED,
    SETTLE_ORPHANS,
    SWEEP_ACCOUNT,
    AccountFindings,
    AccountSweep,
    Clearance,
    Settlement,
    SweptAccount,
)

log = structlog.get_logger()


class AllCredentials(Protocol):
    """Everybody's credentials, without the secrets."""

    async def everybody(self) -> Sequence[tuple[Person, CredentialInfo]]: ...


class Orphans(Protocol):
    """The orphans that are known."""

    async def put(self, orphan: Orphan) -> None: ...

    async def all(self) -> list[Orphan]: ...

    async def remove(self, orphan_id: str) -> None: ...


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
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._open_provider = open_provider
        self._views = views
        self._orphans = orphans
        self._notices = notices
        self._audit = audit

    @property
    def all(self) -> list[Callable[..., Any]]:
        """What the worker registers."""
        return [self.list_accounts, self.sweep_account, self.settle_orphans, self.orphan_cleared]

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
        account = sweep.account
        (ref,) = account.credential_refs
        try:
            provider = await self._open_provider(account.provider, ref)
            # The views first: what is made after them is in the survey and no orphan, since its workflow is asked.
            live = [item for item in await self._views.all(only_live=True) if item.provider == account.provider]
            survey = await self._survey(provider)
        except CloudDeskError as error:
            if error.code in CREDENTIAL_CODES:
                await self._tell_refused(ref, error.code)
            raise as_failure(error) from None
        by_id = _grouped(survey)
        drifted = [item for item in live if credential_ref(item.person, item.provider) == ref or item.id in by_id]
        drifted = [item for item in drifted if _is_adrift(item, by_id.get(item.id, Survey()).nodes)]
        for item in drifted:
            await self._signal(item.id, ReservationWorkflow.look)
        orphans = []
        for reservation_id, holdings in by_id.items():
            if not await self._lives(reservation_id):
                orphans.append(self._orphan(account, reservation_id, holdings, await self._views.get(reservation_id)))
        if orphans:
            # A cloud lists what it has just ended for a moment longer.
            await self._wait(sweep.timing.missing_seconds)
            again = _grouped(await self._survey(provider))
            orphans = [orphan for orphan in orphans if orphan.reservation_id in again]
            orphans = [orphan for orphan in orphans if not await self._lives(orphan.reservation_id)]
        return AccountFindings(
            machines=len(survey.nodes), orphans=tuple(orphans), drifted=tuple(item.name for item in drifted)
        )

    @activity.defn(name=SETTLE_ORPHANS)
    async def settle_orphans(self, found: Settlement) -> list[Orphan]:
        """Remember what is there, tell the owners of what is new, and forget what has gone; those that wait now."""
        known = {orphan.id: orphan for orphan in await self._orphans.all()}
        looked = {(account.provider, ref) for account in found.accounts for ref in account.credential_refs}
        present = []
        for orphan in found.orphans:
            before = known.pop(orphan.id, None)
            is_same = before is not None and set(orphan.things) <= set(before.things)
            if before is not None:
                orphan = replace(orphan, found_at=before.found_at, is_kept=before.is_kept and is_same)
            await self._orphans.put(orphan)
            present.append(orphan)
            if not is_same:
                await self._notices.send(_found_notice(orphan))
                await self._audit.append([_entry(orphan, audit.ORPHAN_FOUND, things=" ".join(orphan.things))])
        for orphan in known.values():
            if (orphan.provider, orphan.credential_ref) in looked:
                await self._orphans.remove(orphan.id)
        return present

    @activity.defn(name=ORPHAN_CLEARED)
    async def orphan_cleared(self, clearance: Clearance) -> None:
        """The cloud lists nothing of it any more."""
        orphan = clearance.orphan
        await self._orphans.remove(orphan.id)
        await self._notices.send(_notice(orphan, ORPHAN_SETTLED))
        entry = _entry(orphan, audit.ORPHAN_SETTLED, by=clearance.by, what="deleted", things=" ".join(orphan.things))
        await self._audit.append([entry])

    # --- inside --------------------------------------------------------------------------------------------------

    async def _survey(self, provider: Provider) -> Survey:
        """In a thread, with heartbeats: an account may have many regions."""
        looking = asyncio.get_running_loop().run_in_executor(None, provider.survey)
        while not looking.done():
            activity.heartbeat()
            await asyncio.wait([looking], timeout=1.0)
        return looking.result()

    async def _wait(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            activity.heartbeat()
            await asyncio.sleep(min(1.0, left))

    async def _lives(self, reservation_id: str) -> bool:
        """Whether a workflow looks after it. When Temporal does not answer, nothing is called an orphan."""
        if not reservation_id:
            return False
        try:
            found = await self._client.get_workflow_handle(reservation_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise ApplicationError("Temporal does not answer", type="unavailable") from error
        return found.status == WorkflowExecutionStatus.RUNNING

    async def _signal(self, reservation_id: str, signal: Any, *args: Any) -> None:
        with suppress(RPCError):  # it has ended meanwhile
            await self._client.get_workflow_handle(reservation_id).signal(signal, *args)

    async def _tell_refused(self, ref: str, code: str) -> None:
        for item in await self._views.all(only_live=True):
            if credential_ref(item.person, item.provider) == ref:
                await self._signal(item.id, ReservationWorkflow.credentials_refused, code)

    def _orphan(self, account: SweptAccount, reservation_id: str, holdings: Survey, view: Reservation | None) -> Orphan:
        (ref,) = account.credential_refs
        _, workspace_id, holder, _ = ref.split("/")
        owners = {node.owner for node in holdings.nodes} | {item.owner for item in holdings.belongings}
        owner_workspace, _, owner = max(owners).partition("/")
        key = f"{account.provider}/{account.account_id}/{reservation_id}"
        return Orphan(
            id="o-" + sha256(key.encode()).hexdigest()[:8],
            provider=account.provider,
            credential_ref=ref,
            workspace_id=workspace_id,
            owner=owner if owner and owner_workspace == workspace_id else holder,
            reservation_id=reservation_id,
            name=view.name if view else reservation_id or account.provider,
            nodes=holdings.nodes,
            belongings=holdings.belongings,
            found_at=datetime.now(timezone.utc),
        )


def _grouped(survey: Survey) -> Mapping[str, Survey]:
    """By reservation id."""
    nodes: dict[str, list[Node]] = defaultdict(list)
    belongings: dict[str, list[Belonging]] = defaultdict(list)
    for node in survey.nodes:
        nodes[node.reservation_id].append(node)
    for item in survey.belongings:
        belongings[item.reservation_id].append(item)
    return {id_: Survey(tuple(nodes[id_]), tuple(belongings[id_])) for id_ in {**nodes, **belongings}}


def _is_adrift(view: Reservation, listed: tuple[Node, ...]) -> bool:
    """Whether a reservation at rest looks otherwise than it should."""
    if view.state not in (RUNNING, STOPPED):
        return False
    seen = observe(view, listed)
    return bool(seen.drifts) or seen.state != view.state


def _notice(orphan: Orphan, kind: str, *, key: str = "") -> Notice:
    return Notice(
        id=":".join(part for part in (orphan.id, kind, key) if part),
        kind=kind,
        workspace_id=orphan.workspace_id,
        user_id=orphan.owner,
        conversation="",
        reservation_id=orphan.reservation_id,
        created_at=datetime.now(timezone.utc),
        values={
            "orphan_id": orphan.id,
            "name": orphan.name,
            "provider": orphan.provider,
            "region": ", ".join(orphan.regions),
            "nodes": str(len(orphan.nodes)),
            "size": ", ".join(sorted({node.size for node in orphan.nodes})),
            "belongings": str(len(orphan.belongings)),
            "things": ", ".join(orphan.things),
        },
    )


def _found_notice(orphan: Orphan) -> Notice:
    """The same for the same things, so that another sweep does not tell of them again."""
    return _notice(orphan, ORPHAN, key=sha256(" ".join(sorted(orphan.things)).encode()).hexdigest()[:12])


def _entry(orphan: Orphan, action: str, *, by: str = "", **facts: str) -> AuditEntry:
    at = datetime.now(timezone.utc)
    return AuditEntry(
        id=f"{orphan.id}:{action}:{at.isoformat()}",
        at=at,
        action=action,
        workspace_id=orphan.workspace_id,
        by=by,
        owner=orphan.owner,
        reservation_id=orphan.reservation_id,
        name=orphan.name,
        facts={"provider": orphan.provider, **facts},
    )
