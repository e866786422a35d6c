"""The activity of the weekly digest: reads the ledger of costs and sends a notice to each person that has some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from temporalio import activity

from clouddesk.language.money import money, rate
from clouddesk.language.people import called
from clouddesk.language.periods import Period, find_period
from clouddesk.model.actor import Person
from clouddesk.model.costs import PERSON, SOFTWARE, CostAccount, CostReport, report
from clouddesk.model.notice import DIGEST, TEAM_DIGEST, Notice
from clouddesk.model.ports import AdminsOf
from clouddesk.model.stores import CostLedger, Notices, TeamChannels
from clouddesk.model.team_channel import TeamChannel
from clouddesk.workflows.digest import SEND_DIGEST, DigestWork
from clouddesk.workflows.notices import addressed
from clouddesk.workflows.sweeping import AllCredentials
from clouddesk.workflows.working import failing

_MOST_PARTS = 5
log = structlog.get_logger()


class DigestActivities:
    """Safe to repeat: a notice of the same week and person is the same one."""

    def __init__(
        self,
        *,
        credentials: AllCredentials,
        ledger: CostLedger,
        notices: Notices,
        admins_of: AdminsOf,
        channels: TeamChannels,
    ) -> None:
        """``credentials``: whoever had costs has, or had, access to a cloud, and so has their workspace."""
        self._credentials = credentials
        self._ledger = ledger
        self._notices = notices
        self._admins_of = admins_of
        self._channels = channels

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        return [self.send_digest]

    @activity.defn(name=SEND_DIGEST)
    async def send_digest(self, work: DigestWork) -> int:
        """Returns how many were told."""
        week = find_period("last week", now=work.now, timezone=work.timezone)
        if week is None or week.earlier_since is None:
            raise ValueError("the calendar knows no last week")
        told = 0
        async with failing(""):
            for workspace_id in sorted({person.workspace_id for person, _ in await self._credentials.everybody()}):
                accounts = await self._ledger.accounts(workspace_id, since=week.earlier_since)
                channel = await self._channels.get(workspace_id)
                for notice in digests(workspace_id, accounts, week, work, channel):
                    for copy in await addressed(notice, self._admins_of):
                        await self._notices.send(copy)
                        told += 1
        log.info("digest.sent", count=told)
        return told


def digests(
    workspace_id: str,
    accounts: Sequence[CostAccount],
    week: Period,
    work: DigestWork,
    channel: TeamChannel | None = None,
) -> list[Notice]:
    """One for each person that spent something in the week, one of all for the admins, and one for the channel."""
    by_owner: dict[str, list[CostAccount]] = defaultdict(list)
    for account in accounts:
        by_owner[account.owner].append(account)
    notices = []
    for owner, own in sorted(by_owner.items()):
        told = _report(own, week, work)
        if told.lines:
            notices.append(_notice(Person(workspace_id, owner), told, week, work))
    everybody = _report(accounts, week, work)
    if everybody.lines:
        notices.append(_notice(Person(workspace_id, ""), everybody, week, work, is_for_admins=True))
    if everybody.lines and channel is not None:
        notices.append(_for_channel(notices[-1], everybody, channel))
    return notices


def _for_channel(of_admins: Notice, told: CostReport, channel: TeamChannel) -> Notice:
    """The same for everybody in the channel: no person's sums, unless the admin wants them there."""
    workspace_id = of_admins.workspace_id
    values = {key: value for key, value in of_admins.values.items() if key not in ("owner", "most")}
    parts = [f"{item.label} {money(item.cost_usd)}" for item in told.by(SOFTWARE)[:_MOST_PARTS]]
    people = (
        [f"{called(Person(workspace_id, item.label))} {money(item.cost_usd)}" for item in told.by(PERSON)]
        if channel.with_people
        else []
    )
    return replace(
        of_admins,
        id=f"{of_admins.id}:{channel.channel}",
        kind=TEAM_DIGEST,
        user_id=channel.by,
        conversation=f"{workspace_id}:{channel.channel}:-:{channel.by}",
        is_for_admins=False,
        values={**values, "name": "team digest", "parts": ", ".join(parts), "each": "\n".join(people)},
    )


def _report(accounts: Sequence[CostAccount], week: Period, work: DigestWork) -> CostReport:
    return report(accounts, week.since, week.until, work.now, earlier_since=week.earlier_since)


def _notice(person: Person, told: CostReport, week: Period, work: DigestWork, *, is_for_admins: bool = False) -> Notice:
    first = f"{week.since:%Y-%m-%d}"
    people = told.by(PERSON)
    return Notice(
        id=f"digest:{person}:{first}",
        kind=DIGEST,
        workspace_id=person.workspace_id,
        user_id=person.user_id,
        conversation="",
        reservation_id="",
        created_at=work.now,
        is_for_admins=is_for_admins,
        values={
            "name": "digest",
            "week": f"{week.since.day} {week.since:%B}",
            "cost": money(told.total_usd),
            "earlier": money(told.earlier_usd),
            "up_hourly": rate(told.hourly_usd),
            "committed": money(told.committed_usd),
            "slept": money(told.saved_usd),
            "early": money(told.unused_usd),
            "people": str(len(people)),
            "owner": people[0].label if people else "",
            "most": money(people[0].cost_usd) if people else "",
            "simulated": "yes" if told.is_simulated else "no",
        },
    )
