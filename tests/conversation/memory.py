"""The real Desk on servers that live in memory: for tests of the dialogue."""

from __future__ import annotations

from clouddesk.adapters.blueprints import load_blueprints
from clouddesk.desk import Desk
from clouddesk.limits import Limits, TeamDefaults
from clouddesk.model.errors import CloudDeskError
from clouddesk.model.utilisation import Use
from clouddesk.settings import PROJECT
from clouddesk.ssh_keys import SshKeys
from tests.conversation.memory_bills import MemoryBills
from tests.conversation.memory_clock import HandClock
from tests.conversation.memory_clouds import MemoryAccounts, MemoryCatalog
from tests.conversation.memory_engine import MemoryEngine
from tests.conversation.memory_people import (
    MemoryAbsences,
    MemoryCalendars,
    MemoryColleagues,
    MemoryHabits,
    MemoryNotices,
    MemorySshKeys,
)
from tests.conversation.memory_reservations import (
    MemoryLedger,
    MemoryOrphans,
    MemoryQuotes,
    MemorySoftwareSecrets,
    MemoryTimers,
    MemoryTrail,
    MemoryUtilisation,
    MemoryViews,
)
from tests.conversation.memory_team import (
    MemoryApprovals,
    MemoryBudgets,
    MemoryFreezes,
    MemoryTeamChannels,
    MemoryTemplates,
)

BLUEPRINTS = load_blueprints(PROJECT / "blueprints")


class MemoryDesk:
    """The Desk with what it stands on, so that a test can look and interfere."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.views = MemoryViews()
        self.quotes = MemoryQuotes()
        self.engine = MemoryEngine(self.views, self.clock)
        self.accounts = MemoryAccounts()
        self.catalog = MemoryCatalog()
        self.notices = MemoryNotices()
        self.engine.told = self.notices.sent
        self.colleagues = MemoryColleagues()
        self.habits = MemoryHabits()
        self.orphans = MemoryOrphans()
        self.trail = MemoryTrail()
        self.ssh_keys = MemorySshKeys()
        self.absences = MemoryAbsences()
        self.calendars = MemoryCalendars()
        self.team_channels = MemoryTeamChannels()
        self.templates = MemoryTemplates()
        self.timers = MemoryTimers()
        self.budgets = MemoryBudgets()
        self.approvals = MemoryApprovals()
        self.software_secrets = MemorySoftwareSecrets()
        self.series = MemoryUtilisation()
        self.freezes = MemoryFreezes()
        self.admins = ["root"]
        self.ledger = MemoryLedger(self.views)
        self.bills = MemoryBills(self.ledger, lambda: self.accounts.infos, self.clock)
        self.desk = Desk(
            accounts=self.accounts,  # type: ignore[arg-type]  # the part of Accounts that the Desk uses
            blueprints_by_name=dict(BLUEPRINTS),
            catalog=self.catalog,
            installation="test",
            is_simulated=True,
            limits=Limits(),
            quotes=self.quotes,
            engine=self.engine,
            views=self.views,
            colleagues=self.colleagues,
            notices=self.notices,
            habits=self.habits,
            orphan_store=self.orphans,
            absence_store=self.absences,
            calendars=self.calendars,
            team_channel_store=self.team_channels,
            template_store=self.templates,
            timer_port=self.timers,
            budget_store=self.budgets,
            approval_store=self.approvals,
            series=self.series,
            ssh_keys=SshKeys(self.ssh_keys),
            software_secrets=self.software_secrets,
            trail=self.trail,
            ledger=self.ledger,
            bill_port=self.bills,
            team=TeamDefaults(),
            freezes=self.freezes,
            admins_of=self.admins_of,
            clock=self.clock,
        )

    def pretend(self, name: str, use: Use, *, hours: float) -> None:
        """Let so much time pass, in which all machines of the reservation do this, looked at every five minutes."""
        item = next(item for item in self.views.items.values() if item.name == name)
        samples = self.series.samples.setdefault(item.id, [])
        for _ in range(round(hours * 12)):
            self.clock.forward(minutes=5)
            samples += [use.sample(node.key, self.clock()) for node in item.living_nodes]

    async def admins_of(self, workspace_id: str) -> list[str]:
        """Who is one there."""
        return self.admins


def fault_named(code: str) -> Exception:
    """An error of ours by its code, or an unexpected one for "crash"."""
    if code == "crash":
        return RuntimeError("made up by a test")
    kinds = list(CloudDeskError.__subclasses__())
    while kinds:
        kind = kinds.pop()
        if kind.code == code:
            return kind("aws")
        kinds.extend(kind.__subclasses__())
    raise KeyError(code)
